"""Files of charges that were brought in, each once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("rows_read", INTEGER, autoincrement=False, nullable=False),
        sa.Column("charged", INTEGER, autoincrement=False, nullable=False),
        sa.Column("refused", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customers", INTEGER, autoincrement=False, nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("started_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("finished_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_imports"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refused_rows",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("line", INTEGER, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "digest", "line", name="pk_refused_rows"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
