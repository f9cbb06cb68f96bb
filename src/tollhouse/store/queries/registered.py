"""The ledger's queries about those who buy, as statements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, Row, and_, func, or_, select

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.facts import (
    CustomerFact,
    CustomerProfileFact,
    Fact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
)
from tollhouse.ledger.queries import Found, ListedMethod, MethodsWanted, Page, RegisteredWanted
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import customer_profiles, customers, payment_method_details, payment_methods
from tollhouse.store.store import SqlStore

_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_PROFILE = [customer_profiles.c[name] for name in columns_of(CustomerProfileFact)]
_METHOD = [payment_methods.c[name] for name in columns_of(PaymentMethodFact)]
_METHOD_DETAILS = [payment_method_details.c[name] for name in columns_of(PaymentMethodDetailsFact)]

F = TypeVar("F", bound=Fact)


class SqlRegisteredQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def customers(
        self, tenant_id: int, wanted: RegisteredWanted, page: Page
    ) -> Found[tuple[CustomerFact, CustomerProfileFact | None]]:
        conditions = [is_registered(tenant_id)]
        if wanted.reference:
            conditions.append(customers.c.reference == wanted.reference)
        if wanted.search:
            conditions.append(is_called(wanted.search))
        query = (
            select(*_CUSTOMER, *_PROFILE)
            .select_from(_with_profiles(tenant_id))
            .where(*conditions)
            .order_by(customers.c.created_at.desc(), customers.c.number.desc())
            .limit(page.size)
            .offset(page.offset)
        )
        with self._store.reading_rows() as connection:
            total = connection.execute(select(func.count()).select_from(customers).where(*conditions)).scalar_one()
            rows = connection.execute(query).all() if page.offset < total else []
        return Found([_customer(row) for row in rows], total)

    def payment_methods(self, tenant_id: int, wanted: MethodsWanted, page: Page) -> Found[ListedMethod]:
        theirs = and_(customers.c.tenant_id == tenant_id, customers.c.number == payment_methods.c.customer_number)
        shown = and_(
            payment_method_details.c.tenant_id == tenant_id,
            payment_method_details.c.payment_method_id == payment_methods.c.payment_method_id,
        )
        conditions = [
            payment_methods.c.tenant_id == tenant_id,
            payment_methods.c.state == "succeeded",
            is_registered(tenant_id),
        ]
        if wanted.reference:
            conditions.append(customers.c.reference == wanted.reference)
        if wanted.email:
            conditions.append(customers.c.email_folded == folded_email(wanted.email))
        rows = payment_methods.join(customers, theirs)
        query = (
            select(*_METHOD, *_METHOD_DETAILS, *_CUSTOMER, *_PROFILE)
            .select_from(
                rows.outerjoin(payment_method_details, shown).outerjoin(customer_profiles, _profile(tenant_id))
            )
            .where(*conditions)
            .order_by(payment_methods.c.created_at.desc(), payment_methods.c.payment_method_id.desc())
            .limit(page.size)
            .offset(page.offset)
        )
        with self._store.reading_rows() as connection:
            count = select(func.count()).select_from(rows).where(*conditions)
            total = connection.execute(count).scalar_one()
            found = connection.execute(query).all() if page.offset < total else []
        return Found([_method(row) for row in found], total)


def is_registered(tenant_id: int) -> ColumnElement[bool]:
    """Live customers that have a reference."""
    return and_(
        customers.c.tenant_id == tenant_id, customers.c.reference.is_not(None), customers.c.deleted_at.is_(None)
    )


def is_called(text: str) -> ColumnElement[bool]:
    """Whether name, e-mail or reference has the text in it, also as it was sent: a store may know the case of ASCII
    alone."""
    folded = folded_email(text)
    named = (customers.c.name, customers.c.reference)
    return or_(
        customers.c.email_folded.contains(folded, autoescape=True),
        *(func.lower(column).contains(folded, autoescape=True) for column in named),
        *(column.contains(text, autoescape=True) for column in named),
    )


def _with_profiles(tenant_id: int) -> FromClause:
    return customers.outerjoin(customer_profiles, _profile(tenant_id))


def _profile(tenant_id: int) -> ColumnElement[bool]:
    return and_(customer_profiles.c.tenant_id == tenant_id, customer_profiles.c.customer_number == customers.c.number)


def _customer(row: Row[Any]) -> tuple[CustomerFact, CustomerProfileFact | None]:
    values = iter(row)
    return CustomerFact(*islice(values, len(_CUSTOMER))), _maybe(CustomerProfileFact, values)


def _method(row: Row[Any]) -> ListedMethod:
    values = iter(row)
    method = PaymentMethodFact(*islice(values, len(_METHOD)))
    details = _maybe(PaymentMethodDetailsFact, values)
    return ListedMethod(
        method, details, CustomerFact(*islice(values, len(_CUSTOMER))), _maybe(CustomerProfileFact, values)
    )


def _maybe(kind: type[F], values: Iterator[Any]) -> F | None:
    """The next fact of a row; None where an outer join found none."""
    columns = list(islice(values, len(columns_of(kind))))
    return None if columns[0] is None else kind(*columns)
