"""The tables: one schema for both engines, STRICT on SQLite, `tenant_id` first in every key.

Money is BIGINT minor units, exact prices are decimal TEXT, instants BIGINT microseconds: no column can hold a float.
`REFERENCE_TABLES` must be found before the tenant is known; every other table is distributed by `tenant_id` where the
server can distribute.
"""

from tollhouse.store.schema.audit import audit_entries
from tollhouse.store.schema.catalog import (
    feature_details,
    features,
    plan_details,
    plan_entitlements,
    plan_fees,
    plan_prices,
    plan_products,
    plan_versions,
    plans,
    price_features,
    product_details,
    product_terms,
    products,
)
from tollhouse.store.schema.charges import charges, exchange_rates, occurrences, tax_liabilities, taxes
from tollhouse.store.schema.columns import metadata
from tollhouse.store.schema.customers import (
    charge_summaries,
    customer_details,
    customer_profiles,
    customers,
    retired_references,
    topup_requests,
)
from tollhouse.store.schema.day_figures import day_figures
from tollhouse.store.schema.events import deliveries, delivery_attempts, events, webhook_endpoints
from tollhouse.store.schema.imports import imports, refused_rows
from tollhouse.store.schema.invoices import invoice_counters, invoice_transactions, invoices
from tollhouse.store.schema.payments import (
    checkout_sessions,
    entitlements,
    payment_attempts,
    payment_method_details,
    payment_methods,
    payments,
    refund_attempts,
    refunds,
    sandbox_calls,
    sandbox_events,
    sandbox_payments,
    sandbox_refunds,
)
from tollhouse.store.schema.people import (
    installation_secrets,
    login_addresses,
    login_names,
    people,
    person_profiles,
    roles,
    sign_ins,
)
from tollhouse.store.schema.schedules import plan_run_lines, plan_run_tariffs, plan_runs, schedules
from tollhouse.store.schema.tenants import api_keys, counters, tenants
from tollhouse.store.schema.tracking import (
    corrections,
    customer_tags,
    customer_traits,
    customer_words,
    event_definitions,
    event_summaries,
    page_visits,
    project_details,
    segments,
    tags,
    totals,
    tracked_customers,
    tracked_events,
    traits,
)
from tollhouse.store.schema.transactions import receipts, transaction_taxes, transactions

REFERENCE_TABLES = (tenants, api_keys, login_names, installation_secrets)
DISTRIBUTED_TABLES = tuple(table for table in metadata.sorted_tables if table not in REFERENCE_TABLES)

__all__ = [
    "DISTRIBUTED_TABLES",
    "REFERENCE_TABLES",
    "api_keys",
    "audit_entries",
    "charge_summaries",
    "charges",
    "checkout_sessions",
    "corrections",
    "counters",
    "customer_details",
    "customer_profiles",
    "customer_tags",
    "customer_traits",
    "customer_words",
    "customers",
    "day_figures",
    "deliveries",
    "delivery_attempts",
    "entitlements",
    "event_definitions",
    "event_summaries",
    "events",
    "exchange_rates",
    "feature_details",
    "features",
    "imports",
    "installation_secrets",
    "invoice_counters",
    "invoice_transactions",
    "invoices",
    "login_addresses",
    "login_names",
    "metadata",
    "occurrences",
    "page_visits",
    "payment_attempts",
    "payment_method_details",
    "payment_methods",
    "payments",
    "people",
    "person_profiles",
    "plan_details",
    "plan_entitlements",
    "plan_fees",
    "plan_prices",
    "plan_products",
    "plan_run_lines",
    "plan_run_tariffs",
    "plan_runs",
    "plan_versions",
    "plans",
    "price_features",
    "product_details",
    "product_terms",
    "products",
    "project_details",
    "receipts",
    "refund_attempts",
    "refunds",
    "refused_rows",
    "retired_references",
    "roles",
    "sandbox_calls",
    "sandbox_events",
    "sandbox_payments",
    "sandbox_refunds",
    "schedules",
    "segments",
    "sign_ins",
    "tags",
    "tax_liabilities",
    "taxes",
    "tenants",
    "topup_requests",
    "totals",
    "tracked_customers",
    "tracked_events",
    "traits",
    "transaction_taxes",
    "transactions",
    "webhook_endpoints",
]
