"""From the wire to commands about transactions, and to what is asked of an account. Each raises Invalid."""

from __future__ import annotations

import re
from decimal import Decimal

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.transactions import TAXES_MAX
from tollhouse.apis.enswitch.sent import Given, currency_from_wire
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import CreateTransaction
from tollhouse.ledger.queries import StatementWanted

_IDS = re.compile(r"[0-9]{1,15}( *, *[0-9]{1,15})*")


def transaction_to_create(call: Call) -> CreateTransaction:
    given = call.given
    currency = currency_from_wire(given)
    tax_ids = _tax_ids(given)
    idempotency = call.idempotency()
    given.check()
    return CreateTransaction(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        customer_number=given.get("customer"),
        amount=given.get("amount", Decimal(0)),
        currency=currency,
        description=given.get("description", ""),
        charge_id=given.get("charge", 0),
        invoice_id=given.get("invoice", 0),
        tax_ids=tax_ids,
        effective_at=given.get("time", 0) * SECOND or None,
        moves_balance=given.get("update_balance", 1) == 1,
        moves_invoices=given.get("update_invoices", 1) == 1,
        validation=given.get("validation") == 1,
    )


def _tax_ids(given: Given) -> tuple[int, ...]:
    """The ids between the commas, in their order. Notes a fault."""
    text = given.get("taxes", "").strip(" ")
    if text and not _IDS.fullmatch(text):
        given.refuse("taxes", "taxes must be ids separated by commas.")
        return ()
    ids = tuple(map(int, text.split(","))) if text else ()
    if len(set(ids)) < len(ids):
        given.refuse("taxes", "taxes must not name a tax twice.")
    if len(ids) > TAXES_MAX:
        given.refuse("taxes", f"taxes may name at most {TAXES_MAX}.")
    return ids


def statement_wanted(given: Given) -> StatementWanted:
    start, end = given.get("start", 0), given.get("end")
    given.check()
    return StatementWanted(
        start_at=start * SECOND,
        end_at=None if end is None else end * SECOND,
        sort=given.get("sort", "time"),
        descending=given.get("descending") == 1,
        invoice_id=given.get("invoice", 0),
    )
