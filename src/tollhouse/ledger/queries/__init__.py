"""What may be read, as ports: pages of facts of one tenant. A query never changes anything.

One file a noun; the store has the statements. What several doors ask for is here by name.
"""

from tollhouse.ledger.queries.accounts import (
    AccountQueries,
    CustomersWanted,
    InvoiceQueries,
    InvoicesWanted,
    ListedCustomer,
    StatementLine,
    StatementWanted,
)
from tollhouse.ledger.queries.catalog import CatalogQueries
from tollhouse.ledger.queries.events import DeliveriesWanted, DueEndpoint, EventQueries, ListedAttempt, ListedDelivery
from tollhouse.ledger.queries.pages import Found, Page
from tollhouse.ledger.queries.people import ListedPerson, PeopleQueries, PeopleWanted
from tollhouse.ledger.queries.projects import SEARCH_FOUND_MAX, ListedCharge, ProjectFigures, Queries
from tollhouse.ledger.queries.registered import (
    CheckoutQueries,
    ListedMethod,
    ListedSession,
    MethodsWanted,
    RegisteredQueries,
    RegisteredWanted,
    SessionsWanted,
)

__all__ = [
    "SEARCH_FOUND_MAX",
    "AccountQueries",
    "CatalogQueries",
    "CheckoutQueries",
    "CustomersWanted",
    "DeliveriesWanted",
    "DueEndpoint",
    "EventQueries",
    "Found",
    "InvoiceQueries",
    "InvoicesWanted",
    "ListedAttempt",
    "ListedCharge",
    "ListedCustomer",
    "ListedDelivery",
    "ListedMethod",
    "ListedPerson",
    "ListedSession",
    "MethodsWanted",
    "Page",
    "PeopleQueries",
    "PeopleWanted",
    "ProjectFigures",
    "Queries",
    "RegisteredQueries",
    "RegisteredWanted",
    "SessionsWanted",
    "StatementLine",
    "StatementWanted",
]
