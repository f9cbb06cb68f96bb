"""Events on their way: written with the fact, claimed once, settled in order, sent again by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import msgspec
import pytest

from tests.harness import TestClock, prepared, provision
from tests.ledger.telling import TELLING, Tell
from tollhouse.ledger.commands import Command
from tollhouse.ledger.commands.webhooks import (
    ChangeEndpoint,
    ClaimDeliveries,
    ClearEndpoint,
    PutEndpoint,
    ReplayEvent,
    ReplayFailed,
    RotateSecret,
    SettleDelivery,
)
from tollhouse.ledger.events.delivering import REMOVAL_SECONDS, Claimed
from tollhouse.ledger.events.endpoints import ENDPOINTS_MAX, secret_at
from tollhouse.ledger.facts import (
    DeliveryAttemptFact,
    DeliveryFact,
    EventFact,
    Fact,
    TenantFact,
    WebhookEndpointFact,
)
from tollhouse.ledger.ledger import HANDLERS, Ledger
from tollhouse.ledger.refusals import EndpointRefused, EndpointsTooMany, EndpointUnknown, EventUnknown
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.store import SqlStore

FILE = """
[tenant]
slug = "acme"
private_webhooks = true
[[customers]]
number = 11
reference = "ada"
[[customers]]
number = 12
reference = "bob"
"""
RETRIES = (60, 300)


@pytest.fixture(autouse=True)
def telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, Tell, TELLING)


class Post:
    """A tenant whose customers' events are sent somewhere."""

    def __init__(self, ledger: Ledger, store: SqlStore, clock: TestClock) -> None:
        self.ledger = ledger
        self.store = store
        self.clock = clock
        self.tenant: TenantFact = prepared(store, FILE, clock)
        self.tenant_id = self.tenant.tenant_id

    def do(self, kind: Callable[..., Command], /, **values: Any) -> Any:
        return self.ledger.execute(kind(tenant_id=self.tenant_id, **values)).result

    def endpoint(self, url: str = "http://127.0.0.1/", **values: Any) -> WebhookEndpointFact:
        put = self.do(PutEndpoint, url=url, **{"secret": "kq_whsec_test", **values})
        endpoint: WebhookEndpointFact = put.endpoint
        return endpoint

    def tell(self, *numbers: int, **values: Any) -> None:
        for number in numbers:
            self.do(Tell, number=number, **values)

    def claim(self, endpoint: WebhookEndpointFact, count: int = 10, lease_seconds: int = 40) -> tuple[Claimed, ...]:
        claimed: tuple[Claimed, ...] = self.do(
            ClaimDeliveries, endpoint_id=endpoint.endpoint_id, count=count, lease_seconds=lease_seconds
        )
        return claimed

    def settlement(self, claimed: Claimed, status: int | None = 200) -> SettleDelivery:
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
            status_code=status,
            is_success=status == 200,
            failure="" if status == 200 else "timeout" if status is None else f"status_{status}",
            started_at=self.clock.now(),
            ended_at=self.clock.now(),
            retry_seconds=RETRIES,
        )

    def settle(self, claimed: Claimed, status: int | None = 200) -> DeliveryFact:
        delivery: DeliveryFact = self.ledger.execute(self.settlement(claimed, status)).result
        return delivery

    def find(self, kind: type[Fact], *order: str, **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant_id) as reader:
            return reader.find(kind, order=order, **equals)

    def lane(self, number: int = 11, **equals: Any) -> list[str]:
        """The states of a customer's deliveries, in its order."""
        rows = self.find(DeliveryFact, "endpoint_id", "customer_seq", customer_number=number, **equals)
        return [row.state for row in rows]

    def due(self) -> list[int]:
        now = self.clock.now()
        return [e.endpoint_id for e in SqlEventQueries(self.store).due_endpoints(now, now - REMOVAL_SECONDS * 10**6)]


@pytest.fixture
def post(ledger: Ledger, store: SqlStore, clock: TestClock) -> Iterator[Post]:
    """Whatever the test did, nothing is left behind."""
    opened = Post(ledger, store, clock)
    yield opened
    assert verify(store).differences == []


# Emitting.


def test_what_nobody_wants_is_not_written(post: Post) -> None:
    post.tell(11)
    wanting = post.endpoint(events=("refund.created",))
    post.tell(11)
    post.do(ChangeEndpoint, endpoint_uid=wanting.uid, events=("*",), state="disabled")
    post.tell(11)
    assert post.find(EventFact) == post.find(DeliveryFact) == []


def test_each_endpoint_gets_the_types_that_it_subscribes_to(post: Post) -> None:
    every = post.endpoint("http://127.0.0.1/1")
    some = post.endpoint("http://127.0.0.1/2", events=("order.created", "refund.created"))
    for event_type in ("order.created", "invoice.paid", "refund.created"):
        post.tell(11, event_type=event_type)
    events = {event.uid: event for event in post.find(EventFact)}
    told = {
        endpoint.uid: [
            events[row.event_uid].event_type
            for row in post.find(DeliveryFact, "customer_seq", endpoint_id=endpoint.endpoint_id)
        ]
        for endpoint in (every, some)
    }
    assert told == {
        every.uid: ["order.created", "invoice.paid", "refund.created"],
        some.uid: ["order.created", "refund.created"],
    }


def test_an_event_is_its_envelope(post: Post) -> None:
    post.endpoint()
    post.tell(11)
    (event,) = post.find(EventFact)
    body = f'{{"id":"{event.uid}","type":"order.created","created_at":"2026-03-01T12:00:00Z"'
    assert event.body == body + ',"data":{"object":{"id":"ORD-1"}}}'


def test_of_a_customers_events_the_first_is_due_and_the_others_wait(post: Post) -> None:
    endpoint = post.endpoint()
    post.ledger.execute_batch(post.tenant_id, [Tell(tenant_id=post.tenant_id, number=n) for n in (11, 12, 11)])
    post.tell(11)
    assert (post.lane(11), post.lane(12)) == (["pending", "waiting", "waiting"], ["pending"])
    assert [row.customer_seq for row in post.find(EventFact, "customer_seq", customer_number=11)] == [1, 2, 3]
    assert {claimed.delivery.customer_number for claimed in post.claim(endpoint)} == {11, 12}


# Claiming.


def test_what_is_claimed_is_nobody_elses_until_its_lease_is_over(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11)
    (claimed,) = post.claim(endpoint)
    assert claimed.event.customer_seq == 1
    assert claimed.is_private_allowed
    assert post.claim(endpoint) == ()
    assert post.due() == []
    clock.advance(40)
    assert post.due() == [endpoint.endpoint_id]
    (again,) = post.claim(endpoint)
    assert again.event == claimed.event


def test_no_more_is_claimed_than_asked_for(post: Post) -> None:
    endpoint = post.endpoint()
    post.tell(11, 12)
    assert [len(post.claim(endpoint, count=1)) for _ in range(3)] == [1, 1, 0]


def test_a_disabled_endpoints_deliveries_wait_until_it_is_enabled(post: Post) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11)
    post.do(ChangeEndpoint, endpoint_uid=endpoint.uid, state="disabled")
    assert (post.due(), post.claim(endpoint), post.lane()) == ([], (), ["pending", "waiting"])
    post.do(ChangeEndpoint, endpoint_uid=endpoint.uid, state="enabled")
    assert post.due() == [endpoint.endpoint_id]
    assert len(post.claim(endpoint)) == 1


# Settling.


def test_what_is_delivered_lets_the_next_one_go(post: Post) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11)
    assert post.settle(*post.claim(endpoint)).state == "delivered"
    assert post.lane() == ["delivered", "pending"]
    post.settle(*post.claim(endpoint))
    assert (post.lane(), post.due()) == (["delivered", "delivered"], [])
    post.tell(11)
    assert post.lane() == ["delivered", "delivered", "pending"]


def test_a_failure_is_tried_again_after_each_gap_and_then_given_up(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11)
    for gap in RETRIES:
        (claimed,) = post.claim(endpoint)
        assert post.settle(claimed, 500).due_at == clock.now() + gap * 1_000_000
        clock.advance(gap - 1)
        assert post.claim(endpoint) == ()
        clock.advance(1)
    assert post.lane() == ["pending", "waiting"]
    given_up = post.settle(*post.claim(endpoint), status=None)
    assert (given_up.state, given_up.attempts, given_up.failure) == ("failed", 3, "timeout")
    assert post.lane() == ["failed", "pending"]
    attempts = post.find(DeliveryAttemptFact, "attempt_no")
    noted = [(row.attempt_no, row.status_code, row.is_success, row.failure) for row in attempts]
    assert noted == [(1, 500, 0, "status_500"), (2, 500, 0, "status_500"), (3, None, 0, "timeout")]


def test_settling_twice_notes_both_and_moves_on_once(post: Post) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11, 11)
    (claimed,) = post.claim(endpoint)
    post.settle(claimed)
    post.settle(claimed)
    assert post.lane() == ["delivered", "pending", "waiting"]
    assert len(post.find(DeliveryAttemptFact)) == 2


def test_a_failure_that_was_overtaken_changes_nothing(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    post.tell(11)
    (late,) = post.claim(endpoint)
    clock.advance(40)
    (newer,) = post.claim(endpoint)
    assert post.settle(late, 500).attempts == 0
    assert post.claim(endpoint) == ()
    assert post.settle(newer).state == "delivered"


def test_a_success_that_was_overtaken_counts(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    post.tell(11)
    (late,) = post.claim(endpoint)
    clock.advance(40)
    (newer,) = post.claim(endpoint)
    assert post.settle(late).state == "delivered"
    assert post.settle(newer, 500).state == "delivered"


@pytest.mark.parametrize("order", ["told first", "settled first"])
def test_told_and_settled_in_one_commit_do_not_miss_each_other(post: Post, order: str) -> None:
    endpoint = post.endpoint()
    post.tell(11)
    (claimed,) = post.claim(endpoint)
    both: list[Command] = [Tell(tenant_id=post.tenant_id, number=11), post.settlement(claimed)]
    post.ledger.execute_batch(post.tenant_id, both if order == "told first" else both[::-1])
    assert post.lane() == ["delivered", "pending"]


def test_claimed_and_settled_in_one_commit_do_not_miss_each_other(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    post.tell(11)
    (claimed,) = post.claim(endpoint)
    clock.advance(41)
    claim = ClaimDeliveries(tenant_id=post.tenant_id, endpoint_id=endpoint.endpoint_id, count=9, lease_seconds=40)
    outcomes = post.ledger.execute_batch(post.tenant_id, [post.settlement(claimed), claim, claim])
    assert [len(outcome.result) for outcome in outcomes[1:] if not isinstance(outcome, Exception)] == [0, 0]
    assert post.lane() == ["delivered"]


def test_many_tell_and_settle_at_once(post: Post) -> None:
    """Whatever order their commits come in: one pending at most, and nothing left behind."""
    endpoint = post.endpoint()

    def work(_: int) -> None:
        with closing(SqlStore(post.store.url)) as store:
            ledger = Ledger(store, post.clock)
            for _ in range(5):
                ledger.execute(Tell(tenant_id=post.tenant_id, number=11))
                claim = ClaimDeliveries(
                    tenant_id=post.tenant_id, endpoint_id=endpoint.endpoint_id, count=1, lease_seconds=40
                )
                for claimed in ledger.execute(claim).result:
                    ledger.execute(post.settlement(claimed))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    delivered = []
    while claimed := post.claim(endpoint):
        delivered.append(claimed[0].event.customer_seq)
        post.settle(claimed[0])
    assert post.lane() == ["delivered"] * 15
    assert delivered == sorted(delivered)


# Sending again.


def test_an_event_is_sent_again_to_whoever_wants_it(post: Post) -> None:
    first, second = post.endpoint("http://127.0.0.1/1"), post.endpoint("http://127.0.0.1/2", events=("refund.created",))
    post.tell(11)
    post.settle(*post.claim(first))
    (event,) = post.find(EventFact)
    assert post.do(ReplayEvent, event_uid=event.uid).count == 1
    (again,) = post.claim(first)
    assert (again.event, again.delivery.attempts) == (event, 0)
    assert post.do(ReplayEvent, event_uid=event.uid, endpoint_uid=second.uid).count == 1
    assert [claimed.event for claimed in post.claim(second)] == [event]


def test_what_is_under_way_or_waits_is_not_sent_again(post: Post) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11)
    events = [event.uid for event in post.find(EventFact, "customer_seq")]
    (claimed,) = post.claim(endpoint)
    assert [post.do(ReplayEvent, event_uid=uid).count for uid in events] == [0, 0]
    post.settle(claimed, 500)
    assert post.claim(endpoint) == ()
    assert post.do(ReplayEvent, event_uid=events[0]).count == 1
    assert [again.event.customer_seq for again in post.claim(endpoint)] == [1]


def test_what_is_sent_again_takes_its_turn(post: Post) -> None:
    endpoint = post.endpoint()
    post.tell(11)
    post.settle(*post.claim(endpoint))
    post.tell(11, 11)
    (event, *_) = post.find(EventFact, "customer_seq")
    post.do(ReplayEvent, event_uid=event.uid)
    assert post.lane() == ["waiting", "pending", "waiting"]
    sent = []
    while claimed := post.claim(endpoint):
        sent.append(claimed[0].event.customer_seq)
        post.settle(claimed[0])
    assert sent == [2, 1, 3]


def test_all_that_failed_is_sent_again(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    other = post.endpoint("http://127.0.0.1/other")
    post.tell(11, 11, 12)
    while post.due():
        for claimed in post.claim(endpoint):
            post.settle(claimed, 410)
        for claimed in post.claim(other):
            post.settle(claimed)
        clock.advance(300)
    assert post.lane(endpoint_id=endpoint.endpoint_id) == ["failed", "failed"]
    assert post.do(ReplayFailed, endpoint_uid=endpoint.uid).count == 3
    assert post.lane(endpoint_id=endpoint.endpoint_id) == ["pending", "waiting"]
    assert post.do(ReplayFailed, endpoint_uid=endpoint.uid).count == 0


def test_nothing_is_sent_again_that_is_not_there(post: Post) -> None:
    post.endpoint()
    for uid in ("nothing", "\0"):
        with pytest.raises(EventUnknown):
            post.do(ReplayEvent, event_uid=uid)
        with pytest.raises(EndpointUnknown):
            post.do(ReplayFailed, endpoint_uid=uid)


# Endpoints.


def test_an_endpoint_that_is_removed_gets_nothing_more(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    post.tell(11, 11, 12)
    (claimed, *_) = post.claim(endpoint, count=1)
    post.do(ChangeEndpoint, endpoint_uid=endpoint.uid, state="removing")
    assert post.claim(endpoint) == ()
    assert post.due() == [endpoint.endpoint_id]
    clear = {"endpoint_id": endpoint.endpoint_id, "count": 2}
    assert [post.do(ClearEndpoint, **clear) for _ in range(3)] == [2, 1, 0]
    assert {(row.state, row.failure) for row in post.find(DeliveryFact)} == {("failed", "endpoint_removed")}
    assert post.settle(claimed).state == "failed"
    assert post.due() == []
    clock.advance(REMOVAL_SECONDS)
    assert post.due() == [endpoint.endpoint_id]
    post.do(ClearEndpoint, **clear)
    assert (post.due(), post.find(WebhookEndpointFact)[0].state) == ([], "removed")
    with pytest.raises(EndpointUnknown):
        post.do(ChangeEndpoint, endpoint_uid=endpoint.uid, state="enabled")
    assert post.endpoint().uid != endpoint.uid


def test_a_url_has_one_endpoint(post: Post) -> None:
    first = post.endpoint(events=("order.created",), description="one")
    again = post.endpoint(secret="another-secret", events=("*",))
    assert (again.uid, again.secret, again.events, again.description) == (first.uid, first.secret, '["*"]', "one")
    other = post.endpoint("http://127.0.0.1/other")
    with pytest.raises(EndpointRefused, match="another endpoint"):
        post.do(ChangeEndpoint, endpoint_uid=other.uid, url=first.url)
    assert post.do(ChangeEndpoint, endpoint_uid=other.uid, url=other.url).url == other.url


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "http://user:secret@example.com/"}, "url"),
        ({"url": "http://exa mple.com/"}, "url"),
        ({"url": "https://example.com/#here"}, "url"),
        ({"url": "https://" + "x" * 3000}, "url"),
        ({"events": ()}, "events"),
        ({"events": ("charge.completed",)}, "events"),
        ({"secret": "short"}, "secret"),
        ({"secret": "with a \0 NUL"}, "secret"),
        ({"description": "x" * 300}, "description"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(post: Post, values: dict[str, Any], field: str) -> None:
    with pytest.raises(EndpointRefused) as refused:
        post.endpoint(**values)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://localhost/", "http://example.com:25/"]
)
def test_a_tenant_names_public_endpoints_alone_unless_it_may_others(post: Post, url: str) -> None:
    file = FILE.replace("acme", "other").replace("private_webhooks = true", "")
    other = provision(post.store, file, post.clock).tenant
    with pytest.raises(EndpointRefused):
        post.ledger.execute(PutEndpoint(tenant_id=other.tenant_id, url=url, secret="kq_whsec_test"))
    assert post.endpoint(url).url == url


def test_there_are_only_so_many(post: Post) -> None:
    commands = [
        PutEndpoint(tenant_id=post.tenant_id, url=f"http://127.0.0.1/{n}", secret="kq_whsec_test")
        for n in range(ENDPOINTS_MAX + 1)
    ]
    *made, refused = post.ledger.execute_batch(post.tenant_id, commands)
    assert not any(isinstance(outcome, Exception) for outcome in made)
    assert isinstance(refused, EndpointsTooMany)


def test_a_rotated_secret_signs_from_its_time_on(post: Post, clock: TestClock) -> None:
    endpoint = post.endpoint()
    rotated = post.do(RotateSecret, endpoint_uid=endpoint.uid, secret="kq_whsec_next", after_seconds=3600)
    hour = 3600 * 1_000_000
    assert [secret_at(rotated, clock.now() + after) for after in (0, hour - 1, hour)] == [
        "kq_whsec_test",
        "kq_whsec_test",
        "kq_whsec_next",
    ]
    clock.advance(1800)
    rotated = post.do(RotateSecret, endpoint_uid=endpoint.uid, secret="kq_whsec_third", after_seconds=0)
    assert secret_at(rotated, clock.now()) == "kq_whsec_third"
    clock.advance(10)
    rotated = post.do(RotateSecret, endpoint_uid=endpoint.uid, secret="kq_whsec_fourth", after_seconds=5)
    assert secret_at(rotated, clock.now()) == "kq_whsec_third"
    for values in ({"after_seconds": -1}, {"after_seconds": 10**9}, {"secret": "short"}):
        with pytest.raises(EndpointRefused):
            post.do(
                RotateSecret, **{"endpoint_uid": endpoint.uid, "secret": "kq_whsec_x", "after_seconds": 5, **values}
            )


def test_a_file_has_endpoints(post: Post, store: SqlStore, clock: TestClock) -> None:
    file = FILE + '[[webhook_endpoints]]\nurl = "http://127.0.0.1:9000/hook"\n'
    applied = provision(store, file, clock)
    ((what, secret),) = applied.secrets
    assert what == "secret of webhook endpoint http://127.0.0.1:9000/hook"
    assert secret.startswith("kq_whsec_")
    again = provision(store, file + 'events = ["order.created"]\nsecret = "kq_whsec_other"\n', clock)
    assert (again.secrets, again.made) == ([], {})
    (endpoint,) = post.find(WebhookEndpointFact)
    assert (endpoint.secret, msgspec.json.decode(endpoint.events)) == (secret, ["order.created"])


def test_an_event_that_was_left_behind_is_found(store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
    post = Post(ledger, store, clock)
    endpoint = post.endpoint()
    post.tell(11, 11)
    with store.unit_of_work(post.tenant_id) as unit:
        unit.change(DeliveryFact, {"customer_seq": 1}, state="delivered")
    (found,) = verify(store).differences
    assert f"customer 11 to endpoint {endpoint.endpoint_id}: stored 0, computed 1" in found
