"""What may be read, as a port: pages of facts of one tenant. A query never changes anything."""

from __future__ import annotations

from typing import Final, Generic, Protocol, TypeVar

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import (
    CheckoutSessionFact,
    CustomerDetailsFact,
    CustomerFact,
    CustomerProfileFact,
    DeliveryAttemptFact,
    DeliveryFact,
    FeatureDetailsFact,
    FeatureFact,
    InvoiceFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PersonFact,
    PlanFact,
    ProductDetailsFact,
    ProductFact,
    SummaryFact,
    TransactionFact,
)

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


class RegisteredWanted(msgspec.Struct, frozen=True):
    """Which of the live customers that have a reference: those where name, e-mail or reference has `search` in it,
    without regard to case, and the one with exactly this `reference`; empty texts ask for nothing."""

    search: str = ""
    reference: str = ""


class MethodsWanted(msgspec.Struct, frozen=True):
    """Which usable payment methods: those of the customer with this reference, and of customers with this e-mail; empty
    texts ask for nothing."""

    reference: str = ""
    email: str = ""


class ListedMethod(msgspec.Struct, frozen=True):
    """A payment method and whose it is, each with what is kept besides where there is such a row."""

    method: PaymentMethodFact
    details: PaymentMethodDetailsFact | None
    customer: CustomerFact
    profile: CustomerProfileFact | None


class SessionsWanted(msgspec.Struct, frozen=True):
    """Which checkout sessions: made from one instant on and before another, None being no bound, in this `state`.

    `search` is a part of the session's uid, of the customer's name, e-mail or reference, or of the product's name,
    without regard to case. `uid` asks for one alone. Empty texts ask for nothing.
    """

    search: str = ""
    state: str = ""
    start_at: int | None = None
    end_at: int | None = None
    uid: str = ""


class ListedSession(msgspec.Struct, frozen=True):
    """A checkout session, whose it is, what for, and its latest payment if there is one."""

    session: CheckoutSessionFact
    customer: CustomerFact
    profile: CustomerProfileFact | None
    plan: PlanFact
    product: ProductFact | None
    payment: PaymentFact | None


class CheckoutQueries(Protocol):
    def sessions(self, tenant_id: int, wanted: SessionsWanted, now: int, page: Page) -> Found[ListedSession]:
        """Checkout sessions, the newest first; `now` is the moment by the tenant's clock."""
        ...


class RegisteredQueries(Protocol):
    def customers(
        self, tenant_id: int, wanted: RegisteredWanted, page: Page
    ) -> Found[tuple[CustomerFact, CustomerProfileFact | None]]:
        """Customers with their profiles, the newest first."""
        ...

    def payment_methods(self, tenant_id: int, wanted: MethodsWanted, page: Page) -> Found[ListedMethod]:
        """Usable payment methods of customers that have a reference, the newest first."""
        ...


class ListedCharge(msgspec.Struct, frozen=True):
    """A charge, and how much of it was paid back."""

    transaction: TransactionFact
    refunded_minor: int


class ProjectFigures(msgspec.Struct, frozen=True):
    """How many live customers a tenant has below its root, and by currency how many charges they have and what remains
    of these in minor units."""

    customers: int
    charges: dict[str, tuple[int, int]]


SEARCH_FOUND_MAX: Final = 10_000
"""A search for customers finds so many at most: who has more to look through asks for more."""


class Queries(Protocol):
    def project_figures(self, tenant_id: int) -> ProjectFigures: ...

    def customers(self, tenant_id: int, search: str, page: Page) -> Found[tuple[CustomerFact, list[SummaryFact]]]:
        """Live customers but the tenant's root, by number, with their charge summaries.

        With a search, without regard to case, SEARCH_FOUND_MAX at most: those whose reference or e-mail equals it
        first, then those where one starts with it, then those of whose name each of its words starts a word.
        """
        ...

    def customer(self, tenant_id: int, uid: str) -> tuple[CustomerFact, list[SummaryFact]] | None: ...

    def customer_charges(self, tenant_id: int, uid: str, page: Page) -> Found[ListedCharge] | None:
        """A customer's charges through every door that are not void, latest first; None where there is no such
        customer."""
        ...


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


class PeopleWanted(msgspec.Struct, frozen=True):
    """Which people: the live ones of one customer.

    `sort` is forename, fullname, surname or username; rows that are equal in it come by id. A `limit` of 0 is none.
    """

    customer_number: int
    sort: str
    descending: bool
    limit: int
    offset: int


class ListedPerson(msgspec.Struct, frozen=True):
    """A person, and the details of its profile where there is one."""

    person: PersonFact
    details: str | None


class PeopleQueries(Protocol):
    """What lists a customer's people."""

    def people(self, tenant_id: int, wanted: PeopleWanted) -> list[ListedPerson]:
        """Raises ListTooLong where there are more than one reply can hold."""
        ...

    def people_count(self, tenant_id: int, wanted: PeopleWanted) -> int:
        """How many people there are, on all pages."""
        ...

    def people_pages(self, tenant_id: int, wanted: PeopleWanted) -> list[tuple[int, str]]:
        """Of each page of `limit` people, where it starts and the username of its first. Raises ListTooLong."""
        ...


class DueEndpoint(msgspec.Struct, frozen=True):
    """An endpoint with something to do: deliveries that are due or, when it is being removed, some to give up."""

    tenant_id: int
    endpoint_id: int
    is_removing: bool


class DeliveriesWanted(msgspec.Struct, frozen=True):
    """Which deliveries; None and empty texts are any. `customer` is the caller's own id of one."""

    endpoint_id: int | None = None
    state: str = ""
    customer: str = ""
    event_type: str = ""


class ListedDelivery(msgspec.Struct, frozen=True):
    delivery: DeliveryFact
    event_type: str


class ListedAttempt(msgspec.Struct, frozen=True):
    """One attempt to send an event, and the event as it was sent."""

    attempt: DeliveryAttemptFact
    body: str


class EventQueries(Protocol):
    """Instants are the system's."""

    def due_endpoints(self, now: int, removing_since: int) -> list[DueEndpoint]:
        """Of every tenant: enabled endpoints with deliveries that are due, and those that are being removed and have
        open ones, or began to be at this instant or before."""
        ...

    def oldest_open_at(self) -> int | None:
        """When the oldest of the events came about that an enabled endpoint of any tenant does not have yet."""
        ...

    def deliveries(self, tenant_id: int, wanted: DeliveriesWanted, page: Page) -> Found[ListedDelivery]:
        """The newest first."""
        ...

    def attempts(self, tenant_id: int, start_at: int, end_at: int | None, page: Page) -> Found[ListedAttempt]:
        """Attempts that began from one instant on and before another, the newest first."""
        ...


class CatalogQueries(Protocol):
    """What is sold, the newest first. Archived products and features are not listed, nor is a plan that is archived or
    of an archived product. A search is for a part of name, identifier or description, without regard to case."""

    def products(
        self, tenant_id: int, search: str, page: Page
    ) -> Found[tuple[ProductFact, ProductDetailsFact | None]]: ...

    def features(
        self, tenant_id: int, search: str, page: Page
    ) -> Found[tuple[FeatureFact, FeatureDetailsFact | None]]: ...

    def plans(self, tenant_id: int, page: Page) -> Found[PlanFact]: ...
