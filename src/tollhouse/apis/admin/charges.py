"""Corrections of charges that were collected elsewhere: refunds in part or whole, and mistakes made void."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.answers import Refused, object_from_wire, replayable
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.beacon.reply.charges import charge_to_wire
from tollhouse.apis.beacon.reply.customers import summary_to_wire
from tollhouse.apis.desk import Desk
from tollhouse.domain.identity import is_storable
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import TENANT_SCOPE, Idempotency
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.correcting import Corrected
from tollhouse.ledger.queries import ListedCharge
from tollhouse.ledger.refusals import ChargeUnknown
from tollhouse.web import Reply

NUMBER_DIGITS_MAX = 18
KEY_LENGTH_MAX = 255
REASON_LENGTH_MAX = 500


class Charges:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Routes:
        return {"charges/{charge}/refund": {"POST": self._refund}, "charges/{charge}/void": {"POST": self._void}}

    async def _refund(self, call: Call) -> Reply:
        given = await self._given(call, "amount", "reason")
        command = RefundCharge(
            tenant_id=call.tenant_id,
            by=call.by,
            idempotency=_idempotency(call),
            charge_transaction_id=_charge_id(call),
            amount_minor=_amount(given),
            reason=_reason(given),
        )
        return await self._corrected(command)

    async def _void(self, call: Call) -> Reply:
        given = await self._given(call, "reason")
        command = VoidCharge(
            tenant_id=call.tenant_id,
            by=call.by,
            idempotency=_idempotency(call),
            charge_transaction_id=_charge_id(call),
            reason=_reason(given),
        )
        return await self._corrected(command)

    async def _corrected(self, command: RefundCharge | VoidCharge) -> Reply:
        receipt = await self._desk.execute(command)
        return replayable(correction_to_wire(receipt.result), receipt.replayed)

    async def _given(self, call: Call, *names: str) -> dict[str, Any]:
        """The body, where none at all counts as an empty object."""
        body = await call.request.body(self._desk.settings.body_bytes_max)
        return object_from_wire(body, *names) if body.strip() else {}


def correction_to_wire(corrected: Corrected) -> dict[str, Any]:
    """The correction, the charge as Core lists it, and its customer's summary after it. Amounts are minor units,
    instants UNIX seconds."""
    transaction, charge = corrected.transaction, corrected.charge
    return {
        "correction": {
            "id": str(transaction.transaction_id),
            "kind": transaction.kind,
            "amount": transaction.gross_minor,
            "currency": transaction.currency,
            "reason": corrected.correction.reason,
            "created_at": transaction.recorded_at // SECOND,
        },
        "charge": {
            **charge_to_wire(ListedCharge(charge, corrected.refunded_minor), corrected.customer.uid),
            "void": transaction.kind == "void",
        },
        "charge_summary": summary_to_wire(corrected.summary),
    }


def _charge_id(call: Call) -> int:
    """The charge that the path names, by the id that Core lists. Raises ChargeUnknown for what can be none."""
    name = call.params["charge"]
    if not (name.isascii() and name.isdigit() and len(name) <= NUMBER_DIGITS_MAX):
        raise ChargeUnknown
    return int(name)


def _idempotency(call: Call) -> Idempotency | None:
    key = call.request.key_header(b"idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not is_storable(key):
        raise Refused(422, f"Idempotency-Key: must have 1 to {KEY_LENGTH_MAX} characters.")
    return Idempotency(TENANT_SCOPE, key)


def _amount(given: dict[str, Any]) -> int | None:
    """Minor units; None where all that remains is meant."""
    amount = given.get("amount")
    if amount is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int) or not 1 <= amount <= AMOUNT_MINOR_MAX:
        raise Refused(422, f"amount: must be a whole number of minor units, 1 to {AMOUNT_MINOR_MAX}.")
    return amount


def _reason(given: dict[str, Any]) -> str:
    reason = given.get("reason")
    if reason is None:
        return ""
    if not isinstance(reason, str) or len(reason) > REASON_LENGTH_MAX or not is_storable(reason):
        raise Refused(422, f"reason: must be a text of at most {REASON_LENGTH_MAX} characters that can be stored.")
    return reason
