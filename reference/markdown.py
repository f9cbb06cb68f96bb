"""Markdown that forges and the site read alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_WRITTEN = "<!-- Written from the code by `make reference`: change the code, not this page. -->"


def page(title: str, *blocks: str) -> str:
    return "\n\n".join((f"# {title}", _WRITTEN, *filter(None, blocks))) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Empty where there is no row."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(columns), _row(["---"] * len(columns)), *lines]) if lines else ""


def code(text: str) -> str:
    """Text as it stands; two backticks where it has one itself."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
