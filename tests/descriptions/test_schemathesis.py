"""Each door keeps to its own description, whatever it is sent: schemathesis asks, a real server answers."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis

from tests.descriptions.asking import (
    AT_RANDOM,
    KEY,
    SHORT,
    send,
    send_to_beacon,
    send_to_enswitch,
)
from tests.harness import Server
from tollhouse.apis.beacon import openapi as beacon
from tollhouse.apis.enswitch import openapi as enswitch
from tollhouse.apis.kelviq import openapi as kelviq

BEACON = schemathesis.openapi.from_dict(beacon.DOCUMENT, config=AT_RANDOM)
ENSWITCH = schemathesis.openapi.from_dict(enswitch.DOCUMENT, config=AT_RANDOM)
KELVIQ = schemathesis.openapi.from_dict(kelviq.DOCUMENT, config=AT_RANDOM)


@pytest.mark.parametrize(
    ("wire", "document"),
    [("beacon", beacon.DOCUMENT), ("enswitch", enswitch.DOCUMENT), ("kelviq", kelviq.DOCUMENT)],
)
def test_the_description_that_is_served_is_the_one_that_is_tested(
    wire: str, document: dict[str, Any], server: Server
) -> None:
    with server.client(key=None) as client:
        assert client.get(f"/openapi/{wire}.json").json() == document


@BEACON.parametrize()
@SHORT
def test_beacon_keeps_to_its_description(case: Any, server: Server, known: dict[str, str]) -> None:
    send_to_beacon(case, server, known)


@ENSWITCH.parametrize()
@SHORT
def test_enswitch_keeps_to_its_description(case: Any, server: Server) -> None:
    send_to_enswitch(case, server)


@KELVIQ.parametrize()
@SHORT
def test_kelviq_keeps_to_its_description(case: Any, server: Server) -> None:
    send(case, server, headers=KEY)
