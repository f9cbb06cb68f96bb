"""Customers on account, their transactions and invoices, as ports. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerDetailsFact, CustomerFact, InvoiceFact, TransactionFact


class StatementWanted(msgspec.Struct, frozen=True):
    """Which of a customer's transactions: from `start_at` on and before `end_at`, None being no bound; with an
    `invoice_id` above 0 those on this invoice alone.

    `sort` is amount, description, id, person, reference, time or type; rows that are equal in it come by id.
    """

    start_at: int
    end_at: int | None
    sort: str
    descending: bool
    invoice_id: int = 0


class StatementLine(msgspec.Struct, frozen=True):
    """One transaction of a statement, the taxes in it in the order of their lines, and the invoice it is on or 0."""

    transaction: TransactionFact
    tax_ids: list[int]
    invoice_id: int = 0


class CustomersWanted(msgspec.Struct, frozen=True):
    """Which customers: those directly below a parent, or with `is_recursive` all that are below it.

    Of `deleted` and `directory`, -1 is "any"; empty texts ask for nothing. `name` is a part of the name, without regard
    to case. `sort` is account, description or name; rows that are equal in it come by number. A `limit` of 0 is none.
    """

    parent_number: int
    is_recursive: bool
    deleted: int
    bill_type: str
    directory: int
    name: str
    sort: str
    descending: bool
    limit: int
    offset: int


class ListedCustomer(msgspec.Struct, frozen=True):
    """A customer, and the row of its details where there is one."""

    customer: CustomerFact
    details: CustomerDetailsFact | None


class InvoicesWanted(msgspec.Struct, frozen=True):
    """Which invoices: of one customer or, where its number is 0, of everybody below a path, "" being all.

    Made from `start_at` on and before `end_at`, None being no bound. `statuses` empty is any; what is due and past its
    time has the status overdue. `sort` is created, customer_name, id, number or status; rows that are equal in it come
    by id. A `limit` of 0 is none.
    """

    customer_number: int
    below_path: str
    start_at: int
    end_at: int | None
    statuses: tuple[str, ...]
    sort: str
    descending: bool
    limit: int
    offset: int


class InvoiceQueries(Protocol):
    """`now` is the moment by the tenant's clock."""

    def invoices(self, tenant_id: int, wanted: InvoicesWanted, now: int) -> list[InvoiceFact]:
        """Raises ListTooLong where there are more than one reply can hold."""
        ...

    def invoice_count(self, tenant_id: int, wanted: InvoicesWanted, now: int) -> int:
        """How many invoices there are, on all pages."""
        ...

    def invoice_pages(self, tenant_id: int, wanted: InvoicesWanted, now: int) -> list[tuple[int, str]]:
        """Of each page of `limit` invoices, where it starts and its first one's number. Raises ListTooLong."""
        ...


class AccountQueries(Protocol):
    """What reads a customer's account with its parent, and a reseller's customers."""

    def customers(self, tenant_id: int, wanted: CustomersWanted) -> list[ListedCustomer]:
        """Raises ListTooLong where there are more than one reply can hold."""
        ...

    def customer_count(self, tenant_id: int, wanted: CustomersWanted) -> int:
        """How many customers there are, on all pages."""
        ...

    def customer_pages(self, tenant_id: int, wanted: CustomersWanted) -> list[tuple[int, str]]:
        """Of each page of `limit` customers, where it starts and the name of its first. Raises ListTooLong."""
        ...

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
