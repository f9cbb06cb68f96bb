"""Customers and plans as resellers manage them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "customer_details",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("directory", INTEGER, autoincrement=False, nullable=False),
        sa.Column("affiliate_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", name="pk_customer_details"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_customer_details_affiliate",
        "customer_details",
        ["tenant_id", "affiliate_number"],
        sqlite_where=sa.text("affiliate_number <> 0"),
        postgresql_where=sa.text("affiliate_number <> 0"),
    )
    op.create_table(
        "topup_requests",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("request_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("parent_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("invoice_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("requested_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", name="pk_topup_requests"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_topup_requests_time", "topup_requests", ["tenant_id", "requested_at", "request_id"])
