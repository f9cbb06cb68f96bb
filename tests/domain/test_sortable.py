"""Keys sort as the values do."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.sortable import CHARACTERS_MAX, DIGITS_MAX, EXPONENT_MAX, NotSortable, after_prefix, sort_key

HOSTILE = Context(prec=2, rounding=ROUND_FLOOR, Emax=1, Emin=-1, traps=[])


def decimals() -> st.SearchStrategy[Decimal]:
    return st.builds(
        lambda sign, digits, exponent: Decimal((sign, tuple(map(int, digits)), exponent)),
        st.integers(0, 1),
        st.text("0123456789", min_size=1, max_size=20),
        st.integers(-40, 40),
    )


NUMBERS = decimals() | st.integers() | st.integers(-3, 3) | st.integers(10**30, 10**31)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ENDINGS = st.sampled_from(["", "x", "y", "\0", "\U0010ffff", "xx"])
LONG_TEXTS = st.builds(lambda end, more: "a" * (CHARACTERS_MAX - 1) + end + more, ENDINGS, ENDINGS)


@given(NUMBERS, NUMBERS)
def test_numbers_sort_as_numbers(one: int | Decimal, other: int | Decimal) -> None:
    assert (sort_key(one) < sort_key(other)) == (one < other)
    assert (sort_key(one) == sort_key(other)) == (one == other)


@given(TEXTS | LONG_TEXTS, TEXTS | LONG_TEXTS)
def test_texts_sort_by_code_points(one: str, other: str) -> None:
    assert sort_key(one) == sort_key(other) or (sort_key(one) < sort_key(other)) == (one < other)


@given(TEXTS | LONG_TEXTS, TEXTS | LONG_TEXTS)
def test_a_text_that_is_kept_whole_is_compared_exactly_with_any_other(one: str, other: str) -> None:
    if len(one) <= CHARACTERS_MAX:
        assert (sort_key(one) < sort_key(other)) == (one < other)
        assert (sort_key(one) == sort_key(other)) == (one == other)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.text(max_size=8))
def test_utf_8_keeps_the_order(one: str, other: str) -> None:
    keys = [sort_key(text.encode(errors="replace").decode()) for text in (one, other)]
    assert (keys[0].encode() < keys[1].encode()) == (keys[0] < keys[1])


@given(st.booleans(), NUMBERS, TEXTS)
def test_booleans_come_before_numbers_and_numbers_before_texts(boolean: bool, number: int | Decimal, text: str) -> None:
    assert sort_key(boolean) < sort_key(number) < sort_key(text)


@pytest.mark.parametrize(
    "written",
    [["1", "1.0", "1e0", "0.001e3"], ["0", "-0", "0.00", "0e99"], ["-10", "-1e1", "-10.0"], ["1e300", "10e299"]],
)
def test_a_number_has_one_key_however_it_is_written(written: list[str]) -> None:
    assert len({sort_key(Decimal(text)) for text in written}) == 1


def test_an_integer_has_the_key_of_the_equal_decimal() -> None:
    for integer in (0, 1, -1, 1999, 10**300, -(10**300)):
        assert sort_key(integer) == sort_key(Decimal(integer))


def test_true_is_not_one() -> None:
    assert len({sort_key(True), sort_key(1), sort_key("1"), sort_key("true")}) == 4
    assert sort_key(False) < sort_key(True)


def test_keys_do_not_change_with_the_version() -> None:
    """Rows hold them: another form needs a migration."""
    assert sort_key(True) == "b1"
    assert sort_key(0) == "n1"
    assert sort_key(1999) == "n25021999"
    assert sort_key(Decimal("-0.25")) == "n050174:"
    assert sort_key("gold") == "sgold"
    assert sort_key("x" * 1000) == "s" + "x" * 257


@pytest.mark.parametrize(
    "value",
    [
        *[Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")],
        *[Decimal(f"1e{EXPONENT_MAX + 1}"), Decimal(f"-1e-{EXPONENT_MAX + 1}"), 10**3000, -(10**500)],
        *[10**DIGITS_MAX + 1, Decimal("0." + "1" * (DIGITS_MAX + 1))],
    ],
)
def test_what_is_out_of_range_is_refused(value: int | Decimal) -> None:
    with pytest.raises(NotSortable):
        sort_key(value)


@pytest.mark.parametrize(
    "value", [Decimal(f"9.9e{EXPONENT_MAX}"), Decimal(f"-1e-{EXPONENT_MAX}"), Decimal("9" * DIGITS_MAX), 10**400]
)
def test_keys_are_short(value: int | Decimal) -> None:
    assert len(sort_key(value)) <= CHARACTERS_MAX + 2


@given(decimals())
def test_the_decimal_context_does_not_matter(value: Decimal) -> None:
    expected = sort_key(value)
    with localcontext(HOSTILE):
        assert sort_key(value) == expected


@given(TEXTS | LONG_TEXTS, TEXTS | LONG_TEXTS)
def test_what_begins_with_a_text_lies_between_its_key_and_what_comes_after_it(begin: str, text: str) -> None:
    for whole in (text, begin + text):
        low, key = sort_key(begin[:CHARACTERS_MAX]), sort_key(whole)
        assert (low <= key < after_prefix(low)) == whole.startswith(begin[:CHARACTERS_MAX])


def test_what_comes_after_a_prefix_can_be_stored() -> None:
    assert after_prefix("n") == "o"
    assert after_prefix("s\ud7ff") == "s\ue000"
    assert after_prefix("sa\U0010ffff\U0010ffff") == "sb"
    assert after_prefix("s\U0010ffff") == "t"
