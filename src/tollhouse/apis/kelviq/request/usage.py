"""From Kelviq's wire to the command that reports usage."""

from __future__ import annotations

from tollhouse.apis.kelviq.fields import Fields
from tollhouse.apis.kelviq.reply.entitlements import BEHAVIOURS
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands.usage import ReportUsage

#: What JavaScript reads back exactly.
USAGE_MAX = AMOUNT_MINOR_MAX


def usage_from_wire(given: Fields, *, tenant_id: int) -> tuple[ReportUsage, str | None]:
    """The command, and the resource that was named with it. Raises Invalid."""
    behaviour = given.choice("behaviour", BEHAVIOURS, required=True)
    value = given.whole("value", -USAGE_MAX if behaviour == "DELTA" else 0, USAGE_MAX, required=True)
    customer_reference = given.text("customerId", required=True)
    feature = given.text("featureId", required=True)
    resource = given.text("resourceId")
    given.check()
    command = ReportUsage(
        tenant_id=tenant_id,
        customer_reference=customer_reference or "",
        feature=feature or "",
        value=value or 0,
        is_delta=behaviour == "DELTA",
    )
    return command, resource
