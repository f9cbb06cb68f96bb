"""One localstripe for all tests of Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.gateways.localstripe import Localstripe, Wire


@pytest.fixture(scope="session")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localstripe]:
    server = Localstripe(tmp_path_factory.mktemp("localstripe"))
    yield server
    server.kill()


@pytest.fixture
def wire(localstripe: Localstripe) -> Iterator[Wire]:
    with closing(Wire(localstripe.base)) as opened:
        yield opened
