"""Customers as resellers keep them: made below a parent, changed, moved with all below them, deleted and undeleted.

Whoever changes the tree holds it: the root's row is locked, so that no customer is made below one that moves or goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money
from tollhouse.domain.identity import folded_email
from tollhouse.domain.money import OutOfRange, TooPrecise
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import (
    Caller,
    CreateCustomer,
    DeleteCustomer,
    MoveCustomer,
    UndeleteCustomer,
    UpdateCustomer,
)
from tollhouse.ledger.details import CustomerDetails, details_of, fact_from_details
from tollhouse.ledger.enrolling import customer_changed
from tollhouse.ledger.exchanging import check_known
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, CustomerDetailsFact, CustomerFact, TransactionFact
from tollhouse.ledger.refusals import (
    AffiliateUnknown,
    BalanceRefused,
    CurrencyFixed,
    CustomerInUse,
    CustomerUnknown,
    EmailTaken,
    ParentDecides,
    ParentIsBelow,
    ParentTooDeep,
    ParentUnknown,
    ReferenceReserved,
    ReferenceTaken,
)
from tollhouse.ledger.seeing import customer_ever_seen, customer_held, plan_to_give
from tollhouse.ledger.transacting import adjust, check_adjustable

ORIGIN: Final = "enswitch"

#: Characters of a path: more than a hundred levels.
PATH_LENGTH_MAX: Final = 1000

#: What the parent says of a customer, and nobody of their own: the terms between the two.
_PARENT_DECIDES: Final = (
    *("plan_number", "balance", "currency", "bill_type", "country", "reference"),
    *("affiliate_customer", "affiliate_percentage", "affiliate_type"),
    *("bulk_calls", "call_maximum", "credit_limit", "invoice_due_delay", "locked"),
)
#: Characters of a customer's part of a path.
NUMBER_LENGTH_MAX: Final = 11

_LOOKED_AT: Final = 500

_TENANT: Final = Caller(person_id=0, customer_number=ROOT_NUMBER, path=ROOT_PATH, may_reach_below=True)


class CustomerCreated(msgspec.Struct, frozen=True, gc=False):
    """`number` is 0 where the command was only to be decided."""

    number: int

    @property
    def fact_id(self) -> int:
        return self.number


class CustomerChanged(msgspec.Struct, frozen=True, gc=False):
    number: int


# Creating.


def create(book: Book, command: CreateCustomer) -> CustomerCreated:
    caller = command.caller
    number = caller.customer_number if command.parent_number is None else command.parent_number
    parent = _parent(book, caller, number)
    plan = plan_to_give(book, caller, parent, command.plan_number)
    currency = command.currency or plan.currency
    check_known(book, currency, plan.currency)
    opening_minor = _balance_minor(command.balance, currency)
    _check_reference(book, caller, command.reference or None, number=None)
    details = CustomerDetails(**dict[str, Any](command.details))
    _check_affiliate(book, caller, details.affiliate_customer, number=None)
    _check_depth(len(parent.path) + NUMBER_LENGTH_MAX)
    if command.validation:
        return CustomerCreated(0)
    customer = _new_customer(book, command, parent, currency, opening_minor)
    book.add_customer(customer)
    if details != CustomerDetails():
        book.put(fact_from_details(book.tenant_id, customer.number, details))
    customer_changed(book, None, customer)
    return CustomerCreated(customer.number)


def replay_create(book: Book, command: CreateCustomer, fact_id: int) -> CustomerCreated:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, fact_id)
    return CustomerCreated(fact_id)


def _new_customer(
    book: Book, command: CreateCustomer, parent: CustomerFact, currency: str, opening_minor: int
) -> CustomerFact:
    number = book.next_number("customer")
    return CustomerFact(
        tenant_id=book.tenant_id,
        number=number,
        uid=str(uuid.uuid4()),
        reference=command.reference or None,
        email=command.email,
        email_folded=folded_email(command.email),
        is_guest=0,
        name=command.name,
        parent_number=parent.number,
        path=f"{parent.path}{number}.",
        plan_number=command.plan_number,
        currency=currency,
        currency_lock=None,
        balance_minor=opening_minor,
        opening_balance_minor=opening_minor,
        bill_type=command.bill_type,
        timezone=command.timezone or parent.timezone or book.tenant.timezone,
        country=command.country,
        sessions=0,
        last_seen_at=None,
        origin=ORIGIN,
        created_at=book.now,
        updated_at=book.now,
    )


# Changing.


def update(book: Book, command: UpdateCustomer) -> CustomerChanged:
    caller = command.caller
    customer = customer_held(book, caller, command.customer_number)
    if command.currency is not None:
        check_known(book, command.currency, *((customer.currency,) if customer else ()))
    if customer is None:
        raise CustomerUnknown
    changes = _changes(command, customer)
    kept = details_of(book, customer.number)
    details = replace(kept, **dict[str, Any](command.details))
    currency = changes.get("currency", customer.currency)
    difference_minor = 0
    if command.balance is not None:
        difference_minor = _balance_minor(command.balance, currency) - customer.balance_minor
    _check_own(caller, customer, {*changes, *_differing(kept, details), *(("balance",) if difference_minor else ())})
    _check_changes(book, caller, customer, changes)
    if details.affiliate_customer != kept.affiliate_customer:
        _check_affiliate(book, caller, details.affiliate_customer, number=customer.number)
    check_adjustable(customer, difference_minor)
    if not command.validation:
        _apply(book, caller, customer, changes, difference_minor)
        if details != kept:
            book.put(fact_from_details(book.tenant_id, customer.number, details))
    return CustomerChanged(customer.number)


def _changes(command: UpdateCustomer, customer: CustomerFact) -> dict[str, Any]:
    """The columns that become others, by name."""
    names = ("name", "email", "plan_number", "currency", "bill_type", "timezone", "country")
    given = {name: value for name in names if (value := getattr(command, name)) is not None}
    if command.reference is not None:
        given["reference"] = command.reference or None
    return {name: value for name, value in given.items() if value != getattr(customer, name)}


def _differing(kept: CustomerDetails, details: CustomerDetails) -> list[str]:
    names = CustomerDetails.__struct_fields__
    return [name for name in names if getattr(kept, name) != getattr(details, name)]


def _check_own(caller: Caller, customer: CustomerFact, changed: set[str]) -> None:
    """The root has no parent: its people decide themselves."""
    if customer.number == caller.customer_number and customer.number != ROOT_NUMBER:
        for name in _PARENT_DECIDES:
            if name in changed:
                raise ParentDecides(name)


def _check_changes(book: Book, caller: Caller, customer: CustomerFact, changes: dict[str, Any]) -> None:
    if "plan_number" in changes:
        number = customer.parent_number or customer.number
        (parent,) = book.find(CustomerFact, number=number)
        plan_to_give(book, caller, parent, changes["plan_number"])
    if "currency" in changes and _has_account(book, customer):
        raise CurrencyFixed
    if "reference" in changes:
        _check_reference(book, caller, changes["reference"], number=customer.number)
    if {"email", "reference"} & changes.keys():
        email = changes.get("email", customer.email)
        _check_guest(book, customer, email, changes.get("reference", customer.reference))


def _has_account(book: Book, customer: CustomerFact) -> bool:
    """Whether there is anything that the customer's currency says how to read."""
    return bool(customer.balance_minor) or book.unit.exists(TransactionFact, customer_number=customer.number)


def _apply(book: Book, caller: Caller, customer: CustomerFact, changes: dict[str, Any], difference_minor: int) -> None:
    before = copy(customer)
    if "email" in changes:
        changes["email_folded"] = folded_email(changes["email"])
    if changes:
        book.change_customer(customer, **changes)
        customer_changed(book, before, customer)
    if difference_minor:
        adjust(book, caller, customer, difference_minor)


# Deleting and undeleting.


def delete(book: Book, command: DeleteCustomer) -> CustomerChanged:
    _hold_tree(book)
    customer = customer_held(book, command.caller, command.customer_number)
    if customer is None:
        raise CustomerUnknown
    _check_not_top(command.caller, customer, "deleted")
    if book.unit.exists(CustomerFact, parent_number=customer.number, deleted_at=None):
        raise CustomerInUse("This customer has customers of its own.")
    if _is_affiliate(book, customer):
        raise CustomerInUse("This customer is the affiliate of another.")
    before = copy(customer)
    book.change_customer(customer, deleted_at=book.now)
    customer_changed(book, before, customer)
    return CustomerChanged(customer.number)


def delete_for_tenant(book: Book, find: Callable[[], CustomerFact | None]) -> CustomerFact:
    """Delete the customer whom `find` gives, for somebody with a key of the tenant, who reaches all of its customers.

    Raises CustomerUnknown, or CustomerInUse where that cannot be.
    """
    _hold_tree(book)
    customer = find()
    if customer is None:
        raise CustomerUnknown
    delete(book, DeleteCustomer(tenant_id=book.tenant_id, caller=_TENANT, customer_number=customer.number))
    return customer


def undelete(book: Book, command: UndeleteCustomer) -> CustomerChanged:
    """One that is not deleted stays as it is."""
    _hold_tree(book)
    customer = book.customer(command.customer_number)
    if customer is None or not command.caller.reaches(customer.path):
        raise CustomerUnknown
    if customer.deleted_at is None:
        return CustomerChanged(customer.number)
    if not book.find(CustomerFact, number=customer.parent_number, deleted_at=None):
        raise CustomerInUse("The parent of this customer is deleted.")
    if customer.reference is not None and book.customer_by_reference(customer.reference) is not None:
        raise ReferenceTaken
    _check_guest(book, customer, customer.email, customer.reference)
    before = copy(customer)
    book.change_customer(customer, deleted_at=None)
    customer_changed(book, before, customer)
    return CustomerChanged(customer.number)


def _is_affiliate(book: Book, customer: CustomerFact) -> bool:
    """Whether a live customer names this one as its affiliate."""
    rows = book.find(CustomerDetailsFact, affiliate_number=customer.number)
    numbers = [row.customer_number for row in rows]
    parts = (numbers[first : first + _LOOKED_AT] for first in range(0, len(numbers), _LOOKED_AT))
    return any(book.unit.exists(CustomerFact, number=part, deleted_at=None) for part in parts)


# Moving.


def move(book: Book, command: MoveCustomer) -> CustomerChanged:
    """What is below the customer comes along, on the plans it has. Charges of the customer are the new parent's."""
    _hold_tree(book)
    customer = customer_held(book, command.caller, command.customer_number)
    if customer is None:
        raise CustomerUnknown
    _check_not_top(command.caller, customer, "moved")
    parent = _parent(book, command.caller, command.parent_number)
    if parent.path.startswith(customer.path):
        raise ParentIsBelow
    plan_to_give(book, command.caller, parent, command.plan_number)
    longer_by = len(parent.path) + len(f"{customer.number}.") - len(customer.path)
    _check_depth(book.unit.longest_path(customer.number) + longer_by)
    before = copy(customer)
    book.change_customer(customer, plan_number=command.plan_number)
    if parent.number != customer.parent_number:
        book.move_customer(customer, parent)
    customer_changed(book, before, customer)
    return CustomerChanged(customer.number)


# What may be.


def _hold_tree(book: Book) -> None:
    """Lock the root, and with it the tree, until this unit of work ends."""
    book.customer(ROOT_NUMBER)


def _parent(book: Book, caller: Caller, number: int) -> CustomerFact:
    """The live customer with this number, locked in its place. Raises ParentUnknown."""
    if number != ROOT_NUMBER:
        _hold_tree(book)
    parent = customer_held(book, caller, number)
    if parent is None:
        raise ParentUnknown
    return parent


def _check_not_top(caller: Caller, customer: CustomerFact, done: str) -> None:
    if customer.number == ROOT_NUMBER:
        raise CustomerInUse(f"The system owner cannot be {done}.")
    if customer.number == caller.customer_number:
        raise CustomerInUse(f"Your own customer cannot be {done}.")


def _check_depth(path_length: int) -> None:
    if path_length > PATH_LENGTH_MAX:
        raise ParentTooDeep


def _check_reference(book: Book, caller: Caller, reference: str | None, *, number: int | None) -> None:
    if reference is None and number is None:
        return
    if caller.customer_number != ROOT_NUMBER:
        raise ReferenceReserved
    known = None if reference is None else book.customer_by_reference(reference)
    if known is not None and known.number != number:
        raise ReferenceTaken


def _check_guest(book: Book, customer: CustomerFact, email: str | None, reference: str | None) -> None:
    """A guest, whom its e-mail alone names, is the only one with it."""
    if not customer.is_guest or reference is not None or email is None:
        return
    folded = folded_email(email)
    guests = book.find(CustomerFact, email_folded=folded, is_guest=1, reference=None, deleted_at=None)
    if any(guest.number != customer.number for guest in guests):
        raise EmailTaken


def _check_affiliate(book: Book, caller: Caller, affiliate_number: int, *, number: int | None) -> None:
    if affiliate_number and (affiliate_number == number or customer_held(book, caller, affiliate_number) is None):
        raise AffiliateUnknown


def _balance_minor(balance: Decimal, currency: str) -> int:
    try:
        return money.minor_from_major(balance, currency)
    except (TooPrecise, OutOfRange) as error:
        raise BalanceRefused(str(error)) from error
