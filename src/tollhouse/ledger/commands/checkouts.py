"""Checkout sessions: pages on which one customer can buy one plan once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from tollhouse.ledger.commands.command import Command

#: The key space of purchases on checkout pages: keys are made of sessions and attempts.
CHECKOUT_SCOPE = "checkout"


class OpenCheckout(Command, frozen=True, kw_only=True):
    """Make a page for a customer; without a reference for a new one. Refused is what could not be bought there at all.

    `metadata` is the JSON text that was sent. The page may be used for `open_seconds`.
    """

    plan_identifier: str
    customer_reference: str | None
    quantities: tuple[tuple[str, int], ...]
    currency: str | None
    ip_address: str | None
    country_of_ip: str | None
    custom_amount: Decimal | None
    tax_behavior: str | None
    success_url: str
    cancel_url: str
    email: str
    locks_email: bool
    country: str
    metadata: str
    open_seconds: int

    numbers: ClassVar[tuple[str, ...]] = ("customer", "checkout_session")

    def content(self) -> Any:
        """How long the page is open is a setting, and where an address is found our map's: neither is the caller's."""
        return super(OpenCheckout, msgspec.structs.replace(self, open_seconds=0, country_of_ip=None)).content()
