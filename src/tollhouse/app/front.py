"""The whole server: one desk, its workers and its doors."""

from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import ExitStack, closing

from tollhouse.apis.desk import Desk
from tollhouse.apis.docs import DocsDoor
from tollhouse.apis.gateways import Arrivals, GatewaysDoor
from tollhouse.apis.pages.checkout import CheckoutDoor
from tollhouse.apis.pages.portal import PortalDoor
from tollhouse.apis.pages.tickets import Tickets
from tollhouse.apis.purchases import Purchases
from tollhouse.apis.refunds import Refunds
from tollhouse.apis.tag import TagDoor
from tollhouse.app.backups import open_backups
from tollhouse.app.console import open_console
from tollhouse.app.doors import DESCRIPTIONS, open_admin, open_beacon, open_enswitch, open_kelviq, open_operations
from tollhouse.app.gateways import Sandbox, open_gateways, open_new_cards, open_stripe_accounts
from tollhouse.app.stopping import Stopping
from tollhouse.app.stores import open_ledger, open_store
from tollhouse.app.workers import Worker, open_dispatcher, open_postman, open_resolvers, open_watch
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.logs import configure_logs
from tollhouse.metrics import Metrics
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.supervisor import tell
from tollhouse.web import Front
from tollhouse.workers.runner import Runner, RunnerThread
from tollhouse.workers.sending import Names, is_refused

#: How long a thread may keep the interpreter while another waits: the committing thread must not starve beside the
#: event loop.
SWITCH_INTERVAL_SECONDS = 0.00005


def build_front(settings: Settings, *, is_process: bool = False) -> Front:
    """The whole server as an ASGI application. One that is a process hears signals, and tells who supervises it."""
    resources = ExitStack()
    metrics = Metrics()
    stopping = Stopping(settings.drain_seconds)
    store = open_store(settings)
    resources.callback(store.close)
    store.check_durability()
    resources.enter_context(store.held_by_one_server())
    sandbox = resources.enter_context(closing(Sandbox(store)))
    accounts = resources.enter_context(open_stripe_accounts(settings, store))
    names = resources.enter_context(closing(Names()))
    desk = Desk(
        ledger=open_ledger(store),
        store=store,
        clock=SystemClock(),
        settings=settings,
        gateways=open_gateways(sandbox, accounts),
        observe_batch=metrics.batch,
    )
    queries, events, due = SqlQueries(store), SqlEventQueries(store), SqlDueQueries(store)
    purchases, refunds, arrivals = Purchases(desk), Refunds(desk), Arrivals(desk, metrics.contradiction)
    runner = Runner(due, desk.execute_here, desk.everybody, desk.clock)

    async def refuses(url: str) -> bool:
        return await is_refused(names.resolve, url)

    admin = open_admin(desk, store, runner, events, refuses)
    tickets, cards = Tickets(desk), open_new_cards(desk, accounts)
    operations = open_operations(desk, store, metrics, is_stopping=stopping.asked)
    # On SQLite the one server charges what falls due; on PostgreSQL `tollhouse worker` does, wherever it runs.
    runner_thread = RunnerThread(Runner(due, desk.execute_here, desk.everybody, desk.clock))
    workers: list[Worker] = [
        *open_resolvers(desk, queries),
        open_postman(desk, sandbox, arrivals),
        open_watch(desk, queries, due, metrics),
        *open_backups(settings, store, metrics),
        open_dispatcher(settings, events, names, execute=desk.execute, read=desk.reads.run, metrics=metrics),
    ]

    async def start() -> None:
        desk.start()
        for worker in workers:
            worker.start()
        if store.is_sqlite:
            runner_thread.start()
        if is_process:
            stopping.listen()
            tell("READY=1")

    async def stop() -> None:
        desk.everybody.stop()
        runner.stop()
        await asyncio.to_thread(runner_thread.stop)
        for worker in workers:
            await worker.stop()
        await purchases.finish()
        await refunds.finish()
        await desk.stop()
        resources.close()

    return Front(
        [
            ("/healthz", operations),
            ("/readyz", operations),
            ("/metrics", operations),
            ("/openapi", operations),
            ("/docs", DocsDoor(DESCRIPTIONS)),
            ("/admin/v1", admin),
            ("/api/json", open_enswitch(desk, store)),
            ("/api/v1", open_kelviq(desk, store, events, purchases=purchases, refunds=refunds, tickets=tickets)),
            ("/checkout", CheckoutDoor(desk, purchases, cards)),
            ("/portal", PortalDoor(desk, tickets, cards)),
            ("/gateways", GatewaysDoor(desk, arrivals)),
            ("/console", open_console(desk, store, purchases, refunds, refuses)),
            ("/js", TagDoor()),
            ("", open_beacon(desk, store, queries)),
        ],
        observe=metrics.request,
        start=start,
        stop=stop,
        log_every_request=bool(settings.access_log),
        is_stopping=stopping.asked,
        store_unavailable=metrics.store_unavailable,
    )


def create() -> Front:
    """What uvicorn calls in each of its processes."""
    settings = Settings.from_environment()
    configure_logs(settings.log_level)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    front = build_front(settings, is_process=True)
    gc.collect()
    gc.freeze()
    return front
