"""Buying a plan once: what it costs, what speaks against it, and that money is written down exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from tests.harness import SHOP, TestClock, prepared, record
from tollhouse.ledger.commands import (
    ClaimUnresolved,
    Command,
    GatewayAnswer,
    Idempotency,
    Receipt,
    SavePaymentMethod,
    SettlePurchase,
    StartPurchase,
    event_attempt_no,
)
from tollhouse.ledger.commands.purchases import EVENTS_FROM
from tollhouse.ledger.facts import (
    CustomerFact,
    Fact,
    PaymentAttemptFact,
    PaymentFact,
    PlanFact,
    PlanPriceFact,
    ReceiptFact,
    SummaryFact,
    TenantFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.numbers import Numbers
from tollhouse.ledger.purchase_details import detail_of
from tollhouse.ledger.purchasing.settling import TakenButNotRecorded, look_up_gap_seconds
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CountryNotServed,
    CurrencyMismatch,
    CustomAmountRefused,
    CustomerUnknown,
    FeatureUnknown,
    GatewayNotConfigured,
    IdempotencyKeyReused,
    NoPriceInCurrency,
    PaymentMethodMissing,
    PlanHasNoOneTimePrice,
    PlanIsFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    QuantityRefused,
    Refusal,
    SumTooLarge,
    TenantBlocked,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore

SUCCEEDED = GatewayAnswer("succeeded", reference="gw-1")
DECLINED = GatewayAnswer("declined", decline_code="card_declined", decline_text="The card was declined.")
ABSENT = GatewayAnswer("absent")
UNKNOWN = GatewayAnswer("unknown")


@pytest.fixture
def shop(store: SqlStore, clock: TestClock) -> TenantFact:
    return prepared(store, SHOP, clock)


def purchase(
    tenant: TenantFact, plan: str = "worldwide", customer: str = "cust_visa", *, key: str | None = None, **more: Any
) -> StartPurchase:
    fields: dict[str, Any] = {
        "quantities": (),
        "currency": None,
        "ip_address": None,
        "country_of_ip": None,
        "custom_amount": None,
        "tax_behavior": None,
        "gateways": frozenset({"sandbox"}),
        "call_seconds": 8,
        "resolve_after_seconds": 30,
        "shows_features": True,
        **more,
    }
    return StartPurchase(
        tenant_id=tenant.tenant_id,
        idempotency=None if key is None else Idempotency("tenant", key),
        plan_identifier=plan,
        customer_reference=customer,
        **fields,
    )


def settlement(
    payment: PaymentFact, answer: GatewayAnswer, *, kind: str = "charge", attempt_no: int = 1
) -> SettlePurchase:
    return SettlePurchase(
        tenant_id=payment.tenant_id,
        payment_id=payment.payment_id,
        customer_number=payment.customer_number,
        kind=kind,
        attempt_no=attempt_no,
        answer=answer,
        started_at=1,
        ended_at=2,
        resolve_after_seconds=30,
    )


def started(ledger: Ledger, command: StartPurchase) -> PaymentFact:
    payment: PaymentFact = ledger.execute(command).result.payment
    return payment


def settled(ledger: Ledger, payment: PaymentFact, answer: GatewayAnswer, **more: Any) -> PaymentFact:
    after: PaymentFact = ledger.execute(settlement(payment, answer, **more)).result
    return after


def rows(store: SqlStore, tenant: TenantFact, kind: type[Fact], **equals: Any) -> list[Any]:
    with store.reading(tenant.tenant_id) as reader:
        return reader.find(kind, **equals)


def customer(store: SqlStore, tenant: TenantFact, reference: str = "cust_visa") -> CustomerFact:
    (found,) = rows(store, tenant, CustomerFact, reference=reference)
    assert isinstance(found, CustomerFact)
    return found


def assert_the_books_agree(store: SqlStore) -> None:
    assert verify(store).differences == []


# What it costs.

PRICES = [
    # plan, what is asked for, amount in minor units, currency
    ("worldwide", {}, 2000, "USD"),
    ("worldwide", {"currency": "EUR"}, 1850, "EUR"),
    ("worldwide", {"currency": "JPY"}, 2900, "JPY"),
    ("worldwide", {"currency": "KWD"}, 6125, "KWD"),
    ("worldwide", {"country_of_ip": "DE"}, 1850, "EUR"),
    ("worldwide", {"country_of_ip": "IN"}, 500, "USD"),
    ("worldwide", {"country_of_ip": "IN", "currency": "EUR"}, 1850, "EUR"),
    ("worldwide", {"country_of_ip": "BR"}, 2000, "USD"),
    ("worldwide", {"customer": "cust_germany"}, 1850, "EUR"),
    ("worldwide", {"customer": "cust_germany", "country_of_ip": "JP"}, 2900, "JPY"),
    ("worldwide", {"quantities": (("support", 7),)}, 2000, "USD"),
    ("team-pack", {}, 1500, "USD"),
    ("team-pack", {"quantities": (("seats", 3),)}, 1750, "USD"),
    ("team-pack", {"quantities": (("seats", 2), ("credits", 1))}, 1600, "USD"),
    ("team-pack", {"quantities": (("seats", 2), ("credits", 1001))}, 1700, "USD"),
    ("credits-only", {"quantities": (("credits", 45),)}, 167, "USD"),
    ("giveaway", {}, 0, "USD"),
    ("enterprise", {"custom_amount": Decimal("1234.56"), "currency": "USD"}, 123456, "USD"),
    ("enterprise", {"custom_amount": Decimal(49), "currency": "USD", "quantities": (("seats", 4),)}, 4900, "USD"),
    ("team-pack", {"custom_amount": Decimal("0.01"), "currency": "USD"}, 1, "USD"),
    ("worldwide", {"custom_amount": Decimal("1.234"), "currency": "KWD"}, 1234, "KWD"),
    ("japan-only", {}, 3000, "USD"),
]


@pytest.mark.parametrize("case", PRICES)
def test_what_a_purchase_comes_to(ledger: Ledger, shop: TenantFact, case: tuple[str, dict[str, Any], int, str]) -> None:
    plan, asked, amount_minor, currency = case
    payment = started(ledger, purchase(shop, plan, **asked))
    assert (payment.amount_minor, payment.currency) == (amount_minor, currency)


REFUSALS: list[tuple[str, dict[str, Any], type[Refusal]]] = [
    ("worldwide", {"customer": "nobody"}, CustomerUnknown),
    ("nothing", {}, PlanUnknown),
    ("archived", {}, PlanUnknown),
    ("monthly", {}, PlanHasNoOneTimePrice),
    ("free", {}, PlanIsFree),
    ("free", {"custom_amount": Decimal(1), "currency": "USD"}, PlanIsFree),
    ("worldwide", {"quantities": (("seats", 1),)}, FeatureUnknown),
    ("worldwide", {"quantities": (("nothing", 1),)}, FeatureUnknown),
    ("worldwide", {"currency": "GBP"}, NoPriceInCurrency),
    ("japan-only", {"country_of_ip": "DE"}, CountryNotServed),
    ("japan-only", {"customer": "cust_germany"}, CountryNotServed),
    ("team-pack", {"quantities": (("seats", 1),)}, QuantityRefused),
    ("team-pack", {"quantities": (("seats", 51),)}, QuantityRefused),
    ("team-pack", {"quantities": (("seats", 0),)}, QuantityRefused),
    ("team-pack", {"quantities": (("credits", 10**9 + 1),)}, QuantityRefused),
    ("credits-only", {}, QuantityRefused),
    ("enterprise", {}, PlanWantsCustomAmount),
    ("enterprise", {"custom_amount": Decimal("1.001"), "currency": "USD"}, CustomAmountRefused),
    ("enterprise", {"custom_amount": Decimal(0), "currency": "USD"}, CustomAmountRefused),
    ("worldwide", {"custom_amount": Decimal("1.5"), "currency": "JPY"}, CustomAmountRefused),
    ("enterprise", {"custom_amount": Decimal(10) ** 15, "currency": "USD"}, AmountOutOfRange),
    ("colossal", {"quantities": (("credits", 10),)}, AmountOutOfRange),
    ("worldwide", {"customer": "cust_without_card"}, PaymentMethodMissing),
    ("worldwide", {"customer": "cust_stripe"}, GatewayNotConfigured),
]


@pytest.mark.parametrize("case", REFUSALS)
def test_what_speaks_against_a_purchase_leaves_no_trace(
    ledger: Ledger, store: SqlStore, shop: TenantFact, case: tuple[str, dict[str, Any], type[Refusal]]
) -> None:
    plan, asked, refusal = case
    with pytest.raises(refusal):
        ledger.execute(purchase(shop, plan, key="k", **asked))
    assert rows(store, shop, PaymentFact) == rows(store, shop, ReceiptFact) == []


def test_a_refusal_burns_no_key(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    with pytest.raises(PaymentMethodMissing):
        ledger.execute(purchase(shop, customer="cust_without_card", key="k"))
    assert ledger.execute(purchase(shop, key="k")).replayed is False


def test_a_blocked_organization_charges_nobody(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.change(TenantFact, {}, blocked=1)
    with pytest.raises(TenantBlocked):
        ledger.execute(purchase(shop))


def test_checks_come_in_the_documented_order(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    """Everything is wrong at once; each is put right in turn."""
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.change(TenantFact, {}, blocked=1)
    wrong: dict[str, Any] = {"customer": "nobody", "quantities": (("x", 1),), "currency": "GBP"}
    order: list[tuple[type[Refusal], str, dict[str, Any]]] = [
        (CustomerUnknown, "nothing", {}),
        (PlanUnknown, "nothing", {"customer": "cust_without_card"}),
        (PlanHasNoOneTimePrice, "monthly", {}),
        (FeatureUnknown, "team-pack", {}),
        (NoPriceInCurrency, "team-pack", {"quantities": (("seats", 51),)}),
        (QuantityRefused, "team-pack", {"currency": "USD"}),
        (PaymentMethodMissing, "team-pack", {"quantities": ()}),
    ]
    with pytest.raises(TenantBlocked):
        ledger.execute(purchase(shop, "nothing", **wrong))
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.change(TenantFact, {}, blocked=0)
    for refusal, plan, righted in order:
        wrong.update(righted)
        with pytest.raises(refusal):
            ledger.execute(purchase(shop, plan, **wrong))


# The intent.


def test_the_intent_is_pending_and_complete(
    ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock
) -> None:
    payment = started(
        ledger, purchase(shop, "team-pack", quantities=(("seats", 3),), ip_address="8.8.8.8", country_of_ip="US")
    )
    assert rows(store, shop, PaymentFact) == [payment]
    assert rows(store, shop, TransactionFact) == []
    assert (payment.state, payment.gateway, payment.token) == ("pending", "sandbox", "pm_card_visa")
    assert payment.gateway_key == f"tollhouse-{payment.uid}"
    assert payment.order_id.startswith("ORD-20260301120000-")
    assert payment.call_until_at == clock.now() + 8_000_000
    assert payment.look_up_at == clock.now() + 38_000_000
    detail = detail_of(payment)
    assert [(feature.identifier, feature.quantity) for feature in detail.features] == [("seats", 3)]
    assert detail.lines == (("base price", 1, "10.00"), ("seats", 3, "7.50"))
    assert (detail.tax_behavior, detail.customer_reference) == ("EXCLUSIVE", "cust_visa")
    assert detail.price_reason == "USD is the currency of US, the country of the IP address."


@pytest.mark.parametrize(
    ("plan", "asked", "behavior"),
    [
        ("worldwide", {}, "EXCLUSIVE"),
        ("worldwide", {"currency": "EUR"}, "INCLUSIVE"),
        ("worldwide", {"currency": "EUR", "tax_behavior": "EXCLUSIVE"}, "INCLUSIVE"),
        ("worldwide", {"currency": "EUR", "custom_amount": Decimal(1)}, "INCLUSIVE"),
        ("worldwide", {"currency": "USD", "custom_amount": Decimal(1), "tax_behavior": "INCLUSIVE"}, "INCLUSIVE"),
    ],
)
def test_the_tax_behavior_that_is_kept(
    ledger: Ledger, shop: TenantFact, plan: str, asked: dict[str, Any], behavior: str
) -> None:
    assert detail_of(started(ledger, purchase(shop, plan, **asked))).tax_behavior == behavior


def test_a_plan_without_a_product_is_its_own(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    payments = [started(ledger, purchase(shop, "japan-only")) for _ in range(2)]
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.change(PlanFact, {"identifier": "japan-only"}, product_id=0)
    payments += [started(ledger, purchase(shop, "japan-only")) for _ in range(2)]
    products = [(d.product_identifier, d.product_name, d.product_uid) for d in map(detail_of, payments)]
    assert products[0] == products[1] != products[2] == products[3]
    assert products[2][:2] == ("japan-only", "Japan Only")


def test_what_costs_nothing_is_settled_at_once(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    payment = started(ledger, purchase(shop, "giveaway", customer="cust_without_card"))
    assert (payment.state, payment.gateway, payment.look_up_at) == ("succeeded", "", None)
    assert [t.gross_minor for t in rows(store, shop, TransactionFact)] == [0]
    assert customer(store, shop, "cust_without_card").currency_lock == "USD"
    assert_the_books_agree(store)


# The outcome.


def test_taken_money_is_a_transaction_a_summary_and_a_lock(
    ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock
) -> None:
    payment = started(ledger, purchase(shop, "worldwide", currency="EUR"))
    clock.advance(2)
    after = settled(ledger, payment, SUCCEEDED)
    assert rows(store, shop, PaymentFact) == [after]
    assert (after.state, after.gateway_reference, after.look_up_at) == ("succeeded", "gw-1", None)
    assert after.settled_at == clock.now()
    (transaction,) = rows(store, shop, TransactionFact)
    assert (transaction.kind, transaction.settlement, transaction.origin) == ("charge", "gateway", "kelviq")
    assert (transaction.net_minor, transaction.tax_minor, transaction.gross_minor) == (1850, 0, 1850)
    assert (transaction.payment_id, after.transaction_id) == (after.payment_id, transaction.transaction_id)
    assert (transaction.effective_at, transaction.recorded_at) == (payment.created_at, clock.now())
    (summary,) = rows(store, shop, SummaryFact)
    assert (summary.currency, summary.charge_count, summary.sum_minor) == ("EUR", 1, 1850)
    assert customer(store, shop).currency_lock == "EUR"
    (attempt,) = rows(store, shop, PaymentAttemptFact)
    assert (attempt.attempt_no, attempt.kind, attempt.outcome) == (1, "charge", "succeeded")
    assert_the_books_agree(store)


@pytest.mark.parametrize(
    ("answer", "code"), [(DECLINED, "card_declined"), (ABSENT, "payment_not_completed")], ids=["declined", "absent"]
)
def test_what_was_not_taken_leaves_no_transaction(
    ledger: Ledger, store: SqlStore, shop: TenantFact, answer: GatewayAnswer, code: str
) -> None:
    after = settled(ledger, started(ledger, purchase(shop)), answer)
    assert (after.state, after.decline_code, after.look_up_at) == ("declined", code, None)
    assert after.decline_text
    assert rows(store, shop, TransactionFact) == rows(store, shop, SummaryFact) == []
    assert customer(store, shop).currency_lock is None
    assert_the_books_agree(store)


def test_an_unknown_outcome_stays_open(ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock) -> None:
    payment = started(ledger, purchase(shop))
    clock.advance(8)
    after = settled(ledger, payment, UNKNOWN)
    assert (after.state, after.look_up_at) == ("pending", clock.now() + 30_000_000)
    assert [a.outcome for a in rows(store, shop, PaymentAttemptFact)] == ["unknown"]


@pytest.mark.parametrize(
    "answers",
    list(product([SUCCEEDED, DECLINED, ABSENT], [SUCCEEDED, DECLINED, ABSENT, UNKNOWN])),
    ids=lambda answers: "-".join(answer.outcome for answer in answers),
)
@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one after the other"])
def test_a_payment_settles_once(
    ledger: Ledger, store: SqlStore, shop: TenantFact, answers: tuple[GatewayAnswer, GatewayAnswer], at_once: bool
) -> None:
    first, late = answers
    payment = started(ledger, purchase(shop))
    commands = [settlement(payment, first), settlement(payment, late, kind="look_up", attempt_no=2)]
    batches = [commands] if at_once else [[command] for command in commands]
    outcomes = [outcome for batch in batches for outcome in ledger.execute_batch(shop.tenant_id, batch)]
    states = [outcome.result for outcome in outcomes if isinstance(outcome, Receipt)]
    assert len(states) == 2
    assert states[0] == states[1]
    assert len(rows(store, shop, TransactionFact)) == (first is SUCCEEDED)
    assert [a.outcome for a in rows(store, shop, PaymentAttemptFact, order=("attempt_no",))] == [
        first.outcome,
        late.outcome,
    ]
    is_contradicted = late is not UNKNOWN and (first is SUCCEEDED) != (late is SUCCEEDED)
    assert len(verify(store).differences) == is_contradicted


def test_an_event_is_noted_once(ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock) -> None:
    payment = started(ledger, purchase(shop))
    attempt_no = event_attempt_no("stripe:evt_1")
    assert attempt_no == event_attempt_no("stripe:evt_1") != event_attempt_no("stripe:evt_2")
    assert min(attempt_no, event_attempt_no("")) >= EVENTS_FROM
    for _ in range(3):
        settled(ledger, payment, SUCCEEDED, kind="event", attempt_no=attempt_no)
        clock.advance(1)
    settled(ledger, payment, SUCCEEDED)
    noted = [(a.attempt_no, a.kind) for a in rows(store, shop, PaymentAttemptFact, order=("attempt_no",))]
    assert noted == [(1, "charge"), (attempt_no, "event")]
    assert len(rows(store, shop, TransactionFact)) == 1
    assert_the_books_agree(store)


def test_the_same_settlement_again_writes_the_same(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    """As when the first commit's answer was lost."""
    payment = started(ledger, purchase(shop))
    for answer in (UNKNOWN, UNKNOWN, SUCCEEDED, SUCCEEDED):
        settled(ledger, payment, answer)
    assert [a.outcome for a in rows(store, shop, PaymentAttemptFact)] == ["succeeded"]
    assert len(rows(store, shop, TransactionFact)) == 1


def test_the_sum_leaves_room_for_what_is_being_taken(
    ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock
) -> None:
    """A purchase is refused while there is still room for those that other calls are taking."""
    _fill_summary(store, shop, clock, 2**62)
    with pytest.raises(SumTooLarge):
        ledger.execute(purchase(shop))


def test_money_that_cannot_be_recorded_stays_open(
    ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock
) -> None:
    payment = started(ledger, purchase(shop))
    _fill_summary(store, shop, clock, 2**63 - 1)
    with pytest.raises(TakenButNotRecorded):
        settled(ledger, payment, SUCCEEDED)
    assert rows(store, shop, PaymentFact) == [payment]
    assert rows(store, shop, PaymentAttemptFact) == []


def _fill_summary(store: SqlStore, shop: TenantFact, clock: TestClock, sum_minor: int) -> None:
    number = customer(store, shop).number
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.insert([SummaryFact(shop.tenant_id, number, "USD", 1, sum_minor, 0, clock.now(), clock.now(), sum_minor)])


# The currency lock.


def test_the_first_taken_money_sets_the_currency(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    settled(ledger, started(ledger, purchase(shop, currency="JPY")), DECLINED)
    settled(ledger, started(ledger, purchase(shop, currency="EUR")), SUCCEEDED)
    with pytest.raises(CurrencyMismatch, match="EUR"):
        ledger.execute(purchase(shop, currency="USD"))
    with pytest.raises(NoPriceInCurrency, match="EUR"):
        ledger.execute(purchase(shop, "team-pack"))
    locked = started(ledger, purchase(shop, country_of_ip="IN"))
    assert locked.currency == "EUR"


def test_money_taken_in_another_currency_meanwhile_is_not_lost(
    ledger: Ledger, store: SqlStore, shop: TenantFact
) -> None:
    in_euro = started(ledger, purchase(shop, currency="EUR"))
    in_yen = started(ledger, purchase(shop, currency="JPY"))
    settled(ledger, in_yen, SUCCEEDED)
    assert settled(ledger, in_euro, SUCCEEDED).state == "succeeded"
    assert customer(store, shop).currency_lock == "JPY"
    assert sorted(t.currency for t in rows(store, shop, TransactionFact)) == ["EUR", "JPY"]
    assert_the_books_agree(store)


def test_two_giveaways_of_one_batch_know_of_each_others_lock(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.change(PlanPriceFact, {"currency": "EUR"}, amount="0.00")
    first, second = ledger.execute_batch(
        shop.tenant_id, [purchase(shop, "giveaway"), purchase(shop, "worldwide", currency="EUR")]
    )
    assert isinstance(first, Receipt)
    assert isinstance(second, CurrencyMismatch)


# Keys.


def test_a_replay_tells_the_payment_as_it_stands(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    payment = started(ledger, purchase(shop, key="k"))
    pending = ledger.execute(purchase(shop, key="k"))
    assert (pending.replayed, pending.result.payment) == (True, payment)
    after = settled(ledger, payment, SUCCEEDED)
    told = ledger.execute(purchase(shop, key="k"))
    assert (told.replayed, told.result.payment) == (True, after)
    assert len(rows(store, shop, PaymentFact)) == 1


def test_the_same_key_twice_in_one_batch(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    for plan in ("worldwide", "giveaway"):
        first, second = ledger.execute_batch(
            shop.tenant_id, [purchase(shop, plan, key=plan), purchase(shop, plan, key=plan)]
        )
        assert isinstance(first, Receipt)
        assert isinstance(second, Receipt)
        assert (first.replayed, second.replayed) == (False, True)
        assert first.result == second.result
    assert len(rows(store, shop, PaymentFact)) == 2


def test_a_replay_survives_changes_of_plan_tenant_and_settings(
    ledger: Ledger, store: SqlStore, shop: TenantFact
) -> None:
    after = settled(ledger, started(ledger, purchase(shop, key="k")), SUCCEEDED)
    with store.unit_of_work(shop.tenant_id) as unit:
        unit.change(PlanFact, {"identifier": "worldwide"}, name="Other", state="archived")
        unit.change(TenantFact, {}, blocked=1)
    told = ledger.execute(purchase(shop, key="k", call_seconds=1, shows_features=False, gateways=frozenset()))
    assert told.result.payment == after


@pytest.mark.parametrize(
    "other",
    [
        {"plan": "team-pack"},
        {"customer": "cust_germany"},
        {"quantities": (("support", 1),)},
        {"currency": "USD"},
        {"ip_address": "8.8.8.8"},
        {"custom_amount": Decimal(1), "currency": "USD"},
        {"tax_behavior": "INCLUSIVE"},
    ],
)
def test_a_key_stands_for_one_content(ledger: Ledger, shop: TenantFact, other: dict[str, Any]) -> None:
    ledger.execute(purchase(shop, key="k"))
    with pytest.raises(IdempotencyKeyReused):
        ledger.execute(purchase(shop, key="k", **other))


def test_amounts_of_one_value_are_one_content(ledger: Ledger, shop: TenantFact) -> None:
    ledger.execute(purchase(shop, key="k", custom_amount=Decimal("49.0"), currency="USD"))
    assert ledger.execute(purchase(shop, key="k", custom_amount=Decimal(49), currency="USD")).replayed


def test_keys_are_shared_with_the_other_doors(ledger: Ledger, shop: TenantFact) -> None:
    ledger.execute(record(shop, 100, key="k"))
    with pytest.raises(IdempotencyKeyReused):
        ledger.execute(purchase(shop, key="k"))


def test_without_a_key_every_purchase_is_a_new_one(ledger: Ledger, store: SqlStore, shop: TenantFact) -> None:
    first, second = ledger.execute_batch(shop.tenant_id, [purchase(shop), purchase(shop)])
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert first.result.payment.order_id != second.result.payment.order_id
    assert len(rows(store, shop, PaymentFact)) == 2


# What is open.


def claim(shop: TenantFact, count: int = 10) -> ClaimUnresolved:
    return ClaimUnresolved(tenant_id=shop.tenant_id, count=count, lease_seconds=60, resolve_after_seconds=30)


def claimed(ledger: Ledger, shop: TenantFact, count: int = 10) -> list[PaymentFact]:
    return list(ledger.execute(claim(shop, count)).result)


def test_an_intent_that_nobody_settles_is_found(
    ledger: Ledger, store: SqlStore, shop: TenantFact, clock: TestClock
) -> None:
    payment = started(ledger, purchase(shop))
    clock.advance(37)
    assert claimed(ledger, shop) == []
    clock.advance(1)
    (found,) = claimed(ledger, shop)
    assert (found.payment_id, found.look_ups) == (payment.payment_id, 1)
    assert rows(store, shop, PaymentFact) == [found]


def test_what_is_claimed_is_left_alone_until_its_lease_is_over(
    ledger: Ledger, shop: TenantFact, clock: TestClock
) -> None:
    for _ in range(3):
        started(ledger, purchase(shop))
    clock.advance(38)
    first = ledger.execute_batch(shop.tenant_id, [claim(shop, 2), claim(shop, 2)])
    assert [len(outcome.result) for outcome in first if isinstance(outcome, Receipt)] == [2, 1]
    assert claimed(ledger, shop) == []
    clock.advance(60)
    assert len(claimed(ledger, shop)) == 3


def test_settled_payments_are_not_claimed(ledger: Ledger, shop: TenantFact, clock: TestClock) -> None:
    settled(ledger, started(ledger, purchase(shop)), SUCCEEDED)
    settled(ledger, started(ledger, purchase(shop)), DECLINED)
    clock.advance(10**6)
    assert claimed(ledger, shop) == []


def test_look_ups_grow_rarer(ledger: Ledger, shop: TenantFact, clock: TestClock) -> None:
    payment = started(ledger, purchase(shop))
    clock.advance(38)
    gaps = []
    for attempt_no in range(2, 6):
        (found,) = claimed(ledger, shop)
        after = settled(ledger, found, UNKNOWN, kind="look_up", attempt_no=attempt_no)
        assert after.payment_id == payment.payment_id
        assert after.look_up_at is not None
        gaps.append((after.look_up_at - clock.now()) // 1_000_000)
        clock.now_us = after.look_up_at
    assert gaps == [60, 120, 240, 480]


def test_gaps_double_up_to_an_hour_and_are_a_day_after_a_day() -> None:
    assert [look_up_gap_seconds(30, n) for n in (0, 1, 6, 7, 29, 30, 1000)] == [30, 60, 1920, 3600, 3600, 86400, 86400]
    assert look_up_gap_seconds(0, 0) == 1
    assert [look_up_gap_seconds(7200, n) for n in (0, 11, 12)] == [7200, 7200, 86400]
    assert [look_up_gap_seconds(86400, n) for n in (0, 1, 2)] == [86400] * 3
    assert 86400 <= sum(look_up_gap_seconds(30, n) for n in range(30)) < 86400 + 3600


@pytest.mark.parametrize("kind", [SettlePurchase, SavePaymentMethod])
def test_batches_that_cross_do_not_block_one_another(
    store: SqlStore, shop: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch, kind: type[Command]
) -> None:
    """Each names one customer by its reference and the other by its number: all are locked in one order."""
    conflicts: list[int] = []
    monkeypatch.setattr(Numbers, "drop", lambda _self, tenant_id: conflicts.append(tenant_id))
    customers = ("cust_visa", "cust_declined")
    ledgers = [Ledger(store, clock) for _ in customers]
    open_payments = [ledgers[0].execute(purchase(shop, customer=customer)).result.payment for customer in customers]

    def by_number(payment: PaymentFact) -> Command:
        if kind is SettlePurchase:
            return settlement(payment, UNKNOWN)
        return SavePaymentMethod(
            tenant_id=shop.tenant_id,
            customer_number=payment.customer_number,
            gateway=payment.gateway,
            token=payment.token,
        )

    def work(index: int) -> None:
        batch = [purchase(shop, customer=customers[index]), by_number(open_payments[1 - index])]
        for _ in range(20):
            assert all(isinstance(outcome, Receipt) for outcome in ledgers[index].execute_batch(shop.tenant_id, batch))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (0, 1)))
    assert conflicts == []
