"""The tables: one schema for both engines, STRICT on SQLite, `tenant_id` first in every key.

Money is BIGINT minor units, exact prices are decimal TEXT, instants BIGINT microseconds: no column can hold a float.
`REFERENCE_TABLES` must be found before the tenant is known; every other table is distributed by `tenant_id` where the
server can distribute.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, text

metadata = MetaData()

_INTEGER = BigInteger().with_variant(Integer(), "sqlite")


def _integer(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, _INTEGER, nullable=null, autoincrement=False)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text(), nullable=null)


def _table(name: str, key: tuple[str, ...], *columns: Column[Any], indexes: tuple[Index, ...] = ()) -> Table:
    return Table(
        name,
        metadata,
        *columns,
        PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        *indexes,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


tenants = _table(
    "tenants",
    ("tenant_id",),
    _integer("tenant_id"),
    _text("slug"),
    _text("name"),
    _text("currency"),
    _text("timezone"),
    _integer("session_window_minutes"),
    _integer("blocked"),
    _text("anchor"),
    _integer("empty_period_grace_minutes"),
    _integer("public_keys_may_charge"),
    _integer("private_webhooks"),
    _text("hosts"),
    _integer("created_at"),
    indexes=(Index("ux_tenants_slug", "slug", unique=True),),
)

api_keys = _table(
    "api_keys",
    ("key_hash",),
    _text("key_hash"),
    _integer("tenant_id"),
    _text("name"),
    _text("kind"),
    _integer("created_at"),
    _integer("revoked_at", null=True),
    indexes=(Index("ux_api_keys_name", "tenant_id", "name", unique=True),),
)

login_names = _table(
    "login_names",
    ("username",),
    _text("username"),
    _integer("tenant_id"),
    _integer("person_id"),
)

counters = _table(
    "counters",
    ("tenant_id", "name"),
    _integer("tenant_id"),
    _text("name"),
    _integer("next_value"),
)

roles = _table(
    "roles",
    ("tenant_id", "role_id"),
    _integer("tenant_id"),
    _integer("role_id"),
    _text("name"),
    _text("privileges"),
    indexes=(Index("ux_roles_name", "tenant_id", "name", unique=True),),
)

people = _table(
    "people",
    ("tenant_id", "person_id"),
    _integer("tenant_id"),
    _integer("person_id"),
    _text("username"),
    _text("password_hash"),
    _integer("role_id"),
    _integer("customer_number"),
    _integer("locked"),
    _integer("created_at"),
)

customers = _table(
    "customers",
    ("tenant_id", "number"),
    _integer("tenant_id"),
    _integer("number"),
    _text("uid"),
    _text("reference", null=True),
    _text("email", null=True),
    _text("email_folded", null=True),
    _integer("is_guest"),
    _text("name"),
    _integer("parent_number"),
    _text("path"),
    _integer("plan_number"),
    _text("currency"),
    _text("currency_lock", null=True),
    _integer("balance_minor"),
    _integer("opening_balance_minor"),
    _text("bill_type"),
    _text("timezone"),
    _text("country"),
    _integer("sessions"),
    _integer("last_seen_at", null=True),
    _text("origin"),
    _integer("created_at"),
    _integer("updated_at"),
    _integer("deleted_at", null=True),
    indexes=(
        Index("ux_customers_uid", "tenant_id", "uid", unique=True),
        Index(
            "ux_customers_reference",
            "tenant_id",
            "reference",
            unique=True,
            sqlite_where=text("reference IS NOT NULL AND deleted_at IS NULL"),
            postgresql_where=text("reference IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ux_customers_guest",
            "tenant_id",
            "email_folded",
            unique=True,
            sqlite_where=text("is_guest = 1 AND reference IS NULL AND deleted_at IS NULL"),
            postgresql_where=text("is_guest = 1 AND reference IS NULL AND deleted_at IS NULL"),
        ),
        Index("ix_customers_email", "tenant_id", "email_folded", "created_at", "number"),
        Index(
            "ix_customers_name",
            "tenant_id",
            "name",
            "created_at",
            "number",
            sqlite_where=text("name <> ''"),
            postgresql_where=text("name <> ''"),
        ),
        Index("ix_customers_parent", "tenant_id", "parent_number"),
        Index("ix_customers_plan", "tenant_id", "plan_number"),
    ),
)

charge_summaries = _table(
    "charge_summaries",
    ("tenant_id", "customer_number", "currency"),
    _integer("tenant_id"),
    _integer("customer_number"),
    _text("currency"),
    _integer("charge_count"),
    _integer("sum_minor"),
    _integer("refunded_minor"),
    _integer("first_at", null=True),
    _integer("last_at", null=True),
    _integer("last_amount_minor", null=True),
)

transactions = _table(
    "transactions",
    ("tenant_id", "transaction_id"),
    _integer("tenant_id"),
    _integer("transaction_id"),
    _integer("customer_number"),
    _text("kind"),
    _text("settlement"),
    _text("origin"),
    _text("currency"),
    _integer("net_minor"),
    _integer("tax_minor"),
    _integer("gross_minor"),
    _integer("buy_minor"),
    _integer("effective_at"),
    _integer("recorded_at"),
    _integer("charge_id", null=True),
    _integer("payment_id", null=True),
    _integer("person_id", null=True),
    _text("description"),
    _text("exchange_from", null=True),
    _text("exchange_rate", null=True),
    _integer("exchange_rate_at", null=True),
    indexes=(Index("ix_transactions_customer", "tenant_id", "customer_number", "effective_at", "transaction_id"),),
)

transaction_taxes = _table(
    "transaction_taxes",
    ("tenant_id", "transaction_id", "line_no"),
    _integer("tenant_id"),
    _integer("transaction_id"),
    _integer("line_no"),
    _integer("tax_id"),
    _text("name"),
    _text("rate"),
    _text("flat"),
    _integer("amount_minor"),
)

receipts = _table(
    "receipts",
    ("tenant_id", "scope", "key_hash"),
    _integer("tenant_id"),
    _text("scope"),
    _text("key_hash"),
    _text("fingerprint"),
    _text("kind"),
    _integer("fact_id"),
    _integer("recorded_at"),
)

charges = _table(
    "charges",
    ("tenant_id", "charge_id"),
    _integer("tenant_id"),
    _integer("charge_id"),
    _integer("customer_number"),
    _integer("plan_number"),
    _integer("owner_number"),
    _text("name"),
    _text("description"),
    _text("amount"),
    _text("buy"),
    _text("currency"),
    _text("period"),
    _integer("start_at"),
    _integer("end_at"),
    _integer("number_max"),
    _text("anchor"),
    _text("origin"),
    _integer("created_at"),
    _integer("deleted_at", null=True),
    indexes=(
        Index("ix_charges_customer", "tenant_id", "customer_number", "charge_id"),
        Index("ix_charges_plan", "tenant_id", "plan_number", "charge_id"),
    ),
)

occurrences = _table(
    "occurrences",
    ("tenant_id", "charge_id", "customer_number", "occurrence_key"),
    _integer("tenant_id"),
    _integer("charge_id"),
    _integer("customer_number"),
    _text("occurrence_key"),
    _integer("transaction_id"),
    _integer("charged_at"),
)

taxes = _table(
    "taxes",
    ("tenant_id", "tax_id"),
    _integer("tenant_id"),
    _integer("tax_id"),
    _integer("owner_number"),
    _text("name"),
    _text("description"),
    _text("rate"),
    _text("flat"),
    _text("currency"),
    _integer("accounts"),
    _integer("calls"),
    _integer("cardgroups"),
    _integer("charges"),
    _integer("features"),
    _integer("messages"),
    _integer("numbers"),
    _integer("products"),
    _integer("liable"),
    _integer("shared"),
    _integer("created_at"),
    indexes=(Index("ix_taxes_owner", "tenant_id", "owner_number"),),
)

tax_liabilities = _table(
    "tax_liabilities",
    ("tenant_id", "object_type", "object_id", "tax_id"),
    _integer("tenant_id"),
    _integer("tax_id"),
    _text("object_type"),
    _integer("object_id"),
    _integer("liable"),
)

exchange_rates = _table(
    "exchange_rates",
    ("tenant_id", "from_currency", "to_currency", "effective_at"),
    _integer("tenant_id"),
    _text("from_currency"),
    _text("to_currency"),
    _integer("effective_at"),
    _text("rate"),
    indexes=(Index("ix_exchange_rates_to", "tenant_id", "to_currency"),),
)

products = _table(
    "products",
    ("tenant_id", "product_id"),
    _integer("tenant_id"),
    _integer("product_id"),
    _text("uid"),
    _text("identifier"),
    _text("name"),
    indexes=(Index("ux_products_identifier", "tenant_id", "identifier", unique=True),),
)

features = _table(
    "features",
    ("tenant_id", "feature_id"),
    _integer("tenant_id"),
    _integer("feature_id"),
    _text("uid"),
    _text("identifier"),
    _text("name"),
    _text("feature_type"),
    indexes=(Index("ux_features_identifier", "tenant_id", "identifier", unique=True),),
)

plans = _table(
    "plans",
    ("tenant_id", "number"),
    _integer("tenant_id"),
    _integer("number"),
    _text("identifier"),
    _text("name"),
    _integer("product_id"),
    _integer("owner_number"),
    _text("currency"),
    _text("state"),
    _text("features"),
    _integer("created_at"),
    indexes=(Index("ux_plans_identifier", "tenant_id", "identifier", unique=True),),
)

plan_prices = _table(
    "plan_prices",
    ("tenant_id", "plan_number", "position"),
    _integer("tenant_id"),
    _integer("plan_number"),
    _integer("position"),
    _text("currency"),
    _text("charge_period"),
    _text("price_type"),
    _text("amount", null=True),
    _text("tax_behavior"),
    _text("countries"),
)

price_features = _table(
    "price_features",
    ("tenant_id", "plan_number", "price_position", "position"),
    _integer("tenant_id"),
    _integer("plan_number"),
    _integer("price_position"),
    _integer("position"),
    _text("identifier"),
    _text("model"),
    _text("amount"),
    _integer("block_size", null=True),
    _integer("quantity_min", null=True),
    _integer("quantity_max", null=True),
)

payment_methods = _table(
    "payment_methods",
    ("tenant_id", "payment_method_id"),
    _integer("tenant_id"),
    _integer("payment_method_id"),
    _integer("customer_number"),
    _text("gateway"),
    _text("token"),
    _integer("is_default"),
    _text("state"),
    _integer("created_at"),
    indexes=(Index("ux_payment_methods_token", "tenant_id", "customer_number", "gateway", "token", unique=True),),
)

payments = _table(
    "payments",
    ("tenant_id", "payment_id"),
    _integer("tenant_id"),
    _integer("payment_id"),
    _text("uid"),
    _text("order_id"),
    _integer("customer_number"),
    _integer("plan_number"),
    _text("gateway"),
    _text("token"),
    _text("gateway_key"),
    _text("currency"),
    _integer("amount_minor"),
    _text("state"),
    _text("decline_code"),
    _text("decline_text"),
    _text("gateway_reference"),
    _text("detail"),
    _integer("transaction_id", null=True),
    _integer("call_until_at"),
    _integer("look_up_at", null=True),
    _integer("look_ups"),
    _integer("created_at"),
    _integer("settled_at", null=True),
    indexes=(
        Index("ux_payments_uid", "tenant_id", "uid", unique=True),
        Index("ux_payments_order", "tenant_id", "order_id", unique=True),
        Index("ix_payments_customer", "tenant_id", "customer_number", "payment_id"),
        Index(
            "ix_payments_pending",
            "tenant_id",
            "look_up_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    ),
)

payment_attempts = _table(
    "payment_attempts",
    ("tenant_id", "payment_id", "attempt_no"),
    _integer("tenant_id"),
    _integer("payment_id"),
    _integer("attempt_no"),
    _text("kind"),
    _text("outcome"),
    _integer("started_at"),
    _integer("ended_at"),
)

sandbox_payments = _table(
    "sandbox_payments",
    ("tenant_id", "gateway_key"),
    _integer("tenant_id"),
    _text("gateway_key"),
    _text("token"),
    _text("currency"),
    _integer("amount_minor"),
    _text("outcome"),
    _integer("created_at"),
)

REFERENCE_TABLES = (tenants, api_keys, login_names)
DISTRIBUTED_TABLES = tuple(table for table in metadata.sorted_tables if table not in REFERENCE_TABLES)
