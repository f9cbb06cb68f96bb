"""Which part of a customer's timeline is shown, and how an address says where it goes on."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tollhouse.console.forms import NUMBER_MAX
from tollhouse.console.pages.customer_seen import May, is_own
from tollhouse.console.visits import Visit
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.queries.timelines import (
    EVENTS,
    PAYMENTS,
    REFUNDS,
    SOURCES,
    TAGS,
    TRANSACTIONS,
    WEBHOOKS,
    Place,
    Places,
    TimelineWanted,
)


class Filter(NamedTuple):
    """`kinds` of transactions, where none named are all."""

    label: str
    sources: tuple[str, ...]
    kinds: tuple[str, ...] = ()


#: By what the address says in `kind`.
FILTERS: Final[dict[str, Filter]] = {
    "": Filter("All", SOURCES),
    "charges": Filter("Charges", (TRANSACTIONS,), ("charge",)),
    "refunds": Filter("Refunds and voids", (TRANSACTIONS, REFUNDS), ("refund", "void")),
    "account": Filter("Account", (TRANSACTIONS,), ("credit", "topup", "debit", "adjustment")),
    "payments": Filter("Payments", (PAYMENTS,)),
    "events": Filter("Events and tags", (EVENTS, TAGS)),
    "webhooks": Filter("Webhooks", (WEBHOOKS,)),
}
#: What customers are not shown of their own account.
_NOT_FOR_THEM: Final = "adjustment"
_KINDS: Final = ("charge", "refund", "void", "credit", "topup", "debit")

_PLACE: Final = re.compile(r"([a-z])([0-9]{1,16})\.([0-9]{1,16})")


def filters_for(may: May) -> list[str]:
    """Those that can show anything to whoever may see so much."""
    sources = _sources(may)
    return [name for name, each in FILTERS.items() if any(source in sources for source in each.sources)]


def timeline_wanted(
    visit: Visit, customer: CustomerFact, may: May, kind: str, places: Places | None = None
) -> TimelineWanted:
    wanted = FILTERS[kind]
    kinds = wanted.kinds
    if is_own(visit, customer):
        kinds = tuple(each for each in kinds or _KINDS if each != _NOT_FOR_THEM)
    return TimelineWanted(tuple(s for s in wanted.sources if s in _sources(may)), kinds, places)


def older_places(places: Places) -> str:
    """Where the next page begins, as an address says it."""
    return "_".join(f"{source}{place.at}.{place.number}" for source, place in places.items())


def shown_places(text: str) -> Places | None:
    """The other way round; None for the newest page, and for what says nothing."""
    found = {}
    for part in text.split("_")[: len(SOURCES)]:
        matched = _PLACE.fullmatch(part)
        if matched is not None and matched[1] in SOURCES and max(int(matched[2]), int(matched[3])) <= NUMBER_MAX:
            found[matched[1]] = Place(int(matched[2]), int(matched[3]))
    return found or None


def _sources(may: May) -> tuple[str, ...]:
    kept = (PAYMENTS, REFUNDS, EVENTS, TAGS) if may.see_kept else ()
    return (TRANSACTIONS, *kept, *((WEBHOOKS,) if may.see_webhooks else ()))
