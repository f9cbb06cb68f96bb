"""What the transactions of a day come to."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact


class DayFigureFact(Fact):
    """A part of what the transactions of one currency, kind and origin come to that are effective on one day of the
    tenant's time zone: all parts together are the figure.

    `effective_on` is the day as text, 2027-01-31. `item_count` is how many transactions there are, and each amount is
    the sum of theirs, with its sign: `high` times 2^32 plus `low`, as in TotalFact, which also tells of lanes. What is
    not kept follows: net is gross less tax.
    """

    tenant_id: int
    effective_on: str
    currency: str
    kind: str
    origin: str
    lane: int
    item_count: int
    gross_high: int
    gross_low: int
    tax_high: int
    tax_low: int
    buy_high: int
    buy_low: int
