"""Roles: what people may."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    DESCRIPTION,
    INTEGER,
    LOGIN,
    NAME,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
)
from tollhouse.apis.enswitch.functions.shapes import A_NEW_ID, A_TEXT, AN_INTEGER, a_list, an_object
from tollhouse.ledger.commands import PRIVILEGES

_ACCESS = {"type": "integer", "enum": [0, 1, 2]}

ROLE = an_object(
    id=AN_INTEGER,
    name=A_TEXT,
    description=A_TEXT,
    access=an_object(**dict.fromkeys(PRIVILEGES, _ACCESS)),
)

LIST_ROLES = Function(
    path="roles/list",
    about="The roles that the caller may give: those that allow nothing that the caller's own does not.",
    parameters=LOGIN,
    privileges=("user",),
    below=(),
    data=a_list(ROLE),
)
CREATE_ROLE = Function(
    path="roles/create",
    about="Make a role; it allows nothing yet.",
    parameters=(*LOGIN, NAME, DESCRIPTION, VALIDATION),
    privileges=("system",),
    below=(),
    is_change=True,
    data=A_NEW_ID,
)
SET_ACCESS = Function(
    path="roles/access/set",
    about="Say whether a role has a privilege.",
    parameters=(
        *LOGIN,
        an_id("role", "The role.", required=True),
        Parameter("privilege", TEXT, "The privilege.", required=True, choices=PRIVILEGES),
        Parameter("access", INTEGER, "1 yes, 2 read-only, 0 no.", required=True, least=0, most=2),
        VALIDATION,
    ),
    privileges=("system",),
    below=(),
    is_change=True,
)

FUNCTIONS = (LIST_ROLES, CREATE_ROLE, SET_ACCESS)
