"""Customers and what they come to."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, sorted_column, text_column

customers = a_table(
    "customers",
    ("tenant_id", "number"),
    integer_column("tenant_id"),
    integer_column("number"),
    text_column("uid"),
    sorted_column("reference", null=True),
    text_column("email", null=True),
    sorted_column("email_folded", null=True),
    integer_column("is_guest"),
    text_column("name"),
    integer_column("parent_number"),
    text_column("path"),
    integer_column("plan_number"),
    text_column("currency"),
    text_column("currency_lock", null=True),
    integer_column("balance_minor"),
    integer_column("opening_balance_minor"),
    text_column("bill_type"),
    text_column("timezone"),
    text_column("country"),
    integer_column("sessions"),
    integer_column("last_seen_at", null=True),
    text_column("origin"),
    integer_column("created_at"),
    integer_column("updated_at"),
    integer_column("deleted_at", null=True),
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
        Index("ix_customers_parent", "tenant_id", "parent_number", "number"),
        Index("ix_customers_plan", "tenant_id", "plan_number", "number"),
    ),
)


customer_details = a_table(
    "customer_details",
    ("tenant_id", "customer_number"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    text_column("account"),
    text_column("description"),
    integer_column("directory"),
    integer_column("affiliate_number"),
    text_column("details"),
    indexes=(
        Index(
            "ix_customer_details_affiliate",
            "tenant_id",
            "affiliate_number",
            sqlite_where=text("affiliate_number <> 0"),
            postgresql_where=text("affiliate_number <> 0"),
        ),
    ),
)


customer_profiles = a_table(
    "customer_profiles",
    ("tenant_id", "customer_number"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    text_column("metadata"),
    text_column("billing_address"),
)


retired_references = a_table(
    "retired_references",
    ("tenant_id", "reference"),
    integer_column("tenant_id"),
    text_column("reference"),
    integer_column("customer_number"),
)


topup_requests = a_table(
    "topup_requests",
    ("tenant_id", "request_id"),
    integer_column("tenant_id"),
    integer_column("request_id"),
    integer_column("customer_number"),
    integer_column("parent_number"),
    integer_column("person_id"),
    text_column("currency"),
    integer_column("amount_minor"),
    integer_column("invoice_id"),
    integer_column("requested_at"),
    indexes=(Index("ix_topup_requests_time", "tenant_id", "requested_at", "request_id"),),
)


charge_summaries = a_table(
    "charge_summaries",
    ("tenant_id", "customer_number", "currency"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    text_column("currency"),
    integer_column("charge_count"),
    integer_column("sum_minor"),
    integer_column("refunded_minor"),
    integer_column("first_at", null=True),
    integer_column("last_at", null=True),
    integer_column("last_amount_minor", null=True),
)
