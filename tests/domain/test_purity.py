"""The package is pure: its files name no clock, chance, I/O or float."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tollhouse.domain

FILES = sorted(Path(tollhouse.domain.__file__).parent.glob("*.py"))
STANDARD_ALLOWED = (
    "__future__ collections dataclasses datetime decimal fractions functools operator re types typing unicodedata"
    " zoneinfo"
)
IMPORTS_ALLOWED = {*STANDARD_ALLOWED.split(), "babel", "iso4217", "tollhouse"}
CALLS_REFUSED = {"float", "open", "print", "input", "eval", "exec", "today", "now", "utcnow"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_domain_file_names_nothing_impure(file: Path) -> None:
    tree = ast.parse(file.read_text())
    modules = imported(tree)
    assert {module.partition(".")[0] for module in modules} <= IMPORTS_ALLOWED
    assert all(module.startswith("tollhouse.domain") for module in modules if "tollhouse" in module)
    assert not called(tree) & CALLS_REFUSED
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert not [value for value in constants if type(value) is float]


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) >= 9


def imported(tree: ast.Module) -> list[str]:
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return plain + [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def called(tree: ast.Module) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {function.id for function in functions if isinstance(function, ast.Name)} | {
        function.attr for function in functions if isinstance(function, ast.Attribute)
    }
