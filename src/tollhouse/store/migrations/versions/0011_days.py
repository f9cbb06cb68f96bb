"""What was charged and given back, day by day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = (datetime(1, 1, 2, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LAST = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

#: Figures that are in memory at most before they are written.
FIGURES_MAX = 20_000

Key = tuple[str, str, str, str]


def upgrade() -> None:
    op.create_table(
        "day_figures",
        sa.Column("tenant_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("effective_on", SORTED, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("lane", INTEGER, autoincrement=False, nullable=False),
        sa.Column("item_count", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gross_high", INTEGER, autoincrement=False, nullable=False),
        sa.Column("gross_low", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_high", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tax_low", INTEGER, autoincrement=False, nullable=False),
        sa.Column("buy_high", INTEGER, autoincrement=False, nullable=False),
        sa.Column("buy_low", INTEGER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "currency", "effective_on", "kind", "origin", "lane", name="pk_day_figures"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for tenant_id, timezone in op.get_bind().execute(sa.text("SELECT tenant_id, timezone FROM tenants")).all():
        _fill(tenant_id, _zone(timezone))


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def _fill(tenant_id: int, zone: ZoneInfo) -> None:
    """A tenant's transactions by the days of its time zone: each lot of figures in a lane of its own."""
    sums: dict[Key, list[int]] = {}
    lane = 0
    for at, currency, kind, origin, *amounts in _transactions(tenant_id):
        figure = sums.setdefault((_day(at, zone), currency, kind, origin), [0, 0, 0, 0])
        figure[0] += 1
        for place, amount in enumerate(amounts, start=1):
            figure[place] += amount
        if len(sums) >= FIGURES_MAX:
            _write(tenant_id, lane, sums)
            sums, lane = {}, lane + 1
    _write(tenant_id, lane, sums)


def _transactions(tenant_id: int) -> Iterator[tuple[int, str, str, str, int, int, int]]:
    """A few thousand at a time: however many there are, few are in memory."""
    query = sa.text(
        "SELECT transaction_id, effective_at, currency, kind, origin, gross_minor, tax_minor, buy_minor"
        " FROM transactions WHERE tenant_id = :tenant AND transaction_id > :after ORDER BY transaction_id LIMIT 5000"
    )
    after = -1
    while rows := op.get_bind().execute(query, {"tenant": tenant_id, "after": after}).all():
        for row in rows:
            yield tuple(row[1:])
        after = rows[-1][0]


def _day(instant: int, zone: ZoneInfo) -> str:
    """As this version tells it: the ends of the calendar for what lies within a day of them or beyond."""
    if instant < FIRST:
        return "0001-01-01"
    if instant >= LAST:
        return "9999-12-31"
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone).date().isoformat()


def _write(tenant_id: int, lane: int, sums: dict[Key, list[int]]) -> None:
    insert = sa.text(
        "INSERT INTO day_figures VALUES (:tenant, :day, :currency, :kind, :origin, :lane, :count,"
        " :gross_high, :gross_low, :tax_high, :tax_low, :buy_high, :buy_low)"
    )
    rows = []
    for (day, currency, kind, origin), (count, gross, tax, buy) in sorted(sums.items()):
        row = {"tenant": tenant_id, "day": day, "currency": currency, "origin": origin, "kind": kind, "lane": lane}
        row |= {"count": count, **_halves("gross", gross), **_halves("tax", tax), **_halves("buy", buy)}
        rows.append(row)
    if rows:
        op.get_bind().execute(insert, rows)


def _halves(name: str, amount: int) -> dict[str, int]:
    """In units of 2^32 and what is left, both with the sign of the amount."""
    high, low = divmod(abs(amount), 2**32)
    sign = -1 if amount < 0 else 1
    return {f"{name}_high": sign * high, f"{name}_low": sign * low}
