"""Double entry, derived: the postings of a transaction, which always sum to zero.

Accounts are named by what they hold. A positive amount is a debit: what somebody owes us or what we hold; a negative
one a credit: what we earned or owe.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.ledger.facts import TransactionFact

REVENUE: Final = "revenue"
CREDITS_GIVEN: Final = "credits given"
RECEIVED_ON_ACCOUNT: Final = "received on account"
ADJUSTMENTS: Final = "adjustments"
REFUNDS: Final = "refunds"
TAX_PAYABLE: Final = "tax payable"
COLLECTED_ELSEWHERE: Final = "collected elsewhere"
TAKEN_BY_GATEWAYS: Final = "taken by gateways"
OWED_ON_ACCOUNT: Final = "owed on account"

_WHAT_FOR: Final = {
    "charge": REVENUE,
    "credit": CREDITS_GIVEN,
    "debit": CREDITS_GIVEN,
    "topup": RECEIVED_ON_ACCOUNT,
    "adjustment": ADJUSTMENTS,
    "refund": REFUNDS,
    "void": REVENUE,
}
_WHERE_IT_SETTLES: Final = {
    "recorded": COLLECTED_ELSEWHERE,
    "balance": OWED_ON_ACCOUNT,
    "gateway": TAKEN_BY_GATEWAYS,
}


class Posting(msgspec.Struct, frozen=True, gc=False):
    account: str
    currency: str
    amount_minor: int


def has_accounts(transaction: TransactionFact) -> bool:
    """Whether the books have a place for a transaction of this kind that settles so: a gateway takes charges alone, and
    gives back refunds alone; what is on account is never refunded, and only what was recorded is void."""
    kind, settlement = transaction.kind, transaction.settlement
    if kind == "void":
        return settlement == "recorded"
    if kind == "refund":
        return settlement in ("recorded", "gateway")
    if settlement == "gateway":
        return kind == "charge"
    return kind in _WHAT_FOR and settlement in _WHERE_IT_SETTLES


def postings(transaction: TransactionFact) -> tuple[Posting, ...]:
    """The legs of one transaction that has accounts, in minor units of its currency."""
    currency = transaction.currency
    legs = (
        Posting(_WHERE_IT_SETTLES[transaction.settlement], currency, transaction.gross_minor),
        Posting(_WHAT_FOR[transaction.kind], currency, -transaction.net_minor),
    )
    return (*legs, Posting(TAX_PAYABLE, currency, -transaction.tax_minor)) if transaction.tax_minor else legs
