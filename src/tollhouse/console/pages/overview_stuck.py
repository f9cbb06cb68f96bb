"""What is stuck, in words, with the way to where it is seen to."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tollhouse.console import access
from tollhouse.console.access import Opens
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.queries.overview import COUNTED_MAX, Count, FailingEndpoint, Stuck

#: Endpoints that fail, of which each is told.
ENDPOINTS_TOLD: Final = 5
_ASKED_AGAIN: Final = "The gateway is asked again by itself. If it lasts, look at the gateway."


class StuckThing(NamedTuple):
    """`short` is for a line with others; `url` is empty for whoever may not go there."""

    says: str
    short: str
    oldest_at: int | None
    hint: str
    url: str


def reaches_all(visit: Visit, opens: Opens) -> bool:
    """Whether whoever looks may open such pages, and those of every customer: they are of the root."""
    return visit.may(opens) and visit.guest.caller(opens).may_reach_below


def counted(count: Count) -> str:
    """A count that goes no further than told: 7, or 1,000+."""
    return f"{count.value:,}{'+' if count.has_more else ''}"


def stuck_things(visit: Visit, stuck: Stuck) -> list[StuckThing]:
    payments = f"{PATH}/payments" if reaches_all(visit, access.TRANSACTIONS) else ""
    parked = f"{PATH}/charges?state=parked" if reaches_all(visit, access.CHARGES) else ""
    found = []
    if stuck.payments:
        says = _so_many(stuck.payment_count, "payment without an answer", "payments without an answer")
        found.append(StuckThing(says, says, stuck.payments[0].created_at, _ASKED_AGAIN, payments))
    if stuck.refunds:
        says = _so_many(stuck.refund_count, "refund without an answer", "refunds without an answer")
        found.append(StuckThing(says, says, stuck.refunds[0].created_at, _ASKED_AGAIN, payments))
    if stuck.parked:
        says = _so_many(stuck.parked_count, "parked charge", "parked charges")
        hint = "Could not be charged. Mend what the reason says, then retry."
        found.append(StuckThing(says, says, stuck.parked[0].schedule.due_at, hint, parked))
    return found + _webhooks(visit, stuck.endpoints)


def _webhooks(visit: Visit, endpoints: list[FailingEndpoint]) -> list[StuckThing]:
    url = f"{PATH}/webhooks" if visit.may(access.WEBHOOKS) else ""
    hint = "Mend the receiver, then replay what was given up."
    found = []
    for each in endpoints[:ENDPOINTS_TOLD]:
        # Of the address no more than the host: the rest may hold a secret.
        name = urlsplit(each.endpoint.url).hostname if url else None
        short = f"webhook {name or each.endpoint.endpoint_id} fails"
        events = _so_many(each.failed, "event", "events")
        says = f"W{short[1:]}: {events} given up, {counted(each.retrying)} to be tried again"
        found.append(StuckThing(says, short, each.waiting_since, hint, url))
    more = len(endpoints) - len(found)
    if more:
        says = _so_many(Count(min(more, COUNTED_MAX), has_more=False), "more webhook fails", "more webhooks fail")
        found.append(StuckThing(says, says, None, hint, url))
    return found


def _so_many(count: Count, one: str, many: str) -> str:
    return f"{counted(count)} {one if count == Count(1, has_more=False) else many}"
