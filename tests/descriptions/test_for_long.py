"""The same for long: a thousand of each operation at random, and every bound of every field in turn.

`make soak` loads the plugin that takes these tests apart by operation.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.descriptions.asking import KEY, send, send_to_beacon, send_to_enswitch
from tests.harness import Server
from tollhouse.apis.beacon import openapi as beacon
from tollhouse.apis.enswitch import openapi as enswitch
from tollhouse.apis.kelviq import openapi as kelviq

BEACON = schemathesis.openapi.from_dict(beacon.DOCUMENT)
ENSWITCH = schemathesis.openapi.from_dict(enswitch.DOCUMENT)
KELVIQ = schemathesis.openapi.from_dict(kelviq.DOCUMENT)

LONG = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))


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
