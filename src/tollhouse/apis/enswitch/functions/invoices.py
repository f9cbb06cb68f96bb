"""Invoices."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    KEY,
    LISTING,
    LOGIN,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    flag,
    sort_by,
    time,
)
from tollhouse.apis.enswitch.functions.shapes import A_DECIMAL, A_TEXT, AN_INTEGER, a_list, a_listing, an_object
from tollhouse.ledger.refusals import CustomerUnknown, SumTooLarge

STATUSES = (
    *("approved", "cancelled", "due", "overdue", "paid", "payment_refused", "pending", "prepaid", "queued"),
    "superceded",
)
BOTH = "both"
SORTS = ("created", "customer_name", "id", "number", "status")
ENCODINGS = ("raw", "base64")

_COLUMNS = {
    "id": {"type": "integer", "description": "0 for one that is not kept."},
    "number": {"type": "integer", "description": "Counted by the seller, without a gap; 0 for one that is not kept."},
    "customer": AN_INTEGER,
    "customer_name": A_TEXT,
    "start": AN_INTEGER,
    "end": AN_INTEGER,
    "currency": A_TEXT,
    "net": A_DECIMAL,
    "tax": A_DECIMAL,
    "total": {**A_DECIMAL, "description": "Net and tax; positive is owed."},
    "status": {"type": "string", "enum": list(STATUSES)},
    "created": AN_INTEGER,
    "due": AN_INTEGER,
}
INVOICE = an_object(**_COLUMNS)
LINE = an_object(
    id=AN_INTEGER,
    time=AN_INTEGER,
    type=A_TEXT,
    description=A_TEXT,
    charge=AN_INTEGER,
    net=A_DECIMAL,
    tax=A_DECIMAL,
    total=A_DECIMAL,
)

CREATE_INVOICE = Function(
    path="invoices/create",
    about="An invoice of what a customer was charged on account and is on no invoice yet: shown, or kept with save=1.",
    parameters=(
        *LOGIN,
        an_id("customer", "The customer.", required=True),
        time("start", "From then on."),
        time("end", "Before then; without it until now."),
        flag("charges", "1 first charges what is due. Only with save=1."),
        Parameter("encoding", TEXT, "How the document in data is written.", choices=ENCODINGS),
        flag("reset_balance", "1 moves what the invoice covers off the balance. Only with save=1."),
        flag("save", "1 keeps the invoice."),
        VALIDATION,
        KEY,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=an_object(
        **_COLUMNS,
        lines=a_list(LINE),
        data={"type": "string", "description": "The invoice as a text, as it is or in base64."},
    ),
    refusals={CustomerUnknown: ("400", "customer"), SumTooLarge: ("400", "customer")},
)
LIST_INVOICES = Function(
    path="invoices/list",
    about="Invoices that were made in some time.",
    parameters=(
        *LOGIN,
        time("start", "Made from then on."),
        time("end", "Made before then; without it there is no bound."),
        Parameter(
            "customer", TEXT, "A customer's id, all for those below the caller's own, or system for everybody's."
        ),
        *LISTING,
        sort_by(*SORTS),
        Parameter(
            "status", TEXT, "Only these; both is approved and queued, empty is all.", choices=("", BOTH, *STATUSES)
        ),
    ),
    privileges=("callshop", "reports"),
    below=("commerce", "callshop"),
    data=a_listing(INVOICE),
    refusals={CustomerUnknown: ("400", "customer")},
)

FUNCTIONS = (CREATE_INVOICE, LIST_INVOICES)
