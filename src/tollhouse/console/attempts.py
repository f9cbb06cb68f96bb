"""Forms that move money: each says which attempt it is, so that sent twice it is done once."""

from __future__ import annotations

import secrets
from typing import Final

from msgspec.structs import replace

from tollhouse.console.visits import Visit

SENT_BEFORE: Final = "This form was sent before with other values: that was done, and this was not. See what was done."


def afresh(visit: Visit) -> Visit:
    """For a form that is shown again after it was refused: what is sent next is another attempt."""
    return replace(visit, form={**visit.form, "attempt": new_attempt()})


def new_attempt() -> str:
    return secrets.token_hex(16)
