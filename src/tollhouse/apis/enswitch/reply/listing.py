"""Rows of a list as its paging parameters want them: rows, their count, or a name for each page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger.refusals import ListTooLong

R = TypeVar("R")

#: A reply holds no more.
ROWS_MAX = 20_000


def whole(rows: Sequence[R]) -> Sequence[R]:
    """The rows of a list that has no pages. Raises ListTooLong."""
    if len(rows) > ROWS_MAX:
        raise ListTooLong(ROWS_MAX)
    return rows


def listing_to_wire(given: Given, rows: Sequence[R], to_wire: Callable[[R], dict[str, Any]], name: str) -> Any:
    """All rows are given, in their order; `name` is the column that names a page. Raises ListTooLong."""
    if given.get("count"):
        return {"count": len(rows)}
    limit = given.get("limit", 0) or len(rows) or 1
    if given.get("pages"):
        firsts = whole(range(0, len(rows), limit))
        return [{"offset": first, "name": str(to_wire(rows[first])[name])} for first in firsts]
    offset = given.get("offset", 0)
    return [to_wire(row) for row in whole(rows[offset : offset + limit])]
