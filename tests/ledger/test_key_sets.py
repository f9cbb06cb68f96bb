"""Many keys as few conditions: exactly those keys, however they are put together."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.ledger import key_sets
from tollhouse.ledger.key_sets import TRIED_FOR_ONE_MAX, TRIED_MAX

PAIRS = st.sets(st.tuples(st.integers(0, 9), st.sampled_from("abcdef")), max_size=40)


@given(pairs=PAIRS)
def test_conditions_are_met_by_the_keys_and_by_no_others(pairs: set[tuple[int, str]]) -> None:
    found: list[tuple[int, str]] = []
    for condition in key_sets.conditions([{"number": number, "field": field} for number, field in sorted(pairs)]):
        listed = {name: value if isinstance(value, list) else [value] for name, value in condition.items()}
        found += product(listed["number"], listed["field"])
    assert sorted(found) == sorted(pairs)


def test_there_are_as_few_conditions_as_the_column_with_the_fewest_values_has() -> None:
    keys = [{"number": number, "field": field} for number in range(1000) for field in "ab"]
    assert [condition["field"] for condition in key_sets.conditions(keys)] == ["a", "b"]
    assert [len(condition["number"]) for condition in key_sets.conditions(keys)] == [1000, 1000]


@given(pairs=PAIRS)
def test_looks_are_for_every_key_once(pairs: set[tuple[int, str]]) -> None:
    found = [key for part in key_sets.looks(pairs) for key in part]
    assert sorted(found) == sorted(pairs)


def test_looks_for_the_same_of_each_are_one() -> None:
    same = {(number, field) for number in range(500) for field in range(20)}
    assert [len(part) for part in key_sets.looks(same)] == [10_000]
    assert [len(part) for part in key_sets.looks({(number,) for number in range(500)})] == [500]


def test_looks_for_others_of_each_try_few_that_are_not_wanted() -> None:
    different: set[tuple[Any, ...]] = {(number, 9 * number + place) for number in range(1000) for place in range(9)}
    for part in key_sets.looks(different):
        tried = len({first for first, _ in part}) * len({second for _, second in part})
        assert tried <= max(TRIED_MAX, TRIED_FOR_ONE_MAX * len(part))
