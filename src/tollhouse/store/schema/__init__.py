"""The tables: one schema for both engines, STRICT on SQLite, `tenant_id` first in every key.

Money is BIGINT minor units, exact prices are decimal TEXT, instants BIGINT microseconds: no column can hold a float.
`REFERENCE_TABLES` must be found before the tenant is known; every other table is distributed by `tenant_id` where the
server can distribute.
"""

from tollhouse.store.schema.catalog import features, plan_prices, plans, price_features, products
from tollhouse.store.schema.charges import charges, exchange_rates, occurrences, tax_liabilities, taxes
from tollhouse.store.schema.columns import metadata
from tollhouse.store.schema.customers import charge_summaries, customers
from tollhouse.store.schema.payments import payment_attempts, payment_methods, payments, sandbox_payments
from tollhouse.store.schema.tenants import api_keys, counters, login_names, people, roles, tenants
from tollhouse.store.schema.transactions import receipts, transaction_taxes, transactions

REFERENCE_TABLES = (tenants, api_keys, login_names)
DISTRIBUTED_TABLES = tuple(table for table in metadata.sorted_tables if table not in REFERENCE_TABLES)

__all__ = [
    "DISTRIBUTED_TABLES",
    "REFERENCE_TABLES",
    "api_keys",
    "charge_summaries",
    "charges",
    "counters",
    "customers",
    "exchange_rates",
    "features",
    "login_names",
    "metadata",
    "occurrences",
    "payment_attempts",
    "payment_methods",
    "payments",
    "people",
    "plan_prices",
    "plans",
    "price_features",
    "products",
    "receipts",
    "roles",
    "sandbox_payments",
    "tax_liabilities",
    "taxes",
    "tenants",
    "transaction_taxes",
    "transactions",
]
