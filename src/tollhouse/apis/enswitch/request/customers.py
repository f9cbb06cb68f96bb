"""From the wire to commands and questions about customers. Each raises Invalid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.customers import DETAILS
from tollhouse.apis.enswitch.sent import Given, currency_from_wire
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.identity import is_email
from tollhouse.domain.places import is_country_code, is_timezone
from tollhouse.ledger.commands import (
    AddToBalance,
    CreateCustomer,
    DeleteCustomer,
    MoveCustomer,
    RequestTopup,
    UndeleteCustomer,
    UpdateCustomer,
)
from tollhouse.ledger.queries import CustomersWanted


def customer_to_create(call: Call) -> CreateCustomer:
    given = call.given
    fields = _fields(given)
    idempotency = call.idempotency()
    given.check()
    return CreateCustomer(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        parent_number=given.get("parent") or None,
        validation=given.get("validation") == 1,
        **{name: value for name, value in fields.items() if value is not None},
    )


def customer_to_update(call: Call) -> UpdateCustomer:
    given = call.given
    fields = _fields(given)
    given.check()
    return UpdateCustomer(
        tenant_id=call.tenant_id,
        caller=call.caller,
        customer_number=given.get("id"),
        validation=given.get("validation") == 1,
        **fields,
    )


def customer_to_delete(call: Call) -> DeleteCustomer:
    call.given.check()
    return DeleteCustomer(tenant_id=call.tenant_id, caller=call.caller, customer_number=call.given.get("id"))


def customer_to_undelete(call: Call) -> UndeleteCustomer:
    call.given.check()
    return UndeleteCustomer(tenant_id=call.tenant_id, caller=call.caller, customer_number=call.given.get("id"))


def customer_to_move(call: Call) -> MoveCustomer:
    given = call.given
    given.check()
    return MoveCustomer(
        tenant_id=call.tenant_id,
        caller=call.caller,
        customer_number=given.get("id"),
        parent_number=given.get("parent"),
        plan_number=given.get("plan"),
    )


def balance_to_add(call: Call) -> AddToBalance:
    given = call.given
    currency = currency_from_wire(given)
    idempotency = call.idempotency()
    given.check()
    return AddToBalance(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        customer_number=given.get("id"),
        amount=given.get("amount"),
        kind=given.get("transaction") or "adjustment",
        currency=currency,
        description=given.get("description", ""),
    )


def topup_to_request(call: Call) -> RequestTopup:
    given = call.given
    if given.get("amount") == 0:
        given.refuse("amount", "amount must be above 0.")
    given.check()
    return RequestTopup(
        tenant_id=call.tenant_id,
        caller=call.caller,
        customer_number=given.get("id") or call.caller.customer_number,
        amount=given.get("amount"),
        invoice_id=given.get("invoice", 0),
    )


def customer_wanted(given: Given) -> tuple[str, Any]:
    """By what a customer is asked for, and its value. A 0 and an empty text count as not given."""
    names = [name for name in ("id", "name", "email") if given.get(name)]
    if len(names) > 1:
        given.refuse(names[1], f"{names[1]} may not be given together with {names[0]}.")
    elif not names:
        given.refuse("id", "id, name or email is required.")
    given.check()
    return names[0], given.get(names[0])


def customers_wanted(call: Call) -> CustomersWanted:
    given = call.given
    is_figure = bool(given.get("count") or given.get("pages"))
    if given.get("count") and given.get("pages"):
        given.refuse("pages", "pages may not be given together with count.")
    given.check()
    return CustomersWanted(
        parent_number=given.get("parent") or call.caller.customer_number,
        is_recursive=given.get("recursive") == 1 and not is_figure,
        deleted=given.get("deleted", 0),
        bill_type=given.get("bill_type", ""),
        directory=given.get("directory", -1),
        name=given.get("name", ""),
        sort=given.get("sort", "name"),
        descending=given.get("descending") == 1,
        limit=given.get("limit", 0),
        offset=given.get("offset", 0),
    )


def _fields(given: Given) -> dict[str, Any]:
    """What was said of a customer, None where nothing was. Notes faults."""
    email = given.get("email")
    if email is not None and not is_email(email.strip()):
        given.refuse("email", "email must be an e-mail address.")
    timezone = given.get("timezone")
    if timezone and not is_timezone(timezone):
        given.refuse("timezone", "timezone must be an IANA time zone such as Europe/Berlin.")
    country = given.get("country")
    if country and not is_country_code(country):
        given.refuse("country", "country must be the ISO 3166-1 code of a country.")
    return {
        "name": given.get("name"),
        "plan_number": given.get("plan"),
        "email": None if email is None else email.strip(),
        "reference": given.get("reference"),
        "currency": currency_from_wire(given),
        "balance": given.get("balance"),
        "bill_type": given.get("bill_type"),
        "timezone": timezone,
        "country": None if country is None else country.upper(),
        "details": tuple(_details(given)),
    }


def _details(given: Given) -> list[tuple[str, str | int]]:
    found: list[tuple[str, str | int]] = []
    for parameter in DETAILS:
        value = given.get(parameter.name)
        if value is not None:
            found.append((parameter.name, decimal_text(value) if isinstance(value, Decimal) else value))
    return found
