"""Products, what plans ask for them, and invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index("ix_plans_owner", "plans", ["tenant_id", "owner_number", "number"])
    op.create_table(
        "product_terms",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("product_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("owner_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("information", sa.Text(), nullable=False),
        sa.Column("product_type", sa.Text(), nullable=False),
        sa.Column("amount", INTEGER, autoincrement=False, nullable=False),
        sa.Column("allow", INTEGER, autoincrement=False, nullable=False),
        sa.Column("shared", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("create_fee", sa.Text(), nullable=False),
        sa.Column("create_buy", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("period_fee", sa.Text(), nullable=False),
        sa.Column("period_buy", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", name="pk_product_terms"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_product_terms_owner", "product_terms", ["tenant_id", "owner_number", "product_id"])
    op.create_table(
        "plan_details",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("shared", INTEGER, autoincrement=False, nullable=False),
        sa.Column("inheritable", INTEGER, autoincrement=False, nullable=False),
        sa.Column("inherit_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("invoice_due_days", INTEGER, autoincrement=False, nullable=False),
        sa.Column("invoice_overdue_days", INTEGER, autoincrement=False, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", name="pk_plan_details"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_fees",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("occurs", sa.Text(), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", "feature", "occurs", name="pk_plan_fees"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_products",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("product_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("use_markups", INTEGER, autoincrement=False, nullable=False),
        sa.Column("create_fee", sa.Text(), nullable=False),
        sa.Column("create_markup", sa.Text(), nullable=False),
        sa.Column("create_margin", sa.Text(), nullable=False),
        sa.Column("period_fee", sa.Text(), nullable=False),
        sa.Column("period_markup", sa.Text(), nullable=False),
        sa.Column("period_margin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_number", "product_id", name="pk_plan_products"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "invoices",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("invoice_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("seller_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("start_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("end_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("total_minor", INTEGER, autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("due_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("overdue_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reset_transaction_id", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "invoice_id", name="pk_invoices"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_invoices_customer", "invoices", ["tenant_id", "customer_number", "created_at", "invoice_id"])
    op.create_index("ux_invoices_number", "invoices", ["tenant_id", "seller_number", "number"], unique=True)
    op.create_table(
        "invoice_transactions",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("invoice_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "transaction_id", name="pk_invoice_transactions"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_invoice_transactions_invoice", "invoice_transactions", ["tenant_id", "invoice_id", "transaction_id"]
    )
    op.create_table(
        "invoice_counters",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("seller_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("last_number", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seller_number", name="pk_invoice_counters"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
