"""From the wire to commands about charges. Each raises Invalid."""

from __future__ import annotations

from decimal import Decimal

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.sent import Given, currency_from_wire
from tollhouse.domain import periods
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import ChargeNow, CreateCharge, DeleteCharge, UpdateCharge
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.ledger import fingerprint_of


def charge_to_create(call: Call, *, self_charges: bool) -> CreateCharge:
    given = call.given
    customer_number, plan_number = customer_or_plan(given)
    if not customer_number and not plan_number and not given.has_fault("customer", "plan"):
        given.refuse("customer", "customer or plan is required.")
    start_at, end_at = _window(given)
    currency = currency_from_wire(given)
    idempotency = call.idempotency()
    given.check()
    return CreateCharge(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        customer_number=customer_number,
        plan_number=plan_number,
        name=given.get("name"),
        amount=given.get("amount", Decimal(0)),
        buy=given.get("buy", Decimal(0)),
        currency=currency,
        description=given.get("description", ""),
        period=given.get("period", ""),
        start_at=start_at or 0,
        end_at=end_at or 0,
        number_max=given.get("number", 0),
        validation=given.get("validation") == 1,
        self_charges=self_charges,
    )


def charge_to_update(call: Call) -> UpdateCharge:
    given = call.given
    start_at, end_at = _window(given)
    currency = currency_from_wire(given)
    given.check()
    return UpdateCharge(
        tenant_id=call.tenant_id,
        caller=call.caller,
        charge_id=given.get("id"),
        name=given.get("name"),
        amount=given.get("amount"),
        buy=given.get("buy"),
        currency=currency,
        description=given.get("description"),
        period=given.get("period"),
        start_at=start_at,
        end_at=end_at,
        number_max=given.get("number"),
        validation=given.get("validation") == 1,
    )


def charge_to_delete(call: Call) -> DeleteCharge:
    given = call.given
    given.check()
    return DeleteCharge(tenant_id=call.tenant_id, caller=call.caller, charge_id=given.get("id"))


def charge_to_charge(call: Call) -> ChargeNow:
    given = call.given
    idempotency = call.idempotency()
    given.check()
    return ChargeNow(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        charge_id=given.get("id"),
        digest=given.get("digest", ""),
    )


def plan_to_charge(command: ChargeNow) -> StartPlanRun:
    """The same, of a charge that turned out to be for everybody on a plan."""
    return StartPlanRun(
        tenant_id=command.tenant_id,
        by=command.by,
        charge_id=command.charge_id,
        caller=command.caller,
        token=command.idempotency,
        fingerprint=fingerprint_of(command),
    )


def customer_or_plan(given: Given) -> tuple[int, int]:
    """The customer and the plan, of which at most one is given: a 0 counts as not given."""
    customer_number, plan_number = given.get("customer", 0), given.get("plan", 0)
    if customer_number and plan_number:
        given.refuse("plan", "plan may not be given together with customer.")
    return customer_number, plan_number


def _window(given: Given) -> tuple[int | None, int | None]:
    """Start and end as instants, None where they are not given."""
    start, end = given.get("start"), given.get("end")
    if start is not None and end is not None and not periods.is_window(start, end):
        given.refuse("end", "end must be after start.")
    return (None if start is None else start * SECOND), (None if end is None else end * SECOND)
