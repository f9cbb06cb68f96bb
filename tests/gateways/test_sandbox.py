"""The sandbox takes money once a key, remembers it, and tells what became of a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from tests.harness import TestClock
from tollhouse.gateways.sandbox import SandboxGateway
from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge
from tollhouse.store.engine import store_url
from tollhouse.store.sandbox_memory import SandboxMemory
from tollhouse.store.schema import sandbox_payments

TAKEN = GatewayAnswer("succeeded", reference="sandbox-k")
ABSENT = GatewayAnswer("absent")
UNKNOWN = GatewayAnswer("unknown")


@pytest.fixture
def memory(database_url: str) -> Iterator[SandboxMemory]:
    with closing(SandboxMemory(store_url(database_url), TestClock().now)) as opened:
        yield opened


class Waits:
    """Stands for sleeping: remembers how long, waits not at all."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def gateway(memory: SandboxMemory, waits: Waits) -> SandboxGateway:
    return SandboxGateway(memory, waits)


def asked(token: str, key: str, tenant_id: int) -> GatewayCharge:
    return GatewayCharge(
        tenant_id=tenant_id,
        key=key,
        token=token,
        currency="USD",
        amount_minor=4900,
        order_id="ORD-1",
        description="A plan",
    )


def charge(gateway: SandboxGateway, token: str, key: str = "k", tenant_id: int = 1) -> GatewayAnswer:
    return gateway.charge(asked(token, key, tenant_id), 7.5)


def look_up(gateway: SandboxGateway, key: str = "k", tenant_id: int = 1) -> GatewayAnswer:
    return gateway.look_up(asked("pm_card_visa", key, tenant_id), 7.5)


@pytest.mark.parametrize(
    ("token", "outcome", "code"),
    [
        ("pm_card_visa", "succeeded", ""),
        ("pm_card_chargeDeclined", "declined", "card_declined"),
        ("pm_card_authenticationRequired", "declined", "authentication_required"),
        ("pm_card_nobody", "declined", "payment_method_unknown"),
        ("", "declined", "payment_method_unknown"),
    ],
)
def test_what_a_token_does(gateway: SandboxGateway, waits: Waits, token: str, outcome: str, code: str) -> None:
    answers = [charge(gateway, token), charge(gateway, token), look_up(gateway)]
    assert {(answer.outcome, answer.decline_code) for answer in answers} == {(outcome, code)}
    assert all(bool(answer.decline_text) == bool(code) for answer in answers)
    assert waits.seconds == []


def test_silence_that_took_the_money(gateway: SandboxGateway, waits: Waits) -> None:
    assert [charge(gateway, "pm_card_timeout"), charge(gateway, "pm_card_timeout")] == [UNKNOWN, UNKNOWN]
    assert waits.seconds == [7.5, 7.5]
    assert look_up(gateway) == TAKEN


def test_silence_that_took_nothing(gateway: SandboxGateway, waits: Waits) -> None:
    assert charge(gateway, "pm_card_timeoutUnpaid") == UNKNOWN
    assert waits.seconds == [7.5]
    assert look_up(gateway) == ABSENT


def test_absent_is_final(gateway: SandboxGateway) -> None:
    assert look_up(gateway) == ABSENT
    assert charge(gateway, "pm_card_visa") == ABSENT
    assert look_up(gateway) == ABSENT


def test_the_first_call_of_a_key_decides(gateway: SandboxGateway) -> None:
    assert charge(gateway, "pm_card_visa") == TAKEN
    assert charge(gateway, "pm_card_chargeDeclined") == TAKEN


def test_keys_of_tenants_are_apart(gateway: SandboxGateway) -> None:
    assert charge(gateway, "pm_card_visa", tenant_id=1) == TAKEN
    assert look_up(gateway, tenant_id=2) == ABSENT


def test_a_key_takes_money_once_however_many_call(
    gateway: SandboxGateway, memory: SandboxMemory, database_url: str
) -> None:
    """Charges and look-ups at once, over two sets of connections: all hear the same."""
    with closing(SandboxMemory(store_url(database_url), TestClock().now)) as other_memory:
        other = SandboxGateway(other_memory)
        calls: list[Callable[[], GatewayAnswer]] = [
            lambda: charge(gateway, "pm_card_visa"),
            lambda: charge(other, "pm_card_visa"),
            lambda: look_up(gateway),
            lambda: look_up(other),
        ] * 5
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda call: call(), calls))
    assert len({answer.outcome for answer in answers}) == 1
    with memory._engine.begin() as connection:
        assert len(connection.execute(sandbox_payments.select()).all()) == 1


def test_memory_survives_its_process(database_url: str) -> None:
    url = store_url(database_url)
    with closing(SandboxMemory(url, TestClock().now)) as before:
        charge(SandboxGateway(before), "pm_card_visa")
    with closing(SandboxMemory(url, TestClock().now)) as after:
        assert look_up(SandboxGateway(after)) == TAKEN


def test_a_failing_memory_is_unknown() -> None:
    class Broken:
        def first_outcome(self, **_asked: Any) -> str:
            raise OSError

    gateway = SandboxGateway(Broken())
    assert charge(gateway, "pm_card_visa") == UNKNOWN
    assert look_up(gateway) == UNKNOWN
