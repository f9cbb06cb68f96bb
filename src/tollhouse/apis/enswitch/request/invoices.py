"""From the wire to commands and questions about invoices. Each raises Invalid."""

from __future__ import annotations

import re

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.invoices import BOTH
from tollhouse.apis.enswitch.sent import NO_ID
from tollhouse.domain import periods
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import CreateInvoice
from tollhouse.ledger.facts import ROOT_PATH
from tollhouse.ledger.queries import InvoicesWanted

_DIGITS = re.compile("[0-9]{1,15}")


def invoice_to_create(call: Call) -> CreateInvoice:
    """With save=0 the command is not for the ledger: it says what an invoice would be of."""
    given = call.given
    start, end = given.get("start", 0), given.get("end")
    if end is not None and not (end and periods.is_window(start, end)) and not given.has_fault("start", "end"):
        given.refuse("end", "end must be after start.")
    for name in ("charges", "reset_balance"):
        if given.get(name) == 1 and given.get("save") != 1:
            given.refuse(name, f"{name} needs save=1.")
    idempotency = call.idempotency()
    given.check()
    return CreateInvoice(
        tenant_id=call.tenant_id,
        idempotency=idempotency,
        caller=call.caller,
        customer_number=given.get("customer"),
        start_at=start * SECOND,
        end_at=None if end is None else end * SECOND,
        resets_balance=given.get("reset_balance") == 1,
        validation=given.get("validation") == 1,
    )


def invoices_wanted(call: Call) -> InvoicesWanted:
    given = call.given
    customer_number, path = _of_whom(call)
    if given.get("count") and given.get("pages"):
        given.refuse("pages", "pages may not be given together with count.")
    start, end, status = given.get("start", 0), given.get("end"), given.get("status", "")
    given.check()
    return InvoicesWanted(
        customer_number=customer_number,
        below_path=path,
        start_at=start * SECOND,
        end_at=None if end is None else end * SECOND,
        statuses=("approved", "queued") if status == BOTH else (status,) if status else (),
        sort=given.get("sort", "id"),
        descending=given.get("descending") == 1,
        limit=given.get("limit", 0),
        offset=given.get("offset", 0),
    )


def _of_whom(call: Call) -> tuple[int, str]:
    """A customer's number, or 0 and the path below which all are meant. Notes a fault."""
    text = call.given.get("customer", "")
    caller = call.caller
    if text == "all" and caller.may_reach_below:
        return 0, caller.path
    if text == "system" and caller.may_reach_below and caller.path == ROOT_PATH:
        return 0, ""
    if text in ("all", "system"):
        call.given.refuse("customer", f"customer may not be {text} here.")
    elif text and not _DIGITS.fullmatch(text):
        call.given.refuse("customer", "customer must be an id, all or system.")
    elif text:
        return int(text) or caller.customer_number, ""
    return caller.customer_number if not text else NO_ID, ""
