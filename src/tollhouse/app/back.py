"""The ledger without a server: for commands that run beside one, or instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tollhouse.app.stores import open_ledger, open_store
from tollhouse.app.workers import open_dispatcher
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact
from tollhouse.ledger.seeing import charge_seen
from tollhouse.metrics import Metrics
from tollhouse.store.due_queries import SqlDueQueries
from tollhouse.store.event_queries import SqlEventQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.dispatcher import Dispatcher, DispatcherThread
from tollhouse.workers.runner import Runner, RunnerThread
from tollhouse.workers.sending import Names


class Back:
    def __init__(self, store: SqlStore, settings: Settings) -> None:
        self.store = store
        self.clock = SystemClock()
        self.execute = open_ledger(store).execute
        self.everybody = Everybody(store, self.execute, self.clock)
        self.runner = Runner(SqlDueQueries(store), self.execute, self.everybody, self.clock)
        self._runner_thread = RunnerThread(self.runner)
        self._dispatcher_thread = DispatcherThread(lambda: self._dispatcher(settings))

    def _dispatcher(self, settings: Settings) -> Dispatcher:
        """With a ledger of its own: what falls due does not keep events waiting."""
        ledger, in_thread = open_ledger(self.store), asyncio.to_thread
        return open_dispatcher(
            settings,
            SqlEventQueries(self.store),
            Names(),
            execute=lambda command: in_thread(ledger.execute, command),
            read=in_thread,
            metrics=Metrics(),
        )

    def charge(self, tenant_id: int, caller: Caller, charge_id: int) -> ChargeFact:
        """The charge, if the caller sees it; raises ChargeUnknown."""
        with self.store.reading(tenant_id) as reader:
            return charge_seen(reader, caller, charge_id)

    def start(self) -> None:
        """Charge what falls due and send what was told, again and again, until `stop`."""
        self._runner_thread.start()
        self._dispatcher_thread.start()

    def stop(self) -> None:
        """End after the part under way."""
        self.everybody.stop()
        self._runner_thread.stop()
        self._dispatcher_thread.stop()


@contextmanager
def open_back(settings: Settings) -> Iterator[Back]:
    with closing(open_store(settings)) as store:
        yield Back(store, settings)
