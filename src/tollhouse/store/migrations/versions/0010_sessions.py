"""Who is signed in at the console."""

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
