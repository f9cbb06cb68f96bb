"""What an identify call says of a customer: names, phone, traits. What it does not say stays."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.domain.identity import folded_email
from tollhouse.domain.sortable import sort_key
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Identity, ProfileTold, Track
from tollhouse.ledger.commands.tracking import TraitValue
from tollhouse.ledger.facts import CustomerFact, CustomerTraitFact, TrackedCustomerFact
from tollhouse.ledger.identities import ORIGIN
from tollhouse.ledger.tracking import definitions

_JSON = msgspec.json.Encoder(decimal_format="number")


def identify(book: Book, customer: CustomerFact, identity: Identity, told: ProfileTold, command: Track) -> None:
    """Take down a profile. By anybody's word alone, name and e-mail that another door knows are not changed."""
    kept = tracked_of(book, customer)
    known = names_of(customer, kept)
    is_trusted = not command.is_public or customer.origin == ORIGIN
    names = _names_told(known, told) if is_trusted or not customer.name else known
    if is_trusted and identity.email is not None:
        _set_email(book, customer, identity.email)
    if names != known:
        book.change_customer(customer, name=_joined(names))
    profile = _profile(kept, names, told, command)
    if profile != kept:
        book.put(profile)
    changes = [_set_trait(book, customer, field, value) for field, value in told.traits]
    if profile != kept or any(changes):
        book.stamp(customer)


def tracked_of(book: Book, customer: CustomerFact) -> TrackedCustomerFact:
    """What Beacon keeps of a customer; of one without a row nothing but the parts of its name."""
    kept = book.kept(TrackedCustomerFact, customer_number=customer.number)
    if kept is not None:
        return kept
    first_name, last_name = split_name(customer.name)
    return TrackedCustomerFact(
        tenant_id=customer.tenant_id,
        customer_number=customer.number,
        first_name=first_name,
        last_name=last_name,
        phone="",
        signed_up_at=None,
        ip="",
        country="",
        user_agent="",
        notes="",
        unsubscribed_at=None,
    )


def split_name(name: str) -> tuple[str, str]:
    """First and last name: what comes before the first blank, and the rest."""
    parts = name.split(maxsplit=1)
    return (parts[0], parts[1].rstrip()) if len(parts) > 1 else ("".join(parts), "")


def names_of(customer: CustomerFact, tracked: TrackedCustomerFact | None) -> tuple[str, str]:
    """First and last name as they were sent; where another door has changed the name since, as it splits."""
    if tracked is not None and _joined((tracked.first_name, tracked.last_name)) == customer.name:
        return tracked.first_name, tracked.last_name
    return split_name(customer.name)


def _joined(names: tuple[str, str]) -> str:
    return " ".join(filter(None, names))


def _names_told(known: tuple[str, str], told: ProfileTold) -> tuple[str, str]:
    """First and last name after a call: each as it says, or as its `name` splits, or as they were."""
    first_name, last_name = known if told.name is None else split_name(told.name)
    return told.first_name or first_name, told.last_name or last_name


def _set_email(book: Book, customer: CustomerFact, email: str) -> None:
    folded = folded_email(email)
    if customer.email_folded != folded:
        book.rename_email(customer, email, folded)


def _profile(
    kept: TrackedCustomerFact, names: tuple[str, str], told: ProfileTold, command: Track
) -> TrackedCustomerFact:
    given: dict[str, Any] = dict(zip(("first_name", "last_name"), names, strict=True))
    if told.phone is not None:
        given["phone"] = told.phone
    if told.signed_up_at is not None:
        given["signed_up_at"] = told.signed_up_at
    ip = told.ip or (command.browser.ip if command.browser is not None else "")
    if ip:
        given |= {"ip": ip, "country": command.places.get(ip, "")}
    if command.browser is not None and command.browser.user_agent:
        given["user_agent"] = command.browser.user_agent
    return replace(kept, **given)


def _set_trait(book: Book, customer: CustomerFact, field: str, value: TraitValue) -> bool:
    """Whether anything was changed."""
    kept = book.kept(CustomerTraitFact, customer_number=customer.number, field=field)
    if value is None:
        if kept is not None:
            book.remove(kept, "customer_number", "field")
        return kept is not None
    definitions.trait(book, field, value)
    text = _JSON.encode(value).decode()
    if kept is not None and kept.value == text:
        return False
    book.put(CustomerTraitFact(book.tenant_id, customer.number, field, text, sort_key(value), book.now))
    return True
