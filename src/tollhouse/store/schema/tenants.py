"""Tenants and what opens their doors."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, text_column

tenants = a_table(
    "tenants",
    ("tenant_id",),
    integer_column("tenant_id"),
    text_column("slug"),
    text_column("name"),
    text_column("currency"),
    text_column("timezone"),
    integer_column("session_window_minutes"),
    integer_column("blocked"),
    text_column("anchor"),
    integer_column("empty_period_grace_minutes"),
    integer_column("public_keys_may_charge"),
    integer_column("private_webhooks"),
    text_column("hosts"),
    integer_column("created_at"),
    integer_column("clock_at", null=True),
    integer_column("negative_amounts_refund"),
    indexes=(Index("ux_tenants_slug", "slug", unique=True),),
)


api_keys = a_table(
    "api_keys",
    ("key_hash",),
    text_column("key_hash"),
    integer_column("tenant_id"),
    text_column("name"),
    text_column("kind"),
    integer_column("created_at"),
    integer_column("revoked_at", null=True),
    indexes=(
        Index(
            "ux_api_keys_name",
            "tenant_id",
            "name",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_api_keys_tenant", "tenant_id", "name"),
    ),
)


counters = a_table(
    "counters",
    ("tenant_id", "name"),
    integer_column("tenant_id"),
    text_column("name"),
    integer_column("next_value"),
)
