"""Kelviq's door: catalog with versions, customers' profiles, refunds, entitlements, checkout, events on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("occurrences", sa.Column("basis", sa.Text(), nullable=False, server_default=""))
    op.add_column("payments", sa.Column("refunded_minor", INTEGER, nullable=False, server_default="0"))
    op.add_column("payments", sa.Column("refund_reserved_minor", INTEGER, nullable=False, server_default="0"))
    op.add_column("payments", sa.Column("revoked_at", INTEGER))
    op.create_index(
        "ix_payments_settled",
        "payments",
        ["tenant_id", "settled_at", "payment_id", "state", "amount_minor", "refunded_minor", "revoked_at"],
    )
    op.create_index("ix_payments_created", "payments", ["tenant_id", "created_at", "payment_id", "state"])
    op.create_index("ix_products_uid", "products", ["tenant_id", "uid"])
    op.create_index("ix_features_uid", "features", ["tenant_id", "uid"])
    op.create_index("ix_plans_product", "plans", ["tenant_id", "product_id", "number"])
    op.add_column("plan_prices", sa.Column("uid", sa.Text(), nullable=False, server_default=""))
    op.add_column("price_features", sa.Column("tiers", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "product_details",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("product_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("archived_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", name="pk_product_details"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feature_details",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("feature_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("archived_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "feature_id", name="pk_feature_details"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_versions",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("version", INTEGER, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", "version", name="pk_plan_versions"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_entitlements",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("position", INTEGER, autoincrement=False, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("is_unlimited", INTEGER, autoincrement=False, nullable=False),
        sa.Column("hard_limit", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reset", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", "position", name="pk_plan_entitlements"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer_profiles",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("billing_address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", name="pk_customer_profiles"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retired_references",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "reference", name="pk_retired_references"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_method_details",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("payment_method_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("method_type", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("exp_month", INTEGER, autoincrement=False, nullable=False),
        sa.Column("exp_year", INTEGER, autoincrement=False, nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "payment_method_id", name="pk_payment_method_details"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refunds",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("refund_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("payment_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("internal_note", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=False),
        sa.Column("failure_text", sa.Text(), nullable=False),
        sa.Column("gateway_key", sa.Text(), nullable=False),
        sa.Column("gateway_reference", sa.Text(), nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=True),
        sa.Column("call_until_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("look_up_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("look_ups", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("settled_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "refund_id", name="pk_refunds"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_refunds_created", "refunds", ["tenant_id", "created_at", "refund_id"])
    op.create_index("ix_refunds_payment", "refunds", ["tenant_id", "payment_id", "refund_id"])
    op.create_index(
        "ix_refunds_pending",
        "refunds",
        ["tenant_id", "look_up_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ux_refunds_uid", "refunds", ["tenant_id", "uid"], unique=True)
    op.create_table(
        "refund_attempts",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("refund_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("attempt_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("started_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("ended_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "refund_id", "attempt_no", name="pk_refund_attempts"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entitlements",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("payment_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("position", INTEGER, autoincrement=False, nullable=False),
        sa.Column("feature_uid", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("feature_type", sa.Text(), nullable=False),
        sa.Column("has_access", INTEGER, autoincrement=False, nullable=False),
        sa.Column("usage_limit", INTEGER, autoincrement=False, nullable=True),
        sa.Column("used", INTEGER, autoincrement=False, nullable=False),
        sa.Column("hard_limit", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reset", sa.Text(), nullable=False),
        sa.Column("granted_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("revoked_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("used_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "payment_id", "position", name="pk_entitlements"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkout_sessions",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("session_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("payment_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("attempts", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("expires_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name="pk_checkout_sessions"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_checkout_sessions_created", "checkout_sessions", ["tenant_id", "created_at", "session_id"])
    op.create_index("ux_checkout_sessions_uid", "checkout_sessions", ["tenant_id", "uid"], unique=True)
    op.create_table(
        "webhook_endpoints",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("endpoint_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("next_secret", sa.Text(), nullable=True),
        sa.Column("next_secret_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "endpoint_id", name="pk_webhook_endpoints"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_webhook_endpoints_uid", "webhook_endpoints", ["tenant_id", "uid"], unique=True)
    op.create_index(
        "ux_webhook_endpoints_url",
        "webhook_endpoints",
        ["tenant_id", "url"],
        unique=True,
        sqlite_where=sa.text("state IN ('enabled', 'disabled')"),
        postgresql_where=sa.text("state IN ('enabled', 'disabled')"),
    )
    op.create_table(
        "events",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_seq", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "customer_seq", name="pk_events"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_events_uid", "events", ["tenant_id", "uid"], unique=True)
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("endpoint_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_seq", INTEGER, autoincrement=False, nullable=False),
        sa.Column("event_uid", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", INTEGER, autoincrement=False, nullable=False),
        sa.Column("due_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("modified_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("claimed_until_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "endpoint_id", "customer_number", "customer_seq", name="pk_deliveries"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deliveries_created", "deliveries", ["tenant_id", "created_at"])
    op.create_index(
        "ix_deliveries_failed",
        "deliveries",
        ["tenant_id", "endpoint_id", "customer_number", "customer_seq"],
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["tenant_id", "endpoint_id", "customer_number", "customer_seq"],
        sqlite_where=sa.text("state IN ('pending', 'waiting')"),
        postgresql_where=sa.text("state IN ('pending', 'waiting')"),
    )
    op.create_index(
        "ix_deliveries_pending",
        "deliveries",
        ["tenant_id", "endpoint_id", "due_at", "created_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("endpoint_uid", sa.Text(), nullable=False),
        sa.Column("event_uid", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("attempt_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("status_code", INTEGER, autoincrement=False, nullable=True),
        sa.Column("is_success", INTEGER, autoincrement=False, nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("started_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("ended_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("event_created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_seq", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "uid", name="pk_delivery_attempts"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_delivery_attempts_started", "delivery_attempts", ["tenant_id", "started_at"])
