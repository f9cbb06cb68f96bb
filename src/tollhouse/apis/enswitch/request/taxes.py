"""From the wire to commands about taxes. Each raises Invalid."""

from __future__ import annotations

from decimal import Decimal

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.sent import Given, currency_from_wire
from tollhouse.ledger.commands import TAXABLE, CreateTax, SetLiability, UpdateTax


def tax_to_create(call: Call) -> CreateTax:
    given = call.given
    currency = currency_from_wire(given)
    given.check()
    return CreateTax(
        tenant_id=call.tenant_id,
        caller=call.caller,
        owner_number=given.get("customer") or None,
        name=given.get("name"),
        description=given.get("description", ""),
        rate=given.get("rate", Decimal(0)),
        flat=given.get("amount", Decimal(0)),
        currency=currency,
        covers=frozenset(kind for kind in TAXABLE if given.get(kind, 1)),
        liable=given.get("liable", 2),
        shared=given.get("shared") == 1,
        validation=given.get("validation") == 1,
    )


def tax_to_update(call: Call) -> UpdateTax:
    given = call.given
    currency = currency_from_wire(given)
    given.check()
    shared = given.get("shared")
    return UpdateTax(
        tenant_id=call.tenant_id,
        caller=call.caller,
        tax_id=given.get("id"),
        name=given.get("name"),
        description=given.get("description"),
        rate=given.get("rate"),
        flat=given.get("amount"),
        currency=currency,
        covers={kind: given.get(kind) == 1 for kind in TAXABLE if given.get(kind) is not None},
        liable=given.get("liable"),
        shared=None if shared is None else shared == 1,
        validation=given.get("validation") == 1,
    )


def check_list(given: Given) -> None:
    """Of applicable and available, one; at a signup, the plan and the kind of fee."""
    if given.get("applicable") == 1 and given.get("available") == 1:
        given.refuse("available", "available may not be given together with applicable.")
    if given.get("signup") == 1:
        if not given.get("plan") and not given.has_fault("plan"):
            given.refuse("plan", "plan is required with signup=1.")
        if not given.get("type") and not given.has_fault("type"):
            given.refuse("type", "type is required with signup=1.")
    given.check()


def liability_to_set(call: Call) -> SetLiability:
    given = call.given
    given.check()
    return SetLiability(
        tenant_id=call.tenant_id,
        caller=call.caller,
        tax_id=given.get("tax"),
        object_type=given.get("type"),
        object_id=given.get("number"),
        liable=given.get("liable") == 1,
    )
