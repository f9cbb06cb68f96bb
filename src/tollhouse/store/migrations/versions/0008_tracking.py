"""What Beacon's callers tell besides charges; corrections of charges; figures and words that keep reads short."""

import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tracked_customers",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("signed_up_at", INTEGER, autoincrement=False, nullable=True),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("unsubscribed_at", INTEGER, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", name="pk_tracked_customers"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "traits",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("trait_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "field", name="pk_traits"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_traits_id", "traits", ["tenant_id", "trait_id"], unique=True)
    op.create_table(
        "customer_traits",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sort_key", SORTED, nullable=False),
        sa.Column("updated_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "field", name="pk_customer_traits"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_customer_traits_value", "customer_traits", ["tenant_id", "field", "sort_key", "customer_number"]
    )
    op.create_table(
        "event_definitions",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("event_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action", name="pk_event_definitions"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_event_definitions_id", "event_definitions", ["tenant_id", "event_id"], unique=True)
    op.create_table(
        "tracked_events",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tracked_event_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("event_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("effective_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("recorded_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "tracked_event_id", name="pk_tracked_events"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_tracked_events_customer",
        "tracked_events",
        ["tenant_id", "customer_number", "effective_at", "tracked_event_id"],
    )
    op.create_table(
        "event_summaries",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("event_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("event_count", INTEGER, autoincrement=False, nullable=False),
        sa.Column("first_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("last_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "event_id", name="pk_event_summaries"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tags",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tag_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_tags"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_tags_id", "tags", ["tenant_id", "tag_id"], unique=True)
    op.create_table(
        "customer_tags",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tag_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "tag_id", name="pk_customer_tags"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_tags_tag", "customer_tags", ["tenant_id", "tag_id", "customer_number"])
    op.create_table(
        "page_visits",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("page_hash", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("visit_count", INTEGER, autoincrement=False, nullable=False),
        sa.Column("first_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("last_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_number", "page_hash", name="pk_page_visits"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_page_visits_last", "page_visits", ["tenant_id", "customer_number", "last_at", "page_hash"])
    op.create_table(
        "segments",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("segment_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("created_at", INTEGER, autoincrement=False, nullable=False),
        sa.Column("updated_at", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "slug", name="pk_segments"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ux_segments_id", "segments", ["tenant_id", "segment_id"], unique=True)
    op.create_table(
        "project_details",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_project_details"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "corrections",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("transaction_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("corrected_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "transaction_id", name="pk_corrections"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_corrections_corrected", "corrections", ["tenant_id", "corrected_id", "transaction_id"])
    op.create_index("ix_corrections_customer", "corrections", ["tenant_id", "customer_number", "kind", "corrected_id"])
    op.create_table(
        "totals",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lane", INTEGER, autoincrement=False, nullable=False),
        sa.Column("item_count", INTEGER, autoincrement=False, nullable=False),
        sa.Column("high", INTEGER, autoincrement=False, nullable=False),
        sa.Column("low", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "lane", name="pk_totals"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer_words",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("word", SORTED, nullable=False),
        sa.Column("customer_number", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "word", "customer_number", name="pk_customer_words"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_words_customer", "customer_words", ["tenant_id", "customer_number", "word"])
    op.drop_index("ix_transactions_customer", "transactions")
    op.create_index(
        "ix_transactions_customer",
        "transactions",
        ["tenant_id", "customer_number", "effective_at", "transaction_id", "kind"],
    )
    credits = sa.text("kind = 'charge' AND gross_minor < 0")
    op.create_index(
        "ix_transactions_credits",
        "transactions",
        ["tenant_id", "customer_number"],
        sqlite_where=credits,
        postgresql_where=credits,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Searched for by how they begin, which an index tells only by code points.
        for column in ("reference", "email_folded"):
            op.alter_column("customers", column, type_=SORTED)
    _fill_totals()
    _fill_words()
    op.add_column("tenants", sa.Column("negative_amounts_refund", INTEGER, nullable=False, server_default="0"))


def _fill_totals() -> None:
    """The figures of those who live, but for each tenant's root: customers by their numbers, charges in the first lane.

    An amount is kept in two halves, of 32 bits and of what is above them; here both are counted from below.
    """
    op.execute(
        "INSERT INTO totals (tenant_id, name, lane, item_count, high, low)"
        " SELECT c.tenant_id, 'customers', c.number / 1024, count(*), 0, 0 FROM customers c"
        " WHERE c.deleted_at IS NULL AND c.number <> 1 GROUP BY c.tenant_id, c.number / 1024"
    )
    op.execute(
        "INSERT INTO totals (tenant_id, name, lane, item_count, high, low)"
        " SELECT s.tenant_id, 'charges:' || s.currency, 0, sum(s.charge_count),"
        " sum((s.sum_minor - s.refunded_minor) >> 32), sum((s.sum_minor - s.refunded_minor) & 4294967295)"
        " FROM charge_summaries s JOIN customers c ON c.tenant_id = s.tenant_id AND c.number = s.customer_number"
        " WHERE c.deleted_at IS NULL AND c.number <> 1 GROUP BY s.tenant_id, s.currency"
    )


def _fill_words() -> None:
    """Of each live customer but the root the words of its name, and its reference without regard to case where that
    differs: as this version finds them."""
    words = sa.text("INSERT INTO customer_words (tenant_id, word, customer_number) VALUES (:tenant_id, :word, :number)")
    for customers in _customers():
        rows = [
            {"tenant_id": tenant_id, "word": word, "number": number}
            for tenant_id, number, name, reference in customers
            for word in _words(name, reference)
        ]
        if rows:
            op.get_bind().execute(words, rows)


def _customers() -> Iterator[list[tuple[int, int, str, str | None]]]:
    """A thousand at a time: however many there are, few are in memory."""
    query = sa.text(
        "SELECT tenant_id, number, name, reference FROM customers WHERE (tenant_id, number) > (:tenant_id, :number)"
        " AND deleted_at IS NULL AND number <> 1 ORDER BY tenant_id, number LIMIT 1000"
    )
    after = (0, 0)
    while rows := [tuple(row) for row in op.get_bind().execute(query, {"tenant_id": after[0], "number": after[1]})]:
        yield rows
        after = rows[-1][:2]


def _words(name: str, reference: str | None) -> set[str]:
    folded = unicodedata.normalize("NFKC", name).casefold()
    parted = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    words = set(list(dict.fromkeys(word[:64] for word in parted.split()))[:16])
    if reference is not None and reference.casefold()[:255] != reference:
        words.add("=" + reference.casefold()[:255])
    return words
