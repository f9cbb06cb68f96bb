"""Segments as sets of customer numbers: what domain/segments.py says of one customer, said of a whole table at once.

Each rule is a range of one table's rows, those of the tenant. Rules about one row of a table are one look at it; others
are put together by INTERSECT, UNION and EXCEPT, of which no planner makes a look through the one for each of the other,
as it may of NOT IN or an outer join. A rule that is met also where there is no row is kept as its opposite: the set of
those whom it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    except_,
    func,
    intersect,
    or_,
    select,
    true,
    union,
)

from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.domain.segments import COMPARISONS, ORDERINGS, SECOND, TAGS, Group, Rule
from tollhouse.domain.sortable import after_prefix
from tollhouse.ledger.facts import ROOT_NUMBER
from tollhouse.store.schema import (
    charge_summaries,
    customer_tags,
    customer_traits,
    customers,
    tags,
    tracked_customers,
)

Numbers = Select[Any] | CompoundSelect[Any]

_OPPOSITES = {"eq": "ne", "ne": "eq", "gt": "lte", "lte": "gt", "lt": "gte", "gte": "lt"}


@dataclass(frozen=True, slots=True)
class _Rows:
    """Customers by one row each: those whose row meets the condition or, where `is_rest`, all others.

    `source` names which row: of which table, and by which value of its key besides the customer.
    """

    source: tuple[str, str]
    condition: ColumnElement[bool]
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class _Set:
    """Customers by number: these or, where `is_rest`, all others."""

    numbers: Numbers
    is_rest: bool


def members(tenant_id: int, group: Group, now_second: int, after: int = 0) -> Numbers:
    """The numbers of a segment's customers, each once, from beyond `after` on."""
    found = _set_of_group(tenant_id, group, now_second)
    own = customers.c
    live = select(own.number).where(
        own.tenant_id == tenant_id, own.deleted_at.is_(None), own.number != ROOT_NUMBER, own.number > after
    )
    if found.is_rest:
        return _less(live, [found.numbers])
    met = found.numbers.subquery("met")
    return live.join(met, met.c.number == own.number)


def _set_of_group(tenant_id: int, group: Group, now_second: int) -> _Set:
    rows = [_rows_of_rule(rule, now_second) for rule in group.rules if isinstance(rule, Rule)]
    sets = [_Set(_numbers(tenant_id, one), one.is_rest) for one in _together(rows, group.op)]
    sets += [_set_of_group(tenant_id, part, now_second) for part in group.rules if isinstance(part, Group)]
    these = [one.numbers for one in sets if not one.is_rest]
    rests = [one.numbers for one in sets if one.is_rest]
    if group.op == "and":
        return _Set(_less(_all(these), rests), is_rest=False) if these else _Set(_any(rests), is_rest=True)
    return _Set(_less(_all(rests), these), is_rest=True) if rests else _Set(_any(these), is_rest=False)


def _together(rows: Iterable[_Rows], op: str) -> list[_Rows]:
    """The same, those about one row as one."""
    conditions: dict[tuple[tuple[str, str], bool], list[ColumnElement[bool]]] = {}
    for one in rows:
        conditions.setdefault((one.source, one.is_rest), []).append(one.condition)
    return [
        # Whom either of two leaves out is left out where both must hold: of rests the other word joins.
        _Rows(source, and_(*parts) if (op == "and") != is_rest else or_(*parts), is_rest)
        for (source, is_rest), parts in conditions.items()
    ]


def _all(sets: Sequence[Numbers]) -> Numbers:
    return sets[0] if len(sets) == 1 else intersect(*map(_plain, sets))


def _any(sets: Sequence[Numbers]) -> Numbers:
    return sets[0] if len(sets) == 1 else union(*map(_plain, sets))


def _less(numbers: Numbers, sets: Sequence[Numbers]) -> Numbers:
    return except_(*map(_plain, [numbers, *sets])) if sets else numbers


def _plain(numbers: Numbers) -> Select[Any]:
    """SQLite has no brackets around parts of a compound."""
    return numbers if isinstance(numbers, Select) else select(numbers.subquery().c.number)


# A rule as rows.


def _remaining() -> ColumnElement[int]:
    """What remains of charges after refunds. What would leave 64 bits counts as the least number of them."""
    gross, refunded = charge_summaries.c.sum_minor, charge_summaries.c.refunded_minor
    return case((gross < refunded - SUM_MINOR_MAX, -SUM_MINOR_MAX), else_=gross - refunded)


def _average() -> ColumnElement[int]:
    """As domain/money.py rounds: half away from zero. Both stores divide whole numbers towards zero."""
    remaining = _remaining()
    count = func.nullif(charge_summaries.c.charge_count, 0, type_=BigInteger())
    rest = func.abs(remaining % count)
    away = case((remaining < 0, -1), else_=1)
    return remaining // count + case((rest >= count - rest, away), else_=0)


#: Of each field but traits and tags the table, and its value in the units of rules.
_VALUES: dict[str, tuple[str, ColumnElement[Any]]] = {
    "charges.count": ("charges", charge_summaries.c.charge_count),
    "charges.sum": ("charges", _remaining()),
    "charges.average": ("charges", _average()),
    "charges.first_at": ("charges", charge_summaries.c.first_at // SECOND),
    "charges.last_at": ("charges", charge_summaries.c.last_at // SECOND),
    "email": ("own", customers.c.email_folded),
    "user_id": ("own", customers.c.reference),
    "created_at": ("own", customers.c.created_at // SECOND),
    "last_seen_at": ("own", customers.c.last_seen_at // SECOND),
    "sessions": ("own", customers.c.sessions),
    "signed_up_at": ("tracked", tracked_customers.c.signed_up_at // SECOND),
}

#: Where there is no row these are zero; all others are nothing.
_ZEROS = ("charges.count", "charges.sum")


def _rows_of_rule(rule: Rule, now_second: int) -> _Rows:
    wanted = rule.wanted(now_second)
    if rule.field == TAGS:
        return _Rows(("tag", wanted), true(), is_rest=rule.operator == "has_not")
    if rule.trait is not None:
        source, is_there = ("trait", rule.trait), true()
        return _of_presence(rule, source, is_there) or _Rows(source, _trait_compares(rule.operator, wanted))
    table, value = _VALUES[rule.field]
    source = (table, rule.currency)
    if rule.field in _ZEROS and COMPARISONS[rule.operator](0, wanted):
        return _Rows(source, _compares(_OPPOSITES[rule.operator], value, wanted), is_rest=True)
    return _of_presence(rule, source, value.is_not(None)) or _Rows(source, _compares(rule.operator, value, wanted))


def _of_presence(rule: Rule, source: tuple[str, str], is_there: ColumnElement[bool]) -> _Rows | None:
    """Of a rule that asks whether there is a value at all; None of another."""
    is_of_presence = rule.operator in ("exists", "not_exists")
    return _Rows(source, is_there, is_rest=rule.operator == "not_exists") if is_of_presence else None


def _compares(operator: str, value: ColumnElement[Any], wanted: Any) -> ColumnElement[bool]:
    if operator == "contains":
        return _contains(value, wanted)
    if operator == "starts_with":
        value, operator = func.substr(value, 1, len(wanted)), "eq"
    compared: ColumnElement[bool] = COMPARISONS[operator](value, wanted)
    return compared


def _trait_compares(operator: str, wanted: str) -> ColumnElement[bool]:
    """A range of the index of values, within those of one kind where the order counts."""
    key = customer_traits.c.sort_key
    if operator == "contains":
        return and_(key >= "s", key < after_prefix("s"), _contains(func.substr(key, 2), wanted))
    if operator == "starts_with":
        return and_(key >= wanted, key < after_prefix(wanted))
    compared = _compares(operator, key, wanted)
    if operator not in ORDERINGS:
        return compared
    kind = wanted[0]
    return and_(compared, key >= kind if operator in ("lt", "lte") else key < after_prefix(kind))


def _contains(value: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """By its characters as they are: LIKE knows no case on one store and does on the other."""
    return func.replace(value, wanted, "") != value


# Rows as numbers.


def _numbers(tenant_id: int, rows: _Rows) -> Select[Any]:
    table, key = rows.source
    match table:
        case "charges":
            return _of(tenant_id, charge_summaries, charge_summaries.c.currency == key, rows.condition)
        case "trait":
            return _of(tenant_id, customer_traits, customer_traits.c.field == key, rows.condition)
        case "tracked":
            return _of(tenant_id, tracked_customers, rows.condition)
        case "tag":
            return _tagged(tenant_id, key)
    own = select(customers.c.number.label("number"))
    return own.where(customers.c.tenant_id == tenant_id, rows.condition)


def _of(tenant_id: int, table: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    query = select(table.c.customer_number.label("number"))
    return query.where(table.c.tenant_id == tenant_id, *conditions)


def _tagged(tenant_id: int, name: str) -> Select[Any]:
    is_same = and_(customer_tags.c.tenant_id == tenant_id, customer_tags.c.tag_id == tags.c.tag_id)
    query = select(customer_tags.c.customer_number.label("number")).select_from(tags.join(customer_tags, is_same))
    return query.where(tags.c.tenant_id == tenant_id, tags.c.name == name)
