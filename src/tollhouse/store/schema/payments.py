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
