"""From Kelviq's wire to what is asked of subscriptions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tollhouse.apis.kelviq.call import Call
from tollhouse.apis.kelviq.fields import Fields, Invalid
from tollhouse.apis.kelviq.reply.subscriptions import ACTIVE, CANCELED
from tollhouse.apis.kelviq.request.charges import quantities_from_wire
from tollhouse.apis.places import country_of_ip, parse_ip
from tollhouse.config import Settings
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Idempotency
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.queries.orders import SubscriptionsWanted

CHARGE_PERIODS = (
    "ONE_TIME",
    "MONTHLY",
    "YEARLY",
    "WEEKLY",
    "DAILY",
    "TWENTY_EIGHT_DAYS",
    "THREE_MONTHS",
    "SIX_MONTHS",
)
_MOMENT_WANTED = "Must be a day such as 2026-03-31, or an instant such as 2026-03-31T12:00:00Z."
CANCELLATION_TYPES = ("IMMEDIATE", "CURRENT_PERIOD_ENDS", "SPECIFIC_DATE")


def free_from_wire(given: Fields, *, tenant_id: int, idempotency: Idempotency | None, settings: Settings) -> StartFree:
    """The command of POST /subscriptions/create/. Raises Invalid."""
    plan_identifier = given.text("planIdentifier", required=True)
    period = given.choice("chargePeriod", CHARGE_PERIODS, required=True)
    if period not in (None, "ONE_TIME"):
        given.refuse("chargePeriod", "Must be ONE_TIME: nothing recurs here, and a free plan is taken once.")
    customer_reference = given.text("customerId", required=True)
    quantities = quantities_from_wire(given)
    ip_address = given.ip_address("ipAddress")
    given.check()
    ip = parse_ip(ip_address) if ip_address else None
    return StartFree(
        tenant_id=tenant_id,
        idempotency=idempotency,
        plan_identifier=plan_identifier or "",
        customer_reference=customer_reference or "",
        quantities=quantities,
        currency=None,
        ip_address=str(ip) if ip else None,
        country_of_ip=country_of_ip(ip) if ip else None,
        custom_amount=None,
        tax_behavior=None,
        gateways=frozenset(),
        call_seconds=0,
        resolve_after_seconds=0,
        shows_features=bool(settings.kelviq_charge_features),
    )


def subscriptions_from_wire(call: Call) -> SubscriptionsWanted:
    """Without a status those in force. Raises Invalid."""
    statuses = {status.strip() for status in (call.text("status") or ACTIVE).split(",")}
    return SubscriptionsWanted(
        active=ACTIVE in statuses,
        revoked=CANCELED in statuses,
        reference=call.text("customer_id"),
        begun_from=_from(call, "start_date_after"),
        begun_before=_until(call, "start_date_before"),
        changed_from=_from(call, "modified_on_after"),
        changed_before=_until(call, "modified_on_before"),
    )


def _from(call: Call, name: str) -> int | None:
    asked = _asked(call, name)
    return None if asked is None else _instant(asked[0])


def _until(call: Call, name: str) -> int | None:
    """The first instant after the day or second that is named."""
    asked = _asked(call, name)
    return None if asked is None else _instant(asked[0]) + int(asked[1].total_seconds()) * SECOND


def _asked(call: Call, name: str) -> tuple[datetime, timedelta] | None:
    """A day or an instant, and how long it lasts. An instant without a zone is in UTC."""
    text = call.text(name)
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-31"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC), timedelta(days=1)
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid({name: [_MOMENT_WANTED]}) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC), timedelta(seconds=1)


def _instant(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) * SECOND
