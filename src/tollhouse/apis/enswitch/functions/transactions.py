"""Transactions: what a customer's account with its parent shows."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import DESCENDING, LOGIN, Function, an_id, flag, sort_by, time
from tollhouse.apis.enswitch.functions.shapes import A_DECIMAL, A_TEXT, AN_INTEGER, a_list, an_object
from tollhouse.ledger.refusals import CustomerUnknown

SORTS = ("amount", "description", "id", "person", "reference", "time", "type")

TRANSACTION = an_object(
    id=AN_INTEGER,
    customer=AN_INTEGER,
    person=AN_INTEGER,
    type=A_TEXT,
    reference=A_TEXT,
    time=AN_INTEGER,
    amount={**A_DECIMAL, "description": "With tax; negative is owed."},
    currency=A_TEXT,
    description=A_TEXT,
    charge=AN_INTEGER,
    invoice=AN_INTEGER,
    taxes={"type": "string", "description": "The ids of the taxes in it, separated by commas."},
)

LIST_TRANSACTIONS = Function(
    path="transactions/list",
    about="A customer's transactions on account.",
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

FUNCTIONS = (LIST_TRANSACTIONS,)
