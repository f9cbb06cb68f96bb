"""What the ledger needs of the outside, as protocols: a store with units of work, and gateways.

The store keeps rows and decides nothing. A unit of work sees one tenant; on SQLite it is the only writer from its first
statement on, on PostgreSQL the rows it reads with `lock` stay as they are until it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge, GatewayEvent, GatewayMethod, GatewayRefund
from tollhouse.ledger.facts import (
    CustomerFact,
    DayFigureFact,
    DeliveryFact,
    ExchangeRateFact,
    Fact,
    KeyFact,
    LoginNameFact,
    OccurrenceFact,
    PaymentFact,
    ReceiptFact,
    RefundFact,
    ScheduleFact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
)

F = TypeVar("F", bound=Fact)


class StoreConflict(Exception):
    """Somebody else wrote first (a unique key, a deadlock, a busy file): decide again on the new state."""


class UnusableStore(Exception):
    """The store's address, settings or tables do not allow Tollhouse to keep its promises; the sentence says what to
    do."""


class EventRefused(Exception):
    """What came is no event of this gateway's: its signature or form is wrong; the sentence says which."""


class Reader(Protocol):
    """Reads of one tenant."""

    tenant_id: int

    def find(self, kind: type[F], /, *, lock: bool = False, order: Sequence[str] = (), **equals: Any) -> list[F]:
        """Rows whose columns equal the given values (a list or tuple: any of them; None: is null)."""
        ...

    def stream(self, kind: type[F], /, *, order: Sequence[str], **equals: Any) -> Iterator[F]:
        """The same rows as `find`, one after another, however many there are."""
        ...

    def page(self, kind: type[F], column: str, least: int | str, count: int, /, **equals: Any) -> list[F]:
        """The same rows as `find` from this value of a column on, in its order, at most `count`."""
        ...

    def first(self, kind: type[F], count: int, /, *, order: Sequence[str], **equals: Any) -> list[F]:
        """The first `count` of the same rows as `find`."""
        ...

    def count(self, kind: type[Fact], /, **equals: Any) -> int:
        """How many rows `find` would give."""
        ...

    def exists(self, kind: type[Fact], /, **equals: Any) -> bool:
        """Whether `find` would give any row."""
        ...

    def occurrence_counts(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
        """How many occurrences there are of each of these pairs of charge and customer that has any."""
        ...

    def occurrences(self, keys: Sequence[tuple[int, int, str]]) -> list[OccurrenceFact]:
        """The occurrences with these keys: charge, customer and occurrence key."""
        ...

    def uninvoiced(
        self, customer_number: int, kinds: Sequence[str], start_at: int, end_at: int, count: int
    ) -> list[TransactionFact]:
        """A customer's first `count` transactions of these kinds on account that are on no invoice, from one instant on
        and before another, by time."""
        ...

    def edge_charges(
        self, customer_number: int, currency: str, without_id: int
    ) -> tuple[TransactionFact, TransactionFact] | None:
        """A customer's first and last charge in a currency, of those that are neither negative nor void nor the one
        with this id; None where there are none. Of charges at one instant the last is the one recorded last."""
        ...

    def summaries(self, customer_numbers: Sequence[int]) -> list[SummaryFact]: ...

    def exchange_rates(self, one_currency: str, other_currency: str, now: int) -> list[ExchangeRateFact]:
        """Of each direction between two currencies, the rate that counts at `now`, if there is one."""
        ...


class UnitOfWork(Reader, Protocol):
    """Reads and writes of one tenant that become durable together, or not at all."""

    def tenant(self) -> TenantFact: ...

    def login_name(self, username: str) -> LoginNameFact | None:
        """Where a username lives, whichever tenant's it is."""
        ...

    def key(self, key_hash: str) -> KeyFact | None:
        """The API key with this hash, whichever tenant's it is."""
        ...

    def hold(self, kind: type[Fact], /, **equals: Any) -> None:
        """Have the rows that `find` would give stay as they are until this ends. Others may hold them at the same time,
        but nobody lock them."""
        ...

    def receipts(self, keys: Sequence[tuple[str, str]]) -> list[ReceiptFact]:
        """The receipts kept for these pairs of scope and key hash."""
        ...

    def customers_by_reference(self, references: Sequence[str]) -> list[CustomerFact]:
        """Live customers with these references, locked."""
        ...

    def customers_by_email(self, emails_folded: Sequence[str]) -> list[CustomerFact]:
        """For each e-mail its earliest live customer and its guest without a reference, locked."""
        ...

    def numbers_to_lock(self, references: Sequence[str], emails_folded: Sequence[str]) -> list[int]:
        """The numbers of the customers that these two would find and lock, not locked; none where one unit of work at a
        time writes and nothing is locked."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Writes inside need not wait for each other's answers: what is wrong with one may be told at the end only, and
        how many rows there were is not told. Nothing can be read inside."""
        ...

    def insert(self, facts: Sequence[Fact]) -> None:
        """Append facts of one class."""
        ...

    def upsert(self, facts: Sequence[Fact]) -> None:
        """Write facts of one class whole, over those that have the same primary key."""
        ...

    def change_customers(self, customers: Sequence[CustomerFact], columns: tuple[str, ...]) -> None:
        """Write these columns of these customers, as they have them."""
        ...

    def add_to_balances(self, deltas: Sequence[tuple[int, int]]) -> None:
        """Add minor units to customers' balances: pairs of customer number and difference."""
        ...

    def add_totals(self, differences: Sequence[TotalFact]) -> None:
        """Add to parts of figures, each from nothing where there is none yet."""
        ...

    def add_day_figures(self, differences: Sequence[DayFigureFact], timezone: str) -> None:
        """The same for parts of days' figures, with the time zone by which the days were told. Raises StoreConflict
        where the tenant has another by now."""
        ...

    def hold_day_figures(self) -> None:
        """Wait for those who are adding to days' figures, and let nobody else until this ends."""
        ...

    def change(self, kind: type[Fact], key: dict[str, Any], **values: Any) -> int:
        """Set columns of the rows that match the key; how many there were."""
        ...

    def remove(self, kind: type[Fact], /, **equals: Any) -> int: ...

    def longest_path(self, number: int) -> int:
        """The characters of the longest path among a customer and all below it."""
        ...

    def move_customer(self, number: int, path: str) -> None:
        """Give a customer this path, and all below it theirs."""
        ...

    def due_schedules(
        self, now: int, count: int, *, customer_number: int = 0, charge_id: int = 0
    ) -> list[ScheduleFact]:
        """Active schedules of customers that are due, the earliest first, locked together with their customers; with
        the number of a customer or charge those of that one alone. Passed over are those that somebody else holds, and
        those of a charge that is charged to everybody at this moment, or of which not all schedules are in step."""
        ...

    def open_deliveries(self, endpoint_id: int, count: int, customer_number: int = 0) -> list[DeliveryFact]:
        """The first `count` deliveries to an endpoint that are pending or waiting, by customer and in each one's order;
        with a number of this customer alone."""
        ...

    def failed_deliveries(self, endpoint_id: int, count: int) -> list[DeliveryFact]:
        """The first `count` deliveries to an endpoint that were given up, by customer and in each one's order."""
        ...

    def due_deliveries(self, endpoint_id: int, now: int, count: int) -> list[DeliveryFact]:
        """Pending deliveries to an endpoint that are due, the earliest first, locked; those that somebody else holds
        are passed over."""
        ...

    def due_payments(self, now: int, count: int) -> list[PaymentFact]:
        """Pending payments whose look-up is due, locked; those that somebody else holds are passed over."""
        ...

    def due_refunds(self, now: int, count: int) -> list[RefundFact]:
        """The same of refunds."""
        ...


class Store(Protocol):
    def unit_of_work(self, tenant_id: int) -> AbstractContextManager[UnitOfWork]:
        """Begin; commit when the block ends well, else roll back.

        Raises StoreConflict when deciding again may help, StoreUnavailable when the store failed.
        """
        ...

    def reading(self, tenant_id: int) -> AbstractContextManager[Reader]:
        """A read-only snapshot of one tenant."""
        ...

    def reserve_numbers(self, tenant_id: int, name: str, count: int) -> int:
        """Set aside `count` successive numbers for good, in a commit of its own; the first of them."""
        ...

    def advance_numbers(self, tenant_id: int, name: str, beyond: int) -> None:
        """Never hand out numbers up to `beyond` from now on; they were given by hand."""
        ...

    def tenants(self) -> list[TenantFact]: ...

    def tenant_called(self, slug: str) -> TenantFact | None: ...

    def key(self, key_hash: str) -> KeyFact | None: ...

    def login_name(self, username: str) -> LoginNameFact | None: ...

    def installation_secret(self, name: str, fresh: str, now: int) -> str:
        """The installation's secret of this name: the one that is kept, else the fresh one, which is kept from then
        on."""
        ...


class CardRefused(Exception):
    """A card that cannot be saved; the sentence says why, without any of its digits."""


class SavedCard(NamedTuple):
    token: str
    shown: GatewayMethod


class Cards(Protocol):
    """Where a gateway takes cards from whoever holds them, in exchange for a token."""

    def save_card(self, number: str, exp_month: int, exp_year: int, cvc: str) -> SavedCard:
        """Raises CardRefused. Nothing of the card is kept by the caller but what may be shown."""
        ...

    def confirmed(self, token: str) -> str | None:
        """The token that takes this one's place once the holder's bank has been told to go on; None where no bank asks
        anything."""
        ...


class CardScript(NamedTuple):
    """What a page needs so that a gateway's own script takes the card. Nothing of it is secret.

    `frames` and `connections` are the origins, besides the script's, that it opens frames of and talks to.
    """

    url: str
    origin: str
    public_key: str
    frames: tuple[str, ...]
    connections: tuple[str, ...]


class HostedCards(Protocol):
    """Where a gateway takes cards by a script of its own in the holder's browser: no card ever comes to us.

    `owner` names the customer, uniquely and for ever.
    """

    def is_for(self, tenant_id: int) -> bool:
        """Whether the tenant's cards are this gateway's."""
        ...

    def script(self, tenant_id: int) -> CardScript | None:
        """None where new cards cannot be taken."""
        ...

    def begin(self, tenant_id: int, owner: str, timeout_seconds: float) -> str:
        """The secret with which the script saves one card of the owner's. Raises CardRefused."""
        ...

    def saved(self, tenant_id: int, owner: str, setup: str, timeout_seconds: float) -> SavedCard:
        """The card that the script saved, by the name that it gave us; raises CardRefused where that is no card which
        this owner has saved."""
        ...


class Gateway(Protocol):
    """A processor: translate out, call, translate in. No rule of ours, no state of the ledger's.

    No call raises: what is not understood is `unknown`.
    """

    def charge(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        """Take the money once under this key."""
        ...

    def look_up(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        """What became of this key. `absent` is final: a call that still travels is refused from now on."""
        ...

    def refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        """Give the money back once under this key; `declined` when the gateway will not."""
        ...

    def look_up_refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        """What became of this refund; `absent` is final."""
        ...

    def method(self, tenant_id: int, token: str, timeout_seconds: float) -> GatewayMethod | None:
        """What may be shown of a payment method; None when the gateway does not know it, or is not there to ask."""
        ...

    def event(self, tenant_id: int, header: Callable[[bytes], str | None], body: bytes) -> GatewayEvent | None:
        """What an event that came in says, None when that is nothing we wait for. `header` gives a header by its
        lower-case name. Raises EventRefused for what the gateway has not signed: the one call here that raises."""
        ...
