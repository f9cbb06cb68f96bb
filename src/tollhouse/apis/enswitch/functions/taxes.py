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
from tollhouse.apis.enswitch.functions.shapes import (
    A_DECIMAL,
    A_FLAG,
    A_NEW_ID,
    A_TEXT,
    AN_INTEGER,
    a_list,
    an_object,
)
from tollhouse.ledger.refusals import CustomerUnknown, ListTooLong, PlanUnknown, TaxUnknown
from tollhouse.ledger.seeing import LIABLE_OBJECTS
from tollhouse.ledger.tax_reading import SIGNUP_KINDS

LIABILITY = an_object(
    tax=AN_INTEGER, type={"type": "string", "enum": list(LIABLE_OBJECTS)}, number=AN_INTEGER, liable=A_FLAG
)

_FLAGS = ("accounts", "calls", "cardgroups", "charges", "features", "messages", "numbers", "products")

TAX = an_object(
    id=AN_INTEGER,
    name=A_TEXT,
    customer={"type": "integer", "description": "The owner; 0 where it is not the caller's to see."},
    amount=A_DECIMAL,
    currency=A_TEXT,
    description=A_TEXT,
    liable={"type": "integer", "enum": [0, 1, 2]},
    rate=A_DECIMAL,
    shared=A_FLAG,
    **dict.fromkeys(_FLAGS, A_FLAG),
)

_ACCOUNTS = flag("accounts", "Applies to account fees.")
_AMOUNT = Parameter("amount", DECIMAL, "Flat amount, added after the percentage.", least=0)
_COVERED = (
    flag("calls", "Applies to calls."),
    flag("cardgroups", "Applies to card groups."),
    flag("charges", "Applies to charges, where nothing else is set for one."),
)
_MORE = (
    flag("features", "Applies to telephony features."),
    Parameter("liable", INTEGER, "Who is liable: 0 nobody, 1 new customers, 2 all.", least=0, most=2),
    flag("messages", "Applies to text messages."),
)
_REST = (
    flag("numbers", "Applies to numbers."),
    flag("products", "Applies to products, where nothing else is set for one."),
    Parameter("rate", DECIMAL, "Percent.", least=0, digits=(6, 6)),
    flag("shared", "1 shares it with all customers; only the system owner's setting has effect."),
    VALIDATION,
)

CREATE_TAX = Function(
    path="taxes/create",
    about="Make a tax held by a customer, the seller.",
    parameters=(
        *(*LOGIN, NAME, _ACCOUNTS, _AMOUNT, *_COVERED, CURRENCY),
        an_id("customer", "The owner; without it the caller's own customer."),
        *(DESCRIPTION, *_MORE, *_REST),
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=A_NEW_ID,
    refusals={CustomerUnknown: ("400", "customer")},
)
UPDATE_TAX = Function(
    path="taxes/update",
    about="Change a tax; what is left out stays. Affects later events only.",
    parameters=(
        *(*LOGIN, an_id("id", "The tax.", required=True), _ACCOUNTS, _AMOUNT, *_COVERED, CURRENCY, DESCRIPTION, *_MORE),
        Parameter("name", TEXT, "The name.", empty=False),
        *_REST,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={TaxUnknown: ("404", "id")},
)
LIST_TAXES = Function(
    path="taxes/list",
    about="The taxes that a customer holds, can use or is liable to, or those of a signup, by id.",
    parameters=(
        *LOGIN,
        flag("applicable", "1 answers those that apply to the customer."),
        flag("available", "1 answers those that it can use: its own and shared ones."),
        an_id("customer", "The customer; without it the caller's own."),
        an_id("plan", "With signup=1: the rate plan."),
        flag("signup", "1 answers those that apply to a signup, without a login."),
        Parameter("type", TEXT, "With signup=1: the kind of fee.", choices=("", *SIGNUP_KINDS)),
    ),
    privileges=("commerce", "payment"),
    below=("commerce",),
    public="signup",
    data=a_list(TAX),
    refusals={
        CustomerUnknown: ("400", "customer"),
        ListTooLong: ("400", "customer"),
        PlanUnknown: ("400", "plan"),
    },
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

FUNCTIONS = (CREATE_TAX, UPDATE_TAX, LIST_TAXES, SET_LIABILITY, GET_LIABILITY)
