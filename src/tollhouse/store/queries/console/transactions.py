"""Transactions and payments as lists for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select

from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, PaymentFact, RefundFact, TransactionFact
from tollhouse.ledger.queries.transaction_lists import (
    CHARGED,
    PART_REFUNDED,
    REFUNDED,
    ROWS,
    VOID,
    Found,
    PaymentRow,
    Place,
    RefundRow,
    TransactionRow,
    TransactionsWanted,
    sees_all,
)
from tollhouse.store.corrections import refunded, refunded_by_gateways
from tollhouse.store.queries.console.walks import Walk, is_reached, looked_up
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import charges, corrections, customers, payments, refunds, transactions
from tollhouse.store.store import SqlStore

#: A branch of so many customers at most is read customer by customer, however seldom these are among all others.
BRANCH_MAX: Final = 50

_TRANSACTION = [transactions.c[name] for name in columns_of(TransactionFact)]
_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_PAYMENT = [payments.c[name] for name in columns_of(PaymentFact)]
_REFUND = [refunds.c[name] for name in columns_of(RefundFact)]

_BY_TIME = Walk(transactions.c.effective_at, transactions.c.transaction_id)
_BEGUN = Walk(payments.c.created_at, payments.c.payment_id)
_ASKED_NEXT = Walk(payments.c.look_up_at, payments.c.payment_id, is_rising=True)

Conditions = list[ColumnElement[bool]]


class SqlTransactionLists:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def transactions(self, tenant_id: int, wanted: TransactionsWanted) -> Found[TransactionRow]:
        with self._store.reading_rows() as connection:
            numbers = _numbers(connection, tenant_id, wanted)
            span = [transactions.c.tenant_id == tenant_id, *_span(wanted)]
            end = _end(connection, wanted, span, numbers)
            query = select(*_TRANSACTION).where(*span, *_wanted(tenant_id, wanted))
            if numbers is not None:
                query = query.where(_of_customers(numbers))
            elif not sees_all(wanted.caller):
                query = query.where(_is_seen(tenant_id, wanted.caller, transactions.c.customer_number))
            if end is not None:
                query = query.where(_BY_TIME.up_to(end))
            query = query.order_by(*_BY_TIME.order()).limit(ROWS + 1)
            facts = [TransactionFact(*row) for row in map(tuple, connection.execute(query))]
            rows = _rows(connection, tenant_id, facts[: ROWS + 1])
        return _BY_TIME.found(rows, [Place(fact.effective_at, fact.transaction_id) for fact in facts], end)

    def payments(self, tenant_id: int, caller: Caller, state: str, before: Place | None) -> Found[PaymentRow]:
        walk = _ASKED_NEXT if state == "pending" else _BEGUN
        span = [payments.c.tenant_id == tenant_id, *([walk.behind(before)] if before else [])]
        # As it stands: a plan for any value could not use the index of those that are pending.
        wanted = [payments.c.state == literal_column(f"'{state}'")] if state in _STATES else []
        with self._store.reading_rows() as connection:
            end = walk.end_of_look(connection, [*span, *(wanted if walk is _ASKED_NEXT else [])])
            query = select(*_PAYMENT).where(*span, *wanted, *([walk.up_to(end)] if end else []))
            if not sees_all(caller):
                query = query.where(_is_seen(tenant_id, caller, payments.c.customer_number))
            query = query.order_by(*walk.order()).limit(ROWS + 1)
            facts = [PaymentFact(*row) for row in map(tuple, connection.execute(query))]
            owners = _customers(connection, tenant_id, [fact.customer_number for fact in facts])
        rows = [PaymentRow(fact, owners[fact.customer_number]) for fact in facts]
        at = str(walk.at.name)
        return walk.found(rows, [Place(getattr(fact, at), fact.payment_id) for fact in facts], end)

    def open_refunds(self, tenant_id: int, caller: Caller) -> list[RefundRow]:
        query = select(*_REFUND).where(refunds.c.tenant_id == tenant_id, refunds.c.state == literal_column("'pending'"))
        if not sees_all(caller):
            query = query.where(_is_seen(tenant_id, caller, refunds.c.customer_number))
        with self._store.reading_rows() as connection:
            found = connection.execute(query.order_by(refunds.c.look_up_at, refunds.c.refund_id).limit(ROWS))
            facts = [RefundFact(*row) for row in map(tuple, found)]
            owners = _customers(connection, tenant_id, [fact.customer_number for fact in facts])
            theirs = _payments(connection, tenant_id, [fact.payment_id for fact in facts])
        return [RefundRow(fact, theirs[fact.payment_id], owners[fact.customer_number]) for fact in facts]


_STATES: Final = ("pending", "succeeded", "declined")


# Whose transactions are looked at, and how far.


def _numbers(connection: Connection, tenant_id: int, wanted: TransactionsWanted) -> list[int] | None:
    """The customers whose transactions are read one by one; None where all of the tenant's are walked through."""
    caller = wanted.caller
    if wanted.customer_number:
        return [wanted.customer_number]
    if not caller.may_reach_below:
        return [caller.customer_number]
    return None if sees_all(caller) else _branch(connection, tenant_id, caller.customer_number)


def _branch(connection: Connection, tenant_id: int, number: int) -> list[int] | None:
    """A customer and all below it, level by level; None where they are more than BRANCH_MAX."""
    found, level = [number], [number]
    while level:
        children = select(customers.c.number).where(
            customers.c.tenant_id == tenant_id, customers.c.parent_number.in_(level)
        )
        level = [int(child) for (child,) in connection.execute(children.limit(BRANCH_MAX + 1))]
        found += level
        if len(found) > BRANCH_MAX:
            return None
    return found


def _span(wanted: TransactionsWanted) -> Conditions:
    """The stretch of time, and where in it the page begins, as bounds that an index serves."""
    begins = [] if wanted.before is None else [wanted.before]
    if wanted.end_at is not None:
        begins.append(Place(wanted.end_at, 0))
    ends = [] if wanted.start_at is None else [_BY_TIME.up_to(Place(wanted.start_at, 0))]
    return [*([_BY_TIME.behind(min(begins))] if begins else []), *ends]


def _end(
    connection: Connection, wanted: TransactionsWanted, span: Conditions, numbers: list[int] | None
) -> Place | None:
    """Where the look of this page ends: that of whichever customer's rows are used up first."""
    if numbers is None:
        is_all_shown = sees_all(wanted.caller) and not wanted.is_filtered
        return None if is_all_shown else _BY_TIME.end_of_look(connection, span, wanted.looked_at)
    if len(numbers) == 1 and not wanted.is_filtered and wanted.caller.customer_number == ROOT_NUMBER:
        return None
    each = max(wanted.looked_at // len(numbers), 1)
    looks = [
        _BY_TIME.end_of_look(connection, [*span, transactions.c.customer_number == number], each) for number in numbers
    ]
    return max((look for look in looks if look is not None), default=None)


def _of_customers(numbers: Sequence[int]) -> ColumnElement[bool]:
    column = transactions.c.customer_number
    return column == numbers[0] if len(numbers) == 1 else column.in_(numbers)


def _is_seen(tenant_id: int, caller: Caller, number: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a row is of a customer in the caller's branch."""
    of_customer = and_(customers.c.tenant_id == tenant_id, customers.c.number == number)
    return is_reached(caller, looked_up(customers.c.path, of_customer))


# What no index serves.


def _wanted(tenant_id: int, wanted: TransactionsWanted) -> Conditions:
    columns = transactions.c
    equal = {"kind": wanted.kind, "origin": wanted.origin, "currency": wanted.currency}
    conditions: Conditions = [columns[name] == value for name, value in equal.items() if value]
    if wanted.caller.customer_number != ROOT_NUMBER:
        # An adjustment is not shown to the customer itself.
        own = columns.customer_number == wanted.caller.customer_number
        conditions.append(or_(~own, columns.kind != "adjustment"))
    if wanted.charge_id:
        conditions.append(columns.charge_id == wanted.charge_id)
    if wanted.least_minor is not None or wanted.most_minor is not None:
        least = 0 if wanted.least_minor is None else wanted.least_minor
        most = AMOUNT_MINOR_MAX if wanted.most_minor is None else wanted.most_minor
        conditions.append(func.abs(columns.gross_minor).between(least, most))
    if wanted.plan_number:
        conditions.append(_is_of_plan(tenant_id, wanted.plan_number))
    if wanted.state:
        conditions.append(_is_in_state(tenant_id, wanted.state))
    return conditions


def _is_of_plan(tenant_id: int, plan_number: int) -> ColumnElement[bool]:
    of_charge = and_(charges.c.tenant_id == tenant_id, charges.c.charge_id == transactions.c.charge_id)
    of_payment = and_(payments.c.tenant_id == tenant_id, payments.c.payment_id == transactions.c.payment_id)
    return or_(
        looked_up(charges.c.plan_number, of_charge) == plan_number,
        looked_up(payments.c.plan_number, of_payment) == plan_number,
    )


def _is_in_state(tenant_id: int, state: str) -> ColumnElement[bool]:
    """Whether a transaction is a charge of which this has become."""
    is_charge, gross = transactions.c.kind == "charge", transactions.c.gross_minor
    of_charge = and_(
        corrections.c.tenant_id == tenant_id,
        corrections.c.corrected_id == transactions.c.transaction_id,
        corrections.c.kind == "void",
    )
    void = looked_up(corrections.c.kind, of_charge).is_not(None)
    given_back = _given_back(tenant_id)
    states = {
        CHARGED: and_(~void, given_back == 0),
        PART_REFUNDED: and_(given_back > 0, given_back < gross),
        REFUNDED: and_(given_back > 0, given_back >= gross),
        VOID: void,
    }
    return and_(is_charge, states[state])


def _given_back(tenant_id: int) -> ColumnElement[int]:
    """What was paid back of a charge, by its gateway or elsewhere."""
    corrected = transactions.alias("corrected")
    elsewhere = (
        select(-func.sum(corrected.c.gross_minor))
        .where(
            corrections.c.tenant_id == tenant_id,
            corrections.c.corrected_id == transactions.c.transaction_id,
            corrections.c.kind == "refund",
            corrected.c.tenant_id == tenant_id,
            corrected.c.transaction_id == corrections.c.transaction_id,
        )
        .correlate(transactions)
        .scalar_subquery()
    )
    by_gateway = (
        select(payments.c.refunded_minor)
        .where(payments.c.tenant_id == tenant_id, payments.c.payment_id == transactions.c.payment_id)
        .scalar_subquery()
    )
    return func.coalesce(elsewhere, 0) + func.coalesce(by_gateway, 0)


# What is shown of each.


def _rows(connection: Connection, tenant_id: int, facts: Sequence[TransactionFact]) -> list[TransactionRow]:
    """Each transaction with its customer and what was given back of it; one look a kind for all of them."""
    owners = _customers(connection, tenant_id, [fact.customer_number for fact in facts])
    ids = [fact.transaction_id for fact in facts if fact.kind == "charge" and fact.payment_id is None]
    paid = [fact.payment_id for fact in facts if fact.kind == "charge" and fact.payment_id is not None]
    elsewhere = _pairs(connection, refunded(tenant_id, ids)) if ids else {}
    by_gateway = _pairs(connection, refunded_by_gateways(tenant_id, paid)) if paid else {}
    void = _void(connection, tenant_id, ids) if ids else set()
    return [
        TransactionRow(
            fact,
            owners[fact.customer_number],
            elsewhere.get(fact.transaction_id, 0)
            + (0 if fact.payment_id is None else by_gateway.get(fact.payment_id, 0)),
            fact.transaction_id in void,
        )
        for fact in facts
    ]


def _pairs(connection: Connection, query: Any) -> dict[int, int]:
    return {int(number): int(amount) for number, amount in connection.execute(query)}


def _void(connection: Connection, tenant_id: int, ids: Sequence[int]) -> set[int]:
    query = select(corrections.c.corrected_id).where(
        corrections.c.tenant_id == tenant_id, corrections.c.corrected_id.in_(ids), corrections.c.kind == "void"
    )
    return {int(number) for (number,) in connection.execute(query)}


def _customers(connection: Connection, tenant_id: int, numbers: Sequence[int]) -> dict[int, CustomerFact]:
    wanted = customers.c.number.in_(sorted(set(numbers)))
    found = connection.execute(select(*_CUSTOMER).where(customers.c.tenant_id == tenant_id, wanted))
    return {fact.number: fact for fact in (CustomerFact(*row) for row in map(tuple, found))}


def _payments(connection: Connection, tenant_id: int, ids: Sequence[int]) -> dict[int, PaymentFact]:
    wanted = payments.c.payment_id.in_(sorted(set(ids)))
    found = connection.execute(select(*_PAYMENT).where(payments.c.tenant_id == tenant_id, wanted))
    return {fact.payment_id: fact for fact in (PaymentFact(*row) for row in map(tuple, found))}
