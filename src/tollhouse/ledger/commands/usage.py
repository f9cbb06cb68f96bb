"""What customers use of what they bought."""

from __future__ import annotations

from tollhouse.ledger.commands.command import Command


class ReportUsage(Command, frozen=True, kw_only=True):
    """Say how much of a METER a customer has used, over all its purchases: so much in all, or so much more."""

    customer_reference: str
    feature: str
    value: int
    is_delta: bool
