"""Events reach a real server: signed, in each customer's order, again after a failure, and only where they may go."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.harness import SHOP, Postgres, TestClock, prepared, provision
from tests.receiver import CERTIFICATE, Received, Receiver, receiving
from tollhouse import __version__
from tollhouse.ledger.commands import Command, Receipt, StartPurchase
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, RotateSecret
from tollhouse.ledger.facts import DeliveryAttemptFact, DeliveryFact, EventFact, Fact, TenantFact, WebhookEndpointFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.store.engine import store_url
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.dispatcher import PLACES_OF_AN_ENDPOINT, Dispatcher, DispatcherThread
from tollhouse.workers.sending import Names, Resolve, Sender, is_refused

SECRET = "kq_whsec_test"
PURCHASE = ["order.created", "invoice.created", "invoice.paid", "subscription.created"]
RETRIES = (60, 60, 60, 300)
#: Customers of the shop: what they buy here costs nothing.
BUYERS = ("cust_visa", "cust_germany", "cust_declined", "cust_3ds", "cust_timeout", "cust_without_card")


class Watched:
    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.ages: list[int] = []

    def delivery(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def oldest_open(self, seconds: int) -> None:
        self.ages.append(seconds)


class Office:
    """The shop, its buyers, and dispatchers that live by the test's clock."""

    def __init__(self, store: SqlStore, clock: TestClock, *, private: bool = True) -> None:
        self.store = store
        self.clock = clock
        self.ledger = Ledger(store, clock)
        self.private = private
        self.tenant: TenantFact = prepared(store, self._file(), clock)
        self.watched = Watched()

    def _file(self, endpoints: str = "") -> str:
        allowed = f"private_webhooks = {'true' if self.private else 'false'}"
        return SHOP.replace('name = "Shop"', f'name = "Shop"\n{allowed}', 1) + endpoints

    def endpoint(self, url: str, *events: str) -> WebhookEndpointFact:
        types = ", ".join(f'"{event}"' for event in events or ("*",))
        table = f'[[webhook_endpoints]]\nurl = "{url}"\nsecret = "{SECRET}"\nevents = [{types}]\n'
        provision(self.store, self._file(table), self.clock)
        (made,) = self.find(WebhookEndpointFact, url=url, state="enabled")
        endpoint: WebhookEndpointFact = made
        return endpoint

    def buy(self, customer: str = "cust_visa") -> None:
        command = StartPurchase(
            tenant_id=self.tenant.tenant_id,
            plan_identifier="giveaway",
            customer_reference=customer,
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
        self.ledger.execute(command)

    def find(self, kind: type[Fact], *order: str, **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(kind, order=order, **equals)

    def attempts(self) -> list[tuple[int, int | None, str]]:
        rows = self.find(DeliveryAttemptFact, "customer_number", "customer_seq", "attempt_no")
        return [(row.attempt_no, row.status_code, row.failure) for row in rows]

    def states(self) -> list[str]:
        return sorted(row.state for row in self.find(DeliveryFact))

    def dispatcher(
        self,
        *,
        resolve: Resolve | None = None,
        execute: Callable[[Command], Receipt] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        timeout_seconds: float = 10,
        places: int = 64,
        store: SqlStore | None = None,
    ) -> Dispatcher:
        queries = SqlEventQueries(store or self.store)
        decide = execute or (Ledger(store, self.clock) if store else self.ledger).execute
        sender = Sender(
            clock=self.clock,
            timeout_seconds=timeout_seconds,
            resolve=resolve or Names().resolve,
            ssl_context=ssl_context,
        )
        return Dispatcher(
            due_endpoints=lambda now, since: asyncio.to_thread(queries.due_endpoints, now, since),
            oldest_open_at=lambda: asyncio.to_thread(queries.oldest_open_at),
            execute=lambda command: asyncio.to_thread(decide, command),
            sender=sender,
            clock=self.clock,
            retry_seconds=RETRIES,
            places=places,
            watch=self.watched,
        )

    def send_all(self, dispatcher: Dispatcher | None = None, **options: Any) -> None:
        """Send until nothing is due."""
        asyncio.run(_send_all(dispatcher or self.dispatcher(**options)))


async def _send_all(dispatcher: Dispatcher) -> None:
    while await dispatcher.dispatch_due():
        await dispatcher.settled()
    await dispatcher.stop()


def always(*addresses: str) -> Resolve:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.fixture
def office(store: SqlStore, clock: TestClock) -> Office:
    return Office(store, clock)


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    with ExitStack() as running:
        yield lambda **options: running.enter_context(receiving(**options))


@pytest.fixture
def receiver(receivers: Callable[..., Receiver]) -> Receiver:
    return receivers()


# What arrives.


def test_a_purchase_is_told_in_order_and_signed(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.buy()
    office.send_all()
    assert receiver.types == PURCHASE
    stored = {event.uid: event for event in office.find(EventFact)}
    for received in receiver.received:
        event = stored[received.headers["webhook-id"]]
        assert received.body == event.body.encode()
        assert received.is_signed_with(SECRET)
        assert not received.is_signed_with(SECRET + "x")
        assert received.headers["webhook-timestamp"] == "1772366400"
        assert received.headers["Content-Type"] == "application/json"
        assert received.headers["User-Agent"] == f"Tollhouse/{__version__}"
        assert received.path == "/hook"
    assert office.states() == ["delivered"] * 4
    assert office.attempts() == [(1, 200, "")] * 4
    assert office.watched.outcomes == ["delivered"] * 4


def test_every_endpoint_gets_what_it_subscribes_to(office: Office, receivers: Callable[..., Receiver]) -> None:
    all_of_it, paid, refunds = receivers(), receivers(), receivers()
    office.endpoint(all_of_it.url)
    office.endpoint(paid.url, "invoice.paid", "order.created")
    office.endpoint(refunds.url, "refund.created")
    office.buy()
    office.send_all()
    assert all_of_it.types == PURCHASE
    assert paid.types == ["order.created", "invoice.paid"]
    assert refunds.types == []
    assert {received.headers["webhook-id"] for received in paid.received} < {
        received.headers["webhook-id"] for received in all_of_it.received
    }


# Failures.


def test_a_failure_holds_its_customer_up_and_nobody_else(office: Office, receiver: Receiver, clock: TestClock) -> None:
    office.endpoint(receiver.url)
    office.buy("cust_visa")
    office.buy("cust_germany")
    answers = iter([500, 302, 200])
    receiver.answer = lambda received: (
        next(answers) if received.event["type"] == "order.created" and buyer(received) == "cust_visa" else 200
    )
    office.send_all()
    assert sorted(receiver.types) == sorted([*PURCHASE, "order.created"])
    clock.advance(59)
    office.send_all()
    assert len(receiver.received) == 5
    clock.advance(1)
    office.send_all()
    clock.advance(60)
    office.send_all()
    theirs = [received for received in receiver.received if buyer(received) == "cust_visa"]
    assert [received.event["type"] for received in theirs] == ["order.created"] * 2 + PURCHASE
    assert len({received.headers["webhook-id"] for received in theirs[:3]}) == 1
    assert len({received.body for received in theirs[:3]}) == 1
    assert all(received.is_signed_with(SECRET) for received in theirs)
    assert theirs[2].headers["webhook-timestamp"] == str(1772366400 + 120)
    tried = office.attempts()
    assert [attempt for attempt in tried if attempt[1] != 200] == [(1, 500, "status_500"), (2, 302, "status_302")]
    assert office.watched.outcomes.count("retried") == 2


def test_what_is_given_up_lets_the_next_one_go(office: Office, receiver: Receiver, clock: TestClock) -> None:
    office.endpoint(receiver.url)
    office.buy()
    receiver.answer = lambda received: 503 if received.event["type"] == "order.created" else 200
    for _ in range(len(RETRIES) + 1):
        office.send_all()
        clock.advance(300)
    assert receiver.types == ["order.created"] * 4 + PURCHASE
    assert office.states() == ["delivered"] * 3 + ["failed"]
    assert office.watched.outcomes == ["retried"] * 4 + ["given_up"] + ["delivered"] * 3


def test_only_a_2xx_is_a_success_and_nothing_is_followed(
    office: Office, receivers: Callable[..., Receiver], clock: TestClock
) -> None:
    receiver, elsewhere = receivers(), receivers()
    receiver.headers = {"location": elsewhere.url}
    statuses = iter([301, 307, 404, 204])
    receiver.answer = lambda _received: next(statuses)
    office.endpoint(receiver.url, "order.created")
    office.buy()
    for _ in range(4):
        office.send_all()
        clock.advance(300)
    assert [status for _, status, _ in office.attempts()] == [301, 307, 404, 204]
    assert elsewhere.received == []


def test_an_answer_is_not_waited_for_beyond_its_status(office: Office, receiver: Receiver) -> None:
    """Its body may be endless."""
    receiver.headers = {"content-length": str(10**12)}
    office.endpoint(receiver.url)
    office.buy()
    office.send_all(timeout_seconds=5)
    assert office.states() == ["delivered"] * 4


def test_one_who_does_not_answer_in_time_has_failed(office: Office, receiver: Receiver) -> None:
    free = threading.Event()
    receiver.answer = lambda _received: 200 if free.wait(60) else 500
    office.endpoint(receiver.url, "order.created")
    office.buy()
    try:
        office.send_all(timeout_seconds=0.1)
    finally:
        free.set()
    assert office.attempts() == [(1, None, "timeout")]


def test_one_who_is_not_there_has_failed(office: Office) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        office.endpoint(f"http://127.0.0.1:{port}/")
        office.endpoint(f"https://no-such-host.invalid:{port}/", "order.created")

        async def resolve(host: str, port: int) -> list[str]:
            if host != "127.0.0.1":
                raise socket.gaierror
            return [host]

        office.buy()
        office.send_all(resolve=resolve)
    assert sorted(office.attempts()) == [(1, None, "connection_failed"), (1, None, "not_resolved")]


def test_one_who_speaks_no_http_has_failed(office: Office) -> None:
    def hang_up(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"220 mail.example ESMTP\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=hang_up, args=(listening,))
        thread.start()
        office.endpoint(f"http://127.0.0.1:{listening.getsockname()[1]}/", "order.created")
        office.buy()
        office.send_all()
        thread.join()
    assert office.attempts() == [(1, None, "no_answer")]


def test_what_cannot_be_written_down_is_sent_again(office: Office, receiver: Receiver, clock: TestClock) -> None:
    office.endpoint(receiver.url, "order.created")
    office.buy()

    def refuse_to_settle(command: Command) -> Receipt:
        if type(command).__name__ == "SettleDelivery":
            raise StoreUnavailable
        return office.ledger.execute(command)

    office.send_all(execute=refuse_to_settle)
    office.send_all()
    assert len(receiver.received) == 1
    clock.advance(41)
    office.send_all()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert office.states() == ["delivered"]


def buyer(received: Received) -> str:
    reference: str = received.event["data"]["object"]["customer"]["customer_id"]
    return reference


# Places.


def test_one_slow_endpoint_keeps_no_other_waiting(office: Office, receivers: Callable[..., Receiver]) -> None:
    slow, quick = receivers(), receivers()
    free = threading.Event()
    slow.answer = lambda _received: 200 if free.wait(60) else 500
    for receiver in (slow, quick):
        office.endpoint(receiver.url)
    for customer in BUYERS:
        office.buy(customer)

    async def run() -> None:
        dispatcher = office.dispatcher()
        dispatcher.start()
        await asyncio.to_thread(quick.wait_for, 4 * len(BUYERS))
        await asyncio.to_thread(slow.wait_for, PLACES_OF_AN_ENDPOINT)
        assert len(slow.received) == slow.at_once == PLACES_OF_AN_ENDPOINT
        free.set()
        await asyncio.to_thread(slow.wait_for, 4 * len(BUYERS))
        await dispatcher.stop()

    asyncio.run(run())
    assert office.states() == ["delivered"] * 8 * len(BUYERS)
    assert slow.at_once_most <= PLACES_OF_AN_ENDPOINT


def test_one_that_failed_has_a_single_place(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    for customer in BUYERS:
        office.buy(customer)
    receiver.answer = lambda _received: 500

    async def run() -> list[int]:
        dispatcher = office.dispatcher()
        begun = []
        while count := await dispatcher.dispatch_due():
            begun.append(count)
            await dispatcher.settled()
        receiver.answer = lambda _received: 200
        office.clock.advance(60)
        for _ in range(2):
            begun.append(await dispatcher.dispatch_due())
            await dispatcher.settled()
        await dispatcher.stop()
        return begun

    assert asyncio.run(run()) == [PLACES_OF_AN_ENDPOINT, 1, 1, 1, PLACES_OF_AN_ENDPOINT]


def test_all_together_have_only_so_many_places(office: Office, receivers: Callable[..., Receiver]) -> None:
    for _ in range(3):
        office.endpoint(receivers().url)
    for customer in BUYERS:
        office.buy(customer)

    async def run() -> int:
        dispatcher = office.dispatcher(places=5)
        count = await dispatcher.dispatch_due()
        await dispatcher.settled()
        await dispatcher.stop()
        return count

    assert asyncio.run(run()) == 5


def test_what_is_under_way_is_finished_when_it_is_stopped(office: Office, receiver: Receiver) -> None:
    free = threading.Event()
    receiver.answer = lambda _received: 200 if free.wait(60) else 500
    office.endpoint(receiver.url)
    office.buy()

    async def run() -> None:
        dispatcher = office.dispatcher()
        dispatcher.start()
        await asyncio.to_thread(receiver.wait_for, 1)
        asyncio.get_running_loop().call_later(0.05, free.set)
        await dispatcher.stop()

    asyncio.run(run())
    assert office.states() == ["delivered", "pending", "waiting", "waiting"]


def test_it_runs_in_a_thread_of_its_own_whatever_fails(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.buy()
    failures = iter([StoreUnavailable(), RuntimeError()])

    def fail_at_first(command: Command) -> Receipt:
        for error in failures:
            raise error
        return office.ledger.execute(command)

    thread = DispatcherThread(lambda: office.dispatcher(execute=fail_at_first))
    thread.stop()
    thread.start()
    receiver.wait_for(4)
    thread.stop()
    assert receiver.types == PURCHASE
    assert office.watched.ages[0] >= 0


def test_the_age_of_the_oldest_open_event_is_told(office: Office, receiver: Receiver, clock: TestClock) -> None:
    endpoint = office.endpoint(receiver.url)
    office.buy()
    clock.advance(90)

    async def age() -> None:
        dispatcher = office.dispatcher()
        await dispatcher._tell_age()
        await dispatcher.stop()

    asyncio.run(age())
    change = ChangeEndpoint(tenant_id=endpoint.tenant_id, endpoint_uid=endpoint.uid, state="disabled")
    office.ledger.execute(change)
    asyncio.run(age())
    assert office.watched.ages == [90, 0]


# Secrets.


def test_a_rotated_secret_signs_from_its_time_on(office: Office, receiver: Receiver, clock: TestClock) -> None:
    endpoint = office.endpoint(receiver.url, "order.created")
    rotate = RotateSecret(
        tenant_id=endpoint.tenant_id, endpoint_uid=endpoint.uid, secret="kq_whsec_next", after_seconds=60
    )
    office.ledger.execute(rotate)
    office.buy()
    office.send_all()
    clock.advance(59)
    office.buy()
    office.send_all()
    clock.advance(1)
    office.buy()
    office.send_all()
    assert [received.is_signed_with(SECRET) for received in receiver.received] == [True, True, False]
    assert receiver.received[2].is_signed_with("kq_whsec_next")


def test_logs_hold_no_secret_and_no_url(office: Office, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    receiver.answer = lambda _received: 500
    office.endpoint(receiver.url + "?token=hidden")
    office.buy()
    office.send_all()
    said = capsys.readouterr()
    assert "an event was not delivered" in said.out + said.err
    assert "kq_whsec" not in said.out + said.err
    assert "hidden" not in said.out + said.err


# Where they may go.


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("8.8.8.8", "127.0.0.1"),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("169.254.169.254",),
        ("100.64.0.1",),
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(
    store: SqlStore, clock: TestClock, receiver: Receiver, addresses: tuple[str, ...]
) -> None:
    office = Office(store, clock, private=False)
    office.endpoint(f"http://hooks.example:{receiver.port}/", "order.created")
    office.buy()
    office.send_all(resolve=always(*addresses))
    assert receiver.received == []
    assert office.attempts() == [(1, None, "address_refused")]
    assert office.states() == ["pending"]


def test_a_name_that_means_another_address_a_moment_later_leads_nowhere_else(
    store: SqlStore, clock: TestClock, receiver: Receiver
) -> None:
    """What was checked when the endpoint was named does not count, and what is checked is what is connected to."""
    office = Office(store, clock, private=False)
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    url = f"http://hooks.example:{receiver.port}/"
    assert not asyncio.run(is_refused(rebinding, url))
    office.endpoint(url, "order.created")
    office.buy()
    office.send_all(resolve=rebinding)
    assert receiver.received == []
    assert office.attempts() == [(1, None, "address_refused")]
    assert asked == ["hooks.example"] * 2


def test_what_is_connected_to_is_the_address_that_was_checked(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once, by us alone; the request still bears it."""
    asked = []
    looked_up = socket.getaddrinfo

    def noting(host: Any, *arguments: Any, **more: Any) -> Any:
        asked.append(host)
        return looked_up(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    office.endpoint(f"http://hooks.example:{receiver.port}/path?query=%20x", "order.created")
    office.buy()
    office.send_all(resolve=always("127.0.0.1"))
    (received,) = receiver.received
    assert received.headers["Host"] == f"hooks.example:{receiver.port}"
    assert received.path == "/path?query=%20x"
    assert set(asked) <= {"127.0.0.1"}


def test_of_several_addresses_one_that_answers_is_enough(office: Office, receiver: Receiver) -> None:
    office.endpoint(f"http://hooks.example:{receiver.port}/", "order.created")
    office.buy()
    office.send_all(resolve=always("127.0.0.2", "127.0.0.3", "127.0.0.1"))
    assert office.attempts() == [(1, 200, "")]
    assert len(receiver.received) == 1


def test_only_ports_of_http_are_reached_in_public(store: SqlStore, clock: TestClock) -> None:
    office = Office(store, clock, private=False)
    endpoint = office.endpoint("http://hooks.example/", "order.created")
    with store.unit_of_work(office.tenant.tenant_id) as unit:
        unit.change(WebhookEndpointFact, {"uid": endpoint.uid}, url="http://hooks.example:25/")
    office.buy()
    office.send_all(resolve=always("8.8.8.8"))
    assert office.attempts() == [(1, None, "address_refused")]


def test_a_server_shows_the_certificate_of_its_name(office: Office, receivers: Callable[..., Receiver]) -> None:
    """Also though it is called by its address."""
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    receiver = receivers(tls=True)
    office.endpoint(f"https://hooks.example:{receiver.port}/", "order.created")
    office.endpoint(f"https://other.example:{receiver.port}/", "order.created")
    office.buy()
    office.send_all(resolve=always("127.0.0.1"), ssl_context=context)
    assert [received.headers["Host"] for received in receiver.received] == [f"hooks.example:{receiver.port}"]
    assert sorted(failure for _, _, failure in office.attempts()) == ["", "tls_failed"]


def test_a_certificate_that_nobody_vouches_for_is_refused(office: Office, receivers: Callable[..., Receiver]) -> None:
    receiver = receivers(tls=True)
    office.endpoint(f"https://hooks.example:{receiver.port}/", "order.created")
    office.buy()
    office.send_all(resolve=always("127.0.0.1"))
    assert office.attempts() == [(1, None, "tls_failed")]


def test_nothing_is_known_of_a_name_that_leads_nowhere_yet() -> None:
    async def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    assert not asyncio.run(is_refused(nowhere, "http://hooks.example/"))
    assert not asyncio.run(is_refused(always(), "http://hooks.example/"))
    assert asyncio.run(is_refused(Names().resolve, "http://127.0.0.1/"))
    assert asyncio.run(is_refused(Names().resolve, "http://2130706433/"))


# Several at once.


def test_two_dispatchers_send_each_event_once_and_in_order(postgres: Postgres, clock: TestClock) -> None:
    with ExitStack() as opened:
        url = store_url(postgres.empty())
        stores = [opened.enter_context(closing(SqlStore(url))) for _ in range(3)]
        receivers = [opened.enter_context(receiving()) for _ in range(2)]
        office = Office(stores[0], clock)
        for receiver in receivers:
            office.endpoint(receiver.url)
        for _ in range(2):
            for customer in BUYERS:
                office.buy(customer)

        async def run() -> None:
            dispatchers = [office.dispatcher(store=store) for store in stores[1:]]
            for dispatcher in dispatchers:
                dispatcher.start()
            for receiver in receivers:
                await asyncio.to_thread(receiver.wait_for, 8 * len(BUYERS))
            for dispatcher in dispatchers:
                await dispatcher.stop()

        asyncio.run(run())
        for receiver in receivers:
            assert len(receiver.received) == 8 * len(BUYERS)
            for customer in BUYERS:
                theirs = [received.event["type"] for received in receiver.received if buyer(received) == customer]
                assert theirs == PURCHASE * 2
        assert office.states() == ["delivered"] * 16 * len(BUYERS)
