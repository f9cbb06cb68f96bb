"""The statements of the hot path, as text, in each engine's own words: one statement a table, whatever the batch.

Rows travel as one JSON value. On SQLite that also matters for speed: the driver gives up the interpreter's lock at
every row it steps over, and beside a busy thread each of them waits to get it back; so a batch is one step in and one
row out.

Parameters: `insert` and `upsert` take the rows; `update` the rows and the tenant, on PostgreSQL also the keys, so that
it looks them up whatever the planner believes of the table's size; each select the tenant and its keys (on PostgreSQL
more of both, in the order of the text).
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Table

LIVE = "t.deleted_at IS NULL"


def adding(table: Table, *prefixes: str) -> str:
    """Behind an insert of parts of figures: a count, and amounts whose halves have these prefixes.

    What does not fit into the low half goes over to the high one, so that neither grows full. Either engine cuts the
    quotient towards zero.
    """
    key = ", ".join(column.name for column in table.primary_key.columns)
    sets = [f"item_count = {table.name}.item_count + excluded.item_count"]
    for prefix in prefixes:
        high, low = f"{prefix}high", f"{prefix}low"
        both = f"({table.name}.{low} + excluded.{low})"
        sets.append(f"{high} = {table.name}.{high} + excluded.{high} + {both} / 4294967296")
        sets.append(f"{low} = {both} - {both} / 4294967296 * 4294967296")
    return f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(sets)}"


class Statements(Protocol):
    def tenant(self, columns: tuple[str, ...]) -> str: ...

    def insert(self, table: Table, columns: tuple[str, ...]) -> str: ...

    def upsert(self, table: Table, columns: tuple[str, ...]) -> str: ...

    def update(self, table: Table, key: str, sets: dict[str, str]) -> str:
        """Rows are the key and then a value for each of `sets`, which says how `{}` becomes the column's value."""
        ...

    def customers_by_reference(self, columns: tuple[str, ...]) -> str: ...

    def customers_by_email(self, columns: tuple[str, ...]) -> str: ...

    def summaries(self, columns: tuple[str, ...]) -> str: ...

    def receipts(self, columns: tuple[str, ...]) -> str: ...

    def occurrences(self, columns: tuple[str, ...]) -> str: ...

    def occurrence_counts(self) -> str:
        """For each pair of charge and customer, perhaps 0."""
        ...


def _listed(columns: tuple[str, ...], prefix: str = "") -> str:
    return ", ".join(prefix + column for column in columns)


def _overwriting(table: Table, columns: tuple[str, ...]) -> str:
    key = [column.name for column in table.primary_key.columns]
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return f" ON CONFLICT ({', '.join(key)}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")


class SqliteStatements:
    def tenant(self, columns: tuple[str, ...]) -> str:
        return f"SELECT {_listed(columns)} FROM tenants WHERE tenant_id = ?1"

    def insert_values(self, table: Table, columns: tuple[str, ...], count: int) -> str:
        """Like `insert`, for a known count of rows given as parameters one after another: half the work for SQLite."""
        row = f"({', '.join('?' * len(columns))})"
        return f"INSERT INTO {table.name} ({_listed(columns)}) VALUES {', '.join([row] * count)}"

    def upsert_values(self, table: Table, columns: tuple[str, ...], count: int) -> str:
        return self.insert_values(table, columns, count) + _overwriting(table, columns)

    def insert(self, table: Table, columns: tuple[str, ...]) -> str:
        values = ", ".join(f"json_extract(j.value, '$[{i}]')" for i in range(len(columns)))
        return f"INSERT INTO {table.name} ({_listed(columns)}) SELECT {values} FROM json_each(?1) j WHERE true"

    def upsert(self, table: Table, columns: tuple[str, ...]) -> str:
        return self.insert(table, columns) + _overwriting(table, columns)

    def update(self, table: Table, key: str, sets: dict[str, str]) -> str:
        assigned = ", ".join(
            f"{column} = " + form.format(f"json_extract(j.value, '$[{i}]')")
            for i, (column, form) in enumerate(sets.items(), start=1)
        )
        # The tenant depends on the row (by nothing), else the planner walks the whole tenant and looks each row up.
        return (
            f"UPDATE {table.name} AS t SET {assigned} FROM json_each(?1) j"
            f" WHERE t.tenant_id = iif(j.value IS NULL, 0, ?2) AND t.{key} = json_extract(j.value, '$[0]')"
        )

    def customers_by_reference(self, columns: tuple[str, ...]) -> str:
        return self._packed(columns, "json_each(?2) k CROSS JOIN customers t", f"t.reference = k.value AND {LIVE}")

    def customers_by_email(self, columns: tuple[str, ...]) -> str:
        earliest = (
            "t.number = (SELECT e.number FROM customers e WHERE e.tenant_id = ?1 AND e.email_folded = k.value"
            " AND e.deleted_at IS NULL ORDER BY e.created_at, e.number LIMIT 1)"
        )
        guest = (
            "t.number = (SELECT e.number FROM customers e WHERE e.tenant_id = ?1 AND e.email_folded = k.value"
            " AND e.is_guest = 1 AND e.reference IS NULL AND e.deleted_at IS NULL)"
        )
        return self._packed(columns, "json_each(?2) k CROSS JOIN customers t", f"({earliest} OR {guest})")

    def summaries(self, columns: tuple[str, ...]) -> str:
        return self._packed(columns, "json_each(?2) k CROSS JOIN charge_summaries t", "t.customer_number = k.value")

    def receipts(self, columns: tuple[str, ...]) -> str:
        return self._packed(
            columns,
            "json_each(?2) k CROSS JOIN receipts t",
            "t.scope = json_extract(k.value, '$[0]') AND t.key_hash = json_extract(k.value, '$[1]')",
        )

    def occurrences(self, columns: tuple[str, ...]) -> str:
        return self._packed(
            columns,
            "json_each(?2) k CROSS JOIN occurrences t",
            "t.charge_id = json_extract(k.value, '$[0]') AND t.customer_number = json_extract(k.value, '$[1]')"
            " AND t.occurrence_key = json_extract(k.value, '$[2]')",
        )

    def occurrence_counts(self) -> str:
        return (
            "SELECT json_extract(k.value, '$[0]'), json_extract(k.value, '$[1]'), (SELECT count(*) FROM occurrences o"
            " WHERE o.tenant_id = ?1 AND o.charge_id = json_extract(k.value, '$[0]')"
            " AND o.customer_number = json_extract(k.value, '$[1]')) FROM json_each(?2) k"
        )

    @staticmethod
    def _packed(columns: tuple[str, ...], source: str, condition: str) -> str:
        """One row that holds all rows as a JSON array of arrays."""
        return (
            f"SELECT json_group_array(json_array({_listed(columns, 't.')})) FROM {source}"
            f" WHERE t.tenant_id = ?1 AND {condition}"
        )


class PostgresStatements:
    """Keys come as an array, rows as JSON. Whatever may be changed later is locked, in the order of its key."""

    def tenant(self, columns: tuple[str, ...]) -> str:
        return f"SELECT {_listed(columns)} FROM tenants WHERE tenant_id = %s"

    def insert(self, table: Table, columns: tuple[str, ...]) -> str:
        values = ", ".join(self._value(table, column, i) for i, column in enumerate(columns))
        return (
            f"INSERT INTO {table.name} ({_listed(columns)}) SELECT {values}"
            " FROM jsonb_array_elements(%s::jsonb) j(value)"
        )

    def insert_days(self, table: Table, columns: tuple[str, ...]) -> str:
        """Like `insert`, where days were told by a time zone: takes the tenant, the zone and the rows. A day is null,
        and refused, where the tenant has another zone by now."""
        day = self._value(table, "effective_on", columns.index("effective_on"))
        is_same = "(SELECT t.timezone FROM tenants t WHERE t.tenant_id = %s) = %s"
        return self.insert(table, columns).replace(day, f"CASE WHEN {is_same} THEN {day} END")

    def upsert(self, table: Table, columns: tuple[str, ...]) -> str:
        return self.insert(table, columns) + _overwriting(table, columns)

    def update(self, table: Table, key: str, sets: dict[str, str]) -> str:
        columns = (key, *sets)
        values = ", ".join(f"{self._value(table, column, i)} AS {column}" for i, column in enumerate(columns))
        assigned = ", ".join(f"{column} = " + form.format(f"r.{column}") for column, form in sets.items())
        return (
            f"UPDATE {table.name} AS t SET {assigned}"
            f" FROM (SELECT {values} FROM jsonb_array_elements(%s::jsonb) j(value)) r"
            f" WHERE t.tenant_id = %s AND t.{key} = r.{key} AND t.{key} = ANY(%s::bigint[])"
        )

    def customers_by_reference(self, columns: tuple[str, ...]) -> str:
        return self._customers(columns, f"t.number = ANY(ARRAY({self._with_reference()})) AND {LIVE}")

    def customers_by_email(self, columns: tuple[str, ...]) -> str:
        return self._customers(columns, f"t.number = ANY(ARRAY({self._with_email()}))")

    def numbers_named(self) -> str:
        """The numbers of the customers that the two above find. Takes references and, twice, e-mails, each with the
        tenant."""
        return f"{self._with_reference()} UNION ALL {self._with_email()}"

    def _with_reference(self) -> str:
        # "is not null" is what the partial index wants to hear: of a parameter nothing is known.
        return self._looked_up("e.reference = k.value AND e.reference IS NOT NULL", "")

    def _with_email(self) -> str:
        earliest = self._looked_up("e.email_folded = k.value", " ORDER BY e.created_at, e.number")
        guest = self._looked_up("e.email_folded = k.value AND e.is_guest = 1 AND e.reference IS NULL", "")
        return f"{earliest} UNION ALL {guest}"

    def summaries(self, columns: tuple[str, ...]) -> str:
        return (
            f"SELECT {_listed(columns, 't.')} FROM charge_summaries t"
            " WHERE t.tenant_id = %s AND t.customer_number = ANY(%s::bigint[])"
        )

    def receipts(self, columns: tuple[str, ...]) -> str:
        return (
            f"SELECT {_listed(columns, 't.')} FROM jsonb_array_elements(%s::jsonb) k(value) CROSS JOIN LATERAL"
            f" (SELECT {_listed(columns)} FROM receipts r WHERE r.tenant_id = %s AND r.scope = k.value ->> 0"
            " AND r.key_hash = k.value ->> 1 LIMIT 1) t"
        )

    def occurrences(self, columns: tuple[str, ...]) -> str:
        return (
            f"SELECT {_listed(columns, 't.')} FROM jsonb_array_elements(%s::jsonb) k(value) CROSS JOIN LATERAL"
            f" (SELECT {_listed(columns)} FROM occurrences o WHERE o.tenant_id = %s"
            " AND o.charge_id = (k.value ->> 0)::bigint AND o.customer_number = (k.value ->> 1)::bigint"
            " AND o.occurrence_key = k.value ->> 2 LIMIT 1) t"
        )

    def occurrence_counts(self) -> str:
        return (
            "SELECT (k.value ->> 0)::bigint, (k.value ->> 1)::bigint, o.count FROM jsonb_array_elements(%s::jsonb)"
            " k(value) CROSS JOIN LATERAL (SELECT count(*) FROM occurrences o WHERE o.tenant_id = %s"
            " AND o.charge_id = (k.value ->> 0)::bigint AND o.customer_number = (k.value ->> 1)::bigint) o"
        )

    @staticmethod
    def _value(table: Table, column: str, position: int) -> str:
        kind = "text" if table.c[column].type.python_type is str else "bigint"
        return f"(j.value ->> {position})::{kind}"

    @staticmethod
    def _looked_up(condition: str, order: str) -> str:
        """The number of one live customer for each key, each by a look into an index, whatever the planner believes of
        the table's size: a plan that was made for an empty table and kept would walk a full one."""
        return (
            "SELECT c.number FROM unnest(%s::text[]) k(value) CROSS JOIN LATERAL (SELECT e.number FROM customers e"
            f" WHERE e.tenant_id = %s AND {condition} AND e.deleted_at IS NULL{order} LIMIT 1) c"
        )

    @staticmethod
    def _customers(columns: tuple[str, ...], condition: str) -> str:
        return (
            f"SELECT {_listed(columns, 't.')} FROM customers t WHERE t.tenant_id = %s AND {condition}"
            " ORDER BY t.number FOR UPDATE OF t"
        )
