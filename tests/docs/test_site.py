"""The site that `make docs` builds: without a warning, and nothing in it is loaded from another host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.reading import DOCS

LOADED = re.compile(r"<(?:script|img|iframe|source)[^>]*\bsrc=\"([^\"]+)\"|<link[^>]*\bhref=\"([^\"]+)\"")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--fail-on-warning", "--keep-going", "--doctree-dir", str(folder / "doctrees"))
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(DOCS), str(folder / "site")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "site"


def test_every_page_is_there_and_in_the_contents(site: Path) -> None:
    names = [file.relative_to(DOCS).with_suffix(".html") for file in DOCS.rglob("*.md")]
    contents = (site / "index.html").read_text(encoding="utf-8").partition('class="sidebar-tree"')[2]
    for name in names:
        assert (site / name).exists()
        assert name.name == "index.html" or f'href="{name}"' in contents


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    loaded = {
        one or other for file in site.rglob("*.html") for one, other in LOADED.findall(file.read_text(encoding="utf-8"))
    }
    assert len(loaded) > 5
    assert {target for target in loaded if re.match(r"([a-z]+:)?//", target)} == set()
    styles = "".join(file.read_text(encoding="utf-8") for file in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", styles) == []


def test_it_can_be_searched_and_read_in_the_dark(site: Path) -> None:
    assert "idempot" in (site / "searchindex.js").read_text(encoding="utf-8")
    page = (site / "start.html").read_text(encoding="utf-8")
    assert "theme-toggle" in page
    assert 'name="viewport"' in page
