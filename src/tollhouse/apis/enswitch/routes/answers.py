"""What the answers of every noun stand on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Headers, Reply

T = TypeVar("T")

Answer = Callable[[Call], Awaitable[Reply]]

#: How a function answers somebody who has not said who they are, about a tenant or, where it is not known which, None.
StrangersAnswer = Callable[[Given, int | None], Awaitable[Reply]]


class Answers:
    """The functions of one noun, and how each is answered: `by_path` has them by their path.

    `for_strangers` has, by their path, the answers of those that may be asked without a login.
    """

    by_path: Mapping[str, tuple[Function, Answer]]
    for_strangers: Mapping[str, StrangersAnswer] = MappingProxyType({})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def _created(self, call: Call, command: Command, number: Callable[[Any], int]) -> Reply:
        """Execute a command that makes something, and answer its number; 201 where it was only to be checked."""
        receipt = await self._desk.execute(call.signed(command))
        if not command.writes:
            return envelope.validated_to_wire()
        return envelope.data_to_wire(envelope.created_to_wire(number(receipt.result)), _replayed(receipt))

    async def _done(self, call: Call, command: Command) -> Reply:
        """Execute a command that answers no data; 201 where it was only to be checked."""
        receipt = await self._desk.execute(call.signed(command))
        return envelope.done_to_wire(_replayed(receipt)) if command.writes else envelope.validated_to_wire()

    async def _look(self, tenant_id: int, question: Callable[..., T], *arguments: Any) -> T:
        """The answer to a question over a snapshot of the tenant at this moment."""
        return await self._desk.reads.run(self._looked, tenant_id, question, *arguments)

    async def _look_for_stranger(self, tenant_id: int, question: Callable[..., T], *arguments: Any) -> T:
        """The same, for somebody who has not said who they are: they never keep the others waiting."""
        return await self._desk.strangers.run(self._looked, tenant_id, question, *arguments)

    def _looked(self, tenant_id: int, question: Callable[..., T], *arguments: Any) -> T:
        with self._desk.store.reading(tenant_id) as reader:
            return question(Snapshot(reader, self._desk.clock.now()), *arguments)

    async def _read(self, tenant_id: int, question: Callable[..., T], *arguments: Any) -> T:
        """The answer to a question over a snapshot of the tenant."""

        def read() -> T:
            with self._desk.store.reading(tenant_id) as reader:
                return question(reader, *arguments)

        return await self._desk.reads.run(read)


def answered_by(*pairs: tuple[Function, Answer]) -> dict[str, tuple[Function, Answer]]:
    return {function.path: (function, answer) for function, answer in pairs}


def _replayed(receipt: Receipt) -> Headers:
    return (envelope.REPLAYED,) if receipt.replayed else ()
