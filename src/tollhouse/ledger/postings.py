"""Double entry, derived: the postings of a transaction, which always sum to zero.

Accounts are named by what they hold. A positive amount is a debit: what somebody owes us or what we hold; a negative
one a credit: what we earned or owe.
"""

from __future__ import annotations

import msgspec

from tollhouse.ledger.facts import TransactionFact

REVENUE = "revenue"
TAX_PAYABLE = "tax payable"
COLLECTED_ELSEWHERE = "collected elsewhere"
TAKEN_BY_GATEWAYS = "taken by gateways"
OWED_ON_ACCOUNT = "owed on account"

_WHERE_IT_SETTLES = {
    "recorded": COLLECTED_ELSEWHERE,
    "balance": OWED_ON_ACCOUNT,
    "gateway": TAKEN_BY_GATEWAYS,
}


class Posting(msgspec.Struct, frozen=True, gc=False):
    account: str
    currency: str
    amount_minor: int


def postings(transaction: TransactionFact) -> tuple[Posting, ...]:
    """The legs of one transaction, in minor units of its currency."""
    currency = transaction.currency
    legs = (
        Posting(_WHERE_IT_SETTLES[transaction.settlement], currency, transaction.gross_minor),
        Posting(REVENUE, currency, -transaction.net_minor),
    )
    return (*legs, Posting(TAX_PAYABLE, currency, -transaction.tax_minor)) if transaction.tax_minor else legs
