"""The ledger without a server: for commands that run beside one, or instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec.structs import replace as with_values

from tollhouse.apis.desk import hash_of_key
from tollhouse.app.operator import operator
from tollhouse.app.stores import open_ledger, open_migrated_store
from tollhouse.app.workers import open_dispatcher
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import Caller, Command, Receipt
from tollhouse.ledger.commands.keys import CreateKey
from tollhouse.ledger.facts import ChargeFact, KeyFact
from tollhouse.ledger.keys import new_text
from tollhouse.ledger.seeing import charge_seen
from tollhouse.metrics import Metrics
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.queries.owned import SqlOwnedQueries
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.queries.status import SqlStatusQueries
from tollhouse.store.queries.transactions import SqlTransactionQueries
from tollhouse.store.store import SqlStore
from tollhouse.store.writers import Writer, writer_of
from tollhouse.workers.dispatcher import Dispatcher, DispatcherThread
from tollhouse.workers.runner import Runner, RunnerThread
from tollhouse.workers.sending import Names


class Back:
    def __init__(self, store: SqlStore, settings: Settings) -> None:
        self.store = store
        self.clock = SystemClock()
        self.operator = operator("command line")
        self.queries = SqlQueries(store)
        self.events = SqlEventQueries(store)
        self.owned = SqlOwnedQueries(store)
        self.status = SqlStatusQueries(store)
        self.transactions = SqlTransactionQueries(store)
        self._ledger = open_ledger(store)
        self.execute = self._ledger.execute
        self.everybody = Everybody(store, self.execute, self.clock)
        self.due = SqlDueQueries(store)
        self.runner = Runner(self.due, self.execute, self.everybody, self.clock)
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

    def do(self, command: Command) -> Receipt:
        """Have it done on the operator's word. Raises as `execute` does."""
        return self.execute(with_values(command, by=self.operator))

    def rehearse(self, command: Command) -> Receipt:
        """What `do` would give now; nothing is written. Raises as that does, and StoreConflict."""
        return self._ledger.rehearse(with_values(command, by=self.operator))

    def make_key(self, tenant_id: int, name: str, kind: str) -> tuple[KeyFact, str]:
        """A new API key and its text, which is kept nowhere."""
        text = new_text(kind)
        command = CreateKey(tenant_id=tenant_id, name=name, kind=kind, key_hash=hash_of_key(text))
        return self.do(command).result.key, text

    def charge(self, tenant_id: int, caller: Caller, charge_id: int) -> ChargeFact:
        """The charge, if the caller sees it; raises ChargeUnknown."""
        with self.store.reading(tenant_id) as reader:
            return charge_seen(reader, caller, charge_id)

    def writer(self) -> Writer | None:
        """Who is writing to SQLite's file at this moment, as far as that is known."""
        return writer_of(Path(str(self.store.url.database))) if self.store.is_sqlite else None

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
    with closing(open_migrated_store(settings)) as store:
        yield Back(store, settings)
