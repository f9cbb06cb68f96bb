"""The same for long: a thousand of each operation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from tests.descriptions.asking import BEACON, ENSWITCH, KELVIQ, KEY, SHORT, send, send_to_beacon, send_to_enswitch
from tests.harness import Server

LONG = settings(SHORT, max_examples=1000)


@pytest.mark.soak
@BEACON.parametrize()
@LONG
def test_beacon_keeps_to_its_description_for_long(case: Any, server: Server, known: dict[str, str]) -> None:
    send_to_beacon(case, server, known)


@pytest.mark.soak
@ENSWITCH.parametrize()
@LONG
def test_enswitch_keeps_to_its_description_for_long(case: Any, server: Server) -> None:
    send_to_enswitch(case, server)


@pytest.mark.soak
@KELVIQ.parametrize()
@LONG
def test_kelviq_keeps_to_its_description_for_long(case: Any, server: Server) -> None:
    send(case, server, headers=KEY)
