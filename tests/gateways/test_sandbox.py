"""The sandbox takes money once a key, remembers it, and tells what became of a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.harness import TestClock
from tollhouse.gateways.sandbox import DECLINES, SandboxGateway
from tollhouse.gateways.sandbox_events import SandboxEvent, Seal, event_to_body
from tollhouse.gateways.sandbox_scripts import CHANCES
from tollhouse.gateways.sandbox_tokens import REFUND_DECLINES, TOKENS, Method
from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge, GatewayEvent, GatewayMethod, GatewayRefund
from tollhouse.ledger.ports import EventRefused
from tollhouse.store.engine import store_url
from tollhouse.store.sandbox_memory import SandboxMemory
from tollhouse.store.schema import sandbox_calls, sandbox_payments, sandbox_refunds

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
    return SandboxGateway(memory, sleep=waits)


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


def look_up(gateway: SandboxGateway, key: str = "k", tenant_id: int = 1, token: str = "pm_card_visa") -> GatewayAnswer:
    return gateway.look_up(asked(token, key, tenant_id), 7.5)


def paying_back(
    token: str, key: str, amount_minor: int, payment_key: str = "k", currency: str = "USD"
) -> GatewayRefund:
    return GatewayRefund(
        tenant_id=1,
        key=key,
        payment_key=payment_key,
        payment_reference=f"sandbox-{payment_key}",
        token=token,
        currency=currency,
        amount_minor=amount_minor,
        reason="OTHER",
    )


def refund(
    gateway: SandboxGateway, token: str = "pm_card_visa", key: str = "r", amount_minor: int = 900
) -> GatewayAnswer:
    return gateway.refund(paying_back(token, key, amount_minor), 7.5)


def look_up_refund(gateway: SandboxGateway, token: str = "pm_card_visa", key: str = "r") -> GatewayAnswer:
    return gateway.look_up_refund(paying_back(token, key, 900), 7.5)


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
        def opened(self, *_asked: Any) -> Any:
            raise OSError

    gateway = SandboxGateway(Broken())
    assert charge(gateway, "pm_card_visa") == UNKNOWN
    assert look_up(gateway) == UNKNOWN
    assert refund(gateway) == UNKNOWN


# Tokens.


NUMBERED = ["pm_card_declinedAbove_5000", "pm_card_answersAfter_2", "pm_card_answersLate_9", "pm_random:1"]


def test_every_token_can_be_called_in_every_way(gateway: SandboxGateway) -> None:
    for token in [*TOKENS, *NUMBERED]:
        told = [charge(gateway, token, token), look_up(gateway, token, token=token)]
        told += [refund(gateway, token, token), look_up_refund(gateway, token, token)]
        assert {answer.outcome for answer in told} <= {"succeeded", "declined", "unknown", "absent"}
        assert gateway.method(1, token, 7.5) is not None


NO_TOKENS = [
    "pm_card",
    "pm_script:charge",
    "pm_script:charge=",
    "pm_script:charge=truth",
    "pm_script:look_up=take",
    "pm_script:charge=take;charge=take",
    "pm_script:pay=take",
    "pm_script:charge=decline",
    "pm_script:charge=decline/no_such_reason",
    "pm_script:charge=take/5",
    "pm_script:charge=take+loud",
    "pm_script:charge=take+silent/3",
    "pm_script:charge=take+wait/soon",
    "pm_script:charge=take+wait/99999",
    "pm_script:charge=take+event+event+event+event+event+event",
    "pm_script:charge=limit/-1",
    "pm_random:",
    "pm_card_declinedAbove_",
    "pm_card_declinedAbove_1234567890123456789",
]


def test_what_is_no_token_is_an_unknown_payment_method(gateway: SandboxGateway) -> None:
    for token in NO_TOKENS:
        assert charge(gateway, token, token).decline_code == "payment_method_unknown", token
        assert gateway.method(1, token, 7.5) is None


def test_what_is_shown_of_a_method(gateway: SandboxGateway) -> None:
    shown = gateway.method(1, "pm_card_amex", 7.5)
    assert shown == GatewayMethod("card", "amex", "8431", exp_month=12, exp_year=2034, funding="credit", country="US")


def test_a_script_may_decline_for_any_reason(gateway: SandboxGateway) -> None:
    for code, text in DECLINES.items():
        assert charge(gateway, f"pm_script:charge=decline/{code}", code) == GatewayAnswer("declined", code, text)


def test_so_may_a_refund(gateway: SandboxGateway) -> None:
    charge(gateway, "pm_card_visa")
    for code, text in REFUND_DECLINES.items():
        answer = refund(gateway, f"pm_script:refund=decline/{code}", code)
        assert answer == look_up_refund(gateway, key=code) == GatewayAnswer("declined", code, text)


def test_a_limit_declines_what_is_above_it(gateway: SandboxGateway) -> None:
    assert charge(gateway, "pm_card_declinedAbove_4900", "k").outcome == "succeeded"
    assert charge(gateway, "pm_card_declinedAbove_4899", "k2").decline_code == "insufficient_funds"


def test_steps_follow_the_calls_of_a_key(gateway: SandboxGateway, waits: Waits) -> None:
    token = "pm_script:charge=take+silent;look_up=truth+unknown,truth+silent,truth"
    assert charge(gateway, token) == UNKNOWN
    told = [look_up(gateway, token=token) for _ in range(4)]
    assert told == [UNKNOWN, UNKNOWN, TAKEN, TAKEN]
    assert waits.seconds == [7.5, 7.5]


def test_an_answer_may_take_its_time(gateway: SandboxGateway, waits: Waits) -> None:
    assert charge(gateway, "pm_card_answersAfter_2") == TAKEN
    assert charge(gateway, "pm_card_answersAfter_8", "k2") == UNKNOWN
    assert look_up(gateway, "k2").outcome == "succeeded"
    assert waits.seconds == [2, 7.5]


def test_chance_is_repeated_with_its_seed() -> None:
    assert {kind: sum(percent for percent, _ in chances) for kind, chances in CHANCES.items()} == dict.fromkeys(
        CHANCES, 100
    )


def test_the_same_seed_and_keys_tell_the_same(gateway: SandboxGateway) -> None:
    keys = [f"key-{n}" for n in range(40)]
    told = [charge(gateway, "pm_random:7", key).outcome for key in keys]
    assert told == [charge(gateway, "pm_random:7", key, tenant_id=2).outcome for key in keys]
    assert told != [charge(gateway, "pm_random:8", key, tenant_id=3).outcome for key in keys]
    assert set(told) == {"succeeded", "declined", "unknown"}


# Money back.


def test_money_is_paid_back_once_a_key_and_never_more_than_was_taken(
    gateway: SandboxGateway, memory: SandboxMemory
) -> None:
    charge(gateway, "pm_card_visa")
    assert [refund(gateway, key="r1", amount_minor=4000) for _ in range(2)] == [
        GatewayAnswer("succeeded", reference="sandbox-r1")
    ] * 2
    assert refund(gateway, key="r2", amount_minor=901).decline_code == "refund_exceeds_payment"
    assert refund(gateway, key="r3", amount_minor=900).outcome == "succeeded"
    assert refund(gateway, key="r4", amount_minor=1).decline_code == "refund_exceeds_payment"
    with memory._engine.begin() as connection:
        rows = connection.execute(sandbox_refunds.select().where(sandbox_refunds.c.outcome == "succeeded")).all()
        calls = connection.execute(sandbox_calls.select().where(sandbox_calls.c.gateway_key == "r1")).one()
    assert sum(row.amount_minor for row in rows) == 4900
    assert (calls.kind, calls.calls) == ("refund", 2)


def test_nothing_is_paid_back_of_what_was_not_taken(gateway: SandboxGateway) -> None:
    assert refund(gateway).decline_code == "payment_not_taken"
    charge(gateway, "pm_card_visa")
    other = gateway.refund(paying_back("pm_card_visa", "r2", 1, currency="EUR"), 7.5)
    assert other.decline_code == "payment_not_taken"


def test_refunds_at_once_never_pay_back_more(gateway: SandboxGateway, database_url: str) -> None:
    charge(gateway, "pm_card_visa")
    with closing(SandboxMemory(store_url(database_url), TestClock().now)) as other_memory:
        other = SandboxGateway(other_memory)
        calls: list[Callable[[], GatewayAnswer]] = [
            lambda n=n: refund(gateway if n % 2 else other, key=f"r{n}", amount_minor=1000) for n in range(8)
        ]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda call: call(), calls))
    assert [answer.outcome for answer in answers].count("succeeded") == 4


def test_refunds_that_are_not_answered(gateway: SandboxGateway) -> None:
    charge(gateway, "pm_card_visa")
    assert refund(gateway, "pm_card_refundTimeout", "r1") == UNKNOWN
    assert look_up_refund(gateway, "pm_card_refundTimeout", "r1").outcome == "succeeded"
    assert refund(gateway, "pm_card_refundTimeoutUnpaid", "r2") == UNKNOWN
    assert look_up_refund(gateway, "pm_card_refundTimeoutUnpaid", "r2") == ABSENT
    assert refund(gateway, "pm_card_visa", "r2") == ABSENT
    assert refund(gateway, "pm_card_refundDeclined", "r3").decline_code == "refund_declined"


# Events of its own.


def test_events_come_when_they_are_due_until_they_are_taken(database_url: str) -> None:
    clock = TestClock()
    with closing(SandboxMemory(store_url(database_url), clock.now)) as memory:
        gateway = SandboxGateway(memory, sleep=lambda _seconds: None)
        charge(gateway, "pm_card_answersTwice", "k1")
        charge(gateway, "pm_card_answersLate", "k2")
        first = memory.due_events(10)
        assert [(row.gateway_key, row.outcome, row.is_refund) for row in first] == [("k1", "succeeded", 0)] * 2
        assert len({row.event_id for row in first}) == 1
        memory.sent(first[0])
        clock.advance(3)
        assert [row.gateway_key for row in memory.due_events(10)] == ["k2"]
        assert memory.due_events(10) == []
        clock.advance(60)
        assert sorted(row.gateway_key for row in memory.due_events(10)) == ["k1", "k2"]


def test_what_never_happened_has_no_event(database_url: str) -> None:
    with closing(SandboxMemory(store_url(database_url), TestClock().now)) as memory:
        gateway = SandboxGateway(memory)
        look_up(gateway)
        charge(gateway, "pm_card_answersTwice")
        charge(gateway, "pm_script:charge=nothing+event", "k2")
        assert memory.due_events(10) == []


def test_the_events_signature() -> None:
    clock = TestClock()
    seal, other = Seal("secret", clock.now), Seal("another", clock.now)
    gateway = SandboxGateway(None, seal)  # type: ignore[arg-type] - events ask nothing of the memory
    body = event_to_body(SandboxEvent("evt", 1, "k", False, "card_declined"))
    signature = seal.signature(body)

    def read(signature: str | None, body: bytes = body, tenant_id: int = 1) -> Any:
        return gateway.event(tenant_id, {b"sandbox-signature": signature}.get, body)

    assert read(signature) == GatewayEvent(
        "evt", "k", False, GatewayAnswer("declined", "card_declined", DECLINES["card_declined"])
    )
    for refused in (None, "", "t=1", "t=x,v1=", other.signature(body), signature[:-1] + "é"):
        with pytest.raises(EventRefused):
            read(refused)
    with pytest.raises(EventRefused):
        read(signature, body + b" ")
    with pytest.raises(EventRefused):
        read(signature, tenant_id=2)
    with pytest.raises(EventRefused):
        read(seal.signature(b"{}"), b"{}")
    clock.advance(301)
    with pytest.raises(EventRefused):
        read(signature)


# What is told of it.


def test_every_token_and_reason_is_documented() -> None:
    told = (Path(__file__).parents[2] / "docs" / "gateways.md").read_text(encoding="utf-8")
    assert [name for name in [*TOKENS, *DECLINES, *REFUND_DECLINES] if f"`{name}`" not in told] == []
    documented = re.findall(r"`(pm_[A-Za-z0-9_]+|pm_script:\S+;\S+)`", told)
    assert len(documented) > len(TOKENS)
    for token in documented:
        Method(token)
