"""Transactions by hand and moves of a balance: what they write, once, and who may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import TestClock
from tests.ledger.telco import NORA, NORTH, NORTH_ALONE, ROOT, ROOT_ALONE, SOUTH, Telco
from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.ledger.commands import (
    TENANT_SCOPE,
    AddToBalance,
    Caller,
    CreateTransaction,
    Idempotency,
    RequestTopup,
)
from tollhouse.ledger.facts import (
    CustomerFact,
    OccurrenceFact,
    SummaryFact,
    TopupRequestFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.postings import (
    ADJUSTMENTS,
    COLLECTED_ELSEWHERE,
    CREDITS_GIVEN,
    OWED_ON_ACCOUNT,
    RECEIVED_ON_ACCOUNT,
    REVENUE,
    TAX_PAYABLE,
    postings,
)
from tollhouse.ledger.refusals import (
    AlreadyCharged,
    AmountOutOfRange,
    AmountTooPrecise,
    ChargeUnknown,
    CurrencyUnknown,
    CustomerUnknown,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    InvoiceUnknown,
    NotBilled,
    Refusal,
    SelfCreditRefused,
    SumTooLarge,
    TaxUnknown,
    TimeInFuture,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore

SECOND = 1_000_000


def idempotency(key: str | None) -> Idempotency | None:
    return None if key is None else Idempotency(TENANT_SCOPE, key)


def addition(
    telco: Telco, amount: str, number: int = 11, *, caller: Caller = NORTH, key: str | None = None, **more: Any
) -> AddToBalance:
    return AddToBalance(
        tenant_id=telco.tenant_id,
        idempotency=idempotency(key),
        caller=caller,
        customer_number=number,
        amount=Decimal(amount),
        **{"kind": "adjustment", **more},
    )


def writing(
    telco: Telco, amount: str, number: int = 11, *, caller: Caller = NORTH, key: str | None = None, **more: Any
) -> CreateTransaction:
    return CreateTransaction(
        tenant_id=telco.tenant_id,
        idempotency=idempotency(key),
        caller=caller,
        customer_number=number,
        amount=Decimal(amount),
        **more,
    )


def write(telco: Telco, *arguments: Any, **more: Any) -> TransactionFact:
    return telco.transaction(telco.do(writing(telco, *arguments, **more)).transaction_id)


def add(telco: Telco, *arguments: Any, **more: Any) -> TransactionFact:
    return telco.transaction(telco.do(addition(telco, *arguments, **more)).transaction_id)


def refused(telco: Telco, command: Any, refusal: type[Refusal]) -> None:
    before = telco.everything()
    with pytest.raises(refusal):
        telco.do(command)
    assert telco.everything() == before


def legs(transaction: TransactionFact) -> dict[str, int]:
    return {leg.account: leg.amount_minor for leg in postings(transaction)}


# Balances.


@pytest.mark.parametrize(
    ("kind", "account"),
    [("adjustment", ADJUSTMENTS), ("credit", CREDITS_GIVEN), ("topup", RECEIVED_ON_ACCOUNT)],
)
def test_every_move_of_a_balance_leaves_a_transaction(telco: Telco, kind: str, account: str) -> None:
    transaction = add(telco, "10.50", kind=kind, description="why")
    assert telco.balance() == 11050
    assert (transaction.kind, transaction.settlement, transaction.gross_minor) == (kind, "balance", -1050)
    assert (transaction.person_id, transaction.description, transaction.charge_id) == (NORTH.person_id, "why", None)
    assert legs(transaction) == {OWED_ON_ACCOUNT: -1050, account: 1050}
    assert telco.find(SummaryFact, customer_number=11) == []
    assert add(telco, "-20", kind=kind).gross_minor == 2000
    assert telco.balance() == 9050


def test_nothing_added_leaves_nothing(telco: Telco) -> None:
    before = telco.everything()
    assert telco.do(addition(telco, "0.00", kind="credit")).transaction_id == 0
    assert telco.everything() == before


@pytest.mark.parametrize(
    ("number", "amount", "currency", "added"),
    [
        (11, "10.00", "USD", 900),
        (11, "0.01", "USD", 1),
        (11, "100", "JPY", 62),
        (12, "1.00", "EUR", 161),
        (13, "-1.00", "EUR", -333),
        (11, "1.234", "KWD", 370),
    ],
)
def test_another_currency_is_converted_exactly_and_rounded_once(
    telco: Telco, number: int, amount: str, currency: str, added: int
) -> None:
    before = telco.balance(number)
    transaction = add(telco, amount, number, currency=currency)
    assert telco.balance(number) - before == added
    assert (transaction.exchange_from, transaction.exchange_rate_at) == (currency, 0)
    assert transaction.exchange_rate


def test_an_external_balance_is_moved_by_hand_alone(telco: Telco) -> None:
    add(telco, "1.00", 15)
    assert telco.balance(15) == 100


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"amount": "0.001"}, AmountTooPrecise),
        ({"amount": "0.5", "number": 12}, AmountTooPrecise),
        ({"amount": "0.001", "currency": "USD"}, AmountTooPrecise),
        ({"amount": "90071992547409.92"}, AmountOutOfRange),
        ({"amount": "90071992547409", "number": 12, "currency": "EUR"}, AmountOutOfRange),
        ({"amount": "1", "currency": "CHF"}, CurrencyUnknown),
        ({"amount": "1", "currency": "USD", "number": 17}, ExchangeRateMissing),
        ({"amount": "1", "number": 404}, CustomerUnknown),
        ({"amount": "1", "number": 20}, CustomerUnknown),
    ],
)
def test_what_cannot_be_added_or_written(telco: Telco, given: dict[str, Any], refusal: type[Refusal]) -> None:
    refused(telco, addition(telco, **given), refusal)
    refused(telco, writing(telco, **{"currency": "JPY" if given.get("number") == 12 else None, **given}), refusal)


def test_a_balance_stays_within_64_bits(telco: Telco) -> None:
    telco.cook(CustomerFact, {"number": 11}, balance_minor=SUM_MINOR_MAX - 1)
    refused(telco, addition(telco, "0.02"), SumTooLarge)
    refused(telco, writing(telco, "0.02"), SumTooLarge)
    refused(telco, writing(telco, "0.02", validation=True), SumTooLarge)
    telco.do(addition(telco, "0.01"))
    assert telco.balance() == SUM_MINOR_MAX


def test_the_same_key_adds_once(telco: Telco) -> None:
    first = telco.ledger.execute(addition(telco, "1", key="k", kind="credit"))
    again = telco.ledger.execute(addition(telco, "1.00", key="k", kind="credit"))
    assert (first.replayed, again.replayed, again.result) == (False, True, first.result)
    assert telco.balance() == 10100
    for other in ({"amount": "2"}, {"kind": "topup"}, {"number": 12}, {"description": "x"}, {"currency": "EUR"}):
        given: dict[str, Any] = {"amount": "1", "kind": "credit", **other}
        refused(telco, addition(telco, key="k", **given), IdempotencyKeyReused)
    refused(telco, addition(telco, "1", key="k", kind="credit", caller=SOUTH), CustomerUnknown)


def test_of_many_with_one_key_one_adds(telco: Telco, store: SqlStore, clock: TestClock) -> None:
    ledgers = [Ledger(store, clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda n: ledgers[n % 4].execute(addition(telco, "1", key="k")), range(12)))
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * 11
    assert telco.balance() == 10100


def test_moves_at_the_same_time_are_all_counted(telco: Telco, store: SqlStore, clock: TestClock) -> None:
    ledgers = [Ledger(store, clock) for _ in range(3)]
    charge_id = telco.create(amount="1", number_max=100)

    def one(n: int) -> None:
        ledgers[n % 3].execute((addition(telco, "5"), writing(telco, "-2"), telco.charging(charge_id))[n % 3])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(30)))
    assert telco.balance() == 10000 + 10 * (500 - 200 - 100)


# Transactions.


def test_a_credit_raises_and_a_debit_lowers(telco: Telco) -> None:
    credit, debit = write(telco, "3.00"), write(telco, "-5.00", description="d")
    assert (credit.kind, credit.gross_minor, debit.kind, debit.gross_minor) == ("credit", -300, "debit", 500)
    assert telco.balance() == 9800
    assert legs(credit) == {OWED_ON_ACCOUNT: -300, CREDITS_GIVEN: 300}
    assert legs(debit) == {OWED_ON_ACCOUNT: 500, CREDITS_GIVEN: -500}
    assert telco.find(SummaryFact, customer_number=11) == []
    assert telco.find(OccurrenceFact) == []


def test_nothing_can_be_written_down(telco: Telco) -> None:
    """The page's default amount is 0.00."""
    assert (write(telco, "0").kind, telco.balance()) == ("credit", 10000)


def test_the_currency_is_the_systems_unless_given(telco: Telco) -> None:
    assert write(telco, "-1.00", 12).gross_minor == 161
    assert write(telco, "-100", 12, currency="JPY").gross_minor == 100
    assert telco.balance(12) == -261


def test_taxes_come_on_top_with_the_sign_of_what_is_owed(telco: Telco) -> None:
    vat, eco = (telco.do(telco.tax(rate, flat)).tax_id for rate, flat in (("19", "0.50"), ("5", "0")))
    debit = write(telco, "-10.03", tax_ids=(eco, vat))
    assert (debit.net_minor, debit.tax_minor, debit.gross_minor) == (1003, 291, 1294)
    assert telco.lines(debit) == [(eco, "5.00", "0", 50), (vat, "19.00", "0.5", 241)]
    assert legs(debit) == {OWED_ON_ACCOUNT: 1294, CREDITS_GIVEN: -1003, TAX_PAYABLE: -291}
    credit = write(telco, "10.03", tax_ids=(eco, vat))
    assert (credit.net_minor, credit.tax_minor, credit.gross_minor) == (-1003, -291, -1294)
    assert telco.balance() == 10000
    yen = write(telco, "-100", 12, currency="JPY", tax_ids=(vat,))
    assert telco.lines(yen) == [(vat, "19.00", "80.25", 99)]


def test_a_tax_must_be_seen(telco: Telco) -> None:
    norths = telco.do(telco.tax()).tax_id
    shared = telco.do(telco.tax(caller=ROOT, shared=True)).tax_id
    private = telco.do(telco.tax(caller=ROOT)).tax_id
    assert write(telco, "-1", tax_ids=(shared, norths)).tax_minor == 40
    refused(telco, writing(telco, "-1", tax_ids=(private,)), TaxUnknown)
    refused(telco, writing(telco, "-1", tax_ids=(norths, 404)), TaxUnknown)
    refused(telco, writing(telco, "-1", 21, caller=SOUTH, tax_ids=(norths,)), TaxUnknown)


def test_without_the_balance_it_is_only_recorded(telco: Telco) -> None:
    for transaction in (write(telco, "-1", moves_balance=False), write(telco, "-1", 15)):
        assert transaction.settlement == "recorded"
        assert legs(transaction) == {COLLECTED_ELSEWHERE: 100, CREDITS_GIVEN: -100}
    assert (telco.balance(), telco.balance(15)) == (10000, 0)


def test_nothing_is_recorded_of_who_is_not_billed(telco: Telco) -> None:
    refused(telco, writing(telco, "-1", 14), NotBilled)


def test_time_may_be_past_and_not_future(telco: Telco, clock: TestClock) -> None:
    past = write(telco, "1", effective_at=5 * SECOND)
    assert (past.effective_at, past.recorded_at) == (5 * SECOND, clock.now())
    assert write(telco, "1", effective_at=clock.now()).effective_at == clock.now()
    refused(telco, writing(telco, "1", effective_at=clock.now() + 1), TimeInFuture)


def test_there_are_no_invoices_to_show_it_on(telco: Telco) -> None:
    refused(telco, writing(telco, "1", invoice_id=1), InvoiceUnknown)


def test_a_validation_writes_nothing(telco: Telco) -> None:
    charge_id = telco.create(amount="1")
    before = telco.everything()
    assert telco.do(writing(telco, "-1", charge_id=charge_id, validation=True)).transaction_id == 0
    assert telco.everything() == before


def test_the_same_key_writes_once(telco: Telco) -> None:
    first = telco.ledger.execute(writing(telco, "1", key="k"))
    again = telco.ledger.execute(writing(telco, "1.000", key="k"))
    assert (again.replayed, again.result) == (True, first.result)
    assert telco.balance() == 10100
    for other in ({"amount": "2"}, {"tax_ids": (1,)}, {"effective_at": 5}, {"moves_balance": False}, {"charge_id": 1}):
        given: dict[str, Any] = {"amount": "1", **other}
        refused(telco, writing(telco, key="k", **given), IdempotencyKeyReused)
    refused(telco, addition(telco, "1", key="k"), IdempotencyKeyReused)


# Charging by hand.


def test_a_negative_amount_for_a_charge_is_one_more_charging_of_it(telco: Telco) -> None:
    charge_id = telco.create(name="Visit", amount="10", buy="6", number_max=2)
    transaction = write(telco, "-7", charge_id=charge_id)
    assert (transaction.kind, transaction.charge_id, transaction.description) == ("charge", charge_id, "Visit")
    assert legs(transaction) == {OWED_ON_ACCOUNT: 700, REVENUE: -700}
    (occurrence,) = telco.find(OccurrenceFact)
    assert occurrence.transaction_id == transaction.transaction_id
    telco.charge(charge_id)
    refused(telco, telco.charging(charge_id), AlreadyCharged)
    write(telco, "-1", charge_id=charge_id, description="Once more")
    (summary,) = telco.find(SummaryFact, customer_number=11)
    assert (summary.charge_count, summary.sum_minor) == (3, 1800)
    assert telco.balance() == 10000 - 1800


def test_a_positive_amount_for_a_charge_is_a_credit_and_no_charging(telco: Telco) -> None:
    charge_id = telco.create(amount="10")
    credit = write(telco, "2", charge_id=charge_id)
    assert (credit.kind, credit.charge_id) == ("credit", charge_id)
    assert telco.find(SummaryFact, customer_number=11) == []
    assert telco.charge(charge_id).gross_minor == 1000


def test_a_charge_that_is_only_recorded_counts_too(telco: Telco) -> None:
    charge_id = telco.create(amount="10")
    assert write(telco, "-2", charge_id=charge_id, moves_balance=False).settlement == "recorded"
    (summary,) = telco.find(SummaryFact, customer_number=11)
    assert (summary.sum_minor, telco.balance()) == (200, 10000)


def test_the_charge_must_be_the_customers_or_its_plans(telco: Telco) -> None:
    ours, plans = telco.create(amount="1"), telco.create(customer=0, plan_number=70, amount="1")
    write(telco, "-1", charge_id=plans)
    refused(telco, writing(telco, "-1", 12, charge_id=ours), ChargeUnknown)
    refused(telco, writing(telco, "-1", 12, charge_id=plans), ChargeUnknown)
    refused(telco, writing(telco, "1", 12, charge_id=ours), ChargeUnknown)
    refused(telco, writing(telco, "-1", charge_id=404), ChargeUnknown)
    telco.do(telco.deletion(ours))
    refused(telco, writing(telco, "-1", charge_id=ours), ChargeUnknown)


def test_a_summary_stays_within_64_bits(telco: Telco) -> None:
    charge_id = telco.create(amount="1")
    telco.charge(charge_id)
    telco.cook(SummaryFact, {"customer_number": 11}, sum_minor=SUM_MINOR_MAX)
    refused(telco, writing(telco, "-1", charge_id=charge_id), SumTooLarge)


# Who may.

REACHED = {
    "root": (ROOT, {1, 10, 11, 20, 21, 40, 41}, set()),
    "root alone": (ROOT_ALONE, {1}, set()),
    "north": (NORTH, {11, 40, 41}, {10}),
    "north alone": (NORTH_ALONE, set(), {10}),
    "nora": (NORA, set(), {11}),
    "south": (SOUTH, {21}, {20}),
}


@pytest.mark.parametrize("who", REACHED)
@pytest.mark.parametrize("amount", ["1.00", "-1.00"])
def test_an_account_is_the_parents_to_write(telco: Telco, who: str, amount: str) -> None:
    """Nobody credits themselves but the root; of other branches nobody learns anything."""
    caller, may, own = REACHED[who]
    for number in (1, 10, 11, 20, 21, 40, 41, 404):
        for command in (
            addition(telco, amount, number, caller=caller, kind="credit"),
            writing(telco, amount, number, caller=caller),
            writing(telco, amount, number, caller=caller, validation=True),
        ):
            if number in may:
                telco.do(command)
            else:
                refused(telco, command, SelfCreditRefused if number in own else CustomerUnknown)


# Top-ups.


def topup(telco: Telco, amount: str, number: int = 11, *, caller: Caller = NORA, invoice: int = 0) -> RequestTopup:
    return RequestTopup(
        tenant_id=telco.tenant_id,
        caller=caller,
        customer_number=number,
        amount=Decimal(amount),
        invoice_id=invoice,
    )


def test_a_request_for_a_topup_is_kept_and_moves_nothing(telco: Telco, clock: TestClock) -> None:
    before = telco.everything()
    telco.do(topup(telco, "12.50"))
    (request,) = telco.find(TopupRequestFact)
    assert (request.customer_number, request.parent_number, request.person_id) == (11, 10, NORA.person_id)
    assert (request.amount_minor, request.currency, request.requested_at) == (1250, "EUR", clock.now())
    assert telco.everything() == before
    for command, refusal in (
        (topup(telco, "1", 10), CustomerUnknown),
        (topup(telco, "0.001"), AmountTooPrecise),
        (topup(telco, "90071992547409.92"), AmountOutOfRange),
        (topup(telco, "1", invoice=1), InvoiceUnknown),
    ):
        refused(telco, command, refusal)
    assert len(telco.find(TopupRequestFact)) == 1


# What verify finds.

FORGERIES = {
    "a credit made a charge": ("UPDATE transactions SET kind = 'charge' WHERE kind = 'credit'", "summary of"),
    "a charge made a credit": ("UPDATE transactions SET kind = 'credit' WHERE kind = 'charge'", "summary of"),
    "a charge by hand made a debit": ("UPDATE transactions SET kind = 'debit' WHERE charge_id = 1", "is not its own"),
    "a kind that there is not": ("UPDATE transactions SET kind = 'gift' WHERE kind = 'credit'", "kind of"),
    "a credit from a gateway": ("UPDATE transactions SET settlement = 'gateway' WHERE kind = 'credit'", "kind of"),
    "a settlement that there is not": ("UPDATE transactions SET settlement = 'x' WHERE kind = 'topup'", "kind of"),
    "a cost of a credit": ("UPDATE transactions SET buy_minor = 1 WHERE kind = 'credit'", "has a buy cost"),
    "an adjustment that is recorded": (
        "UPDATE transactions SET settlement = 'recorded' WHERE kind = 'adjustment'",
        "an adjustment is more",
    ),
    "an adjustment of a charge": ("UPDATE transactions SET charge_id = 1 WHERE kind = 'adjustment'", "is more than"),
    "a larger topup": ("UPDATE transactions SET gross_minor = gross_minor - 1 WHERE kind = 'topup'", "gross of"),
    "a larger topup, balanced": (
        "UPDATE transactions SET gross_minor = gross_minor - 1, net_minor = net_minor - 1 WHERE kind = 'topup'",
        "balance of customer 11",
    ),
    "an adjustment dropped": ("DELETE FROM transactions WHERE kind = 'adjustment'", "balance of customer 11"),
    "a debit dropped": ("DELETE FROM transactions WHERE kind = 'debit'", "balances in all"),
    "an occurrence by hand dropped": ("DELETE FROM occurrences WHERE occurrence_key LIKE '#T%'", "of all charges"),
    "a balance": ("UPDATE customers SET balance_minor = balance_minor + 1 WHERE number = 11", "balance of customer 11"),
    "a path": ("UPDATE customers SET path = '1.20.11.' WHERE number = 11", "path of customer 11"),
    "a parent": ("UPDATE customers SET parent_number = 20 WHERE number = 11", "path of customer 11"),
    "no parent": ("UPDATE customers SET parent_number = 404 WHERE number = 11", "path of customer 11"),
    "a receipt": ("UPDATE receipts SET fact_id = 424242 WHERE kind = 'AddToBalance'", "AddToBalance 424242"),
    "another receipt": ("UPDATE receipts SET fact_id = 424242 WHERE kind = 'CreateTransaction'", "its fact is missing"),
}


@pytest.fixture
def booked(telco: Telco) -> Telco:
    """A little of everything on Nora's account."""
    charge_id = telco.create(amount="1", number_max=2)
    tax_id = telco.do(telco.tax()).tax_id
    telco.charge(charge_id)
    write(telco, "-2", charge_id=charge_id, tax_ids=(tax_id,))
    write(telco, "-3", tax_ids=(tax_id,))
    write(telco, "4", key="written")
    add(telco, "5", kind="topup", key="added")
    add(telco, "6")
    assert verify(telco.store).differences == []
    return telco


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found(booked: Telco, store: SqlStore, what: str) -> None:
    statement, sentence = FORGERIES[what]
    booked.is_cooked = True
    with store.writing_rows() as connection:
        assert connection.exec_driver_sql(statement.replace("%", "%%" if not store.is_sqlite else "%")).rowcount > 0
    differences = verify(store).differences
    assert any(sentence in difference for difference in differences), differences
