"""What one occurrence of a charge costs a customer: converted exactly, rounded once for the net, once for the buy cost
and once for each tax.

Many customers of a plan are charged alike; each different outcome is computed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_text, fraction_text
from tollhouse.domain.exchange import Conversion
from tollhouse.domain.money import OutOfRange
from tollhouse.domain.tax import TaxLine
from tollhouse.ledger.exchanging import conversion_at_hand
from tollhouse.ledger.facts import ChargeFact, CustomerFact, TaxFact
from tollhouse.ledger.refusals import AmountOutOfRange
from tollhouse.ledger.sight import Sight
from tollhouse.ledger.taxing import Liabilities, assess

WHOLE = Fraction(1)


class Tariff(msgspec.Struct, frozen=True, dict=True):
    """Minor units of `currency`. What follows from it is worked out once, for all who are charged alike."""

    currency: str
    exchange_from: str | None
    conversion: Conversion
    net_minor: int
    buy_minor: int
    lines: tuple[TaxLine, ...]
    share: Fraction = WHOLE

    @cached_property
    def tax_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @cached_property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @cached_property
    def exchange_rate(self) -> str | None:
        """As it is kept: None where nothing was converted."""
        return None if self.exchange_from is None else fraction_text(self.conversion.rate)

    @cached_property
    def taxes(self) -> tuple[tuple[int, str, str, str, int], ...]:
        """As they are kept: id, name, rate, flat and amount of each."""
        return tuple(
            (line.tax_id, line.name, decimal_text(line.rate), fraction_text(line.flat), line.amount_minor)
            for line in self.lines
        )


class Tariffs:
    """The tariffs of some charges and customers, all of them known beforehand."""

    def __init__(self, sight: Sight, charges: Iterable[ChargeFact], customers: Iterable[CustomerFact]) -> None:
        self._sight = _RatesKept(sight)
        self._liabilities = Liabilities(sight, charges, customers)
        self._known: dict[tuple[Any, ...], Tariff] = {}

    def of(self, charge: ChargeFact, customer: CustomerFact, share: Fraction = WHOLE) -> Tariff:
        """What this share of the charge's amount and buy cost is for this customer.

        Raises ExchangeRateMissing or AmountOutOfRange.
        """
        owed = self._liabilities.owed(charge, customer)
        amounts = (charge.amount, charge.buy, charge.currency, share.numerator, share.denominator)
        which = (amounts, customer.currency, *[row.tax_id for row in owed])
        known = self._known.get(which)
        if known is None:
            known = self._known[which] = self._tariff(charge, customer.currency, share, owed)
        return known

    def more(self, charges: Iterable[ChargeFact], customers: Iterable[CustomerFact]) -> None:
        """Be ready for other charges and customers too; what was computed stays."""
        self._liabilities = Liabilities(self._sight, charges, customers)

    def _tariff(self, charge: ChargeFact, currency: str, share: Fraction, owed: tuple[TaxFact, ...]) -> Tariff:
        conversion = conversion_at_hand(self._sight, charge.currency, currency)
        net_minor = _converted_minor(charge.amount, share, conversion, currency)
        tariff = Tariff(
            currency=currency,
            exchange_from=None if conversion.effective_at is None else charge.currency,
            conversion=conversion,
            net_minor=net_minor,
            buy_minor=_converted_minor(charge.buy, share, conversion, currency),
            lines=assess(self._sight, owed, net_minor, currency),
            share=share,
        )
        if abs(tariff.gross_minor) > money.AMOUNT_MINOR_MAX:
            raise AmountOutOfRange
        return tariff


class _RatesKept:
    """A sight that looks up a rate of exchange once, for as long as its moment stands."""

    def __init__(self, sight: Sight) -> None:
        self.tenant = sight.tenant
        self.now = sight.now
        self.find = sight.find
        self.exchange_rates = cache(sight.exchange_rates)


def _converted_minor(amount: str, share: Fraction, conversion: Conversion, currency: str) -> int:
    try:
        return money.rounded_minor(Fraction(Decimal(amount)) * share * conversion.rate, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error
