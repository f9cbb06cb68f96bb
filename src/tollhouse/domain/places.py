"""Countries, the money they pay in, and time zones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_symbol, get_territory_currencies

from tollhouse.domain.decimals import EXACT
from tollhouse.domain.money import is_currency

_CHANGED_AFTER_BABEL: Final = {"BG": (date(2026, 1, 1), "EUR")}
"""Countries that took another currency after Babel's data was made: from which day, and which."""

get_global("territory_currencies")  # Babel reads its file at the first use: that use is this import.


def is_country_code(code: str) -> bool:
    """Whether `code` has the form of an ISO 3166-1 alpha-2 code, in any case."""
    return len(code) == 2 and code.isascii() and code.isalpha()


_NOT_COUNTRIES: Final = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)
"""Two letters that Unicode's data names, and ISO 3166-1 gives to no country."""

_NAMED: Final = ((name, code) for code, name in Locale("en").territories.items() if len(code) == 2)
COUNTRIES: Final = {code: name for name, code in sorted(_NAMED) if code not in _NOT_COUNTRIES}
"""The countries of ISO 3166-1 by their alpha-2 code, with their English names and in the order of these."""


def is_country(code: str) -> bool:
    """Whether `code` is the upper-case ISO 3166-1 alpha-2 code of a country."""
    return code in COUNTRIES


@cache
def currency_symbol(currency: str) -> str:
    """How a currency is written before an amount in English, such as $ or CHF."""
    return str(get_currency_symbol(currency, locale="en"))


def amount_shown(amount: Decimal, currency: str, decimals_min: int) -> str:
    """An amount in major units as people read it in English, to its last decimal and with at least so many."""
    decimals = max(decimals_min, -int(amount.normalize(EXACT).as_tuple().exponent))
    symbol = currency_symbol(currency)
    space = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{space}{amount.copy_abs():,.{decimals}f}"


def is_timezone(name: str) -> bool:
    """Whether `name` is an IANA time zone such as Europe/Berlin, spelt exactly so."""
    return name in _timezones()


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def currency_of_country(code: str, on: date) -> str | None:
    """The first legal tender of a country (ISO 3166-1 alpha-2, any case) on a day, as an ISO 4217 code.

    None when the country is unknown, has no legal tender on that day, or none that one can be charged in.
    """
    country = code.upper()
    if country in _CHANGED_AFTER_BABEL:
        changed_on, currency = _CHANGED_AFTER_BABEL[country]
        if on >= changed_on:
            return currency
    tenders = get_territory_currencies(country, on, on)
    return next((currency for currency in tenders if is_currency(currency)), None)


def locale_of_country(code: str) -> str:
    """The BCP 47 tag of the language that most people of a country read, such as de-AT; en-US where that is unknown."""
    likely = get_global("likely_subtags").get(f"und_{code.upper()}") if code else None
    return f"{likely.partition('_')[0]}-{code.upper()}" if likely else "en-US"
