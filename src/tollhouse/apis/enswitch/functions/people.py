"""People: those who log in."""

from __future__ import annotations

from msgspec.structs import replace

from tollhouse.apis.enswitch.functions.parameters import (
    CODE,
    DESCRIPTION,
    DESCRIPTION_LENGTH_MAX,
    LISTING,
    LOGIN,
    PASSWORD_LENGTH_MAX,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    flag,
    sort_by,
)
from tollhouse.apis.enswitch.functions.shapes import (
    A_FLAG,
    A_NEW_ID,
    A_TEXT,
    AN_INTEGER,
    Shape,
    a_listing,
    an_object,
)
from tollhouse.domain.identity import EMAIL_LENGTH_MAX
from tollhouse.ledger.refusals import CustomerUnknown, OwnSystemAccessRefused, RoleUnknown

SORTS = ("forename", "fullname", "surname", "username")


def _text(name: str, about: str, *, required: bool = False, length_max: int = 255) -> Parameter:
    return Parameter(name, TEXT, about, required=required, length_max=length_max)


_USERNAME = Parameter("username", TEXT, "The name to log in by; unique in the installation.", empty=False)
_EMAIL = Parameter("email", TEXT, "The e-mail address.", empty=False, length_max=EMAIL_LENGTH_MAX)
_PASSWORD = Parameter("password", TEXT, "The password.", empty=False, length_max=PASSWORD_LENGTH_MAX)
_ROLE = an_id("role", "The role.")
_CUSTOMER = an_id("customer", "The customer; without it the caller's own.")
_PERSON_ID = an_id("id", "The person.", required=True)

#: What is told about a person and decides nothing, in the order of the page.
PROFILE = (
    _text("company", "Company."),
    _text("country", "ISO 3166-1 code; at first the customer's."),
    Parameter("date_format", TEXT, "How dates are shown.", choices=("YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY")),
    DESCRIPTION,
    _text("extension", "Extension."),
    _text("fax", "Fax number."),
    _text("language", "Language."),
    _text("mobile", "Mobile number."),
    _text("public_key", "Public key.", length_max=DESCRIPTION_LENGTH_MAX),
    _text("telephone", "Telephone number."),
    Parameter("time_format", TEXT, "How times are shown.", choices=("24", "12")),
    _text("timezone", "IANA time zone, such as Europe/Berlin; at first the customer's."),
    _text("title", "Title."),
)
_DESCRIPTIVE = (
    *(parameter for parameter in PROFILE if parameter.name < "forename"),
    _text("forename", "Forename."),
    *(parameter for parameter in PROFILE if "forename" < parameter.name < "source"),
    _text("source", "IP addresses and CIDR ranges to call from; empty is any.", length_max=DESCRIPTION_LENGTH_MAX),
    _text("surname", "Surname."),
    *(parameter for parameter in PROFILE if parameter.name > "surname"),
)

PERSON = an_object(
    id=AN_INTEGER,
    username=A_TEXT,
    customer=AN_INTEGER,
    role=AN_INTEGER,
    email=A_TEXT,
    forename=A_TEXT,
    surname=A_TEXT,
    source=A_TEXT,
    locked=A_FLAG,
    totp={**A_FLAG, "description": "Whether a one-time code is asked for."},
    created=AN_INTEGER,
    **{parameter.name: A_TEXT for parameter in PROFILE},
)

#: What a person's fields have besides where a token was asked for.
TOKEN_FIELDS: dict[str, Shape] = {
    "auth_token": A_TEXT,
    "auth_token_expiry": {"type": "integer", "description": "Seconds left; 0 for a token that never expires."},
    "auth_token_expires": {"type": "integer", "description": "UNIX seconds; left out for a token that never expires."},
}

CREATE_PERSON = Function(
    path="people/create",
    about="Make a person of a customer, with a role that allows nothing that the caller's does not.",
    parameters=(
        *LOGIN,
        replace(_USERNAME, required=True),
        replace(_EMAIL, required=True),
        _PASSWORD,
        replace(_ROLE, required=True),
        _CUSTOMER,
        an_id("copy_password", "In place of a password: a person of the same customer who has it."),
        *_DESCRIPTIVE,
        VALIDATION,
    ),
    privileges=("administrator", "wholesale"),
    below=("wholesale",),
    is_change=True,
    data=A_NEW_ID,
    refusals={CustomerUnknown: ("404", "customer"), RoleUnknown: ("400", "role")},
)
GET_PERSON = Function(
    path="people/get",
    about="One person, by id, else username, else e-mail. With check=1 only whether there is one, without a login.",
    parameters=(
        *LOGIN,
        an_id("id", "The person's id."),
        _text("username", "The person's username."),
        _text("email", "The person's e-mail."),
        flag("check", "1 answers only whether there is such a person."),
    ),
    privileges=("user",),
    below=("commerce", "wholesale"),
    public="check",
    data={"anyOf": [PERSON, {"type": "object", "maxProperties": 0, "description": "With check=1."}]},
)
LIST_PEOPLE = Function(
    path="people/list",
    about="The people of one customer.",
    parameters=(*LOGIN, _CUSTOMER, sort_by(*SORTS), *LISTING),
    privileges=("user",),
    below=("commerce", "wholesale"),
    data=a_listing(PERSON),
    refusals={CustomerUnknown: ("400", "customer")},
)
UPDATE_PERSON = Function(
    path="people/update",
    about="Change a person; what is left out stays. Without administrator or wholesale only oneself, and less.",
    parameters=(
        *LOGIN,
        _PERSON_ID,
        _USERNAME,
        _EMAIL,
        _PASSWORD,
        _ROLE,
        *_DESCRIPTIVE,
        flag("totp", "One-time codes (an extension): 1 sets them up for oneself in two calls, 0 takes them off."),
        CODE,
        VALIDATION,
    ),
    privileges=("user", "wholesale"),
    below=("wholesale",),
    is_change=True,
    data=an_object(totp_secret=A_TEXT, totp_uri=A_TEXT),
    refusals={RoleUnknown: ("400", "role"), OwnSystemAccessRefused: ("400", "role")},
)
DELETE_PERSON = Function(
    path="people/delete",
    about="Delete a person; the username becomes free. What the person did stays.",
    parameters=(*LOGIN, _PERSON_ID, flag("features", "1 also deletes what the person owns; there is nothing.")),
    privileges=("administrator", "wholesale"),
    below=("wholesale",),
    is_change=True,
)
UNLOCK_PERSON = Function(
    path="people/unlock",
    about="Let a person log in again after too many failures.",
    parameters=(*LOGIN, _PERSON_ID),
    privileges=("user", "wholesale"),
    below=("wholesale",),
    is_change=True,
)

FUNCTIONS = (CREATE_PERSON, GET_PERSON, LIST_PEOPLE, UPDATE_PERSON, DELETE_PERSON, UNLOCK_PERSON)
