"""Moving money through a gateway: the intent's commit, the gateway's call, the outcome's commit.

The gateway is never called inside a unit of work, and its thread is taken before the intent is written, so that what
was begun is not refused for want of one. Whatever goes wrong after the intent, the move stays open and is looked up.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import structlog

from tollhouse import crash_points
from tollhouse.apis.desk import Desk, RunHere
from tollhouse.ledger.book import key_hash
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Command, GatewayAnswer, Receipt, StartPurchase
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.facts import ReceiptFact
from tollhouse.ledger.refusals import Overloaded, StoreUnavailable

#: How long a move waits for a gateway thread before it is refused.
PLACE_WAIT_SECONDS = 0.4
#: What is left of the caller's time after the gateway's: for the commits on both sides of the call.
ANSWER_SECONDS = 0.9
#: How long before the answer is due the gateway's time ends, however late the call began.
SETTLE_SECONDS = 0.4
POLL_SECONDS = 0.05

UNKNOWN = GatewayAnswer("unknown")

log = structlog.get_logger("tollhouse.gateway")


class Started(Protocol):
    """What the command that writes an intent gives back."""

    @property
    def now(self) -> int: ...


C = TypeVar("C", bound=StartPurchase | StartRefund)
S = TypeVar("S", bound=Started)
T = TypeVar("T")


class Called(NamedTuple):
    """One call and what came of it."""

    answer: GatewayAnswer
    started_at: int
    ended_at: int


class Moves(ABC, Generic[C, S]):
    """Money of one kind on its way: `C` begins a move, `S` is one as the ledger gives it back, when begun and after."""

    #: The crash points after the intent's commit, after the gateway's answer and after the outcome's commit.
    points: tuple[str, str, str]

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._under_way: set[asyncio.Task[tuple[S, bool]]] = set()

    # What a kind of move says of itself.

    @abstractmethod
    def is_open(self, move: S) -> bool: ...

    @abstractmethod
    def call_until_at(self, move: S) -> int: ...

    @abstractmethod
    def name(self, move: S) -> str:
        """What people know it by, for logs."""
        ...

    @abstractmethod
    def ask(self, move: S, timeout_seconds: float) -> GatewayAnswer:
        """Call the gateway."""
        ...

    @abstractmethod
    def settling(self, command: C, move: S, called: Called) -> Command:
        """The command that writes the outcome down."""
        ...

    @abstractmethod
    def settled(self, result: Any, move: S) -> S:
        """The move as it stands by the outcome's receipt."""
        ...

    @abstractmethod
    def read(self, move: S) -> S:
        """The move as it stands now."""
        ...

    # How it is carried out.

    async def carry_out(self, command: C) -> tuple[S, bool]:
        """Start, call, settle; or wait for an earlier request with the same key. Goes on when the caller is gone.

        Returns within the gateway's time and a second: the move as it stands, open if its outcome is not known, and
        whether an earlier request made it.
        """
        answer_by = time.monotonic() + command.call_seconds + ANSWER_SECONDS
        task = asyncio.create_task(self._carry_out(command, answer_by))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for all that is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _ended(self, task: asyncio.Task[tuple[S, bool]]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # a caller who has left does not fetch it

    async def _carry_out(self, command: C, answer_by: float) -> tuple[S, bool]:
        try:
            async with self._desk.gateway_calls.place(PLACE_WAIT_SECONDS) as run:
                receipt = await self._started(command, answer_by)
                if not receipt.replayed:
                    return await self._moved(receipt.result, command, run, answer_by), False
        except Overloaded:
            # What was begun before needs no gateway thread to be told again.
            if not await self._desk.reads.run(self._is_known, command):
                raise
            receipt = await self._started(command, answer_by)
        return await self._outcome(receipt.result, answer_by), True

    def _is_known(self, command: C) -> bool:
        """Whether the command's key has a receipt, which it then has for ever."""
        if command.idempotency is None:
            return False
        hashed = key_hash(command.idempotency.key)
        with self._desk.store.reading(command.tenant_id) as reader:
            return bool(reader.find(ReceiptFact, scope=command.idempotency.scope, key_hash=hashed))

    async def _started(self, command: C, answer_by: float) -> Receipt:
        """The intent's receipt. One that comes too late is not acted on: it will be found open, and nothing moved."""
        try:
            return await _within(_left(answer_by), self._desk.execute(command))
        except TimeoutError as error:
            raise StoreUnavailable("The store took too long.") from error

    async def _moved(self, move: S, command: C, run: RunHere, answer_by: float) -> S:
        if not self.is_open(move):
            return move
        begun, answered, settled = self.points
        crash_points.reach(begun)
        started_at = self._desk.clock.now()
        answer = await self._asked(move, run, min(command.call_seconds, _left(answer_by) - SETTLE_SECONDS))
        crash_points.reach(answered)
        called = Called(answer, started_at, self._desk.clock.now())
        move = await self._settled(self.settling(command, move, called), move, answer_by)
        crash_points.reach(settled)
        return move

    async def _asked(self, move: S, run: RunHere, seconds: float) -> GatewayAnswer:
        """The gateway's answer; unknown when the time is over, also if the call goes on."""
        if seconds <= 0:
            return UNKNOWN
        try:
            answer: GatewayAnswer = await _within(seconds + SETTLE_SECONDS / 2, run(self.ask, move, seconds))
        except Exception as error:  # noqa: BLE001 - whatever it was, whether money moved is not known
            log.error("a gateway's call failed", name=self.name(move), reason=type(error).__name__)
            return UNKNOWN
        return answer

    async def _settled(self, settle: Command, move: S, answer_by: float) -> S:
        """The move with its outcome; as it was if that could not be written in time."""
        while True:
            try:
                receipt = await _within(_left(answer_by), self._desk.execute(settle))
            except Exception as error:  # noqa: BLE001 - money may have moved: the answer is that it is not known
                if not isinstance(error, Overloaded | StoreUnavailable) or _left(answer_by) <= POLL_SECONDS:
                    log.error("an outcome was not written", name=self.name(move), reason=type(error).__name__)
                    return move
                await asyncio.sleep(POLL_SECONDS)
            else:
                return self.settled(receipt.result, move)

    async def _outcome(self, move: S, answer_by: float) -> S:
        """What becomes of a move that another request or process makes, as far as there is time to wait for it."""
        until = min(answer_by, time.monotonic() + (self.call_until_at(move) - move.now) / SECOND + ANSWER_SECONDS)
        while self.is_open(move) and _left(until) > POLL_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            try:
                move = await self._desk.reads.run(self.read, move)
            except (Overloaded, StoreUnavailable):
                continue
        return move


def _left(until: float) -> float:
    return until - time.monotonic()


async def _within(seconds: float, answer: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await answer
