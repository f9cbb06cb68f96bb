"""Purchases through a gateway, and their refunds."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import FieldRefused, Refusal


class PlanHasNoOneTimePrice(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan has no one-time price.")


class PlanIsFree(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan is free: create a subscription with chargePeriod ONE_TIME instead of charging it.")


class PlanIsNotFree(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan is not free: it is bought by a charge or at a checkout.")


class PlanWantsCustomAmount(Refusal):
    def __init__(self) -> None:
        super().__init__("This plan has a custom price: customAmount is required.")


class FeatureUnknown(Refusal):
    def __init__(self, identifier: str) -> None:
        super().__init__(f"The feature {identifier} is not part of this plan.")
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


class PaymentMethodUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Payment method does not exist.")


class DefaultMethodNeeded(Refusal):
    """What is charged by default cannot go while there are others to choose from."""

    def __init__(self) -> None:
        super().__init__("Make another payment method the default before removing this one.")


class SessionUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Checkout session does not exist.")


class SessionNotOpen(Refusal):
    """A checkout session on which a payment is under way or made, or whose time or attempts are over."""

    def __init__(self) -> None:
        super().__init__("Nothing can be paid on this checkout session now.")


class PriceChanged(Refusal):
    """The price is not the one that the buyer was shown."""

    def __init__(self) -> None:
        super().__init__("The price has changed meanwhile.")


class GatewayNotConfigured(Refusal):
    """The customer's payment method belongs to a processor that this server cannot call."""

    def __init__(self, gateway: str) -> None:
        super().__init__(f"The payment method belongs to the gateway {gateway}, which is not configured here.")
        self.gateway = gateway


class OrderUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Order does not exist.")


class OrderNotPaid(Refusal):
    """Nothing was taken for the order, so nothing can be given back."""

    def __init__(self) -> None:
        super().__init__("Nothing was paid for this order, so there is nothing to refund.")


class RefundTooLarge(Refusal):
    """More is to be given back than is left of what was paid. `left` is decimal text in major units."""

    def __init__(self, left: str, currency: str) -> None:
        super().__init__(f"Amount exceeds order total. What can be refunded of it is {left} {currency}.")


class RefundAmountRefused(FieldRefused):
    """The amount to be given back cannot be one of the order's currency; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__("amount", sentence)


class MeterUnknown(FieldRefused):
    def __init__(self) -> None:
        super().__init__("featureId", "The customer has bought no METER feature with this identifier.")


class UsageRefused(FieldRefused):
    """More is used than may be, or less than nothing; the sentence says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__("value", sentence)
