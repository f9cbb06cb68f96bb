"""What customers pay with. A customer's payment methods change while the customer is locked; one at most is the
default."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import (
    ConfirmPaymentMethod,
    GatewayMethod,
    RemovePaymentMethod,
    SavePaymentMethod,
    SetDefaultMethod,
)
from tollhouse.ledger.events.emitting import emit
from tollhouse.ledger.events.objects import payment_method_object
from tollhouse.ledger.facts import CustomerFact, PaymentMethodDetailsFact, PaymentMethodFact
from tollhouse.ledger.refusals import CustomerUnknown, DefaultMethodNeeded, PaymentMethodUnknown
from tollhouse.ledger.sight import Finds

USABLE = "succeeded"
UNPROVEN = "requires_action"
REMOVED = "removed"

#: What a purchase is paid with where nothing else was chosen.
DEFAULT_METHOD: Final[dict[str, Any]] = {"is_default": 1, "state": USABLE}


class MethodSaved(msgspec.Struct, frozen=True):
    """`is_new` when the customer could not pay with it before, and can now."""

    method: PaymentMethodFact
    is_new: bool


def save(book: Book, command: SavePaymentMethod) -> MethodSaved:
    customer = _held(book, command.customer_number)
    rows = book.find(PaymentMethodFact, customer_number=customer.number, gateway=command.gateway, token=command.token)
    known = rows[0] if rows else None
    is_new = known is None or known.state != USABLE
    method = known or _new_method(book, customer, command)
    if is_new:
        method = replace(method, state=UNPROVEN, is_default=0)
    if is_new or command.shown is not None:
        shown = command.shown or GatewayMethod("card")
        book.put(details_from(method, shown, details_of(book, method), book.now))
    book.put(method)
    if not command.is_proven:
        return MethodSaved(method, is_new=False)
    return MethodSaved(_have(book, customer, method, is_default=command.is_default), is_new)


def prove(book: Book, customer: CustomerFact, gateway: str, token: str) -> None:
    """What a customer has just paid with is theirs from now on, if it was not before."""
    for method in book.find(PaymentMethodFact, customer_number=customer.number, gateway=gateway, token=token):
        if method.state == UNPROVEN:
            _have(book, customer, method, is_default=None)


def _have(
    book: Book, customer: CustomerFact, method: PaymentMethodFact, *, is_default: bool | None
) -> PaymentMethodFact:
    """The payment method as the customer can use it."""
    is_new = method.state != USABLE
    wants_default = _default(book, customer) is None if is_default is None else is_default
    if wants_default and not method.is_default:
        _take_default(book, customer)
        method = replace(method, is_default=1)
        if not is_new:
            _tell(book, customer, "updated", method, was_default=False)
    method = replace(method, state=USABLE)
    book.put(method)
    if is_new:
        _tell(book, customer, "created", method)
    return method


def set_default(book: Book, command: SetDefaultMethod) -> PaymentMethodFact:
    customer = _held(book, command.customer_number)
    method = _usable(book, customer, command.payment_method_id)
    if method.is_default:
        return method
    _take_default(book, customer)
    method = replace(method, is_default=1)
    book.put(method)
    _tell(book, customer, "updated", method, was_default=False)
    return method


def remove(book: Book, command: RemovePaymentMethod) -> PaymentMethodFact:
    customer = _held(book, command.customer_number)
    method = _usable(book, customer, command.payment_method_id)
    if method.is_default and len(methods_of(book, customer.number)) > 1:
        raise DefaultMethodNeeded
    method = replace(method, state=REMOVED, is_default=0)
    book.put(method)
    _tell(book, customer, "deleted", method)
    return method


def confirm(book: Book, command: ConfirmPaymentMethod) -> PaymentMethodFact:
    """The payment method by which the gateway knows the card from now on: another one, where it was saved before."""
    customer = _held(book, command.customer_number)
    rows = book.find(PaymentMethodFact, customer_number=customer.number, payment_method_id=command.payment_method_id)
    method = rows[0] if rows else None
    if method is None or method.state == REMOVED:
        raise PaymentMethodUnknown
    others = book.find(PaymentMethodFact, customer_number=customer.number, gateway=method.gateway, token=command.token)
    if others:
        other = others[0]
        state = method.state if other.state == REMOVED else other.state
        confirmed = replace(other, state=state, is_default=other.is_default or method.is_default)
        book.put(replace(method, state=REMOVED, is_default=0))
    else:
        confirmed = replace(method, token=command.token)
    book.put(confirmed)
    return confirmed


def methods_of(facts: Finds, customer_number: int) -> list[PaymentMethodFact]:
    """What a customer can pay with, the newest first."""
    found = facts.find(PaymentMethodFact, customer_number=customer_number, state=USABLE)
    return sorted(found, key=lambda method: (-method.created_at, -method.payment_method_id))


def details_of(facts: Finds, method: PaymentMethodFact) -> PaymentMethodDetailsFact | None:
    rows = facts.find(PaymentMethodDetailsFact, payment_method_id=method.payment_method_id)
    return rows[0] if rows else None


def details_from(
    method: PaymentMethodFact, shown: GatewayMethod, kept: PaymentMethodDetailsFact | None, now: int
) -> PaymentMethodDetailsFact:
    """What is kept of a payment method once this is what may be shown; what says the same stays as it is."""
    details = PaymentMethodDetailsFact(
        tenant_id=method.tenant_id, payment_method_id=method.payment_method_id, **asdict(shown), modified_at=now
    )
    return kept if kept is not None and kept == replace(details, modified_at=kept.modified_at) else details


def _held(book: Book, number: int) -> CustomerFact:
    customer = book.customer(number)
    if customer is None or customer.deleted_at is not None:
        raise CustomerUnknown
    return customer


def _usable(book: Book, customer: CustomerFact, payment_method_id: int) -> PaymentMethodFact:
    for method in methods_of(book, customer.number):
        if method.payment_method_id == payment_method_id:
            return method
    raise PaymentMethodUnknown


def _default(book: Book, customer: CustomerFact) -> PaymentMethodFact | None:
    return next((method for method in methods_of(book, customer.number) if method.is_default), None)


def _take_default(book: Book, customer: CustomerFact) -> None:
    for method in methods_of(book, customer.number):
        if method.is_default:
            other = replace(method, is_default=0)
            book.put(other)
            _tell(book, customer, "updated", other, was_default=True)


def _tell(
    book: Book, customer: CustomerFact, what: str, method: PaymentMethodFact, was_default: bool | None = None
) -> None:
    previous = None if was_default is None else {"is_default": was_default}
    details = details_of(book, method)
    if details is not None and what != "created":
        details = replace(details, modified_at=book.now)
        book.put(details)
    emit(
        book,
        f"payment_method.{what}",
        customer,
        lambda: payment_method_object(book, customer, method, details),
        previous=previous,
    )


def _new_method(book: Book, customer: CustomerFact, command: SavePaymentMethod) -> PaymentMethodFact:
    return PaymentMethodFact(
        tenant_id=book.tenant_id,
        payment_method_id=book.next_number("payment_method"),
        customer_number=customer.number,
        gateway=command.gateway,
        token=command.token,
        is_default=0,
        state=USABLE,
        created_at=book.now,
    )
