"""What is kept of a customer for those who buy: metadata and a billing address, whose country is the customer's own."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.ledger.facts import CustomerFact, CustomerProfileFact
from tollhouse.ledger.sight import Finds


class Profile(msgspec.Struct, frozen=True):
    metadata: dict[str, Any] = {}
    billing_address: dict[str, str] = {}


def profile_of(facts: Finds, customer: CustomerFact) -> Profile:
    """A customer's profile; one without a row has no more than its country."""
    rows = facts.find(CustomerProfileFact, customer_number=customer.number)
    return profile_from(customer, rows[0] if rows else None)


def profile_from(customer: CustomerFact, row: CustomerProfileFact | None) -> Profile:
    """The country is the one that prices go by, whoever said it last."""
    if row is None:
        return Profile({}, _located({}, customer.country))
    address = msgspec.json.decode(row.billing_address, type=dict[str, str])
    return Profile(msgspec.json.decode(row.metadata, type=dict[str, Any]), _located(address, customer.country))


def fact_from_profile(customer: CustomerFact, profile: Profile) -> CustomerProfileFact:
    return CustomerProfileFact(
        tenant_id=customer.tenant_id,
        customer_number=customer.number,
        metadata=msgspec.json.encode(profile.metadata).decode(),
        billing_address=msgspec.json.encode(profile.billing_address).decode(),
    )


def _located(address: dict[str, str], country: str) -> dict[str, str]:
    others = {name: text for name, text in address.items() if name != "country"}
    return {"country": country, **others} if country else others
