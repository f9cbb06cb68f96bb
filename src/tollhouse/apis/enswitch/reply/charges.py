"""From charges to the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import ChargeFact


def charge_to_wire(charge: ChargeFact) -> dict[str, Any]:
    return {
        "id": charge.charge_id,
        "name": charge.name,
        "customer": charge.customer_number,
        "plan": charge.plan_number,
        "amount": decimal_text(Decimal(charge.amount)),
        "buy": decimal_text(Decimal(charge.buy)),
        "currency": charge.currency,
        "description": charge.description,
        "end": charge.end_at // SECOND,
        "number": charge.number_max,
        "period": charge.period,
        "start": charge.start_at // SECOND,
    }
