"""What every door stands on: the ledger, reads, passwords and gateways, each behind a bound of its own.

The ledger's core is synchronous; here it meets the event loop. A full queue raises Overloaded at once, so that nothing
waits without limit and no kind of work starves another.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import msgspec

from tollhouse.config import Settings
from tollhouse.ledger.addresses import networks_from_text
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.group_commit import GroupCommit
from tollhouse.ledger.ledger import Ledger, Outcome
from tollhouse.ledger.ports import Gateway, Store, StoreConflict
from tollhouse.ledger.refusals import Overloaded, StoreUnavailable

T = TypeVar("T")

#: Reads for callers who have not said who they are: these never keep the others waiting.
STRANGERS_MAX = 16

#: Gateways are asked about open payments in threads of their own: buyers never keep them waiting.
LOOK_UP_THREADS = 8
#: As many payments and as many refunds may wait for one.
LOOK_UPS_MAX = 2 * LOOK_UP_THREADS

#: Work that takes long, such as charging everybody on a plan: so much at once, and so much may wait.
LONG_WORK_THREADS = 4
LONG_WORK_MAX = 32

#: How often a rehearsal is decided again when somebody else wrote first.
REHEARSALS = 8

#: Runs work in the thread that one holds.
RunHere = Callable[..., Awaitable[Any]]


class Credential(msgspec.Struct, frozen=True):
    """Whom an API key speaks for. `kind` is secret, public, application or client; `name` the key's own."""

    tenant: TenantFact
    kind: str
    name: str


class Bounded:
    """A pool of threads with a bound on what may wait or run in it."""

    def __init__(self, name: str, threads: int, calls_max: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._calls_max = calls_max
        self._calls = 0
        self._free = asyncio.Semaphore(min(threads, calls_max))

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run in a thread; Overloaded when too much waits already. Goes on when the caller is gone."""
        self._count()
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    @asynccontextmanager
    async def place(self, wait_seconds: float) -> AsyncIterator[RunHere]:
        """Hold a thread, and run in it what must not be refused any more. Overloaded when none comes free in time.

        For a pool of which all is run in places.
        """
        self._count()
        try:
            await self._take_place(wait_seconds)
            try:
                yield self._run_here
            finally:
                self._free.release()
        finally:
            self._calls -= 1

    async def _take_place(self, wait_seconds: float) -> None:
        try:
            async with asyncio.timeout(wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded from None

    async def _run_here(self, work: Callable[..., Any], *arguments: Any) -> Any:
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        return await asyncio.shield(future)

    def _count(self) -> None:
        if self._calls >= self._calls_max:
            raise Overloaded
        self._calls += 1

    def _done(self, _future: asyncio.Future[Any]) -> None:
        self._calls -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=False)


class Desk:
    def __init__(
        self,
        *,
        ledger: Ledger,
        store: Store,
        clock: Clock,
        settings: Settings,
        gateways: dict[str, Gateway],
        observe_batch: Callable[[int], None],
    ) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings
        self.trusted_proxies = networks_from_text(settings.trusted_proxies)
        self.gateways = gateways
        self.reads = Bounded("read", settings.read_threads, settings.reads_max)
        self.passwords = Bounded("password", settings.password_threads, settings.passwords_max)
        self.gateway_calls = Bounded("gateway", settings.gateway_threads, settings.gateway_calls_max)
        self.strangers = Bounded("stranger", 1, STRANGERS_MAX)
        self.look_ups = Bounded("look-up", LOOK_UP_THREADS, LOOK_UPS_MAX)
        self.long_work = Bounded("long-work", LONG_WORK_THREADS, LONG_WORK_MAX)
        self.everybody = Everybody(store, self.execute_here, clock)
        self._ledger = ledger
        self._commits = GroupCommit(ledger, self._deliver, weight_max=settings.queue_max, observe=observe_batch)
        self._credentials: dict[str, tuple[float, Credential | None]] = {}
        self._forgotten = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._commits.start()

    async def stop(self) -> None:
        """Answer all that was accepted, then end."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self.everybody.stop()
        self.long_work.close()
        self.gateway_calls.close()
        self.look_ups.close()
        self.strangers.close()
        self.passwords.close()
        self.reads.close()
        self._commits.stop()

    @property
    def waiting_weight(self) -> int:
        return self._commits.waiting_weight

    async def execute(self, command: Command) -> Receipt:
        """The receipt, once it is durable; raises the refusal, Overloaded or StoreUnavailable."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._commits.submit(command, future)
        return await future

    def execute_here(self, command: Command) -> Receipt:
        """Like `execute`, for a thread of long work: waits in it."""
        if self._loop is None:
            raise Overloaded
        return asyncio.run_coroutine_threadsafe(self.execute(command), self._loop).result()

    async def rehearse(self, command: Command) -> Receipt:
        """What `execute` would answer now, with nothing done; raises the refusal, Overloaded or StoreUnavailable."""
        return await self.long_work.run(self._rehearsed, command)

    def _rehearsed(self, command: Command) -> Receipt:
        for _ in range(REHEARSALS):
            with suppress(StoreConflict):
                return self._ledger.rehearse(command)
        raise StoreUnavailable("The store stayed busy.")

    def _deliver(self, answers: Sequence[tuple[Any, Outcome]]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, answers)

    async def credential(self, key: str) -> Credential | None:
        """Whom this API key speaks for, or None. Known keys are remembered for a few seconds, by their hash: not those
        of a test tenant, whose clock may have been moved."""
        key_hash = hash_of_key(key)
        remembered = self._credentials.get(key_hash)
        now = time.monotonic()
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        forgotten = self._forgotten
        credential = await self.reads.run(self._find_credential, key_hash)
        # What was read before a key was revoked is not remembered after that.
        is_kept = credential is not None and credential.tenant.clock_at is None and forgotten == self._forgotten
        if is_kept and self.settings.key_cache_seconds:
            if len(self._credentials) >= _CREDENTIALS_MAX:
                self._credentials.clear()
            self._credentials[key_hash] = (now + self.settings.key_cache_seconds, credential)
        return credential

    def forget_key(self, key_hash: str) -> None:
        """Look this key up again where it comes next: it was revoked."""
        self._forgotten += 1
        self._credentials.pop(key_hash, None)

    def _find_credential(self, key_hash: str) -> Credential | None:
        found = self.store.key(key_hash)
        if found is None or found.revoked_at is not None:
            return None
        with self.store.reading(found.tenant_id) as reader:
            (tenant,) = reader.find(TenantFact)
        return Credential(tenant, found.kind, found.name)


_CREDENTIALS_MAX = 10_000


def _resolve(answers: Sequence[tuple[asyncio.Future[Receipt], Outcome]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def hash_of_key(key: str) -> str:
    """How an API key is kept. Keys are random, so a plain SHA-256 is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
