"""Transactions: what a customer's account with its parent shows, and what is written there by hand."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    CURRENCY,
    DECIMAL,
    DESCENDING,
    DESCRIPTION,
    KEY,
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
from tollhouse.apis.enswitch.functions.shapes import (
    A_DECIMAL,
    A_NEW_ID,
    A_TEXT,
    A_TIME,
    AN_INTEGER,
    Shape,
    a_list,
    an_object,
)
from tollhouse.ledger.refusals import ChargeUnknown, CustomerUnknown, SumTooLarge, TaxUnknown

SORTS = ("amount", "description", "id", "person", "reference", "time", "type")
TAXES_MAX = 100

_COLUMNS: dict[str, Shape] = {
    "id": AN_INTEGER,
    "customer": AN_INTEGER,
    "person": AN_INTEGER,
    "type": {"type": "string", "enum": ["charge", "credit", "debit", "topup"]},
    "reference": A_TEXT,
    "time": AN_INTEGER,
    "amount": {**A_DECIMAL, "description": "With tax; negative is owed."},
    "currency": A_TEXT,
    "description": A_TEXT,
    "charge": AN_INTEGER,
    "invoice": AN_INTEGER,
    "taxes": {"type": "string", "description": "The ids of the taxes in it, separated by commas."},
    "net": {**A_DECIMAL, "description": "Before tax; positive is owed."},
    "tax": A_DECIMAL,
    "gross": {**A_DECIMAL, "description": "Net and tax: the amount with the other sign."},
    "exchange_from": {"type": "string", "description": "The currency it was converted from; empty where it was not."},
    "exchange_rate": {"type": "string", "description": "Decimal or fraction, such as 0.9 or 10/9."},
    "exchange_time": A_TIME,
}
_SELLERS = {"buy": A_DECIMAL, "margin": {**A_DECIMAL, "description": "Net less buy, of a charge."}}

TRANSACTION = {**an_object(**_COLUMNS, **_SELLERS), "required": list(_COLUMNS)}

LIST_TRANSACTIONS = Function(
    path="transactions/list",
    about="A customer's transactions on account. Cost and margin are for those above the customer alone.",
    parameters=(
        *LOGIN,
        time("start", "From then on."),
        time("end", "Before then; without it there is no bound."),
        flag("archive", "1 includes archived rows; there are none."),
        an_id("customer", "The customer; without it the caller's own."),
        an_id("invoice", "Only those of this invoice; 0 is all."),
        sort_by(*SORTS),
        DESCENDING,
    ),
    privileges=("reports",),
    below=("commerce", "callshop"),
    data=a_list(TRANSACTION),
    refusals={CustomerUnknown: ("400", "customer")},
)
CREATE_TRANSACTION = Function(
    path="transactions/create",
    about="Write a transaction by hand: a positive amount raises the balance, a negative one lowers it.",
    parameters=(
        *LOGIN,
        an_id("customer", "The customer.", required=True),
        Parameter("amount", DECIMAL, "The amount before tax; positive raises the balance."),
        CURRENCY,
        DESCRIPTION,
        an_id("charge", "The charge that it is for; 0 none. A negative amount counts as one more charging of it."),
        an_id("invoice", "The invoice that shows it; 0 none."),
        Parameter("taxes", TEXT, "The ids of the taxes to apply, separated by commas.", length_max=2000),
        time("time", "When it counts, not in the future; 0 is now."),
        flag("update_balance", "0 leaves the balance as it is."),
        flag("update_invoices", "0 leaves invoices as they are."),
        VALIDATION,
        KEY,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=A_NEW_ID,
    refusals={
        ChargeUnknown: ("400", "charge"),
        CustomerUnknown: ("400", "customer"),
        SumTooLarge: ("400", "amount"),
        TaxUnknown: ("400", "taxes"),
    },
)

FUNCTIONS = (LIST_TRANSACTIONS, CREATE_TRANSACTION)
