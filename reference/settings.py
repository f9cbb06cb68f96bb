"""Every setting with its default and what it may be, from config.py."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

from reference.markdown import code, table
from reference.markdown import page as markdown_page
from tollhouse.config import PREFIX, Settings


def page() -> str:
    rows = [(code(name_of(setting)), *_values(setting), setting.metadata["about"]) for setting in fields(Settings)]
    return markdown_page(
        "Settings",
        "Every setting, an environment variable, and what it may be. In more words: [settings.md](../settings.md). "
        "One that cannot be used stops the command with a sentence that names it.",
        table(("variable", "default", "may be", "meaning"), rows),
    )


def name_of(setting: Field[Any]) -> str:
    return PREFIX + setting.name.upper()


def _values(setting: Field[Any]) -> tuple[str, str]:
    default, bounds = setting.default, setting.metadata
    if isinstance(default, int):
        return code(str(default)), f"{bounds['least']} to {bounds['most']}"
    kinds = {"networks": "addresses, CIDR ranges", "gaps": "seconds, with commas", "address": "a URL"}
    kind = next((told for name, told in kinds.items() if bounds.get(name)), "text")
    secret = "" if setting.repr else ", a secret"
    return code(default) if default else "", kind + secret
