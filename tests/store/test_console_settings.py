"""The lists of people, keys, deliveries and their attempts: each page is found by an index, however much there is."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import provision
from tests.store import facts
from tests.store.test_plans import asked, scans_of_postgres, scans_of_sqlite
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ROOT_PATH,
    CustomerFact,
    DeliveryAttemptFact,
    DeliveryFact,
    EventFact,
    KeyFact,
    LoginAddressFact,
    PersonFact,
)
from tollhouse.ledger.queries.delivery_lists import ROWS
from tollhouse.ledger.queries.people_lists import PeopleWanted, PersonPlace
from tollhouse.ledger.queries.transaction_lists import LOOKED_AT
from tollhouse.store.queries.console.deliveries import SqlDeliveryLists
from tollhouse.store.queries.console.keys import SqlKeyLists
from tollhouse.store.queries.console.people import SqlPeopleLists
from tollhouse.store.store import SqlStore

ROOT = Caller(1, ROOT_NUMBER, ROOT_PATH, True)
BRANCH = Caller(2, 500, "1.500.", True)
ALONE = Caller(3, 500, "1.500.", False)
#: More than a page looks at, where it looks for a few.
PEOPLE = LOOKED_AT + 200
DELIVERIES = LOOKED_AT + 300
TABLES = {"people", "customers", "roles", "login_addresses", "deliveries", "delivery_attempts", "events"}


class Filled:
    """People of two customers, of whom a branch has the first and the last by username; deliveries to two endpoints, of
    which the second has the oldest."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.tenant_id = provision(store).tenant.tenant_id
        self.people, self.deliveries, self.keys = SqlPeopleLists(store), SqlDeliveryLists(store), SqlKeyLists(store)
        with store.unit_of_work(self.tenant_id) as unit:
            unit.insert([self._customer()])
            unit.insert([self._person(number) for number in range(PEOPLE)])
            unit.insert([LoginAddressFact(self.tenant_id, 1001, "192.0.2.7", 0, 0, 100, 0)])
            unit.insert([self._delivery(seq) for seq in range(1, DELIVERIES + 1)])
            unit.insert([self._event(seq) for seq in range(1, DELIVERIES + 1)])
            unit.insert([self._attempt(number) for number in range(1, 201)])
            unit.insert([self._key(number) for number in range(30)])
        with store.writing_rows() as connection:
            connection.exec_driver_sql("ANALYZE")

    def _customer(self) -> CustomerFact:
        return facts.customer(500, tenant_id=self.tenant_id, path="1.500.", parent_number=1, name="Branch", uid="b")

    def _person(self, number: int) -> PersonFact:
        is_branch = number in (0, PEOPLE - 1)
        return PersonFact(
            tenant_id=self.tenant_id,
            person_id=1000 + number,
            username=f"p{number:05}",
            password_hash="hash",
            role_id=1,
            customer_number=500 if is_branch else ROOT_NUMBER,
            locked=int(number == 2),
            created_at=1,
            email=f"p{number}@example.com",
            email_folded=f"p{number}@example.com",
            totp_secret="secret" if number == 3 else "",
            deleted_at=5 if number == 4 else None,
        )

    def _delivery(self, seq: int) -> DeliveryFact:
        states = {0: "failed", 1: "pending", 2: "waiting"}
        state = states.get(seq % 10, "delivered")
        return DeliveryFact(
            tenant_id=self.tenant_id,
            endpoint_id=2 if seq <= 5 else 1,
            customer_number=500,
            customer_seq=seq,
            event_uid=f"event-{seq}",
            state=state,
            attempts=1,
            due_at=seq if state == "pending" else None,
            created_at=seq,
            modified_at=1000,
        )

    def _event(self, seq: int) -> EventFact:
        return EventFact(self.tenant_id, 500, seq, f"event-{seq}", "order.created", "{}", seq)

    def _attempt(self, number: int) -> DeliveryAttemptFact:
        attempt = facts.row(DeliveryAttemptFact, number, tenant_id=self.tenant_id, started_at=number)
        return replace(attempt, endpoint_uid="one", event_uid=f"event-{1 + number % 2}")

    def _key(self, number: int) -> KeyFact:
        revoked_at = 100 - number if number % 2 else None
        return KeyFact(f"{number:064}", self.tenant_id, f"key {number:02}", "public", number, revoked_at)


@pytest.fixture
def filled(store: SqlStore) -> Filled:
    return Filled(store)


def test_no_list_reads_a_table_or_an_index_whole(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.store.test_plans.TABLES", TABLES)
    scans = scans_of_sqlite if filled.store.is_sqlite else scans_of_postgres
    tenant, people, deliveries = filled.tenant_id, filled.people, filled.deliveries
    delivery = filled._delivery(1)
    ways: dict[str, Any] = {
        "people": lambda: people.people(tenant, PeopleWanted(ROOT, after=PersonPlace("p01000", 2000)), 1),
        "people of a branch": lambda: people.people(tenant, PeopleWanted(BRANCH), 1),
        "people of a customer": lambda: people.people(tenant, PeopleWanted(ROOT, 500), 1),
        "one's own people": lambda: people.people(tenant, PeopleWanted(ALONE), 1),
        "a name": lambda: people.people(tenant, PeopleWanted(BRANCH, called="p00001"), 1),
        "standings": lambda: deliveries.standings(tenant, [1, 2]),
        "attempts": lambda: deliveries.attempts("one", delivery),
        "live keys": lambda: filled.keys.live(tenant, "key 04", 10),
    }
    for state in ("", "delivered", "open", "failed"):
        before = (500, 700) if state in ("open", "failed") else (1900, 1, 500, 1900)
        ways[f"deliveries {state}"] = lambda state=state, before=before: deliveries.deliveries(tenant, 1, state, before)
    for what, ask in ways.items():
        with asked(filled.store) as statements:
            ask()
        assert statements
        for statement, values in statements:
            assert scans(filled.store, statement, values) == [], f"{what}: {statement}"


def test_everybody_is_listed_page_by_page_but_the_deleted(filled: Filled) -> None:
    names, after = [], None
    for _ in range(PEOPLE):
        found = filled.people.people(filled.tenant_id, PeopleWanted(ROOT, after=after), 99)
        names += [row.username for row in found.rows if row.username.startswith("p0")]
        after = found.next
        if after is None:
            break
    assert len(names) == len(set(names)) == PEOPLE - 1
    assert names == sorted(names)


def test_a_branch_is_looked_for_among_so_many_at_once(filled: Filled) -> None:
    first = filled.people.people(filled.tenant_id, PeopleWanted(BRANCH), 99)
    assert ([row.username for row in first.rows], first.is_looked_at) == (["p00000"], True)
    second = filled.people.people(filled.tenant_id, PeopleWanted(BRANCH, after=first.next), 99)
    assert ([row.username for row in second.rows], second.is_looked_at) == ([f"p{PEOPLE - 1:05}"], False)
    alone = filled.people.people(filled.tenant_id, PeopleWanted(ALONE), 99)
    assert [row.username for row in alone.rows] == ["p00000", f"p{PEOPLE - 1:05}"]


def test_a_person_is_told_with_what_keeps_them_out(filled: Filled) -> None:
    rows = {}
    for name in ("p00001", "p00002", "P3@example.com", "p00004"):
        for row in filled.people.people(filled.tenant_id, PeopleWanted(ROOT, called=name), 99).rows:
            rows[row.username] = (row.is_refused, row.is_locked, row.has_codes)
    assert rows == {
        "p00001": (True, False, False),
        "p00002": (False, True, False),
        "p00003": (False, False, True),
    }
    assert not filled.people.people(filled.tenant_id, PeopleWanted(ROOT, called="p00001"), 100).rows[0].is_refused


def test_deliveries_to_an_endpoint_are_found_page_by_page_however_many_went_elsewhere(filled: Filled) -> None:
    lists, tenant = filled.deliveries, filled.tenant_id
    first = lists.deliveries(tenant, 2, "")
    assert (first.rows, first.is_looked_at) == ([], True)
    second = lists.deliveries(tenant, 2, "", first.next)
    assert [row.delivery.customer_seq for row in second.rows] == [5, 4, 3, 2, 1]
    for state, wanted in (("failed", DELIVERIES // 10), ("open", DELIVERIES // 5 - 2)):
        seqs, before = [], ()
        for _ in range(DELIVERIES):
            found = lists.deliveries(tenant, 1, state, before)
            assert len(found.rows) <= ROWS
            seqs += [row.delivery.customer_seq for row in found.rows]
            before = found.next
            if not before:
                break
        assert len(seqs) == len(set(seqs)) == wanted, state


def test_an_endpoints_standing_is_counted_as_far_as_it_matters(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollhouse.store.queries.console.deliveries.COUNTED_MAX", 100)
    standings = filled.deliveries.standings(filled.tenant_id, [1, 2, 3])
    assert (standings[1].open_count, standings[1].failed_count, standings[1].failing_since) == (101, 101, 11)
    assert (standings[2].open_count, standings[2].failed_count, standings[2].failing_since) == (2, 0, 1)
    assert (standings[3].open_count, standings[3].failing_since) == (0, None)


def test_the_last_attempts_at_a_delivery_are_told(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = filled._delivery(1)
    found = filled.deliveries.attempts("one", delivery)
    assert len(found) == 100
    assert [row.started_at for row in found] == sorted(row.started_at for row in found)
    monkeypatch.setattr("tollhouse.store.queries.console.deliveries.ATTEMPTS_MAX", 5)
    assert [row.started_at for row in filled.deliveries.attempts("one", delivery)] == [*range(192, 201, 2)]


def test_keys_are_told_by_name_and_the_revoked_by_when(filled: Filled) -> None:
    lists, tenant = filled.keys, filled.tenant_id
    live = lists.live(tenant, "key 02", 3)
    assert [key.name for key in live] == ["key 04", "key 06", "key 08"]
    assert [key.name for key in lists.revoked(tenant, 3)] == ["key 01", "key 03", "key 05"]
