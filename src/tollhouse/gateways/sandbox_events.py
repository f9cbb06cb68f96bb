"""The sandbox's events: JSON with a signature, as a processor elsewhere would send them.

`Sandbox-Signature: t=<UNIX second>,v1=<hex>`, an HMAC-SHA256 of `<second>.<body>` under the installation's secret.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Protocol

import msgspec

from tollhouse.ledger.ports import EventRefused
from tollhouse.shapes import Shape

SIGNATURE_HEADER = b"sandbox-signature"
#: How old a signature may be.
TOLERANCE_SECONDS = 300
_SECOND = 1_000_000


class EventPages(Protocol):
    def add_event(self, event_id: str, copy_no: int, is_refund: bool, outcome: str, in_seconds: int) -> None:
        """Send an event about this key after so many seconds."""
        ...


class SandboxEvent(msgspec.Struct, frozen=True):
    """What an event says; `outcome` is succeeded or the code of a decline."""

    event_id: str
    tenant_id: int
    key: str
    is_refund: bool
    outcome: str


_EVENT = Shape(SandboxEvent)


class Seal:
    """Signs and checks under one secret; `now` tells the present instant in microseconds."""

    def __init__(self, secret: str, now: Callable[[], int]) -> None:
        self._secret = secret.encode()
        self._now = now

    def signature(self, body: bytes) -> str:
        second = self._now() // _SECOND
        return f"t={second},v1={self._hex(second, body)}"

    def check(self, signature: str, body: bytes) -> None:
        """EventRefused unless the signature is this secret's, for this body, and not old."""
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        second = parts.get("t", "")
        if not (second.isascii() and second.isdigit() and len(second) <= 12):
            raise EventRefused("The signature cannot be read.")
        expected = self._hex(int(second), body)
        if not hmac.compare_digest(expected.encode(), parts.get("v1", "").encode("utf-8", "surrogatepass")):
            raise EventRefused("The signature is not of this body.")
        if abs(self._now() // _SECOND - int(second)) > TOLERANCE_SECONDS:
            raise EventRefused("The signature is too old.")

    def _hex(self, second: int, body: bytes) -> str:
        return hmac.new(self._secret, b"%d." % second + body, hashlib.sha256).hexdigest()


def event_to_body(event: SandboxEvent) -> bytes:
    return msgspec.json.encode(event)


def event_from_body(tenant_id: int, body: bytes) -> SandboxEvent:
    """EventRefused when it is none, or another tenant's."""
    try:
        event = _EVENT.from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EventRefused("The event cannot be read.") from error
    if event.tenant_id != tenant_id:
        raise EventRefused("The event is of another tenant.")
    return event
