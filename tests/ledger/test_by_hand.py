"""What people charge, record or credit by hand: rehearsed as it would be done, and done once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.ledger.telco import NORA, NORTH, ROOT, ROOT_ALONE, SOUTH, Telco
from tollhouse.domain.money import AMOUNT_MINOR_MAX, SUM_MINOR_MAX
from tollhouse.ledger.charging.foreseeing import first_foreseen, foreseen
from tollhouse.ledger.commands import TENANT_SCOPE, AddToBalance, Idempotency
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.facts import ChargeFact, CustomerFact, OccurrenceFact, ScheduleFact, TransactionFact
from tollhouse.ledger.facts.schedules import DONE
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CustomerUnknown,
    DigestStale,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    NegativeAmountRefused,
    NotBilled,
    Refusal,
    SelfChargeRefused,
    SumTooLarge,
    TimeInFuture,
)
from tollhouse.ledger.sight import Snapshot

DAY = 86_400_000_000


def once(telco: Telco, customer: int = 11, amount: str = "10.00", *, key: str = "", **more: Any) -> ChargeOnce:
    values: dict[str, Any] = {"caller": NORTH, "name": "Support", "currency": "EUR", **more}
    return ChargeOnce(
        tenant_id=telco.tenant_id,
        idempotency=Idempotency(TENANT_SCOPE, key) if key else None,
        customer_number=customer,
        amount=Decimal(amount),
        **values,
    )


def by_hand(telco: Telco, amount_minor: int = 10_00, customer: int = 11, *, key: str = "", **more: Any) -> RecordByHand:
    return RecordByHand(
        tenant_id=telco.tenant_id,
        idempotency=Idempotency(TENANT_SCOPE, key) if key else None,
        customer_number=customer,
        amount_minor=amount_minor,
        **{"caller": ROOT, **more},
    )


# Charged once.


def test_a_charge_is_made_and_charged_in_one_commit(telco: Telco) -> None:
    done = telco.ledger.execute(once(telco, buy=Decimal(4))).result
    (charge,), (transaction,) = telco.find(ChargeFact), telco.find(TransactionFact)
    (schedule,), (occurrence,) = telco.find(ScheduleFact), telco.find(OccurrenceFact)
    assert (done.transaction_id, done.charge_id) == (transaction.transaction_id, charge.charge_id)
    assert (transaction.charge_id, transaction.gross_minor, transaction.buy_minor) == (charge.charge_id, 10_00, 4_00)
    assert (transaction.person_id, transaction.settlement) == (NORTH.person_id, "balance")
    assert (schedule.state, occurrence.transaction_id) == (DONE, transaction.transaction_id)
    assert telco.balance() == 90_00


def test_a_rehearsal_tells_what_is_then_charged_and_leaves_nothing(telco: Telco) -> None:
    told = telco.ledger.execute(once(telco, validation=True)).result
    assert telco.find(ChargeFact) == telco.find(TransactionFact) == telco.find(ScheduleFact) == []
    assert (told.owed.tariff.gross_minor, told.owed.balance_minor, told.owed.balance_after_minor) == (
        10_00,
        100_00,
        90_00,
    )
    telco.ledger.execute(once(telco, digest=told.owed.digest))
    assert telco.balance() == told.owed.balance_after_minor


def test_what_comes_to_something_else_than_was_rehearsed_is_refused(telco: Telco) -> None:
    digest = telco.ledger.execute(once(telco, validation=True)).result.owed.digest
    for other in (once(telco, amount="10.01", digest=digest), once(telco, customer=12, digest=digest)):
        with pytest.raises(DigestStale):
            telco.ledger.execute(other)
    assert telco.find(ChargeFact) == []


def test_a_key_charges_once(telco: Telco) -> None:
    first = telco.ledger.execute(once(telco, key="k"))
    again = telco.ledger.execute(once(telco, key="k"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result == first.result
    with pytest.raises(IdempotencyKeyReused):
        telco.ledger.execute(once(telco, amount="11", key="k"))
    with pytest.raises(CustomerUnknown):
        telco.ledger.execute(once(telco, key="k", caller=SOUTH))
    assert telco.balance() == 90_00


@pytest.mark.parametrize("validation", [True, False])
def test_what_cannot_be_charged_leaves_nothing(telco: Telco, validation: bool) -> None:
    refused: list[tuple[ChargeOnce, type[Refusal]]] = [
        (once(telco, caller=SOUTH), CustomerUnknown),
        (once(telco, caller=ROOT_ALONE), CustomerUnknown),
        (once(telco, 99), CustomerUnknown),
        (once(telco, 14), NotBilled),
        (once(telco, 17), ExchangeRateMissing),
        (once(telco, amount=str(AMOUNT_MINOR_MAX)), AmountOutOfRange),
        (once(telco, caller=NORA, self_charges=False), SelfChargeRefused),
        (once(telco, caller=NORA, amount="-5"), NegativeAmountRefused),
    ]
    for command, refusal in refused:
        with pytest.raises(refusal):
            telco.ledger.execute(replace(command, validation=validation))
    assert telco.find(ChargeFact) == telco.find(TransactionFact) == telco.find(ScheduleFact) == []


@pytest.mark.parametrize("validation", [True, False])
def test_a_balance_without_room_is_not_charged(telco: Telco, validation: bool) -> None:
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.change(CustomerFact, {"number": 11}, balance_minor=-SUM_MINOR_MAX, opening_balance_minor=-SUM_MINOR_MAX)
    with pytest.raises(SumTooLarge):
        telco.ledger.execute(once(telco, validation=validation))
    assert telco.find(ChargeFact) == []


def test_who_is_billed_elsewhere_keeps_its_balance(telco: Telco) -> None:
    told = telco.ledger.execute(once(telco, 15, validation=True)).result.owed
    assert (told.settlement, told.balance_minor, told.balance_after_minor) == ("recorded", 0, 0)
    telco.ledger.execute(once(telco, 15))
    assert [t.settlement for t in telco.find(TransactionFact)] == ["recorded"]


# Recorded.


def test_a_charge_is_recorded_of_a_customer_without_reference_or_e_mail(telco: Telco) -> None:
    at = telco.clock.now() - 3 * DAY
    told = telco.ledger.execute(by_hand(telco, customer=12, validation=True)).result
    assert (told.transaction_id, told.before.count, told.after.sum_minor) == (0, 0, 10_00)
    assert telco.find(TransactionFact) == []
    telco.ledger.execute(by_hand(telco, customer=12, effective_at=at, description="Cash"))
    (transaction,) = telco.find(TransactionFact)
    assert (transaction.currency, transaction.gross_minor, transaction.effective_at) == ("EUR", 10_00, at)
    assert (transaction.person_id, transaction.description) == (ROOT.person_id, "Cash")
    assert (transaction.settlement, transaction.origin) == ("recorded", "beacon")
    (customer,) = telco.find(CustomerFact, number=12)
    assert (customer.balance_minor, customer.sessions, customer.last_seen_at) == (0, 0, None)


def test_a_key_records_once(telco: Telco) -> None:
    first, again = (telco.ledger.execute(by_hand(telco, key="k")) for _ in range(2))
    assert (again.replayed, again.result) == (True, first.result)
    with pytest.raises(IdempotencyKeyReused):
        telco.ledger.execute(by_hand(telco, 11_00, key="k"))
    assert len(telco.find(TransactionFact)) == 1


@pytest.mark.parametrize("validation", [True, False])
def test_what_cannot_be_recorded_leaves_nothing(telco: Telco, validation: bool) -> None:
    refused: list[tuple[RecordByHand, type[Refusal]]] = [
        (by_hand(telco, customer=99), CustomerUnknown),
        (by_hand(telco, caller=SOUTH), CustomerUnknown),
        (by_hand(telco, -1), NegativeAmountRefused),
        (by_hand(telco, effective_at=telco.clock.now() + 1), TimeInFuture),
    ]
    for command, refusal in refused:
        with pytest.raises(refusal):
            telco.ledger.execute(replace(command, validation=validation))
    assert telco.find(TransactionFact) == []


# Credited.


def test_a_credit_is_rehearsed_as_it_is_done(telco: Telco) -> None:
    def credit(**more: Any) -> AddToBalance:
        return AddToBalance(
            tenant_id=telco.tenant_id,
            caller=NORTH,
            customer_number=12,
            amount=Decimal("10.00"),
            kind="credit",
            currency="EUR",
            **more,
        )

    told = telco.ledger.execute(credit(validation=True)).result
    assert (told.transaction_id, told.difference_minor, told.balance_minor) == (0, 1605, 1605)
    for other in (1604, -1605, 0):
        with pytest.raises(DigestStale):
            telco.ledger.execute(credit(agreed_minor=other))
    assert telco.find(TransactionFact) == []
    telco.ledger.execute(credit(agreed_minor=told.difference_minor))
    assert telco.balance(12) == 1605


# Foreseen.


@pytest.mark.parametrize("period", ["monthly", "quarterly", "annually", "once"])
def test_the_first_dates_of_a_charge_are_those_that_fall_due_once_it_is_made(telco: Telco, period: str) -> None:
    start_at = telco.clock.now() + 12 * DAY
    telco.create("Line", caller=NORTH, amount=Decimal(5), period=period, start_at=start_at, number_max=3)
    (charge,) = telco.find(ChargeFact)
    (customer,) = telco.find(CustomerFact, number=11)
    with telco.store.reading(telco.tenant_id) as reader:
        snapshot = Snapshot(reader, telco.clock.now())
        first = first_foreseen(snapshot, charge, customer, 12)
        until = telco.clock.now() + 5 * 366 * DAY
        assert first == list(foreseen(snapshot, until))
    assert len(first) == (1 if period == "once" else 3)
