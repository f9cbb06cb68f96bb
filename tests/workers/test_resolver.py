"""The resolver settles what was left open, once, and outlives whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.harness import SHOP, TestClock, prepared, provision
from tollhouse.ledger.commands import Command, GatewayAnswer, GatewayCharge, GatewayRefund, Receipt, StartPurchase
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.facts import PaymentAttemptFact, PaymentFact, RefundFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import Overloaded, StoreUnavailable
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.open_moves import LOOK_UPS_AT_ONCE, OpenPayments, OpenRefunds
from tollhouse.workers.resolver import Resolver

TAKEN = GatewayAnswer("succeeded", reference="gw")
UNKNOWN = GatewayAnswer("unknown")


class Told:
    """A gateway that says what it is told to, one answer a look-up; the last goes on."""

    def __init__(self, *answers: GatewayAnswer | Exception) -> None:
        self._answers = list(answers)
        self.keys: list[str] = []

    def charge(self, *_asked: Any) -> GatewayAnswer:
        raise AssertionError("a resolver takes no money")

    refund = look_up_refund = charge

    def look_up(self, call: GatewayCharge, _timeout_seconds: float) -> GatewayAnswer:
        self.keys.append(call.key)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class House:
    """A ledger with a tenant, and resolvers over it that live by the test's clock."""

    def __init__(self, ledger: Ledger, store: SqlStore, clock: TestClock) -> None:
        self.ledger = ledger
        self.store = store
        self.clock = clock
        self.tenant: TenantFact = prepared(store, SHOP, clock)
        self.executed: list[Command] = []

    def purchase(self) -> PaymentFact:
        command = StartPurchase(
            tenant_id=self.tenant.tenant_id,
            plan_identifier="worldwide",
            customer_reference="cust_visa",
            quantities=(),
            currency=None,
            ip_address=None,
            country_of_ip=None,
            custom_amount=None,
            tax_behavior=None,
            gateways=frozenset({"sandbox"}),
            call_seconds=8,
            resolve_after_seconds=30,
            shows_features=True,
        )
        payment: PaymentFact = self.ledger.execute(command).result.payment
        return payment

    def resolver(
        self, gateway: Told, execute: Callable[[Command], Receipt] | None = None, due_before: tuple[int, ...] = ()
    ) -> Resolver[PaymentFact]:
        """`due_before` are tenants that come before those with due payments."""
        queries = SqlQueries(self.store)

        async def due_tenants() -> list[int]:
            return [*due_before, *queries.tenants_with_due_payments(self.clock.now())]

        async def executing(command: Command) -> Receipt:
            self.executed.append(command)
            return (execute or self.ledger.execute)(command)

        return Resolver(
            OpenPayments(30),
            due_tenants=due_tenants,
            execute=executing,
            place=_place,
            gateways={"sandbox": gateway},
            clock=self.clock,
            timeout_seconds=8,
        )

    def payments(self) -> list[PaymentFact]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(PaymentFact, order=("payment_id",))

    def attempts(self) -> list[tuple[int, str, str]]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            rows = reader.find(PaymentAttemptFact, order=("payment_id", "attempt_no"))
        return [(row.attempt_no, row.kind, row.outcome) for row in rows]

    def transactions(self) -> list[TransactionFact]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(TransactionFact)


@asynccontextmanager
async def _place(_wait_seconds: float) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    async def run(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    yield run


@pytest.fixture
def house(ledger: Ledger, store: SqlStore, clock: TestClock) -> House:
    return House(ledger, store, clock)


def test_nothing_is_done_where_nothing_is_due(house: House) -> None:
    house.purchase()
    assert asyncio.run(house.resolver(Told(TAKEN)).resolve_due()) == 0
    assert house.executed == []


@pytest.mark.parametrize(
    ("answer", "state", "transactions"),
    [
        (TAKEN, "succeeded", 1),
        (GatewayAnswer("absent"), "declined", 0),
        (GatewayAnswer("declined", decline_code="card_declined", decline_text="No."), "declined", 0),
    ],
)
def test_what_the_gateway_says_settles_the_payment(
    house: House, answer: GatewayAnswer, state: str, transactions: int
) -> None:
    payment = house.purchase()
    house.clock.advance(38)
    gateway = Told(answer)
    assert asyncio.run(house.resolver(gateway).resolve_due()) == 1
    assert [p.state for p in house.payments()] == [state]
    assert len(house.transactions()) == transactions
    assert gateway.keys == [payment.gateway_key]
    assert house.attempts() == [(2, "look_up", answer.outcome)]
    assert verify(house.store).differences == []


@pytest.mark.parametrize("silence", [UNKNOWN, RuntimeError()], ids=["unknown", "raises"])
def test_what_stays_open_is_asked_again_until_it_is_known(house: House, silence: GatewayAnswer | Exception) -> None:
    house.purchase()
    resolver = house.resolver(Told(silence, silence, TAKEN))
    looked_up = []
    for _ in range(10):
        house.clock.advance(38)
        looked_up.append(asyncio.run(resolver.resolve_due()))
    assert sum(looked_up) == 3
    assert looked_up[0] == 1
    assert [p.state for p in house.payments()] == ["succeeded"]
    assert len(house.transactions()) == 1


@pytest.mark.parametrize("error", [StoreUnavailable(), RuntimeError()])
def test_one_tenants_trouble_is_not_the_others(house: House, error: Exception) -> None:
    house.purchase()
    house.clock.advance(38)

    def refuse_the_first(command: Command) -> Receipt:
        if command.tenant_id != house.tenant.tenant_id:
            raise error
        return house.ledger.execute(command)

    resolver = house.resolver(Told(TAKEN), refuse_the_first, due_before=(404,))
    assert asyncio.run(resolver.resolve_due()) == 1
    assert [p.state for p in house.payments()] == ["succeeded"]


@pytest.mark.parametrize("error", [Overloaded(), StoreUnavailable()])
def test_an_outcome_that_cannot_be_written_comes_back(house: House, error: Exception) -> None:
    house.purchase()
    house.clock.advance(38)

    def refuse_to_settle(command: Command) -> Receipt:
        if type(command).__name__ == "SettlePurchase":
            raise error
        return house.ledger.execute(command)

    assert asyncio.run(house.resolver(Told(TAKEN), refuse_to_settle).resolve_due()) == 1
    assert [p.state for p in house.payments()] == ["pending"]
    house.clock.advance(61)
    assert asyncio.run(house.resolver(Told(TAKEN)).resolve_due()) == 1
    assert [p.state for p in house.payments()] == ["succeeded"]


def test_two_resolvers_ask_once(house: House) -> None:
    for _ in range(6):
        house.purchase()
    house.clock.advance(38)
    gateway = Told(TAKEN)

    async def both() -> list[int]:
        return list(await asyncio.gather(*(house.resolver(gateway).resolve_due() for _ in range(2))))

    assert sum(asyncio.run(both())) == 6
    assert len(gateway.keys) == len(set(gateway.keys)) == len(house.transactions()) == 6


def test_many_are_taken_in_portions(house: House) -> None:
    for _ in range(LOOK_UPS_AT_ONCE + 1):
        house.purchase()
    house.clock.advance(38)
    resolver = house.resolver(Told(TAKEN))
    assert [asyncio.run(resolver.resolve_due()) for _ in range(3)] == [LOOK_UPS_AT_ONCE, 1, 0]


def test_a_gateway_that_is_gone_leaves_the_payment_open(house: House) -> None:
    house.purchase()
    house.clock.advance(38)
    resolver = house.resolver(Told(TAKEN))
    resolver._gateways = {}
    assert asyncio.run(resolver.resolve_due()) == 1
    assert [p.state for p in house.payments()] == ["pending"]


def test_it_runs_until_it_is_stopped_whatever_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollhouse.workers.resolver.PAUSE_SECONDS", 0.001)
    house.purchase()
    house.clock.advance(38)
    calls = 0

    def fail_at_first(command: Command) -> Receipt:
        nonlocal calls
        calls += 1
        if calls <= 3:
            raise StoreUnavailable
        return house.ledger.execute(command)

    async def run() -> None:
        resolver = house.resolver(Told(TAKEN), fail_at_first)
        resolver.start()
        while house.payments()[0].state == "pending":
            await asyncio.sleep(0.001)
        await resolver.stop()

    asyncio.run(run())
    assert len(house.transactions()) == 1


def test_logs_hold_no_token(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.purchase()
    house.clock.advance(38)
    asyncio.run(house.resolver(Told(RuntimeError("pm_card_visa"))).resolve_due())
    said = capsys.readouterr()
    assert "an outcome stays open" in said.out + said.err
    assert "pm_card" not in said.out + said.err


def test_a_test_tenants_payments_are_looked_up_by_the_real_time(house: House) -> None:
    """Its own clock stands still, decades ahead: what it pays counts by that one, when it is looked up does not."""
    clock_at = 2_000_000_000 * 1_000_000
    file = SHOP.replace('slug = "shop"', 'slug = "timed"\nclock = "2033-05-18T03:33:20Z"').replace(
        "test_shop", "test_timed"
    )
    house.tenant = provision(house.store, file, house.clock).tenant
    assert house.tenant.clock_at == clock_at
    payment = house.purchase()
    assert (payment.created_at, payment.look_up_at) == (clock_at, house.clock.now() + 38 * 1_000_000)
    assert asyncio.run(house.resolver(Told(UNKNOWN)).resolve_due()) == 0
    house.clock.advance(38)
    assert asyncio.run(house.resolver(Told(UNKNOWN)).resolve_due()) == 1
    assert asyncio.run(house.resolver(Told(TAKEN)).resolve_due()) == 0
    house.clock.advance(60)
    assert asyncio.run(house.resolver(Told(TAKEN)).resolve_due()) == 1
    (transaction,) = house.transactions()
    assert (transaction.effective_at, transaction.recorded_at) == (clock_at, clock_at)


class ToldOfRefunds(Told):
    """The same, asked about refunds alone."""

    def look_up(self, *_asked: Any) -> GatewayAnswer:
        raise AssertionError("this is about refunds")

    def look_up_refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:  # type: ignore[override]
        return Told.look_up(self, call, timeout_seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "state", "refunded_minor"),
    [
        (TAKEN, "succeeded", 700),
        (GatewayAnswer("absent"), "failed", 0),
        (GatewayAnswer("declined", decline_code="refund_declined", decline_text="No."), "failed", 0),
    ],
)
def test_refunds_are_looked_up_too(house: House, answer: GatewayAnswer, state: str, refunded_minor: int) -> None:
    payment = house.purchase()
    house.clock.advance(38)
    asyncio.run(house.resolver(Told(TAKEN)).resolve_due())
    asked = StartRefund(
        tenant_id=house.tenant.tenant_id,
        order_id=payment.order_id,
        amount_minor=700,
        amount=None,
        reason="OTHER",
        internal_note=None,
        gateways=frozenset({"sandbox"}),
        call_seconds=8,
        resolve_after_seconds=30,
    )
    refund = house.ledger.execute(asked).result.refund
    queries = SqlQueries(house.store)

    async def due_tenants() -> list[int]:
        return queries.tenants_with_due_refunds(house.clock.now())

    async def executing(command: Command) -> Receipt:
        return house.ledger.execute(command)

    gateway = ToldOfRefunds(UNKNOWN, answer)
    resolver = Resolver(
        OpenRefunds(30, revokes_access=False),
        due_tenants=due_tenants,
        execute=executing,
        place=_place,
        gateways={"sandbox": gateway},
        clock=house.clock,
        timeout_seconds=8,
    )
    looked_up = []
    for _ in range(5):
        house.clock.advance(38)
        looked_up.append(asyncio.run(resolver.resolve_due()))
    assert sum(looked_up) == 2
    assert gateway.keys == [refund.gateway_key] * 2
    with house.store.reading(house.tenant.tenant_id) as reader:
        assert [row.state for row in reader.find(RefundFact)] == [state]
    assert [p.refunded_minor for p in house.payments()] == [refunded_minor]
    assert [found for found in verify(house.store).differences if "sandbox" not in found] == []
