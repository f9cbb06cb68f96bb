"""Charges: made, changed, charged."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    CURRENCY,
    DECIMAL,
    DESCRIPTION,
    INTEGER,
    KEY,
    LOGIN,
    NAME,
    NUMBER_MAX,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    time,
)
from tollhouse.apis.enswitch.functions.shapes import (
    A_DECIMAL,
    A_NEW_ID,
    A_TEXT,
    A_TIME,
    AN_INTEGER,
    a_list,
    an_object,
)
from tollhouse.domain.periods import PERIODS
from tollhouse.ledger.refusals import AmountOutOfRange, CustomerUnknown, ExchangeRateMissing, PlanUnknown

CHARGE = an_object(
    id=AN_INTEGER,
    name=A_TEXT,
    customer={"type": "integer", "description": "0 for a rate plan's charge."},
    plan={"type": "integer", "description": "0 for a customer's charge."},
    amount=A_DECIMAL,
    buy=A_DECIMAL,
    currency=A_TEXT,
    description=A_TEXT,
    end=A_TIME,
    number=AN_INTEGER,
    period={"type": "string", "enum": list(PERIODS)},
    start=A_TIME,
)

_AMOUNTS = {"net": A_DECIMAL, "tax": A_DECIMAL, "gross": A_DECIMAL, "buy": A_DECIMAL, "margin": A_DECIMAL}
REHEARSAL = an_object(
    digest=A_TEXT,
    customers={"type": "integer", "description": "How many would be charged."},
    not_billed={"type": "integer", "description": "How many are left out: their bill type is none."},
    refused={"type": "integer", "description": "How many stop it: all are charged or none."},
    sums=a_list(an_object(currency=A_TEXT, customers=AN_INTEGER, **_AMOUNTS)),
    taxes=a_list(an_object(tax=AN_INTEGER, name=A_TEXT, currency=A_TEXT, amount=A_DECIMAL)),
    refusals=a_list(an_object(customer=AN_INTEGER, message=A_TEXT)),
    lines=a_list(
        an_object(
            customer=AN_INTEGER,
            occurrence=A_TEXT,
            currency=A_TEXT,
            **_AMOUNTS,
            taxes=a_list(an_object(tax=AN_INTEGER, amount=A_DECIMAL)),
            exchange_rate=A_TEXT,
        )
    ),
    lines_left_out={"type": "integer", "description": "Lines beyond what one reply holds."},
)

CHARGE_ID = an_id("id", "The charge.", required=True)

_AMOUNT = Parameter("amount", DECIMAL, "What the customer pays, before tax.")
_BUY = Parameter("buy", DECIMAL, "What it costs the seller, before tax.")
_END = time("end", "When it ends; 0 is never.")
_NUMBER = Parameter("number", INTEGER, "How many times to charge; 0 is no limit.", least=0, most=NUMBER_MAX)
_PERIOD = Parameter("period", TEXT, "How often; empty is immediately.", choices=PERIODS)
_START = time("start", "When it starts; 0 is now.")

CREATE_CHARGE = Function(
    path="charges/create",
    about="Record a charge on a customer or on everybody on a rate plan; moves no money.",
    parameters=(
        *LOGIN,
        NAME,
        an_id("customer", "The customer to charge; this or plan."),
        an_id("plan", "The rate plan whose customers are charged; this or customer."),
        *(_AMOUNT, _BUY, CURRENCY, DESCRIPTION, _END, _NUMBER, _PERIOD, _START, VALIDATION, KEY),
    ),
    privileges=("administrator", "wholesale"),
    below=("wholesale",),
    is_change=True,
    data=A_NEW_ID,
)
UPDATE_CHARGE = Function(
    path="charges/update",
    about="Change a charge; what is left out stays. Affects later events only.",
    parameters=(
        *LOGIN,
        CHARGE_ID,
        *(_AMOUNT, _BUY, CURRENCY, DESCRIPTION, _END),
        Parameter("name", TEXT, "The name.", empty=False),
        *(_NUMBER, _PERIOD, _START, VALIDATION),
    ),
    privileges=("administrator", "wholesale"),
    below=("wholesale",),
    is_change=True,
)
DELETE_CHARGE = Function(
    path="charges/delete",
    about="Stop a charge. Its transactions stay.",
    parameters=(*LOGIN, CHARGE_ID),
    privileges=("administrator", "wholesale"),
    below=("wholesale",),
    is_change=True,
)
GET_CHARGE = Function(
    path="charges/get",
    about="One charge.",
    parameters=(*LOGIN, CHARGE_ID),
    privileges=("commerce",),
    below=("commerce",),
    data=CHARGE,
)
LIST_CHARGES = Function(
    path="charges/list",
    about="All charges of one customer or one rate plan, by id.",
    parameters=(
        *LOGIN,
        an_id("customer", "The customer; without it and plan the caller's own."),
        an_id("plan", "The rate plan."),
    ),
    privileges=("commerce",),
    below=("commerce",),
    data=a_list(CHARGE),
    refusals={CustomerUnknown: ("400", "customer"), PlanUnknown: ("400", "plan")},
)
CHARGE_NOW = Function(
    path="charges/charge",
    about=(
        "Charge an existing charge now: transactions with their taxes, and the balances. With validation=1 (an "
        "extension) it is rehearsed: answers what would be charged, with sums and a digest."
    ),
    parameters=(
        *LOGIN,
        CHARGE_ID,
        VALIDATION,
        Parameter("digest", TEXT, "Charge only if it comes to exactly what was rehearsed (an extension).", empty=False),
        KEY,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=REHEARSAL,
    refusals={AmountOutOfRange: ("400", "id"), ExchangeRateMissing: ("500", "")},
)

FUNCTIONS = (CREATE_CHARGE, UPDATE_CHARGE, DELETE_CHARGE, GET_CHARGE, LIST_CHARGES, CHARGE_NOW)
