"""Finds out what became of payments whose outcome is open: a gateway that did not answer, a process that died.

Claims what is due, asks the gateway under the same key, and settles by what it says. What stays open comes back later,
with growing gaps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import ClaimUnresolved, Command, GatewayAnswer, Receipt, SettlePurchase
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.ports import Gateway
from tollhouse.ledger.purchase_details import gateway_charge

PAUSE_SECONDS = 1.0
LOOK_UPS_AT_ONCE = 8
LEASE_SECONDS = 60
PLACE_WAIT_SECONDS = 10.0

Execute = Callable[[Command], Awaitable[Receipt]]
#: A place among the gateway calls: inside it, what it yields runs work in a thread.
Place = Callable[[float], AbstractAsyncContextManager[Callable[..., Awaitable[Any]]]]

log = structlog.get_logger("tollhouse.resolver")


class Resolver:
    def __init__(
        self,
        *,
        due_tenants: Callable[[], Awaitable[list[int]]],
        execute: Execute,
        place: Place,
        gateways: Mapping[str, Gateway],
        clock: Clock,
        timeout_seconds: int,
        resolve_after_seconds: int,
    ) -> None:
        """`due_tenants` names the tenants that have payments to look up; `place` is the gateway calls' pool."""
        self._due_tenants = due_tenants
        self._execute = execute
        self._place = place
        self._gateways = gateways
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._resolve_after_seconds = resolve_after_seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="resolver")

    async def stop(self) -> None:
        """End at once: what is under way stays pending and claimed, and comes back when its claim is over."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                count = await self.resolve_due()
            except Exception as error:  # noqa: BLE001 - tried again after the pause, whatever it was
                log.error("looking for open payments failed", reason=type(error).__name__)
                count = 0
            if count == 0:
                await asyncio.sleep(PAUSE_SECONDS)

    async def resolve_due(self) -> int:
        """Look up some of the payments that are due, of each tenant; how many."""
        count = 0
        for tenant_id in await self._due_tenants():
            claimed = await self._claim(tenant_id)
            await asyncio.gather(*(self._resolve(payment) for payment in claimed))
            count += len(claimed)
        return count

    async def _claim(self, tenant_id: int) -> tuple[PaymentFact, ...]:
        receipt = await self._execute(
            ClaimUnresolved(
                tenant_id=tenant_id,
                count=LOOK_UPS_AT_ONCE,
                lease_seconds=LEASE_SECONDS,
                resolve_after_seconds=self._resolve_after_seconds,
            )
        )
        claimed: tuple[PaymentFact, ...] = receipt.result
        return claimed

    async def _resolve(self, payment: PaymentFact) -> None:
        try:
            settled = await self._execute(await self._looked_up(payment))
        except Exception as error:  # noqa: BLE001 - one payment's trouble is not the others'
            log.error("a payment stays open", **_named(payment), reason=type(error).__name__)
            return
        log.info("a payment was looked up", **_named(payment), state=settled.result.state)

    async def _looked_up(self, payment: PaymentFact) -> SettlePurchase:
        started_at = self._clock.now()
        answer = await self._ask(payment)
        return SettlePurchase(
            tenant_id=payment.tenant_id,
            payment_id=payment.payment_id,
            customer_number=payment.customer_number,
            kind="look_up",
            attempt_no=1 + payment.look_ups,
            answer=answer,
            started_at=started_at,
            ended_at=self._clock.now(),
            resolve_after_seconds=self._resolve_after_seconds,
        )

    async def _ask(self, payment: PaymentFact) -> GatewayAnswer:
        gateway = self._gateways[payment.gateway]

        def look_up() -> GatewayAnswer:
            return gateway.look_up(gateway_charge(payment), self._timeout_seconds)

        async with self._place(PLACE_WAIT_SECONDS) as run:
            answer: GatewayAnswer = await run(look_up)
            return answer


def _named(payment: PaymentFact) -> dict[str, Any]:
    return {"tenant_id": payment.tenant_id, "order_id": payment.order_id, "look_ups": payment.look_ups}
