"""Taxes: a seller's own, and who is liable to them."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    CURRENCY,
    DECIMAL,
    DESCRIPTION,
    INTEGER,
    LOGIN,
    NAME,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    flag,
)
from tollhouse.apis.enswitch.functions.shapes import A_FLAG, A_NEW_ID, AN_INTEGER, an_object
from tollhouse.ledger.refusals import CustomerUnknown
from tollhouse.ledger.seeing import LIABLE_OBJECTS

LIABILITY = an_object(
    tax=AN_INTEGER, type={"type": "string", "enum": list(LIABLE_OBJECTS)}, number=AN_INTEGER, liable=A_FLAG
)

CREATE_TAX = Function(
    path="taxes/create",
    about="Make a tax held by a customer, the seller.",
    parameters=(
        *LOGIN,
        NAME,
        flag("accounts", "Applies to account fees."),
        Parameter("amount", DECIMAL, "Flat amount, added after the percentage.", least=0),
        flag("calls", "Applies to calls."),
        flag("cardgroups", "Applies to card groups."),
        flag("charges", "Applies to charges, where nothing else is set for one."),
        CURRENCY,
        an_id("customer", "The owner; without it the caller's own customer."),
        DESCRIPTION,
        flag("features", "Applies to telephony features."),
        Parameter("liable", INTEGER, "Who is liable: 0 nobody, 1 new customers, 2 all.", least=0, most=2),
        flag("messages", "Applies to text messages."),
        flag("numbers", "Applies to numbers."),
        flag("products", "Applies to products."),
        Parameter("rate", DECIMAL, "Percent.", least=0, digits=(6, 6)),
        flag("shared", "1 shares it with all customers; only the system owner's setting has effect."),
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=A_NEW_ID,
    refusals={CustomerUnknown: ("400", "customer")},
)
_LIABILITY = (
    *LOGIN,
    an_id("tax", "The tax.", required=True),
    Parameter("type", TEXT, "What kind of object.", required=True, choices=LIABLE_OBJECTS),
    an_id("number", "The id of that object.", required=True),
)
SET_LIABILITY = Function(
    path="taxes/liable/set",
    about="Say whether one object is liable to a tax, whatever the tax's own default.",
    parameters=(*_LIABILITY, flag("liable", "1 liable, 0 not.", required=True)),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
)
GET_LIABILITY = Function(
    path="taxes/liable/get",
    about="What is set for one object and one tax.",
    parameters=_LIABILITY,
    privileges=("commerce",),
    below=("commerce",),
    data=LIABILITY,
)

FUNCTIONS = (CREATE_TAX, SET_LIABILITY, GET_LIABILITY)
