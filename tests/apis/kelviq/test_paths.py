"""The table of the vendor's paths in docs/kelviq.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tests.apis.kelviq.describing import VENDORS
from tollhouse.apis.kelviq.operations import OPERATIONS

DOCS = Path(__file__).parents[3] / "docs" / "kelviq.md"
ROW = re.compile(r"\| `(/[^`]*)` \| ([A-Z, ]+) \| ((?:yes|no)[^|]*) \|")


def rows() -> dict[str, tuple[set[str], str]]:
    """Of each path, the vendor's methods and what is said of them."""
    return {path: (set(methods.split(", ")), said) for path, methods, said in ROW.findall(DOCS.read_text("utf-8"))}


def plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path).rstrip("/")


def served(path: str) -> set[str]:
    return {operation.method for operation in OPERATIONS if plain(operation.path) == plain(path)}


def test_the_table_says_which_of_them_are_served() -> None:
    for path, (methods, said) in rows().items():
        extra = re.search("also ([A-Z, ]+)", said)
        told = methods | set(extra[1].split(", ")) if extra else methods
        assert served(path) == (told if said.startswith("yes") else set()), path


def test_what_is_not_served_has_a_reason() -> None:
    refused = [said for _, said in rows().values() if said.startswith("no")]
    assert refused
    assert all(re.match("no: .{10,}", said) for said in refused)


@pytest.mark.skipif(not VENDORS.exists(), reason="the vendor's description is not at hand")
def test_all_of_the_vendors_paths_are_in_the_table() -> None:
    paths = msgspec.json.decode(VENDORS.read_bytes())["paths"]
    methods = {"get", "post", "put", "patch", "delete"}
    vendors = {path: {name.upper() for name in found.keys() & methods} for path, found in paths.items()}
    assert {path: told for path, (told, _) in rows().items()} == vendors
    assert len(vendors) == 48
