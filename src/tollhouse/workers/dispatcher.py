"""Sends what was told to the endpoints that want it, again and again until each has it or it is given up.

Claims what is due, sends it outside any unit of work, and writes down how that went. Any number of dispatchers may work
on one store. Each endpoint has places of its own, and one that failed last has a single one, so that none that is slow
or dead keeps another waiting.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog

from tollhouse import crash_points
from tollhouse.ledger.clock import SECOND, Clock
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.commands.webhooks import ClaimDeliveries, ClearEndpoint, SettleDelivery
from tollhouse.ledger.events.delivering import REMOVAL_SECONDS, Claimed
from tollhouse.ledger.queries import DueEndpoint
from tollhouse.workers.rounds import Rounds
from tollhouse.workers.sending import Sender, Sent

PAUSE_SECONDS = 0.5
#: How long after its time is up a delivery counts as lost and is made again.
LEASE_MORE_SECONDS = 30
#: How many may be under way to one endpoint at once, each of another customer.
PLACES_OF_AN_ENDPOINT = 4
#: Open deliveries of a removed endpoint that are given up in one commit.
CLEARED_AT_ONCE = 200
#: How long those under way may take to end when it is stopped.
STOP_SECONDS = 5
AGE_SECONDS = 15.0

Execute = Callable[[Command], Awaitable[Receipt]]
_Endpoint = tuple[int, int]

log = structlog.get_logger("tollhouse.dispatcher")


class Watch(Protocol):
    """Who is told how sending goes."""

    def delivery(self, outcome: str) -> None:
        """One attempt: `delivered`, `retried` (it failed and is made again) or `given_up`."""
        ...

    def oldest_open(self, seconds: int) -> None:
        """How old the oldest event is that an enabled endpoint does not have yet; 0 without any."""
        ...


class Dispatcher:
    def __init__(
        self,
        *,
        due_endpoints: Callable[[int, int], Awaitable[list[DueEndpoint]]],
        oldest_open_at: Callable[[], Awaitable[int | None]],
        execute: Execute,
        sender: Sender,
        clock: Clock,
        retry_seconds: tuple[int, ...],
        places: int,
        watch: Watch,
    ) -> None:
        """`places` bounds what is under way at once to all endpoints together."""
        self._due_endpoints = due_endpoints
        self._oldest_open_at = oldest_open_at
        self._execute = execute
        self._sender = sender
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._places = places
        self._watch = watch
        self._under_way: Counter[_Endpoint] = Counter()
        self._failing: set[_Endpoint] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._rounds = Rounds("dispatcher", self._round, PAUSE_SECONDS, wake=self._freed)
        self._age_told_at = 0.0

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        """Claim nothing more, and end. What does not end in time stays claimed and is made again later."""
        await self._rounds.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await self._sender.close()

    async def _round(self) -> int:
        count = await self.dispatch_due()
        await self._tell_age()
        return count

    async def _tell_age(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._age_told_at:
            self._age_told_at = now + AGE_SECONDS
            oldest_at = await self._oldest_open_at()
            age = 0 if oldest_at is None else max(0, self._clock.now() - oldest_at) // SECOND
            self._watch.oldest_open(age)

    async def dispatch_due(self) -> int:
        """Begin to send what is due, as far as there are free places; how many."""
        now = self._clock.now()
        due = await self._due_endpoints(now, now - REMOVAL_SECONDS * SECOND)
        places = self._free_places([endpoint for endpoint in due if not endpoint.is_removing])
        work = [self._clear(endpoint) for endpoint in due if endpoint.is_removing]
        work += [self._begin(endpoint, count) for endpoint, count in places]
        return sum(await asyncio.gather(*work))

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _free_places(self, due: list[DueEndpoint]) -> list[tuple[DueEndpoint, int]]:
        """For each endpoint how many it may begin now; those that have the least under way come first."""
        left = self._places - self._under_way.total()
        given = []
        for endpoint in sorted(due, key=lambda endpoint: self._under_way[_key(endpoint)]):
            most = 1 if _key(endpoint) in self._failing else PLACES_OF_AN_ENDPOINT
            count = min(left, most - self._under_way[_key(endpoint)])
            if count > 0:
                given.append((endpoint, count))
                left -= count
        return given

    async def _clear(self, endpoint: DueEndpoint) -> int:
        command = ClearEndpoint(tenant_id=endpoint.tenant_id, endpoint_id=endpoint.endpoint_id, count=CLEARED_AT_ONCE)
        count: int = (await self._execute(command)).result
        return count

    async def _begin(self, endpoint: DueEndpoint, count: int) -> int:
        """Claim, and send each on its own; how many. One endpoint's trouble is not the others'."""
        command = ClaimDeliveries(
            tenant_id=endpoint.tenant_id,
            endpoint_id=endpoint.endpoint_id,
            count=count,
            lease_seconds=int(self._sender.timeout_seconds) + LEASE_MORE_SECONDS,
        )
        try:
            claimed: tuple[Claimed, ...] = (await self._execute(command)).result
        except Exception as error:  # noqa: BLE001 - tried again in the next round, whatever it was
            log.error("claiming events failed", **msgspec.structs.asdict(endpoint), reason=type(error).__name__)
            return 0
        for one in claimed:
            self._under_way[_key(endpoint)] += 1
            task = asyncio.create_task(self._deliver(one))
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._ended(done, _key(endpoint)))
        return len(claimed)

    def _ended(self, task: asyncio.Task[None], endpoint: _Endpoint) -> None:
        self._tasks.discard(task)
        self._under_way[endpoint] -= 1
        if not self._under_way[endpoint]:
            del self._under_way[endpoint]
        self._freed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("sending an event failed", reason=type(error).__name__)

    async def _deliver(self, claimed: Claimed) -> None:
        crash_points.reach(crash_points.DELIVERY_CLAIMED)
        started_at = self._clock.now()
        sent = await self._sender.send(claimed)
        crash_points.reach(crash_points.DELIVERY_SENT)
        endpoint = (claimed.endpoint.tenant_id, claimed.endpoint.endpoint_id)
        if sent.is_success:
            self._failing.discard(endpoint)
        else:
            self._failing.add(endpoint)
        try:
            settled = await self._execute(self._settlement(claimed, sent, started_at))
        except Exception as error:  # noqa: BLE001 - it is made again when its claim is over
            log.error("a delivery stays open", **_named(claimed), reason=type(error).__name__)
            return
        self._tell(claimed, sent, "" if settled.result is None else settled.result.state)

    def _tell(self, claimed: Claimed, sent: Sent, state: str) -> None:
        outcome = "delivered" if sent.is_success else "given_up" if state == "failed" else "retried"
        self._watch.delivery(outcome)
        if not sent.is_success:
            said = {"status": sent.status_code, "failure": sent.failure, "outcome": outcome}
            log.warning("an event was not delivered", **_named(claimed), **said)

    def _settlement(self, claimed: Claimed, sent: Sent, started_at: int) -> SettleDelivery:
        delivery, event = claimed.delivery, claimed.event
        return SettleDelivery(
            tenant_id=delivery.tenant_id,
            endpoint_id=delivery.endpoint_id,
            endpoint_uid=claimed.endpoint.uid,
            customer_number=delivery.customer_number,
            customer_seq=delivery.customer_seq,
            event_uid=event.uid,
            event_type=event.event_type,
            event_created_at=event.created_at,
            claimed_until_at=delivery.claimed_until_at or 0,
            attempt_no=delivery.attempts + 1,
            status_code=sent.status_code,
            is_success=sent.is_success,
            failure=sent.failure or ("" if sent.is_success else f"status_{sent.status_code}"),
            started_at=started_at,
            ended_at=self._clock.now(),
            retry_seconds=self._retry_seconds,
        )


class DispatcherThread:
    """A dispatcher on an event loop of its own, for a process that has none."""

    def __init__(self, build: Callable[[], Dispatcher]) -> None:
        self._build = build
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._is_running = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="dispatcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self._is_running.wait()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_running.set()
        dispatcher = self._build()
        dispatcher.start()
        await self._stopping.wait()
        await dispatcher.stop()


def _key(endpoint: DueEndpoint) -> _Endpoint:
    return (endpoint.tenant_id, endpoint.endpoint_id)


def _named(claimed: Claimed) -> dict[str, object]:
    return {
        "tenant_id": claimed.event.tenant_id,
        "endpoint": claimed.endpoint.uid,
        "event_id": claimed.event.uid,
        "attempt": claimed.delivery.attempts + 1,
    }
