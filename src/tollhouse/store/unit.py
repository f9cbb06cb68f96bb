"""Reads and units of work of one tenant, over one connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec.structs import astuple
from psycopg import Pipeline
from sqlalchemy import (
    ARRAY,
    CTE,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.types import TypeEngine

from tollhouse.ledger.facts import (
    CustomerFact,
    DayFigureFact,
    DeliveryFact,
    ExchangeRateFact,
    Fact,
    InvoiceTransactionFact,
    KeyFact,
    LoginNameFact,
    OccurrenceFact,
    PaymentFact,
    ReceiptFact,
    RefundFact,
    ScheduleFact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
)
from tollhouse.store import corrections, deliveries
from tollhouse.store.faults import translated
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.statements import PostgresStatements, SqliteStatements, Statements, adding

F = TypeVar("F", bound=Fact)

#: Up to so many rows SQLite gets them as parameters of a statement for that count; beyond, as one JSON value.
VALUES_MAX = 64
#: More values than this for one column travel as one: a statement of a parameter each takes long to make.
MANY = 8

#: Made here, before there are threads: see shapes.py.
_ROWS: dict[type[Fact], msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(list[kind]) for kind in TABLES}  # type: ignore[valid-type]

_ADDING_TO_TOTALS = adding(TABLES[TotalFact], "")
_ADDING_TO_DAYS = adding(TABLES[DayFigureFact], "gross_", "tax_", "buy_")

_STATEMENTS: dict[bool, Statements] = {True: SqliteStatements(), False: PostgresStatements()}


def _rows(kind: type[F]) -> msgspec.json.Decoder[list[F]]:
    decoder: msgspec.json.Decoder[list[F]] = _ROWS[kind]
    return decoder


class Unit:
    """Everything the ledger may ask of a store for one tenant. Opened, committed and closed by the store."""

    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self.tenant_id = tenant_id
        self._connection = connection
        self._cursor = connection.connection.cursor()
        self._is_sqlite = connection.dialect.name == "sqlite"

    # Reads.

    def tenant(self) -> TenantFact:
        (row,) = self._execute(_tenant(self._is_sqlite), self.tenant_id).fetchall()
        return TenantFact(*row)

    def find(self, kind: type[F], /, *, lock: bool = False, order: Sequence[str] = (), **equals: Any) -> list[F]:
        how = tuple((name, _how(value)) for name, value in equals.items())
        query = _find(self._is_sqlite, kind, lock, tuple(order), how)
        many = {name: self._many(equals[name]) for name, way in how if way == "many"}
        parameters = {"tenant_id": self.tenant_id, **equals, **many}
        if many and self._is_sqlite:
            return self._unpacked(kind, query, parameters)
        return [kind(*row) for row in self._run(query, parameters)]

    def stream(self, kind: type[F], /, *, order: Sequence[str], **equals: Any) -> Iterator[F]:
        table = TABLES[kind]
        query = select(*(table.c[name] for name in columns_of(kind)))
        query = query.where(self._matches(table, equals)).order_by(*(_ordered(table, name) for name in order))
        with self._connection.execution_options(yield_per=1000).execute(query) as rows:
            for row in rows:
                yield kind(*row)

    def page(self, kind: type[F], column: str, least: int | str, count: int, /, **equals: Any) -> list[F]:
        table = TABLES[kind]
        query = select(*(table.c[name] for name in columns_of(kind)))
        query = query.where(self._matches(table, equals), table.c[column] >= least)
        return self._all(kind, query.order_by(table.c[column]).limit(count))

    def first(self, kind: type[F], count: int, /, *, order: Sequence[str], **equals: Any) -> list[F]:
        table = TABLES[kind]
        query = select(*(table.c[name] for name in columns_of(kind))).where(self._matches(table, equals))
        return self._all(kind, query.order_by(*(_ordered(table, name) for name in order)).limit(count))

    def count(self, kind: type[Fact], /, **equals: Any) -> int:
        query = select(func.count()).select_from(TABLES[kind]).where(self._matches(TABLES[kind], equals))
        return int(self._run(query).scalar_one())

    def exists(self, kind: type[Fact], /, **equals: Any) -> bool:
        query = select(literal(1)).select_from(TABLES[kind]).where(self._matches(TABLES[kind], equals)).limit(1)
        return self._run(query).first() is not None

    def customers_by_reference(self, references: Sequence[str]) -> list[CustomerFact]:
        keys = list(references)
        if self._is_sqlite:
            return self._read(CustomerFact, "customers_by_reference", self.tenant_id, _json(keys))
        return self._read(CustomerFact, "customers_by_reference", self.tenant_id, keys, self.tenant_id)

    def customers_by_email(self, emails_folded: Sequence[str]) -> list[CustomerFact]:
        keys = list(emails_folded)
        if self._is_sqlite:
            return self._read(CustomerFact, "customers_by_email", self.tenant_id, _json(keys))
        looks = (keys, self.tenant_id)
        return self._read(CustomerFact, "customers_by_email", self.tenant_id, *looks, *looks)

    def numbers_to_lock(self, references: Sequence[str], emails_folded: Sequence[str]) -> list[int]:
        if self._is_sqlite:
            return []
        looks = [(list(keys), self.tenant_id) for keys in (references, emails_folded, emails_folded)]
        found = self._execute(PostgresStatements().numbers_named(), *(value for look in looks for value in look))
        return [number for (number,) in found.fetchall()]

    def named(self, references: Sequence[str], emails_folded: Sequence[str]) -> list[CustomerFact]:
        """The customers that the two above would find and lock, not locked: for a snapshot that is only read."""
        if not self._is_sqlite:
            return self.find(CustomerFact, number=self.numbers_to_lock(references, emails_folded))
        by_reference = self.customers_by_reference(references) if references else []
        return by_reference + (self.customers_by_email(emails_folded) if emails_folded else [])

    def summaries(self, customer_numbers: Sequence[int]) -> list[SummaryFact]:
        keys = list(customer_numbers)
        return self._read(SummaryFact, "summaries", self.tenant_id, _json(keys) if self._is_sqlite else keys)

    def receipts(self, keys: Sequence[tuple[str, str]]) -> list[ReceiptFact]:
        return self._read(ReceiptFact, "receipts", *self._keyed(keys))

    def due_schedules(
        self, now: int, count: int, *, customer_number: int = 0, charge_id: int = 0
    ) -> list[ScheduleFact]:
        columns = ", ".join(f"s.{name}" for name in columns_of(ScheduleFact))
        of_one = " AND s.customer_number = :customer" if customer_number else " AND s.customer_number > 0"
        of_one += " AND s.charge_id = :charge" if charge_id else ""
        locked = "" if self._is_sqlite else " FOR UPDATE OF s, c SKIP LOCKED FOR SHARE OF h SKIP LOCKED"
        query = text(
            f"SELECT {columns} FROM schedules s"  # noqa: S608 - made of names of ours alone
            " JOIN charges h ON h.tenant_id = :tenant AND h.charge_id = s.charge_id"
            " JOIN customers c ON c.tenant_id = :tenant AND c.number = s.customer_number"
            " WHERE s.tenant_id = :tenant AND s.state = 'active' AND s.due_at <= :now"
            " AND h.plan_run_id = 0 AND h.enrolling_from IS NULL"
            f"{of_one} ORDER BY s.due_at, s.charge_id, s.customer_number LIMIT :count{locked}"
        )
        values = {"tenant": self.tenant_id, "now": now, "count": count}
        if customer_number:
            values["customer"] = customer_number
        if charge_id:
            values["charge"] = charge_id
        return [ScheduleFact(*row) for row in self._run(query, values)]

    def occurrence_counts(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
        text = _STATEMENTS[self._is_sqlite].occurrence_counts()
        rows = self._execute(text, *self._keyed(pairs)).fetchall()
        return [((charge_id, number), count) for charge_id, number, count in rows if count]

    def occurrences(self, keys: Sequence[tuple[int, int, str]]) -> list[OccurrenceFact]:
        return self._read(OccurrenceFact, "occurrences", *self._keyed(keys))

    def open_deliveries(self, endpoint_id: int, count: int, customer_number: int = 0) -> list[DeliveryFact]:
        query = deliveries.open_deliveries(self._is_sqlite, of_customer=bool(customer_number))
        of_one = {"customer": customer_number} if customer_number else {}
        return self._deliveries(query, endpoint_id, count, **of_one)

    def failed_deliveries(self, endpoint_id: int, count: int) -> list[DeliveryFact]:
        return self._deliveries(deliveries.failed_deliveries(self._is_sqlite), endpoint_id, count)

    def due_deliveries(self, endpoint_id: int, now: int, count: int) -> list[DeliveryFact]:
        return self._deliveries(deliveries.due_deliveries(self._is_sqlite), endpoint_id, count, now=now)

    def _deliveries(self, query: Executable, endpoint_id: int, count: int, **values: int) -> list[DeliveryFact]:
        which = {"tenant": self.tenant_id, "endpoint": endpoint_id, "count": count, **values}
        return [DeliveryFact(*row) for row in self._run(query, which)]

    def due_payments(self, now: int, count: int) -> list[PaymentFact]:
        return [PaymentFact(*row) for row in self._run(self._due(PaymentFact, now, count))]

    def due_refunds(self, now: int, count: int) -> list[RefundFact]:
        return [RefundFact(*row) for row in self._run(self._due(RefundFact, now, count))]

    def uninvoiced(
        self, customer_number: int, kinds: Sequence[str], start_at: int, end_at: int, count: int
    ) -> list[TransactionFact]:
        transactions, links = TABLES[TransactionFact], TABLES[InvoiceTransactionFact]
        is_invoiced = exists().where(
            links.c.tenant_id == self.tenant_id, links.c.transaction_id == transactions.c.transaction_id
        )
        query = (
            select(*(transactions.c[name] for name in columns_of(TransactionFact)))
            .where(transactions.c.tenant_id == self.tenant_id, transactions.c.customer_number == customer_number)
            .where(transactions.c.effective_at >= start_at, transactions.c.effective_at < end_at)
            .where(transactions.c.settlement == "balance", transactions.c.kind.in_(kinds), ~is_invoiced)
            .order_by(transactions.c.effective_at, transactions.c.transaction_id)
            .limit(count)
        )
        return [TransactionFact(*row) for row in self._run(query)]

    def edge_charges(
        self, customer_number: int, currency: str, without_id: int
    ) -> tuple[TransactionFact, TransactionFact] | None:
        which = {"tenant": self.tenant_id, "customer": customer_number, "currency": currency, "without": without_id}
        queries = [corrections.edge_charge(self._is_sqlite, is_last=is_last) for is_last in (False, True)]
        rows = [TransactionFact(*row) for query in queries for row in self._run(query, which)]
        return (rows[0], rows[1]) if rows else None

    def exchange_rates(self, one_currency: str, other_currency: str, now: int) -> list[ExchangeRateFact]:
        rates = TABLES[ExchangeRateFact]
        found: list[ExchangeRateFact] = []
        for pair in ((one_currency, other_currency), (other_currency, one_currency)):
            query = (
                select(*(rates.c[name] for name in columns_of(ExchangeRateFact)))
                .where(rates.c.tenant_id == self.tenant_id, rates.c.from_currency == pair[0])
                .where(rates.c.to_currency == pair[1], rates.c.effective_at <= now)
                .order_by(rates.c.effective_at.desc())
                .limit(1)
            )
            found += [ExchangeRateFact(*row) for row in self._run(query)]
        return found

    def key(self, key_hash: str) -> KeyFact | None:
        return self._anywhere(KeyFact, key_hash=key_hash)

    def login_name(self, username: str) -> LoginNameFact | None:
        return self._anywhere(LoginNameFact, username=username)

    def _anywhere(self, kind: type[F], **key: str) -> F | None:
        """A row that must be found before the tenant is known, by its primary key."""
        table = TABLES[kind]
        query = select(*(table.c[name] for name in columns_of(kind)))
        row = self._run(query.where(*(table.c[name] == value for name, value in key.items()))).first()
        return None if row is None else kind(*row)

    # Writes.

    @contextmanager
    def together(self) -> Iterator[None]:
        if self._is_sqlite or not Pipeline.is_supported():
            yield
            return
        driver: Any = self._connection.connection.driver_connection
        with translated(), driver.pipeline():
            yield

    def hold(self, kind: type[Fact], /, **equals: Any) -> None:
        table = TABLES[kind]
        if not self._is_sqlite:
            held = select(literal(1)).select_from(table).where(self._matches(table, equals))
            self._run(held.with_for_update(read=True)).close()

    def insert(self, facts: Sequence[Fact]) -> None:
        if self._is_sqlite and len(facts) <= VALUES_MAX:
            self._write(_insert_values(type(facts[0]), len(facts)), *_flat(facts))
        else:
            self._write(_insert(self._is_sqlite, type(facts[0])), _json(facts))

    def upsert(self, facts: Sequence[Fact]) -> None:
        if self._is_sqlite and len(facts) <= VALUES_MAX:
            self._write(_upsert_values(type(facts[0]), len(facts)), *_flat(facts))
        else:
            self._write(_upsert(self._is_sqlite, type(facts[0])), _json(facts))

    def change_customers(self, customers: Sequence[CustomerFact], columns: tuple[str, ...]) -> None:
        rows = [(c.number, *(getattr(c, name) for name in columns)) for c in customers]
        self._update_customers(rows, *((name, "{}") for name in columns))

    def add_to_balances(self, deltas: Sequence[tuple[int, int]]) -> None:
        self._update_customers(deltas, ("balance_minor", "t.balance_minor + {}"))

    def add_totals(self, differences: Sequence[TotalFact]) -> None:
        if self._is_sqlite and len(differences) <= VALUES_MAX:
            self._write(_add_values_to_totals(len(differences)), *_flat(differences))
        else:
            self._write(_add_totals(self._is_sqlite), _json(differences))

    def add_day_figures(self, differences: Sequence[DayFigureFact], timezone: str) -> None:
        if not self._is_sqlite:
            self._write(_add_day_figures(self._is_sqlite), self.tenant_id, timezone, _json(differences))
        elif len(differences) <= VALUES_MAX:
            self._write(_add_values_to_day_figures(len(differences)), *_flat(differences))
        else:
            self._write(_add_day_figures(self._is_sqlite), _json(differences))

    def hold_day_figures(self) -> None:
        if not self._is_sqlite:
            self._run(text(f"LOCK TABLE {TABLES[DayFigureFact].name} IN SHARE ROW EXCLUSIVE MODE"))

    def change(self, kind: type[Fact], key: dict[str, Any], **values: Any) -> int:
        table = TABLES[kind]
        return self._run(update(table).where(self._matches(table, key)).values(**values)).rowcount

    def remove(self, kind: type[Fact], /, **equals: Any) -> int:
        table = TABLES[kind]
        return self._run(delete(table).where(self._matches(table, equals))).rowcount

    def longest_path(self, number: int) -> int:
        customers = TABLES[CustomerFact]
        longest = select(func.max(func.length(customers.c.path))).where(self._is_below(number))
        return int(self._run(longest).scalar_one())

    def move_customer(self, number: int, path: str) -> None:
        customers = TABLES[CustomerFact]
        old_path = select(customers.c.path).where(self._matches(customers, {"number": number}))
        behind = func.substr(customers.c.path, len(self._run(old_path).scalar_one()) + 1)
        self._run(update(customers).where(self._is_below(number)).values(path=literal(path) + behind))

    # How.

    def _due(self, kind: type[PaymentFact | RefundFact], now: int, count: int) -> Select[Any]:
        table = TABLES[kind]
        return (
            select(*(table.c[name] for name in columns_of(kind)))
            .where(table.c.tenant_id == self.tenant_id, table.c.state == "pending", table.c.look_up_at <= now)
            .order_by(table.c.look_up_at)
            .limit(count)
            .with_for_update(skip_locked=True)
        )

    def _is_below(self, number: int) -> ColumnElement[bool]:
        """Whether a customer is the one with this number or below it, however deep, deleted or not."""
        customers = TABLES[CustomerFact]
        below = customers_below(self.tenant_id, number)
        return (customers.c.tenant_id == self.tenant_id) & customers.c.number.in_(select(below.c.number))

    def _matches(self, table: Table, equals: dict[str, Any]) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = []
        if "tenant_id" in table.c:
            conditions.append(table.c.tenant_id == self.tenant_id)
        for name, value in equals.items():
            column, way = table.c[name], _how(value)
            if way == "many":
                conditions.append(_among(self._is_sqlite, column, self._many(value)))
            else:
                conditions.append(column.in_(value) if way == "any" else column == value)
        return and_(*conditions)

    def _many(self, values: Sequence[Any]) -> Any:
        """Many values as one: a JSON array on SQLite, an array on PostgreSQL."""
        return _json(values) if self._is_sqlite else list(values)

    def _keyed(self, keys: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """The parameters of a statement that looks up keys of several columns."""
        return (self.tenant_id, _json(keys)) if self._is_sqlite else (_json(keys), self.tenant_id)

    def _read(self, kind: type[F], statement: str, *parameters: Any) -> list[F]:
        text = _select(self._is_sqlite, statement, kind)
        if not self._is_sqlite:
            return [kind(*row) for row in self._execute(text, *parameters).fetchall()]
        ((packed,),) = self._execute(text, *parameters).fetchall()
        return _rows(kind).decode(packed)

    def _all(self, kind: type[F], query: Select[Any]) -> list[F]:
        """The rows of a query for all columns of a kind, which may be many."""
        if self._is_sqlite:
            return self._unpacked(kind, _packed(query))
        return [kind(*row) for row in self._run(query)]

    def _unpacked(self, kind: type[F], packed: Select[Any], parameters: dict[str, Any] | None = None) -> list[F]:
        return _rows(kind).decode(self._run(packed, parameters).scalar_one())

    def _update_customers(self, rows: Sequence[tuple[Any, ...]], *sets: tuple[str, str]) -> None:
        keys = [] if self._is_sqlite else [[row[0] for row in rows]]
        self._write(_update(self._is_sqlite, *sets), _json(rows), self.tenant_id, *keys)

    def _write(self, statement: str, *parameters: Any) -> None:
        self._execute(statement, *parameters)

    def _execute(self, statement: str, *parameters: Any) -> DBAPICursor:
        """A statement of the hot path, straight to the driver: the same connection, a third of the time."""
        with translated():
            self._cursor.execute(statement, parameters)
        return self._cursor

    def _run(self, statement: Executable, parameters: dict[str, Any] | None = None) -> CursorResult[*tuple[Any, ...]]:
        """Any other statement. What goes wrong is told here: a conflict is no fault of the command that met it."""
        with translated():
            return self._connection.execute(statement, parameters)


def customers_below(tenant_id: int, number: int) -> CTE:
    """The numbers of a customer and of all below it, level by level through the index of parents."""
    customers = TABLES[CustomerFact]
    top = select(customers.c.number).where(customers.c.tenant_id == tenant_id, customers.c.number == number)
    below = top.cte("below", recursive=True)
    children = select(customers.c.number).where(
        customers.c.tenant_id == tenant_id, customers.c.parent_number == below.c.number
    )
    return below.union(children)


def _ordered(table: Table, name: str) -> ColumnElement[Any]:
    return table.c[name[1:]].desc() if name.startswith("-") else table.c[name]


def _how(value: Any) -> str:
    """How a column is compared with a value: a query is made once for each way of asking."""
    if isinstance(value, list | tuple):
        return "many" if len(value) > MANY else "any"
    return "null" if value is None else "equal"


@cache
def _find(
    is_sqlite: bool, kind: type[Fact], lock: bool, order: tuple[str, ...], how: tuple[tuple[str, str], ...]
) -> Select[Any]:
    table = TABLES[kind]
    query = select(*(table.c[name] for name in columns_of(kind)))
    if "tenant_id" in table.c:
        query = query.where(table.c.tenant_id == bindparam("tenant_id"))
    query = query.where(*(_compared(is_sqlite, table.c[name], way) for name, way in how))
    query = query.order_by(*(_ordered(table, name) for name in order))
    if is_sqlite and any(way == "many" for _, way in how):
        return _packed(query)
    return query.with_for_update() if lock else query


def _packed(query: Select[Any]) -> Select[Any]:
    """On SQLite, one row that holds all rows as a JSON array of arrays: see `SqliteStatements`."""
    rows = query.subquery()
    return select(func.json_group_array(func.json_array(*rows.c)))


def _compared(is_sqlite: bool, column: Column[Any], how: str) -> ColumnElement[bool]:
    if how == "null":
        return column.is_(None)
    if how == "many":
        return _among(is_sqlite, column)
    return column.in_(bindparam(column.name, expanding=True)) if how == "any" else column == bindparam(column.name)


def _among(is_sqlite: bool, column: Column[Any], many: Any = None) -> ColumnElement[bool]:
    """Whether a column is one of many values (see `Unit._many`), given here or with the parameters under its name."""
    kind: TypeEngine[Any] = Text() if is_sqlite else ARRAY(column.type)
    given = bindparam(column.name, type_=kind) if many is None else literal(many, kind)
    if is_sqlite:
        values = func.json_each(given).table_valued("value")
        return column.in_(select(values.c.value))
    return column == any_(given)


def _flat(facts: Sequence[Fact]) -> list[Any]:
    return [value for fact in facts for value in astuple(fact)]


def _json(rows: Any) -> str:
    return msgspec.json.encode(rows).decode()


@cache
def _tenant(is_sqlite: bool) -> str:
    return _STATEMENTS[is_sqlite].tenant(columns_of(TenantFact))


@cache
def _insert(is_sqlite: bool, kind: type[Fact]) -> str:
    return _STATEMENTS[is_sqlite].insert(TABLES[kind], columns_of(kind))


@cache
def _insert_values(kind: type[Fact], count: int) -> str:
    return SqliteStatements().insert_values(TABLES[kind], columns_of(kind), count)


@cache
def _upsert_values(kind: type[Fact], count: int) -> str:
    return SqliteStatements().upsert_values(TABLES[kind], columns_of(kind), count)


@cache
def _upsert(is_sqlite: bool, kind: type[Fact]) -> str:
    return _STATEMENTS[is_sqlite].upsert(TABLES[kind], columns_of(kind))


@cache
def _add_totals(is_sqlite: bool) -> str:
    return _STATEMENTS[is_sqlite].insert(TABLES[TotalFact], columns_of(TotalFact)) + _ADDING_TO_TOTALS


@cache
def _add_values_to_totals(count: int) -> str:
    return SqliteStatements().insert_values(TABLES[TotalFact], columns_of(TotalFact), count) + _ADDING_TO_TOTALS


@cache
def _add_day_figures(is_sqlite: bool) -> str:
    table, columns = TABLES[DayFigureFact], columns_of(DayFigureFact)
    if is_sqlite:
        return SqliteStatements().insert(table, columns) + _ADDING_TO_DAYS
    return PostgresStatements().insert_days(table, columns) + _ADDING_TO_DAYS


@cache
def _add_values_to_day_figures(count: int) -> str:
    table, columns = TABLES[DayFigureFact], columns_of(DayFigureFact)
    return SqliteStatements().insert_values(table, columns, count) + _ADDING_TO_DAYS


@cache
def _update(is_sqlite: bool, *sets: tuple[str, str]) -> str:
    return _STATEMENTS[is_sqlite].update(TABLES[CustomerFact], "number", dict(sets))


@cache
def _select(is_sqlite: bool, name: str, kind: type[Fact]) -> str:
    text: str = getattr(_STATEMENTS[is_sqlite], name)(columns_of(kind))
    return text
