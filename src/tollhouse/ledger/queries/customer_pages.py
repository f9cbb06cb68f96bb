"""What the console reads of customers, as a port: lists and a customer's year, each bounded. A query never changes
anything."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerFact, PlanFact, SummaryFact

#: Of the customers whom a search finds, so many are looked through for those that somebody of a branch sees.
CANDIDATES_MAX: Final = 2_000
#: Of a customer's transactions so many, the newest, are looked at for its year.
YEAR_LOOKED_AT: Final = 1_000


class CustomerRow(msgspec.Struct, frozen=True):
    """A customer as a list shows it. `has_customers`: there are live ones directly below it."""

    customer: CustomerFact
    plan: PlanFact | None
    summaries: list[SummaryFact]
    has_customers: bool


class CustomerRows(msgspec.Struct, frozen=True):
    rows: list[CustomerRow]
    has_more: bool


class YearCharge(msgspec.Struct, frozen=True):
    """A charge that is not void."""

    effective_at: int
    currency: str
    gross_minor: int


class Year(msgspec.Struct, frozen=True):
    """Charges since an instant. `cut_at` is None where these are all; else nothing before it was looked at."""

    charges: list[YearCharge]
    cut_at: int | None


class CustomerPageQueries(Protocol):
    def everybody(self, tenant_id: int, after: int, count: int) -> CustomerRows:
        """Live customers but the tenant's root, by number, from the first above `after` on."""
        ...

    def below(self, tenant_id: int, parent_number: int, after: int, count: int) -> CustomerRows:
        """The same of those directly below a customer."""
        ...

    def found(self, tenant_id: int, caller: Caller, search: str, count: int) -> CustomerRows:
        """Customers whom the caller sees, the best first: whose number, uid or order is what is looked for, deleted or
        not; then live ones as Queries.customers finds them."""
        ...

    def year(self, tenant_id: int, customer_number: int, since: int) -> Year: ...
