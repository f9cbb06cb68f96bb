"""From rate plans to the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.apis.enswitch.functions.plans import PLAN, PUBLIC_PLAN, SETTINGS, USED_PLAN
from tollhouse.apis.enswitch.functions.shapes import Shape
from tollhouse.ledger.rate_plans import FeeShown, FeeWanted, PlanShown

_DEFAULTS = {parameter.name: default for parameter, default in SETTINGS.items()}


def plan_to_wire(shown: PlanShown) -> dict[str, Any]:
    """All columns, or those that whoever uses it may know, or everybody."""
    plan, details = shown.plan, shown.details
    values: dict[str, Any] = {
        "id": plan.number,
        "name": plan.name,
        "customer": shown.owner_number,
        "currency": plan.currency,
        "description": details.description,
        "inherit": details.inherit_number,
        "inheritable": details.inheritable,
        "invoice_due": details.invoice_due_days,
        "invoice_overdue": details.invoice_overdue_days,
        "shared": details.shared,
        **_DEFAULTS,
        **msgspec.json.decode(details.settings, type=dict[str, str | int]),
    }
    return {name: values[name] for name in _columns(shown)["properties"]}


def _columns(shown: PlanShown) -> Shape:
    if not shown.is_whole:
        return PUBLIC_PLAN
    return PLAN if shown.owner_number else USED_PLAN


def fee_to_wire(fee: FeeShown, wanted: FeeWanted) -> dict[str, Any]:
    return {
        "fee": fee.fee,
        "currency": fee.currency,
        "feature": wanted.feature,
        "occurs": wanted.occurs,
        "plan": fee.plan_number,
        "taxes": int(wanted.with_taxes),
    }
