"""The ledger's queries about orders and the money that moved for them, as statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.facts import Fact, PaymentFact, RefundFact
from tollhouse.ledger.queries import Found, Page
from tollhouse.ledger.queries.orders import Movement, MovementsWanted, OrdersWanted, RefundsWanted, SubscriptionsWanted
from tollhouse.store.queries.registered import is_called
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.schema import customers, payments, plans, products, refunds
from tollhouse.store.store import SqlStore

F = TypeVar("F", bound=Fact)

Conditions = Sequence[ColumnElement[bool]]


class SqlOrderQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def orders(self, tenant_id: int, wanted: OrdersWanted, page: Page) -> Found[PaymentFact]:
        at = payments.c.created_at if wanted.status == "PENDING" else payments.c.settled_at
        conditions = [
            payments.c.tenant_id == tenant_id,
            _has_status(wanted.status),
            *_between(at, wanted.start_at, wanted.end_at),
            *([_is_order(tenant_id, wanted.search)] if wanted.search else []),
        ]
        return self._page(PaymentFact, conditions, (at.desc(), payments.c.payment_id.desc()), page)

    def subscriptions(self, tenant_id: int, wanted: SubscriptionsWanted, page: Page) -> Found[PaymentFact]:
        changed_at = func.coalesce(payments.c.revoked_at, payments.c.settled_at)
        conditions = [
            payments.c.tenant_id == tenant_id,
            payments.c.settled_at.is_not(None),
            payments.c.state == "succeeded",
            _is_in_force(active=wanted.active, revoked=wanted.revoked),
            *_between(payments.c.created_at, wanted.begun_from, wanted.begun_before),
            *_between(changed_at, wanted.changed_from, wanted.changed_before),
        ]
        if wanted.reference is not None:
            conditions.append(_of_customers(tenant_id, customers.c.reference == wanted.reference))
        order = (payments.c.settled_at.desc(), payments.c.payment_id.desc())
        return self._page(PaymentFact, conditions, order, page)

    def refunds(self, tenant_id: int, wanted: RefundsWanted, page: Page) -> Found[tuple[RefundFact, PaymentFact]]:
        conditions = [
            refunds.c.tenant_id == tenant_id,
            *([refunds.c.state == wanted.state] if wanted.state else []),
            *_between(refunds.c.created_at, wanted.start_at, wanted.end_at),
        ]
        source = _refunds(tenant_id, wanted.search)
        if wanted.search:
            is_meant = refunds.c.uid.contains(wanted.search.lower(), autoescape=True)
            conditions.append(is_meant | _is_order(tenant_id, wanted.search))
        order = (refunds.c.created_at.desc(), refunds.c.refund_id.desc())
        found = self._page(RefundFact, conditions, order, page, source)
        with self._store.reading_rows() as connection:
            theirs = _by_id(connection, PaymentFact, tenant_id, [row.payment_id for row in found.rows])
        return Found([(row, theirs[row.payment_id]) for row in found.rows], found.total)

    def movements(self, tenant_id: int, wanted: MovementsWanted, page: Page) -> Found[Movement]:
        taken = _begun(payments, tenant_id, wanted)
        given = _begun(refunds, tenant_id, wanted)
        if wanted.search:
            is_meant = _is_movement(tenant_id, wanted.search)
            taken.append(is_meant)
            given.append(is_meant | (refunds.c.gateway_reference == wanted.search))
        source = _refunds(tenant_id, wanted.search)
        with self._store.reading_rows() as connection:
            total = _count(connection, payments, taken) + _count(connection, source, given)
            keys = connection.execute(_newest(taken, source, given, page)).all() if page.offset < total else []
            refunded = _by_id(connection, RefundFact, tenant_id, [key.id for key in keys if key.is_refund])
            payment_ids = [refunded[key.id].payment_id if key.is_refund else key.id for key in keys]
            paid = _by_id(connection, PaymentFact, tenant_id, payment_ids)
        rows = [
            Movement(paid[payment_id], refunded[key.id] if key.is_refund else None)
            for key, payment_id in zip(keys, payment_ids, strict=True)
        ]
        return Found(rows, total)

    def _page(
        self,
        kind: type[F],
        conditions: Conditions,
        order: Sequence[ColumnElement[Any]],
        page: Page,
        source: FromClause | None = None,
    ) -> Found[F]:
        """One page of facts, from another source than their table where more than that is asked."""
        source = TABLES[kind] if source is None else source
        query = select(*_columns(kind)).select_from(source).where(*conditions)
        query = query.order_by(*order).limit(page.size).offset(page.offset)
        with self._store.reading_rows() as connection:
            total = _count(connection, source, conditions)
            rows = [kind(*row) for row in connection.execute(query)] if page.offset < total else []
        return Found(rows, total)


def _columns(kind: type[Fact]) -> list[Any]:
    return [TABLES[kind].c[name] for name in columns_of(kind)]


def _count(connection: Connection, source: FromClause, conditions: Conditions) -> int:
    return int(connection.execute(select(func.count()).select_from(source).where(*conditions)).scalar_one())


def _by_id(connection: Connection, kind: type[F], tenant_id: int, ids: Sequence[int]) -> dict[int, F]:
    """Payments or refunds by their number."""
    if not ids:
        return {}
    table = TABLES[kind]
    _, number = table.primary_key.columns
    query = select(number, *_columns(kind)).where(table.c.tenant_id == tenant_id, number.in_(sorted(set(ids))))
    return {row[0]: kind(*row[1:]) for row in connection.execute(query)}


def _newest(taken: Conditions, source_given: FromClause, given: Conditions, page: Page) -> Select[tuple[int, int]]:
    """The keys of one page of payments and refunds. Of each no more is read, in the order of its index, than could be
    on the pages up to this one."""
    both = union_all(
        *(
            select(
                select(literal(is_refund).label("is_refund"), number.label("id"), at.label("at"))
                .select_from(source)
                .where(*conditions)
                .order_by(at.desc(), number.desc())
                .limit(page.offset + page.size)
                .subquery()
            )
            for source, at, number, is_refund, conditions in (
                (payments, payments.c.created_at, payments.c.payment_id, 0, taken),
                (source_given, refunds.c.created_at, refunds.c.refund_id, 1, given),
            )
        )
    ).subquery()
    return (
        select(both.c.is_refund, both.c.id)
        .order_by(both.c.at.desc(), both.c.is_refund.desc(), both.c.id.desc())
        .limit(page.size)
        .offset(page.offset)
    )


def _begun(table: Table, tenant_id: int, wanted: MovementsWanted) -> list[ColumnElement[bool]]:
    states = {"declined": ["declined", "failed"]}.get(wanted.state, [wanted.state])
    return [
        table.c.tenant_id == tenant_id,
        *([table.c.state.in_(states)] if wanted.state else []),
        *_between(table.c.created_at, wanted.start_at, wanted.end_at),
    ]


def _has_status(status: str | None) -> ColumnElement[bool]:
    """Whether a payment is an order with this status; None: any but PENDING."""
    taken, refunded = payments.c.amount_minor, payments.c.refunded_minor
    # Whatever succeeded is settled: to say so keeps SQLite within the index.
    succeeded = and_(payments.c.settled_at.is_not(None), payments.c.state == "succeeded")
    match status:
        case None:
            return payments.c.settled_at.is_not(None)
        case "COMPLETE":
            return and_(succeeded, refunded == 0)
        case "PARTIAL_REFUND":
            return and_(succeeded, refunded > 0, refunded < taken)
        case "REFUNDED":
            return and_(succeeded, refunded > 0, refunded == taken)
        case "FAILED":
            return payments.c.state == "declined"
        case "PENDING":
            return payments.c.state == "pending"
        case _:
            return false()


def _is_in_force(*, active: bool, revoked: bool) -> ColumnElement[bool]:
    if active and revoked:
        return true()
    if active:
        return payments.c.revoked_at.is_(None)
    return payments.c.revoked_at.is_not(None) if revoked else false()


def _between(column: Any, start_at: int | None, end_at: int | None) -> list[ColumnElement[bool]]:
    least = [] if start_at is None else [column >= start_at]
    return [*least, *([] if end_at is None else [column < end_at])]


def _is_order(tenant_id: int, search: str) -> ColumnElement[bool]:
    """Whether a payment is one of an order that a search means."""
    return or_(
        payments.c.order_id.contains(search.upper(), autoescape=True),
        payments.c.uid == search.lower(),
        _of_customers(tenant_id, is_called(search)),
    )


def _is_movement(tenant_id: int, search: str) -> ColumnElement[bool]:
    folded = folded_email(search)
    sold = plans.join(products, and_(products.c.tenant_id == tenant_id, products.c.product_id == plans.c.product_id))
    named = func.lower(products.c.name).contains(folded, autoescape=True)
    of_product = select(plans.c.number).select_from(sold).where(plans.c.tenant_id == tenant_id, named)
    return or_(
        _is_order(tenant_id, search),
        payments.c.gateway_reference == search,
        payments.c.plan_number.in_(of_product),
        payments.c.detail.contains(f'"method_type":"{folded}"', autoescape=True),
    )


def _of_customers(tenant_id: int, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    numbers = select(customers.c.number).where(customers.c.tenant_id == tenant_id, condition)
    return payments.c.customer_number.in_(numbers)


def _refunds(tenant_id: int, search: str) -> FromClause:
    """Refunds; with their payments where those are searched."""
    if not search:
        return refunds
    theirs = and_(payments.c.tenant_id == tenant_id, payments.c.payment_id == refunds.c.payment_id)
    return refunds.join(payments, theirs)
