"""Documents that cannot lie: every command, setting and metric is told, and every link leads somewhere."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main

from tollhouse.cli import cli
from tollhouse.config import PREFIX, Settings
from tollhouse.ledger.events.emitting import EVENT_TYPES
from tollhouse.metrics import Metrics

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

COMMANDS = sorted(typer.main.get_command(cli).commands)  # type: ignore[attr-defined]
METRICS = sorted(
    name
    for name in re.findall(r"^# HELP (\w+)", Metrics().text(0).decode(), re.MULTILINE)
    if not name.endswith("_created")
)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_told(command: str) -> None:
    assert re.search(rf"^## `tollhouse {command}\b", page("commands.md"), re.MULTILINE)


def test_every_command_that_is_told_exists() -> None:
    assert sorted(re.findall(r"^## `tollhouse (\w+)", page("commands.md"), re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_told(command: str) -> None:
    parameters = typer.main.get_command(cli).commands[command].params  # type: ignore[attr-defined]
    options = [option for parameter in parameters for option in parameter.opts if option.startswith("--")]
    told = page("commands.md").partition(f"## `tollhouse {command}")[2].partition("\n## ")[0]
    assert [option for option in options if option not in told and option != "--help"] == []


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_told_with_its_default(setting: object) -> None:
    name, default = setting.name, setting.default  # type: ignore[attr-defined]
    assert f"| `{PREFIX}{name.upper()}` | `{default}` |" in page("settings.md")


def test_every_setting_that_is_told_exists() -> None:
    told = re.findall(rf"^\| `{PREFIX}(\w+)`", page("settings.md"), re.MULTILINE)
    assert sorted(told) == sorted(setting.name.upper() for setting in fields(Settings))


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_told(metric: str) -> None:
    assert f"`{metric}" in page("operations.md")


def test_the_metrics_are_found() -> None:
    assert "tollhouse_requests_total" in METRICS


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_of_event_is_told(event_type: str) -> None:
    assert f"`{event_type}`" in page("webhooks.md")


LINKS = [
    (source, target)
    for source in PAGES
    for target in dict.fromkeys(re.findall(r"\]\(([^)\s]+)\)", source.read_text(encoding="utf-8")))
    if not re.match(r"[a-z]+:", target)
]


@pytest.mark.parametrize(("source", "target"), LINKS, ids=lambda value: str(getattr(value, "name", value)))
def test_every_link_leads_somewhere(source: Path, target: str) -> None:
    file, _, heading = target.partition("#")
    page_linked = (source.parent / file).resolve() if file else source
    assert page_linked.exists(), target
    assert page_linked.is_relative_to(ROOT)
    if heading and page_linked.suffix == ".md":
        assert heading in headings(page_linked), target


def test_the_index_leads_to_every_page() -> None:
    led = {target.partition("#")[0] for source, target in LINKS if source == DOCS / "index.md"}
    assert {file.name for file in DOCS.glob("*.md")} - {"index.md"} == led


def test_the_links_are_found() -> None:
    assert len(LINKS) > 5


def headings(file: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ +(.+?) *$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
