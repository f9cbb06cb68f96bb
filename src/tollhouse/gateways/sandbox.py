"""The sandbox: a processor that moves no money and lives here, for tests and trials.

The payment method's token decides what happens (docs/gateways.md lists the tokens). What was taken and paid back is
kept in a memory of the sandbox's own, as a real processor keeps its own: it survives our crash, a key never moves money
twice, and no more is paid back than was taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import structlog

from tollhouse.gateways.sandbox_events import SIGNATURE_HEADER, EventPages, Seal, event_from_body
from tollhouse.gateways.sandbox_scripts import (
    CHARGE,
    DECLINE,
    LIMIT,
    LOOK_UP,
    LOOK_UP_REFUND,
    NOTHING,
    REFUND,
    ScriptUnreadable,
    Step,
)
from tollhouse.gateways.sandbox_tokens import DECLINES, REFUND_DECLINES, UNKNOWN_METHOD, Method
from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge, GatewayEvent, GatewayMethod, GatewayRefund
from tollhouse.ledger.ports import EventRefused

SUCCEEDED = "succeeded"
ABSENT = "absent"

_UNKNOWN = GatewayAnswer("unknown")

log = structlog.get_logger("tollhouse.sandbox")


class Pages(EventPages, Protocol):
    """What the sandbox remembers of one key; ours alone until the block ends, and durable then."""

    def call_no(self, kind: str) -> int:
        """Count a call of this kind; the how-manieth it is."""
        ...

    def payment(self, *, token: str, currency: str, amount_minor: int, outcome: str) -> str:
        """Keep this outcome for a new key; the outcome that is kept for the key."""
        ...

    def refund(self, *, payment_key: str, currency: str, amount_minor: int, outcome: str) -> str:
        """The same for money paid back."""
        ...

    def refundable_minor(self, payment_key: str, currency: str) -> int | None:
        """What is left of a payment; None when it was not taken. Nobody else takes of it until the block ends."""
        ...


class Memory(Protocol):
    def opened(self, tenant_id: int, key: str) -> AbstractContextManager[Pages]: ...


class SandboxGateway:
    def __init__(self, memory: Memory, seal: Seal | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        """`seal` is that of the events which the sandbox sends; without it none is read."""
        self._memory = memory
        self._seal = seal
        self._sleep = sleep

    def charge(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        def keep(pages: Pages, step: Step) -> str:
            return pages.payment(
                token=call.token,
                currency=call.currency,
                amount_minor=call.amount_minor,
                outcome=_outcome(step, call.amount_minor),
            )

        return self._called(CHARGE, call, timeout_seconds, keep)

    def look_up(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        def keep(pages: Pages, _step: Step) -> str:
            return pages.payment(token="", currency="", amount_minor=0, outcome=ABSENT)

        return self._called(LOOK_UP, call, timeout_seconds, keep)

    def refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        def keep(pages: Pages, step: Step) -> str:
            outcome = _outcome(step, call.amount_minor)
            if outcome == SUCCEEDED:
                outcome = _refunded(pages.refundable_minor(call.payment_key, call.currency), call.amount_minor)
            return pages.refund(
                payment_key=call.payment_key,
                currency=call.currency,
                amount_minor=call.amount_minor,
                outcome=outcome,
            )

        return self._called(REFUND, call, timeout_seconds, keep)

    def look_up_refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        def keep(pages: Pages, _step: Step) -> str:
            return pages.refund(payment_key=call.payment_key, currency="", amount_minor=0, outcome=ABSENT)

        return self._called(LOOK_UP_REFUND, call, timeout_seconds, keep)

    def method(self, tenant_id: int, token: str, timeout_seconds: float) -> GatewayMethod | None:
        try:
            return Method(token).shown
        except ScriptUnreadable:
            return None

    def event(self, tenant_id: int, header: Callable[[bytes], str | None], body: bytes) -> GatewayEvent | None:
        if self._seal is None:
            raise EventRefused("The sandbox takes no events here.")
        self._seal.check(header(SIGNATURE_HEADER) or "", body)
        told = event_from_body(tenant_id, body)
        answer = _answer_of(told.outcome, told.key)
        return GatewayEvent(told.event_id, told.key, told.is_refund, answer)

    def _called(
        self,
        kind: str,
        call: GatewayCharge | GatewayRefund,
        timeout_seconds: float,
        keep: Callable[[Pages, Step], str],
    ) -> GatewayAnswer:
        """Do what the token says of this call, remember it, and tell it in the token's manner."""
        method = _method(call.token)
        try:
            with self._memory.opened(call.tenant_id, call.key) as pages:
                call_no = pages.call_no(kind)
                step = method.step(kind, call.key, call_no) if method else Step(DECLINE, UNKNOWN_METHOD)
                outcome = "" if step.what == NOTHING else keep(pages, step)
                if outcome not in ("", ABSENT):
                    for copy_no, seconds in enumerate(step.event_seconds):
                        event_id = f"{call.key}.{kind}.{call_no}"
                        pages.add_event(event_id, copy_no, kind == REFUND, outcome, seconds)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, whether money moved is not known
            log.warning("the sandbox's memory failed", tenant_id=call.tenant_id, reason=type(error).__name__)
            return _UNKNOWN
        is_in_time = self._waited(step, timeout_seconds)
        return _answer_of(outcome, call.key) if is_in_time and outcome and not step.is_unknown else _UNKNOWN

    def _waited(self, step: Step, timeout_seconds: float) -> bool:
        """Whether the answer comes within the time."""
        is_in_time = not step.is_silent and step.wait_seconds < timeout_seconds
        seconds = step.wait_seconds if is_in_time else timeout_seconds
        if seconds:
            self._sleep(seconds)
        return is_in_time


def _method(token: str) -> Method | None:
    try:
        return Method(token)
    except ScriptUnreadable:
        return None


def _outcome(step: Step, amount_minor: int) -> str:
    is_declined = step.what == DECLINE or (step.what == LIMIT and amount_minor > step.above_minor)
    return step.code if is_declined else SUCCEEDED


def _refunded(left_minor: int | None, amount_minor: int) -> str:
    if left_minor is None:
        return "payment_not_taken"
    return SUCCEEDED if amount_minor <= left_minor else "refund_exceeds_payment"


def _answer_of(outcome: str, key: str) -> GatewayAnswer:
    if outcome == SUCCEEDED:
        return GatewayAnswer(SUCCEEDED, reference=f"sandbox-{key}")
    if outcome == ABSENT:
        return GatewayAnswer(ABSENT)
    text = DECLINES.get(outcome) or REFUND_DECLINES.get(outcome) or DECLINES["card_declined"]
    return GatewayAnswer("declined", decline_code=outcome, decline_text=text)
