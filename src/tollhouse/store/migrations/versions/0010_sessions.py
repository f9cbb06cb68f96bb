"""Who is signed in at the console, and what a charging of everybody on a plan came to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("sign_in_hash", sa.Text(), nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("began_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("ends_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sign_in_hash", name="pk_sign_ins"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sign_ins_person", "sign_ins", ["tenant_id", "person_id"])
    op.add_column("plan_runs", sa.Column("sums", sa.Text(), nullable=False, server_default="[]"))
    op.create_index("ix_plan_runs_charge", "plan_runs", ["tenant_id", "charge_id", "plan_run_id"])
