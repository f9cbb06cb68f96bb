"""What a sandbox card does, as a script: a step for each call of each kind.

    pm_script:charge=take+silent;look_up=truth+unknown,truth;refund=decline/refund_declined

Parts are separated by `;`, the steps of a part by `,`: the first is for the first call under a key, and the last goes
on. A step is what happens, and then how it is told, each after a `+`. docs/gateways.md has the whole of it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final

import msgspec

CHARGE: Final = "charge"
LOOK_UP: Final = "look_up"
REFUND: Final = "refund"
LOOK_UP_REFUND: Final = "look_up_refund"

TAKE: Final = "take"
DECLINE: Final = "decline"
LIMIT: Final = "limit"
NOTHING: Final = "nothing"
TRUTH: Final = "truth"

SCRIPT_PREFIX: Final = "pm_script:"
CHANCE_PREFIX: Final = "pm_random:"

#: Seconds in a script, and events of a step, have bounds.
SECONDS_MAX = 3600
EVENTS_MAX = 5
_DIGITS_MAX = 18
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: What may happen in a call of each kind, the first of them being what happens where a script says nothing.
_ALLOWED = {
    CHARGE: (TAKE, DECLINE, LIMIT, NOTHING),
    REFUND: (TAKE, DECLINE, LIMIT, NOTHING),
    LOOK_UP: (TRUTH,),
    LOOK_UP_REFUND: (TRUTH,),
}
_DECLINED_BEYOND_LIMIT = {CHARGE: "insufficient_funds", REFUND: "refund_declined"}


class ScriptUnreadable(ValueError):
    """A token that is no script."""


class Step(msgspec.Struct, frozen=True):
    """What one call does: take the money, decline it (`code`) above `above_minor`, do nothing, or tell the truth.

    Told after `wait_seconds`; never, if `is_silent`; in words that nobody understands, if `is_unknown`; and in events
    of the gateway's own, each so many seconds later.
    """

    what: str
    code: str = ""
    above_minor: int = 0
    is_silent: bool = False
    is_unknown: bool = False
    wait_seconds: int = 0
    event_seconds: tuple[int, ...] = ()


class Script(msgspec.Struct, frozen=True):
    steps: dict[str, tuple[Step, ...]]

    def step(self, kind: str, call_no: int) -> Step:
        """What the call of this kind does that is the so-manieth under its key, from 1 on."""
        steps = self.steps.get(kind) or (Step(_ALLOWED[kind][0]),)
        return steps[min(call_no, len(steps)) - 1]


@lru_cache(maxsize=1024)
def script_from_text(text: str) -> Script:
    """Read `charge=…;look_up=…;refund=…;look_up_refund=…`; raises ScriptUnreadable."""
    steps: dict[str, tuple[Step, ...]] = {}
    for part in filter(None, text.split(";")):
        kind, _, listed = part.partition("=")
        if kind not in _ALLOWED or kind in steps:
            raise ScriptUnreadable(kind)
        steps[kind] = tuple(_step(kind, step) for step in listed.split(","))
    return Script(steps)


def _step(kind: str, text: str) -> Step:
    happens, *manners = text.split("+")
    what, _, detail = happens.partition("/")
    if what not in _ALLOWED[kind]:
        raise ScriptUnreadable(text)
    code, above_minor = "", 0
    if what == DECLINE:
        if not _CODE.fullmatch(detail):
            raise ScriptUnreadable(text)
        code = detail
    elif what == LIMIT:
        code, above_minor = _DECLINED_BEYOND_LIMIT[kind], _number(detail, 10**_DIGITS_MAX)
    elif detail:
        raise ScriptUnreadable(text)
    told = _Told(manners)
    return Step(what, code, above_minor, told.is_silent, told.is_unknown, told.wait_seconds, tuple(told.event_seconds))


class _Told:
    """How a step is told."""

    def __init__(self, manners: list[str]) -> None:
        self.is_silent = self.is_unknown = False
        self.wait_seconds = 0
        self.event_seconds: list[int] = []
        for manner in manners:
            name, slash, detail = manner.partition("/")
            match name:
                case "silent" if not slash:
                    self.is_silent = True
                case "unknown" if not slash:
                    self.is_unknown = True
                case "wait":
                    self.wait_seconds = _number(detail, SECONDS_MAX)
                case "event" if len(self.event_seconds) < EVENTS_MAX:
                    self.event_seconds.append(_number(detail, SECONDS_MAX) if slash else 0)
                case _:
                    raise ScriptUnreadable(manner)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text) <= most):
        raise ScriptUnreadable(text)
    return int(text)


# Chance, which is none: the same seed and key always throw the same.

#: Of a hundred calls of each kind, so many go like this.
CHANCES: dict[str, tuple[tuple[int, Step], ...]] = {
    CHARGE: (
        (58, Step(TAKE)),
        (6, Step(DECLINE, "card_declined")),
        (4, Step(DECLINE, "insufficient_funds")),
        (3, Step(DECLINE, "expired_card")),
        (3, Step(DECLINE, "authentication_required")),
        (6, Step(TAKE, is_unknown=True)),
        (6, Step(NOTHING)),
        (4, Step(DECLINE, "processing_error", is_unknown=True)),
        (4, Step(TAKE, is_unknown=True, event_seconds=(0, 1))),
        (6, Step(TAKE, event_seconds=(0, 0))),
    ),
    LOOK_UP: ((75, Step(TRUTH)), (25, Step(TRUTH, is_unknown=True))),
    REFUND: (
        (70, Step(TAKE)),
        (12, Step(DECLINE, "refund_declined")),
        (6, Step(TAKE, is_unknown=True)),
        (6, Step(NOTHING)),
        (6, Step(TAKE, event_seconds=(0, 0))),
    ),
    LOOK_UP_REFUND: ((75, Step(TRUTH)), (25, Step(TRUTH, is_unknown=True))),
}


def step_by_chance(seed: str, key: str, kind: str, call_no: int) -> Step:
    """What this call does: a function of the seed and the key, of how many calls came before, and of nothing else."""
    digest = hashlib.sha256(f"{seed}\0{key}\0{kind}\0{call_no}".encode("utf-8", "surrogatepass")).digest()
    throw = int.from_bytes(digest[:8], "big") % 100
    for percent, step in CHANCES[kind]:
        if throw < percent:
            return step
        throw -= percent
    raise AssertionError("the chances of a kind are a hundred")
