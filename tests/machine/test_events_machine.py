"""Any events told, sent, lost, given up and sent again, in any order and any commits, beside a plain model."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.harness import TestClock, provision
from tests.ledger.telling import TELLING, Tell
from tests.machine.playing import QUICK, NewStore, play
from tollhouse.ledger.commands import Command
from tollhouse.ledger.commands.webhooks import (
    ChangeEndpoint,
    ClaimDeliveries,
    ReplayEvent,
    ReplayFailed,
    SettleDelivery,
)
from tollhouse.ledger.events.delivering import Claimed
from tollhouse.ledger.facts import DeliveryFact, EventFact, WebhookEndpointFact
from tollhouse.ledger.ledger import HANDLERS, Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

FILE = """
[tenant]
slug = "machine"
private_webhooks = true
[[customers]]
number = 11
[[customers]]
number = 12
[[webhook_endpoints]]
url = "http://127.0.0.1/1"
[[webhook_endpoints]]
url = "http://127.0.0.1/2"
events = ["order.created"]
"""
RETRIES = (10, 20)
LEASE_SECONDS = 30
WHICH = st.integers(0, 10**6)
TYPES = st.sampled_from(["order.created", "invoice.paid"])
CUSTOMERS = (11, 12)


class Sending:
    """One event on its way to one endpoint, in plain words."""

    def __init__(self, state: str, due: int) -> None:
        self.state = state
        self.due = due
        self.attempts = 0
        self.claimed_until: int | None = None

    def go(self, now: int) -> None:
        self.state, self.due, self.claimed_until = "pending", now, None


Lane = dict[int, Sending]


class Events(RuleBasedStateMachine):
    """Tells the same to two ledgers on one store, as two processes would, and to the model."""

    def __init__(self, new_store: NewStore) -> None:
        super().__init__()
        self._closing = ExitStack()
        url = new_store()
        stores = [self._closing.enter_context(closing(SqlStore(store_url(url)))) for _ in range(2)]
        self.store = stores[0]
        self.clock = TestClock()
        self.tenant_id = provision(self.store, FILE, self.clock).tenant.tenant_id
        self.ledgers = [Ledger(store, self.clock) for store in stores]
        with self.store.reading(self.tenant_id) as reader:
            self.endpoints = reader.find(WebhookEndpointFact, order=("endpoint_id",))
        self.enabled = {endpoint.endpoint_id for endpoint in self.endpoints}
        self.lanes: dict[tuple[int, int], Lane] = {(e.endpoint_id, n): {} for e in self.endpoints for n in CUSTOMERS}
        self.told = dict.fromkeys(CUSTOMERS, 0)
        self.claimed: list[Claimed] = []

    @property
    def now(self) -> int:
        return self.clock.now() // 1_000_000

    # What is done.

    @rule(which=WHICH, customer=st.sampled_from(CUSTOMERS), types=st.lists(TYPES, min_size=1, max_size=3))
    def tell(self, which: int, customer: int, types: list[str]) -> None:
        self._do(which, *(Tell(tenant_id=self.tenant_id, number=customer, event_type=t) for t in types))

    @rule(which=WHICH, count=st.integers(1, 3))
    def claim(self, which: int, count: int) -> None:
        self._do(which, self._claim(which, count))

    @rule(which=WHICH, success=st.booleans())
    def settle(self, which: int, success: bool) -> None:
        if self.claimed:
            self._do(which, self._settlement(which, success))

    @rule(which=WHICH, customer=st.sampled_from(CUSTOMERS), success=st.booleans(), order=st.permutations(range(3)))
    def all_at_once(self, which: int, customer: int, success: bool, order: list[int]) -> None:
        """In one commit."""
        if self.claimed:
            some = [
                Tell(tenant_id=self.tenant_id, number=customer),
                self._settlement(which, success),
                self._claim(which, 2),
            ]
            self._do(which, *(some[index] for index in order))

    @rule(which=WHICH, everywhere=st.booleans())
    def replay(self, which: int, everywhere: bool) -> None:
        with self.store.reading(self.tenant_id) as reader:
            events = reader.find(EventFact, order=("created_at", "uid"))
        if events:
            endpoint_uid = None if everywhere else self._endpoint(which).uid
            event_uid = events[which % len(events)].uid
            self._do(which, ReplayEvent(tenant_id=self.tenant_id, event_uid=event_uid, endpoint_uid=endpoint_uid))

    @rule(which=WHICH)
    def replay_failed(self, which: int) -> None:
        self._do(which, ReplayFailed(tenant_id=self.tenant_id, endpoint_uid=self._endpoint(which).uid))

    @rule(which=WHICH)
    def switch(self, which: int) -> None:
        endpoint = self._endpoint(which)
        state = "disabled" if endpoint.endpoint_id in self.enabled else "enabled"
        self._do(which, ChangeEndpoint(tenant_id=self.tenant_id, endpoint_uid=endpoint.uid, state=state))

    @rule(seconds=st.sampled_from([1, 10, 20, 31]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    # How.

    def _endpoint(self, which: int) -> WebhookEndpointFact:
        return self.endpoints[which % len(self.endpoints)]

    def _claim(self, which: int, count: int) -> ClaimDeliveries:
        endpoint_id = self._endpoint(which).endpoint_id
        return ClaimDeliveries(
            tenant_id=self.tenant_id, endpoint_id=endpoint_id, count=count, lease_seconds=LEASE_SECONDS
        )

    def _settlement(self, which: int, success: bool) -> SettleDelivery:
        claimed = self.claimed[which % len(self.claimed)]
        return SettleDelivery(
            tenant_id=self.tenant_id,
            endpoint_id=claimed.endpoint.endpoint_id,
            endpoint_uid=claimed.endpoint.uid,
            customer_number=claimed.delivery.customer_number,
            customer_seq=claimed.delivery.customer_seq,
            event_uid=claimed.event.uid,
            event_type=claimed.event.event_type,
            event_created_at=claimed.event.created_at,
            claimed_until_at=claimed.delivery.claimed_until_at or 0,
            attempt_no=claimed.delivery.attempts + 1,
            status_code=200 if success else 500,
            is_success=success,
            failure="" if success else "status_500",
            started_at=0,
            ended_at=0,
            retry_seconds=RETRIES,
        )

    def _do(self, which: int, *commands: Command) -> None:
        outcomes = self.ledgers[which % 2].execute_batch(self.tenant_id, commands)
        for command, outcome in zip(commands, outcomes, strict=True):
            if isinstance(outcome, Exception):
                raise outcome
            self._follow(command, outcome.result)

    # The model.

    def _follow(self, command: Command, result: object) -> None:
        match command:
            case Tell():
                self._follow_telling(command)
            case ClaimDeliveries() if isinstance(result, tuple):
                self._follow_claim(command, result)
            case SettleDelivery():
                self._follow_settlement(command)
            case ReplayEvent():
                self._follow_replay(command)
            case ReplayFailed():
                self._follow_failed(command)
            case ChangeEndpoint():
                self.enabled ^= {e.endpoint_id for e in self.endpoints if e.uid == command.endpoint_uid}

    def _wanting(self, event_type: str) -> list[int]:
        first, second = (endpoint.endpoint_id for endpoint in self.endpoints)
        return [e for e in (first, *([second] if event_type == "order.created" else [])) if e in self.enabled]

    def _follow_telling(self, command: Tell) -> None:
        wanting = self._wanting(command.event_type)
        if wanting:
            self.told[command.number] += 1
        for endpoint_id in wanting:
            self._enter(self.lanes[endpoint_id, command.number], self.told[command.number])

    def _enter(self, lane: Lane, seq: int) -> None:
        is_busy = any(sending.state in ("pending", "waiting") for sending in lane.values())
        lane[seq] = Sending("waiting" if is_busy else "pending", self.now)

    def _follow_claim(self, command: ClaimDeliveries, claims: tuple[Claimed, ...]) -> None:
        assert len(claims) <= command.count
        assert not claims or command.endpoint_id in self.enabled
        for claimed in claims:
            sending = self.lanes[command.endpoint_id, claimed.event.customer_number][claimed.event.customer_seq]
            assert (sending.state, sending.due <= self.now) == ("pending", True)
            sending.claimed_until = sending.due = self.now + LEASE_SECONDS
        self.claimed += claims

    def _follow_settlement(self, command: SettleDelivery) -> None:
        lane = self.lanes[command.endpoint_id, command.customer_number]
        sending = lane[command.customer_seq]
        claim = None if sending.claimed_until is None else sending.claimed_until * 1_000_000
        if sending.state != "pending" or not (command.is_success or claim == command.claimed_until_at):
            return
        sending.attempts += 1
        sending.claimed_until = None
        if command.is_success:
            sending.state = "delivered"
        elif sending.attempts > len(RETRIES):
            sending.state = "failed"
        else:
            sending.due = self.now + RETRIES[sending.attempts - 1]
            return
        waiting = sorted(seq for seq, other in lane.items() if other.state == "waiting")
        if waiting:
            lane[waiting[0]].go(self.now)

    def _follow_replay(self, command: ReplayEvent) -> None:
        with self.store.reading(self.tenant_id) as reader:
            (event,) = reader.find(EventFact, uid=command.event_uid)
        named = [e.endpoint_id for e in self.endpoints if e.uid == command.endpoint_uid]
        for endpoint_id in named or self._wanting(event.event_type):
            lane = self.lanes[endpoint_id, event.customer_number]
            if event.customer_seq in lane:
                self._again(lane, event.customer_seq)
            else:
                self._enter(lane, event.customer_seq)

    def _follow_failed(self, command: ReplayFailed) -> None:
        (endpoint_id,) = (e.endpoint_id for e in self.endpoints if e.uid == command.endpoint_uid)
        for number in CUSTOMERS:
            lane = self.lanes[endpoint_id, number]
            for seq in sorted(lane):
                if lane[seq].state == "failed":
                    self._again(lane, seq)

    def _again(self, lane: Lane, seq: int) -> None:
        sending = lane[seq]
        is_under_way = sending.claimed_until is not None and sending.claimed_until > self.now
        if sending.state == "waiting" or is_under_way:
            return
        others = [other.state for other in lane.values() if other is not sending]
        sending.attempts = 0
        if sending.state != "pending" and any(state in ("pending", "waiting") for state in others):
            sending.state, sending.claimed_until = "waiting", None
        else:
            sending.go(self.now)

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        with self.store.reading(self.tenant_id) as reader:
            rows = reader.find(DeliveryFact)
            assert reader.count(EventFact) == sum(self.told.values())
        kept = {(row.endpoint_id, row.customer_number, row.customer_seq): (row.state, row.attempts) for row in rows}
        assert kept == {
            (*where, seq): (sending.state, sending.attempts)
            for where, lane in self.lanes.items()
            for seq, sending in lane.items()
        }
        for lane in self.lanes.values():
            states = [sending.state for sending in lane.values()]
            assert states.count("pending") == int("pending" in states or "waiting" in states)

    def teardown(self) -> None:
        """In the end everything arrives, if it is only sent."""
        for endpoint in self.endpoints:
            if endpoint.endpoint_id not in self.enabled:
                self.switch(self.endpoints.index(endpoint))
        self.clock.advance(3600)
        for index in range(len(self.endpoints)):
            while True:
                before = len(self.claimed)
                self._do(0, self._claim(index, 10))
                if len(self.claimed) == before:
                    break
                for position in range(before, len(self.claimed)):
                    self._do(0, self._settlement(position, True))
        self.the_store_is_as_the_model_says()
        assert all(
            sending.state in ("delivered", "failed") for lane in self.lanes.values() for sending in lane.values()
        )
        assert verify(self.store).differences == []
        self._closing.close()


@pytest.fixture(autouse=True)
def telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, Tell, TELLING)


def test_any_events_in_any_order(engine: str, new_store: NewStore) -> None:
    play(Events, new_store, examples=20 if engine == "sqlite" else 8, steps=25, phases=QUICK)


@pytest.mark.soak
def test_any_events_in_any_order_for_long(engine: str, new_store: NewStore) -> None:
    play(Events, new_store, examples=1000 if engine == "sqlite" else 300, steps=60)
