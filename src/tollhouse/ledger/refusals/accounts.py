"""What is on account: transactions, taxes, invoices, plans and products."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


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


class SelfInvoiceRefused(Refusal):
    """An invoice is the parent's to make: with it goes what is owed."""

    def __init__(self) -> None:
        super().__init__("Nobody may make invoices for their own customer: its parent does.")


class NothingToInvoice(Refusal):
    def __init__(self) -> None:
        super().__init__("There is nothing in this time that is not on an invoice already.")


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
