"""Visitors of the console."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.visitor import Visitor
from tests.harness import InProcess


@pytest.fixture
def visitor(application: InProcess) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(application)


@pytest.fixture
def signed_in(application: InProcess) -> Callable[..., Visitor]:
    """Gives somebody who has signed in: by username, and password where that is another than `password`."""

    def sign_in(username: str, password: str = "password") -> Visitor:
        visitor = Visitor(application)
        page = visitor.sign_in(username, password)
        assert page.status < 400, page.text
        assert page.path != "/console/sign-in", page.text
        return visitor

    return sign_in
