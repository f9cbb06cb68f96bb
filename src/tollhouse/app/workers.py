"""What runs alone beside the doors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tollhouse.apis.desk import Desk
from tollhouse.apis.gateways import Arrivals
from tollhouse.app.gateways import Sandbox
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.gateways.sandbox_events import SIGNATURE_HEADER, SandboxEvent, event_to_body
from tollhouse.metrics import Metrics
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.workers.dispatcher import Dispatcher, Execute
from tollhouse.workers.open_moves import OpenMoves, OpenPayments, OpenRefunds
from tollhouse.workers.postman import Postman
from tollhouse.workers.resolver import Resolver
from tollhouse.workers.sending import Names, Sender
from tollhouse.workers.watch import Watch

#: Runs a read where it holds nobody up.
Read = Callable[..., Awaitable[Any]]


class Worker(Protocol):
    """What a server runs on its event loop."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


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


def open_watch(desk: Desk, queries: SqlQueries, due: SqlDueQueries, metrics: Metrics) -> Watch:
    reads = desk.reads
    return Watch(lambda: reads.run(queries.open_outcomes), lambda: reads.run(due.parked), metrics, desk.clock)


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
