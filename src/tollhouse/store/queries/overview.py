"""The overview of a tenant, as statements: sums of days' figures, and looks into indexes that go so far and no
further."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, TextClause, literal_column, select, text

from tollhouse.domain.figures import whole
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CustomerFact,
    Fact,
    PaymentFact,
    RefundFact,
    ScheduleFact,
    SummaryFact,
    WebhookEndpointFact,
)
from tollhouse.ledger.queries.overview import (
    COUNTED_MAX,
    ENDPOINTS_MAX,
    MONTH,
    Count,
    DoorFigures,
    DueCharge,
    FailingEndpoint,
    FallingDue,
    PeriodFigures,
    Span,
    Stuck,
    Sums,
    TopCustomer,
)
from tollhouse.store.deliveries import by_index
from tollhouse.store.figures import project_figures
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.schema import charge_summaries, charges, customers, payments, refunds, schedules, webhook_endpoints
from tollhouse.store.store import SqlStore

_DAY = 24 * 60 * 60 * 1_000_000
#: Currencies whose first customers are told, those with most charges first.
_CURRENCIES_MAX = 12

_AMOUNTS = ("item_count", "gross_high", "gross_low", "tax_high", "tax_low", "buy_high", "buy_low")
_KINDS = ("charge", "refund", "void")
#: Takes tenant, currency, and the first and last day; what is told apart comes first.
_SUMS = (
    "SELECT {by}, " + ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in _AMOUNTS) + " FROM day_figures"  # noqa: S608 - made of names of ours alone
    " WHERE tenant_id = :tenant AND effective_on >= :first AND effective_on <= :last AND currency = :currency"
    " AND kind IN ({kinds}) GROUP BY {by} ORDER BY {by}"
)
_BY_DAY = text(_SUMS.format(by="effective_on, kind", kinds=", ".join(f"'{kind}'" for kind in _KINDS)))
_BY_DOOR = text(_SUMS.format(by="origin", kinds="'charge'"))
#: Takes tenant, currency, and so many months. Each is looked up by itself: to group days by month, the store would sort
#: all of them first, which takes longer than to add them up. A look gives one value, so its sums are one text.
_MONTHS = (
    "WITH months(month) AS (VALUES {months}), kinds(kind) AS (VALUES "  # noqa: S608 - the same
    + ", ".join(f"('{kind}')" for kind in _KINDS)
    + ") SELECT month, kind, (SELECT "
    + " || ' ' || ".join(f"CAST(sum(d.{name}) AS TEXT)" for name in _AMOUNTS)
    + " FROM day_figures d WHERE d.tenant_id = :tenant AND d.effective_on >= month || '-01'"
    " AND d.effective_on <= month || '-31' AND d.currency = :currency AND d.kind = kinds.kind)"
    " FROM months CROSS JOIN kinds ORDER BY month"
)

#: States are said as they stand, so that a plan for any value finds the index of those that have this one.
_FAILED = (
    "SELECT count(*) FROM (SELECT 1 FROM deliveries {index} WHERE tenant_id = :tenant AND endpoint_id = :endpoint"
    " AND state = 'failed' LIMIT :count) d"
)
_RETRYING = (
    "SELECT count(*), min(created_at) FROM (SELECT created_at, attempts FROM deliveries {index}"
    " WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND state = 'pending'"
    " ORDER BY due_at LIMIT :count) d WHERE attempts > 0"
)


class SqlOverviewQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def figures(self, tenant_id: int, span: Span, currency: str) -> list[PeriodFigures]:
        rows = self._months(tenant_id, span, currency) if span.step == MONTH else self._days(tenant_id, span, currency)
        found: dict[str, dict[str, Sums]] = {}
        for period, kind, sums in rows:
            found.setdefault(period, {})[kind] = sums
        return [
            PeriodFigures(period, currency, *(kinds.get(kind, Sums()) for kind in _KINDS))
            for period, kinds in found.items()
        ]

    def doors(self, tenant_id: int, span: Span, currency: str) -> list[DoorFigures]:
        with self._store.reading_rows() as connection:
            rows = connection.execute(_BY_DOOR, _values(tenant_id, span, currency)).all()
        return [DoorFigures(str(origin), _sums_of(amounts)) for origin, *amounts in rows]

    def currencies(self, tenant_id: int) -> list[str]:
        with self._store.reading_rows() as connection:
            return sorted(project_figures(connection, tenant_id).charges)

    def falling_due(self, tenant_id: int, now: int, count: int) -> FallingDue:
        with self._store.reading_rows() as connection:
            first = _scheduled(connection, tenant_id, "active", count)
            within = [_due_count(connection, tenant_id, now + days * _DAY) for days in (1, 7)]
        return FallingDue(first, *within)

    def stuck(self, tenant_id: int, system_now: int, count: int) -> Stuck:
        with self._store.reading_rows() as connection:
            late_payments = _late(connection, payments, tenant_id, system_now)
            late_refunds = _late(connection, refunds, tenant_id, system_now)
            return Stuck(
                payments=[PaymentFact(*row) for row in _rows(connection, PaymentFact, late_payments[:count])],
                payment_count=_counted(len(late_payments)),
                refunds=[RefundFact(*row) for row in _rows(connection, RefundFact, late_refunds[:count])],
                refund_count=_counted(len(late_refunds)),
                parked=_scheduled(connection, tenant_id, "parked", count),
                parked_count=_count(connection, schedules, tenant_id, _is("parked")),
                endpoints=self._failing_endpoints(connection, tenant_id),
            )

    def top_customers(self, tenant_id: int, count: int) -> dict[str, list[TopCustomer]]:
        with self._store.reading_rows() as connection:
            by_count = sorted(project_figures(connection, tenant_id).charges.items(), key=lambda item: -item[1][0])
            return {
                currency: _top_customers(connection, tenant_id, currency, count)
                for currency, _ in by_count[:_CURRENCIES_MAX]
            }

    def _days(self, tenant_id: int, span: Span, currency: str) -> list[tuple[str, str, Sums]]:
        with self._store.reading_rows() as connection:
            rows = connection.execute(_BY_DAY, _values(tenant_id, span, currency)).all()
        return [(str(day), str(kind), _sums_of(amounts)) for day, kind, *amounts in rows]

    def _months(self, tenant_id: int, span: Span, currency: str) -> list[tuple[str, str, Sums]]:
        months = {f"month_{n}": month for n, month in enumerate(span.periods())}
        values = {"tenant": tenant_id, "currency": currency, **months}
        with self._store.reading_rows() as connection:
            rows = connection.execute(_by_month(len(months)), values).all()
        return [(str(month), str(kind), _sums_of(sums.split())) for month, kind, sums in rows if sums is not None]

    def _failing_endpoints(self, connection: Connection, tenant_id: int) -> list[FailingEndpoint]:
        query = (
            select(*(webhook_endpoints.c[name] for name in columns_of(WebhookEndpointFact)))
            .where(webhook_endpoints.c.tenant_id == tenant_id, webhook_endpoints.c.state.in_(("enabled", "disabled")))
            .order_by(webhook_endpoints.c.endpoint_id)
            .limit(ENDPOINTS_MAX)
        )
        is_sqlite = self._store.is_sqlite
        failed_of = text(_FAILED.format(index=by_index(is_sqlite, "ix_deliveries_failed")))
        retrying_of = text(_RETRYING.format(index=by_index(is_sqlite, "ix_deliveries_pending")))
        found = []
        for endpoint in [WebhookEndpointFact(*row) for row in connection.execute(query)]:
            values = {"tenant": tenant_id, "endpoint": endpoint.endpoint_id, "count": COUNTED_MAX + 1}
            failed = int(connection.execute(failed_of, values).scalar_one())
            retrying, since = connection.execute(retrying_of, values).one()
            if failed or retrying:
                found.append(FailingEndpoint(endpoint, _counted(failed), _counted(int(retrying)), since))
        return found


# Days' figures.


@cache
def _by_month(count: int) -> TextClause:
    return text(_MONTHS.format(months=", ".join(f"(:month_{n})" for n in range(count))))


def _values(tenant_id: int, span: Span, currency: str) -> dict[str, int | str]:
    first, last = span.bounds
    return {"tenant": tenant_id, "currency": currency, "first": first.isoformat(), "last": last.isoformat()}


def _sums_of(amounts: Iterable[Any]) -> Sums:
    """Of what _AMOUNTS names, added up."""
    count, gross_high, gross_low, tax_high, tax_low, buy_high, buy_low = map(int, amounts)
    return Sums(count, whole(gross_high, gross_low), whole(tax_high, tax_low), whole(buy_high, buy_low))


# Looks that go no further than told.


def _is(state: str) -> ColumnElement[bool]:
    return schedules.c.state == literal_column(f"'{state}'")


def _counted(value: int) -> Count:
    return Count(min(value, COUNTED_MAX), value > COUNTED_MAX)


def _count(connection: Connection, table: Table, tenant_id: int, condition: ColumnElement[bool]) -> Count:
    some = select(table.c.tenant_id).where(table.c.tenant_id == tenant_id, condition).limit(COUNTED_MAX + 1)
    return _counted(len(connection.execute(some).all()))


def _due_count(connection: Connection, tenant_id: int, until: int) -> Count:
    return _count(connection, schedules, tenant_id, _is("active") & (schedules.c.due_at < until))


def _scheduled(connection: Connection, tenant_id: int, state: str, count: int) -> list[DueCharge]:
    """The first schedules in a state by when they are or were due, with what they are of."""
    query = (
        select(*(schedules.c[name] for name in columns_of(ScheduleFact)))
        .where(schedules.c.tenant_id == tenant_id, _is(state))
        .order_by(schedules.c.due_at, schedules.c.charge_id, schedules.c.customer_number)
        .limit(count)
    )
    rows = [ScheduleFact(*row) for row in connection.execute(query)]
    of = {row.charge_id for row in rows}
    numbers = {row.customer_number for row in rows}
    found_charges = {c.charge_id: c for c in _among(connection, ChargeFact, charges.c.charge_id, tenant_id, of)}
    found_customers = _customers(connection, tenant_id, numbers)
    return [DueCharge(row, found_charges[row.charge_id], found_customers.get(row.customer_number)) for row in rows]


def _late(connection: Connection, table: Table, tenant_id: int, system_now: int) -> list[tuple[int, int]]:
    """Tenant and id of what a gateway has not answered in its time, the oldest first; one more than is counted at
    most."""
    (number,) = [column for column in table.primary_key.columns if column.name != "tenant_id"]
    pending = (
        select(number.label("number"), table.c.created_at, table.c.call_until_at)
        .where(table.c.tenant_id == tenant_id, table.c.state == literal_column("'pending'"))
        .order_by(table.c.look_up_at)
        .limit(COUNTED_MAX + 1)
        .subquery()
    )
    query = (
        select(pending.c.number)
        .where(pending.c.call_until_at <= system_now)
        .order_by(pending.c.created_at, pending.c.number)
    )
    return [(tenant_id, int(row)) for row in connection.execute(query).scalars()]


def _rows(connection: Connection, kind: type[PaymentFact | RefundFact], ids: list[tuple[int, int]]) -> list[Any]:
    """The rows with these ids, in their order."""
    if not ids:
        return []
    table = TABLES[kind]
    (number,) = [column for column in table.primary_key.columns if column.name != "tenant_id"]
    columns = [table.c[name] for name in columns_of(kind)]
    query = select(number, *columns).where(table.c.tenant_id == ids[0][0], number.in_([row[1] for row in ids]))
    found = {row[0]: tuple(row[1:]) for row in connection.execute(query)}
    return [found[row[1]] for row in ids]


# Customers.


def _top_customers(connection: Connection, tenant_id: int, currency: str, count: int) -> list[TopCustomer]:
    remaining = charge_summaries.c.sum_minor - charge_summaries.c.refunded_minor
    query = (
        select(*(charge_summaries.c[name] for name in columns_of(SummaryFact)))
        .where(charge_summaries.c.tenant_id == tenant_id, charge_summaries.c.currency == currency)
        .where(charge_summaries.c.customer_number != ROOT_NUMBER)
        .order_by(remaining.desc(), charge_summaries.c.customer_number)
        .limit(count)
    )
    rows = [SummaryFact(*row) for row in connection.execute(query)]
    found = _customers(connection, tenant_id, {row.customer_number for row in rows})
    return [TopCustomer(found[row.customer_number], row) for row in rows]


def _customers(connection: Connection, tenant_id: int, numbers: set[int]) -> dict[int, CustomerFact]:
    return {c.number: c for c in _among(connection, CustomerFact, customers.c.number, tenant_id, numbers)}


def _among(
    connection: Connection, kind: type[Fact], column: Column[int], tenant_id: int, values: set[int]
) -> list[Any]:
    table = TABLES[kind]
    query = select(*(table.c[name] for name in columns_of(kind)))
    query = query.where(table.c.tenant_id == tenant_id, column.in_(sorted(values)))
    return [kind(*row) for row in connection.execute(query)] if values else []
