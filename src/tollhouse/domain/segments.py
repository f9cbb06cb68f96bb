"""Segments: customers by rules about what they were charged, their traits, their tags and themselves.

A rule compares one field of a customer with a value. Where the customer has no value there, every comparison is false,
`ne` too: `not_exists` and `has_not` are what ask for nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tollhouse.domain import summaries
from tollhouse.domain.identity import folded_email
from tollhouse.domain.sortable import sort_key
from tollhouse.domain.summaries import ChargeSummary

TRAITS: Final = "traits."
"""What the fields of traits begin with; the rest is the trait's own."""

TAGS: Final = "tags"

SECOND: Final = 1_000_000
"""In microseconds. Rules and what they look at count whole seconds."""

DAY_SECONDS: Final = 86_400

COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
"""Of two values; also of a column and a value, for who makes statements of rules."""

ORDERINGS: Final = frozenset({"gt", "gte", "lt", "lte"})


@dataclass(frozen=True, slots=True)
class DaysAgo:
    """The second that many days of 24 hours before the moment of reading."""

    days: int

    def second(self, now_second: int) -> int:
        return now_second - self.days * DAY_SECONDS


Value = str | bool | int | Decimal | DaysAgo | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One comparison. `currency` is that of the charges it is about, empty where it is about none.

    Sums and averages are minor units, instants UNIX seconds.
    """

    field: str
    operator: str
    value: Value
    currency: str = ""

    @property
    def is_of_charges(self) -> bool:
        return self.field.startswith("charges.")

    @property
    def trait(self) -> str | None:
        """Which trait it is about; None where it is about something else."""
        return self.field.removeprefix(TRAITS) if self.field.startswith(TRAITS) else None

    def wanted(self, now_second: int) -> Any:
        """What the customer's value is compared with, in the form in which that is kept."""
        value = self.value.second(now_second) if isinstance(self.value, DaysAgo) else self.value
        if self.field == "email" and isinstance(value, str):
            return folded_email(value)
        if self.trait is not None and value is not None and self.operator != "contains":
            return sort_key(value)
        return value


@dataclass(frozen=True, slots=True)
class Group:
    """Rules of which all hold (`op` and) or any (`op` or)."""

    op: str
    rules: tuple[Rule | Group, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What rules look at of one customer.

    `summaries` are by currency; `traits` the keys of their values (see sortable.py) by field; `own` the customer's own
    fields by name: instants in UNIX seconds, the e-mail folded, None what there is not.
    """

    summaries: Mapping[str, ChargeSummary]
    traits: Mapping[str, str]
    tags: frozenset[str]
    own: Mapping[str, str | int | None]


def holds(rule: Rule | Group, customer: Figures, now_second: int) -> bool:
    """Whether the customer is one of those that the rule, or the group of them, means at this moment."""
    if isinstance(rule, Group):
        each = (holds(part, customer, now_second) for part in rule.rules)
        return all(each) if rule.op == "and" else any(each)
    if rule.field == TAGS:
        return (rule.value in customer.tags) == (rule.operator == "has")
    value = _value(rule, customer)
    if rule.operator in ("exists", "not_exists"):
        return (value is not None) == (rule.operator == "exists")
    if value is None:
        return False
    wanted = rule.wanted(now_second)
    return _trait_compares(rule, value, wanted) if rule.trait is not None else _compares(rule, value, wanted)


def _value(rule: Rule, customer: Figures) -> Any:
    if rule.trait is not None:
        return customer.traits.get(rule.trait)
    if rule.is_of_charges:
        return charge_figure(rule.field, customer.summaries.get(rule.currency, summaries.EMPTY))
    return customer.own[rule.field]


def charge_figure(field: str, summary: ChargeSummary) -> int | None:
    """A figure of a charge summary by its name in rules."""
    match field:
        case "charges.count":
            return summary.count
        case "charges.sum":
            return summary.remaining_minor
        case "charges.average":
            return summary.average_minor
        case "charges.first_at":
            return _second(summary.first_at)
        case "charges.last_at":
            return _second(summary.last_at)
    raise ValueError("There is no such figure of charges.")


def _second(instant: int | None) -> int | None:
    return None if instant is None else instant // SECOND


def _compares(rule: Rule, value: Any, wanted: Any) -> bool:
    if rule.operator == "contains":
        return wanted in value
    if rule.operator == "starts_with":
        return bool(value.startswith(wanted))
    return bool(COMPARISONS[rule.operator](value, wanted))


def _trait_compares(rule: Rule, key: str, wanted: str) -> bool:
    """Before and after are only what is of one kind: no text is above a number."""
    if rule.operator == "contains":
        return key[0] == "s" and wanted in key[1:]
    if rule.operator in ORDERINGS and key[0] != wanted[0]:
        return False
    return _compares(rule, key, wanted)
