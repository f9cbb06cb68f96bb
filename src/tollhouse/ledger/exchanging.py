"""Which currencies are known, and by which rate one becomes another. Never 1 to 1 for want of a rate."""

from __future__ import annotations

from decimal import Decimal

from tollhouse.domain.exchange import UNCHANGED, Conversion, Rate, conversion
from tollhouse.ledger.book import Book
from tollhouse.ledger.facts import ExchangeRateFact
from tollhouse.ledger.refusals import CurrencyUnknown, ExchangeRateMissing
from tollhouse.ledger.sight import Sight


def check_known(book: Book, currency: str, *also: str) -> None:
    """Known are the tenant's currency, those with a rate, and any given besides. Raises CurrencyUnknown."""
    if currency == book.tenant.currency or currency in also:
        return
    if any(currency in (rate.from_currency, rate.to_currency) for rate in book.added(ExchangeRateFact)):
        return
    if not any(book.unit.exists(ExchangeRateFact, **{side: currency}) for side in ("from_currency", "to_currency")):
        raise CurrencyUnknown(currency)


def conversion_at_hand(sight: Sight, from_currency: str, to_currency: str) -> Conversion:
    """The conversion that counts now. Raises ExchangeRateMissing."""
    if from_currency == to_currency:
        return UNCHANGED
    rows = sight.exchange_rates(from_currency, to_currency)
    rates = [Rate(row.from_currency, row.to_currency, Decimal(row.rate), row.effective_at) for row in rows]
    found = conversion(rates, from_currency, to_currency, sight.now)
    if found is None:
        raise ExchangeRateMissing(from_currency, to_currency)
    return found
