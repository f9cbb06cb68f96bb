"""From the wire to what is asked about customers. Raises Invalid."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.enswitch.sent import Given


def customer_wanted(given: Given) -> tuple[str, Any]:
    """By what a customer is asked for, and its value. A 0 and an empty text count as not given."""
    names = [name for name in ("id", "name", "email") if given.get(name)]
    if len(names) > 1:
        given.refuse(names[1], f"{names[1]} may not be given together with {names[0]}.")
    elif not names:
        given.refuse("id", "id, name or email is required.")
    given.check()
    return names[0], given.get(names[0])
