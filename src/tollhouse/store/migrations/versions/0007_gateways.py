"""What the sandbox remembers besides payments: money paid back, how often it was called, events on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sandbox_refunds",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gateway_key", sa.Text(), nullable=False),
        sa.Column("payment_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "gateway_key", name="pk_sandbox_refunds"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sandbox_refunds_payment", "sandbox_refunds", ["tenant_id", "payment_key"])
    op.create_table(
        "sandbox_calls",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gateway_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("calls", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "gateway_key", "kind", name="pk_sandbox_calls"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sandbox_events",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("copy_no", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gateway_key", sa.Text(), nullable=False),
        sa.Column("is_refund", INTEGER, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("due_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", "copy_no", name="pk_sandbox_events"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_sandbox_events_due",
        "sandbox_events",
        ["tenant_id", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
