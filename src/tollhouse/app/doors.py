"""The doors, each with what it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from tollhouse.apis.admin import (
    AdminDoor,
    AuditLog,
    Charges,
    ExchangeRates,
    KeptMethods,
    Keys,
    Segments,
    Transactions,
    Webhooks,
)
from tollhouse.apis.admin import openapi as admin_openapi
from tollhouse.apis.beacon import openapi as beacon_openapi
from tollhouse.apis.beacon.routes.customers import Customers as BeaconCustomers
from tollhouse.apis.beacon.routes.door import BeaconDoor
from tollhouse.apis.beacon.routes.projects import Projects
from tollhouse.apis.beacon.routes.segments import Segments as BeaconSegments
from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch import openapi as enswitch_openapi
from tollhouse.apis.enswitch.routes import EnswitchDoor
from tollhouse.apis.kelviq import openapi as kelviq_openapi
from tollhouse.apis.kelviq.routes.charges import Charges as KelviqCharges
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
from tollhouse.apis.pages.tickets import Tickets
from tollhouse.apis.purchases import Purchases
from tollhouse.apis.refunds import Refunds
from tollhouse.ledger.purchasing.sessions import ATTEMPTS_MAX
from tollhouse.metrics import Metrics
from tollhouse.store.migrate import is_current
from tollhouse.store.queries.accounts import SqlAccountQueries
from tollhouse.store.queries.audit import SqlAuditQueries
from tollhouse.store.queries.catalog import SqlCatalogQueries
from tollhouse.store.queries.checkouts import SqlCheckoutQueries
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.queries.invoices import SqlInvoiceQueries
from tollhouse.store.queries.orders import SqlOrderQueries
from tollhouse.store.queries.people import SqlPeopleQueries
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.queries.registered import SqlRegisteredQueries
from tollhouse.store.queries.segments import SqlSegmentQueries
from tollhouse.store.queries.tracking import SqlTrackingQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner

#: What each door serves, as OpenAPI: /openapi/<name>.json, and to be read at /docs/<name>.
DESCRIPTIONS: Final[dict[str, dict[str, Any]]] = {
    "beacon": beacon_openapi.DOCUMENT,
    "enswitch": enswitch_openapi.DOCUMENT,
    "kelviq": kelviq_openapi.DOCUMENT,
    "admin": admin_openapi.DOCUMENT,
}


def open_admin(
    desk: Desk, store: SqlStore, runner: Runner, events: SqlEventQueries, is_refused: Callable[[str], Awaitable[bool]]
) -> AdminDoor:
    """`is_refused` tells of an address that nothing may be sent to."""
    return AdminDoor(
        desk,
        runner.move_clock,
        AuditLog(desk, SqlAuditQueries(store)),
        Charges(desk),
        ExchangeRates(desk),
        KeptMethods(desk),
        Keys(desk),
        Segments(desk, SqlSegmentQueries(store)),
        Transactions(desk),
        Webhooks(desk, events, is_refused),
    )


def open_operations(
    desk: Desk, store: SqlStore, metrics: Metrics, *, is_stopping: Callable[[], bool]
) -> OperationsDoor:
    return OperationsDoor(
        ready=lambda: is_current(store),
        is_stopping=is_stopping,
        metrics=lambda: metrics.text(desk.waiting_weight),
        descriptions=DESCRIPTIONS,
    )


def open_beacon(desk: Desk, store: SqlStore, queries: SqlQueries) -> BeaconDoor:
    tracking, segments = SqlTrackingQueries(store), SqlSegmentQueries(store)
    return BeaconDoor(
        desk,
        BeaconCustomers(desk, queries, tracking, segments),
        Projects(desk, queries, tracking),
        BeaconSegments(desk, segments),
    )


def open_enswitch(desk: Desk, store: SqlStore) -> EnswitchDoor:
    return EnswitchDoor(desk, SqlAccountQueries(store), SqlInvoiceQueries(store), SqlPeopleQueries(store))


def open_kelviq(
    desk: Desk, store: SqlStore, events: SqlEventQueries, *, purchases: Purchases, refunds: Refunds, tickets: Tickets
) -> KelviqDoor:
    registered, catalog, orders = SqlRegisteredQueries(store), SqlCatalogQueries(store), SqlOrderQueries(store)
    return KelviqDoor(
        desk,
        KelviqCharges(desk, purchases),
        Products(catalog),
        Plans(catalog),
        Offerings(),
        Customers(registered),
        PaymentMethods(registered),
        Checkout(SqlCheckoutQueries(store, ATTEMPTS_MAX), registered, tickets.link),
        Orders(orders),
        RefundRequests(desk, refunds, orders),
        Entitlements(),
        Subscriptions(orders),
        WebhookLogs(events),
    )
