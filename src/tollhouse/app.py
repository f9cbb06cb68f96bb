"""Where the parts meet: the only file that names concrete things."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from tollhouse.apis.admin import AdminDoor
from tollhouse.apis.beacon import openapi as beacon_openapi
from tollhouse.apis.beacon.routes import BeaconDoor
from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch import openapi as enswitch_openapi
from tollhouse.apis.enswitch.routes import EnswitchDoor
from tollhouse.apis.kelviq import openapi as kelviq_openapi
from tollhouse.apis.kelviq.purchases import Purchases
from tollhouse.apis.kelviq.routes.charges import Charges
from tollhouse.apis.kelviq.routes.door import KelviqDoor
from tollhouse.apis.operations import OperationsDoor
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.gateways.sandbox import SandboxGateway
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.ports import Gateway, UnusableStore
from tollhouse.ledger.provisioning.apply import Applied, apply
from tollhouse.ledger.provisioning.document import document_from_toml
from tollhouse.ledger.seeing import charge_seen
from tollhouse.ledger.verifying import Findings, verify
from tollhouse.logs import configure_logs
from tollhouse.metrics import Metrics
from tollhouse.passwords import hash_password
from tollhouse.store.account_queries import SqlAccountQueries
from tollhouse.store.due_queries import SqlDueQueries
from tollhouse.store.engine import store_url
from tollhouse.store.invoice_queries import SqlInvoiceQueries
from tollhouse.store.migrate import is_current, migrate
from tollhouse.store.people_queries import SqlPeopleQueries
from tollhouse.store.queries import SqlQueries
from tollhouse.store.sandbox_memory import SandboxMemory
from tollhouse.store.store import SqlStore
from tollhouse.web import Front
from tollhouse.workers.resolver import Resolver
from tollhouse.workers.runner import Runner, RunnerThread

#: How long a thread may keep the interpreter while another waits: the committing thread must not starve beside the
#: event loop.
SWITCH_INTERVAL_SECONDS = 0.00005


def open_store(settings: Settings) -> SqlStore:
    """The store of the settings, with its tables: SQLite's are brought up to date, PostgreSQL's must be."""
    store = SqlStore(store_url(settings.database_url), readers=settings.read_threads)
    if store.is_sqlite:
        migrate(store)
    elif not is_current(store):
        store.close()
        raise UnusableStore("The tables are not up to date: run `tollhouse migrate`.")
    return store


def migrate_store(settings: Settings) -> str:
    """Bring the store's tables to this version; a sentence says what was done."""
    with closing(SqlStore(store_url(settings.database_url))) as store:
        return migrate(store)


def provision(settings: Settings, text: str) -> Applied:
    """Apply a provisioning file's text to the store."""
    document = document_from_toml(text)
    with closing(open_store(settings)) as store:
        return apply(store, SystemClock(), document, hash_password=hash_password)


def verify_store(settings: Settings) -> Findings:
    with closing(open_store(settings)) as store:
        return verify(store)


def check_startable(settings: Settings, workers: int) -> None:
    """UnusableStore when a server with this many processes cannot start on the store."""
    if store_url(settings.database_url).drivername == "sqlite" and workers > 1:
        raise UnusableStore(
            "SQLite serves one process: leave --workers out, or set TOLLHOUSE_DATABASE_URL to a PostgreSQL."
        )
    with closing(open_store(settings)) as store:
        store.check_durability()
        with store.held_by_one_server():
            pass


def open_ledger(store: SqlStore) -> Ledger:
    return Ledger(store, SystemClock())


def open_gateways(store: SqlStore, resources: ExitStack) -> dict[str, Gateway]:
    """The processors that can be called, by the name that payment methods know them by."""
    memory = resources.enter_context(closing(SandboxMemory(store.url, SystemClock().now)))
    return {"sandbox": SandboxGateway(memory)}


def open_resolver(desk: Desk, queries: SqlQueries) -> Resolver:
    return Resolver(
        due_tenants=lambda: desk.reads.run(queries.tenants_with_due_payments, desk.clock.now()),
        execute=desk.execute,
        place=desk.look_ups.place,
        gateways=desk.gateways,
        clock=desk.clock,
        timeout_seconds=desk.settings.gateway_timeout_seconds,
        resolve_after_seconds=desk.settings.resolve_after_seconds,
    )


class Back:
    """The ledger without a server: for commands that run beside one, or instead."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.clock = SystemClock()
        self.execute = open_ledger(store).execute
        self.everybody = Everybody(store, self.execute, self.clock)
        self.runner = Runner(SqlDueQueries(store), self.execute, self.everybody, self.clock)
        self._runner_thread = RunnerThread(self.runner)

    def charge(self, tenant_id: int, caller: Caller, charge_id: int) -> ChargeFact:
        """The charge, if the caller sees it; raises ChargeUnknown."""
        with self.store.reading(tenant_id) as reader:
            return charge_seen(reader, caller, charge_id)

    def start(self) -> None:
        """Charge what falls due, again and again, until `stop`."""
        self._runner_thread.start()

    def stop(self) -> None:
        """End after the part under way."""
        self.everybody.stop()
        self._runner_thread.stop()


@contextmanager
def open_back(settings: Settings) -> Iterator[Back]:
    with closing(open_store(settings)) as store:
        yield Back(store)


def build_front(settings: Settings) -> Front:
    """The whole server as an ASGI application."""
    resources = ExitStack()
    metrics = Metrics()
    store = open_store(settings)
    resources.callback(store.close)
    store.check_durability()
    resources.enter_context(store.held_by_one_server())
    desk = Desk(
        ledger=open_ledger(store),
        store=store,
        clock=SystemClock(),
        settings=settings,
        gateways=open_gateways(store, resources),
        observe_batch=metrics.batch,
    )
    queries = SqlQueries(store)
    purchases = Purchases(desk)
    resolver = open_resolver(desk, queries)

    runner = Runner(SqlDueQueries(store), desk.execute_here, desk.everybody, desk.clock)
    # On SQLite the one server charges what falls due; on PostgreSQL `tollhouse worker` does, wherever it runs.
    runner_thread = RunnerThread(Runner(SqlDueQueries(store), desk.execute_here, desk.everybody, desk.clock))

    async def start() -> None:
        desk.start()
        resolver.start()
        if store.is_sqlite:
            runner_thread.start()

    async def stop() -> None:
        desk.everybody.stop()
        runner.stop()
        await asyncio.to_thread(runner_thread.stop)
        await resolver.stop()
        await purchases.finish()
        await admin.close()
        await desk.stop()
        resources.close()

    admin = AdminDoor(
        desk, lambda document: apply(store, desk.clock, document, hash_password=hash_password), runner.move_clock
    )
    operations = OperationsDoor(
        ready=lambda: is_current(store),
        metrics=lambda: metrics.text(desk.waiting_weight),
        descriptions={
            "beacon": beacon_openapi.DOCUMENT,
            "enswitch": enswitch_openapi.DOCUMENT,
            "kelviq": kelviq_openapi.DOCUMENT,
        },
    )
    enswitch = EnswitchDoor(desk, SqlAccountQueries(store), SqlInvoiceQueries(store), SqlPeopleQueries(store))
    kelviq = KelviqDoor(desk, Charges(desk, purchases))
    return Front(
        [
            ("/healthz", operations),
            ("/readyz", operations),
            ("/metrics", operations),
            ("/openapi", operations),
            ("/admin/v1", admin),
            ("/api/json", enswitch),
            ("/api/v1", kelviq),
            ("", BeaconDoor(desk, queries)),
        ],
        observe=metrics.request,
        start=start,
        stop=stop,
        log_every_request=bool(settings.access_log),
    )


def create() -> Front:
    """What uvicorn calls in each of its processes."""
    settings = Settings.from_environment()
    configure_logs(settings.log_level)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    front = build_front(settings)
    gc.collect()
    gc.freeze()
    return front
