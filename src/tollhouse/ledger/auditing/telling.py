"""How changes are told: only what is different, secrets never, personal details masked, all of it bounded.

The changes of an entry are a JSON array of `{"what": kind, "key": which one, "before": {…}, "after": {…}}`: before is
null for what was made, after for what is gone. What had no room is counted in a last `{"more": 12}`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tollhouse.domain.money import is_currency, major_text
from tollhouse.ledger.auditing.noting import Notes
from tollhouse.ledger.auditing.told import LEFT_OUT, NO_SECRET, SECRET, TOLD, Told
from tollhouse.ledger.facts import Fact

#: Characters of an entry's changes, and of one value in them.
CHANGES_LENGTH_MAX: Final = 8000
VALUE_LENGTH_MAX: Final = 200
KEY_LENGTH_MAX: Final = 100
#: The changes of what changed nothing that is told.
NOTHING: Final = "[]"
#: Room for the count of what is left.
_MORE_LENGTH: Final = 30

_MINOR: Final = "_minor"

_Values = dict[str, Any]


def changes_text(notes: Notes) -> str:
    """The changes as an entry holds them."""
    told = [change for change in (_change(c.before, c.after) for c in notes.changes) if change is not None]
    texts: list[str] = []
    length = 2
    for change in told:
        text = msgspec.json.encode(change).decode()
        if length + len(text) + 1 > CHANGES_LENGTH_MAX - _MORE_LENGTH:
            break
        texts.append(text)
        length += len(text) + 1
    more = len(told) - len(texts) + notes.more
    if more:
        texts.append(f'{{"more":{more}}}')
    return f"[{','.join(texts)}]"


def has_effect(text: str, notes: Notes) -> bool:
    """Whether anything was changed, by what is told and by what is not."""
    return text != NOTHING or notes.writes_untold


def masked(value: Any) -> Any:
    """The first character and an ellipsis: enough to see that something was changed."""
    if value is None or value == "":
        return value
    return f"{value[0]}…" if isinstance(value, str) else "…"


def _change(before: Fact | None, after: Fact | None) -> _Values | None:
    """None where nothing that is told is different."""
    fact = after if after is not None else before
    if fact is None:
        return None
    rules = TOLD[type(fact)]
    old, new = _values(rules, before), _values(rules, after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if not names and before is not None and after is not None:
        return None
    names += [name for name in rules.always if name not in names]
    return {
        "what": rules.kind,
        "key": rules.key(fact)[:KEY_LENGTH_MAX],
        "before": None if before is None else _shown(rules, old, new, names),
        "after": None if after is None else _shown(rules, new, old, names),
    }


def _values(rules: Told, fact: Fact | None) -> _Values:
    """What may be told of a fact, as it is: nothing of what is empty."""
    values: _Values = {}
    if fact is None:
        return values
    for name in fact.__struct_fields__:
        value = getattr(fact, name)
        if name in LEFT_OUT or name in rules.left_out or value in (None, ""):
            continue
        if name in rules.opened:
            values |= {f"{name}.{inner}": v for inner, v in _opened(value).items() if v not in (None, "")}
        elif name.endswith(_MINOR):
            values[name.removesuffix(_MINOR)] = _amount(fact, value)
        else:
            values[name] = value
    return values


def _shown(rules: Told, values: _Values, other: _Values, names: list[str]) -> _Values:
    return {name: _value(rules, name, values[name], name in other) for name in names if name in values}


def _value(rules: Told, name: str, value: Any, is_in_both: bool) -> Any:
    outer, _, inner = name.partition(".")
    if is_secret(inner or outer):
        return "changed" if is_in_both else "set"
    if outer in rules.masked and name not in rules.plain:
        return masked(value)
    if isinstance(value, bool | int):
        return value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_LENGTH_MAX else f"{text[:VALUE_LENGTH_MAX]}…"


def is_secret(name: str) -> bool:
    """Whether a field of this name is never told."""
    return name not in NO_SECRET and SECRET.search(name.lower()) is not None


def _opened(text: str) -> _Values:
    try:
        values = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"": text}
    return values if isinstance(values, dict) else {"": values}


def _amount(fact: Fact, minor: int) -> Any:
    currency = getattr(fact, "currency", "")
    return major_text(minor, currency) if is_currency(currency) else minor
