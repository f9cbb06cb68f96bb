"""What a function and its parameters are, and the parameters that many functions take."""

from __future__ import annotations

import msgspec

from tollhouse.apis.enswitch.functions.shapes import Shape
from tollhouse.ledger.refusals import Refusal

TEXT = "text"
INTEGER = "integer"
DECIMAL = "decimal"

NAME_LENGTH_MAX = 255
DESCRIPTION_LENGTH_MAX = 4000
KEY_LENGTH_MAX = 255
PASSWORD_LENGTH_MAX = 4000
TOKEN_LENGTH_MAX = 4000
SECONDS_MAX = 10**11
NUMBER_MAX = 2**31 - 1


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

    A change needs full access, a read is content with read-only. `data` is the shape of the answer's data.
    `refusals` are the codes and keys that differ from the usual ones: a page lists no 404, or no parameter is at fault.
    `public` is a parameter that, given as 1, opens the function to anybody; with `optional_login` given, a call may
    come without a login. `modes` are flags that, given as 1, ask for other privileges. Without privileges the function
    is open to everybody who has logged in.
    """

    path: str
    about: str
    parameters: tuple[Parameter, ...]
    privileges: tuple[str, ...]
    below: tuple[str, ...]
    is_change: bool = False
    data: Shape | None = None
    refusals: dict[type[Refusal], tuple[str, str]] = {}
    public: str = ""
    optional_login: str = ""
    modes: dict[str, tuple[str, ...]] = {}


USERNAME = Parameter("auth_username", TEXT, "The caller's username.")
PASSWORD = Parameter("auth_password", TEXT, "The caller's password.", length_max=PASSWORD_LENGTH_MAX)
TOKEN = Parameter("auth_token", TEXT, "A token of user/login, in place of the two.", length_max=TOKEN_LENGTH_MAX)
LOGIN = (USERNAME, PASSWORD, TOKEN)

CODE = Parameter("auth_code", TEXT, "The one-time code (TOTP), of a person who needs one.")
SECOND_STEP = (
    CODE,
    Parameter("totp_token", TEXT, "The token of a 202, for the step with the code.", length_max=TOKEN_LENGTH_MAX),
)


def an_id(name: str, about: str, *, required: bool = False) -> Parameter:
    return Parameter(name, INTEGER, about, required=required)


def flag(name: str, about: str, *, required: bool = False) -> Parameter:
    return Parameter(name, INTEGER, about, required=required, least=0, most=1)


def time(name: str, about: str) -> Parameter:
    return Parameter(name, INTEGER, about + " UNIX seconds.", least=0, most=SECONDS_MAX)


VALIDATION = flag("validation", "1 checks everything and changes nothing.")
KEY = Parameter(
    "idempotency_key", TEXT, "The same call with the same key happens once.", empty=False, length_max=KEY_LENGTH_MAX
)
CURRENCY = Parameter("currency", TEXT, "ISO 4217 code of the amounts.", empty=False)
DESCRIPTION = Parameter("description", TEXT, "Free text.", length_max=DESCRIPTION_LENGTH_MAX)
NAME = Parameter("name", TEXT, "The name.", required=True, empty=False)

#: What lists take, in the order of their pages.
LIMIT = Parameter("limit", INTEGER, "At most so many rows; 0 is all.", least=0, most=NUMBER_MAX)
OFFSET = Parameter("offset", INTEGER, "The first row, counted from 0.", least=0, most=NUMBER_MAX)
COUNT = flag("count", "1 answers how many there are.")
PAGES = flag("pages", "1 answers the first row's name of each page of `limit` rows.")
DESCENDING = flag("descending", "1 reverses the order.")
LISTING = (COUNT, DESCENDING, LIMIT, OFFSET, PAGES)


def sort_by(*columns: str) -> Parameter:
    return Parameter("sort", TEXT, "The column to sort by.", choices=columns)
