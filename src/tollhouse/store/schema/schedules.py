"""When charges fall due, and the charging of everybody on a plan."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, text_column


def _in_state(state: str) -> Index:
    return Index(
        f"ix_schedules_{state}",
        "tenant_id",
        "due_at",
        "charge_id",
        "customer_number",
        sqlite_where=text(f"state = '{state}'"),
        postgresql_where=text(f"state = '{state}'"),
    )


schedules = a_table(
    "schedules",
    ("tenant_id", "charge_id", "customer_number"),
    integer_column("tenant_id"),
    integer_column("charge_id"),
    integer_column("customer_number"),
    text_column("state"),
    text_column("next_key"),
    integer_column("due_at"),
    text_column("covered_until"),
    text_column("reason"),
    integer_column("tries"),
    integer_column("changed_at"),
    indexes=(
        _in_state("active"),
        _in_state("parked"),
        Index("ix_schedules_customer", "tenant_id", "customer_number", "state", "due_at"),
    ),
)

plan_runs = a_table(
    "plan_runs",
    ("tenant_id", "plan_run_id"),
    integer_column("tenant_id"),
    integer_column("plan_run_id"),
    integer_column("charge_id"),
    text_column("state"),
    integer_column("moment_at"),
    integer_column("effective_at"),
    integer_column("person_id", null=True),
    integer_column("is_scheduled"),
    text_column("key_scope"),
    text_column("key_hash"),
    text_column("fingerprint"),
    text_column("digest"),
    integer_column("lines"),
    integer_column("lines_done"),
    integer_column("lease_until"),
    text_column("reason"),
    integer_column("ended_at", null=True),
    text_column("sums"),
    indexes=(
        Index("ix_plan_runs_charge", "tenant_id", "charge_id", "plan_run_id"),
        Index(
            "ix_plan_runs_open",
            "tenant_id",
            "lease_until",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    ),
)

plan_run_tariffs = a_table(
    "plan_run_tariffs",
    ("tenant_id", "plan_run_id", "tariff_no"),
    integer_column("tenant_id"),
    integer_column("plan_run_id"),
    integer_column("tariff_no"),
    text_column("currency"),
    integer_column("net_minor"),
    integer_column("buy_minor"),
    text_column("exchange_from", null=True),
    text_column("exchange_rate", null=True),
    integer_column("exchange_rate_at", null=True),
    text_column("taxes"),
)

plan_run_lines = a_table(
    "plan_run_lines",
    ("tenant_id", "plan_run_id", "customer_number"),
    integer_column("tenant_id"),
    integer_column("plan_run_id"),
    integer_column("customer_number"),
    integer_column("tariff_no"),
    text_column("settlement"),
    text_column("occurrence_key"),
    text_column("covered_until"),
)
