"""Segments: customers by rules."""

from __future__ import annotations

from typing import Any, ClassVar

from tollhouse.ledger.commands.command import Command


class PutSegment(Command, frozen=True, kw_only=True):
    """Have a segment with this slug, else one that follows from the name: a new one, or the one that is there.

    `rules` are as they were sent: see domain/segment_rules.py. Of a segment that is there, what is None stays as it is.
    A new one needs rules; its `op` is and, its name the slug, unless they are given.
    """

    slug: str | None = None
    name: str | None = None
    op: str | None = None
    rules: Any = None

    numbers: ClassVar[tuple[str, ...]] = ("segment",)


class RemoveSegment(Command, frozen=True, kw_only=True):
    slug: str
