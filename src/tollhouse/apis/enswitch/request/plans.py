"""From the wire to commands and questions about rate plans. Each raises Invalid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.plans import MODES, SETTINGS
from tollhouse.apis.enswitch.sent import Given, currency_from_wire
from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.commands import CreatePlan, SetPlanFee, SetPlanProduct, UpdatePlan
from tollhouse.ledger.rate_plans import FeeWanted, PlansWanted


def plan_to_create(call: Call) -> CreatePlan:
    given = call.given
    fields = {name: value for name, value in _fields(given).items() if value is not None}
    given.check()
    return CreatePlan(
        tenant_id=call.tenant_id,
        caller=call.caller,
        owner_number=given.get("customer") or None,
        validation=given.get("validation") == 1,
        **{"currency": None, **fields},
    )


def plan_to_update(call: Call) -> UpdatePlan:
    given = call.given
    fields = _fields(given)
    given.check()
    return UpdatePlan(
        tenant_id=call.tenant_id,
        caller=call.caller,
        plan_number=given.get("id"),
        validation=given.get("validation") == 1,
        **fields,
    )


def fee_to_set(call: Call) -> SetPlanFee:
    given = call.given
    given.check()
    return SetPlanFee(
        tenant_id=call.tenant_id,
        caller=call.caller,
        plan_number=given.get("plan"),
        feature=given.get("feature"),
        occurs=given.get("occurs"),
        fee=given.get("fee", Decimal(0)),
    )


def product_to_set(call: Call) -> SetPlanProduct:
    given = call.given
    currency = currency_from_wire(given)
    given.check()
    amounts = ("create_fee", "create_markup", "create_margin", "period_fee", "period_markup", "period_margin")
    return SetPlanProduct(
        tenant_id=call.tenant_id,
        caller=call.caller,
        plan_number=given.get("plan"),
        product_id=given.get("product"),
        currency=currency,
        use_markups=given.get("use_markups") == 1,
        validation=given.get("validation") == 1,
        **{name: given.get(name, Decimal(0)) for name in amounts},
    )


def plans_wanted(given: Given, own_number: int) -> PlansWanted:
    """At most one of the modes, count and pages. `own_number` is the caller's customer, or 0 for a stranger."""
    modes = [mode for mode in (*MODES, "count", "pages") if given.get(mode) == 1]
    for mode in modes[1:]:
        given.refuse(mode, f"{mode} may not be given together with {modes[0]}.")
    number = given.get("customer") or own_number
    if not number:
        given.refuse("customer", "customer is required with signup=1.")
    given.check()
    return PlansWanted(
        customer_number=number,
        mode=modes[0] if modes and modes[0] in MODES else "",
        name=given.get("name", ""),
        own=given.get("us") == 1,
        only=given.get("force", 0),
        sort=given.get("sort", "name"),
        descending=given.get("descending") == 1,
    )


def fee_wanted(given: Given) -> FeeWanted:
    """A plan of 0 is the customer's."""
    currency = currency_from_wire(given)
    given.check()
    return FeeWanted(
        plan_number=given.get("plan", 0),
        feature=given.get("feature"),
        occurs=given.get("occurs"),
        currency=currency or "",
        with_taxes=given.get("taxes") == 1,
    )


def _fields(given: Given) -> dict[str, Any]:
    """What was said of a plan, None where nothing was."""
    inheritable = given.get("inheritable")
    return {
        "name": given.get("name"),
        "currency": currency_from_wire(given),
        "description": given.get("description"),
        "shared": given.get("shared"),
        "inheritable": None if inheritable is None else inheritable == 1,
        "inherit_number": given.get("inherit"),
        "invoice_due_days": given.get("invoice_due"),
        "invoice_overdue_days": given.get("invoice_overdue"),
        "settings": _settings(given),
    }


def _settings(given: Given) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for parameter in SETTINGS:
        value = given.get(parameter.name)
        if value is not None:
            found[parameter.name] = decimal_text(value) if isinstance(value, Decimal) else value
    return found
