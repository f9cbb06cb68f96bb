"""What is told to the outside, and how that went."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, text_column

webhook_endpoints = a_table(
    "webhook_endpoints",
    ("tenant_id", "endpoint_id"),
    integer_column("tenant_id"),
    integer_column("endpoint_id"),
    text_column("uid"),
    text_column("url"),
    text_column("secret"),
    text_column("next_secret", null=True),
    integer_column("next_secret_at", null=True),
    text_column("events"),
    text_column("description"),
    text_column("state"),
    integer_column("created_at"),
    integer_column("modified_at"),
    indexes=(
        Index("ux_webhook_endpoints_uid", "tenant_id", "uid", unique=True),
        Index(
            "ux_webhook_endpoints_url",
            "tenant_id",
            "url",
            unique=True,
            sqlite_where=text("state IN ('enabled', 'disabled')"),
            postgresql_where=text("state IN ('enabled', 'disabled')"),
        ),
    ),
)


events = a_table(
    "events",
    ("tenant_id", "customer_number", "customer_seq"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    integer_column("customer_seq"),
    text_column("uid"),
    text_column("event_type"),
    text_column("body"),
    integer_column("created_at"),
    indexes=(Index("ux_events_uid", "tenant_id", "uid", unique=True),),
)


deliveries = a_table(
    "deliveries",
    ("tenant_id", "endpoint_id", "customer_number", "customer_seq"),
    integer_column("tenant_id"),
    integer_column("endpoint_id"),
    integer_column("customer_number"),
    integer_column("customer_seq"),
    text_column("event_uid"),
    text_column("state"),
    integer_column("attempts"),
    integer_column("due_at", null=True),
    integer_column("created_at"),
    integer_column("modified_at"),
    integer_column("claimed_until_at", null=True),
    text_column("failure"),
    indexes=(
        Index(
            "ix_deliveries_pending",
            "tenant_id",
            "endpoint_id",
            "due_at",
            "created_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_deliveries_open",
            "tenant_id",
            "endpoint_id",
            "customer_number",
            "customer_seq",
            sqlite_where=text("state IN ('pending', 'waiting')"),
            postgresql_where=text("state IN ('pending', 'waiting')"),
        ),
        Index(
            "ix_deliveries_failed",
            "tenant_id",
            "endpoint_id",
            "customer_number",
            "customer_seq",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
        Index("ix_deliveries_created", "tenant_id", "created_at"),
    ),
)


delivery_attempts = a_table(
    "delivery_attempts",
    ("tenant_id", "uid"),
    integer_column("tenant_id"),
    text_column("uid"),
    text_column("endpoint_uid"),
    text_column("event_uid"),
    text_column("event_type"),
    integer_column("attempt_no"),
    integer_column("status_code", null=True),
    integer_column("is_success"),
    text_column("failure"),
    integer_column("started_at"),
    integer_column("ended_at"),
    integer_column("event_created_at"),
    integer_column("customer_number"),
    integer_column("customer_seq"),
    indexes=(
        Index("ix_delivery_attempts_started", "tenant_id", "started_at"),
        Index("ix_delivery_attempts_event", "tenant_id", "event_uid", "started_at"),
    ),
)
