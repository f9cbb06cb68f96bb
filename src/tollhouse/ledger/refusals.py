"""Every reason for which the ledger says no.

A refusal is a fact about the command and the state, in domain words: it carries its data, reads as a sentence and knows
no HTTP status. A refused command changed nothing and burned no idempotency key. Each wire has one table that turns
these into its own errors.
"""

from __future__ import annotations


class Refusal(Exception):
    """A command was understood and refused; nothing changed."""


class IdempotencyKeyReused(Refusal):
    def __init__(self) -> None:
        super().__init__("This idempotency key was used before with other content.")


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


class NegativeAmountRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("A negative amount is not allowed here.")


class CustomerUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Customer does not exist.")


class SelfChargeRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Here nobody may create charges on their own customer.")


class PlanUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Plan does not exist.")


class ChargeUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Charge does not exist.")


class TaxUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Tax does not exist.")


class LiabilityUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Nothing is stored for this tax and object.")


class ObjectUnknown(Refusal):
    """The object that a tax liability is about does not exist or may not be seen."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"This {kind} does not exist.")
        self.kind = kind


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


class EndBeforeStart(Refusal):
    def __init__(self) -> None:
        super().__init__("The end must be after the start.")


class AlreadyCharged(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge has been charged as often as it allows.")


class OutsideWindow(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge may not be charged at this time: it is outside its start and end.")


class NotYetSupported(Refusal):
    """A real feature of the wire that this version creates and validates but does not carry out."""


class TenantBlocked(Refusal):
    def __init__(self) -> None:
        super().__init__("This organization is blocked and cannot charge.")


class PlanHasNoOneTimePrice(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan has no one-time price.")


class PlanIsFree(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan is free: create a subscription with chargePeriod ONE_TIME instead of charging it.")


class PlanWantsCustomAmount(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan has a custom price: customAmount is required.")


class FeatureUnknown(Refusal):
    def __init__(self, identifier: str) -> None:
        super().__init__("A feature is not part of this plan.")
        self.identifier = identifier


class QuantityRefused(Refusal):
    """A quantity outside the price's bounds, or one that is needed and missing; the sentence says which."""

    def __init__(self, identifier: str, sentence: str) -> None:
        super().__init__(sentence)
        self.identifier = identifier


class CurrencyMismatch(Refusal):
    def __init__(self, currency: str) -> None:
        super().__init__(f"The currency must match the customer's currency {currency}.")
        self.currency = currency


class NoPriceInCurrency(Refusal):
    def __init__(self, currency: str) -> None:
        super().__init__(f"This plan has no price in {currency}.")
        self.currency = currency


class CountryNotServed(Refusal):
    def __init__(self, country: str) -> None:
        super().__init__(f"This plan has no price for the country {country}.")
        self.country = country


class CustomAmountRefused(Refusal):
    """The custom amount does not fit the currency; the sentence says how."""


class PaymentMethodMissing(Refusal):
    def __init__(self) -> None:
        super().__init__("A payment method is required to complete this payment.")


class GatewayNotConfigured(Refusal):
    """The customer's payment method belongs to a processor that this server cannot call."""

    def __init__(self, gateway: str) -> None:
        super().__init__(f"The payment method belongs to the gateway {gateway}, which is not configured here.")
        self.gateway = gateway


class StatementTooLong(Refusal):
    def __init__(self, lines_max: int) -> None:
        super().__init__(f"There are more than {lines_max} transactions: ask for a shorter time.")


class StoreUnavailable(Exception):
    """The store failed or stayed busy: the command is not acknowledged and may or may not have happened.

    Not a refusal: with an idempotency key the caller may safely try again.
    """


class Overloaded(Exception):
    """The bounded queue is full. Nothing happened; try again shortly."""
