"""Customers: `customers list`, `customers show`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from tollhouse.cli.books import (
    LIMIT,
    AfterOption,
    Books,
    JsonOption,
    LimitOption,
    TenantOption,
    books_of,
    page_of,
)
from tollhouse.cli.frame import cli, fail
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.showing import Instant, Money, Rows, Value
from tollhouse.cli.transactions import TRANSACTIONS, transaction_row
from tollhouse.domain.identity import folded_email, is_storable
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, PlanFact, SummaryFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.queries import Page
from tollhouse.ledger.refusals import CustomerUnknown

#: Transactions that are shown with a customer.
NEWEST = 10
#: Customers above and below one that are shown with it.
NEAR_MAX = 100
#: What a number of a customer is at most in digits.
DIGITS_MAX = 18

CUSTOMERS = ("number", "reference", "email", "name", "parent", "plan", "balance", "charged", "last_seen_at")
SUMMARIES = ("currency", "charges", "sum", "refunded", "first_at", "last_at", "last_amount")
NEAR = ("number", "reference", "name")

_Summed: TypeAlias = Sequence[tuple[CustomerFact, list[SummaryFact]]]

customers = typer.Typer(help=COMMANDS["customers"].about, no_args_is_help=True)
cli.add_typer(customers, name="customers")


@customers.command("list")
def list_customers(
    search: Annotated[str, typer.Option("--search", metavar="TEXT", help="In e-mail, reference or name.")] = "",
    limit: LimitOption = LIMIT,
    after: AfterOption = 0,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Live customers by number, or with --search those found, the best first."""
    if search and after:
        fail("--after goes on in the list of all: with --search give a larger --limit, or more of the text.")
    with books_of(tenant, as_json=as_json) as books:
        found, next_after = _found(books, search, limit) if search else _by_number(books, limit, after)
        rows = [_row(customer, summaries) for customer, summaries in found]
        books.showing.page(Rows("customers", CUSTOMERS, rows, next_after))


@customers.command("show")
def show_customer(
    named: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Its number, reference, uid or e-mail.")],
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """One customer: who, whose, its plan and balance, what it was charged by currency, its newest transactions."""
    with books_of(tenant, as_json=as_json) as books:
        with books.back.store.reading(books.tenant_id) as reader:
            customer = customer_named(reader, named)
            fields = _fields(reader, customer)
            summaries = [_summary(summary) for summary in reader.summaries([customer.number])]
            above = [_near(other) for other in _above(reader, customer)]
        below = [_near(other) for other in books.back.owned.below(books.tenant_id, customer.number, NEAR_MAX)]
        newest = books.back.transactions.newest_of(books.tenant_id, customer.number, NEWEST)
        books.showing.one(
            fields,
            Rows("above", NEAR, above),
            Rows("below", NEAR, below),
            Rows("summaries", SUMMARIES, summaries),
            Rows("transactions", TRANSACTIONS, [transaction_row(transaction) for transaction in newest]),
        )


def customer_named(reader: Reader, named: str) -> CustomerFact:
    """The live customer with this number, reference, uid or e-mail, tried in this order; raises CustomerUnknown, and
    ends the command where an e-mail is that of several."""
    if not is_storable(named):
        raise CustomerUnknown
    if named.isascii() and named.isdigit() and len(named) <= DIGITS_MAX:
        for customer in reader.find(CustomerFact, number=int(named), deleted_at=None):
            return customer
    for customer in [
        *reader.find(CustomerFact, reference=named, deleted_at=None),
        *reader.find(CustomerFact, uid=named, deleted_at=None),
    ]:
        return customer
    found = reader.first(
        CustomerFact, NEAR_MAX, order=("created_at", "number"), email_folded=folded_email(named), deleted_at=None
    )
    if len(found) > 1:
        fail(f"Several customers have this e-mail: give a number. {', '.join(str(one.number) for one in found)}.")
    if not found:
        raise CustomerUnknown
    return found[0]


def _found(books: Books, search: str, limit: int) -> tuple[_Summed, None]:
    return books.back.queries.customers(books.tenant_id, search, Page(1, limit)).rows, None


def _by_number(books: Books, limit: int, after: int) -> tuple[_Summed, int | None]:
    with books.back.store.reading(books.tenant_id) as reader:
        least = max(after, ROOT_NUMBER) + 1
        found = reader.page(CustomerFact, "number", least, limit + 1, deleted_at=None)
        customers, next_after = page_of(found, limit, lambda customer: customer.number)
        summaries: dict[int, list[SummaryFact]] = {}
        for summary in reader.summaries([customer.number for customer in customers]):
            summaries.setdefault(summary.customer_number, []).append(summary)
    return [(customer, summaries.get(customer.number, [])) for customer in customers], next_after


def _row(customer: CustomerFact, summaries: list[SummaryFact]) -> Sequence[Value]:
    return (
        customer.number,
        customer.reference,
        customer.email,
        customer.name,
        customer.parent_number,
        customer.plan_number or None,
        _balance(customer),
        [Money(summary.sum_minor, summary.currency) for summary in summaries],
        _at(customer.last_seen_at),
    )


def _fields(reader: Reader, customer: CustomerFact) -> dict[str, Value]:
    plans = reader.find(PlanFact, number=customer.plan_number) if customer.plan_number else []
    return {
        "number": customer.number,
        "reference": customer.reference,
        "email": customer.email,
        "name": customer.name,
        "uid": customer.uid,
        "parent": customer.parent_number or None,
        "plan": plans[0].identifier if plans else None,
        "balance": _balance(customer),
        "bill_type": customer.bill_type,
        "timezone": customer.timezone,
        "country": customer.country,
        "origin": customer.origin,
        "sessions": customer.sessions,
        "last_seen_at": _at(customer.last_seen_at),
        "created_at": Instant(customer.created_at),
        "updated_at": Instant(customer.updated_at),
    }


def _above(reader: Reader, customer: CustomerFact) -> list[CustomerFact]:
    """Everybody above it, the root first."""
    numbers = [int(number) for number in customer.path.split(".") if number][:-1]
    return reader.find(CustomerFact, order=("path",), number=numbers) if numbers else []


def _near(customer: CustomerFact) -> Sequence[Value]:
    return customer.number, customer.reference, customer.name


def _summary(summary: SummaryFact) -> Sequence[Value]:
    currency, last_minor = summary.currency, summary.last_amount_minor
    return (
        currency,
        summary.charge_count,
        Money(summary.sum_minor, currency),
        Money(summary.refunded_minor, currency),
        _at(summary.first_at),
        _at(summary.last_at),
        None if last_minor is None else Money(last_minor, currency),
    )


def _balance(customer: CustomerFact) -> Money | None:
    return Money(customer.balance_minor, customer.currency) if customer.currency else None


def _at(instant: int | None) -> Instant | None:
    return None if instant is None else Instant(instant)
