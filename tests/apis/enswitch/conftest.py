"""Fixtures of this door's tests."""

from __future__ import annotations

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess


@pytest.fixture
def acme(application: InProcess) -> Client:
    """Somebody who may do everything in the tenant acme."""
    return Client(application)


@pytest.fixture
def telco(application: InProcess) -> Client:
    """Somebody who may do everything in the tenant telco."""
    return Client(application, "telco")
