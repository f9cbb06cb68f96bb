"""Whether an answer is as it is described: in our own document, and in the vendor's where that is at hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from tests.describing import Description
from tests.harness import Answer
from tollhouse.apis.kelviq.openapi import DOCUMENT
from tollhouse.apis.kelviq.operations import OPERATIONS
from tollhouse.apis.kelviq.operations.operation import Operation

VENDORS = Path(__file__).parents[4] / "shared" / "reference" / "kelviq-openapi.json"
OURS = Description(DOCUMENT)


def operation_at(method: str, target: str) -> Operation | None:
    """The operation of Kelviq's door that a request is for."""
    path = OURS.path_of(method, target)
    return None if path is None else _BY_PATH[method, path]


def check_described(method: str, path: str, answer: Answer) -> None:
    """Fail unless the answer of an operation is as it is described. `path` is under /api/v1, with names in braces."""
    OURS.check(method, f"/api/v1{path}", answer)
    if VENDORS.exists():
        assert _vendors().faults(method, path, answer) == []


@cache
def _vendors() -> Description:
    return Description(msgspec.json.decode(VENDORS.read_bytes()))


_BY_PATH = {(operation.method, f"/api/v1{operation.path}/"): operation for operation in OPERATIONS}
