"""Fixtures of this door's tests."""

from __future__ import annotations

import pytest

from tests.apis.kelviq.hours import Hours


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    return Hours(monkeypatch)
