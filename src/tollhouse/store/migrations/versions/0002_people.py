"""People: log-ins that fail, tokens, one-time codes, allowed addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "installation_secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation_secrets"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_profiles",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", name="pk_person_profiles"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "login_addresses",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failures", INTEGER, autoincrement=False, nullable=False),
        sa.Column("since_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("refused_until", INTEGER, autoincrement=False, nullable=False),
        sa.Column("good_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "address", name="pk_login_addresses"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.add_column("roles", sa.Column("description", sa.Text(), nullable=False, server_default=""))
    for name in ("email", "email_folded", "forename", "surname", "source", "totp_secret", "totp_pending"):
        op.add_column("people", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in ("token_epoch", "totp_step"):
        op.add_column("people", sa.Column(name, INTEGER, nullable=False, server_default="0"))
    op.add_column("people", sa.Column("deleted_at", INTEGER, nullable=True))
    op.create_index("ix_people_username", "people", ["tenant_id", "username"], unique=False)
    op.create_index("ix_people_email", "people", ["tenant_id", "email_folded"], unique=False)
    op.create_index("ix_people_customer", "people", ["tenant_id", "customer_number", "username"], unique=False)
