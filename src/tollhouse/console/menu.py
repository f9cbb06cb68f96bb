"""The places of the console, in the order of the menu. Each is shown to whoever may open it."""

from __future__ import annotations

from typing import Final, NamedTuple

from tollhouse.console import access
from tollhouse.console.access import Opens
from tollhouse.console.visits import PATH, Guest


class Place(NamedTuple):
    """`path` is below /console; all paths below it belong to it."""

    path: str
    label: str
    opens: Opens
    group: str = ""


PLACES: Final = (
    Place("", "Overview", access.FIGURES),
    Place("/customers", "Customers", access.CUSTOMERS),
    Place("/charges", "Charges", access.CHARGES),
    Place("/transactions", "Transactions", access.TRANSACTIONS),
    Place("/plans", "Plans", access.PLANS, "Catalog"),
    Place("/products", "Products and prices", access.CATALOG, "Catalog"),
    Place("/taxes", "Taxes", access.TAXES, "Catalog"),
    Place("/rates", "Exchange rates", access.RATES, "Catalog"),
    Place("/webhooks", "Webhooks", access.WEBHOOKS, "Settings"),
    Place("/keys", "API keys", access.KEYS, "Settings"),
    Place("/people", "People", access.PEOPLE, "Settings"),
    Place("/roles", "Roles", access.ROLES, "Settings"),
    Place("/audit", "Audit log", access.AUDIT, "Settings"),
)


class Item(NamedTuple):
    url: str
    label: str
    group: str
    is_current: bool


def menu(guest: Guest, path: str) -> list[Item]:
    """What the person may open; `path` is the page's own, below /console."""
    return [
        Item(PATH + place.path, place.label, place.group, _is_within(path, place.path))
        for place in PLACES
        if guest.may(place.opens)
    ]


def first_place(guest: Guest) -> str:
    """Where somebody who has just signed in begins: the first place that they may open, else their own page."""
    return next((PATH + place.path for place in PLACES if guest.may(place.opens)), f"{PATH}/me")


def _is_within(path: str, place: str) -> bool:
    return path == place if not place else path == place or path.startswith(place + "/")
