"""Countries and the money they pay in."""

from __future__ import annotations

from datetime import date

import pytest
from babel.core import get_global

from tollhouse.domain.money import is_currency
from tollhouse.domain.places import currency_of_country

ON = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("country", "currency"),
    [("US", "USD"), ("IN", "INR"), ("DE", "EUR"), ("JP", "JPY"), ("KW", "KWD"), ("CL", "CLP"), ("CH", "CHF")],
)
def test_a_country_pays_in_its_legal_tender(country: str, currency: str) -> None:
    assert currency_of_country(country, ON) == currency
    assert currency_of_country(country.lower(), ON) == currency


def test_of_several_legal_tenders_the_first_counts() -> None:
    assert currency_of_country("PA", ON) == "PAB"
    assert currency_of_country("HT", ON) == "HTG"


@pytest.mark.parametrize(
    ("country", "day_before", "changed_on", "new"),
    [
        ("HR", date(2022, 12, 31), date(2023, 1, 15), "EUR"),
        ("BG", date(2025, 12, 31), date(2026, 1, 1), "EUR"),
    ],
)
def test_the_day_decides(country: str, day_before: date, changed_on: date, new: str) -> None:
    assert currency_of_country(country, day_before) != new
    assert currency_of_country(country, changed_on) == new


@pytest.mark.parametrize("country", ["", "ZZ", "AQ", "XX", "USA", "419", "U", "SU", "\u0130N", "\ud800"])
def test_an_unknown_or_moneyless_country_has_none(country: str) -> None:
    assert currency_of_country(country, ON) is None


def test_every_answer_is_a_currency_one_can_be_charged_in() -> None:
    answers = {code: currency_of_country(code, ON) for code in get_global("territory_currencies")}
    assert len([currency for currency in answers.values() if currency]) > 240
    assert [code for code, currency in answers.items() if currency and not is_currency(currency)] == []
