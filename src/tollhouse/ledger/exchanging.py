"""Which currencies are known, and by which rate one becomes another. Never 1 to 1 for want of a rate."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_from_text, decimal_text
from tollhouse.domain.exchange import UNCHANGED, Conversion, Rate, conversion
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.facts import ExchangeRateFact
from tollhouse.ledger.refusals import CurrencyUnknown, ExchangeRateMissing, RateRefused
from tollhouse.ledger.sight import Sight

#: Digits of a rate before its point, and behind it.
RATE_DIGITS_MAX: Final = 12

_INSTANT_MAX: Final = 2**62


class RatePut(msgspec.Struct, frozen=True):
    """The rate as it counts now, and whether there was none of that instant."""

    rate: ExchangeRateFact
    is_new: bool


def put(book: Book, command: PutExchangeRate) -> RatePut:
    fact = exchange_rate(
        book.tenant_id,
        from_currency=command.from_currency,
        to_currency=command.to_currency,
        rate=command.rate,
        effective_at=command.effective_at,
    )
    pair = {"from_currency": fact.from_currency, "to_currency": fact.to_currency}
    known = book.find(ExchangeRateFact, lock=True, effective_at=fact.effective_at, **pair)
    if known != [fact]:
        book.put(fact)
    return RatePut(fact, is_new=not known)


def exchange_rate(
    tenant_id: int, *, from_currency: str, to_currency: str, rate: str, effective_at: int
) -> ExchangeRateFact:
    """The rate as it is kept. Raises RateRefused."""
    try:
        number = decimal_from_text(rate, integer_digits_max=RATE_DIGITS_MAX, decimals_max=RATE_DIGITS_MAX)
    except ValueError as error:
        raise RateRefused("rate", str(error)) from error
    if number <= 0:
        raise RateRefused("rate", "must be above 0.")
    one, other = _currency("from", from_currency), _currency("to", to_currency)
    if one == other:
        raise RateRefused("to", "must be another currency than from.")
    if abs(effective_at) > _INSTANT_MAX:
        raise RateRefused("time", "is out of range.")
    return ExchangeRateFact(tenant_id, one, other, effective_at, decimal_text(number))


def _currency(field: str, code: str) -> str:
    code = code.upper()
    if not money.is_currency(code):
        raise RateRefused(field, "must be an ISO 4217 currency.")
    return code


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
