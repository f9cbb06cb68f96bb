"""Many keys of rows as few conditions, so that a long call is no more statements than a short one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

#: A look for some of one column and some of another tries each with each: up to so many are tried for one that is
#: wanted, and up to so many in any case.
TRIED_FOR_ONE_MAX: Final = 8
TRIED_MAX: Final = 4096

Keys = set[tuple[Any, ...]]


def conditions(keys: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Keys of the same columns: each condition is equal in all columns but one, and lists what that may be."""
    ways = [_by_all_but(name, keys) for name in keys[0]] if keys else []
    for rest, values in min(ways, key=len, default={}).items():
        yield {**dict(rest), **values}


def _by_all_but(name: str, keys: Sequence[dict[str, Any]]) -> dict[tuple[tuple[str, Any], ...], dict[str, list[Any]]]:
    found: dict[tuple[tuple[str, Any], ...], dict[str, list[Any]]] = {}
    for key in keys:
        rest = tuple(item for item in key.items() if item[0] != name)
        found.setdefault(rest, {name: []})[name].append(key[name])
    return found


def looks(keys: Keys) -> Iterator[Keys]:
    """Keys of one or two columns in parts, for each of which a look by what is among each column tries few others."""
    if not keys or len(next(iter(keys))) == 1:
        yield keys
        return
    part: Keys = set()
    firsts, seconds = 0, set[Any]()
    for _, those in groupby(sorted(keys), key=itemgetter(0)):
        more = set(those)
        among = seconds | {second for _, second in more}
        tried = (firsts + 1) * len(among)
        if part and tried > max(TRIED_MAX, TRIED_FOR_ONE_MAX * (len(part) + len(more))):
            yield part
            part, firsts, seconds = set(), 0, set()
            among = {second for _, second in more}
        part |= more
        firsts, seconds = firsts + 1, among
    yield part
