"""What people are told in words: every command, option, setting and event has its place in a written page."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from reference.commands import commands
from reference.settings import name_of
from tests.docs.reading import DOCS
from tollhouse.config import PREFIX, Settings
from tollhouse.ledger.events.emitting import EVENT_TYPES

COMMANDS = commands()
#: Commands and groups of them, as the page has a section for each.
SECTIONS = sorted({name.split()[1] for name in COMMANDS})


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(command: str) -> str:
    return page("commands.md").partition(f"\n## `tollhouse {command}")[2].partition("\n## ")[0]


def test_every_command_is_told_and_every_one_that_is_told_exists() -> None:
    assert sorted(re.findall(r"^## `tollhouse ([\w-]+)", page("commands.md"), re.MULTILINE)) == SECTIONS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_told_with_all_its_options(name: str) -> None:
    _, group, *rest = name.split()
    told = f"`tollhouse {group}" + section(group)
    assert all(word in told for word in rest)
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("--")]
    assert [option for option in options if option not in told and option != "--help"] == []


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_told_with_its_default(setting: Any) -> None:
    assert f"| `{name_of(setting)}` | `{setting.default}` |" in page("settings.md")


def test_every_setting_that_is_told_exists() -> None:
    told = re.findall(rf"^\| `{PREFIX}(\w+)`", page("settings.md"), re.MULTILINE)
    assert sorted(told) == sorted(setting.name.upper() for setting in fields(Settings))


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_of_event_is_told(event_type: str) -> None:
    assert f"`{event_type}`" in page("webhooks.md")
