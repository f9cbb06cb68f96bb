"""Segments: made, changed and removed. Who is in one is not kept but worked out when it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from tollhouse.domain.identity import is_storable
from tollhouse.domain.segment_rules import NAME_LENGTH_MAX, RulesRefused, group_from_value, value_from_group
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.segments import PutSegment, RemoveSegment
from tollhouse.ledger.facts import SegmentFact, TenantFact
from tollhouse.ledger.refusals import SegmentRefused, SegmentsTooMany, SegmentUnknown
from tollhouse.ledger.sight import Finds

SEGMENTS_MAX: Final = 100
"""Of a tenant: a list of them works each one out."""

SLUG_LENGTH_MAX: Final = 255

_SLUG = re.compile(r"[a-z0-9_-]+")
_NOT_OF_SLUGS = re.compile(r"[^a-z0-9_]+")

#: Numbers of traits are exact, in and out.
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal)


class Wanted(Protocol):
    """How a segment is to be, by a command or a row of a provisioning file; see PutSegment."""

    @property
    def slug(self) -> str | None: ...

    @property
    def name(self) -> str | None: ...

    @property
    def op(self) -> str | None: ...

    @property
    def rules(self) -> Any: ...


class SegmentPut(msgspec.Struct, frozen=True):
    """The segment as it is now, and whether it was made. `before` is what it was."""

    segment: SegmentFact
    before: SegmentFact | None

    @property
    def is_new(self) -> bool:
        return self.before is None


def put(book: Book, command: PutSegment) -> SegmentPut:
    decided = put_segment(book, book.tenant, book.now, command, lambda: book.next_number("segment"))
    if decided.is_new:
        book.add(decided.segment)
    elif decided.segment != decided.before:
        book.put(decided.segment)
    return decided


def remove(book: Book, command: RemoveSegment) -> SegmentFact:
    for segment in book.find(SegmentFact, lock=True, slug=command.slug) if is_storable(command.slug) else ():
        book.remove(segment, "slug")
        return segment
    raise SegmentUnknown


def put_segment(facts: Finds, tenant: TenantFact, now: int, wanted: Wanted, take: Callable[[], int]) -> SegmentPut:
    """What is to be written, the number of a new segment from `take`. Raises SegmentRefused or SegmentsTooMany."""
    slug = _slug(wanted)
    _check_name(wanted.name)
    for before in facts.find(SegmentFact, lock=True, slug=slug):
        op, rules = _rules(tenant, wanted, before)
        segment = replace(before, name=before.name if wanted.name is None else wanted.name, op=op, rules=rules)
        return SegmentPut(segment if segment == before else replace(segment, updated_at=now), before)
    op, rules = _rules(tenant, wanted, None)
    if len(facts.find(SegmentFact)) >= SEGMENTS_MAX:
        raise SegmentsTooMany(SEGMENTS_MAX)
    name = slug if wanted.name is None else wanted.name
    return SegmentPut(SegmentFact(tenant.tenant_id, slug, take(), name, op, rules, now, now), None)


def _slug(wanted: Wanted) -> str:
    if wanted.slug is not None:
        if not (len(wanted.slug) <= SLUG_LENGTH_MAX and _SLUG.fullmatch(wanted.slug)):
            raise SegmentRefused("slug", "must be lower-case letters, digits, - and _.")
        return wanted.slug
    slug = _NOT_OF_SLUGS.sub("-", (wanted.name or "").lower()).strip("-")
    if not slug:
        raise SegmentRefused("slug", "is required where it does not follow from a name of letters and digits.")
    return slug


def _check_name(name: str | None) -> None:
    if name is not None and not (1 <= len(name) <= NAME_LENGTH_MAX and is_storable(name)):
        raise SegmentRefused("name", f"must have 1 to {NAME_LENGTH_MAX} characters.")


def _rules(tenant: TenantFact, wanted: Wanted, before: SegmentFact | None) -> tuple[str, str]:
    """The op and the rules to keep, in the one form that they are kept in."""
    if wanted.rules is None and before is None:
        raise SegmentRefused("rules", "is required.")
    op = wanted.op if wanted.op is not None else before.op if before is not None else "and"
    rules = wanted.rules if wanted.rules is not None or before is None else _DECODER.decode(before.rules)
    try:
        group = group_from_value(op, rules, tenant.currency)
    except RulesRefused as error:
        raise SegmentRefused(error.where, f"{error}.") from error
    return op, _ENCODER.encode(value_from_group(group, tenant.currency)).decode()
