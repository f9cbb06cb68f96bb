"""The tenant's figures, read from their parts: nothing is counted."""

from __future__ import annotations

from sqlalchemy import Connection, text

from tollhouse.domain.figures import CHARGES, CUSTOMERS, NUMBERS_A_PART, whole
from tollhouse.ledger.facts import ROOT_NUMBER
from tollhouse.ledger.queries import ProjectFigures

_FIGURES = text(
    "SELECT name, CAST(sum(item_count) AS BIGINT), CAST(sum(high) AS BIGINT), CAST(sum(low) AS BIGINT)"
    " FROM totals WHERE tenant_id = :tenant GROUP BY name ORDER BY name"
)
#: The part of the customers' list in which the one behind `offset` others stands, and how many come before that part.
_PART = text(
    "SELECT lane, upto - item_count FROM (SELECT lane, item_count, sum(item_count) OVER (ORDER BY lane) AS upto"
    " FROM totals WHERE tenant_id = :tenant AND name = :name) parts WHERE upto > :offset ORDER BY lane LIMIT 1"
)
_COUNT = text(
    "SELECT CAST(coalesce(sum(item_count), 0) AS BIGINT) FROM totals WHERE tenant_id = :tenant AND name = :name"
)


def project_figures(connection: Connection, tenant_id: int) -> ProjectFigures:
    customers = 0
    charges: dict[str, tuple[int, int]] = {}
    for name, count, high, low in connection.execute(_FIGURES, {"tenant": tenant_id}):
        if name == CUSTOMERS:
            customers = int(count)
        else:
            charges[name.removeprefix(CHARGES)] = (int(count), whole(int(high), int(low)))
    return ProjectFigures(customers, charges)


def customer_count(connection: Connection, tenant_id: int) -> int:
    return int(connection.execute(_COUNT, {"tenant": tenant_id, "name": CUSTOMERS}).scalar_one())


def place_of_customer(connection: Connection, tenant_id: int, offset: int) -> tuple[int, int] | None:
    """From which number on to read, and how many customers to pass over from there, to come to the one behind `offset`
    others in the order of their numbers; None where there are no more than those."""
    values = {"tenant": tenant_id, "name": CUSTOMERS, "offset": offset}
    found = connection.execute(_PART, values).first()
    if found is None:
        return None
    part, before = (int(value) for value in found)
    return max(part * NUMBERS_A_PART, ROOT_NUMBER + 1), offset - before
