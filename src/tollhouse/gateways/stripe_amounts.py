"""Amounts as Stripe counts them. Exact or refused, never rounded.

Stripe counts in a currency's minor unit as ISO 4217 does, with exceptions of its own: some currencies with decimals are
counted without, some without are counted with two, and of three decimals the last must be 0.
"""

from __future__ import annotations

from tollhouse.domain.money import UnknownCurrency, exponent

#: Counted without decimals, whatever ISO 4217 says of them.
_WITHOUT_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
#: Without decimals by ISO 4217, but counted in hundredths that must be whole.
_IN_HUNDREDTHS = frozenset(["ISK", "UGX"])
#: Counted in thousandths, of which the last digit must be 0.
_IN_THOUSANDTHS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])

#: The most that one payment may be, in Stripe's count; of currencies with small units Stripe itself draws the line.
AMOUNT_MAX = 99_999_999
_SMALL_UNITS = _WITHOUT_DECIMALS | _IN_HUNDREDTHS | frozenset(["COP", "HUF", "IDR", "INR", "LBP", "TWD", "UZS"])
_AMOUNT_MAX_OF_SMALL_UNITS = 999_999_999_999


class AmountRefused(ValueError):
    """Stripe cannot take this amount exactly; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def stripe_amount(amount_minor: int, currency: str) -> int:
    """Minor units in Stripe's count; raises AmountRefused."""
    difference = _decimals(currency) - _iso_decimals(currency)
    if difference >= 0:
        amount = amount_minor * int(10**difference)
    else:
        amount, rest = divmod(amount_minor, 10**-difference)
        if rest:
            raise AmountRefused("amount_too_precise")
    if currency in _IN_THOUSANDTHS and amount % 10:
        raise AmountRefused("amount_too_precise")
    if amount > (_AMOUNT_MAX_OF_SMALL_UNITS if currency in _SMALL_UNITS else AMOUNT_MAX):
        raise AmountRefused("amount_too_large")
    return amount


def _decimals(currency: str) -> int:
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _IN_THOUSANDTHS else 2


def _iso_decimals(currency: str) -> int:
    try:
        decimals = exponent(currency)
    except UnknownCurrency as error:
        raise AmountRefused("currency_not_supported") from error
    is_special = currency in _WITHOUT_DECIMALS or currency in _IN_HUNDREDTHS or currency in _IN_THOUSANDTHS
    if decimals != 2 and not is_special:
        raise AmountRefused("currency_not_supported")
    return decimals
