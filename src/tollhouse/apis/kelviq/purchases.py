"""Carrying out a purchase: the intent's commit, the gateway's call, the outcome's commit.

The gateway is never called inside a unit of work, and its thread is taken before the intent is written, so that what
was begun is not refused for want of one. Whatever goes wrong after the intent, the payment stays open and is looked up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import NamedTuple, TypeVar

import structlog

from tollhouse import crash_points
from tollhouse.apis.desk import Desk, RunHere
from tollhouse.ledger.book import key_hash
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import GatewayAnswer, Receipt, SettlePurchase, StartPurchase
from tollhouse.ledger.facts import PaymentFact, ReceiptFact
from tollhouse.ledger.purchase_details import PENDING, gateway_charge
from tollhouse.ledger.purchasing.starting import PurchaseStarted
from tollhouse.ledger.refusals import Overloaded, StoreUnavailable

#: How long a purchase waits for a gateway thread before it is refused.
PLACE_WAIT_SECONDS = 0.4
#: What is left of the caller's time after the gateway's: for the commits on both sides of the call.
ANSWER_SECONDS = 0.9
#: How long before the answer is due the gateway's time ends, however late the call began.
SETTLE_SECONDS = 0.4
POLL_SECONDS = 0.05

T = TypeVar("T")

_UNKNOWN = GatewayAnswer("unknown")

log = structlog.get_logger("tollhouse.kelviq")


class Bought(NamedTuple):
    """A payment as it stands when the caller is answered; `replayed` when an earlier request made it."""

    payment: PaymentFact
    replayed: bool


class Purchases:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._under_way: set[asyncio.Task[Bought]] = set()

    async def buy(self, command: StartPurchase) -> Bought:
        """Start, call, settle; or wait for an earlier request with the same key. Goes on when the caller is gone.

        Returns within the gateway's time and a second; the payment is pending then if its outcome is not known.
        """
        task = asyncio.create_task(self._buy(command, time.monotonic() + command.call_seconds + ANSWER_SECONDS))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for all that is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _ended(self, task: asyncio.Task[Bought]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # a caller who has left does not fetch it

    async def _buy(self, command: StartPurchase, answer_by: float) -> Bought:
        try:
            async with self._desk.gateway_calls.place(PLACE_WAIT_SECONDS) as run:
                receipt = await self._started(command, answer_by)
                if not receipt.replayed:
                    return Bought(
                        await self._carry_out(receipt.result.payment, command, run, answer_by), replayed=False
                    )
        except Overloaded:
            # What was begun before needs no gateway thread to be told again.
            if not await self._desk.reads.run(self._is_known, command):
                raise
            receipt = await self._started(command, answer_by)
        return Bought(await self._outcome(receipt.result, answer_by), replayed=True)

    def _is_known(self, command: StartPurchase) -> bool:
        """Whether the command's key has a receipt, which it then has for ever."""
        if command.idempotency is None:
            return False
        hashed = key_hash(command.idempotency.key)
        with self._desk.store.reading(command.tenant_id) as reader:
            return bool(reader.find(ReceiptFact, scope=command.idempotency.scope, key_hash=hashed))

    async def _started(self, command: StartPurchase, answer_by: float) -> Receipt:
        """The intent's receipt. One that comes too late is not acted on: it will be found open, and nothing taken."""
        try:
            return await _within(_left(answer_by), self._desk.execute(command))
        except TimeoutError as error:
            raise StoreUnavailable("The store took too long.") from error

    async def _carry_out(
        self, payment: PaymentFact, command: StartPurchase, run: RunHere, answer_by: float
    ) -> PaymentFact:
        if payment.state != PENDING:
            return payment
        crash_points.reach(crash_points.INTENT_COMMITTED)
        started_at = self._desk.clock.now()
        answer = await self._charge(payment, run, min(command.call_seconds, _left(answer_by) - SETTLE_SECONDS))
        crash_points.reach(crash_points.GATEWAY_ANSWERED)
        settle = SettlePurchase(
            tenant_id=payment.tenant_id,
            payment_id=payment.payment_id,
            customer_number=payment.customer_number,
            kind="charge",
            attempt_no=1,
            answer=answer,
            started_at=started_at,
            ended_at=self._desk.clock.now(),
            resolve_after_seconds=command.resolve_after_seconds,
        )
        payment = await self._settled(settle, payment, answer_by)
        crash_points.reach(crash_points.OUTCOME_COMMITTED)
        return payment

    async def _charge(self, payment: PaymentFact, run: RunHere, seconds: float) -> GatewayAnswer:
        """The gateway's answer; unknown when the time is over, also if the call goes on."""
        gateway = self._desk.gateways[payment.gateway]

        def charge() -> GatewayAnswer:
            return gateway.charge(gateway_charge(payment), seconds)

        if seconds <= 0:
            return _UNKNOWN
        try:
            answer: GatewayAnswer = await _within(seconds + SETTLE_SECONDS / 2, run(charge))
        except Exception as error:  # noqa: BLE001 - whatever it was, whether money moved is not known
            log.error("a gateway's call failed", order_id=payment.order_id, reason=type(error).__name__)
            return _UNKNOWN
        return answer

    async def _settled(self, settle: SettlePurchase, payment: PaymentFact, answer_by: float) -> PaymentFact:
        """The payment with its outcome; as it was if that could not be written in time."""
        while True:
            try:
                receipt = await _within(_left(answer_by), self._desk.execute(settle))
            except Exception as error:  # noqa: BLE001 - money may have moved: the answer is that it is not known
                if not isinstance(error, Overloaded | StoreUnavailable) or _left(answer_by) <= POLL_SECONDS:
                    log.error("an outcome was not written", order_id=payment.order_id, reason=type(error).__name__)
                    return payment
                await asyncio.sleep(POLL_SECONDS)
            else:
                settled: PaymentFact = receipt.result
                return settled

    async def _outcome(self, started: PurchaseStarted, answer_by: float) -> PaymentFact:
        """What becomes of a payment that another request or process makes, as far as there is time to wait for it."""
        payment = started.payment
        until = min(answer_by, time.monotonic() + (payment.call_until_at - started.now) / SECOND + ANSWER_SECONDS)
        while payment.state == PENDING and _left(until) > POLL_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            try:
                payment = await self._desk.reads.run(self._read, payment.tenant_id, payment.payment_id)
            except (Overloaded, StoreUnavailable):
                continue
        return payment

    def _read(self, tenant_id: int, payment_id: int) -> PaymentFact:
        with self._desk.store.reading(tenant_id) as reader:
            (payment,) = reader.find(PaymentFact, payment_id=payment_id)
        return payment


def _left(until: float) -> float:
    return until - time.monotonic()


async def _within(seconds: float, answer: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await answer
