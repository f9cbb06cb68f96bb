"""Where the parts meet: the only file that names concrete things."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from tollhouse.apis.admin import AdminDoor, KeptMethods, Transactions, Webhooks
from tollhouse.apis.beacon import openapi as beacon_openapi
from tollhouse.apis.beacon.routes import BeaconDoor
from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch import openapi as enswitch_openapi
from tollhouse.apis.enswitch.routes import EnswitchDoor
from tollhouse.apis.gateways import Arrivals, GatewaysDoor
from tollhouse.apis.kelviq import openapi as kelviq_openapi
from tollhouse.apis.kelviq.routes.charges import Charges
from tollhouse.apis.kelviq.routes.checkout import Checkout
from tollhouse.apis.kelviq.routes.customers import Customers
from tollhouse.apis.kelviq.routes.door import KelviqDoor
from tollhouse.apis.kelviq.routes.entitlements import Entitlements
from tollhouse.apis.kelviq.routes.offerings import Offerings
from tollhouse.apis.kelviq.routes.orders import Orders
from tollhouse.apis.kelviq.routes.payment_methods import PaymentMethods
from tollhouse.apis.kelviq.routes.plans import Plans
from tollhouse.apis.kelviq.routes.products import Products
from tollhouse.apis.kelviq.routes.refunds import RefundRequests
from tollhouse.apis.kelviq.routes.subscriptions import Subscriptions
from tollhouse.apis.kelviq.routes.webhooks import WebhookLogs
from tollhouse.apis.operations import OperationsDoor
from tollhouse.apis.pages.cards import NewCards
from tollhouse.apis.pages.checkout import CheckoutDoor
from tollhouse.apis.pages.portal import PortalDoor
from tollhouse.apis.pages.tickets import Tickets
from tollhouse.apis.purchases import Purchases
from tollhouse.apis.refunds import Refunds
from tollhouse.clock import SystemClock
from tollhouse.config import BadSetting, Settings
from tollhouse.gateways.sandbox import SandboxGateway
from tollhouse.gateways.sandbox_cards import SandboxCards, shown_of
from tollhouse.gateways.sandbox_events import SIGNATURE_HEADER, SandboxEvent, Seal, event_to_body
from tollhouse.gateways.stripe import StripeGateway
from tollhouse.gateways.stripe_accounts import (
    Accounts,
    AccountsUnreadable,
    Secrets,
    accounts_from_toml,
    is_publishable,
)
from tollhouse.gateways.stripe_cards import StripeCards
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.ports import Gateway, UnusableStore
from tollhouse.ledger.provisioning.apply import Applied, apply
from tollhouse.ledger.provisioning.document import Document, document_from_toml
from tollhouse.ledger.purchasing.sessions import ATTEMPTS_MAX
from tollhouse.ledger.seeing import charge_seen
from tollhouse.ledger.verifying import Findings, verify
from tollhouse.logs import configure_logs
from tollhouse.metrics import Metrics
from tollhouse.passwords import hash_password
from tollhouse.store.account_queries import SqlAccountQueries
from tollhouse.store.catalog_queries import SqlCatalogQueries
from tollhouse.store.checkout_queries import SqlCheckoutQueries
from tollhouse.store.due_queries import SqlDueQueries
from tollhouse.store.engine import store_url
from tollhouse.store.event_queries import SqlEventQueries
from tollhouse.store.invoice_queries import SqlInvoiceQueries
from tollhouse.store.migrate import is_current, migrate
from tollhouse.store.order_queries import SqlOrderQueries
from tollhouse.store.people_queries import SqlPeopleQueries
from tollhouse.store.queries import SqlQueries
from tollhouse.store.registered_queries import SqlRegisteredQueries
from tollhouse.store.sandbox_memory import SandboxMemory
from tollhouse.store.store import SqlStore
from tollhouse.web import Front
from tollhouse.workers.dispatcher import Dispatcher, DispatcherThread, Execute
from tollhouse.workers.open_moves import OpenMoves, OpenPayments, OpenRefunds
from tollhouse.workers.postman import Postman
from tollhouse.workers.resolver import Resolver
from tollhouse.workers.runner import Runner, RunnerThread
from tollhouse.workers.sending import Names, Sender, is_refused
from tollhouse.workers.watch import Watch

#: Runs a read where it holds nobody up.
Read = Callable[..., Awaitable[Any]]

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
        return apply(store, SystemClock(), described(document), hash_password=hash_password)


def described(document: Document) -> Document:
    """The document with what the sandbox says may be shown of its payment methods, where the file says nothing."""
    for table in document.payment_methods:
        shown = shown_of(table.token) if table.gateway == "sandbox" and table.last4 is None else None
        if shown is not None:
            table.brand, table.last4, table.funding = shown.brand, shown.last4, "credit"
            table.exp_month, table.exp_year, table.country = shown.exp_month, shown.exp_year, shown.country
    return document


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
        with open_stripe_accounts(settings, store):
            pass
        with store.held_by_one_server():
            pass


def open_ledger(store: SqlStore) -> Ledger:
    return Ledger(store, SystemClock())


class Sandbox:
    """The sandbox's memory, and the seal of its events, which is the installation's."""

    def __init__(self, store: SqlStore) -> None:
        clock = SystemClock()
        self.memory = SandboxMemory(store.url, clock.now)
        fresh = token_hex(32)
        self.seal = Seal(store.installation_secret("sandbox_events", fresh, clock.now()), clock.now)

    def close(self) -> None:
        self.memory.close()


def open_gateways(sandbox: Sandbox, accounts: Accounts | None) -> dict[str, Gateway]:
    """The processors that can be called, by the name that payment methods know them by."""
    gateways: dict[str, Gateway] = {"sandbox": SandboxGateway(sandbox.memory, sandbox.seal)}
    if accounts is not None:
        gateways["stripe"] = StripeGateway(accounts)
    return gateways


def open_new_cards(desk: Desk, accounts: Accounts | None) -> NewCards:
    """Where the pages take new cards: at Stripe for the tenants that have it, else at the sandbox."""
    stripe_js = desk.settings.stripe_js
    hosted = None if accounts is None else ("stripe", StripeCards(accounts, stripe_js))
    return NewCards(desk, ("sandbox", SandboxCards()), hosted)


@contextmanager
def open_stripe_accounts(settings: Settings, store: SqlStore) -> Iterator[Accounts | None]:
    """None where nobody has one."""
    by_slug = {}
    if settings.stripe_accounts:
        try:
            by_slug = accounts_from_toml(Path(settings.stripe_accounts).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, AccountsUnreadable) as error:
            reason = str(error) if isinstance(error, AccountsUnreadable) else "it cannot be read"
            raise BadSetting(f"TOLLHOUSE_STRIPE_ACCOUNTS names a file that cannot be used: {reason}.") from error
    if not is_publishable(settings.stripe_publishable_key):
        raise BadSetting("TOLLHOUSE_STRIPE_PUBLISHABLE_KEY must be the key that may be shown to browsers: pk_….")
    installation = Secrets(settings.stripe_secret_key, settings.stripe_webhook_secret, settings.stripe_publishable_key)
    if not (by_slug or installation.secret_key):
        yield None
        return
    slugs = {tenant.tenant_id: tenant.slug for tenant in store.tenants()}

    def slug_of(tenant_id: int) -> str:
        if tenant_id not in slugs:
            slugs.update({tenant.tenant_id: tenant.slug for tenant in store.tenants()})
        return slugs.get(tenant_id, "")

    shared = installation if installation.secret_key else None
    with closing(Accounts(shared, by_slug, settings.stripe_api_base, slug_of)) as accounts:
        yield accounts


def open_postman(desk: Desk, sandbox: Sandbox, arrivals: Arrivals) -> Postman:
    """Brings the sandbox's events to where all gateways' events arrive."""
    memory = sandbox.memory

    async def deliver(row: Any) -> None:
        event = SandboxEvent(row.event_id, row.tenant_id, row.gateway_key, bool(row.is_refund), row.outcome)
        body = event_to_body(event)
        headers = {SIGNATURE_HEADER: sandbox.seal.signature(body)}
        await arrivals.take("sandbox", row.tenant_id, headers.get, body)

    return Postman(
        due=lambda count: desk.reads.run(memory.due_events, count),
        deliver=deliver,
        sent=lambda row: desk.reads.run(memory.sent, row),
    )


def open_resolvers(desk: Desk, queries: SqlQueries) -> list[Resolver[Any]]:
    """One for payments whose outcome is open, one for refunds."""
    after_seconds = desk.settings.resolve_after_seconds
    revokes_access = bool(desk.settings.kelviq_refund_revokes)

    def opened(moves: OpenMoves[Any], due_tenants: Callable[[int], list[int]]) -> Resolver[Any]:
        return Resolver(
            moves,
            due_tenants=lambda: desk.reads.run(due_tenants, desk.clock.now()),
            execute=desk.execute,
            place=desk.look_ups.place,
            gateways=desk.gateways,
            clock=desk.clock,
            timeout_seconds=desk.settings.gateway_timeout_seconds,
        )

    return [
        opened(OpenPayments(after_seconds), queries.tenants_with_due_payments),
        opened(OpenRefunds(after_seconds, revokes_access=revokes_access), queries.tenants_with_due_refunds),
    ]


def open_dispatcher(
    settings: Settings, queries: SqlEventQueries, names: Names, *, execute: Execute, read: Read, metrics: Metrics
) -> Dispatcher:
    clock = SystemClock()
    sender = Sender(clock=clock, timeout_seconds=settings.webhook_timeout_seconds, resolve=names.resolve)
    return Dispatcher(
        due_endpoints=lambda now, removing_since: read(queries.due_endpoints, now, removing_since),
        oldest_open_at=lambda: read(queries.oldest_open_at),
        execute=execute,
        sender=sender,
        clock=clock,
        retry_seconds=settings.webhook_gaps,
        places=settings.webhook_sends,
        watch=metrics,
    )


class Back:
    """The ledger without a server: for commands that run beside one, or instead."""

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


def build_front(settings: Settings) -> Front:
    """The whole server as an ASGI application."""
    resources = ExitStack()
    metrics = Metrics()
    store = open_store(settings)
    resources.callback(store.close)
    store.check_durability()
    resources.enter_context(store.held_by_one_server())
    sandbox = resources.enter_context(closing(Sandbox(store)))
    accounts = resources.enter_context(open_stripe_accounts(settings, store))
    desk = Desk(
        ledger=open_ledger(store),
        store=store,
        clock=SystemClock(),
        settings=settings,
        gateways=open_gateways(sandbox, accounts),
        observe_batch=metrics.batch,
    )
    queries = SqlQueries(store)
    purchases = Purchases(desk)
    refunds = Refunds(desk)
    arrivals = Arrivals(desk, metrics.contradiction)
    postman = open_postman(desk, sandbox, arrivals)
    watch = Watch(lambda: desk.reads.run(queries.open_outcomes), metrics.open_outcomes, desk.clock)
    resolvers = open_resolvers(desk, queries)
    event_queries = SqlEventQueries(store)
    names = Names()
    resources.callback(names.close)
    dispatcher = open_dispatcher(
        settings, event_queries, names, execute=desk.execute, read=desk.reads.run, metrics=metrics
    )

    runner = Runner(SqlDueQueries(store), desk.execute_here, desk.everybody, desk.clock)
    # On SQLite the one server charges what falls due; on PostgreSQL `tollhouse worker` does, wherever it runs.
    runner_thread = RunnerThread(Runner(SqlDueQueries(store), desk.execute_here, desk.everybody, desk.clock))

    async def start() -> None:
        desk.start()
        for resolver in resolvers:
            resolver.start()
        postman.start()
        watch.start()
        dispatcher.start()
        if store.is_sqlite:
            runner_thread.start()

    async def stop() -> None:
        desk.everybody.stop()
        runner.stop()
        await asyncio.to_thread(runner_thread.stop)
        for resolver in resolvers:
            await resolver.stop()
        await postman.stop()
        await watch.stop()
        await dispatcher.stop()
        await purchases.finish()
        await refunds.finish()
        await admin.close()
        await desk.stop()
        resources.close()

    admin = AdminDoor(
        desk,
        lambda document: apply(store, desk.clock, document, hash_password=hash_password),
        runner.move_clock,
        KeptMethods(desk),
        Transactions(desk),
        Webhooks(desk, event_queries, lambda url: is_refused(names.resolve, url)),
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
    registered, tickets, cards = SqlRegisteredQueries(store), Tickets(desk), open_new_cards(desk, accounts)
    catalog, order_queries = SqlCatalogQueries(store), SqlOrderQueries(store)
    kelviq = KelviqDoor(
        desk,
        Charges(desk, purchases),
        Products(catalog),
        Plans(catalog),
        Offerings(),
        Customers(registered),
        PaymentMethods(registered),
        Checkout(SqlCheckoutQueries(store, ATTEMPTS_MAX), registered, tickets.link),
        Orders(order_queries),
        RefundRequests(desk, refunds, order_queries),
        Entitlements(),
        Subscriptions(order_queries),
        WebhookLogs(event_queries),
    )
    return Front(
        [
            ("/healthz", operations),
            ("/readyz", operations),
            ("/metrics", operations),
            ("/openapi", operations),
            ("/admin/v1", admin),
            ("/api/json", enswitch),
            ("/api/v1", kelviq),
            ("/checkout", CheckoutDoor(desk, purchases, cards)),
            ("/portal", PortalDoor(desk, tickets, cards)),
            ("/gateways", GatewaysDoor(desk, arrivals)),
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
