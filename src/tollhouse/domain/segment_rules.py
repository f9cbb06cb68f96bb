"""Rules of segments as they are sent and kept: lists of objects, read into values or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tollhouse.domain.identity import is_storable
from tollhouse.domain.money import is_currency
from tollhouse.domain.segments import ORDERINGS, TAGS, TRAITS, DaysAgo, Group, Rule, Value
from tollhouse.domain.sortable import CHARACTERS_MAX, NotSortable, sort_key

OPS: Final = ("and", "or")

RULES_MAX: Final = 50
"""Rules and groups of a segment, together."""

DEPTH_MAX: Final = 5
"""Groups within one another, the segment itself included."""

WHOLE_MAX: Final = 10**18
"""The largest magnitude of a whole number that a figure is compared with."""

SECOND_MAX: Final = 10**11
"""UNIX seconds: what is larger is milliseconds."""

DAYS_MAX: Final = 36_500

TRAIT_LENGTH_MAX: Final = 50
NAME_LENGTH_MAX: Final = 255

_EQUALITY = ("eq", "ne")
_ORDER = (*_EQUALITY, "gt", "gte", "lt", "lte")
_TEXT = (*_EQUALITY, "contains", "starts_with")
_PRESENCE = ("exists", "not_exists")
_MEMBERSHIP = ("has", "has_not")


class RulesRefused(ValueError):
    """Rules that cannot be used. `where` is the place, such as rules.2.value, and the sentence says why."""

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(sentence)
        self.where = where


@dataclass(frozen=True, slots=True)
class _Field:
    kind: str
    operators: tuple[str, ...]


_WHOLE = _Field("whole", _ORDER)
_WHOLE_OR_NONE = _Field("whole", (*_ORDER, *_PRESENCE))
_INSTANT = _Field("instant", _ORDER)
_INSTANT_OR_NONE = _Field("instant", (*_ORDER, *_PRESENCE))
_TEXT_OR_NONE = _Field("text", (*_TEXT, *_PRESENCE))
_TRAIT = _Field("trait", (*_ORDER, "contains", "starts_with", *_PRESENCE))

FIELDS: Final[dict[str, _Field]] = {
    "charges.count": _WHOLE,
    "charges.sum": _WHOLE,
    "charges.average": _WHOLE_OR_NONE,
    "charges.first_at": _INSTANT_OR_NONE,
    "charges.last_at": _INSTANT_OR_NONE,
    TAGS: _Field("name", _MEMBERSHIP),
    "email": _Field("email", (*_TEXT, *_PRESENCE)),
    "user_id": _TEXT_OR_NONE,
    "created_at": _INSTANT,
    "signed_up_at": _INSTANT_OR_NONE,
    "last_seen_at": _INSTANT_OR_NONE,
    "sessions": _WHOLE,
}
"""What rules can be about besides traits."""


def group_from_value(op: Any, rules: Any, currency: str) -> Group:
    """The rules of a segment; of charges those in `currency` where a rule names none. Raises RulesRefused."""
    reading = _Reading(currency)
    return reading.group(op, rules, "", 1)


def value_from_group(group: Group, currency: str) -> list[dict[str, Any]]:
    """What `group_from_value` reads as this group again, always in one form; `currency` is left out where it is that
    of all. Numbers are int or Decimal."""
    return [_value_from_rule(rule, currency) for rule in group.rules]


def _value_from_rule(rule: Rule | Group, currency: str) -> dict[str, Any]:
    if isinstance(rule, Group):
        return {"op": rule.op, "rules": value_from_group(rule, currency)}
    value: dict[str, Any] = {"field": rule.field, "operator": rule.operator}
    if rule.value is not None:
        value["value"] = {"days_ago": rule.value.days} if isinstance(rule.value, DaysAgo) else rule.value
    if rule.currency not in ("", currency):
        value["currency"] = rule.currency
    return value


def parts(group: Group) -> Iterator[Rule]:
    """Every rule of a group, those of its groups too."""
    for rule in group.rules:
        if isinstance(rule, Group):
            yield from parts(rule)
        else:
            yield rule


class _Reading:
    """One reading of a segment's rules, which counts them."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._left = RULES_MAX

    def group(self, op: Any, rules: Any, where: str, depth: int) -> Group:
        _require(depth <= DEPTH_MAX, where.removesuffix("."), f"must not have more than {DEPTH_MAX} groups in another")
        _require(isinstance(op, str) and op in OPS, f"{where}op", "must be 'and' or 'or'")
        _require(isinstance(rules, list | tuple), f"{where}rules", "must be a list")
        _require(len(rules) > 0, f"{where}rules", "must have at least one rule")
        return Group(op, tuple(self._part(rule, f"{where}rules.{index}", depth) for index, rule in enumerate(rules)))

    def _part(self, value: Any, where: str, depth: int) -> Rule | Group:
        self._left -= 1
        _require(self._left >= 0, where, f"is one too many: a segment has at most {RULES_MAX} rules")
        _require(isinstance(value, dict), where, "must be an object")
        is_group = "op" in value or "rules" in value
        _only(value, where, ("op", "rules") if is_group else ("field", "operator", "value", "currency"))
        if is_group:
            return self.group(value.get("op"), value.get("rules"), f"{where}.", depth + 1)
        return self._rule(value, where)

    def _rule(self, value: dict[str, Any], where: str) -> Rule:
        name = value.get("field")
        field = _field(name, f"{where}.field")
        operator = value.get("operator")
        known = isinstance(operator, str) and operator in field.operators
        _require(known, f"{where}.operator", f"must be one of {', '.join(field.operators)}")
        is_of_charges = str(name).startswith("charges.")
        given = value.get("currency")
        _require(given is None or is_of_charges, f"{where}.currency", "is for charges alone")
        _require(given is None or _is_currency(given), f"{where}.currency", "must be an ISO 4217 currency")
        currency = (self._currency if given is None else given) if is_of_charges else ""
        return Rule(str(name), str(operator), _value(field, str(operator), value.get("value"), where), currency)


def _field(name: Any, where: str) -> _Field:
    if isinstance(name, str) and name.startswith(TRAITS):
        trait = name.removeprefix(TRAITS)
        _require(
            1 <= len(trait) <= TRAIT_LENGTH_MAX and is_storable(trait), where, "must name a trait, such as traits.plan"
        )
        return _TRAIT
    if not isinstance(name, str) or name not in FIELDS:
        raise RulesRefused(where, f"must be one of {', '.join(FIELDS)}, or a trait such as {TRAITS}plan")
    return FIELDS[name]


def _value(field: _Field, operator: str, value: Any, where: str) -> Value:
    where = f"{where}.value"
    if operator in _PRESENCE:
        _require(value is None, where, f"must not be there with {operator}")
        return None
    _require(value is not None, where, "is required")
    if isinstance(value, dict):
        return _days_ago(field, operator, value, where)
    if field.kind in ("whole", "instant"):
        return _whole(field, value, where)
    if field.kind == "trait" and operator not in ("contains", "starts_with"):
        return _trait_value(operator, value, where)
    text = _text(value, where, NAME_LENGTH_MAX if field.kind == "name" else CHARACTERS_MAX)
    _require(field.kind != "email" or bool(text.strip()), where, "must not be blank")
    return text


def _days_ago(field: _Field, operator: str, value: dict[Any, Any], where: str) -> DaysAgo:
    _require(field.kind in ("instant", "trait") and operator in ORDERINGS, where, "must be a plain value here")
    _only(value, where, ("days_ago",))
    days = value.get("days_ago")
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= DAYS_MAX:
        raise RulesRefused(f"{where}.days_ago", f"must be a whole number from 0 to {DAYS_MAX}")
    return DaysAgo(days)


def _whole(field: _Field, value: Any, where: str) -> int:
    whole = _whole_number(value)
    if whole is None:
        raise RulesRefused(where, "must be a whole number")
    if field.kind == "instant":
        _require(abs(whole) <= SECOND_MAX, where, "must be in UNIX seconds, not milliseconds")
    _require(abs(whole) <= WHOLE_MAX, where, f"must be between -{WHOLE_MAX} and {WHOLE_MAX}")
    return whole


def _whole_number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    # A bound before the exact comparison: 1e999999 is a whole number too.
    is_small = isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 2 * len(str(WHOLE_MAX))
    return int(value) if is_small and value == int(value) else None


def _trait_value(operator: str, value: Any, where: str) -> str | bool | int | Decimal:
    if isinstance(value, bool):
        _require(operator in _EQUALITY, where, f"must not be true or false with {operator}")
        return value
    if isinstance(value, str):
        return _text(value, where, CHARACTERS_MAX, least=0)
    if not isinstance(value, int | Decimal):
        raise RulesRefused(where, "must be a text, a number, true or false")
    try:
        sort_key(value)
    except NotSortable as error:
        raise RulesRefused(where, "is out of range") from error
    return value


def _text(value: Any, where: str, most: int, *, least: int = 1) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most or not is_storable(value):
        raise RulesRefused(where, f"must be a text of {least} to {most} characters")
    return value


def _is_currency(value: Any) -> bool:
    return isinstance(value, str) and is_currency(value)


def _only(value: dict[Any, Any], where: str, names: tuple[str, ...]) -> None:
    for name in value:
        _require(name in names, where, f"must have no other keys than {', '.join(names)}")


def _require(condition: bool, where: str, sentence: str) -> None:
    if not condition:
        raise RulesRefused(where, sentence)
