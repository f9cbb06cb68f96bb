"""What no file of ours may hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))

BANNED = {
    r"(?<![\w.])float\(": "money is integers of minor units or Decimal",
    r"(?<![\w.])round\(": "rounding happens in tollhouse.domain.money, half away from zero",
    r"(?<![\w.])print\(": "use typer.echo in commands and structlog elsewhere",
    r"\b(TODO|FIXME)\b": "do it, or write it down in an issue",
    r"msgspec\.json\.decode\(.*type=.*\b(?!Any\b|None\b)[A-Z]": "decode into a Struct by a Shape, made at import",
    r"msgspec\.convert\((?!value, self\.kind\))": "convert into a Struct by a Shape, made at import",
}


SHAPELESS = [
    ("msgspec.json.decode(text, type=Thing)", 4),
    ("msgspec.json.decode(text, type=list[Thing])", 4),
    ("msgspec.convert(value, Thing)", 5),
]


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 40


@pytest.mark.parametrize("pattern", BANNED)
def test_no_source_has(pattern: str) -> None:
    found = [
        f"{source.relative_to(ROOT)}:{number}: {line.strip()}"
        for source in SOURCES
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert found == [], BANNED[pattern]


@pytest.mark.parametrize(
    ("text", "pattern"), [("x = float(y)", 0), ("round(2.5)", 1), ("print(x)", 2), ("# TODO", 3), *SHAPELESS]
)
def test_the_patterns_find_what_they_are_for(text: str, pattern: int) -> None:
    assert re.search(list(BANNED)[pattern], text)


def test_no_file_is_named_after_nothing_in_particular() -> None:
    """Such files collect what belongs elsewhere."""
    empty_names = {"utils", "helpers", "common", "base", "manager", "service", "misc"}
    assert [source for source in SOURCES if source.stem in empty_names] == []
