"""From the wire to commands about products. Each raises Invalid."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.sent import Given, currency_from_wire
from tollhouse.ledger.commands import CreateProduct, PurchaseProduct, UpdateProduct


def product_to_create(call: Call) -> CreateProduct:
    given = call.given
    fields = {name: value for name, value in _fields(given).items() if value is not None}
    given.check()
    return CreateProduct(
        tenant_id=call.tenant_id,
        caller=call.caller,
        owner_number=given.get("customer") or None,
        validation=given.get("validation") == 1,
        **fields,
    )


def product_to_update(call: Call) -> UpdateProduct:
    given = call.given
    fields = _fields(given)
    given.check()
    return UpdateProduct(
        tenant_id=call.tenant_id,
        caller=call.caller,
        product_id=given.get("id"),
        validation=given.get("validation") == 1,
        **fields,
    )


def product_to_purchase(call: Call) -> PurchaseProduct:
    given = call.given
    idempotency = call.idempotency()
    given.check()
    return PurchaseProduct(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        customer_number=given.get("customer") or call.caller.customer_number,
        product_id=given.get("id"),
        quantity=given.get("quantity", 1),
        validation=given.get("validation") == 1,
    )


def _fields(given: Given) -> dict[str, Any]:
    """What was said of a product, None where nothing was."""
    shared = given.get("shared")
    names = ("name", "description", "information", "amount", "allow", "create_fee", "create_buy")
    return {
        **{name: given.get(name) for name in (*names, "period", "period_fee", "period_buy")},
        "product_type": given.get("type"),
        "shared": None if shared is None else shared == 1,
        "currency": currency_from_wire(given),
    }
