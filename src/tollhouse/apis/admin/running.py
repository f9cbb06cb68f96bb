"""What is administered of that which falls due by itself: a test tenant's clock, and what could not be charged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tollhouse.apis.admin.answers import Refused, object_from_wire
from tollhouse.ledger.clock import CLOCK_MAX, SECOND
from tollhouse.ledger.commands.schedules import RetryParked
from tollhouse.ledger.facts import TenantFact

_ID_MAX = 2**53 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clock_to_move(body: bytes) -> int:
    """The instant of `{"now": "2027-01-31T09:00:00Z"}`."""
    values = object_from_wire(body, "now")
    text = values.get("now")
    try:
        if not isinstance(text, str):
            raise ValueError
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
    except ValueError:
        raise Refused(422, "now: must be a time with a zone, such as 2027-01-31T09:00:00Z.") from None
    to = (moment - _EPOCH) // datetime.resolution
    if to >= CLOCK_MAX:
        raise Refused(422, "now: must be before the year 5000.")
    return max(to, 0)


def clock_to_wire(tenant: TenantFact) -> dict[str, Any]:
    """The time of a test tenant; null for one that lives by the real time."""
    if tenant.clock_at is None:
        return {"now": None}
    moment = datetime.fromtimestamp(tenant.clock_at // SECOND, UTC)
    return {"now": moment.isoformat().replace("+00:00", "Z")}


def parked_to_retry(body: bytes, tenant_id: int) -> RetryParked:
    """All that is parked, or what is parked of one charge, of one customer, or of one customer of one charge.

    A charge to everybody on a plan at once is parked for the customer 0.
    """
    values = object_from_wire(body, "charge", "customer")
    for name, value in values.items():
        least = 1 if name == "charge" else 0
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _ID_MAX:
            raise Refused(422, f"{name}: must be a number.")
    return RetryParked(tenant_id=tenant_id, charge_id=values.get("charge", 0), customer_number=values.get("customer"))
