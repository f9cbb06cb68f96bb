"""Customers."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import LOGIN, TEXT, Function, Parameter, an_id, flag
from tollhouse.apis.enswitch.functions.shapes import A_DECIMAL, A_TEXT, AN_INTEGER, an_object
from tollhouse.ledger.refusals import CustomerUnknown

CUSTOMER = an_object(
    id=AN_INTEGER,
    name=A_TEXT,
    email=A_TEXT,
    reference=A_TEXT,
    parent={"type": "integer", "description": "0 for the caller's own customer."},
    plan=AN_INTEGER,
    balance=A_DECIMAL,
    currency=A_TEXT,
    bill_type=A_TEXT,
    timezone=A_TEXT,
    country=A_TEXT,
    created=AN_INTEGER,
)

GET_CUSTOMER = Function(
    path="customers/get",
    about="One customer, by one of id, name and email. With check=1 only whether there is one, and without a login.",
    parameters=(
        *LOGIN,
        an_id("id", "The customer's id."),
        Parameter("name", TEXT, "The customer's name."),
        Parameter("email", TEXT, "The customer's e-mail."),
        flag("check", "1 answers only whether there is such a customer."),
    ),
    privileges=("user",),
    below=("commerce", "callshop"),
    data={"anyOf": [CUSTOMER, {"type": "object", "maxProperties": 0, "description": "With check=1."}]},
    refusals={CustomerUnknown: ("404", "id")},
)

FUNCTIONS = (GET_CUSTOMER,)
