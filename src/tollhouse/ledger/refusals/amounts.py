"""Amounts and currencies."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


class SumTooLarge(Refusal):
    """The customer's charge summary or balance would leave the range of 64 bits."""

    def __init__(self) -> None:
        super().__init__("The customer's total would become too large to be kept exactly.")


class AmountOutOfRange(Refusal):
    def __init__(self) -> None:
        super().__init__("The amount is too large.")


class BuyOutOfRange(Refusal):
    def __init__(self) -> None:
        super().__init__("The buy cost is too large.")


class AmountTooPrecise(Refusal):
    def __init__(self, currency: str, decimals_max: int) -> None:
        super().__init__(f"An amount in {currency} may have at most {decimals_max} decimals.")
        self.currency = currency
        self.decimals_max = decimals_max


class BalanceRefused(Refusal):
    """A balance that cannot be kept exactly; the sentence says why."""


class NegativeAmountRefused(Refusal):
    """Of several amounts in one command, `item` is the place of the negative one, from 0."""

    def __init__(self, item: int = 0) -> None:
        super().__init__("A negative amount is not allowed here.")
        self.item = item


class CurrencyUnknown(Refusal):
    """Neither the tenant's currency nor one with a rate of exchange."""

    def __init__(self, currency: str) -> None:
        super().__init__("This currency is not known here: it is not the system currency and has no exchange rate.")
        self.currency = currency


class ExchangeRateMissing(Refusal):
    def __init__(self, from_currency: str, to_currency: str) -> None:
        super().__init__(f"There is no exchange rate from {from_currency} to {to_currency}.")
        self.from_currency = from_currency
        self.to_currency = to_currency


class CurrencyFixed(Refusal):
    def __init__(self) -> None:
        super().__init__("The currency cannot be changed: there is a balance, or there are transactions.")
