"""Words of names, and where a range of texts ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.words import WORD_LENGTH_MAX, WORDS_MAX, after_all_with, words_of

STORABLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ada Lovelace", ["ada", "lovelace"]),
        ("  O'Neil-Smith, Jr. (2nd)", ["o", "neil", "smith", "jr", "2nd"]),
        ("GROẞE Straße", ["grosse", "strasse"]),
        ("E\u0301MILE émile", ["émile"]),
        ("\uff26\uff55\uff4c\uff4c \u2121", ["full", "tel"]),
        ("हिन्दी 日本 語", ["हिन्दी", "日本", "語"]),
        ("same Same SAME", ["same"]),
        ("%_-'", []),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_without_regard_to_case(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_words_are_bounded_in_length_and_number() -> None:
    assert words_of("a" * 100) == ["a" * WORD_LENGTH_MAX]
    assert words_of(" ".join(f"w{n}" for n in range(50))) == [f"w{n}" for n in range(WORDS_MAX)]


@given(STORABLE, st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
def test_a_range_holds_what_begins_with_a_text_and_nothing_behind_it(prefix: str, more: str) -> None:
    end = after_all_with(prefix)
    assert "\ud800" not in end
    if set(prefix) != {chr(0x10FFFF)}:
        assert prefix <= prefix + more < end
        assert not end.startswith(prefix)
