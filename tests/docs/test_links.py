"""Every link leads somewhere: to a page and heading that are there, or to one of few hosts. Nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.reading import DOCS, PAGES, ROOT, anchors, prose

#: Where links may lead besides to our own pages: to the demo on the reader's own machine.
HOSTS = {"127.0.0.1"}

LINKS = [
    (page, target)
    for page in PAGES
    for target in dict.fromkeys(
        link or bare for link, bare in re.findall(r"\]\(([^)\s]+)\)|<(https?://[^>\s]+)>", prose(page))
    )
]
INSIDE = [(page, target) for page, target in LINKS if not re.match(r"[a-z]+:", target)]
OUTSIDE = [(page, target) for page, target in LINKS if re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    dead = [target for source, target in INSIDE if source == page and not _is_there(page, target)]
    assert dead == []


def test_links_to_other_hosts_are_to_few() -> None:
    assert {urlsplit(target).hostname for _, target in OUTSIDE} <= HOSTS


def test_the_index_leads_to_every_page() -> None:
    led = {target.partition("#")[0] for source, target in LINKS if source == DOCS / "index.md"}
    assert {str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md")} - {"index.md"} == led


def test_the_links_are_found() -> None:
    assert len(INSIDE) > 100


@pytest.mark.parametrize("target", ["nowhere.md", "index.md#nothing", "../../outside.md", "#nothing"])
def test_dead_links_are_found(target: str) -> None:
    assert not _is_there(DOCS / "index.md", target)


def _is_there(source: Path, target: str) -> bool:
    file, _, heading = target.partition("#")
    page = (source.parent / file).resolve() if file else source
    if not page.exists() or not page.is_relative_to(ROOT):
        return False
    return not heading or page.suffix != ".md" or heading in anchors(page)
