"""The ledger: every table of the first version, `tenant_id` in every key."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("revoked_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("key_hash", name="pk_api_keys"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_api_keys_name", "api_keys", ["tenant_id", "name"], unique=True)
    op.create_table(
        "charge_summaries",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("charge_count", INTEGER, autoincrement=False, nullable=False),
        sa.Column("sum_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("refunded_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("first_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("last_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("last_amount_minor", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "currency", name="pk_charge_summaries"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "charges",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charge_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("owner_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("buy", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("start_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("end_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("number_max", INTEGER, autoincrement=False, nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("deleted_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "charge_id", name="pk_charges"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_charges_customer", "charges", ["tenant_id", "customer_number", "charge_id"], unique=False)
    op.create_index("ix_charges_plan", "charges", ["tenant_id", "plan_number", "charge_id"], unique=False)
    op.create_table(
        "counters",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_value", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_counters"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customers",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_folded", sa.Text(), nullable=True),
        sa.Column("is_guest", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("currency_lock", sa.Text(), nullable=True),
        sa.Column("balance_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("opening_balance_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("bill_type", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("sessions", INTEGER, autoincrement=False, nullable=False),
        sa.Column("last_seen_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("updated_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("deleted_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_customers"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_customers_email", "customers", ["tenant_id", "email_folded", "created_at", "number"], unique=False
    )
    op.create_index(
        "ix_customers_name",
        "customers",
        ["tenant_id", "name", "created_at", "number"],
        unique=False,
        sqlite_where=sa.text("name <> ''"),
        postgresql_where=sa.text("name <> ''"),
    )
    op.create_index("ix_customers_parent", "customers", ["tenant_id", "parent_number"], unique=False)
    op.create_index("ix_customers_plan", "customers", ["tenant_id", "plan_number"], unique=False)
    op.create_index(
        "ux_customers_guest",
        "customers",
        ["tenant_id", "email_folded"],
        unique=True,
        sqlite_where=sa.text("is_guest = 1 AND reference IS NULL AND deleted_at IS NULL"),
        postgresql_where=sa.text("is_guest = 1 AND reference IS NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ux_customers_reference",
        "customers",
        ["tenant_id", "reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL AND deleted_at IS NULL"),
        postgresql_where=sa.text("reference IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index("ux_customers_uid", "customers", ["tenant_id", "uid"], unique=True)
    op.create_table(
        "exchange_rates",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("from_currency", sa.Text(), nullable=False),
        sa.Column("to_currency", sa.Text(), nullable=False),
        sa.Column("effective_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "from_currency", "to_currency", "effective_at", name="pk_exchange_rates"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exchange_rates_to", "exchange_rates", ["tenant_id", "to_currency"], unique=False)
    op.create_table(
        "features",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("feature_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("feature_type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "feature_id", name="pk_features"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_features_identifier", "features", ["tenant_id", "identifier"], unique=True)
    op.create_table(
        "login_names",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_login_names"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "occurrences",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charge_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("occurrence_key", sa.Text(), nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charged_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "charge_id", "customer_number", "occurrence_key", name="pk_occurrences"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_attempts",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("payment_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("attempt_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("started_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("ended_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "payment_id", "attempt_no", name="pk_payment_attempts"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_methods",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("payment_method_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("is_default", INTEGER, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "payment_method_id", name="pk_payment_methods"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ux_payment_methods_token",
        "payment_methods",
        ["tenant_id", "customer_number", "gateway", "token"],
        unique=True,
    )
    op.create_table(
        "payments",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("payment_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("gateway_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decline_code", sa.Text(), nullable=False),
        sa.Column("decline_text", sa.Text(), nullable=False),
        sa.Column("gateway_reference", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=True),
        sa.Column("call_until_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("look_up_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("look_ups", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("settled_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "payment_id", name="pk_payments"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_payments_customer", "payments", ["tenant_id", "customer_number", "payment_id"], unique=False)
    op.create_index(
        "ix_payments_pending",
        "payments",
        ["tenant_id", "look_up_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ux_payments_order", "payments", ["tenant_id", "order_id"], unique=True)
    op.create_index("ux_payments_uid", "payments", ["tenant_id", "uid"], unique=True)
    op.create_table(
        "people",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("locked", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", name="pk_people"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_prices",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("position", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("charge_period", sa.Text(), nullable=False),
        sa.Column("price_type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("tax_behavior", sa.Text(), nullable=False),
        sa.Column("countries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", "position", name="pk_plan_prices"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plans",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("product_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("owner_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_plans"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_plans_identifier", "plans", ["tenant_id", "identifier"], unique=True)
    op.create_table(
        "price_features",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("price_position", INTEGER, autoincrement=False, nullable=False),
        sa.Column("position", INTEGER, autoincrement=False, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("block_size", INTEGER, autoincrement=False, nullable=True),
        sa.Column("quantity_min", INTEGER, autoincrement=False, nullable=True),
        sa.Column("quantity_max", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", "price_position", "position", name="pk_price_features"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "products",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("product_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", name="pk_products"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_products_identifier", "products", ["tenant_id", "identifier"], unique=True)
    op.create_table(
        "receipts",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fact_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("recorded_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "key_hash", name="pk_receipts"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "roles",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("role_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("privileges", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "role_id", name="pk_roles"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_roles_name", "roles", ["tenant_id", "name"], unique=True)
    op.create_table(
        "sandbox_payments",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gateway_key", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "gateway_key", name="pk_sandbox_payments"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tax_liabilities",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("liable", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "object_type", "object_id", "tax_id", name="pk_tax_liabilities"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "taxes",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("owner_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("flat", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("accounts", INTEGER, autoincrement=False, nullable=False),
        sa.Column("calls", INTEGER, autoincrement=False, nullable=False),
        sa.Column("cardgroups", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charges", INTEGER, autoincrement=False, nullable=False),
        sa.Column("features", INTEGER, autoincrement=False, nullable=False),
        sa.Column("messages", INTEGER, autoincrement=False, nullable=False),
        sa.Column("numbers", INTEGER, autoincrement=False, nullable=False),
        sa.Column("products", INTEGER, autoincrement=False, nullable=False),
        sa.Column("liable", INTEGER, autoincrement=False, nullable=False),
        sa.Column("shared", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "tax_id", name="pk_taxes"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_taxes_owner", "taxes", ["tenant_id", "owner_number"], unique=False)
    op.create_table(
        "tenants",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("session_window_minutes", INTEGER, autoincrement=False, nullable=False),
        sa.Column("blocked", INTEGER, autoincrement=False, nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("empty_period_grace_minutes", INTEGER, autoincrement=False, nullable=False),
        sa.Column("public_keys_may_charge", INTEGER, autoincrement=False, nullable=False),
        sa.Column("private_webhooks", INTEGER, autoincrement=False, nullable=False),
        sa.Column("hosts", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_tenants_slug", "tenants", ["slug"], unique=True)
    op.create_table(
        "transaction_taxes",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("line_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("flat", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "transaction_id", "line_no", name="pk_transaction_taxes"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transactions",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gross_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("buy_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("effective_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("recorded_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charge_id", INTEGER, autoincrement=False, nullable=True),
        sa.Column("payment_id", INTEGER, autoincrement=False, nullable=True),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("exchange_from", sa.Text(), nullable=True),
        sa.Column("exchange_rate", sa.Text(), nullable=True),
        sa.Column("exchange_rate_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "transaction_id", name="pk_transactions"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_transactions_customer",
        "transactions",
        ["tenant_id", "customer_number", "effective_at", "transaction_id"],
        unique=False,
    )
