"""From the wire to what is asked of an account. Raises Invalid."""

from __future__ import annotations

from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.queries import StatementWanted


def statement_wanted(given: Given) -> StatementWanted:
    start, end = given.get("start", 0), given.get("end")
    given.check()
    return StatementWanted(
        start_at=start * SECOND,
        end_at=None if end is None else end * SECOND,
        sort=given.get("sort", "time"),
        descending=given.get("descending") == 1,
    )
