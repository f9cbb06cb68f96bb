"""Finds out what became of money whose outcome is open: a gateway that did not answer, a process that died.

Claims what is due, asks the gateway under the same key, and settles by what it says. What stays open comes back later,
with growing gaps. One resolver is for payments, another for refunds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

import structlog

from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import Command, GatewayAnswer, Receipt
from tollhouse.ledger.ports import Gateway
from tollhouse.ledger.purchase_details import is_contradicted
from tollhouse.workers.open_moves import LookedUp, OpenMoves
from tollhouse.workers.rounds import Rounds

PAUSE_SECONDS = 1.0
PLACE_WAIT_SECONDS = 10.0

M = TypeVar("M")

Execute = Callable[[Command], Awaitable[Receipt]]
#: A place among the gateway calls: inside it, what it yields runs work in a thread.
Place = Callable[[float], AbstractAsyncContextManager[Callable[..., Awaitable[Any]]]]

log = structlog.get_logger("tollhouse.resolver")


class Resolver(Generic[M]):
    def __init__(
        self,
        moves: OpenMoves[M],
        *,
        due_tenants: Callable[[], Awaitable[list[int]]],
        execute: Execute,
        place: Place,
        gateways: Mapping[str, Gateway],
        clock: Clock,
        timeout_seconds: int,
    ) -> None:
        """`due_tenants` names the tenants that have some to look up; `place` is the gateway calls' pool."""
        self._moves = moves
        self._due_tenants = due_tenants
        self._execute = execute
        self._place = place
        self._gateways = gateways
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._rounds = Rounds("resolver", self.resolve_due, PAUSE_SECONDS)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        """End at once: what is under way stays pending and claimed, and comes back when its claim is over."""
        await self._rounds.stop()

    async def resolve_due(self) -> int:
        """Look up some of the moves that are due, of each tenant; how many. One tenant's trouble is not the others'."""
        count = 0
        for tenant_id in await self._due_tenants():
            claimed = await self._claimed(tenant_id)
            await asyncio.gather(*(self._resolve(move) for move in claimed))
            count += len(claimed)
        return count

    async def _claimed(self, tenant_id: int) -> tuple[M, ...]:
        try:
            receipt = await self._execute(self._moves.claim(tenant_id))
        except Exception as error:  # noqa: BLE001 - tried again in the next round, whatever it was
            log.error("claiming open outcomes failed", tenant_id=tenant_id, reason=type(error).__name__)
            return ()
        claimed: tuple[M, ...] = receipt.result
        return claimed

    async def _resolve(self, move: M) -> None:
        names = self._moves.names(move)
        try:
            found = await self._looked_up(move)
            receipt = await self._execute(self._moves.settling(move, found))
        except Exception as error:  # noqa: BLE001 - one move's trouble is not the others'
            log.error("an outcome stays open", **names, reason=type(error).__name__)
            return
        state = self._moves.state(receipt.result)
        if is_contradicted(state, found.answer.outcome):
            log.error("a look-up contradicts what was settled: look into it by hand", **names, state=state)
        else:
            log.info("an outcome was looked up", **names, state=state)

    async def _looked_up(self, move: M) -> LookedUp:
        started_at = self._clock.now()
        answer = await self._ask(move)
        return LookedUp(answer, started_at, self._clock.now())

    async def _ask(self, move: M) -> GatewayAnswer:
        gateway = self._gateways[self._moves.gateway(move)]
        async with self._place(PLACE_WAIT_SECONDS) as run:
            answer: GatewayAnswer = await run(self._moves.look_up, gateway, move, self._timeout_seconds)
            return answer
