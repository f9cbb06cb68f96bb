"""The facts that the ledger reads and appends, one class a table.

Field names are the columns' names; the store keeps them as they are and decides nothing. Amounts are integer minor
units (`…_minor`), exact prices and rates decimal text, instants integer microseconds UTC (`…_at`). They travel as
arrays, so that a whole batch is one value in one statement.
"""

from tollhouse.ledger.facts.catalog import (
    FeatureDetailsFact,
    FeatureFact,
    PlanDetailsFact,
    PlanEntitlementFact,
    PlanFact,
    PlanFeeFact,
    PlanPriceFact,
    PlanProductFact,
    PlanVersionFact,
    PriceFeatureFact,
    ProductDetailsFact,
    ProductFact,
    ProductTermsFact,
)
from tollhouse.ledger.facts.charges import ChargeFact, OccurrenceFact
from tollhouse.ledger.facts.customers import (
    ROOT_NUMBER,
    ROOT_PATH,
    CustomerDetailsFact,
    CustomerFact,
    CustomerProfileFact,
    RetiredReferenceFact,
    SummaryFact,
    TopupRequestFact,
)
from tollhouse.ledger.facts.events import DeliveryAttemptFact, DeliveryFact, EventFact, WebhookEndpointFact
from tollhouse.ledger.facts.fact import ChangingFact, Fact
from tollhouse.ledger.facts.invoices import InvoiceCounterFact, InvoiceFact, InvoiceTransactionFact
from tollhouse.ledger.facts.payments import (
    CheckoutSessionFact,
    EntitlementFact,
    PaymentAttemptFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    RefundAttemptFact,
    RefundFact,
    SandboxPaymentFact,
    SandboxRefundFact,
)
from tollhouse.ledger.facts.people import (
    LoginAddressFact,
    LoginNameFact,
    PersonFact,
    Profile,
    ProfileFact,
    RoleFact,
)
from tollhouse.ledger.facts.schedules import PlanRunFact, PlanRunLineFact, PlanRunTariffFact, ScheduleFact
from tollhouse.ledger.facts.taxes import ExchangeRateFact, LiabilityFact, TaxFact
from tollhouse.ledger.facts.tenants import KeyFact, TenantFact
from tollhouse.ledger.facts.transactions import ReceiptFact, TransactionFact, TransactionTaxFact

__all__ = [
    "ROOT_NUMBER",
    "ROOT_PATH",
    "ChangingFact",
    "ChargeFact",
    "CheckoutSessionFact",
    "CustomerDetailsFact",
    "CustomerFact",
    "CustomerProfileFact",
    "DeliveryAttemptFact",
    "DeliveryFact",
    "EntitlementFact",
    "EventFact",
    "ExchangeRateFact",
    "Fact",
    "FeatureDetailsFact",
    "FeatureFact",
    "InvoiceCounterFact",
    "InvoiceFact",
    "InvoiceTransactionFact",
    "KeyFact",
    "LiabilityFact",
    "LoginAddressFact",
    "LoginNameFact",
    "OccurrenceFact",
    "PaymentAttemptFact",
    "PaymentFact",
    "PaymentMethodDetailsFact",
    "PaymentMethodFact",
    "PersonFact",
    "PlanDetailsFact",
    "PlanEntitlementFact",
    "PlanFact",
    "PlanFeeFact",
    "PlanPriceFact",
    "PlanProductFact",
    "PlanRunFact",
    "PlanRunLineFact",
    "PlanRunTariffFact",
    "PlanVersionFact",
    "PriceFeatureFact",
    "ProductDetailsFact",
    "ProductFact",
    "ProductTermsFact",
    "Profile",
    "ProfileFact",
    "ReceiptFact",
    "RefundAttemptFact",
    "RefundFact",
    "RetiredReferenceFact",
    "RoleFact",
    "SandboxPaymentFact",
    "SandboxRefundFact",
    "ScheduleFact",
    "SummaryFact",
    "TaxFact",
    "TenantFact",
    "TopupRequestFact",
    "TransactionFact",
    "TransactionTaxFact",
    "WebhookEndpointFact",
]
