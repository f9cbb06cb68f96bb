"""The facts that the ledger reads and appends, one class a table.

Field names are the columns' names; the store keeps them as they are and decides nothing. Amounts are integer minor
units (`…_minor`), exact prices and rates decimal text, instants integer microseconds UTC (`…_at`). They travel as
arrays, so that a whole batch is one value in one statement.
"""

from tollhouse.ledger.facts.catalog import FeatureFact, PlanFact, PlanPriceFact, PriceFeatureFact, ProductFact
from tollhouse.ledger.facts.charges import ChargeFact, OccurrenceFact
from tollhouse.ledger.facts.customers import ROOT_NUMBER, ROOT_PATH, CustomerFact, SummaryFact
from tollhouse.ledger.facts.fact import ChangingFact, Fact
from tollhouse.ledger.facts.payments import PaymentAttemptFact, PaymentFact, PaymentMethodFact, SandboxPaymentFact
from tollhouse.ledger.facts.people import LoginNameFact, PersonFact, RoleFact
from tollhouse.ledger.facts.taxes import ExchangeRateFact, LiabilityFact, TaxFact
from tollhouse.ledger.facts.tenants import KeyFact, TenantFact
from tollhouse.ledger.facts.transactions import ReceiptFact, TransactionFact, TransactionTaxFact

__all__ = [
    "ROOT_NUMBER",
    "ROOT_PATH",
    "ChangingFact",
    "ChargeFact",
    "CustomerFact",
    "ExchangeRateFact",
    "Fact",
    "FeatureFact",
    "KeyFact",
    "LiabilityFact",
    "LoginNameFact",
    "OccurrenceFact",
    "PaymentAttemptFact",
    "PaymentFact",
    "PaymentMethodFact",
    "PersonFact",
    "PlanFact",
    "PlanPriceFact",
    "PriceFeatureFact",
    "ProductFact",
    "ReceiptFact",
    "RoleFact",
    "SandboxPaymentFact",
    "SummaryFact",
    "TaxFact",
    "TenantFact",
    "TransactionFact",
    "TransactionTaxFact",
]
