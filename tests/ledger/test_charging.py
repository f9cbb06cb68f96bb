"""Charges that are created first and charged then: what they cost whom, how often, and who may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import TestClock
from tests.ledger.telco import NORA, NORTH, NORTH_ALONE, ROOT, ROOT_ALONE, SOUTH, Telco
from tollhouse.domain.money import AMOUNT_MINOR_MAX, SUM_MINOR_MAX
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    ExchangeRateFact,
    OccurrenceFact,
    ReceiptFact,
    SummaryFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import (
    AlreadyCharged,
    AmountOutOfRange,
    BuyOutOfRange,
    ChargeUnknown,
    CurrencyUnknown,
    CustomerUnknown,
    EndBeforeStart,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    NegativeAmountRefused,
    OutsideWindow,
    PlanUnknown,
    Refusal,
    SelfChargeRefused,
    SumTooLarge,
)
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit

SECOND = 1_000_000
DAY = 86_400 * SECOND


# Creating.


def test_a_charge_takes_the_documented_defaults_and_moves_no_money(telco: Telco) -> None:
    charge_id = telco.create("Router")
    (charge,) = telco.find(ChargeFact)
    assert charge == ChargeFact(
        tenant_id=telco.tenant_id,
        charge_id=charge_id,
        customer_number=11,
        plan_number=0,
        owner_number=10,
        name="Router",
        description="",
        amount="0.00",
        buy="0.00",
        currency="EUR",
        period="",
        start_at=0,
        end_at=0,
        number_max=0,
        anchor="calendar",
        origin="enswitch",
        created_at=telco.clock.now(),
        anchor_on="2000-01-01",
    )
    assert telco.find(TransactionFact) == []
    assert telco.balance() == 100_00


def test_a_plan_charge_belongs_to_the_owner_of_the_plan(telco: Telco) -> None:
    telco.create(customer=0, plan_number=70, period="monthly", caller=NORTH)
    (charge,) = telco.find(ChargeFact)
    assert (charge.customer_number, charge.plan_number, charge.owner_number) == (0, 70, 10)


def test_the_root_customer_has_nobody_above_it_and_owns_its_own_charges(telco: Telco) -> None:
    charge_id = telco.create(customer=1, amount="-3")
    assert telco.find(ChargeFact)[0].owner_number == 1
    assert telco.charge(charge_id).gross_minor == -300


@pytest.mark.parametrize(
    ("caller", "sees"),
    [
        (ROOT, {1, 10, 11, 20, 21, 40, 41}),
        (ROOT_ALONE, {1}),
        (NORTH, {10, 11, 40, 41}),
        (NORTH_ALONE, {10}),
        (NORA, {11}),
        (SOUTH, {20, 21}),
    ],
)
def test_a_caller_charges_its_own_customer_and_those_below_where_it_reaches(
    telco: Telco, caller: Caller, sees: set[int]
) -> None:
    for number in (1, 10, 11, 20, 21, 40, 41):
        command = telco.creation(customer=number, caller=caller, validation=True)
        if number in sees:
            telco.do(command)
        else:
            with pytest.raises(CustomerUnknown):
                telco.do(command)


@pytest.mark.parametrize(
    ("caller", "sees"), [(ROOT, {70, 71}), (ROOT_ALONE, set()), (NORTH, {70}), (NORTH_ALONE, set()), (NORA, set())]
)
def test_a_plan_is_charged_by_its_owner_or_one_above_who_reaches_its_customers(
    telco: Telco, caller: Caller, sees: set[int]
) -> None:
    for number in (70, 71, 72):
        command = telco.creation(customer=0, plan_number=number, caller=caller, validation=True)
        if number in sees:
            telco.do(command)
        else:
            with pytest.raises(PlanUnknown):
                telco.do(command)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customer": 404}, CustomerUnknown),
        ({"customer": -1}, CustomerUnknown),
        ({"currency": "CHF"}, CurrencyUnknown),
        ({"currency": "CHF", "customer": 404}, CurrencyUnknown),
        ({"currency": "USD", "customer": 12}, ExchangeRateMissing),
        ({"customer": 17}, ExchangeRateMissing),
        ({"start_at": DAY, "end_at": DAY}, EndBeforeStart),
        ({"amount": "90071992547409.92"}, AmountOutOfRange),
        ({"amount": "90071992547409.92", "customer": 404}, AmountOutOfRange),
        ({"buy": "-90071992547409.92"}, BuyOutOfRange),
        ({"caller": NORA, "amount": "-0.01"}, NegativeAmountRefused),
        ({"caller": NORTH_ALONE, "customer": 10, "amount": "-0.01"}, NegativeAmountRefused),
        ({"caller": NORA, "self_charges": False}, SelfChargeRefused),
    ],
)
@pytest.mark.parametrize("validation", [True, False])
def test_what_is_refused_changes_nothing(
    telco: Telco, given: dict[str, Any], refusal: type[Refusal], validation: bool
) -> None:
    before = telco.everything()
    with pytest.raises(refusal):
        telco.create(**given, validation=validation)
    assert telco.everything() == before


def test_a_customers_own_currency_needs_no_rate(telco: Telco) -> None:
    assert telco.charged(17, amount="5", currency="GBP").gross_minor == 500


def test_those_above_may_credit_and_charge_themselves_nothing_is_forbidden_to_the_root(telco: Telco) -> None:
    telco.create(amount="-5", caller=NORTH)
    telco.create(customer=10, amount="-5", caller=ROOT, self_charges=False)
    telco.create(customer=1, amount="-5", caller=ROOT, self_charges=False)


# Changing and deleting.


def test_an_update_leaves_alone_what_is_not_given(telco: Telco) -> None:
    charge_id = telco.create(amount="10", buy="4", description="old", period="once", number_max=2)
    (before,) = telco.find(ChargeFact)
    telco.do(telco.change(charge_id, name="New", end_at=DAY))
    (after,) = telco.find(ChargeFact)
    before.name, before.end_at = "New", DAY
    assert after == before


def test_an_update_counts_for_later_events_alone(telco: Telco) -> None:
    charge_id = telco.create(amount="10", number_max=2)
    first = telco.charge(charge_id)
    telco.do(telco.change(charge_id, name="Renamed", currency="USD"))
    second = telco.charge(charge_id)
    assert (first.gross_minor, second.gross_minor) == (1000, 900)
    assert telco.transaction(first.transaction_id) == first


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"end_at": DAY}, EndBeforeStart),
        ({"currency": "CHF"}, CurrencyUnknown),
        ({"amount": Decimal("90071992547409.92")}, AmountOutOfRange),
        ({"buy": Decimal("90071992547409.92")}, BuyOutOfRange),
        ({"currency": "KWD"}, AmountOutOfRange),
        ({"charge_id": 404}, ChargeUnknown),
        ({"charge_id": 404, "currency": "CHF"}, CurrencyUnknown),
        ({"caller": SOUTH}, ChargeUnknown),
        ({"caller": NORA}, ChargeUnknown),
        ({"caller": NORTH_ALONE}, ChargeUnknown),
        ({"caller": ROOT_ALONE}, ChargeUnknown),
    ],
)
def test_an_update_is_checked_as_a_whole(telco: Telco, given: dict[str, Any], refusal: type[Refusal]) -> None:
    charge_id = telco.create(amount="90071992547409.91", start_at=2 * DAY)
    before = telco.everything()
    with pytest.raises(refusal):
        telco.do(telco.change(**{"charge_id": charge_id, "name": "New", **given}))
    assert telco.everything() == before


def test_an_update_into_a_currency_without_a_rate_is_refused(telco: Telco) -> None:
    charge_id = telco.create(customer=12, currency="JPY")
    with pytest.raises(ExchangeRateMissing):
        telco.do(telco.change(charge_id, currency="USD"))


def test_a_validated_update_changes_nothing(telco: Telco) -> None:
    charge_id = telco.create()
    before = telco.everything()
    telco.do(telco.change(charge_id, name="New", validation=True))
    assert telco.everything() == before


def test_a_plan_charge_is_changed_by_those_who_reach_the_customers(telco: Telco) -> None:
    charge_id = telco.create(customer=0, plan_number=70)
    telco.do(telco.change(charge_id, name="New", caller=NORTH))
    for caller in (NORTH_ALONE, ROOT_ALONE, SOUTH, NORA):
        with pytest.raises(ChargeUnknown):
            telco.do(telco.change(charge_id, name="Newer", caller=caller))


def test_a_deleted_charge_charges_nobody_and_keeps_what_it_did(telco: Telco) -> None:
    charge_id = telco.create(amount="1", number_max=9)
    first = telco.charge(charge_id)
    telco.do(telco.deletion(charge_id))
    for command in (telco.charging(charge_id), telco.change(charge_id, name="x"), telco.deletion(charge_id)):
        with pytest.raises(ChargeUnknown):
            telco.do(command)
    assert telco.find(TransactionFact) == [first]
    assert first.charge_id == charge_id


# Charging.


def test_charging_leaves_a_transaction_an_occurrence_a_summary_and_a_balance(telco: Telco) -> None:
    charge_id = telco.create(amount="49.90", buy="30", description="For the attic", period="once")
    transaction = telco.charge(charge_id, caller=NORTH)
    now = telco.clock.now()
    assert transaction == TransactionFact(
        tenant_id=telco.tenant_id,
        transaction_id=transaction.transaction_id,
        customer_number=11,
        kind="charge",
        settlement="balance",
        origin="enswitch",
        currency="EUR",
        net_minor=49_90,
        tax_minor=0,
        gross_minor=49_90,
        buy_minor=30_00,
        effective_at=now,
        recorded_at=now,
        charge_id=charge_id,
        person_id=3,
        description="For the attic",
    )
    assert telco.find(OccurrenceFact) == [
        OccurrenceFact(telco.tenant_id, charge_id, 11, "#1", transaction.transaction_id, now, "49.90 EUR 1")
    ]
    assert telco.find(SummaryFact) == [SummaryFact(telco.tenant_id, 11, "EUR", 1, 49_90, 0, now, now, 49_90)]
    assert telco.balance() == 50_10


def test_without_a_description_the_name_is_told(telco: Telco) -> None:
    assert telco.charged(name="Router", amount="1").description == "Router"


@pytest.mark.parametrize(("number", "times"), [(0, 1), (1, 1), (3, 3)])
@pytest.mark.parametrize("period", ["once", ""])
def test_a_charge_is_charged_as_often_as_its_number_says(telco: Telco, number: int, times: int, period: str) -> None:
    charge_id = telco.create(amount="1", number_max=number, period=period)
    for _ in range(times):
        telco.charge(charge_id)
    with pytest.raises(AlreadyCharged):
        telco.charge(charge_id)
    assert [o.occurrence_key for o in telco.find(OccurrenceFact)] == [f"#{n}" for n in range(1, times + 1)]
    assert telco.balance() == 100_00 - times * 100


def test_a_charge_is_charged_from_its_start_on_and_before_its_end(telco: Telco) -> None:
    now = telco.clock.now()
    charge_id = telco.create(amount="1", start_at=now + SECOND, end_at=now + 3 * SECOND, number_max=9)
    charged = []
    for second in range(5):
        telco.clock.now_us = now + second * SECOND
        try:
            telco.charge(charge_id)
            charged.append(second)
        except OutsideWindow:
            assert telco.balance() == 100_00 - 100 * len(charged)
    assert charged == [1, 2]


@pytest.mark.parametrize(
    ("caller", "may"), [(ROOT, True), (NORTH, True), (NORTH_ALONE, True), (NORA, False), (SOUTH, False)]
)
def test_the_owner_of_a_charge_and_those_above_may_charge_it(telco: Telco, caller: Caller, may: bool) -> None:
    charge_id = telco.create(amount="1")
    if may:
        assert telco.charge(charge_id, caller=caller).person_id == caller.person_id
    else:
        with pytest.raises(ChargeUnknown):
            telco.charge(charge_id, caller=caller)


def test_nothing_is_recorded_for_a_customer_who_is_not_billed(telco: Telco) -> None:
    charge_id = telco.create(customer=14, amount="1")
    before = telco.everything()
    for _ in range(2):
        assert telco.do(telco.charging(charge_id)).transaction_id == 0
    assert telco.everything() == before
    assert telco.do(telco.charging(charge_id, key="k")).fact_id == 0
    assert telco.ledger.execute(telco.charging(charge_id, key="k")).replayed


def test_who_is_billed_elsewhere_has_a_transaction_and_an_unmoved_balance(telco: Telco) -> None:
    transaction = telco.charged(15, amount="1")
    assert (transaction.settlement, transaction.gross_minor, telco.balance(15)) == ("recorded", 100, 0)
    assert telco.find(SummaryFact)[0].sum_minor == 100


def test_a_credit_raises_the_balance_and_is_not_counted(telco: Telco) -> None:
    assert telco.charged(amount="-5.00").gross_minor == -500
    assert telco.balance() == 105_00
    assert telco.find(SummaryFact) == [SummaryFact(telco.tenant_id, 11, "EUR", 0, -500, 0, None, None, None)]


def test_a_balance_may_go_below_zero(telco: Telco) -> None:
    telco.charged(amount="250")
    assert telco.balance() == -150_00


def test_a_customer_that_is_gone_is_charged_no_more(telco: Telco) -> None:
    charge_id = telco.create(amount="1")
    telco.cook(CustomerFact, {"number": 11}, deleted_at=1)
    with pytest.raises(ChargeUnknown):
        telco.charge(charge_id)
    with pytest.raises(CustomerUnknown):
        telco.create(amount="1")


def test_a_balance_never_leaves_its_range(telco: Telco) -> None:
    charge_id = telco.create(amount="0.02", number_max=2)
    telco.cook(CustomerFact, {"number": 11}, balance_minor=-SUM_MINOR_MAX + 1)
    before = telco.everything()
    with pytest.raises(SumTooLarge):
        telco.charge(charge_id)
    assert telco.everything() == before
    telco.do(telco.change(charge_id, amount=Decimal("0.01")))
    telco.charge(charge_id)
    assert telco.balance() == -SUM_MINOR_MAX


def test_the_largest_amount_is_charged_and_with_tax_it_is_too_large(telco: Telco) -> None:
    largest = "90071992547409.91"
    assert telco.charged(amount=largest).gross_minor == AMOUNT_MINOR_MAX
    telco.do(telco.tax("1"))
    with pytest.raises(AmountOutOfRange):
        telco.charged(amount=largest)


# Other currencies.


@pytest.mark.parametrize(
    ("customer", "price", "net_minor", "rate"),
    [
        (11, "10.00 USD", 9_00, "0.9"),
        (11, "0.005 EUR", 1, None),
        (11, "-0.005 EUR", -1, None),
        (16, "10.00 EUR", 11_11, "10/9"),
        (16, "10.00 USD", 10_00, None),
        (12, "1.00 EUR", 161, "160.5"),
        (12, "-1.00 EUR", -161, "160.5"),
        (12, "10.4999 JPY", 10, None),
        (13, "10.00 EUR", 3_333, "1/3"),
        (13, "0.0005 KWD", 1, None),
        (13, "1.2345 KWD", 1_235, None),
    ],
)
def test_an_amount_is_converted_exactly_and_rounded_once(
    telco: Telco, customer: int, price: str, net_minor: int, rate: str | None
) -> None:
    amount, currency = price.split()
    transaction = telco.charged(customer, amount=amount, buy=amount, currency=currency)
    assert (transaction.net_minor, transaction.buy_minor) == (net_minor, net_minor)
    assert transaction.currency == telco.customer(customer).currency
    is_exchanged = rate is not None
    wanted = (currency, rate, 0) if is_exchanged else (None, None, None)
    assert (transaction.exchange_from, transaction.exchange_rate, transaction.exchange_rate_at) == wanted


def test_the_latest_rate_that_counts_decides(telco: Telco) -> None:
    now = telco.clock.now()
    rates = [("EUR", "USD", now - 5, "2"), ("USD", "EUR", now - 3, "0.25"), ("USD", "EUR", now + 1, "7")]
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.insert([ExchangeRateFact(telco.tenant_id, *rate) for rate in rates])
    transaction = telco.charged(amount="1", currency="USD")
    assert (transaction.net_minor, transaction.exchange_rate, transaction.exchange_rate_at) == (25, "0.25", now - 3)
    telco.clock.advance(1)
    assert telco.charged(amount="1", currency="USD").net_minor == 700


def test_without_a_rate_nothing_is_charged(telco: Telco) -> None:
    charge_id = telco.create(amount="1")
    telco.cook(CustomerFact, {"number": 11}, currency="GBP")
    before = telco.everything()
    with pytest.raises(ExchangeRateMissing) as refused:
        telco.charge(charge_id)
    assert (refused.value.from_currency, refused.value.to_currency) == ("EUR", "GBP")
    assert telco.everything() == before


# Keys.


def test_a_key_creates_one_charge_for_ever(telco: Telco) -> None:
    first = telco.ledger.execute(telco.creation(amount="5", key="k"))
    telco.do(telco.deletion(first.result.charge_id))
    again = telco.ledger.execute(telco.creation(amount="5.00", key="k"))
    assert (first.replayed, again.replayed, again.result) == (False, True, first.result)
    assert len(telco.find(ChargeFact)) == 1


def test_a_key_charges_once_for_ever(telco: Telco) -> None:
    charge_id = telco.create(amount="5", number_max=9)
    first = telco.ledger.execute(telco.charging(charge_id, key="k"))
    telco.do(telco.deletion(charge_id))
    again = telco.ledger.execute(telco.charging(charge_id, key="k"))
    assert (first.replayed, again.replayed, again.result) == (False, True, first.result)
    assert telco.balance() == 95_00


def test_a_key_stands_for_its_content(telco: Telco) -> None:
    charge_id = telco.create(amount="5", key="k")
    other = [
        telco.creation(amount="6", key="k"),
        telco.creation(amount="6", key="k", validation=True),
        telco.charging(charge_id, key="k"),
    ]
    before = telco.everything()
    for command in other:
        with pytest.raises(IdempotencyKeyReused):
            telco.do(command)
    assert telco.everything() == before


def test_a_validation_burns_no_key_and_tells_none(telco: Telco) -> None:
    assert telco.create(key="k", validation=True) == 0
    assert telco.find(ReceiptFact) == []
    first = telco.ledger.execute(telco.creation(key="k"))
    validated = telco.ledger.execute(telco.creation(key="k", validation=True))
    assert (first.replayed, validated.replayed, validated.result.charge_id) == (False, False, 0)


def test_a_refusal_burns_no_key(telco: Telco) -> None:
    charge_id = telco.create(amount="5", start_at=telco.clock.now() + SECOND)
    with pytest.raises(OutsideWindow):
        telco.charge(charge_id, key="k")
    telco.clock.advance(1)
    assert not telco.ledger.execute(telco.charging(charge_id, key="k")).replayed


def test_a_key_tells_nothing_to_those_who_might_not_have_done_it(telco: Telco) -> None:
    charge_id = telco.create(amount="5", key="create")
    telco.charge(charge_id, key="charge")
    with pytest.raises(CustomerUnknown):
        telco.do(telco.creation(amount="5", key="create", caller=SOUTH))
    with pytest.raises(ChargeUnknown):
        telco.do(telco.charging(charge_id, key="charge", caller=SOUTH))
    plan = telco.creation(customer=0, plan_number=70, key="plan")
    telco.do(plan)
    with pytest.raises(PlanUnknown):
        telco.do(telco.creation(customer=0, plan_number=70, key="plan", caller=SOUTH))


def test_a_refusal_for_what_the_same_call_did_meanwhile_is_a_replay(
    telco: Telco, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server committed the call after this one had read the receipts: it looks again before it refuses."""
    charge_id, other_id = telco.create(amount="5"), telco.create(amount="5")
    first = telco.ledger.execute(telco.charging(charge_id, key="k"))
    telco.charge(other_id)
    prefetch = Book.prefetch
    monkeypatch.setattr(Book, "prefetch", lambda book, _keys, *more: prefetch(book, [], *more))
    again = telco.ledger.execute(telco.charging(charge_id, key="k"))
    assert (again.replayed, again.result) == (True, first.result)
    with pytest.raises(IdempotencyKeyReused):
        telco.do(telco.charging(other_id, key="k"))
    with pytest.raises(AlreadyCharged):
        telco.do(telco.charging(other_id, key="new"))


# Batches, and others at the same time.


def test_a_batch_sees_what_it_decided_before(telco: Telco) -> None:
    twice = telco.create(amount="1")
    dearer = telco.create(amount="1", number_max=2)
    gone = telco.create(amount="1")
    outcomes = telco.ledger.execute_batch(
        telco.tenant_id,
        [
            telco.charging(twice),
            telco.charging(twice),
            telco.change(dearer, amount=Decimal(2)),
            telco.charging(dearer),
            telco.change(dearer, name="Once more"),
            telco.charging(dearer),
            telco.charging(dearer),
            telco.deletion(gone),
            telco.charging(gone),
            telco.change(gone, name="Gone"),
            telco.creation("Two", amount="1", key="k"),
            telco.creation("Two", amount="1", key="k"),
        ],
    )
    refused = [None if not isinstance(outcome, Exception) else type(outcome) for outcome in outcomes]
    assert refused == [
        *(None, AlreadyCharged),
        *(None, None, None, None, AlreadyCharged),
        *(None, ChargeUnknown, ChargeUnknown),
        *(None, None),
    ]
    assert telco.balance() == 100_00 - 100 - 200 - 200
    assert [t.description for t in telco.find(TransactionFact, charge_id=dearer, order=("transaction_id",))] == [
        "Router",
        "Once more",
    ]


def test_a_batch_charges_what_it_created_and_changed(telco: Telco) -> None:
    """Ids come in order from a block, so the next one is known."""
    charge_id = telco.create() + 1
    telco.ledger.execute_batch(
        telco.tenant_id,
        [
            telco.creation(amount="7"),
            telco.change(charge_id, amount=Decimal(8)),
            telco.charging(charge_id),
        ],
    )
    assert telco.find(ChargeFact, charge_id=charge_id)[0].amount == "8.00"
    assert telco.balance() == 92_00


@pytest.mark.parametrize("keyed", [False, True])
def test_at_once_from_several_servers_a_charge_is_charged_once(
    telco: Telco, database_url: str, clock: TestClock, keyed: bool
) -> None:
    charge_ids = [telco.create(amount="1") for _ in range(10)]
    with closing(SqlStore(store_url(database_url))) as other_store:
        ledgers = [telco.ledger, Ledger(other_store, clock)] * 2

        def charge(ledger: Ledger) -> list[Any]:
            outcomes: list[Any] = []
            for charge_id in charge_ids:
                try:
                    receipt = ledger.execute(telco.charging(charge_id, key=f"k{charge_id}" if keyed else None))
                    outcomes.append(receipt.replayed)
                except Refusal as refusal:
                    outcomes.append(type(refusal))
            return outcomes

        with ThreadPoolExecutor(4) as pool:
            rounds = list(zip(*pool.map(charge, ledgers), strict=True))
    otherwise = True if keyed else AlreadyCharged
    for outcomes in rounds:
        assert sorted(map(str, outcomes)) == sorted(map(str, [False, otherwise, otherwise, otherwise]))
    assert telco.balance() == 100_00 - 10 * 100


def test_what_only_needs_to_be_counted_is_not_read(telco: Telco, monkeypatch: pytest.MonkeyPatch) -> None:
    """A charge that was charged a thousand times, or a currency with a rate a day, costs no more than a new one."""
    charge_id = telco.create(number_max=3, currency="EUR")
    found: list[type[Any]] = []
    plain_find = Unit.find

    def find(self: Unit, kind: Any, **asked: Any) -> list[Any]:
        found.append(kind)
        return plain_find(self, kind, **asked)

    monkeypatch.setattr(Unit, "find", find)
    batch = [telco.charging(charge_id) for _ in range(4)]
    *charged, refused = telco.ledger.execute_batch(telco.tenant_id, batch)
    assert not any(isinstance(answer, Exception) for answer in charged)
    assert isinstance(refused, AlreadyCharged)
    telco.create(customer=11, currency="JPY", amount="1")
    assert not {OccurrenceFact, ExchangeRateFact} & set(found)
    assert sorted(o.occurrence_key for o in telco.find(OccurrenceFact)) == ["#1", "#2", "#3"]
