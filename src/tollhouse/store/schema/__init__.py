"""The tables: one schema for both engines, STRICT on SQLite, `tenant_id` first in every key.

Money is BIGINT minor units, exact prices are decimal TEXT, instants BIGINT microseconds: no column can hold a float.
`REFERENCE_TABLES` must be found before the tenant is known; every other table is distributed by `tenant_id` where the
server can distribute.
"""

from tollhouse.store.schema.catalog import (
    features,
    plan_details,
    plan_fees,
    plan_prices,
    plan_products,
    plans,
    price_features,
    product_terms,
    products,
)
from tollhouse.store.schema.charges import charges, exchange_rates, occurrences, tax_liabilities, taxes
from tollhouse.store.schema.columns import metadata
from tollhouse.store.schema.customers import charge_summaries, customer_details, customers, topup_requests
from tollhouse.store.schema.invoices import invoice_counters, invoice_transactions, invoices
from tollhouse.store.schema.payments import payment_attempts, payment_methods, payments, sandbox_payments
from tollhouse.store.schema.people import (
    installation_secrets,
    login_addresses,
    login_names,
    people,
    person_profiles,
    roles,
)
from tollhouse.store.schema.schedules import plan_run_lines, plan_run_tariffs, plan_runs, schedules
from tollhouse.store.schema.tenants import api_keys, counters, tenants
from tollhouse.store.schema.transactions import receipts, transaction_taxes, transactions

REFERENCE_TABLES = (tenants, api_keys, login_names, installation_secrets)
DISTRIBUTED_TABLES = tuple(table for table in metadata.sorted_tables if table not in REFERENCE_TABLES)

__all__ = [
    "DISTRIBUTED_TABLES",
    "REFERENCE_TABLES",
    "api_keys",
    "charge_summaries",
    "charges",
    "counters",
    "customer_details",
    "customers",
    "exchange_rates",
    "features",
    "installation_secrets",
    "invoice_counters",
    "invoice_transactions",
    "invoices",
    "login_addresses",
    "login_names",
    "metadata",
    "occurrences",
    "payment_attempts",
    "payment_methods",
    "payments",
    "people",
    "person_profiles",
    "plan_details",
    "plan_fees",
    "plan_prices",
    "plan_products",
    "plan_run_lines",
    "plan_run_tariffs",
    "plan_runs",
    "plans",
    "price_features",
    "product_terms",
    "products",
    "receipts",
    "roles",
    "sandbox_payments",
    "schedules",
    "tax_liabilities",
    "taxes",
    "tenants",
    "topup_requests",
    "transaction_taxes",
    "transactions",
]
