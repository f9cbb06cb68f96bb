"""Customers as Kelviq's callers keep them: named by a reference that is never given twice."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from tollhouse.ledger.commands.command import Command

#: Pairs of a name and its text, in the order of the names.
Texts = tuple[tuple[str, str], ...]


class RegisterCustomer(Command, frozen=True, kw_only=True):
    """Make a customer with this reference below the tenant itself.

    The country of a `billing_address`, an upper-case ISO 3166-1 code, is the one that prices go by.
    """

    reference: str
    email: str | None = None
    name: str = ""
    metadata: Texts = ()
    billing_address: Texts = ()

    numbers: ClassVar[tuple[str, ...]] = ("customer",)


class ChangeRegistered(Command, frozen=True, kw_only=True):
    """Change what is given of a customer: UNSET leaves a field as it is. Metadata and address are replaced whole."""

    reference: str
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    metadata: Texts | msgspec.UnsetType = msgspec.UNSET
    billing_address: Texts | msgspec.UnsetType = msgspec.UNSET

    alone: ClassVar[bool] = True

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are to change, by name."""
        names = ("email", "name", "metadata", "billing_address")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not msgspec.UNSET}


class ArchiveCustomer(Command, frozen=True, kw_only=True):
    """Delete a customer for good: nobody at this door can use its reference again."""

    reference: str

    alone: ClassVar[bool] = True
