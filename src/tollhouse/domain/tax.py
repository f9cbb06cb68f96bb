"""Taxes: who owes one, and how much it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tollhouse.domain import money

NOBODY_LIABLE: Final = 0
NEW_CUSTOMERS_LIABLE: Final = 1
ALL_CUSTOMERS_LIABLE: Final = 2


class FlatInOtherCurrency(ValueError):
    """A flat amount that was not converted to the charge's currency before it was assessed."""

    def __init__(self, tax_id: int, flat_currency: str, currency: str) -> None:
        super().__init__(f"The tax's flat amount is in {flat_currency} and was not converted to {currency}.")
        self.tax_id = tax_id
        self.flat_currency = flat_currency
        self.currency = currency


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax of one seller: `rate` percent of the net, and `flat` major units of `flat_currency` on top.

    A flat amount that was converted is a fraction, so that it stays exact.

    `liable_default` says which customers owe it where nothing is stored about them: 0 none, 1 those created
    after the tax, 2 all. Any other number is refused with ValueError.
    """

    tax_id: int
    name: str
    rate: Decimal
    flat: Decimal | Fraction
    flat_currency: str
    applies_to_charges: bool
    liable_default: int

    def __post_init__(self) -> None:
        if self.liable_default not in (NOBODY_LIABLE, NEW_CUSTOMERS_LIABLE, ALL_CUSTOMERS_LIABLE):
            raise ValueError("Who is liable by default is 0, 1 or 2.")


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax on one net amount: `amount_minor` is rate percent of the net plus `flat`, rounded once.

    `flat` is the flat amount that was added, in major units of the charge's currency: with the sign of the
    net, and 0 on a net of 0.
    """

    tax_id: int
    name: str
    rate: Decimal
    flat: Fraction
    amount_minor: int


def is_liable(
    tax: Tax,
    charge_setting: bool | None,
    customer_setting: bool | None,
    customer_created_at: int,
    tax_created_at: int,
) -> bool:
    """Whether this customer owes this tax on this charge: the tax covers it and the customer is liable.

    A stored setting (None: nothing stored) overrides what the tax says, each on its own side. Instants are
    microseconds UTC; a customer created at the very instant of the tax was not created after it.
    """
    covers = tax.applies_to_charges if charge_setting is None else charge_setting
    return covers and (
        _is_liable_by_default(tax, customer_created_at, tax_created_at)
        if customer_setting is None
        else customer_setting
    )


def assess(net_minor: int, currency: str, taxes: Sequence[Tax]) -> tuple[TaxLine, ...]:
    """Each tax on the rounded net (minor units of `currency`), none on another, each rounded by itself.

    The caller leaves out taxes that are not owed and converts flat amounts to `currency` before, currency
    name included. Refuses with UnknownCurrency, FlatInOtherCurrency, or OutOfRange beyond AMOUNT_MINOR_MAX.
    """
    return tuple(_line(net_minor, currency, tax) for tax in taxes)


def split_inclusive(gross_minor: int, currency: str, rate: Decimal) -> tuple[int, int]:
    """Net and tax of an amount that includes `rate` percent of tax, all in minor units of `currency`.

    The tax is rounded, the net is what remains. Refuses with UnknownCurrency, or ValueError for a negative
    rate.
    """
    money.exponent(currency)
    if rate < 0:
        raise ValueError("The rate of an inclusive tax is not negative.")
    percent = Fraction(rate)
    tax_minor = money.round_half_away(gross_minor * percent / (100 + percent))
    return gross_minor - tax_minor, tax_minor


def _is_liable_by_default(tax: Tax, customer_created_at: int, tax_created_at: int) -> bool:
    if tax.liable_default == NEW_CUSTOMERS_LIABLE:
        return customer_created_at > tax_created_at
    return tax.liable_default == ALL_CUSTOMERS_LIABLE


def _line(net_minor: int, currency: str, tax: Tax) -> TaxLine:
    flat = _flat_on(net_minor, currency, tax)
    net = Fraction(money.major_from_minor(net_minor, currency))
    amount_minor = money.rounded_minor(net * Fraction(tax.rate) / 100 + flat, currency)
    return TaxLine(tax.tax_id, tax.name, tax.rate, flat, amount_minor)


def _flat_on(net_minor: int, currency: str, tax: Tax) -> Fraction:
    """The flat amount with the sign of the net: none on a net of 0, given back on a credit."""
    flat = Fraction(tax.flat)
    if net_minor == 0 or flat == 0:
        return Fraction(0)
    if tax.flat_currency != currency:
        raise FlatInOtherCurrency(tax.tax_id, tax.flat_currency, currency)
    return flat if net_minor > 0 else -flat
