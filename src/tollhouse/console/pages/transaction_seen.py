"""What the page of one transaction shows: how it came about, what it belongs to, what became of it, who was told."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from tollhouse.console.forms import NotThere
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.events.told_of import Told, told_of
from tollhouse.ledger.explaining import Explanation, explain
from tollhouse.ledger.facts import (
    ChargeFact,
    CorrectionFact,
    CustomerFact,
    InvoiceFact,
    InvoiceTransactionFact,
    OccurrenceFact,
    PaymentFact,
    PersonFact,
    PlanFact,
    RefundFact,
    TransactionFact,
)
from tollhouse.ledger.purchase_details import PENDING
from tollhouse.ledger.queries.transaction_lists import TransactionRow
from tollhouse.ledger.refusals import ChargeUnknown, PlanUnknown, TransactionUnknown
from tollhouse.ledger.seeing import charge_ever_seen, is_seller, plan_seen, transaction_seen
from tollhouse.ledger.sight import Snapshot

T = TypeVar("T")

#: What the processors know as reasons of a refund, as people say it.
REASONS: Final = {
    "REQUESTED_BY_CUSTOMER": "The customer asked for it",
    "DUPLICATE": "It was charged twice",
    "FRAUDULENT": "It was fraud",
    "OTHER": "Something else",
}

#: Corrections and refunds of one transaction that are shown.
GIVEN_BACK_MAX: Final = 100


class Belongs(msgspec.Struct, frozen=True):
    """What a transaction is of, as far as the caller sees it."""

    charge: ChargeFact | None
    occurrence: OccurrenceFact | None
    payment: PaymentFact | None
    plan: PlanFact | None
    invoice: InvoiceFact | None
    person: PersonFact | None
    #: What a correction corrects, and what a gateway's refund was asked for.
    correction: CorrectionFact | None
    refund: RefundFact | None
    #: The transaction that a refund or a void takes back.
    original: int


class GivenBack(msgspec.Struct, frozen=True):
    """One refund or void of a charge. `transaction_id` is None while a gateway has not answered, or where it failed."""

    kind: str
    transaction_id: int | None
    amount_minor: int
    at: int
    reason: str
    state: str
    failure: str = ""


class TransactionShown(msgspec.Struct, frozen=True):
    explanation: Explanation
    row: TransactionRow
    belongs: Belongs
    given_back: list[GivenBack]
    told: list[Told] | None
    is_seller: bool

    @property
    def transaction(self) -> TransactionFact:
        return self.explanation.transaction

    @property
    def customer(self) -> CustomerFact:
        return self.explanation.customer

    @property
    def left_minor(self) -> int:
        """What can still be given back."""
        payment = self.belongs.payment
        if payment is not None:
            return payment.amount_minor - payment.refund_reserved_minor
        return self.transaction.gross_minor - self.row.refunded_minor

    @property
    def is_pending(self) -> bool:
        return any(each.state == PENDING for each in self.given_back)

    @property
    def may_be_refunded(self) -> bool:
        transaction = self.transaction
        if transaction.kind != "charge" or self.row.is_void or self.left_minor <= 0:
            return False
        return transaction.settlement == "gateway" or self._is_recorded

    @property
    def may_be_voided(self) -> bool:
        return self._is_recorded and not self.row.is_void and not self.row.refunded_minor

    @property
    def _is_recorded(self) -> bool:
        transaction = self.transaction
        is_live = self.customer.deleted_at is None
        return (transaction.kind, transaction.settlement) == ("charge", "recorded") and (
            transaction.charge_id is None and is_live
        )


def transaction_shown(snapshot: Snapshot, caller: Caller, transaction_id: int, tells: bool = False) -> TransactionShown:
    """`tells` says whether the events that told of it are wanted. Raises NotThere."""
    try:
        transaction = transaction_seen(snapshot, caller, transaction_id)
    except TransactionUnknown:
        raise NotThere from None
    explanation = explain(snapshot.reader, transaction_id)
    belongs = _belongs(snapshot, caller, transaction)
    given_back = _given_back(snapshot, transaction, belongs.payment)
    refunded_minor = _refunded_minor(belongs.payment, given_back)
    is_void = any(each.kind == "void" for each in given_back)
    return TransactionShown(
        explanation=explanation,
        row=TransactionRow(transaction, explanation.customer, refunded_minor, is_void),
        belongs=belongs,
        given_back=given_back,
        told=told_of(snapshot, transaction, belongs.payment, belongs.refund) if tells else None,
        is_seller=is_seller(caller, transaction.customer_number),
    )


def _refunded_minor(payment: PaymentFact | None, given_back: list[GivenBack]) -> int:
    if payment is not None:
        return payment.refunded_minor
    return sum(each.amount_minor for each in given_back if each.kind == "refund")


def _belongs(snapshot: Snapshot, caller: Caller, transaction: TransactionFact) -> Belongs:
    number = transaction.transaction_id
    payment = _first(snapshot.find(PaymentFact, payment_id=transaction.payment_id)) if transaction.payment_id else None
    correction = _first(snapshot.find(CorrectionFact, transaction_id=number))
    refund = _refund_of(snapshot, transaction)
    link = _first(snapshot.find(InvoiceTransactionFact, transaction_id=number))
    original = correction.corrected_id if correction else 0
    if refund is not None and payment is not None:
        original = payment.transaction_id or 0
    people = snapshot.find(PersonFact, person_id=transaction.person_id) if transaction.person_id else []
    return Belongs(
        charge=_charge_of(snapshot, caller, transaction),
        occurrence=_occurrence_of(snapshot, transaction),
        payment=payment,
        plan=None if payment is None else plan_if_seen(snapshot, caller, payment.plan_number),
        invoice=_first(snapshot.find(InvoiceFact, invoice_id=link.invoice_id)) if link else None,
        person=_first([person for person in people if _is_of_branch(snapshot, caller, person)]),
        correction=correction,
        refund=refund,
        original=original,
    )


def _first(rows: list[T]) -> T | None:
    return rows[0] if rows else None


def plan_if_seen(snapshot: Snapshot, caller: Caller, number: int) -> PlanFact | None:
    try:
        return plan_seen(snapshot, caller, number)
    except PlanUnknown:
        return None


def _charge_of(snapshot: Snapshot, caller: Caller, transaction: TransactionFact) -> ChargeFact | None:
    if not transaction.charge_id:
        return None
    try:
        return charge_ever_seen(snapshot, caller, transaction.charge_id)
    except ChargeUnknown:
        return None


def _occurrence_of(snapshot: Snapshot, transaction: TransactionFact) -> OccurrenceFact | None:
    if not transaction.charge_id:
        return None
    found = snapshot.find(
        OccurrenceFact,
        charge_id=transaction.charge_id,
        customer_number=transaction.customer_number,
        transaction_id=transaction.transaction_id,
    )
    return _first(found)


def _refund_of(snapshot: Snapshot, transaction: TransactionFact) -> RefundFact | None:
    """The gateway's refund that this is the money of."""
    if transaction.kind != "refund" or transaction.payment_id is None:
        return None
    found = snapshot.find(RefundFact, payment_id=transaction.payment_id)
    return _first([refund for refund in found if refund.transaction_id == transaction.transaction_id])


def _is_of_branch(snapshot: Snapshot, caller: Caller, person: PersonFact) -> bool:
    owners = snapshot.find(CustomerFact, number=person.customer_number)
    return any(caller.reaches(owner.path) for owner in owners)


def _given_back(snapshot: Snapshot, transaction: TransactionFact, payment: PaymentFact | None) -> list[GivenBack]:
    """Refunds and voids of a charge, the first first."""
    if transaction.kind != "charge":
        return []
    if payment is not None:
        refunds = snapshot.reader.first(
            RefundFact, GIVEN_BACK_MAX, order=("-refund_id",), payment_id=payment.payment_id
        )
        return [
            GivenBack(
                "refund",
                refund.transaction_id,
                refund.amount_minor,
                refund.settled_at or refund.created_at,
                refund.reason,
                refund.state,
                refund.failure_text,
            )
            for refund in reversed(refunds)
        ]
    kept = snapshot.find(CorrectionFact, corrected_id=transaction.transaction_id)
    ids = [correction.transaction_id for correction in kept]
    facts = {each.transaction_id: each for each in snapshot.find(TransactionFact, transaction_id=ids)} if ids else {}
    return [_corrected(correction, facts[correction.transaction_id]) for correction in sorted(kept, key=_number)]


def _number(correction: CorrectionFact) -> int:
    return correction.transaction_id


def _corrected(correction: CorrectionFact, transaction: TransactionFact) -> GivenBack:
    return GivenBack(
        correction.kind,
        transaction.transaction_id,
        -transaction.gross_minor,
        transaction.recorded_at,
        correction.reason,
        "succeeded",
    )
