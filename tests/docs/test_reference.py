"""The reference is what the code gives: `make reference` writes it anew."""

from __future__ import annotations

import re

import pytest

from reference import endpoints, errors
from reference.commands import commands
from reference.events import fields_of
from reference.metrics import metrics
from reference.pages import FOLDER, PAGES
from tests.docs.reading import DOCS
from tollhouse.app.doors import DESCRIPTIONS
from tollhouse.app.front import build_front
from tollhouse.config import Settings
from tollhouse.metrics import Metrics


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_gives(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "make reference writes it anew"


def test_there_is_no_other_page() -> None:
    assert {file.name for file in FOLDER.glob("*")} == set(PAGES)


def test_every_path_that_leads_to_a_door_is_told(acme_url: str) -> None:
    doors = dict(build_front(Settings(database_url=acme_url))._doors)
    assert set(doors) == set(endpoints.OWN) | set(endpoints.DESCRIBED.values())
    assert set(endpoints.DESCRIBED) == set(DESCRIPTIONS)


def test_every_metric_is_told() -> None:
    said = re.findall(r"^# HELP (\w+)", Metrics().text(0).decode(), re.MULTILINE)
    assert {name for name in said if not name.endswith("_created")} == set(metrics())


def test_every_refusal_has_a_sentence() -> None:
    kinds = errors.kinds()
    assert len(kinds) > 80
    for kind in kinds:
        assert len(errors.sentence_of(kind).strip(errors.BLANK + " .:")) > 3, kind


def test_what_the_doors_say_by_themselves_is_found() -> None:
    text = (FOLDER / "errors.md").read_text(encoding="utf-8")
    for said in ("`not_authenticated`", "Public keys may not charge in this project.", "`unsupported_media_type`"):
        assert said in text


def test_the_fields_of_an_event_are_found() -> None:
    assert fields_of("refund")[:2] == ["id", "object"]
    assert "amount_units" in fields_of("refund")


def test_every_code_of_kelviqs_door_is_explained() -> None:
    """The reference has each with its sentence; the door's page says what it means."""
    told = (DOCS / "kelviq.md").read_text(encoding="utf-8")
    codes = set(re.findall(r"^\| \d+ \| `(\w+)` \|", (FOLDER / "errors.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert {code for code in codes if f"`{code}`" not in told} == set()


def test_the_commands_are_found() -> None:
    assert {"tollhouse serve", "tollhouse verify"} <= set(commands())
