"""The ledger's queries about checkout sessions, as statements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, Row, and_, case, func, literal, or_, select

from tollhouse.ledger.facts import (
    CheckoutSessionFact,
    CustomerFact,
    CustomerProfileFact,
    Fact,
    PaymentFact,
    PlanFact,
    ProductFact,
)
from tollhouse.ledger.queries import Found, ListedSession, Page, SessionsWanted
from tollhouse.store.queries.registered import is_called
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.schema import checkout_sessions, customer_profiles, customers, payments, plans, products
from tollhouse.store.store import SqlStore

F = TypeVar("F", bound=Fact)

_KINDS: tuple[type[Fact], ...] = (
    CheckoutSessionFact,
    CustomerFact,
    PlanFact,
    CustomerProfileFact,
    ProductFact,
    PaymentFact,
)
_COLUMNS = [TABLES[kind].c[name] for kind in _KINDS for name in columns_of(kind)]


class SqlCheckoutQueries:
    def __init__(self, store: SqlStore, attempts_max: int) -> None:
        """`attempts_max` is after how many attempts a session is expired."""
        self._store = store
        self._attempts_max = attempts_max

    def sessions(self, tenant_id: int, wanted: SessionsWanted, now: int, page: Page) -> Found[ListedSession]:
        conditions = [checkout_sessions.c.tenant_id == tenant_id, *self._conditions(wanted, now)]
        rows = _rows(tenant_id)
        query = (
            select(*_COLUMNS)
            .select_from(rows)
            .where(*conditions)
            .order_by(checkout_sessions.c.created_at.desc(), checkout_sessions.c.session_id.desc())
            .limit(page.size)
            .offset(page.offset)
        )
        with self._store.reading_rows() as connection:
            total = connection.execute(select(func.count()).select_from(rows).where(*conditions)).scalar_one()
            found = connection.execute(query).all() if page.offset < total else []
        return Found([_session(row) for row in found], total)

    def _conditions(self, wanted: SessionsWanted, now: int) -> Iterator[ColumnElement[bool]]:
        sessions = checkout_sessions.c
        if wanted.uid:
            yield sessions.uid == wanted.uid
        if wanted.start_at is not None:
            yield sessions.created_at >= wanted.start_at
        if wanted.end_at is not None:
            yield sessions.created_at < wanted.end_at
        if wanted.state:
            is_over = or_(sessions.expires_at <= now, sessions.attempts >= self._attempts_max)
            state = case((and_(sessions.state == "open", is_over), literal("expired")), else_=sessions.state)
            yield state == wanted.state
        if wanted.search:
            yield or_(
                sessions.uid.contains(wanted.search.lower(), autoescape=True),
                func.lower(products.c.name).contains(wanted.search.lower(), autoescape=True),
                is_called(wanted.search),
            )


def _rows(tenant_id: int) -> FromClause:
    def theirs(table: FromClause, column: ColumnElement[Any], named: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(table.c.tenant_id == tenant_id, column == named)

    sessions = checkout_sessions.c
    rows = checkout_sessions.join(customers, theirs(customers, customers.c.number, sessions.customer_number))
    rows = rows.join(plans, theirs(plans, plans.c.number, sessions.plan_number))
    number = customer_profiles.c.customer_number
    rows = rows.outerjoin(customer_profiles, theirs(customer_profiles, number, sessions.customer_number))
    rows = rows.outerjoin(products, theirs(products, products.c.product_id, plans.c.product_id))
    return rows.outerjoin(payments, theirs(payments, payments.c.payment_id, sessions.payment_id))


def _session(row: Row[Any]) -> ListedSession:
    values = iter(row)
    session = CheckoutSessionFact(*islice(values, len(columns_of(CheckoutSessionFact))))
    customer = CustomerFact(*islice(values, len(columns_of(CustomerFact))))
    plan = PlanFact(*islice(values, len(columns_of(PlanFact))))
    profile, product = _maybe(CustomerProfileFact, values), _maybe(ProductFact, values)
    return ListedSession(session, customer, profile, plan, product, _maybe(PaymentFact, values))


def _maybe(kind: type[F], values: Iterator[Any]) -> F | None:
    """The next fact of a row; None where an outer join found none."""
    columns = list(islice(values, len(columns_of(kind))))
    return None if columns[0] is None else kind(*columns)
