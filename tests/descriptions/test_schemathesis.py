"""Each door keeps to its own description, whatever it is sent: schemathesis asks, a real server answers.

A few requests of each operation, the same in every run; at random and of every bound in turn they are asked for long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.descriptions.asking import KEY, operations, send, send_to_beacon, send_to_enswitch
from tests.harness import Server
from tollhouse.apis.beacon import openapi as beacon
from tollhouse.apis.enswitch import openapi as enswitch
from tollhouse.apis.kelviq import openapi as kelviq

SHORT = settings(max_examples=4, suppress_health_check=list(HealthCheck))


def ask(operation: Any, send_case: Callable[[Any], object]) -> None:
    """By what the description allows and by what it does not."""
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @SHORT
    @given(st.one_of(modes))
    def asked(case: Any) -> None:
        send_case(case)

    asked()


@pytest.mark.parametrize(
    ("wire", "document"),
    [("beacon", beacon.DOCUMENT), ("enswitch", enswitch.DOCUMENT), ("kelviq", kelviq.DOCUMENT)],
)
def test_the_description_that_is_served_is_the_one_that_is_tested(
    wire: str, document: dict[str, Any], server: Server
) -> None:
    with server.client(key=None) as client:
        assert client.get(f"/openapi/{wire}.json").json() == document


@pytest.mark.parametrize("operation", operations(beacon.DOCUMENT))
def test_beacon_keeps_to_its_description(operation: Any, server: Server, known: dict[str, str]) -> None:
    ask(operation, lambda case: send_to_beacon(case, server, known))


@pytest.mark.parametrize("operation", operations(enswitch.DOCUMENT))
def test_enswitch_keeps_to_its_description(operation: Any, server: Server) -> None:
    ask(operation, lambda case: send_to_enswitch(case, server))


@pytest.mark.parametrize("operation", operations(kelviq.DOCUMENT))
def test_kelviq_keeps_to_its_description(operation: Any, server: Server) -> None:
    ask(operation, lambda case: send(case, server, headers=KEY))
