"""Charges given back, in part or whole, or taken back as a mistake: asked for, rehearsed, done once."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.apis.refunds import Refunds
from tollhouse.console import access
from tollhouse.console.attempts import afresh
from tollhouse.console.forms import (
    NOTE_LENGTH_MAX,
    Faults,
    Filled,
    NotThere,
    choice_of,
    minor_of,
    number_in_path,
    text_of,
)
from tollhouse.console.pages.transaction_seen import REASONS, TransactionShown, transaction_shown
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.money import major_text
from tollhouse.domain.summaries import EMPTY, ChargeSummary, after_refund
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.correcting import Corrected
from tollhouse.ledger.facts import SummaryFact
from tollhouse.ledger.purchase_details import PENDING
from tollhouse.ledger.refunding import FAILED, RefundStarted
from tollhouse.ledger.refusals import IdempotencyKeyReused, RefundExceedsCharge, RefundExceedsCharges, Refusal
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

_REASON_LENGTH_MAX: Final = 500
_GATEWAY_NOTE_LENGTH_MAX: Final = 1000
_SENT_BEFORE: Final = (
    "This form was sent before with other values: that was done, and this was not. See what was given back already."
)


class Rehearsed(msgspec.Struct, frozen=True):
    """What a correction comes to: the amount, what is left of the charge, and the customer's charges before and
    after."""

    amount_minor: int
    left_minor: int
    before: ChargeSummary
    after: ChargeSummary
    revokes_access: bool = False


class Corrections:
    def __init__(self, refunds: Refunds) -> None:
        self._refunds = refunds

    def routes(self) -> Routes:
        return {
            "/transactions/{transaction}/refund": {
                "GET": On(access.CORRECTIONS, self._refund_form),
                "POST": On(access.CORRECTIONS, self._refund),
            },
            "/transactions/{transaction}/void": {
                "GET": On(access.CORRECTIONS, self._void_form),
                "POST": On(access.CORRECTIONS, self._void),
            },
        }

    # Refunds.

    async def _refund_form(self, visit: Visit) -> Reply:
        return _form(visit, "refund", await _shown(visit))

    async def _refund(self, visit: Visit) -> Reply:
        shown, faults = await _shown(visit), Faults()
        command = _refund_of(visit, shown, faults)
        if faults:
            return _form(visit, "refund", shown, faults=faults, status=422)
        try:
            if visit.form.get("sure") != "1":
                return await _rehearsal(visit, "refund", shown, command)
            if isinstance(command, RefundCharge):
                receipt = await visit.execute(command)
                return _done(shown, "done-before" if receipt.replayed else "refunded")
            return await self._by_gateway(visit, shown, command)
        except Refusal as refusal:
            return _form(afresh(visit), "refund", shown, problem=_sentence(refusal, shown), status=409)

    async def _by_gateway(self, visit: Visit, shown: TransactionShown, command: StartRefund) -> Reply:
        """The gateway is asked outside any unit of work; what it does not say in time is found out later."""
        signed = replace(command, by=visit.guest.actor)
        moved, is_replayed = await self._refunds.carry_out(signed)
        if moved.refund.state == FAILED:
            problem = f"The gateway did not give it back: {moved.refund.failure_text} No money was moved."
            return _form(afresh(visit), "refund", await _shown(visit), problem=problem, status=409)
        if moved.refund.state == PENDING:
            return _done(shown, "refund-pending")
        return _done(shown, "done-before" if is_replayed else "refunded")

    # Voids.

    async def _void_form(self, visit: Visit) -> Reply:
        return _form(visit, "void", await _shown(visit))

    async def _void(self, visit: Visit) -> Reply:
        shown, faults = await _shown(visit), Faults()
        reason = text_of(visit.form, "reason", faults, length_max=_REASON_LENGTH_MAX)
        if faults:
            return _form(visit, "void", shown, faults=faults, status=422)
        command = VoidCharge(
            tenant_id=visit.tenant_id,
            idempotency=visit.idempotency,
            charge_transaction_id=shown.transaction.transaction_id,
            reason=reason,
        )
        try:
            if visit.form.get("sure") != "1":
                return await _rehearsal(visit, "void", shown, command)
            receipt = await visit.execute(command)
        except Refusal as refusal:
            return _form(afresh(visit), "void", shown, problem=_sentence(refusal, shown), status=409)
        return _done(shown, "done-before" if receipt.replayed else "voided")


# What was asked for.


def _refund_of(visit: Visit, shown: TransactionShown, faults: Faults) -> RefundCharge | StartRefund:
    """The command as the form has it, with what is wrong in `faults`."""
    transaction, payment = shown.transaction, shown.belongs.payment
    amount_minor = minor_of(visit.form, "amount", transaction.currency, faults)
    if "amount" not in faults and amount_minor > shown.left_minor and not visit.form.get("sure"):
        left = major_text(max(shown.left_minor, 0), transaction.currency, 0)
        faults["amount"] = f"At most {left} {transaction.currency} are left to be refunded."
    if payment is None:
        return RefundCharge(
            tenant_id=visit.tenant_id,
            idempotency=visit.idempotency,
            charge_transaction_id=transaction.transaction_id,
            amount_minor=amount_minor,
            reason=text_of(visit.form, "reason", faults, length_max=_REASON_LENGTH_MAX),
        )
    settings = visit.desk.settings
    return StartRefund(
        tenant_id=visit.tenant_id,
        idempotency=visit.idempotency,
        order_id=payment.order_id,
        amount_minor=amount_minor,
        amount=None,
        reason=choice_of(visit.form, "reason", REASONS, faults, default="OTHER"),
        internal_note=text_of(visit.form, "note", faults, length_max=_GATEWAY_NOTE_LENGTH_MAX) or None,
        gateways=frozenset(visit.desk.gateways),
        call_seconds=settings.gateway_timeout_seconds,
        resolve_after_seconds=settings.resolve_after_seconds,
    )


def _sentence(refusal: Refusal, shown: TransactionShown) -> str:
    currency = shown.transaction.currency
    if isinstance(refusal, RefundExceedsCharge | RefundExceedsCharges):
        return f"At most {major_text(refusal.left_minor, currency, 0)} {currency} can be refunded of it now."
    return _SENT_BEFORE if isinstance(refusal, IdempotencyKeyReused) else f"{refusal} Nothing was moved."


# Pages.


async def _shown(visit: Visit) -> TransactionShown:
    """The charge that is to be corrected: a refund of it is another transaction of the same order. Raises NotThere."""
    shown = await visit.read(transaction_shown, visit.caller, number_in_path(visit.params["transaction"]))
    if shown.transaction.kind != "charge":
        raise NotThere
    return shown


def _form(
    visit: Visit,
    what: str,
    shown: TransactionShown,
    *,
    faults: Faults | None = None,
    problem: str = "",
    status: int = 200,
) -> Reply:
    transaction = shown.transaction
    amount = major_text(max(shown.left_minor, 0), transaction.currency, 0)
    return page(
        visit,
        "correction-form.html",
        status,
        what=what,
        shown=shown,
        transaction=transaction,
        is_possible=shown.may_be_refunded if what == "refund" else shown.may_be_voided,
        reasons=REASONS,
        faults=faults or {},
        problem=problem,
        filled=Filled({"amount": amount, **visit.form}),
        note_length_max=min(NOTE_LENGTH_MAX, _GATEWAY_NOTE_LENGTH_MAX),
    )


async def _rehearsal(
    visit: Visit, what: str, shown: TransactionShown, command: RefundCharge | VoidCharge | StartRefund
) -> Reply:
    """What it would come to, decided by the ledger and rolled back. Raises the refusal."""
    receipt = await visit.rehearse(command)
    if receipt.replayed:
        return _done(shown, "done-before")
    before = await visit.read(_summary, shown.transaction.customer_number, shown.transaction.currency)
    rehearsed = _rehearsed(visit, shown, receipt.result, before)
    return page(
        visit,
        "correction-rehearsal.html",
        what=what,
        shown=shown,
        transaction=shown.transaction,
        rehearsed=rehearsed,
        reasons=REASONS,
        filled=Filled(visit.form),
    )


def _rehearsed(
    visit: Visit, shown: TransactionShown, result: Corrected | RefundStarted, before: ChargeSummary
) -> Rehearsed:
    if isinstance(result, Corrected):
        left_minor = 0 if result.correction.kind == "void" else shown.transaction.gross_minor - result.refunded_minor
        return Rehearsed(-result.transaction.gross_minor, left_minor, before, result.summary)
    refund, payment = result.refund, result.payment
    is_whole = payment.refund_reserved_minor == payment.amount_minor
    return Rehearsed(
        refund.amount_minor,
        payment.amount_minor - payment.refund_reserved_minor,
        before,
        after_refund(before, refund.amount_minor),
        is_whole and bool(visit.desk.settings.kelviq_refund_revokes),
    )


def _summary(snapshot: Snapshot, customer_number: int, currency: str) -> ChargeSummary:
    found = snapshot.find(SummaryFact, customer_number=customer_number, currency=currency)
    return summary_from_row(found[0]) if found else EMPTY


def _done(shown: TransactionShown, told: str) -> Reply:
    return see_other(f"{PATH}/transactions/{shown.transaction.transaction_id}", {"told": told})
