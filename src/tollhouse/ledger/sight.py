"""What a rule may look at: one tenant's facts at one moment, in the book of a decision or in a snapshot for a read."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from tollhouse.ledger.facts import ExchangeRateFact, Fact, TenantFact
from tollhouse.ledger.ports import Reader

F = TypeVar("F", bound=Fact)


class Finds(Protocol):
    """The book, or a snapshot of the store."""

    def find(self, kind: type[F], /, *, lock: bool = False, **equals: Any) -> list[F]: ...


class Sight(Finds, Protocol):
    """`now` is the moment by the tenant's clock."""

    @property
    def tenant(self) -> TenantFact: ...

    @property
    def now(self) -> int: ...

    def exchange_rates(self, one_currency: str, other_currency: str) -> list[ExchangeRateFact]:
        """Of each direction between two currencies, the rate that counts now, if there is one."""
        ...


class Snapshot:
    """A reading of the store as it was at one moment."""

    def __init__(self, reader: Reader, system_now: int) -> None:
        self.reader = reader
        (self.tenant,) = reader.find(TenantFact)
        self.now: int = system_now if self.tenant.clock_at is None else self.tenant.clock_at

    def find(self, kind: type[F], /, *, lock: bool = False, **equals: Any) -> list[F]:
        return self.reader.find(kind, lock=lock, **equals)

    def exchange_rates(self, one_currency: str, other_currency: str) -> list[ExchangeRateFact]:
        return self.reader.exchange_rates(one_currency, other_currency, self.now)
