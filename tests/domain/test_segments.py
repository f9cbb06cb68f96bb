"""Segments: what each rule says of a customer, and how rules are read."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.segment_rules import (
    DAYS_MAX,
    DEPTH_MAX,
    FIELDS,
    RULES_MAX,
    WHOLE_MAX,
    RulesRefused,
    group_from_value,
    value_from_group,
)
from tollhouse.domain.segments import Figures, holds
from tollhouse.domain.sortable import sort_key
from tollhouse.domain.summaries import ChargeSummary

SECOND = 1_000_000
NOW_SECOND = 1_772_366_400
NOBODY = Figures(
    summaries={},
    traits={},
    tags=frozenset(),
    own={
        "email": None,
        "user_id": None,
        "created_at": NOW_SECOND,
        "last_seen_at": None,
        "signed_up_at": None,
        "sessions": 0,
    },
)
ADA = Figures(
    summaries={
        "USD": ChargeSummary(2, 5999, 2000, (NOW_SECOND - 86_400) * SECOND + 999_999, NOW_SECOND * SECOND, 3999),
        "JPY": ChargeSummary(2, -5, 0, SECOND, SECOND, 1),
    },
    traits={
        "plan": sort_key("gold"),
        "seats": sort_key(5),
        "score": sort_key(Decimal("4.5")),
        "active": sort_key(True),
        "code": sort_key("5"),
        "renewed_at": sort_key(NOW_SECOND - 86_400),
    },
    tags=frozenset({"vip"}),
    own={
        "email": "ada@example.com",
        "user_id": "cust_1",
        "created_at": NOW_SECOND - 10,
        "last_seen_at": NOW_SECOND,
        "signed_up_at": 0,
        "sessions": 3,
    },
)


def meets(customer: Figures, field: str, operator: str, value: Any = None, **more: Any) -> bool:
    rule = {"field": field, "operator": operator, **more}
    if value is not None:
        rule["value"] = value
    return holds(group_from_value("and", [rule], "USD"), customer, NOW_SECOND)


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("charges.count", "eq", 2, True),
        ("charges.sum", "eq", 3999, True),
        ("charges.sum", "gte", 4000, False),
        ("charges.average", "eq", 2000, True),
        ("charges.first_at", "eq", NOW_SECOND - 86_400, True),
        ("charges.first_at", "gt", {"days_ago": 1}, False),
        ("charges.first_at", "gte", {"days_ago": 1}, True),
        ("charges.last_at", "lt", {"days_ago": 0}, False),
        ("charges.last_at", "exists", None, True),
        ("traits.plan", "eq", "gold", True),
        ("traits.plan", "eq", "Gold", False),
        ("traits.plan", "starts_with", "go", True),
        ("traits.plan", "contains", "ol", True),
        ("traits.plan", "contains", "sg", False),
        ("traits.plan", "gt", "gold", False),
        ("traits.plan", "gt", "gol", True),
        ("traits.seats", "eq", Decimal("5.0"), True),
        ("traits.seats", "eq", "5", False),
        ("traits.seats", "ne", "5", True),
        ("traits.seats", "gt", "4", False),
        ("traits.seats", "lt", "6", False),
        ("traits.code", "gt", 4, False),
        ("traits.code", "contains", "5", True),
        ("traits.seats", "contains", "5", False),
        ("traits.score", "lt", 5, True),
        ("traits.active", "eq", True, True),
        ("traits.active", "ne", True, False),
        ("traits.active", "eq", 1, False),
        ("traits.renewed_at", "lte", {"days_ago": 1}, True),
        ("traits.renewed_at", "gt", {"days_ago": 1}, False),
        ("tags", "has", "vip", True),
        ("tags", "has_not", "vip", False),
        ("tags", "has_not", "other", True),
        ("email", "eq", " ADA@Example.com", True),
        ("email", "contains", "EXAMPLE", True),
        ("email", "starts_with", "example", False),
        ("user_id", "starts_with", "cust", True),
        ("user_id", "eq", "CUST_1", False),
        ("created_at", "lt", NOW_SECOND, True),
        ("signed_up_at", "eq", 0, True),
        ("sessions", "gte", 3, True),
    ],
)
def test_a_rule_compares_one_field(field: str, operator: str, value: Any, expected: bool) -> None:
    assert meets(ADA, field, operator, value) is expected


def test_charges_are_those_in_the_currency_of_the_rule() -> None:
    assert meets(ADA, "charges.sum", "eq", -5, currency="JPY")
    assert meets(ADA, "charges.average", "eq", -3, currency="JPY")
    assert meets(ADA, "charges.count", "eq", 0, currency="EUR")
    assert not meets(ADA, "charges.average", "exists", currency="EUR")


@pytest.mark.parametrize("field", [*FIELDS, "traits.plan"])
def test_of_nothing_every_comparison_is_false(field: str) -> None:
    """Of nothing, not of zero: count, sum, sessions and the day of creation there always are."""
    if field in ("charges.count", "charges.sum", "sessions", "created_at", "tags"):
        return
    value: Any = "x" if field in ("email", "user_id") else 5
    for operator in ("eq", "ne", *(() if isinstance(value, str) else ("lt", "lte", "gt", "gte"))):
        assert not meets(NOBODY, field, operator, value)
    assert meets(NOBODY, field, "not_exists")
    assert not meets(NOBODY, field, "exists")


def test_who_was_never_charged_has_none_and_nothing() -> None:
    assert meets(NOBODY, "charges.count", "eq", 0)
    assert meets(NOBODY, "charges.sum", "lt", 1)
    assert meets(NOBODY, "charges.sum", "ne", 1)
    assert not meets(NOBODY, "charges.count", "gt", 0)
    assert meets(NOBODY, "tags", "has_not", "vip")


def test_groups() -> None:
    rich, vip = ("charges.sum", "gt", 3000), ("tags", "has", "vip")
    poor, other = ("charges.sum", "lt", 3000), ("tags", "has", "other")

    def group(op: str, *rules: Any) -> dict[str, Any]:
        named = [
            dict(zip(("field", "operator", "value"), r, strict=True)) if isinstance(r, tuple) else r for r in rules
        ]
        return {"op": op, "rules": named}

    for wanted, part in (
        (True, group("and", rich, vip)),
        (False, group("and", rich, other)),
        (True, group("or", rich, other)),
        (False, group("or", poor, other)),
        (True, group("and", group("or", poor, vip), group("or", rich, other))),
        (False, group("or", group("and", poor, vip), group("and", rich, other))),
    ):
        assert holds(group_from_value(part["op"], part["rules"], "USD"), ADA, NOW_SECOND) is wanted


# Reading.

RULE = {"field": "charges.count", "operator": "gt", "value": 1}


def refused(op: Any, rules: Any) -> str:
    with pytest.raises(RulesRefused) as error:
        group_from_value(op, rules, "USD")
    return error.value.where


def test_there_are_bounds() -> None:
    group_from_value("and", [RULE] * RULES_MAX, "USD")
    assert refused("and", [RULE] * (RULES_MAX + 1)) == f"rules.{RULES_MAX}"
    nested = [{"op": "or", "rules": [RULE] * (RULES_MAX - 2)}, RULE]
    group_from_value("and", nested, "USD")
    assert refused("and", [*nested, RULE]) == "rules.2"
    deep: dict[str, Any] = RULE
    for _ in range(DEPTH_MAX - 1):
        deep = {"op": "and", "rules": [deep]}
    group_from_value("and", [deep], "USD")
    assert refused("and", [{"op": "and", "rules": [deep]}]) == ".".join(["rules.0"] * DEPTH_MAX)


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({**RULE, "field": ["charges.count"]}, "rules.0.field"),
        ({**RULE, "operator": None}, "rules.0.operator"),
        ({**RULE, "value": Decimal("1.5")}, "rules.0.value"),
        ({**RULE, "value": Decimal("NaN")}, "rules.0.value"),
        ({**RULE, "value": Decimal("1e999999")}, "rules.0.value"),
        ({**RULE, "value": -WHOLE_MAX - 1}, "rules.0.value"),
        ({**RULE, "value": False}, "rules.0.value"),
        ({**RULE, "value": {}}, "rules.0.value"),
        ({**RULE, "currency": 5}, "rules.0.currency"),
        ({**RULE, "currency": "XXX"}, "rules.0.currency"),
        ({**RULE, "other": 1}, "rules.0"),
        ({"op": "and"}, "rules.0.rules"),
        ({"rules": [RULE]}, "rules.0.op"),
        ({"field": "traits.\0", "operator": "exists"}, "rules.0.field"),
        ({"field": "traits." + "x" * 51, "operator": "exists"}, "rules.0.field"),
        ({"field": "traits.a", "operator": "eq", "value": "\ud800"}, "rules.0.value"),
        ({"field": "traits.a", "operator": "eq", "value": {"days_ago": 1}}, "rules.0.value"),
        ({"field": "traits.a", "operator": "lt", "value": {"days_ago": True}}, "rules.0.value.days_ago"),
        ({"field": "traits.a", "operator": "lt", "value": {"days_ago": DAYS_MAX + 1}}, "rules.0.value.days_ago"),
        ({"field": "charges.last_at", "operator": "eq", "value": -(10**12)}, "rules.0.value"),
        ({"field": "tags", "operator": "has", "value": 5}, "rules.0.value"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_place(rule: Any, where: str) -> None:
    assert refused("and", [rule]) == where


WORDS = st.sampled_from(
    [
        "op",
        "and",
        "or",
        "rules",
        "field",
        "operator",
        "value",
        "currency",
        "charges.sum",
        "traits.a",
        "tags",
        "gt",
        "eq",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING)
def test_anything_is_read_or_refused(op: Any, rules: Any) -> None:
    for some in (rules, [rules], [RULE, {"field": "traits.a", "operator": "eq", "value": rules}]):
        with suppress(RulesRefused):
            group = group_from_value(op if isinstance(op, str) else "and", some, "USD")
            assert group_from_value(group.op, value_from_group(group, "USD"), "USD") == group


def test_rules_are_kept_in_one_form() -> None:
    rules = [
        {**RULE, "value": Decimal("1e0"), "currency": "USD"},
        {**RULE, "currency": "EUR"},
        {"op": "or", "rules": [{"field": "traits.a", "operator": "exists", "value": None}]},
        {"field": "charges.last_at", "operator": "lt", "value": {"days_ago": 30}},
    ]
    kept = value_from_group(group_from_value("and", rules, "USD"), "USD")
    assert kept == [
        RULE,
        {**RULE, "currency": "EUR"},
        {"op": "or", "rules": [{"field": "traits.a", "operator": "exists"}]},
        {"field": "charges.last_at", "operator": "lt", "value": {"days_ago": 30}},
    ]
