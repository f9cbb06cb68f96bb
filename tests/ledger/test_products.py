"""Products: for whom they are, what they cost whom, and that a purchase happens whole and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.ledger.telco import NORA, NORTH, NORTH_ALONE, ROOT, SOUTH, Telco
from tollhouse.ledger import products as rules
from tollhouse.ledger import tax_reading
from tollhouse.ledger.commands import (
    TENANT_SCOPE,
    Caller,
    CreateProduct,
    Idempotency,
    PurchaseProduct,
    SetPlanProduct,
    UpdateProduct,
)
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    ExchangeRateFact,
    OccurrenceFact,
    ProductFact,
    ProductTermsFact,
    ScheduleFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    BuyOutOfRange,
    CustomerUnknown,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    ObjectUnknown,
    PlanUnknown,
    ProductNotForSale,
    ProductUnknown,
    SumTooLarge,
)
from tollhouse.ledger.sight import Snapshot

NORA_ALONE = Caller(7, 11, "1.10.11.", may_reach_below=False)
EXACT = ("create_fee", "create_buy", "period_fee", "period_buy")
MARKUPS = ("create_markup", "create_margin", "period_markup", "period_margin")


class Shop:
    """Products of the telco: one line a command and a question."""

    def __init__(self, telco: Telco) -> None:
        self.telco = telco

    def create(self, name: str = "Telephone", *, caller: Caller = NORTH, **more: Any) -> int:
        given = {"owner_number": None, **more, **{key: Decimal(more[key]) for key in EXACT if key in more}}
        command = CreateProduct(tenant_id=self.telco.tenant_id, caller=caller, name=name, **given)
        return int(self.telco.do(command).product_id)

    def update(self, product_id: int, *, caller: Caller = NORTH, **more: Any) -> None:
        given = {**more, **{key: Decimal(more[key]) for key in EXACT if key in more}}
        self.telco.do(UpdateProduct(tenant_id=self.telco.tenant_id, caller=caller, product_id=product_id, **given))

    def on_plan(self, plan: int, product_id: int, *, caller: Caller = NORTH, **more: Any) -> None:
        amounts = {key: Decimal(more.pop(key, 0)) for key in ("create_fee", "period_fee", *MARKUPS)}
        given = {"currency": None, "use_markups": False, **more, **amounts}
        command = SetPlanProduct(
            tenant_id=self.telco.tenant_id, caller=caller, plan_number=plan, product_id=product_id, **given
        )
        self.telco.do(command)

    def purchase(
        self,
        product_id: int,
        customer: int = 11,
        quantity: int = 1,
        *,
        caller: Caller = NORTH,
        key: str | None = None,
        validation: bool = False,
    ) -> PurchaseProduct:
        return PurchaseProduct(
            tenant_id=self.telco.tenant_id,
            idempotency=None if key is None else Idempotency(TENANT_SCOPE, key),
            caller=caller,
            customer_number=customer,
            product_id=product_id,
            quantity=quantity,
            validation=validation,
        )

    def buy(self, *arguments: Any, **more: Any) -> int:
        return int(self.telco.do(self.purchase(*arguments, **more)).charge_id)

    def bought(self, *arguments: Any, **more: Any) -> TransactionFact:
        """The transaction of what it costs at once."""
        charge_id = self.buy(*arguments, **more)
        (transaction,) = self.telco.find(TransactionFact, charge_id=charge_id)
        return transaction  # type: ignore[no-any-return]

    def charges(self, product_id: int) -> list[ChargeFact]:
        return list(self.telco.find(ChargeFact, product_id=product_id, order=("charge_id",)))

    def look(self, question: Any, *arguments: Any) -> Any:
        with self.telco.store.reading(self.telco.tenant_id) as reader:
            return question(Snapshot(reader, self.telco.clock.now()), *arguments)

    def offers(self, customer: int) -> list[int]:
        found = self.look(rules.products_offered, self.telco.customer(customer))
        return [offer.product.product_id for offer in found]


@pytest.fixture
def shop(telco: Telco) -> Shop:
    return Shop(telco)


# Making and changing.


def test_a_product_has_a_name_for_the_other_doors(shop: Shop) -> None:
    product_id = shop.create(create_fee="1.5", period="monthly", shared=True)
    (product,) = shop.telco.find(ProductFact, product_id=product_id)
    assert (product.identifier, product.name) == (f"product-{product_id}", "Telephone")
    (terms,) = shop.telco.find(ProductTermsFact, product_id=product_id)
    assert terms == ProductTermsFact(
        tenant_id=shop.telco.tenant_id,
        product_id=product_id,
        owner_number=10,
        description="",
        information="",
        product_type="product",
        amount=0,
        allow=1,
        shared=1,
        currency="EUR",
        create_fee="1.50",
        create_buy="0.00",
        period="monthly",
        period_fee="0.00",
        period_buy="0.00",
        created_at=shop.telco.clock.now(),
    )


def test_an_update_leaves_what_it_does_not_name(shop: Shop) -> None:
    product_id = shop.create(create_fee="1.5", period="monthly", information="Black", shared=True)
    shop.update(product_id, name="Phone", period_fee="2", shared=False, validation=True)
    assert shop.look(rules.product_owned, NORTH, product_id).product.name == "Telephone"
    shop.update(product_id, name="Phone", period_fee="2", shared=False)
    found = shop.look(rules.product_owned, NORTH, product_id)
    terms = found.terms
    assert (found.product.name, terms.create_fee, terms.period_fee, terms.shared) == ("Phone", "1.50", "2.00", 0)
    assert (terms.period, terms.information) == ("monthly", "Black")


def test_amounts_are_kept_within_their_currency(shop: Shop) -> None:
    with pytest.raises(AmountOutOfRange):
        shop.create(create_fee="90071992547409.92")
    with pytest.raises(BuyOutOfRange):
        shop.create(period_buy="90071992547409.92")
    product_id = shop.create(create_fee="90071992547409.91")
    with pytest.raises(AmountOutOfRange):
        shop.update(product_id, currency="KWD")


@pytest.mark.parametrize("caller", [NORA, SOUTH])
def test_only_the_owner_and_those_above_change_a_product(shop: Shop, caller: Caller) -> None:
    product_id = shop.create(shared=True, allow=-1)
    with pytest.raises(ProductUnknown):
        shop.update(product_id, caller=caller, name="Mine")
    with pytest.raises(CustomerUnknown):
        shop.create(caller=caller, owner_number=10)
    shop.update(product_id, caller=ROOT, name="Ours")


def test_what_is_sold_by_another_door_can_be_purchased_once_its_terms_say_so(shop: Shop) -> None:
    with shop.telco.store.unit_of_work(shop.telco.tenant_id) as unit:
        unit.insert([ProductFact(shop.telco.tenant_id, 900, "uid", "sold-elsewhere", "Sold elsewhere")])
    assert shop.look(rules.product_owned, ROOT, 900).terms.owner_number == 1
    assert [found.product.product_id for found in shop.look(rules.products_owned, ROOT, 1)] == [900]
    assert shop.offers(10) == []
    with pytest.raises(ProductUnknown):
        shop.buy(900, 10)
    shop.update(900, caller=ROOT, allow=1, create_fee="5")
    assert shop.offers(10) == [900]
    assert shop.telco.find(ProductFact, product_id=900)[0].identifier == "sold-elsewhere"
    assert shop.bought(900, 10, caller=ROOT).gross_minor == 500


# For whom it is.


def test_who_may_buy_is_below_the_owner(shop: Shop) -> None:
    direct = shop.create("direct", allow=1)
    every = shop.create("every", allow=-1)
    shared = shop.create("shared", allow=1, shared=True)
    nobody = shop.create("nobody", allow=0, shared=True)
    for customer, wanted in ((11, [direct, every, shared]), (40, [direct, every, shared]), (41, [every, shared])):
        assert shop.offers(customer) == wanted
    for customer in (10, 1, 20, 21):
        assert shop.offers(customer) == []
    assert [found.product.name for found in shop.look(rules.products_owned, NORTH, 10)] == [
        "direct",
        "every",
        "shared",
        "nobody",
    ]
    for product_id, refusal in ((nobody, ProductNotForSale), (404, ProductUnknown)):
        with pytest.raises(refusal):
            shop.buy(product_id)
    with pytest.raises(ProductUnknown):
        shop.buy(nobody, caller=NORA_ALONE)
    with pytest.raises(ProductUnknown):
        shop.buy(direct, 21, caller=SOUTH)
    with pytest.raises(CustomerUnknown):
        shop.buy(direct, 11, caller=SOUTH)
    with pytest.raises(CustomerUnknown):
        shop.buy(direct, 11, caller=NORTH_ALONE)
    with pytest.raises(ProductNotForSale):
        shop.buy(direct, 41)


def test_customers_buy_for_themselves(shop: Shop) -> None:
    product_id = shop.create(create_fee="5", create_buy="3")
    transaction = shop.bought(product_id, caller=NORA_ALONE)
    assert (transaction.person_id, transaction.net_minor, transaction.buy_minor) == (7, 500, 300)
    assert shop.telco.balance() == 9500
    (charge,) = shop.charges(product_id)
    assert (charge.owner_number, charge.customer_number, charge.product_id) == (10, 11, product_id)


# What it costs.


@pytest.mark.parametrize(
    ("customer", "currency", "fee", "quantity", "net", "buy"),
    [
        (11, "EUR", "9.99", 3, 2997, 300),
        (12, "EUR", "9.99", 1, 1603, 161),
        (12, "EUR", "9.99", 3, 4810, 482),
        (13, "EUR", "9.99", 3, 9990, 1000),
        (13, "KWD", "1.2345", 2, 2469, 2000),
        (16, "EUR", "0.333333", 3, 111, 333),
        (11, "CLF", "0.0001", 1, 0, 4000),
        (11, "JPY", "1", 1, 1, 1),
    ],
)
def test_fees_are_converted_exactly_and_rounded_once(
    shop: Shop, customer: int, currency: str, fee: str, quantity: int, net: int, buy: int
) -> None:
    with shop.telco.store.unit_of_work(shop.telco.tenant_id) as unit:
        unit.insert([ExchangeRateFact(shop.telco.tenant_id, "CLF", "EUR", 0, "40")])
    product_id = shop.create(create_fee=fee, create_buy="1", currency=currency)
    transaction = shop.bought(product_id, customer, quantity)
    assert (transaction.net_minor, transaction.buy_minor) == (net, buy)
    if currency != shop.telco.customer(customer).currency:
        assert transaction.exchange_from == currency


def test_a_recurring_charge_is_in_the_customers_currency_from_the_purchase_on(shop: Shop) -> None:
    product_id = shop.create(create_fee="10", period="monthly", period_fee="9.99", period_buy="1")
    charge_id = shop.buy(product_id, 12, 3)
    at_once, recurring = shop.charges(product_id)
    assert (at_once.charge_id, at_once.period, at_once.amount, at_once.currency) == (charge_id, "", "30.00", "EUR")
    assert (recurring.period, recurring.currency) == ("monthly", "JPY")
    assert (recurring.amount, recurring.buy) == ("4810.00", "482.00")
    assert recurring.description == "3 × Telephone"
    (schedule,) = shop.telco.find(ScheduleFact, charge_id=recurring.charge_id)
    assert (schedule.state, schedule.next_key) == ("active", "2026-04-01")
    (done,) = shop.telco.find(ScheduleFact, charge_id=charge_id)
    assert done.state == "done"
    assert len(shop.telco.find(OccurrenceFact)) == 1
    shop.telco.do(shop.telco.deletion(recurring.charge_id))
    (schedule,) = shop.telco.find(ScheduleFact, charge_id=recurring.charge_id)
    assert schedule.state == "done"


def test_what_costs_nothing_leaves_nothing(shop: Shop) -> None:
    assert shop.buy(shop.create()) == 0
    call_time = shop.create(product_type="call_time", period="monthly", period_fee="5")
    assert shop.buy(call_time) == 0
    free_first = shop.create(period="annually", period_fee="5")
    assert shop.buy(free_first) == shop.charges(free_first)[0].charge_id
    assert shop.telco.find(TransactionFact) == []


def test_customers_who_are_not_billed_or_billed_elsewhere(shop: Shop) -> None:
    product_id = shop.create(create_fee="5")
    assert shop.buy(product_id, 14)
    assert shop.telco.find(TransactionFact) == []
    assert shop.bought(product_id, 15).settlement == "recorded"
    assert (shop.telco.balance(14), shop.telco.balance(15)) == (0, 0)


def test_a_plan_says_what_a_product_costs_its_customers(shop: Shop) -> None:
    product_id = shop.create(create_fee="10", create_buy="8", period="monthly", period_fee="4", period_buy="3")
    shop.on_plan(70, product_id, create_fee="7.50", period_fee="0")
    assert shop.bought(product_id, 11, 2).net_minor == 1500
    assert shop.bought(product_id, 12).net_minor == 1605
    shop.on_plan(70, product_id, use_markups=True, create_markup="25", create_margin="0.50", period_markup="-50")
    transaction = shop.bought(product_id, 11)
    assert (transaction.net_minor, transaction.buy_minor) == (1300, 800)
    assert shop.charges(product_id)[-1].amount == "2.00"
    offer = shop.look(rules.product_offered, shop.telco.customer(11), product_id)
    assert (offer.fees.create, offer.fees.period, offer.fees.currency) == (Decimal("13"), Decimal("2"), "EUR")


def test_a_margin_in_another_currency_is_converted_and_the_fee_rounded(shop: Shop) -> None:
    product_id = shop.create(create_fee="9.999", currency="EUR")
    shop.on_plan(70, product_id, currency="USD", use_markups=True, create_markup="10", create_margin="1")
    assert shop.bought(product_id, 11, 2).net_minor == 2380
    shop.on_plan(70, product_id, currency="USD", create_fee="1")
    assert shop.bought(product_id, 11).net_minor == 90
    assert shop.bought(product_id, 11).exchange_from == "USD"


def test_plans_sell_what_their_owner_is_shown(shop: Shop) -> None:
    shared = shop.create(caller=ROOT, shared=True, allow=-1, create_fee="10")
    hidden = shop.create(caller=ROOT, allow=0)
    shop.on_plan(70, shared, create_fee="12")
    assert shop.bought(shared).net_minor == 1200
    for plan, product_id, caller, refusal in (
        (70, hidden, NORTH, ProductUnknown),
        (70, 404, NORTH, ProductUnknown),
        (71, shared, NORTH, PlanUnknown),
        (70, shared, SOUTH, PlanUnknown),
    ):
        with pytest.raises(refusal):
            shop.on_plan(plan, product_id, caller=caller)


# Taxes.


def test_a_purchase_is_taxed_as_a_product(shop: Shop) -> None:
    telco = shop.telco
    charges_only = telco.do(telco.tax("10", covers=frozenset({"charges"}))).tax_id
    products_only = telco.do(telco.tax("20", covers=frozenset({"products"}))).tax_id
    product_id = shop.create(create_fee="10")
    assert telco.lines(shop.bought(product_id)) == [(products_only, "20.00", "0", 200)]
    telco.do(telco.liability(charges_only, "product", product_id, True))
    telco.do(telco.liability(products_only, "product", product_id, False))
    assert telco.lines(shop.bought(product_id)) == [(charges_only, "10.00", "0", 100)]
    assert [t.tax_id for t in shop.look(tax_reading.taxes_on_product, telco.customer(11), product_id)] == [charges_only]
    telco.do(telco.liability(charges_only, "customer", 11, False))
    assert telco.lines(shop.bought(product_id)) == []
    assert shop.look(tax_reading.taxes_on_product, telco.customer(11), product_id) == []


def test_nobody_excuses_a_product_of_those_above_from_their_tax(shop: Shop) -> None:
    telco = shop.telco
    product_id = shop.create(caller=ROOT, shared=True, allow=-1)
    shared_tax = telco.do(telco.tax("20", caller=ROOT, shared=True)).tax_id
    own_tax = telco.do(telco.tax("5")).tax_id
    telco.do(telco.liability(own_tax, "product", product_id, False))
    with pytest.raises(ObjectUnknown):
        telco.do(telco.liability(shared_tax, "product", product_id, False))
    telco.do(telco.liability(shared_tax, "product", product_id, False, caller=ROOT))
    hidden = shop.create(caller=ROOT)
    with pytest.raises(ObjectUnknown):
        telco.do(telco.liability(own_tax, "product", hidden, False))


# Whole and once.


def test_a_refused_purchase_leaves_nothing(shop: Shop) -> None:
    product_id = shop.create(create_fee="5", period="monthly", period_fee="1")
    huge = shop.create(create_fee="90071992547409.91")
    before = shop.telco.everything()
    for arguments, refusal in (
        ((product_id, 17), ExchangeRateMissing),
        ((huge, 11, 2), AmountOutOfRange),
        ((huge, 12), AmountOutOfRange),
    ):
        with pytest.raises(refusal):
            shop.buy(*arguments)
    assert shop.telco.everything() == before
    assert shop.buy(product_id, validation=True) == 0
    assert shop.telco.everything() == before


def test_a_balance_stays_in_its_range(shop: Shop) -> None:
    product_id = shop.create(create_fee="5", period="monthly", period_fee="1")
    shop.telco.cook(CustomerFact, {"number": 11}, balance_minor=-(2**63) + 2)
    with pytest.raises(SumTooLarge):
        shop.buy(product_id)
    assert shop.charges(product_id) == []


def test_a_key_buys_once(shop: Shop) -> None:
    product_id = shop.create(create_fee="5", period="monthly", period_fee="1")
    first = shop.telco.ledger.execute(shop.purchase(product_id, key="k"))
    again = shop.telco.ledger.execute(shop.purchase(product_id, key="k"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result == first.result
    assert shop.telco.balance() == 9500
    assert len(shop.charges(product_id)) == 2
    with pytest.raises(IdempotencyKeyReused):
        shop.buy(product_id, 11, 2, key="k")
    assert shop.buy(product_id, key="other", validation=True) == 0
    assert not shop.telco.ledger.execute(shop.purchase(product_id, key="other")).replayed


def test_purchases_at_once_all_count_and_one_of_a_key(shop: Shop, ledger: Ledger) -> None:
    product_id = shop.create(create_fee="1", period="monthly", period_fee="1")
    commands = [shop.purchase(product_id) for _ in range(10)] + [shop.purchase(product_id, key="k") for _ in range(10)]
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(ledger.execute, commands))
    assert sum(not receipt.replayed for receipt in receipts) == 11
    assert shop.telco.balance() == 10000 - 1100
    assert len(shop.charges(product_id)) == 22


def test_two_purchases_of_one_batch_see_each_other(shop: Shop, ledger: Ledger) -> None:
    product_id = shop.create(create_fee="1")
    outcomes = ledger.execute_batch(shop.telco.tenant_id, [shop.purchase(product_id, key="k") for _ in range(3)])
    assert [outcome.replayed for outcome in outcomes] == [False, True, True]  # type: ignore[union-attr]
    assert shop.telco.balance() == 9900
