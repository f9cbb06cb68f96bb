"""What may be read, as a port: pages of facts of one tenant. A query never changes anything."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TransactionFact

R = TypeVar("R")


class Page(msgspec.Struct, frozen=True):
    """The page wanted: numbers count from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


class Found(msgspec.Struct, Generic[R]):
    """One page, and how many there are on all of them."""

    rows: list[R]
    total: int


class Queries(Protocol):
    def customers(self, tenant_id: int, search: str, page: Page) -> Found[tuple[CustomerFact, list[SummaryFact]]]:
        """Live customers with their charge summaries. With a search, without regard to case: those whose reference or
        e-mail equals it first, then those where one starts with it, then those whose name has it."""
        ...

    def customer(self, tenant_id: int, uid: str) -> tuple[CustomerFact, list[SummaryFact]] | None: ...

    def customer_charges(self, tenant_id: int, uid: str, page: Page) -> Found[TransactionFact] | None:
        """A customer's charges through every door, latest first; None where there is no such customer."""
        ...


class StatementWanted(msgspec.Struct, frozen=True):
    """Which of a customer's transactions: from `start_at` on and before `end_at`, None being no bound.

    `sort` is amount, description, id, person, reference, time or type; rows that are equal in it come by id.
    """

    start_at: int
    end_at: int | None
    sort: str
    descending: bool


class StatementLine(msgspec.Struct, frozen=True):
    """One transaction of a statement, and the taxes in it in the order of their lines."""

    transaction: TransactionFact
    tax_ids: list[int]


class AccountQueries(Protocol):
    """What reads a customer's account with its parent."""

    def customer_called(
        self, tenant_id: int, caller: Caller, *, name: str = "", email: str = ""
    ) -> CustomerFact | None:
        """The live customer with exactly this name, or with this e-mail, that the caller sees; of several the first."""
        ...

    def statement(self, tenant_id: int, customer_number: int, wanted: StatementWanted) -> list[StatementLine]:
        """What settles on a customer's balance, and what ENSwitch's charges left that settled elsewhere.

        Raises StatementTooLong where there is more than one reply can hold.
        """
        ...
