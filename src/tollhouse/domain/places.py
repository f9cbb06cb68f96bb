"""Countries, the money they pay in, and time zones."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies

from tollhouse.domain.money import is_currency

_CHANGED_AFTER_BABEL: Final = {"BG": (date(2026, 1, 1), "EUR")}
"""Countries that took another currency after Babel's data was made: from which day, and which."""

get_global("territory_currencies")  # Babel reads its file at the first use: that use is this import.


def is_country_code(code: str) -> bool:
    """Whether `code` has the form of an ISO 3166-1 alpha-2 code, in any case."""
    return len(code) == 2 and code.isascii() and code.isalpha()


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
