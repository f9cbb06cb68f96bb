"""The functions that are served: what each takes, who may call it, and what it answers with.

One table for all that reads it: requests are parsed by it, callers are let in by it, and the OpenAPI document is made
from it.
"""

from __future__ import annotations

import msgspec

from tollhouse.domain.periods import PERIODS
from tollhouse.ledger.seeing import LIABLE_OBJECTS

TEXT = "text"
INTEGER = "integer"
DECIMAL = "decimal"

NAME_LENGTH_MAX = 255
DESCRIPTION_LENGTH_MAX = 4000
KEY_LENGTH_MAX = 255
PASSWORD_LENGTH_MAX = 4000
SECONDS_MAX = 10**11
NUMBER_MAX = 2**31 - 1

SORTS = ("amount", "description", "id", "person", "reference", "time", "type")


class Parameter(msgspec.Struct, frozen=True):
    """`least`, `most` and `choices` bound what is taken; an id has no bounds: beyond them there is no object.

    `empty` allows a text without characters. `digits` are those before and behind the point of a decimal.
    """

    name: str
    kind: str
    about: str
    required: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    length_max: int = NAME_LENGTH_MAX
    empty: bool = True
    digits: tuple[int, int] = (15, 6)


class Function(msgspec.Struct, frozen=True):
    """`privileges` are those of which the caller needs one, `below` those that open the customers under its own.

    A change needs full access, a read is content with read-only. `data` names the shape of the answer's data.
    """

    path: str
    about: str
    parameters: tuple[Parameter, ...]
    privileges: tuple[str, ...]
    below: tuple[str, ...]
    is_change: bool = False
    data: str | None = None


USERNAME = Parameter("auth_username", TEXT, "The caller's username.")
PASSWORD = Parameter("auth_password", TEXT, "The caller's password.", length_max=PASSWORD_LENGTH_MAX)
LOGIN = (USERNAME, PASSWORD)


def _id(name: str, about: str, *, required: bool = False) -> Parameter:
    return Parameter(name, INTEGER, about, required=required)


def _flag(name: str, about: str, *, required: bool = False) -> Parameter:
    return Parameter(name, INTEGER, about, required=required, least=0, most=1)


def _time(name: str, about: str) -> Parameter:
    return Parameter(name, INTEGER, about + " UNIX seconds.", least=0, most=SECONDS_MAX)


CHARGE_ID = _id("id", "The charge.", required=True)
VALIDATION = _flag("validation", "1 checks everything and changes nothing.")
KEY = Parameter(
    "idempotency_key", TEXT, "The same call with the same key happens once.", empty=False, length_max=KEY_LENGTH_MAX
)

_AMOUNT = Parameter("amount", DECIMAL, "What the customer pays, before tax.")
_BUY = Parameter("buy", DECIMAL, "What it costs the seller, before tax.")
_CURRENCY = Parameter("currency", TEXT, "ISO 4217 code of amount and buy.", empty=False)
_DESCRIPTION = Parameter("description", TEXT, "Free text.", length_max=DESCRIPTION_LENGTH_MAX)
_END = _time("end", "When it ends; 0 is never.")
_NUMBER = Parameter("number", INTEGER, "How many times to charge; 0 is no limit.", least=0, most=NUMBER_MAX)
_PERIOD = Parameter("period", TEXT, "How often; empty is immediately.", choices=PERIODS)
_START = _time("start", "When it starts; 0 is now.")

CREATE_CHARGE = Function(
    path="charges/create",
    about="Record a charge on a customer or on everybody on a rate plan; moves no money.",
    parameters=(
        *LOGIN,
        Parameter("name", TEXT, "The name.", required=True, empty=False),
        _id("customer", "The customer to charge; this or plan."),
        _id("plan", "The rate plan whose customers are charged; this or customer."),
        *(_AMOUNT, _BUY, _CURRENCY, _DESCRIPTION, _END, _NUMBER, _PERIOD, _START, VALIDATION, KEY),
    ),
    privileges=("administrator", "wholesale"),
    below=("wholesale",),
    is_change=True,
    data="created",
)
UPDATE_CHARGE = Function(
    path="charges/update",
    about="Change a charge; what is left out stays. Affects later events only.",
    parameters=(
        *LOGIN,
        CHARGE_ID,
        *(_AMOUNT, _BUY, _CURRENCY, _DESCRIPTION, _END),
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
    data="charge",
)
LIST_CHARGES = Function(
    path="charges/list",
    about="All charges of one customer or one rate plan, by id.",
    parameters=(
        *LOGIN,
        _id("customer", "The customer; without it and plan the caller's own."),
        _id("plan", "The rate plan."),
    ),
    privileges=("commerce",),
    below=("commerce",),
    data="charges",
)
CHARGE_NOW = Function(
    path="charges/charge",
    about="Charge an existing charge now: a transaction with its taxes, and the balance.",
    parameters=(*LOGIN, CHARGE_ID, KEY),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
)
CREATE_TAX = Function(
    path="taxes/create",
    about="Make a tax held by a customer, the seller.",
    parameters=(
        *LOGIN,
        Parameter("name", TEXT, "The name.", required=True, empty=False),
        _flag("accounts", "Applies to account fees."),
        Parameter("amount", DECIMAL, "Flat amount, added after the percentage.", least=0),
        _flag("calls", "Applies to calls."),
        _flag("cardgroups", "Applies to card groups."),
        _flag("charges", "Applies to charges, where nothing else is set for one."),
        Parameter("currency", TEXT, "ISO 4217 code of amount.", empty=False),
        _id("customer", "The owner; without it the caller's own customer."),
        _DESCRIPTION,
        _flag("features", "Applies to telephony features."),
        Parameter("liable", INTEGER, "Who is liable: 0 nobody, 1 new customers, 2 all.", least=0, most=2),
        _flag("messages", "Applies to text messages."),
        _flag("numbers", "Applies to numbers."),
        _flag("products", "Applies to products."),
        Parameter("rate", DECIMAL, "Percent.", least=0, digits=(6, 6)),
        _flag("shared", "1 shares it with all customers; only the system owner's setting has effect."),
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data="created",
)
_LIABILITY = (
    *LOGIN,
    _id("tax", "The tax.", required=True),
    Parameter("type", TEXT, "What kind of object.", required=True, choices=LIABLE_OBJECTS),
    _id("number", "The id of that object.", required=True),
)
SET_LIABILITY = Function(
    path="taxes/liable/set",
    about="Say whether one object is liable to a tax, whatever the tax's own default.",
    parameters=(*_LIABILITY, _flag("liable", "1 liable, 0 not.", required=True)),
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
    data="liability",
)
LIST_TRANSACTIONS = Function(
    path="transactions/list",
    about="A customer's transactions on account.",
    parameters=(
        *LOGIN,
        _time("start", "From then on."),
        _time("end", "Before then; without it there is no bound."),
        _flag("archive", "1 includes archived rows; there are none."),
        _id("customer", "The customer; without it the caller's own."),
        _id("invoice", "Only those of this invoice; 0 is all."),
        Parameter("sort", TEXT, "The column to sort by.", choices=SORTS),
        _flag("descending", "1 reverses the order."),
    ),
    privileges=("reports",),
    below=("commerce", "callshop"),
    data="transactions",
)
GET_CUSTOMER = Function(
    path="customers/get",
    about="One customer, by one of id, name and email. With check=1 only whether there is one, and without a login.",
    parameters=(
        *LOGIN,
        _id("id", "The customer's id."),
        Parameter("name", TEXT, "The customer's name."),
        Parameter("email", TEXT, "The customer's e-mail."),
        _flag("check", "1 answers only whether there is such a customer."),
    ),
    privileges=("user",),
    below=("commerce", "callshop"),
    data="customer",
)

FUNCTIONS = (
    CREATE_CHARGE,
    UPDATE_CHARGE,
    DELETE_CHARGE,
    GET_CHARGE,
    LIST_CHARGES,
    CHARGE_NOW,
    CREATE_TAX,
    SET_LIABILITY,
    GET_LIABILITY,
    LIST_TRANSACTIONS,
    GET_CUSTOMER,
)
