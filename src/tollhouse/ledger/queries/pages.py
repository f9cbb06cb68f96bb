"""One page of what may be read, and what there is on it. A query never changes anything."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

R = TypeVar("R")


class Page(msgspec.Struct, frozen=True):
    """The page wanted: numbers count from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


class Found(msgspec.Struct, Generic[R]):
    """One page, and how many there are on all of them."""

    rows: list[R]
    total: int
