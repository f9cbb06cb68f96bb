"""What Beacon's callers tell of customers besides charges."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from tollhouse.ledger.commands.command import Command
from tollhouse.ledger.commands.recording import Identity, RecordedItem

#: What a trait may be of a customer; None takes it away.
TraitValue = str | bool | int | Decimal | None


class ProfileTold(msgspec.Struct, frozen=True):
    """What an identify call says of a customer; None is not said."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    signed_up_at: int | None = None
    ip: str | None = None
    traits: tuple[tuple[str, TraitValue], ...] = ()


class EventTold(msgspec.Struct, frozen=True):
    """What a customer did: `properties` is a JSON object, `effective_at` None the moment of recording."""

    action: str
    properties: str
    effective_at: int | None


class PageTold(msgspec.Struct, frozen=True):
    """A visit of a page. `page` is the part of its `url` that tells pages apart."""

    page: str
    url: str
    title: str
    effective_at: int | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """All that one call says of one customer. Without a profile and items it says nothing, and nobody is made."""

    identity: Identity
    profile: ProfileTold | None = None
    events: tuple[EventTold, ...] = ()
    charges: tuple[RecordedItem, ...] = ()
    tags: tuple[str, ...] = ()
    pages: tuple[PageTold, ...] = ()
    touch_session: bool = True

    @property
    def says_something(self) -> bool:
        return self.profile is not None or bool(self.events or self.charges or self.tags or self.pages)

    @property
    def weight(self) -> int:
        traits = len(self.profile.traits) if self.profile is not None else 0
        return 1 + traits + len(self.events) + len(self.charges) + len(self.tags) + len(self.pages)


class Browser(msgspec.Struct, frozen=True):
    """Who spoke, where that is the customer's own browser and not a server."""

    ip: str
    user_agent: str


class Track(Command, frozen=True, kw_only=True):
    """Take down what is said of customers, all of it or none. Charges are told of one customer at a time.

    What the connection says (`browser`), and the countries of addresses (`places`), is no part of what is said: a
    repeat may come from elsewhere. With `is_public` the caller is anybody: what other doors keep of a customer is not
    overwritten.
    """

    operation: str
    people: tuple[Told, ...]
    is_public: bool = False
    browser: Browser | None = None
    places: Mapping[str, str] = MappingProxyType({})

    @property
    def weight(self) -> int:
        return sum(told.weight for told in self.people) or 1

    def numbers_wanted(self) -> dict[str, int]:
        events = sum(len(told.events) for told in self.people)
        traits = sum(len(told.profile.traits) for told in self.people if told.profile is not None)
        return {
            "customer": len(self.people),
            "transaction": sum(len(told.charges) for told in self.people),
            "tracked_event": events,
            "definition": events + traits + sum(len(told.tags) for told in self.people),
        }

    def content(self) -> Any:
        """As of every command; and which traits are numbers that have texts for twins."""
        profiles = [told.profile for told in self.people]
        numbers = [
            [place, field]
            for place, profile in enumerate(profiles)
            for field, value in (profile.traits if profile is not None else ())
            if isinstance(value, Decimal)
        ]
        return [*super().content(), *numbers]


class TagCustomer(Command, frozen=True, kw_only=True):
    """Give a customer a tag, or take it away."""

    customer_uid: str
    name: str
    has_tag: bool

    numbers: ClassVar[tuple[str, ...]] = ("definition",)


class WriteNotes(Command, frozen=True, kw_only=True):
    customer_uid: str
    notes: str


class Unsubscribe(Command, frozen=True, kw_only=True):
    """Note that a customer wants no more e-mail."""

    customer_uid: str


class ForgetCustomer(Command, frozen=True, kw_only=True):
    """Delete a customer. Its reference may be given again, to somebody new."""

    customer_uid: str

    alone: ClassVar[bool] = True


class ChangeProject(Command, frozen=True, kw_only=True):
    """Name the tenant, or say where its website is; None leaves it."""

    name: str | None = None
    website: str | None = None
