"""What the answers of every noun stand on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.web import Headers, Reply

T = TypeVar("T")

Answer = Callable[[Call], Awaitable[Reply]]


class Answers:
    """The functions of one noun, and how each is answered: `by_path` has them by their path."""

    by_path: Mapping[str, tuple[Function, Answer]]

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def _created(self, command: Command, number: Callable[[Any], int]) -> Reply:
        """Execute a command that makes something, and answer its number; 201 where it was only to be checked."""
        receipt = await self._desk.execute(command)
        if not command.writes:
            return envelope.validated_to_wire()
        return envelope.data_to_wire(envelope.created_to_wire(number(receipt.result)), _replayed(receipt))

    async def _done(self, command: Command) -> Reply:
        """Execute a command that answers no data; 201 where it was only to be checked."""
        receipt = await self._desk.execute(command)
        return envelope.done_to_wire(_replayed(receipt)) if command.writes else envelope.validated_to_wire()

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
