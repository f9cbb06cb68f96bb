"""Which pages there are, and what writes each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reference import commands, endpoints, errors, events, metrics, settings

FOLDER = Path(__file__).parent.parent / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "settings.md": settings.page,
    "endpoints.md": endpoints.page,
    "errors.md": errors.page,
    "events.md": events.page,
    "metrics.md": metrics.page,
}
