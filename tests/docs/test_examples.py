"""What the documents show runs: each shell and Python example, in order, beside one demo that is served.

The first steps come first, for they show what the demo's customer was charged so far; those pages come last that set up
tenants of their own, for with several of them commands want to know which.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.reading import DOCS, PAGES, ROOT, Block, blocks
from tests.docs.running import RUN, Stage, differences, matches

FIRST = DOCS / "start.md"
SHOWN = [page for page in PAGES if any(block.kind in RUN for block in blocks(page))]
IN_ORDER = sorted(SHOWN, key=lambda page: (page != FIRST, page.name.startswith("migrate-"), page))
MARKS = ("not run: ", "file: ", "beside", "answer", "answer of what runs beside")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    opened = Stage(tmp_path_factory.mktemp("reader"))
    yield opened
    opened.close()


@pytest.mark.skipif(not shutil.which("curl"), reason="There is no curl here: the examples are not run.")
@pytest.mark.parametrize("page", IN_ORDER, ids=lambda page: page.name)
def test_the_examples_of_a_page_run(stage: Stage, page: Path) -> None:
    for block in blocks(page):
        stage.meet(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_said_of_a_block_is_understood(page: Path) -> None:
    unknown = [block.place for block in blocks(page) if block.mark and not block.mark.startswith(MARKS)]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_toml_can_be_read(page: Path) -> None:
    for block in blocks(page):
        if block.kind == "toml":
            tomllib.loads(block.text)


def test_examples_are_found() -> None:
    assert FIRST in SHOWN
    assert len(IN_ORDER) > 5


@pytest.mark.parametrize(
    ("shown", "got", "is_same"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1, "…": "…"}, {"b": 2}, False),
        ({"a": ["…", 2]}, {"a": [1, 2]}, True),
        ([1], [1, 2], False),
    ],
)
def test_an_answer_is_compared_as_a_reader_would(shown: object, got: object, is_same: bool) -> None:
    assert matches(shown, got) is is_same


def test_lines_are_found_in_their_order() -> None:
    block = Block(FIRST, 1, "text", "answer", "one …\nthree\n")
    assert differences(block, "one 1\ntwo\nthree\n") == ""
    assert differences(block, "three\none 1\n") != ""
