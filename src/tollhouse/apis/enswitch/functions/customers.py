"""Customers: the tree of resellers, their balances, and what is kept of each."""

from __future__ import annotations

from msgspec.structs import replace

from tollhouse.apis.enswitch.functions.parameters import (
    DECIMAL,
    DESCRIPTION,
    INTEGER,
    KEY,
    LISTING,
    LOGIN,
    NUMBER_MAX,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    flag,
    sort_by,
)
from tollhouse.apis.enswitch.functions.shapes import (
    A_DECIMAL,
    A_FLAG,
    A_NEW_ID,
    A_TEXT,
    AN_INTEGER,
    Shape,
    a_listing,
    an_object,
)
from tollhouse.domain.identity import EMAIL_LENGTH_MAX, REFERENCE_LENGTH_MAX
from tollhouse.ledger.details import BILL_TYPES
from tollhouse.ledger.refusals import (
    CustomerUnknown,
    EmailTaken,
    PlanUnknown,
    ReferenceTaken,
    SelfCreditRefused,
    SumTooLarge,
)

SORTS = ("account", "description", "name")
PERCENT_MAX = 100


def _text(name: str, about: str, length_max: int = 255) -> Parameter:
    return Parameter(name, TEXT, about, length_max=length_max)


def _decimal(name: str, about: str, least: int | None = None) -> Parameter:
    return Parameter(name, DECIMAL, about, least=least)


def _integer(name: str, about: str, least: int, most: int = NUMBER_MAX) -> Parameter:
    return Parameter(name, INTEGER, about, least=least, most=most)


#: What is kept of a customer and read by no charge, in the order of the page.
DETAILS = (
    _text("account", "Account number."),
    _text("address1", "Address."),
    _text("address2", "Address."),
    _text("address3", "Address."),
    _text("address_city", "City."),
    _text("address_code", "Postal code."),
    _text("address_other", "Address."),
    _text("address_state", "State."),
    an_id("affiliate_customer", "The customer that is its affiliate; 0 none."),
    _integer("affiliate_percentage", "The affiliate's share, in percent.", 0, PERCENT_MAX),
    Parameter("affiliate_type", TEXT, "What the affiliate's share is of.", choices=("", "revenue", "profit")),
    _decimal("auto_topup", "A top-up is wanted when the balance falls below this.", 0),
    _text("bank_account_name", "Bank account name."),
    _text("bank_account_number", "Bank account number."),
    _text("bank_code", "Bank code."),
    _text("bank_name", "Bank name."),
    _text("bill_ref", "Reference on bills."),
    _integer("bulk_calls", "Simultaneous calls; -1 the default, -2 as the rate plan.", -2),
    _decimal("call_maximum", "Spending on calls a day; -1 no limit, -2 as the rate plan.", -2),
    _decimal("credit_limit", "How far below zero calls are allowed.", 0),
    DESCRIPTION,
    flag("directory", "1 lists it in the directory."),
    flag("email_low_balance", "1 sends an e-mail when the balance is low."),
    _integer("invoice_due_delay", "Days until an invoice is due; -1 as the rate plan.", -1),
    flag("locked", "1 is locked; it is charged all the same."),
    _text("number_prefix", "Prefix of numbers."),
    _text("payment_type", "How it pays."),
    _text("region", "Region."),
    _text("tax_reference", "Its tax number."),
)

_SHAPES: dict[str, Shape] = {TEXT: A_TEXT, DECIMAL: A_DECIMAL, INTEGER: AN_INTEGER}

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
    deleted=A_FLAG,
    **{parameter.name: _SHAPES[parameter.kind] for parameter in DETAILS},
)

#: How a customer pays, which `payment=1` answers in place of the whole row.
PAYMENT_SETTINGS = (
    *("id", "auto_topup", "balance", "bank_account_name", "bank_account_number", "bank_code", "bank_name"),
    *("bill_type", "credit_limit", "currency", "email_low_balance", "invoice_due_delay", "payment_type"),
    "tax_reference",
)
PAYMENT = an_object(**{name: CUSTOMER["properties"][name] for name in PAYMENT_SETTINGS})

CUSTOMER_ID = an_id("id", "The customer.", required=True)
_NAME = Parameter("name", TEXT, "The name.", empty=False)
_PLAN = an_id("plan", "The rate plan that the customer is on.")
_EMAIL = Parameter("email", TEXT, "The e-mail address.", empty=False, length_max=EMAIL_LENGTH_MAX)
_BILL_TYPE = Parameter("bill_type", TEXT, "How it is billed.", choices=BILL_TYPES)
_BALANCE = _decimal("balance", "The balance, in the customer's currency.")
_OURS = (
    _text("reference", "The caller's own id for the customer, alike at all doors.", REFERENCE_LENGTH_MAX),
    _text("timezone", "IANA time zone, such as Europe/Berlin."),
    _text("country", "ISO 3166-1 code."),
    Parameter("currency", TEXT, "ISO 4217 code of the balance.", empty=False),
)

#: All that can be said of a customer but whom it is under, in the order of the page: by name, but for the first three.
FIELDS = (_NAME, _PLAN, _EMAIL, *sorted((_BALANCE, _BILL_TYPE, *DETAILS), key=lambda field: field.name), *_OURS)


def _required(parameter: Parameter) -> Parameter:
    return replace(parameter, required=True)


CREATE_CUSTOMER = Function(
    path="customers/create",
    about="Make a customer below a parent, on a rate plan that the parent may give.",
    parameters=(
        *LOGIN,
        *(_required(field) if field in (_NAME, _PLAN, _EMAIL) else field for field in FIELDS),
        an_id("parent", "The customer above it; without it the caller's own."),
        VALIDATION,
        KEY,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=A_NEW_ID,
    refusals={CustomerUnknown: ("404", "id"), PlanUnknown: ("400", "plan")},
)
UPDATE_CUSTOMER = Function(
    path="customers/update",
    about="Change a customer; what is left out stays. The balance can be set directly.",
    parameters=(*LOGIN, CUSTOMER_ID, *FIELDS, VALIDATION),
    privileges=("administrator", "commerce", "wholesale"),
    below=("commerce",),
    is_change=True,
    refusals={
        CustomerUnknown: ("404", "id"),
        PlanUnknown: ("400", "plan"),
        SumTooLarge: ("400", "balance"),
    },
)
DELETE_CUSTOMER = Function(
    path="customers/delete",
    about="Delete a customer that has no customers of its own and is nobody's affiliate. Its transactions stay.",
    parameters=(*LOGIN, CUSTOMER_ID),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={CustomerUnknown: ("404", "id")},
)
UNDELETE_CUSTOMER = Function(
    path="customers/undelete",
    about="Bring a deleted customer back.",
    parameters=(*LOGIN, CUSTOMER_ID),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={CustomerUnknown: ("404", "id"), EmailTaken: ("400", "id"), ReferenceTaken: ("400", "id")},
)
MOVE_CUSTOMER = Function(
    path="customers/move",
    about="Put a customer, with all that is below it, under another parent and on another rate plan.",
    parameters=(
        *LOGIN,
        CUSTOMER_ID,
        an_id("parent", "The customer to be above it.", required=True),
        _required(_PLAN),
    ),
    privileges=("system",),
    below=("system",),
    is_change=True,
    refusals={CustomerUnknown: ("404", "id"), PlanUnknown: ("400", "plan")},
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
        flag("payment", "1 answers its payment settings alone."),
    ),
    privileges=("user",),
    below=("commerce", "callshop"),
    public="check",
    data={"anyOf": [CUSTOMER, PAYMENT, {"type": "object", "maxProperties": 0, "description": "With check=1."}]},
    refusals={CustomerUnknown: ("404", "id")},
)
LIST_CUSTOMERS = Function(
    path="customers/list",
    about="The customers directly below a customer, or all below it.",
    parameters=(
        *LOGIN,
        _integer("deleted", "0 live ones, 1 deleted ones, -1 both.", -1, 1),
        Parameter("bill_type", TEXT, "Only those billed so; empty is all.", choices=("", *BILL_TYPES)),
        _integer("directory", "Only those in the directory (1) or not (0); -1 is all.", -1, 1),
        Parameter("name", TEXT, "Only those whose name has this in it, in any case."),
        an_id("parent", "The customer above them; without it the caller's own."),
        flag("recursive", "1 answers all below it, at any depth; without effect with count or pages."),
        sort_by(*SORTS),
        *LISTING,
    ),
    privileges=("callshop", "commerce"),
    below=("callshop", "commerce"),
    data=a_listing(CUSTOMER),
    refusals={CustomerUnknown: ("400", "parent")},
)
ADD_TO_BALANCE = Function(
    path="customers/balance/add",
    about="Raise a customer's balance, or lower it by a negative amount.",
    parameters=(
        *LOGIN,
        CUSTOMER_ID,
        Parameter("amount", DECIMAL, "How much to add.", required=True),
        Parameter("currency", TEXT, "ISO 4217 code of the amount; without it the customer's.", empty=False),
        Parameter(
            "transaction", TEXT, "What is shown to the customer; empty is nothing.", choices=("", "credit", "topup")
        ),
        DESCRIPTION,
        KEY,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={
        CustomerUnknown: ("404", "id"),
        SelfCreditRefused: ("400", "id"),
        SumTooLarge: ("400", "amount"),
    },
)
REQUEST_TOPUP = Function(
    path="customers/topup/request",
    about="Ask the parent to add money to the balance.",
    parameters=(
        *LOGIN,
        Parameter("amount", DECIMAL, "How much, in the customer's currency, tax included.", required=True, least=0),
        an_id("id", "The customer; without it the caller's own."),
        an_id("invoice", "The invoice that it is to pay; 0 none."),
    ),
    privileges=("payment",),
    below=("commerce",),
    is_change=True,
    data=an_object(status={"type": "string", "const": "accepted"}, error=A_TEXT, message=A_TEXT),
    refusals={CustomerUnknown: ("404", "id")},
)

FUNCTIONS = (
    CREATE_CUSTOMER,
    UPDATE_CUSTOMER,
    DELETE_CUSTOMER,
    UNDELETE_CUSTOMER,
    MOVE_CUSTOMER,
    GET_CUSTOMER,
    LIST_CUSTOMERS,
    ADD_TO_BALANCE,
    REQUEST_TOPUP,
)
