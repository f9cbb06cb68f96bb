"""Stripe's events."""

from __future__ import annotations

import msgspec
from stripe import SignatureVerificationError, WebhookSignature

from tollhouse.gateways.stripe_declines import declined
from tollhouse.gateways.stripe_objects import INTENT, PAID_BACK, Intent
from tollhouse.ledger.commands import GatewayAnswer, GatewayEvent
from tollhouse.ledger.ports import EventRefused
from tollhouse.shapes import Shape

#: How old a signature may be.
TOLERANCE_SECONDS = 300
_REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")


class _Data(msgspec.Struct):
    object: msgspec.Raw


class _Event(msgspec.Struct):
    id: str
    type: str
    data: _Data


_EVENT = Shape(_Event)


def event_from_body(signature: str | None, body: bytes, secret: str) -> GatewayEvent | None:
    """What an event says of a payment or refund of ours, None of all else; EventRefused when it is not Stripe's."""
    try:
        WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
    except (SignatureVerificationError, UnicodeError) as error:
        raise EventRefused("The signature is not Stripe's for this body, or too old.") from error
    try:
        return _read(_EVENT.from_json(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EventRefused("The event cannot be read.") from error


def _read(event: _Event) -> GatewayEvent | None:
    if event.type in _REFUNDS:
        refund = PAID_BACK.from_json(event.data.object)
        is_told = refund.key and refund.answer.outcome != "unknown"
        return GatewayEvent(event.id, refund.key, True, refund.answer) if is_told else None
    if not event.type.startswith("payment_intent."):
        return None
    intent = INTENT.from_json(event.data.object)
    answer = _told(event.type, intent)
    return GatewayEvent(event.id, intent.key, False, answer) if intent.key and answer else None


def _told(event_type: str, intent: Intent) -> GatewayAnswer | None:
    complaint = intent.last_payment_error
    match event_type:
        case "payment_intent.succeeded":
            return GatewayAnswer("succeeded", reference=intent.id)
        case "payment_intent.payment_failed":
            return complaint.answer if complaint else declined("card_declined")
        case "payment_intent.canceled":
            return complaint.answer if complaint else GatewayAnswer("absent")
        case _:
            return None
