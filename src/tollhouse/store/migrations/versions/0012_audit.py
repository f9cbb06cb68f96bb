"""Who changed what, when and from where; and indexes for the lists of the console."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


_ABORT = "BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END"
_SAME_ROW = "SELECT 1 FROM audit_entries WHERE tenant_id = new.tenant_id AND entry_id = new.entry_id"
SQLITE_TRIGGERS = (
    f"CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries {_ABORT}",
    f"CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries {_ABORT}",
    # INSERT OR REPLACE would take a row away without asking the other two.
    f"CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries WHEN EXISTS ({_SAME_ROW}) {_ABORT}",
)
POSTGRES_TRIGGERS = (
    "CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END $$",
    "CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries"
    " FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()",
    "CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()",
)

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_the_log()
    _refuse_changes_of_the_log()
    _free_names_of_revoked_keys()
    _list_what_is_of_a_customer()
    op.create_index("ix_transactions_time", "transactions", ["tenant_id", "effective_at", "transaction_id"])
    op.create_index("ix_delivery_attempts_event", "delivery_attempts", ["tenant_id", "event_uid", "started_at"])


def _make_the_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("entry_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("recorded_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("person_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", name="pk_audit_entries"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    in_time = ["recorded_at", "entry_id"]
    op.create_index("ix_audit_entries_time", "audit_entries", ["tenant_id", *in_time])
    op.create_index("ix_audit_entries_subject", "audit_entries", ["tenant_id", "subject_kind", "subject", *in_time])
    for name, column in (("person", "person_id"), ("path", "path"), ("command", "command"), ("door", "door")):
        op.create_index(f"ix_audit_entries_{name}", "audit_entries", ["tenant_id", column, *in_time])


def _refuse_changes_of_the_log() -> None:
    """Where Citus distributes the table no trigger can be on it: see docs/audit.md."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in SQLITE_TRIGGERS:
            op.execute(statement)
    elif connection.execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")).first() is None:
        for statement in POSTGRES_TRIGGERS:
            op.execute(statement)


def _free_names_of_revoked_keys() -> None:
    live = sa.text("revoked_at IS NULL")
    op.drop_index("ux_api_keys_name", table_name="api_keys")
    op.create_index(
        "ux_api_keys_name", "api_keys", ["tenant_id", "name"], unique=True, sqlite_where=live, postgresql_where=live
    )
    op.create_index("ix_api_keys_tenant", "api_keys", ["tenant_id", "name"], unique=False)


def _list_what_is_of_a_customer() -> None:
    """Who is below a customer by number, what falls due next, and its payments and refunds by time."""
    of_customer = ["tenant_id", "customer_number"]
    op.drop_index("ix_customers_parent", table_name="customers")
    op.create_index("ix_customers_parent", "customers", ["tenant_id", "parent_number", "number"], unique=False)
    op.drop_index("ix_schedules_customer", table_name="schedules")
    op.create_index("ix_schedules_customer", "schedules", [*of_customer, "state", "due_at"], unique=False)
    op.create_index("ix_payments_time", "payments", [*of_customer, "created_at", "payment_id"], unique=False)
    op.create_index("ix_refunds_customer", "refunds", [*of_customer, "created_at", "refund_id"], unique=False)
