"""E-mails and references: what is one, and which are equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.identity import (
    EMAIL_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    folded_email,
    is_email,
    is_storable,
    reference_ok,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        (" ada@example.com\t", "ada@example.com"),
        ("STRASSE@example.com", "straße@example.com"),
        ("ΑΔΑΣ@example.com", "αδας@example.com"),
    ],
)
def test_emails_compare_trimmed_and_without_regard_to_case(one: str, other: str) -> None:
    assert folded_email(one) == folded_email(other)


def test_different_emails_stay_different() -> None:
    assert folded_email("ada@example.com") != folded_email("adà@example.com")
    assert folded_email("a.da@example.com") != folded_email("ada@example.com")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded_email(folded_email(text)) == folded_email(text)


@pytest.mark.parametrize(
    "text", ["a@b", "ada@example.com", " ada@example.com ", "a b@c", "ü@ß", "a" * 252 + "@b", "'\"@[1]"]
)
def test_one_at_with_text_on_both_sides_is_an_email(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        *["", "@", "a@", "@b", " @b", "a@ ", "ada", "a@b@c", "a@@b", "a" * 253 + "@b"],
        *["a@b\n", "a\r@b", "a\0@b", "a@b\x7f", "a@b\x85", "a@\ud800"],
    ],
)
def test_everything_else_is_not(text: str) -> None:
    assert not is_email(text)


def test_the_longest_email_has_254_characters() -> None:
    assert is_email("a@".ljust(EMAIL_LENGTH_MAX, "b"))
    assert not is_email("a@".ljust(EMAIL_LENGTH_MAX + 1, "b"))
    assert EMAIL_LENGTH_MAX == 254


def test_a_reference_has_1_to_255_characters() -> None:
    assert REFERENCE_LENGTH_MAX == 255
    assert reference_ok("x")
    assert reference_ok(" ")
    assert reference_ok("é" * 255)
    assert not reference_ok("")
    assert not reference_ok("x" * 256)
    assert not reference_ok("a\0b")
    assert not reference_ok("a\udcff")


@pytest.mark.parametrize("text", [*map(chr, (0, 0xD800, 0xDBFF, 0xDC00, 0xDFFF)), "é\0"])
def test_nul_and_every_lone_surrogate_are_not_storable(text: str) -> None:
    assert not is_storable(text)


@pytest.mark.parametrize("text", ["", "\x01", "\ud7ff", "\ue000", "\U0001f600"])
def test_what_lies_beside_them_is_storable(text: str) -> None:
    assert is_storable(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_text_that_utf_8_can_write_is_storable(text: str) -> None:
    assert is_storable(text)


@given(st.text(st.characters()), st.characters(categories=["Cs"]) | st.just("\0"), st.text(st.characters()))
def test_one_nul_or_lone_surrogate_spoils_a_text(before: str, spoiler: str, after: str) -> None:
    assert not is_storable(before + spoiler + after)
