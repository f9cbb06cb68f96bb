"""Logging in, and acting as somebody else."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    LOGIN,
    SECOND_STEP,
    TEXT,
    Function,
    Parameter,
    an_id,
    flag,
)
from tollhouse.apis.enswitch.functions.people import PERSON, TOKEN_FIELDS
from tollhouse.apis.enswitch.functions.shapes import A_TEXT, Shape, an_object
from tollhouse.apis.people.person import SWITCHING
from tollhouse.ledger.refusals import PersonUnknown

_WITH_TOKEN: Shape = {**PERSON, "properties": {**PERSON["properties"], **TOKEN_FIELDS}}
_CODE_WANTED = an_object(totp_required={"type": "boolean", "const": True}, totp_token=A_TEXT, username=A_TEXT)
_WANTS_TOKEN = flag("token", "1 answers a token to call with, in place of username and password.")

LOG_IN = Function(
    path="user/login",
    about="Who one is; with token=1 also a token. 202 asks for the one-time code, here or in a second step.",
    parameters=(*LOGIN, *SECOND_STEP, _WANTS_TOKEN),
    privileges=("user",),
    below=(),
    data={"anyOf": [_WITH_TOKEN, _CODE_WANTED]},
)
SWITCH_USER = Function(
    path="user/switch",
    about="Act as another person; with token=1 answers a token that does.",
    parameters=(
        *LOGIN,
        an_id("id", "The person; this or username."),
        Parameter("username", TEXT, "The person's username; this or id."),
        _WANTS_TOKEN,
    ),
    privileges=SWITCHING.privileges,
    below=SWITCHING.below,
    is_change=SWITCHING.is_change,
    data=_WITH_TOKEN,
    refusals={PersonUnknown: ("404", "id")},
)

FUNCTIONS = (LOG_IN, SWITCH_USER)
