"""Rows of every class for the store's tests: filled by the types of the fields, distinct by a number."""

from __future__ import annotations

from typing import Any, TypeVar, get_type_hints

from tollhouse.ledger.facts import CustomerFact, Fact, PaymentFact

F = TypeVar("F", bound=Fact)

LARGEST = 2**63 - 1


def row(kind: type[F], number: int, /, **given: Any) -> F:
    """A row of tenant 1. Of fields that may be empty, every second row leaves all empty."""
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if name == "tenant_id":
            values[name] = 1
        elif hint is int:
            values[name] = number
        elif hint is str:
            values[name] = f"{name} {number} 'quoted' \"twice\" \\ % ? :x é日🙂"
        else:
            values[name] = None if number % 2 else (number if "int" in str(hint) else f"{name} {number}")
    return kind(**{**values, **given})


def customer(number: int, **given: Any) -> CustomerFact:
    """A live customer without reference and e-mail, unless they are given."""
    values: dict[str, Any] = {
        "reference": None,
        "email": None,
        "email_folded": None,
        "is_guest": 0,
        "created_at": number,
        "deleted_at": None,
        "balance_minor": 0,
        "sessions": 0,
        "last_seen_at": None,
    }
    return row(CustomerFact, number, **{**values, **given})


def payment(number: int, **given: Any) -> PaymentFact:
    """A pending payment to be looked up at the instant of its number."""
    return row(PaymentFact, number, **{"state": "pending", "look_up_at": number, **given})
