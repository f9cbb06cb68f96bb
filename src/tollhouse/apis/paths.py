"""What is at a path whose parts may vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

from tollhouse.domain.identity import is_storable

T = TypeVar("T")

#: Where a pattern's part may vary: no part of a path is this.
_ANY: Final = "/"


class Paths(Generic[T]):
    """`things` by patterns such as `customers/{id}/charges`: a part in braces is a name for whatever stands there. A
    part that is spelled out goes before one that varies."""

    def __init__(self, things: Mapping[str, T]) -> None:
        self.things = dict(things)
        self._tree: dict[str, Any] = {}
        for pattern, thing in things.items():
            place = self._tree
            parts = pattern.strip("/").split("/")
            for part in parts:
                place = place.setdefault(_ANY if part.startswith("{") else part, {})
            if "" in place:
                raise ValueError(f"{pattern} is there twice")
            place[""] = (thing, [part[1:-1] for part in parts if part.startswith("{")])

    def found(self, path: str) -> tuple[T, dict[str, str]] | None:
        """What is at the path, and what stands where it varies, which is never empty."""
        place, values = self._tree, []
        for part in path.strip("/").split("/"):
            if part and part in place:
                place = place[part]
            elif part and _ANY in place:
                place = place[_ANY]
                values.append(part)
            else:
                return None
        if "" not in place:
            return None
        thing, names = place[""]
        return thing, dict(zip(names, values, strict=True))


def is_keepable(params: Mapping[str, str]) -> bool:
    """Whether a store can keep what stands where a path varies: else it names nothing."""
    return all(map(is_storable, params.values()))
