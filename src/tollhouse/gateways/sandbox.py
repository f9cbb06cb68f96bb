"""The sandbox: a processor that moves no money and lives here, for tests and trials.

The payment method's token decides what happens. What was taken is kept in a memory of the sandbox's own, as a real
processor keeps its own: it survives our crash, and a key never takes money twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge, GatewayRefund

SUCCEEDED = "succeeded"
ABSENT = "absent"

#: What is kept as the outcome of a call with this token; a token that is not here names no card.
_OUTCOMES = {
    "pm_card_visa": SUCCEEDED,
    "pm_card_timeout": SUCCEEDED,
    "pm_card_chargeDeclined": "card_declined",
    "pm_card_authenticationRequired": "authentication_required",
}
_UNKNOWN_CARD = "payment_method_unknown"
#: These never answer; the second of them takes nothing.
_SILENT = "pm_card_timeout"
_SILENT_AND_UNPAID = "pm_card_timeoutUnpaid"

DECLINES = {
    "card_declined": "The card was declined.",
    "authentication_required": "The bank wants the customer to authenticate this payment; use checkout for it.",
    _UNKNOWN_CARD: "The payment method is not known to its gateway.",
}

_UNKNOWN = GatewayAnswer("unknown")

log = structlog.get_logger("tollhouse.sandbox")


class Memory(Protocol):
    """What the sandbox has been asked, for ever."""

    def first_outcome(
        self, *, tenant_id: int, key: str, token: str, currency: str, amount_minor: int, outcome: str
    ) -> str:
        """Keep this outcome for a new key; the outcome that is kept for the key."""
        ...


class SandboxGateway:
    def __init__(self, memory: Memory, sleep: Callable[[float], None] = time.sleep) -> None:
        self._memory = memory
        self._sleep = sleep

    def charge(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        if call.token == _SILENT_AND_UNPAID:
            return self._silence(timeout_seconds)
        outcome = _OUTCOMES.get(call.token, _UNKNOWN_CARD)
        answer = self._answer(
            outcome,
            tenant_id=call.tenant_id,
            key=call.key,
            token=call.token,
            currency=call.currency,
            amount_minor=call.amount_minor,
        )
        return self._silence(timeout_seconds) if call.token == _SILENT else answer

    def look_up(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        return self._answer(ABSENT, tenant_id=call.tenant_id, key=call.key)

    def refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        return self._answer(
            SUCCEEDED,
            tenant_id=call.tenant_id,
            key=call.key,
            token=call.token,
            currency=call.currency,
            amount_minor=-call.amount_minor,
        )

    def look_up_refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        return self._answer(ABSENT, tenant_id=call.tenant_id, key=call.key)

    def _answer(
        self, outcome: str, *, tenant_id: int, key: str, token: str = "", currency: str = "", amount_minor: int = 0
    ) -> GatewayAnswer:
        try:
            kept = self._memory.first_outcome(
                tenant_id=tenant_id, key=key, token=token, currency=currency, amount_minor=amount_minor, outcome=outcome
            )
        except Exception as error:  # noqa: BLE001 - whatever went wrong, whether money moved is not known
            log.warning("the sandbox's memory failed", tenant_id=tenant_id, reason=type(error).__name__)
            return _UNKNOWN
        return _answer_of(kept, key)

    def _silence(self, seconds: float) -> GatewayAnswer:
        self._sleep(seconds)
        return _UNKNOWN


def _answer_of(outcome: str, key: str) -> GatewayAnswer:
    if outcome == SUCCEEDED:
        return GatewayAnswer(SUCCEEDED, reference=f"sandbox-{key}")
    if outcome == ABSENT:
        return GatewayAnswer(ABSENT)
    return GatewayAnswer("declined", decline_code=outcome, decline_text=DECLINES[outcome])
