"""Lists of people, over both engines alike."""

from __future__ import annotations

import pytest

from tests.harness import TELCO, prepared
from tests.store.facts import row
from tollhouse.ledger.facts import PersonFact, ProfileFact
from tollhouse.ledger.queries import PeopleWanted
from tollhouse.store.queries.people import SqlPeopleQueries
from tollhouse.store.store import SqlStore

NAMES = [("b", "Ada", "Zeta"), ("B", "ada", "Adams"), ("ä", "Ada", "Adams"), ("a", "", ""), ("_", "Eve", "zeta")]


@pytest.fixture
def tenant_id(store: SqlStore) -> int:
    tenant_id = prepared(store, TELCO).tenant_id
    people = [
        row(
            PersonFact,
            100 + number,
            tenant_id=tenant_id,
            person_id=100 + number,
            customer_number=21,
            username=username,
            forename=forename,
            surname=surname,
            deleted_at=None,
        )
        for number, (username, forename, surname) in enumerate(NAMES)
    ]
    gone = row(PersonFact, 200, tenant_id=tenant_id, person_id=200, customer_number=21, username="gone", deleted_at=1)
    with store.unit_of_work(tenant_id) as unit:
        unit.insert([*people, gone])
        unit.insert([ProfileFact(tenant_id, 101, '{"title":"Dr"}')])
    return tenant_id


def wanted(sort: str = "username", *, descending: bool = False, limit: int = 0, offset: int = 0) -> PeopleWanted:
    return PeopleWanted(customer_number=21, sort=sort, descending=descending, limit=limit, offset=offset)


@pytest.mark.parametrize(
    ("sort", "order"),
    [("username", "B_abä"), ("forename", "abä_B"), ("surname", "aBäb_"), ("fullname", "aäb_B")],
)
def test_texts_compare_by_their_code_points(store: SqlStore, tenant_id: int, sort: str, order: str) -> None:
    queries = SqlPeopleQueries(store)
    for descending in (False, True):
        found = queries.people(tenant_id, wanted(sort, descending=descending))
        assert "".join(each.person.username for each in found) == (order[::-1] if descending else order)
        pages = queries.people_pages(tenant_id, wanted(sort, descending=descending, limit=2))
        names = order[::-1] if descending else order
        assert pages == [(0, names[0]), (2, names[2]), (4, names[4])]
        page = queries.people(tenant_id, wanted(sort, descending=descending, limit=2, offset=2))
        assert "".join(each.person.username for each in page) == names[2:4]
    assert queries.people_count(tenant_id, wanted()) == 5
    assert queries.people_count(tenant_id + 1, wanted()) == 0


def test_a_person_comes_with_its_profile(store: SqlStore, tenant_id: int) -> None:
    found = {each.person.person_id: each.details for each in SqlPeopleQueries(store).people(tenant_id, wanted())}
    assert found == {100: None, 101: '{"title":"Dr"}', 102: None, 103: None, 104: None}
