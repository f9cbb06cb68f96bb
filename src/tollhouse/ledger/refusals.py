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


class AmountTooPrecise(Refusal):
    def __init__(self, currency: str, decimals_max: int) -> None:
        super().__init__(f"An amount in {currency} may have at most {decimals_max} decimals.")
        self.currency = currency
        self.decimals_max = decimals_max


class BalanceRefused(Refusal):
    """A balance that cannot be kept exactly; the sentence says why."""


class TooManyDefinitions(Refusal):
    """The tenant would have more traits, events or tags than it may; `kind` says of which."""

    def __init__(self, kind: str, most: int) -> None:
        super().__init__(f"There may be at most {most} {kind}: no more are made.")
        self.kind = kind


class NegativeAmountRefused(Refusal):
    """Of several amounts in one command, `item` is the place of the negative one, from 0."""

    def __init__(self, item: int = 0) -> None:
        super().__init__("A negative amount is not allowed here.")
        self.item = item


class CustomerUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Customer does not exist.")


class ParentUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Parent does not exist.")


class ParentTooDeep(Refusal):
    def __init__(self) -> None:
        super().__init__("The customer would be too far below the system owner.")


class ParentIsBelow(Refusal):
    def __init__(self) -> None:
        super().__init__("A customer cannot be put under itself or under one that is below it.")


class ParentDecides(Refusal):
    """People of a customer would change of it what its parent decides. `field` is the name of it."""

    def __init__(self, field: str) -> None:
        super().__init__("Nobody may change this of their own customer: its parent does.")
        self.field = field


class AffiliateUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Affiliate customer does not exist.")


class ReferenceTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("Another customer has this reference.")


class ReferenceReserved(Refusal):
    """References name customers at all doors, whose keys are the tenant's: so the root's people give them."""

    def __init__(self) -> None:
        super().__init__("Only people of the system owner may set a reference.")


class EmailTaken(Refusal):
    """Of customers that have nothing but an e-mail, one can have it."""

    def __init__(self) -> None:
        super().__init__("Another customer that is known by its e-mail alone has this e-mail.")


class CurrencyFixed(Refusal):
    def __init__(self) -> None:
        super().__init__("The currency cannot be changed: there is a balance, or there are transactions.")


class CustomerInUse(Refusal):
    """A customer that cannot be deleted, undeleted or moved; the sentence says why."""


class SelfCreditRefused(Refusal):
    """An account is the parent's to write: what one writes there oneself is money for nothing."""

    def __init__(self) -> None:
        super().__init__("Nobody may write transactions of their own customer: its parent does.")


class NotBilled(Refusal):
    def __init__(self) -> None:
        super().__init__("This customer has the bill type none: nothing is recorded for it.")


class TimeInFuture(Refusal):
    def __init__(self) -> None:
        super().__init__("The time must not be in the future.")


class InvoiceUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Invoice does not exist.")


class SelfChargeRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Here nobody may create charges on their own customer.")


class PlanUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Plan does not exist.")


class InheritanceRefused(Refusal):
    """The plan to inherit from is not there, not offered, or inherits from this very plan."""

    def __init__(self) -> None:
        super().__init__("From this plan it cannot inherit.")


class ProductUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Product does not exist.")


class ProductNotForSale(Refusal):
    """The caller sees the product, but its terms do not let this customer buy it."""

    def __init__(self) -> None:
        super().__init__("This product is not for sale to this customer.")


class SelfInvoiceRefused(Refusal):
    """An invoice is the parent's to make: with it goes what is owed."""

    def __init__(self) -> None:
        super().__init__("Nobody may make invoices for their own customer: its parent does.")


class NothingToInvoice(Refusal):
    def __init__(self) -> None:
        super().__init__("There is nothing in this time that is not on an invoice already.")


class ChargeUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Charge does not exist.")


class NotCollectedElsewhere(Refusal):
    """A charge that is corrected where it was made. `settlement` is how it settles."""

    def __init__(self, settlement: str) -> None:
        super().__init__(
            "A gateway took this charge: have its order refunded, through Kelviq's refunds (/api/v1/refunds/)."
            if settlement == "gateway"
            else "This charge is one of ENSwitch's: give it back as a credit, through ENSwitch's transactions/create."
        )
        self.settlement = settlement


class AlreadyVoided(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge is void: it was taken back as a mistake.")


class ChargeRefunded(Refusal):
    """What was paid back of a charge, or without naming one, needs the charge."""

    def __init__(self) -> None:
        super().__init__("Of this charge something was paid back already, so it cannot be void: refund what remains.")


class RefundExceedsCharge(Refusal):
    """More is to be paid back than is left of the charge."""

    def __init__(self, left_minor: int) -> None:
        super().__init__(f"The amount must not be more than remains of this charge: {left_minor}, in minor units.")
        self.left_minor = left_minor


class RefundExceedsCharges(Refusal):
    """More is to be paid back than is left of all that the customer was charged. Of several refunds in one command,
    `item` is the place of the one that is too large, from 0."""

    def __init__(self, left_minor: int, item: int = 0) -> None:
        super().__init__(
            f"The amount must not be more than remains of the customer's charges: {left_minor}, in minor units."
        )
        self.left_minor = left_minor
        self.item = item


class RefundsTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} refunds of this charge already.")


class TransactionUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Transaction does not exist.")


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


class NotForOneCustomer(Refusal):
    """The charge is one on everybody on a plan, which is charged in a way of its own."""

    def __init__(self) -> None:
        super().__init__("This charge is for everybody on a rate plan.")


class NotForAPlan(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge is for one customer, not for everybody on a rate plan.")


class ChargeUnderWay(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge is being charged at this moment.")


class DigestStale(Refusal):
    def __init__(self) -> None:
        super().__init__("What would be charged is no longer what was rehearsed: rehearse again.")


class PlanRunLost(Refusal):
    """Whoever carried out the charging of a plan was silent for too long, and another took over."""

    def __init__(self) -> None:
        super().__init__("Nothing was charged: this took too long and was given up.")


class PlanRunRefused(Refusal):
    """The charging of a plan that another call with the same key carried out was refused."""


class ClockNotOurs(Refusal):
    def __init__(self) -> None:
        super().__init__("Only a tenant provisioned with a clock of its own can have its time moved.")


class ClockBackwards(Refusal):
    def __init__(self) -> None:
        super().__init__("A clock is only moved forward.")


class TenantBlocked(Refusal):
    def __init__(self) -> None:
        super().__init__("This organization is blocked and cannot charge.")


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


class FieldRefused(Refusal):
    """One field of what was sent cannot be, as things stand; the sentence says why. `field` is its camelCase name."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class MeterUnknown(FieldRefused):
    def __init__(self) -> None:
        super().__init__("featureId", "The customer has bought no METER feature with this identifier.")


class UsageRefused(FieldRefused):
    """More is used than may be, or less than nothing; the sentence says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__("value", sentence)


class RefundAmountRefused(FieldRefused):
    """The amount to be given back cannot be one of the order's currency; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__("amount", sentence)


class IdentifierTaken(FieldRefused):
    def __init__(self, what: str) -> None:
        super().__init__("identifier", f"{what} with this identifier already exists.")


class NotInCatalog(Refusal):
    """There is no such product, feature, plan or version of one."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} not found.")
        self.what = what


class AlreadyArchived(Refusal):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is already archived.")
        self.what = what


class PlanIsArchived(Refusal):
    def __init__(self) -> None:
        super().__init__("The plan is archived.")


class PlanWithoutPrice(Refusal):
    """The draft has no price that anybody could buy it at."""

    def __init__(self) -> None:
        super().__init__("The plan has no price that is enabled and served anywhere: add one before publishing.")


class PlanAlreadyPublished(Refusal):
    """The latest version is in force: there is no draft."""

    def __init__(self) -> None:
        super().__init__("The plan is already published.")


class VersionNotLatest(Refusal):
    """Of a plan, its latest version alone can be changed."""

    def __init__(self) -> None:
        super().__init__("Only the latest version of a plan can be changed.")


class StatementTooLong(Refusal):
    def __init__(self, lines_max: int) -> None:
        super().__init__(f"There are more than {lines_max} transactions: ask for a shorter time.")


class ListTooLong(Refusal):
    def __init__(self, rows_max: int) -> None:
        super().__init__(f"There are more than {rows_max} rows: ask for fewer with limit and offset.")


class PersonUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Person does not exist.")


class SeveralPeople(Refusal):
    def __init__(self) -> None:
        super().__init__("More than one person has this e-mail.")


class UsernameTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("This username is taken.")


class PasswordNotCopied(Refusal):
    def __init__(self) -> None:
        super().__init__("A password can be copied only from a person of the same customer.")


class PrivilegeLacking(Refusal):
    """The caller would give, or reach through somebody else, what its own role does not allow."""

    def __init__(self) -> None:
        super().__init__("Your role does not allow this.")


class OwnDeletionRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Nobody may delete themselves.")


class OwnSystemAccessRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Nobody may take their own system access away.")


class RoleUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Role does not exist.")


class RoleNameTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("Another role has this name.")


class CodeRefused(Refusal):
    """A one-time code that is wrong, was used before, or has nothing that it could confirm."""

    def __init__(self) -> None:
        super().__init__("The one-time code is wrong or was used before.")


class EndpointUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Webhook endpoint does not exist.")


class EndpointRefused(Refusal):
    """A field of a webhook endpoint that cannot be as it was given."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


class EndpointsTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} webhook endpoints already; remove one first.")


class SegmentUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Segment does not exist.")


class SegmentRefused(Refusal):
    """A part of a segment that cannot be as it was given. `field` is its place, such as rules.2.value."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


class SegmentsTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} segments already; remove one first.")


class EventUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Event does not exist.")


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


class StoreUnavailable(Exception):
    """The store failed or stayed busy: the command is not acknowledged and may or may not have happened.

    Not a refusal: with an idempotency key the caller may safely try again.
    """


class Overloaded(Exception):
    """The bounded queue is full. Nothing happened; try again shortly."""
