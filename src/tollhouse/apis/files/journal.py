"""Transactions as a journal of double entry in Beancount's language, from the postings of the ledger.

Accounts are opened on the first day there is. At the end each account's balance is asserted to the last digit; that of
what is owed on account is the one that customers' balances say, where the journal is of all the books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tollhouse.apis.files.rows import time_text
from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.exporting import Balances, Exported
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.postings import (
    ADJUSTMENTS,
    COLLECTED_ELSEWHERE,
    CREDITS_GIVEN,
    OWED_ON_ACCOUNT,
    RECEIVED_ON_ACCOUNT,
    REFUNDS,
    REVENUE,
    TAKEN_BY_GATEWAYS,
    TAX_PAYABLE,
    has_accounts,
    postings,
)

_ACCOUNTS: Final = {
    COLLECTED_ELSEWHERE: "Assets:CollectedElsewhere",
    TAKEN_BY_GATEWAYS: "Assets:TakenByGateways",
    OWED_ON_ACCOUNT: "Assets:OwedOnAccount",
    RECEIVED_ON_ACCOUNT: "Assets:ReceivedOnAccount",
    TAX_PAYABLE: "Liabilities:TaxPayable",
    REVENUE: "Income:Revenue",
    REFUNDS: "Income:Refunds",
    CREDITS_GIVEN: "Expenses:CreditsGiven",
    ADJUSTMENTS: "Equity:Adjustments",
}
_OPENING_BALANCES: Final = "Equity:OpeningBalances"
_FIRST_DAY: Final = date(1970, 1, 1)

#: By account and currency.
_Sums = Counter[tuple[str, str]]


def journal_lines(tenant: TenantFact, rows: Iterable[Exported], balances: Balances | None) -> Iterator[str]:
    """The journal of these transactions. `balances` come with all the books, and with nothing less."""
    sums: _Sums = Counter()
    yield from _head(tenant)
    if balances is not None:
        yield from _opening(balances, sums)
    last_day = _FIRST_DAY
    for row in rows:
        if has_accounts(row.transaction):
            last_day = max(last_day, _day(row.transaction.effective_at))
            yield _entry(row, sums)
    if balances is not None:
        for currency, amount_minor in balances.kept_minor.items():
            sums[_ACCOUNTS[OWED_ON_ACCOUNT], currency] = -amount_minor
    yield "\n"
    for (account, currency), amount_minor in sorted(sums.items()):
        text = major_text(amount_minor, currency, 0)
        yield f"{last_day + timedelta(days=1)} balance {account}  {text} ~ 0 {currency}\n"


def _head(tenant: TenantFact) -> Iterator[str]:
    yield f'option "title" {_quoted(tenant.name)}\n'
    yield f'option "operating_currency" "{tenant.currency}"\n\n'
    for account in (*_ACCOUNTS.values(), _OPENING_BALANCES):
        yield f"{_FIRST_DAY} open {account}\n"


def _opening(balances: Balances, sums: _Sums) -> Iterator[str]:
    for currency, amount_minor in sorted(balances.opened_minor.items()):
        if amount_minor:
            yield f'\n{_FIRST_DAY} * "Opening balances"\n'
            yield _leg(_ACCOUNTS[OWED_ON_ACCOUNT], -amount_minor, currency, sums)
            yield _leg(_OPENING_BALANCES, amount_minor, currency, sums)


def _entry(row: Exported, sums: _Sums) -> str:
    transaction, customer = row.transaction, row.customer
    payee = (customer and (customer.reference or customer.email)) or f"customer {transaction.customer_number}"
    told = {
        "transaction": str(transaction.transaction_id),
        "customer": str(transaction.customer_number),
        "kind": transaction.kind,
        "door": transaction.origin,
        "time": time_text(transaction.effective_at) or "",
        "corrects": "" if row.corrected_id is None else str(row.corrected_id),
        "payment": "" if transaction.payment_id is None else str(transaction.payment_id),
    }
    narration = _quoted(transaction.description or transaction.kind)
    lines = [f"\n{_day(transaction.effective_at)} * {_quoted(payee)} {narration}\n"]
    lines += [f"  {name}: {_quoted(value)}\n" for name, value in told.items() if value]
    lines += [_leg(_ACCOUNTS[leg.account], leg.amount_minor, leg.currency, sums) for leg in postings(transaction)]
    return "".join(lines)


def _leg(account: str, amount_minor: int, currency: str, sums: _Sums) -> str:
    sums[account, currency] += amount_minor
    return f"  {account:<28}{major_text(amount_minor, currency, 0):>20} {currency}\n"


def _day(at: int) -> date:
    return datetime.fromtimestamp(at // SECOND, UTC).date()


def _quoted(text: str) -> str:
    """As a string of Beancount's, on one line."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
