"""The facts that the ledger reads and appends, one class a table.

Field names are the columns' names; the store keeps them as they are and decides nothing. Amounts are integer minor
units (`…_minor`), exact prices and rates decimal text, instants integer microseconds UTC (`…_at`). They travel as
arrays, so that a whole batch is one value in one statement.
"""

from tollhouse.ledger.facts.catalog import (
    FeatureFact,
    PlanDetailsFact,
    PlanFact,
    PlanFeeFact,
    PlanPriceFact,
    PlanProductFact,
    PriceFeatureFact,
    ProductFact,
    ProductTermsFact,
)
from tollhouse.ledger.facts.charges import ChargeFact, OccurrenceFact
from tollhouse.ledger.facts.customers import (
    ROOT_NUMBER,
    ROOT_PATH,
    CustomerDetailsFact,
    CustomerFact,
    SummaryFact,
    TopupRequestFact,
)
from tollhouse.ledger.facts.fact import ChangingFact, Fact
from tollhouse.ledger.facts.invoices import InvoiceCounterFact, InvoiceFact, InvoiceTransactionFact
from tollhouse.ledger.facts.payments import PaymentAttemptFact, PaymentFact, PaymentMethodFact, SandboxPaymentFact
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
    "CustomerDetailsFact",
    "CustomerFact",
    "ExchangeRateFact",
    "Fact",
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
    "PaymentMethodFact",
    "PersonFact",
    "PlanDetailsFact",
    "PlanFact",
    "PlanFeeFact",
    "PlanPriceFact",
    "PlanProductFact",
    "PlanRunFact",
    "PlanRunLineFact",
    "PlanRunTariffFact",
    "PriceFeatureFact",
    "ProductFact",
    "ProductTermsFact",
    "Profile",
    "ProfileFact",
    "ReceiptFact",
    "RoleFact",
    "SandboxPaymentFact",
    "ScheduleFact",
    "SummaryFact",
    "TaxFact",
    "TenantFact",
    "TopupRequestFact",
    "TransactionFact",
    "TransactionTaxFact",
]
