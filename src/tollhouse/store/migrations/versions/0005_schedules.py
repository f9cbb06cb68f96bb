"""Recurring charges, charging everybody on a plan, and tenants with a clock of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("tenants", sa.Column("clock_at", INTEGER, nullable=True))
    op.add_column("charges", sa.Column("anchor_on", sa.Text(), nullable=False, server_default=""))
    op.add_column("charges", sa.Column("product_id", INTEGER, nullable=False, server_default="0"))
    op.add_column("charges", sa.Column("plan_run_id", INTEGER, nullable=False, server_default="0"))
    # Charges that are there already are given their schedules by the first run: from the first customer on, and for
    # what falls due from then on.
    op.add_column("charges", sa.Column("enrolling_from", INTEGER, nullable=True, server_default="0"))
    op.add_column("charges", sa.Column("enrolling_at", INTEGER, nullable=False, server_default="0"))
    op.create_index(
        "ix_charges_enrolling",
        "charges",
        ["tenant_id", "enrolling_from", "charge_id"],
        sqlite_where=sa.text("enrolling_from IS NOT NULL"),
        postgresql_where=sa.text("enrolling_from IS NOT NULL"),
    )
    # Everybody on a plan is gone through by their numbers.
    op.drop_index("ix_customers_plan", "customers")
    op.create_index("ix_customers_plan", "customers", ["tenant_id", "plan_number", "number"])
    op.create_table(
        "schedules",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charge_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_key", sa.Text(), nullable=False),
        sa.Column("due_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("covered_until", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", INTEGER, autoincrement=False, nullable=False),
        sa.Column("changed_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "charge_id", "customer_number", name="pk_schedules"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for state in ("active", "parked"):
        op.create_index(
            f"ix_schedules_{state}",
            "schedules",
            ["tenant_id", "due_at", "charge_id", "customer_number"],
            sqlite_where=sa.text(f"state = '{state}'"),
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_index("ix_schedules_customer", "schedules", ["tenant_id", "customer_number"])
    op.create_table(
        "plan_runs",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_run_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charge_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("moment_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("effective_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=True),
        sa.Column("is_scheduled", INTEGER, autoincrement=False, nullable=False),
        sa.Column("key_scope", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("lines", INTEGER, autoincrement=False, nullable=False),
        sa.Column("lines_done", INTEGER, autoincrement=False, nullable=False),
        sa.Column("lease_until", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "plan_run_id", name="pk_plan_runs"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_plan_runs_open",
        "plan_runs",
        ["tenant_id", "lease_until"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "plan_run_tariffs",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_run_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tariff_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("buy_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("exchange_from", sa.Text(), nullable=True),
        sa.Column("exchange_rate", sa.Text(), nullable=True),
        sa.Column("exchange_rate_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("taxes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_run_id", "tariff_no", name="pk_plan_run_tariffs"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_run_lines",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_run_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tariff_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("occurrence_key", sa.Text(), nullable=False),
        sa.Column("covered_until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_run_id", "customer_number", name="pk_plan_run_lines"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
