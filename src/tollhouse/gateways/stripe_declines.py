"""Stripe's reasons in plain words. What Stripe writes itself is never passed on."""

from __future__ import annotations

import re
from typing import Any

from tollhouse.ledger.commands import GatewayAnswer

AUTHENTICATION_REQUIRED = "authentication_required"
UNKNOWN_METHOD = "payment_method_unknown"

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")

#: Reasons that have words of their own; whatever else Stripe names is a card that was declined.
WORDS = {
    AUTHENTICATION_REQUIRED: "The bank wants the customer to authenticate this payment; use checkout for it.",
    UNKNOWN_METHOD: "The payment method is not known to its gateway.",
    "insufficient_funds": "The card has not enough money for this payment.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is wrong.",
    "incorrect_number": "The card's number is wrong.",
    "lost_card": "The card was declined; its holder should ask the bank.",
    "stolen_card": "The card was declined; its holder should ask the bank.",
    "processing_error": "The card could not be processed. Try again later.",
    "currency_not_supported": "The gateway does not take this currency.",
    "amount_too_small": "The amount is less than the gateway takes.",
    "amount_too_large": "The amount is more than the gateway takes.",
    "amount_too_precise": "The gateway cannot take this amount exactly.",
    "payment_refused": "The gateway does not take this payment.",
    "gateway_not_configured": "The gateway is not set up.",
    "refund_refused": "The gateway does not pay this back.",
    "charge_already_refunded": "The gateway has paid this back before.",
    "charge_disputed": "The payment is disputed and cannot be paid back.",
    "insufficient_balance": "The gateway's balance does not cover the refund.",
    "expired_or_canceled_card": "The card can no longer take money back.",
}
_DECLINED = "The card was declined."


def declined(code: str) -> GatewayAnswer:
    return GatewayAnswer("declined", decline_code=code, decline_text=WORDS.get(code, _DECLINED))


def declined_by(*reasons: Any) -> GatewayAnswer:
    """A decline for the first of Stripe's reasons that is one; `authentication_required` counts before all others."""
    codes = [_canonical(reason) for reason in reasons if isinstance(reason, str) and _CODE.fullmatch(reason)]
    if AUTHENTICATION_REQUIRED in codes:
        return declined(AUTHENTICATION_REQUIRED)
    return declined(codes[0] if codes else "card_declined")


def _canonical(code: str) -> str:
    if code in ("authentication_not_handled", "payment_intent_authentication_failure"):
        return AUTHENTICATION_REQUIRED
    return {"generic_decline": "card_declined", "do_not_honor": "card_declined"}.get(code, code)
