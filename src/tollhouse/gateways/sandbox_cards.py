"""The sandbox's test cards: the numbers that its pages take, and the tokens they become."""

from __future__ import annotations

from typing import Final

from tollhouse.gateways.sandbox_scripts import ScriptUnreadable
from tollhouse.gateways.sandbox_tokens import Method
from tollhouse.ledger.commands import GatewayMethod
from tollhouse.ledger.ports import CardRefused, SavedCard

#: Each number, its brand and its token. Numbers that are known from elsewhere do what they do there.
TEST_CARDS: Final = {
    "4242424242424242": ("visa", "pm_card_visa"),
    "5555555555554444": ("mastercard", "pm_card_mastercard"),
    "371449635398431": ("amex", "pm_card_amex"),
    "4000000000000002": ("visa", "pm_card_chargeDeclined"),
    "4000002500003155": ("visa", "pm_card_authenticationRequired"),
    "4000000000009995": ("visa", "pm_card_chargeDeclinedInsufficientFunds"),
    "4000000000009987": ("visa", "pm_card_chargeDeclinedLostCard"),
    "4000000000009979": ("visa", "pm_card_chargeDeclinedStolenCard"),
    "4000000000000069": ("visa", "pm_card_chargeDeclinedExpiredCard"),
    "4000000000000127": ("visa", "pm_card_chargeDeclinedIncorrectCvc"),
    "4000000000000119": ("visa", "pm_card_chargeDeclinedProcessingError"),
    "4000000000006975": ("visa", "pm_card_chargeDeclinedVelocityLimitExceeded"),
    "4100000000000019": ("visa", "pm_card_chargeDeclinedFraudulent"),
    "4000000000000408": ("visa", "pm_card_timeout"),
}

#: What a token becomes when the card's holder has said yes at the sandbox's bank.
CONFIRMED: Final = {"pm_card_authenticationRequired": "pm_card_authenticated"}


def shown_of(token: str) -> GatewayMethod | None:
    """What may be shown of the card that a token stands for; None where it stands for none."""
    try:
        return Method(token).shown
    except ScriptUnreadable:
        return None


class SandboxCards:
    def save_card(self, number: str, exp_month: int, exp_year: int, cvc: str) -> SavedCard:
        brand, token = TEST_CARDS.get(number, ("", ""))
        if not token:
            raise CardRefused("This sandbox takes test cards only, such as 4242 4242 4242 4242.")
        if len(cvc) != (4 if brand == "amex" else 3):
            raise CardRefused("The security code has not as many digits as this card's.")
        return SavedCard(token, GatewayMethod("card", brand, number[-4:], exp_month, exp_year, "credit", "US"))

    def confirmed(self, token: str) -> str | None:
        return CONFIRMED.get(token)
