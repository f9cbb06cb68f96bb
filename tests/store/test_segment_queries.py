"""Segments in SQL: any rules over any customers, as domain/segments.py has them, and by which index."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.store.facts import customer, row
from tests.store.test_due_queries import write
from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.domain.segment_rules import RULES_MAX, group_from_value
from tollhouse.domain.segments import Figures, holds
from tollhouse.domain.sortable import sort_key
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.facts import (
    CustomerTagFact,
    CustomerTraitFact,
    Fact,
    SegmentFact,
    SummaryFact,
    TagFact,
    TenantFact,
    TrackedCustomerFact,
)
from tollhouse.ledger.queries import Page
from tollhouse.store.queries.segments import SqlSegmentQueries
from tollhouse.store.segment_sets import members
from tollhouse.store.store import SqlStore

SECOND = 1_000_000
NOW_SECOND = 1_772_366_400
NOW = NOW_SECOND * SECOND + 999_999
ENCODER = msgspec.json.Encoder(decimal_format="number")

TAG_NAMES = ("vip", "beta")
TRAITS = ("plan", "seats")
EMAILS = (None, "ada@example.com", "bob@example.org", "straße@example.com")
TRAIT_VALUES: tuple[Any, ...] = (
    *("", "gold", "goldfish", "Gold", "go%d", "5", "é日🙂", "x" * 256, "x" * 300, "x" * 256 + "y"),
    *(0, 5, -5, Decimal("5.0"), Decimal("4.99"), Decimal("-1e30"), 10**40, True, False),
    *(NOW_SECOND, NOW_SECOND - 86_400),
)
COUNTS = (0, 1, 2, 3, 7)
GROSS = (0, 1, 3, 5, -1, -2, -3, -5, 199, 2**53, SUM_MINOR_MAX, -SUM_MINOR_MAX)
REFUNDED = (0, 1, SUM_MINOR_MAX)
INSTANTS = (None, 0, 1, SECOND - 1, SECOND, NOW, NOW - 86_400 * SECOND, NOW - 86_400 * SECOND - 999_999)


# Customers.


def everybody() -> list[tuple[list[Fact], Figures]]:
    """Customers numbered from 2 on: their rows, and what rules see of them. Always the same."""
    chance = random.Random(7)
    shapes = [
        (count, gross, refunded)
        for count, gross, refunded in product(COUNTS, GROSS, REFUNDED)
        if gross - refunded >= -SUM_MINOR_MAX
    ]
    return [a_customer(chance, number, shape) for number, shape in enumerate(shapes, 2)]


def a_customer(chance: random.Random, number: int, shape: tuple[int, int, int]) -> tuple[list[Fact], Figures]:
    email, reference = chance.choice(EMAILS), chance.choice([None, f"cust{number}", f"cust%{number}", f"Cust_{number}"])
    instants = {name: chance.choice(INSTANTS) for name in ("created_at", "last_seen_at", "signed_up_at")}
    instants["created_at"] = instants["created_at"] or 0
    sessions, folded = chance.randrange(4), None if email is None else email.casefold()
    rows: list[Fact] = [
        customer(
            number,
            email=email,
            email_folded=folded,
            reference=reference,
            created_at=instants["created_at"],
            last_seen_at=instants["last_seen_at"],
            sessions=sessions,
        )
    ]
    if instants["signed_up_at"] is not None or number % 2:
        rows.append(row(TrackedCustomerFact, number, customer_number=number, signed_up_at=instants["signed_up_at"]))
    summaries = {"USD": a_summary(chance, shape), **{c: a_summary(chance, shape[::-1]) for c in some(chance, ["EUR"])}}
    summaries = summaries if number % 9 else {}
    for currency, s in summaries.items():
        figures = (s.count, s.sum_minor, s.refunded_minor, s.first_at, s.last_at, s.last_amount_minor)
        rows.append(SummaryFact(1, number, currency, *figures))
    traits = {field: sort_key(chance.choice(TRAIT_VALUES)) for field in some(chance, TRAITS)}
    rows += [CustomerTraitFact(1, number, field, "0", key, 0) for field, key in traits.items()]
    tags = some(chance, TAG_NAMES)
    rows += [CustomerTagFact(1, number, TAG_NAMES.index(name), 0) for name in tags]
    seconds = {name: None if instant is None else instant // SECOND for name, instant in instants.items()}
    own = {"email": folded, "user_id": reference, "sessions": sessions, **seconds}
    return rows, Figures(summaries, traits, frozenset(tags), own)


def some(chance: random.Random, things: Sequence[str]) -> list[str]:
    return [thing for thing in things if chance.random() < 0.6]


def a_summary(chance: random.Random, shape: tuple[int, int, int]) -> ChargeSummary:
    count, gross, refunded = (abs(shape[0]), shape[1], abs(shape[2]))
    first, last = sorted(chance.choices([i for i in INSTANTS if i is not None], k=2)) if count else (None, None)
    return ChargeSummary(count, gross, refunded, first, last, 1 if count else None)


EVERYBODY = everybody()


# Rules.

ORDER = ("eq", "ne", "gt", "gte", "lt", "lte")
PRESENCE = ("exists", "not_exists")
DAYS_AGO = ({"days_ago": 0}, {"days_ago": 1}, {"days_ago": 2})
SECONDS = (1, NOW_SECOND - 86_400)
WHOLE = (*(amount for amount in GROSS if abs(amount) <= 10**18), 2, 7, 66, 67, 10**18)
TEXTS = ("ADA@example.com ", "a", "STRASSE", "cust", "cust%", "Cust_3", "org")
TRAIT_TEXTS = ("gold", "G", "%", "s", "x" * 256, "日")
WRITABLE = [value for value in TRAIT_VALUES if not isinstance(value, str) or len(value) <= 256]
ORDERED = [value for value in WRITABLE if not isinstance(value, bool)]
TRAIT_FIELDS = [f"traits.{name}" for name in (*TRAITS, "none")]
CHARGED_AT = ("charges.first_at", "charges.last_at")
MOMENTS = (*CHARGED_AT, "created_at", "last_seen_at", "signed_up_at")


def rules(fields: Sequence[str], operators: Sequence[str], values: Sequence[Any], **more: Any) -> list[dict[str, Any]]:
    return [
        {"field": field, "operator": operator, "value": value, **more}
        for field, operator, value in product(fields, operators, values)
    ]


def presence(*fields: str) -> list[dict[str, Any]]:
    return [{"field": field, "operator": operator} for field, operator in product(fields, PRESENCE)]


FIGURES = ("charges.count", "charges.sum", "charges.average")
RULES = [
    *rules(FIGURES, ORDER, WHOLE),
    *rules(FIGURES, ORDER, (0, 1), currency="EUR"),
    *rules(FIGURES, ORDER, (0,), currency="JPY"),
    *rules(MOMENTS, ORDER, SECONDS),
    *rules(MOMENTS, ORDER[2:], DAYS_AGO),
    *rules(("sessions",), ORDER, (0, 1)),
    *rules(("email", "user_id"), ("eq", "ne", "contains", "starts_with"), TEXTS),
    *rules(TRAIT_FIELDS[:1], ORDER[:2], WRITABLE),
    *rules(TRAIT_FIELDS[:1], ORDER[2:], ORDERED),
    *rules(TRAIT_FIELDS[:1], ORDER[2:], DAYS_AGO),
    *rules(TRAIT_FIELDS[:1], ("contains", "starts_with"), TRAIT_TEXTS),
    *rules(TRAIT_FIELDS[1:], ORDER, (5, "gold")),
    *rules(("tags",), ("has", "has_not"), (*TAG_NAMES, "nobody's")),
    *presence("charges.average", *CHARGED_AT, "last_seen_at", "signed_up_at", "email", "user_id", *TRAIT_FIELDS),
]
#: Those of which some meet them and some do not, so that it matters how they are put together.
TELLING = [
    *rules(("charges.count",), ("gt", "lte"), (0, 3)),
    *rules(("charges.sum",), ("gte", "lt", "eq"), (0, 2)),
    *rules(("charges.sum", "charges.average"), ("gt", "lte"), (1,), currency="EUR"),
    *rules(("charges.average",), ("gte", "ne", "lt"), (1,)),
    *rules(("charges.last_at", "signed_up_at"), ("gte", "lt"), DAYS_AGO[1:2]),
    *rules(("email",), ("contains",), ("ada", "example")),
    *rules(TRAIT_FIELDS[:2], ("eq", "ne", "gt"), (5, "gold")),
    *rules(("tags",), ("has", "has_not"), TAG_NAMES),
    *presence("charges.average", "user_id", "signed_up_at", *TRAIT_FIELDS[:2]),
]
OPS = st.sampled_from(["and", "or"])
PARTS = st.recursive(
    st.sampled_from(TELLING),
    lambda inner: st.fixed_dictionaries({"op": OPS, "rules": st.lists(inner, min_size=1, max_size=3)}),
    max_leaves=5,
)


def segment(op: str, rules: Sequence[Any], slug: str = "some", segment_id: int = 1, name: str = "Some") -> SegmentFact:
    return SegmentFact(1, slug, segment_id, name, op, ENCODER.encode(rules).decode(), 0, 0)


def depth(part: Any) -> int:
    return 1 + max(map(depth, part["rules"])) if "rules" in part else 0


def expected(op: str, rules: Sequence[Any]) -> list[int]:
    group = group_from_value(op, rules, "USD")
    return [number for number, (_, figures) in enumerate(EVERYBODY, 2) if holds(group, figures, NOW_SECOND)]


def put(store: SqlStore, *segments: SegmentFact) -> None:
    with store.unit_of_work(1) as unit:
        unit.remove(SegmentFact)
        unit.insert(segments)


def found(store: SqlStore, slug: str = "some", after: int = 0, count: int = 1000) -> list[int]:
    rows = SqlSegmentQueries(store).customers_in(1, slug, NOW, after=after, count=count)
    assert rows is not None
    return [customer.number for customer, _ in rows]


@pytest.fixture
def peopled(kept_store: SqlStore) -> SqlStore:
    """A store with everybody in it, with the root, a deleted customer of whom all is true, and another tenant's."""
    write(kept_store, row(TenantFact, 1, currency="USD", clock_at=None))
    write(kept_store, *(TagFact(1, name, number, 0) for number, name in enumerate(TAG_NAMES)))
    write(kept_store, *(fact for facts, _ in EVERYBODY for fact in facts))
    for number in (1, 9999):
        write(kept_store, customer(number, deleted_at=5 if number != 1 else None), *of_value(1, number))
    write(kept_store, row(TenantFact, 2, tenant_id=2, currency="USD", clock_at=None), tenant_id=2)
    write(kept_store, customer(2, tenant_id=2), TagFact(2, "vip", 0, 0), *of_value(2, 2), tenant_id=2)
    return kept_store


def of_value(tenant_id: int, number: int) -> list[Fact]:
    return [
        SummaryFact(tenant_id, number, "USD", 5, 1000, 0, NOW, NOW, 1),
        CustomerTraitFact(tenant_id, number, "plan", '"gold"', "sgold", 0),
        CustomerTagFact(tenant_id, number, 0, 0),
    ]


def test_each_rule_alone_means_whom_it_says(peopled: SqlStore) -> None:
    wrong, telling = [], 0
    with peopled.reading_rows() as connection:
        for rule in RULES:
            query = members(1, group_from_value("and", [rule], "USD"), NOW_SECOND)
            numbers, wanted = sorted(connection.execute(query).scalars()), expected("and", [rule])
            telling += 0 < len(wanted) < len(EVERYBODY)
            if numbers != wanted:
                wrong.append((rule, sorted(set(numbers) ^ set(wanted))))
    assert wrong == []
    assert telling > 300


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(op=OPS, rules=st.lists(PARTS, min_size=1, max_size=3).filter(lambda rules: depth({"rules": rules}) <= 5))
def test_rules_together_mean_whom_they_say(peopled: SqlStore, op: str, rules: list[Any]) -> None:
    put(peopled, segment(op, rules))
    numbers = expected(op, rules)
    assert found(peopled) == numbers
    counted = SqlSegmentQueries(peopled).segment_with_id(1, 1, NOW)
    assert counted is not None
    assert counted.customers_count == len(numbers)


def test_the_segments_of_a_customer_are_those_it_is_in(peopled: SqlStore) -> None:
    put(peopled, *(segment("or", [rule], f"s{index}", index) for index, rule in enumerate(TELLING)))
    queries = SqlSegmentQueries(peopled)
    by_segment = {f"s{index}": set(expected("or", [rule])) for index, rule in enumerate(TELLING)}
    for number in (2, 10, 50, 51, 200, 300):
        slugs = {segment.slug for segment in queries.segments_of(1, number, NOW)}
        assert slugs == {slug for slug, numbers in by_segment.items() if number in numbers}
    for nobody in (1, 9999, 12345):
        assert queries.segments_of(1, nobody, NOW) == []


# How rules about one row are put together.

OF_CHARGES = [
    *rules(("charges.count",), ("lt", "gte", "eq"), (1,)),
    *rules(("charges.sum",), ("lte", "gt", "ne"), (1,)),
    *rules(("charges.average",), ("lt", "gte"), (0,)),
]


@pytest.mark.parametrize("op", ["and", "or"])
def test_two_rules_about_the_same_charges(peopled: SqlStore, op: str) -> None:
    """Some are met also by who has none: of those the opposite is looked for."""
    with peopled.reading_rows() as connection:
        for pair in product(OF_CHARGES, OF_CHARGES):
            query = members(1, group_from_value(op, pair, "USD"), NOW_SECOND)
            assert sorted(connection.execute(query).scalars()) == expected(op, pair), pair


@pytest.mark.parametrize("op", ["and", "or"])
def test_as_many_rules_as_there_may_be(peopled: SqlStore, op: str) -> None:
    """Each about another row, and groups as deep as they may be."""
    each: list[Any] = []
    for n in range(12):
        each += presence(f"traits.t{n}")
        each += rules(("tags",), (("has", "has_not")[n % 2],), (f"tag {n}",))
    deep: Any = {"op": op, "rules": each[:5]}
    for n in range(3):
        deep = {"op": ("or", "and")[n % 2], "rules": [deep, each[n]]}
    wide = [*each, *TELLING[: RULES_MAX - len(each)]]
    with peopled.reading_rows() as connection:
        for some in (wide, [deep]):
            query = members(1, group_from_value(op, some, "USD"), NOW_SECOND)
            assert sorted(connection.execute(query).scalars()) == expected(op, some)


# Lists.


def test_customers_of_a_segment_come_by_number_from_one_on(peopled: SqlStore) -> None:
    put(peopled, segment("or", TELLING[:2]), segment("and", rules(("sessions",), ("lt",), (0,)), "empty", 2))
    everyone = expected("or", TELLING[:2])
    assert found(peopled, count=3) == everyone[:3]
    assert found(peopled, after=everyone[2], count=2) == everyone[3:5]
    assert found(peopled, after=everyone[-1]) == []
    assert found(peopled, slug="empty") == []
    queries = SqlSegmentQueries(peopled)
    for nobody in ("none", "\0", "\ud800"):
        assert queries.customers_in(1, nobody, NOW, after=0, count=5) is None
        assert queries.segment_called(1, nobody, NOW) is None
    rows = queries.customers_in(1, "some", NOW, after=0, count=1000)
    assert rows is not None
    for customer_fact, summaries in rows:
        shown = {row.currency: row.sum_minor for row in summaries}
        seen = EVERYBODY[customer_fact.number - 2][1].summaries
        assert shown == {currency: summary.sum_minor for currency, summary in seen.items()}


def test_segments_come_by_name_and_are_found_by_a_part_of_name_or_slug(peopled: SqlStore) -> None:
    names = ("beta", "Alpha", "Straße", "alpha")
    put(peopled, *(segment("and", TELLING[:1], f"slug-{n}", n, name) for n, name in enumerate(names, 1)))
    queries = SqlSegmentQueries(peopled)

    def ids(search: str = "", page: Page | None = None) -> tuple[list[int], int]:
        listed = queries.segments(1, search, NOW, page or Page(1, 10))
        return [row.segment.segment_id for row in listed.rows], listed.total

    assert ids() == ([2, 4, 1, 3], 4)
    assert ids(page=Page(2, 3)) == ([3], 4)
    assert ids("ALPHA") == ([2, 4], 2)
    assert ids("STRASSE") == ids("slug-3") == ids("SLUG-3") == ([3], 1)
    assert ids("%") == ([], 0)
    assert queries.segments(2, "", NOW, Page(1, 10)).rows == []
    assert queries.segment_with_id(2, 1, NOW) is None


# By which index.


def test_each_look_at_a_table_is_by_an_index_of_the_tenant(store: SqlStore) -> None:
    """And no step goes through one set for each row of another."""
    chance = random.Random(3)
    write(store, row(TenantFact, 1, currency="USD", clock_at=None), TagFact(1, "vip", 0, 0))
    people = [a_customer(chance, number, (1 + number % 5, number, 0)) for number in range(2, 2002)]
    write(store, *(fact for facts, _ in people for fact in facts))
    with store.writing_rows() as connection:
        connection.exec_driver_sql("ANALYZE")
    few = [
        *rules(("charges.sum",), ("lt", "gt"), (1900,)),
        *rules(("traits.seats",), ("eq", "gt"), (5,)),
        *rules(("traits.plan",), ("starts_with",), ("gold",)),
        *rules(("tags",), ("has", "has_not"), ("vip",)),
        *rules(("signed_up_at", "created_at"), ("gt",), (NOW_SECOND,)),
    ]
    pairs = [(one, other) for one, other in product(few, few) if one is not other]
    together = [{"op": ("and", "or")[index % 2], "rules": pair} for index, pair in enumerate(pairs)]
    with store.reading_rows() as connection:
        if not store.is_sqlite:
            # Of a table that is one tenant's alone an index saves nothing: ask whether there is one.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for rule in [*few, *together]:
            steps = plan(connection, members(1, group_from_value("and", [rule], "USD"), NOW_SECOND))
            assert not re.search(r"SCAN (?!met$|anon_|\(subquery)\S+|Seq Scan", steps, re.MULTILINE), steps
            assert not re.search(r"SCAN \S+ LEFT-JOIN|CORRELATED|SubPlan", steps), steps
        steps = plan(connection, members(1, group_from_value("and", few[2:3], "USD"), NOW_SECOND))
        assert "ix_customer_traits_value" in steps, steps


def plan(connection: Connection, query: Any) -> str:
    """The steps of a statement, a line each."""
    is_sqlite = connection.dialect.name == "sqlite"
    text = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    rows = connection.connection.cursor().execute(explain + text).fetchall()
    return "\n".join(str(step[3] if is_sqlite else step[0]) for step in rows)
