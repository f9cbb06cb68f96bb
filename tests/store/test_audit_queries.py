"""The audit log: pages by the place where the last one ended, who sees what, and that nothing in it is ever changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.harness import prepared
from tests.store.facts import row
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import AuditFact
from tollhouse.ledger.queries.audit import ENTRIES_MAX, AuditPage, AuditWanted
from tollhouse.store.queries.audit import SqlAuditQueries, entries_query
from tollhouse.store.store import SqlStore

ROOT = Caller(1, 1, "1.", may_reach_below=True)
RESELLER = Caller(2, 5, "1.5.", may_reach_below=True)
CLERK = Caller(3, 5, "1.5.", may_reach_below=False)


def entry(number: int, **given: Any) -> AuditFact:
    """Two entries share each instant."""
    values: dict[str, Any] = {"recorded_at": 1000 + number // 2, "path": "1.", "person_id": 7, "door": "console"}
    subject = {"subject_kind": "customer", "subject": str(number % 3), "changes": "[]", "command": "UpdateCustomer"}
    return row(AuditFact, number, **{**values, **subject, **given})


def put(store: SqlStore, *entries: AuditFact) -> SqlAuditQueries:
    with store.unit_of_work(1) as unit:
        unit.insert(entries)
    return SqlAuditQueries(store)


def numbers(page: AuditPage) -> list[int]:
    return [found.entry_id for found in page.rows]


def test_pages_follow_each_other_the_newest_first(store: SqlStore) -> None:
    prepared(store)
    queries = put(store, *(entry(number) for number in range(1, 2 * ENTRIES_MAX + 21)))
    seen: list[int] = []
    place, pages = None, 0
    while place is not None or not pages:
        page = queries.entries(1, None, AuditWanted(), place)
        seen, place, pages = seen + numbers(page), page.next, pages + 1
    assert (pages, seen) == (3, list(range(2 * ENTRIES_MAX + 20, 0, -1)))


def test_a_page_that_is_just_full_is_the_last(store: SqlStore) -> None:
    prepared(store)
    page = put(store, *(entry(number) for number in range(1, ENTRIES_MAX + 1))).entries(1, None, AuditWanted())
    assert (len(page.rows), page.next) == (ENTRIES_MAX, None)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditWanted(person_id=8), [3]),
        (AuditWanted(door="kelviq"), [4]),
        (AuditWanted(command="CreateKey"), [5]),
        (AuditWanted(subject_kind="customer", subject="1"), [7, 4, 1]),
        (AuditWanted(subject_kind="plan"), [6]),
        (AuditWanted(since=1002, until=1003), [5, 4]),
        (AuditWanted(person_id=7, door="kelviq", command="CreateKey"), []),
    ],
)
def test_entries_are_filtered(store: SqlStore, wanted: AuditWanted, found: list[int]) -> None:
    prepared(store)
    given: dict[int, dict[str, Any]] = {
        3: {"person_id": 8},
        4: {"door": "kelviq"},
        5: {"command": "CreateKey"},
        6: {"subject_kind": "plan"},
    }
    queries = put(store, *(entry(number, **given.get(number, {})) for number in range(1, 8)))
    assert numbers(queries.entries(1, None, wanted)) == found


@pytest.mark.parametrize(
    ("caller", "found"), [(None, [5, 4, 3, 2, 1]), (ROOT, [5, 4, 3, 2, 1]), (RESELLER, [3, 2]), (CLERK, [2])]
)
def test_everybody_sees_what_those_of_their_branch_did(
    store: SqlStore, caller: Caller | None, found: list[int]
) -> None:
    prepared(store)
    paths = ("1.", "1.5.", "1.5.9.", "1.55.", "1.6.")
    queries = put(store, *(entry(number, path=path) for number, path in enumerate(paths, start=1)))
    assert numbers(queries.entries(1, caller, AuditWanted())) == found
    after = (1000 + found[0] // 2, found[0])
    assert numbers(queries.entries(1, caller, AuditWanted(), after)) == found[1:]


def test_nobody_sees_another_tenants(store: SqlStore) -> None:
    prepared(store)
    queries = put(store, entry(1))
    assert queries.entries(2, None, AuditWanted()).rows == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET name = 'nobody'",
        "DELETE FROM audit_entries",
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries",
        "INSERT INTO audit_entries SELECT * FROM audit_entries"
        " ON CONFLICT (tenant_id, entry_id) DO UPDATE SET name = ''",
        "TRUNCATE audit_entries",
    ],
)
def test_the_database_refuses_to_change_what_is_in_it(store: SqlStore, statement: str) -> None:
    if ("OR REPLACE" in statement and not store.is_sqlite) or ("TRUNCATE" in statement and store.is_sqlite):
        pytest.skip("the other engine's")
    prepared(store)
    queries = put(store, entry(1), entry(2))
    if store.is_sqlite:
        statement = statement.replace("FROM audit_entries ON", "FROM audit_entries WHERE true ON")
    with pytest.raises(DBAPIError, match="only appended to"), store.writing_rows() as connection:
        connection.exec_driver_sql(statement)
    assert numbers(queries.entries(1, None, AuditWanted())) == [2, 1]


@pytest.mark.parametrize("before", [None, (1000, 5)])
@pytest.mark.parametrize(
    ("caller", "wanted", "index"),
    [
        (ROOT, AuditWanted(), "time"),
        (ROOT, AuditWanted(since=1, until=9), "time"),
        (ROOT, AuditWanted(person_id=7), "person"),
        (ROOT, AuditWanted(subject_kind="customer", subject="1"), "subject"),
        (ROOT, AuditWanted(command="CreateKey"), "command"),
        (ROOT, AuditWanted(door="kelviq"), "door"),
        (RESELLER, AuditWanted(), "path"),
        (CLERK, AuditWanted(), "path"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_page_is_looked_up_by_an_index(
    store: SqlStore, caller: Caller, wanted: AuditWanted, before: tuple[int, int] | None, index: str
) -> None:
    """On PostgreSQL statistics decide."""
    with store.reading_rows() as connection:
        query = entries_query(1, caller, wanted, before).compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        plan = [str(step[3]) for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    assert f"USING INDEX ix_audit_entries_{index} " in plan[0]
