"""Every refusal of the ledger with what each door makes of it, and what each door refuses by itself."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import tollhouse.apis
from reference.markdown import code, table
from reference.markdown import page as markdown_page
from tollhouse.apis.admin.routes import CONFLICTS, UNKNOWN
from tollhouse.apis.beacon.reply import envelope as beacon
from tollhouse.apis.enswitch.functions import FUNCTIONS
from tollhouse.apis.enswitch.reply import envelope as enswitch
from tollhouse.apis.kelviq.reply import envelope as kelviq
from tollhouse.ledger import refusals
from tollhouse.ledger.refusals import FieldRefused, Refusal
from tollhouse.web import Reply, Trouble

#: What stands in a sentence for what the case itself brings.
BLANK = "…"
_APIS = Path(next(iter(tollhouse.apis.__path__)))
_TROUBLES = (Trouble.TOO_LARGE, Trouble.OVERLOADED, Trouble.UNAVAILABLE, Trouble.FAULT)


class Own(NamedTuple):
    """What a door says without the ledger: its status, the door's own code or key, and the sentence."""

    status: str
    code: str
    sentence: str


def kinds() -> list[type[Refusal]]:
    """Every refusal that can be met, by name."""
    found = [getattr(refusals, name) for name in refusals.__all__]
    return [kind for kind in found if issubclass(kind, Refusal) and kind not in (Refusal, FieldRefused)]


def sentence_of(kind: type[Refusal]) -> str:
    """As a caller reads it; where each case has a sentence of its own, what it is about."""
    text = str(_example(kind))
    if text.replace(BLANK, "").strip(": "):
        return text
    return (kind.__doc__ or "").split("; ")[0].split(". ")[0].strip().rstrip(".") + f": {BLANK}"


def _example(kind: type[Refusal]) -> Refusal:
    if kind.__init__ is Exception.__init__:
        return kind(BLANK)
    parameters = list(inspect.signature(kind).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return kind(BLANK)
    return kind(*(BLANK for parameter in parameters if parameter.default is parameter.empty))


def page() -> str:
    return markdown_page(
        "Errors",
        "A refusal changes nothing and burns no idempotency key. Each has one sentence, the same at every door; what a "
        "door makes of it is a status with the field, key or code that it names; a door with nothing in its column "
        f"never meets the refusal. “{BLANK}” stands for what the case itself brings.",
        "## Refusals of the ledger",
        table(("sentence", "Beacon", "ENSwitch", "Kelviq", "`/admin/v1`"), map(_row, _by_sentence())),
        "Where a row names no status for `/admin/v1`, it is 422 there if it is met at all.",
        *_own_sections(),
    )


def _by_sentence() -> list[type[Refusal]]:
    return sorted(kinds(), key=sentence_of)


def _row(kind: type[Refusal]) -> tuple[str, ...]:
    doors = (at_beacon(kind), at_enswitch(kind), at_kelviq(kind), at_admin(kind))
    return sentence_of(kind), *(" ".join(map(code, filter(None, told))) for told in doors)


def at_beacon(kind: type[Refusal]) -> tuple[str, ...]:
    """Its status and field; nothing where the door does not meet it."""
    try:
        body = _body(beacon.refusal_to_wire(_example(kind)))
    except KeyError:
        return ()
    return str(body["code"]), *body["errors"]


def at_enswitch(kind: type[Refusal]) -> tuple[str, ...]:
    return enswitch.REFUSALS.get(kind, ())


def at_kelviq(kind: type[Refusal]) -> tuple[str, ...]:
    if issubclass(kind, FieldRefused):
        return "400", getattr(_example(kind), "field", "")
    told = kelviq.REFUSALS.get(kind)
    return (str(told[0]), told[1]) if told else ()


def at_admin(kind: type[Refusal]) -> tuple[str, ...]:
    if issubclass(kind, UNKNOWN):
        return ("404",)
    return ("409",) if issubclass(kind, CONFLICTS) else ()


def _own_sections() -> Iterator[str]:
    yield "## Beacon's own"
    yield "`message` says it; `errors` names each refused field ([beacon.md](../beacon.md))."
    yield _own_table(_troubles(beacon), _literals("beacon", "error_to_wire", (0, None, 1)))
    yield "## ENSwitch's own"
    yield "The code is in `responses[]`; the HTTP status is 200 but for the last rows ([enswitch.md](../enswitch.md))."
    yield _own_table(_enswitch_own())
    yield _enswitch_of_functions()
    yield "## Kelviq's own"
    yield (
        "`detail` says it, `code` stays as it is. A decline has the gateway's code "
        "([gateways.md](../gateways.md#the-sandbox)); refused fields have no code ([kelviq.md](../kelviq.md#errors))."
    )
    yield _own_table(_kelviq_own(), _troubles(kelviq), _literals("kelviq", "error_to_wire", (0, 1, 2)))
    yield "## `/admin/v1`'s own"
    yield "`detail` says it ([admin.md](../admin.md))."
    yield _own_table(_literals("admin", "error_to_wire", (0, None, 1)), _literals("admin", "Refused", (0, None, 1)))


def _own_table(*rows: list[Own]) -> str:
    told = sorted({own for some in rows for own in some})
    has_code = any(own.code for own in told)
    columns = ("status", "code", "sentence") if has_code else ("status", "sentence")
    return table(
        columns,
        [(o.status, code(o.code) if o.code else "", o.sentence) if has_code else (o.status, o.sentence) for o in told],
    )


def _troubles(envelope: Any) -> list[Own]:
    replies = [envelope.trouble_to_wire(what) for what in _TROUBLES]
    return [_own(reply) for reply in replies]


def _own(reply: Reply) -> Own:
    body = _body(reply)
    code_told = body["code"] if isinstance(body.get("code"), str) else ""
    return Own(str(reply.status), code_told, body.get("message") or body["detail"])


def _kelviq_own() -> list[Own]:
    return [_own(kelviq.NOT_FOUND), _own(kelviq.UNAUTHORISED)]


def _enswitch_own() -> list[Own]:
    replies = [
        enswitch.unauthorised_to_wire(),
        enswitch.forbidden_to_wire(),
        enswitch.unknown_path_to_wire(),
        enswitch.method_to_wire(),
        *(enswitch.trouble_to_wire(what) for what in _TROUBLES),
    ]
    told = [(reply.status, _body(reply)["responses"][0]) for reply in replies]
    return [Own(f"HTTP {status}", entry["code"], entry["message"]) for status, entry in told]


def _enswitch_of_functions() -> str:
    """Where a function says it otherwise than the table does."""
    rows = [
        (code(function.path), sentence_of(kind), " ".join(map(code, filter(None, told))))
        for function in FUNCTIONS
        for kind, told in function.refusals.items()
    ]
    listed = table(("function", "sentence", "is told as"), sorted(rows))
    return f"Some functions name another parameter than the table above:\n\n{listed}"


def _body(reply: Reply) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(reply.body)
    return body


def _literals(door: str, function: str, places: tuple[int, int | None, int]) -> list[Own]:
    """What is said where it is met: calls of this function with a status, and a code or sentence, that stand in the
    code. `places` are those of status, code and sentence among its arguments."""
    found = []
    for file in sorted((_APIS / door).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == function and len(node.args) > places[-1]:
                said = Own(*("" if place is None else _text(node.args[place]) for place in places))
                if said.status.isdigit() and (said.code + said.sentence).replace(BLANK, "").strip(": "):
                    found.append(said)
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _text(node: ast.expr) -> str:
    """What a text in the code says, with a blank for what it takes from elsewhere."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return BLANK
