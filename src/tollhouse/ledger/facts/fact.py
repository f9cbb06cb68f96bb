"""The shape of every fact."""

from __future__ import annotations

from typing import Any

import msgspec


class Fact(msgspec.Struct, array_like=True, gc=False):
    """One row, in the order of its fields."""


class ChangingFact(Fact):
    """One row that may be written again, whole, over the one with the same key."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What names the row within its tenant."""
        raise NotImplementedError
