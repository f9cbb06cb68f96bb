"""Which table keeps which fact."""

from __future__ import annotations

from sqlalchemy import Table

from tollhouse.ledger import facts
from tollhouse.store import schema

TABLES: dict[type[facts.Fact], Table] = {
    facts.TenantFact: schema.tenants,
    facts.KeyFact: schema.api_keys,
    facts.LoginNameFact: schema.login_names,
    facts.RoleFact: schema.roles,
    facts.PersonFact: schema.people,
    facts.ProfileFact: schema.person_profiles,
    facts.LoginAddressFact: schema.login_addresses,
    facts.CustomerFact: schema.customers,
    facts.CustomerDetailsFact: schema.customer_details,
    facts.CustomerProfileFact: schema.customer_profiles,
    facts.RetiredReferenceFact: schema.retired_references,
    facts.TopupRequestFact: schema.topup_requests,
    facts.SummaryFact: schema.charge_summaries,
    facts.TransactionFact: schema.transactions,
    facts.TransactionTaxFact: schema.transaction_taxes,
    facts.ReceiptFact: schema.receipts,
    facts.ChargeFact: schema.charges,
    facts.OccurrenceFact: schema.occurrences,
    facts.ScheduleFact: schema.schedules,
    facts.PlanRunFact: schema.plan_runs,
    facts.PlanRunTariffFact: schema.plan_run_tariffs,
    facts.PlanRunLineFact: schema.plan_run_lines,
    facts.TaxFact: schema.taxes,
    facts.LiabilityFact: schema.tax_liabilities,
    facts.ExchangeRateFact: schema.exchange_rates,
    facts.ProductFact: schema.products,
    facts.ProductDetailsFact: schema.product_details,
    facts.ProductTermsFact: schema.product_terms,
    facts.FeatureFact: schema.features,
    facts.FeatureDetailsFact: schema.feature_details,
    facts.PlanFact: schema.plans,
    facts.PlanDetailsFact: schema.plan_details,
    facts.PlanFeeFact: schema.plan_fees,
    facts.PlanProductFact: schema.plan_products,
    facts.PlanVersionFact: schema.plan_versions,
    facts.PlanEntitlementFact: schema.plan_entitlements,
    facts.PlanPriceFact: schema.plan_prices,
    facts.PriceFeatureFact: schema.price_features,
    facts.InvoiceFact: schema.invoices,
    facts.InvoiceTransactionFact: schema.invoice_transactions,
    facts.InvoiceCounterFact: schema.invoice_counters,
    facts.PaymentMethodFact: schema.payment_methods,
    facts.PaymentMethodDetailsFact: schema.payment_method_details,
    facts.PaymentFact: schema.payments,
    facts.PaymentAttemptFact: schema.payment_attempts,
    facts.RefundFact: schema.refunds,
    facts.RefundAttemptFact: schema.refund_attempts,
    facts.EntitlementFact: schema.entitlements,
    facts.CheckoutSessionFact: schema.checkout_sessions,
    facts.WebhookEndpointFact: schema.webhook_endpoints,
    facts.EventFact: schema.events,
    facts.DeliveryFact: schema.deliveries,
    facts.DeliveryAttemptFact: schema.delivery_attempts,
    facts.SandboxPaymentFact: schema.sandbox_payments,
    facts.SandboxRefundFact: schema.sandbox_refunds,
}


def columns_of(kind: type[facts.Fact]) -> tuple[str, ...]:
    return kind.__struct_fields__
