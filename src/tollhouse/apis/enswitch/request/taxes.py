"""From the wire to commands about taxes. Each raises Invalid."""

from __future__ import annotations

from decimal import Decimal

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.sent import currency_from_wire
from tollhouse.ledger.commands import TAXABLE, CreateTax, SetLiability


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
