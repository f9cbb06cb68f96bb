"""The sandbox's payment methods: which token does what, and what may be shown of it."""

from __future__ import annotations

import re

from tollhouse.gateways.sandbox_scripts import (
    CHANCE_PREFIX,
    SCRIPT_PREFIX,
    Script,
    ScriptUnreadable,
    Step,
    script_from_text,
    step_by_chance,
)
from tollhouse.ledger.commands import GatewayMethod

UNKNOWN_METHOD = "payment_method_unknown"

#: Why a payment is declined, in words for whoever pays.
DECLINES = {
    "card_declined": "The card was declined.",
    "authentication_required": "The bank wants the customer to authenticate this payment; use checkout for it.",
    "insufficient_funds": "The card has not enough money for this payment.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is wrong.",
    "lost_card": "The card was declined; its holder should ask the bank.",
    "stolen_card": "The card was declined; its holder should ask their bank.",
    "fraudulent": "The payment was declined as a suspicious one.",
    "card_velocity_exceeded": "The card has been used too often in a short time.",
    "processing_error": "The card could not be processed. Try again later.",
    UNKNOWN_METHOD: "The payment method is not known to its gateway.",
}

#: Why a refund is declined.
REFUND_DECLINES = {
    "refund_declined": "The refund was declined by the bank.",
    "insufficient_balance": "The gateway's balance does not cover the refund.",
    "expired_or_canceled_card": "The card can no longer take money back.",
    "payment_not_taken": "The gateway has not taken this payment, so there is nothing to pay back.",
    "refund_exceeds_payment": "More would be paid back than was taken.",
}

#: Each token and its script.
TOKENS = {
    "pm_card_visa": "charge=take",
    "pm_card_mastercard": "charge=take",
    "pm_card_amex": "charge=take",
    "pm_card_chargeDeclined": "charge=decline/card_declined",
    "pm_card_authenticationRequired": "charge=decline/authentication_required",
    "pm_card_authenticated": "charge=take",
    "pm_card_timeout": "charge=take+silent",
    "pm_card_timeoutUnpaid": "charge=nothing+silent",
    "pm_card_chargeDeclinedInsufficientFunds": "charge=decline/insufficient_funds",
    "pm_card_chargeDeclinedExpiredCard": "charge=decline/expired_card",
    "pm_card_chargeDeclinedIncorrectCvc": "charge=decline/incorrect_cvc",
    "pm_card_chargeDeclinedLostCard": "charge=decline/lost_card",
    "pm_card_chargeDeclinedStolenCard": "charge=decline/stolen_card",
    "pm_card_chargeDeclinedFraudulent": "charge=decline/fraudulent",
    "pm_card_chargeDeclinedVelocityLimitExceeded": "charge=decline/card_velocity_exceeded",
    "pm_card_chargeDeclinedProcessingError": "charge=decline/processing_error",
    "pm_card_timeoutDeclined": "charge=decline/card_declined+silent",
    "pm_card_timeoutLong": "charge=take+silent;look_up=truth+unknown,truth+unknown,truth+unknown,truth",
    "pm_card_answersTwice": "charge=take+event+event;refund=take+event+event",
    "pm_card_answersLate": "charge=take+silent+event/3;refund=take+silent+event/3",
    "pm_card_declinesLate": "charge=decline/card_declined+silent+event/3",
    "pm_card_refundDeclined": "refund=decline/refund_declined",
    "pm_card_refundTimeout": "refund=take+silent",
    "pm_card_refundTimeoutUnpaid": "refund=nothing+silent",
}

#: The same with a number of one's own.
_WITH_NUMBER = {
    "pm_card_declinedAbove_": "charge=limit/{}",
    "pm_card_answersAfter_": "charge=take+wait/{}",
    "pm_card_answersLate_": "charge=take+silent+event/{0};refund=take+silent+event/{0}",
}
_NUMBERED = re.compile(rf"({'|'.join(_WITH_NUMBER)})([0-9]{{1,18}})")

_SHOWN = {
    "pm_card_authenticationRequired": ("visa", "3155"),
    "pm_card_authenticated": ("visa", "3155"),
    "pm_card_chargeDeclined": ("visa", "0002"),
    "pm_card_chargeDeclinedInsufficientFunds": ("visa", "9995"),
    "pm_card_chargeDeclinedLostCard": ("visa", "9987"),
    "pm_card_chargeDeclinedStolenCard": ("visa", "9979"),
    "pm_card_chargeDeclinedExpiredCard": ("visa", "0069"),
    "pm_card_chargeDeclinedIncorrectCvc": ("visa", "0127"),
    "pm_card_chargeDeclinedProcessingError": ("visa", "0119"),
    "pm_card_chargeDeclinedVelocityLimitExceeded": ("visa", "6975"),
    "pm_card_chargeDeclinedFraudulent": ("visa", "0019"),
    "pm_card_timeout": ("visa", "0408"),
    "pm_card_mastercard": ("mastercard", "4444"),
    "pm_card_amex": ("amex", "8431"),
}


class Method:
    """A payment method of the sandbox's, by its token."""

    def __init__(self, token: str) -> None:
        """Raises ScriptUnreadable for a token that names none."""
        self.token = token
        self._seed = token.removeprefix(CHANCE_PREFIX) if token.startswith(CHANCE_PREFIX) else None
        if self._seed == "":
            raise ScriptUnreadable(token)
        self._script = Script({}) if self._seed else script_from_text(_script_text(token))
        for steps in self._script.steps.values():
            if any(step.code not in ("", *DECLINES, *REFUND_DECLINES) for step in steps):
                raise ScriptUnreadable(token)

    def step(self, kind: str, key: str, call_no: int) -> Step:
        if self._seed:
            return step_by_chance(self._seed, key, kind, call_no)
        return self._script.step(kind, call_no)

    @property
    def shown(self) -> GatewayMethod:
        brand, last4 = _SHOWN.get(self.token, ("visa", "4242"))
        return GatewayMethod("card", brand, last4, exp_month=12, exp_year=2034, funding="credit", country="US")


def _script_text(token: str) -> str:
    if token.startswith(SCRIPT_PREFIX):
        return token.removeprefix(SCRIPT_PREFIX)
    numbered = _NUMBERED.fullmatch(token)
    if numbered is not None:
        return _WITH_NUMBER[numbered[1]].format(numbered[2])
    if token not in TOKENS:
        raise ScriptUnreadable(token)
    return TOKENS[token]
