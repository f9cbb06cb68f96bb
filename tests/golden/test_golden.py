"""Every file under golden/<wire>/ is one conversation, pinned to the byte. README.md says how to add one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.apis.kelviq.describing import check_described, operation_at
from tests.describing import Description
from tests.harness import GOLDEN, InProcess
from tollhouse.apis.beacon.openapi import DOCUMENT
from tollhouse.apis.kelviq.operations import OPERATIONS

CASES = sorted(GOLDEN.glob("*/*.txt"))
BEACON = Description(DOCUMENT)

WILDCARDS = {
    "id": r"[1-9][0-9]{0,17}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "int": r"-?(?:0|[1-9][0-9]*)",
    "token": r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    "order": r"[A-Za-z0-9][A-Za-z0-9_-]*",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?",
}
_WILDCARD = re.compile("{(" + "|".join(WILDCARDS) + ")}")


class Step(msgspec.Struct):
    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    status: int
    wanted_headers: list[tuple[str, str]]
    wanted_body: str


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_conversation(case: Path, application: InProcess) -> None:
    matched: dict[str, str] = {}
    for number, text in enumerate(_steps(case), start=1):
        step = _step(_WILDCARD.sub(lambda found: matched[found[1]], text.partition("\n-----\n")[0]), text)
        answer = application.request(step.method, step.target, step.body, key=None, headers=step.headers)
        shown = f"step {number} answered {answer.status} {answer.headers}\n{answer.body.decode(errors='replace')}"
        assert answer.status == step.status, shown
        for name, value in step.wanted_headers:
            assert answer.headers.get(name.lower()) == value, f"{name}: {shown}"
        pattern, names = _pattern(step.wanted_body)
        found = re.fullmatch(pattern, answer.body.decode("utf-8"), re.DOTALL)
        assert found is not None, f"{shown}\nwanted\n{step.wanted_body}"
        matched.update(zip(names, found.groups(), strict=True))
        operation, path = operation_at(step.method, step.target), BEACON.path_of(step.method, step.target)
        if operation is not None:
            check_described(operation.method, f"{operation.path}/", answer)
        if path is not None:
            BEACON.check(step.method, path, answer)


def test_every_operation_of_kelviqs_door_has_a_case_of_success() -> None:
    """And with it a reply that was held against our description, and the vendor's where that is at hand."""
    shown = set()
    for step in _all_steps():
        operation = operation_at(step.method, step.target)
        if operation is not None and step.status == operation.success:
            shown.add(operation.name)
    # A one-time purchase is never cancelled, updated or previewed: these answer 400 alone.
    refused = {"cancelSubscription", "updateSubscription", "previewSubscriptionUpdate"}
    # And no case can name a refund, whose id is not the last in any reply: test_orders.py reads one.
    assert {operation.name for operation in OPERATIONS} - shown == refused | {"retrieveRefund"}


def test_every_operation_of_beacons_door_has_a_case_of_success() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    shown = {(step.method, BEACON.path_of(step.method, step.target)) for step in _all_steps() if step.status == 200}
    assert described - shown == {("GET", "/v1/campaigns/{id}")}, "there are no campaigns, but every other case"


def test_the_beacon_cases_are_found() -> None:
    """A glob that finds nothing would pass in silence."""
    assert len([case for case in CASES if case.parent.name == "beacon"]) > 20


def _all_steps() -> Iterator[Step]:
    for case in CASES:
        for text in _steps(case):
            yield _step(text.partition("\n-----\n")[0], text)


def _steps(case: Path) -> Iterator[str]:
    lines = case.read_text(encoding="utf-8").rstrip("\n").split("\n")
    while lines and lines[0].startswith("# "):
        lines.pop(0)
    for text in "\n".join(lines).split("\n=====\n"):
        yield text.strip("\n")


def _step(request: str, text: str) -> Step:
    line, headers, body = _message(request)
    method, _, target = line.partition(" ")
    sent: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        if name == "Body-Repeat":
            piece, _, count = value.rpartition("*")
            repeated = piece * int(count)
            body = body.replace("{repeat}", repeated) if body else repeated
        else:
            sent.append((name.lower().encode(), _bytes(value)))
    status, wanted_headers, wanted_body = _message(text.partition("\n-----\n")[2])
    return Step(method, _bytes(target).decode("latin-1"), sent, _bytes(body), int(status), wanted_headers, wanted_body)


def _message(text: str) -> tuple[str, list[tuple[str, str]], str]:
    """First line, headers, body."""
    head, _, body = text.strip("\n").partition("\n\n")
    first, *rest = head.split("\n")
    headers = []
    for line in rest:
        name, _, value = line.partition(":")
        headers.append((name.strip(), value.strip()))
    return first.strip(), headers, body


def _bytes(text: str) -> bytes:
    r"""UTF-8, with `\xNN` for bytes that are none."""
    pieces = re.split(r"\\x([0-9a-fA-F]{2})", text)
    return b"".join(bytes.fromhex(piece) if i % 2 else piece.encode("utf-8") for i, piece in enumerate(pieces))


def _pattern(wanted: str) -> tuple[str, list[str]]:
    """A pattern for the body, and the names of its wildcards in their order."""
    text = _bytes(wanted).decode("utf-8")
    pieces = _WILDCARD.split(text)
    pattern = "".join(f"({WILDCARDS[piece]})" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    return pattern, pieces[1::2]
