"""Money taken through a gateway."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, text_column

payment_methods = a_table(
    "payment_methods",
    ("tenant_id", "payment_method_id"),
    integer_column("tenant_id"),
    integer_column("payment_method_id"),
    integer_column("customer_number"),
    text_column("gateway"),
    text_column("token"),
    integer_column("is_default"),
    text_column("state"),
    integer_column("created_at"),
    indexes=(Index("ux_payment_methods_token", "tenant_id", "customer_number", "gateway", "token", unique=True),),
)


payment_method_details = a_table(
    "payment_method_details",
    ("tenant_id", "payment_method_id"),
    integer_column("tenant_id"),
    integer_column("payment_method_id"),
    text_column("method_type"),
    text_column("brand"),
    text_column("last4"),
    integer_column("exp_month"),
    integer_column("exp_year"),
    text_column("funding"),
    text_column("country"),
    integer_column("modified_at"),
)


payments = a_table(
    "payments",
    ("tenant_id", "payment_id"),
    integer_column("tenant_id"),
    integer_column("payment_id"),
    text_column("uid"),
    text_column("order_id"),
    integer_column("customer_number"),
    integer_column("plan_number"),
    text_column("gateway"),
    text_column("token"),
    text_column("gateway_key"),
    text_column("currency"),
    integer_column("amount_minor"),
    text_column("state"),
    text_column("decline_code"),
    text_column("decline_text"),
    text_column("gateway_reference"),
    text_column("detail"),
    integer_column("transaction_id", null=True),
    integer_column("call_until_at"),
    integer_column("look_up_at", null=True),
    integer_column("look_ups"),
    integer_column("created_at"),
    integer_column("settled_at", null=True),
    integer_column("refunded_minor"),
    integer_column("refund_reserved_minor"),
    integer_column("revoked_at", null=True),
    indexes=(
        Index("ux_payments_uid", "tenant_id", "uid", unique=True),
        Index("ux_payments_order", "tenant_id", "order_id", unique=True),
        Index("ix_payments_customer", "tenant_id", "customer_number", "payment_id"),
        Index("ix_payments_time", "tenant_id", "customer_number", "created_at", "payment_id"),
        Index(
            "ix_payments_settled",
            "tenant_id",
            "settled_at",
            "payment_id",
            "state",
            "amount_minor",
            "refunded_minor",
            "revoked_at",
        ),
        Index("ix_payments_created", "tenant_id", "created_at", "payment_id", "state"),
        Index(
            "ix_payments_pending",
            "tenant_id",
            "look_up_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    ),
)


payment_attempts = a_table(
    "payment_attempts",
    ("tenant_id", "payment_id", "attempt_no"),
    integer_column("tenant_id"),
    integer_column("payment_id"),
    integer_column("attempt_no"),
    text_column("kind"),
    text_column("outcome"),
    integer_column("started_at"),
    integer_column("ended_at"),
)


refunds = a_table(
    "refunds",
    ("tenant_id", "refund_id"),
    integer_column("tenant_id"),
    integer_column("refund_id"),
    text_column("uid"),
    integer_column("payment_id"),
    integer_column("customer_number"),
    text_column("currency"),
    integer_column("amount_minor"),
    text_column("reason"),
    text_column("internal_note", null=True),
    text_column("state"),
    text_column("failure_code"),
    text_column("failure_text"),
    text_column("gateway_key"),
    text_column("gateway_reference"),
    integer_column("transaction_id", null=True),
    integer_column("call_until_at"),
    integer_column("look_up_at", null=True),
    integer_column("look_ups"),
    integer_column("created_at"),
    integer_column("settled_at", null=True),
    indexes=(
        Index("ux_refunds_uid", "tenant_id", "uid", unique=True),
        Index("ix_refunds_payment", "tenant_id", "payment_id", "refund_id"),
        Index("ix_refunds_created", "tenant_id", "created_at", "refund_id"),
        Index("ix_refunds_customer", "tenant_id", "customer_number", "created_at", "refund_id"),
        Index(
            "ix_refunds_pending",
            "tenant_id",
            "look_up_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    ),
)


refund_attempts = a_table(
    "refund_attempts",
    ("tenant_id", "refund_id", "attempt_no"),
    integer_column("tenant_id"),
    integer_column("refund_id"),
    integer_column("attempt_no"),
    text_column("kind"),
    text_column("outcome"),
    integer_column("started_at"),
    integer_column("ended_at"),
)


entitlements = a_table(
    "entitlements",
    ("tenant_id", "customer_number", "payment_id", "position"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    integer_column("payment_id"),
    integer_column("position"),
    text_column("feature_uid"),
    text_column("identifier"),
    text_column("feature_type"),
    integer_column("has_access"),
    integer_column("usage_limit", null=True),
    integer_column("used"),
    integer_column("hard_limit"),
    text_column("reset"),
    integer_column("granted_at"),
    integer_column("revoked_at", null=True),
    integer_column("used_at", null=True),
)


checkout_sessions = a_table(
    "checkout_sessions",
    ("tenant_id", "session_id"),
    integer_column("tenant_id"),
    integer_column("session_id"),
    text_column("uid"),
    integer_column("customer_number"),
    integer_column("plan_number"),
    text_column("state"),
    text_column("asked"),
    integer_column("payment_id"),
    integer_column("attempts"),
    integer_column("created_at"),
    integer_column("modified_at"),
    integer_column("expires_at"),
    indexes=(
        Index("ux_checkout_sessions_uid", "tenant_id", "uid", unique=True),
        Index("ix_checkout_sessions_created", "tenant_id", "created_at", "session_id"),
    ),
)


sandbox_payments = a_table(
    "sandbox_payments",
    ("tenant_id", "gateway_key"),
    integer_column("tenant_id"),
    text_column("gateway_key"),
    text_column("token"),
    text_column("currency"),
    integer_column("amount_minor"),
    text_column("outcome"),
    integer_column("created_at"),
)


sandbox_refunds = a_table(
    "sandbox_refunds",
    ("tenant_id", "gateway_key"),
    integer_column("tenant_id"),
    text_column("gateway_key"),
    text_column("payment_key"),
    text_column("currency"),
    integer_column("amount_minor"),
    text_column("outcome"),
    integer_column("created_at"),
    indexes=(Index("ix_sandbox_refunds_payment", "tenant_id", "payment_key"),),
)


sandbox_calls = a_table(
    "sandbox_calls",
    ("tenant_id", "gateway_key", "kind"),
    integer_column("tenant_id"),
    text_column("gateway_key"),
    text_column("kind"),
    integer_column("calls"),
)


sandbox_events = a_table(
    "sandbox_events",
    ("tenant_id", "event_id", "copy_no"),
    integer_column("tenant_id"),
    text_column("event_id"),
    integer_column("copy_no"),
    text_column("gateway_key"),
    integer_column("is_refund"),
    text_column("outcome"),
    integer_column("due_at", null=True),
    integer_column("created_at"),
    indexes=(
        Index(
            "ix_sandbox_events_due",
            "tenant_id",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    ),
)
