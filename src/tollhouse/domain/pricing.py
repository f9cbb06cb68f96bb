"""One-time prices of a plan: which one a buyer gets, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from tollhouse.domain.decimals import EXACT
from tollhouse.domain.money import rounded_minor

QUANTITY_MAX: Final = 10**9
"""The largest quantity that can be bought, where the price sets no smaller one."""

BASE_LABEL: Final = "base price"
"""The label of a quote's first line; no feature's identifier holds a space."""

AMOUNT_DIGITS_MAX: Final = 15
AMOUNT_DECIMALS_MAX: Final = 12
"""How many digits an amount of a price may have before the point, and how many after it."""

PriceModel = Literal["FLAT", "PACKAGE", "TIERED", "VOLUME", "STAIRSTEP"]

PRICE_MODELS: Final[tuple[str, ...]] = get_args(PriceModel)

TIERED_MODELS: Final = frozenset({"TIERED", "VOLUME", "STAIRSTEP"})
"""The models whose prices are in brackets."""


class QuantityOutOfRange(ValueError):
    """A quantity that is not an integer from `minimum` to `maximum`."""

    def __init__(self, identifier: str, minimum: int, maximum: int) -> None:
        super().__init__(f"The quantity of {identifier} must be an integer from {minimum} to {maximum}.")
        self.identifier = identifier
        self.minimum = minimum
        self.maximum = maximum


class FeatureQuantityRequired(ValueError):
    """The price consists of its features alone, and these have neither a quantity nor a minimum."""

    def __init__(self, identifiers: tuple[str, ...]) -> None:
        super().__init__(f"A quantity is required of each of these features: {', '.join(identifiers)}.")
        self.identifiers = identifiers


class CurrencyMismatch(ValueError):
    """The currency asked for is not the one that the customer's payments are held to."""

    def __init__(self, currency_asked: str, currency_locked: str) -> None:
        super().__init__(f"The currency must match the customer's currency {currency_locked}.")
        self.currency_asked = currency_asked
        self.currency_locked = currency_locked


class NoPriceInCurrency(ValueError):
    """The currency asked for, or the customer's, is one in which the plan has no price."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"The plan has no price in {currency}.")
        self.currency = currency


class CountryNotServed(ValueError):
    """The buyer's country is known, and no suitable price is for it or for everywhere."""

    def __init__(self, country: str) -> None:
        super().__init__(f"The plan has no price for the country {country}.")
        self.country = country


class TiersMalformed(ValueError):
    """Brackets that say nothing certain; the sentence says why."""


class Tier(NamedTuple):
    """A bracket: the quantities after the last one's up to `up_to`, which it includes; None has no end.

    `unit_amount` is for each unit, `flat_amount` for the bracket: major units.
    """

    up_to: int | None
    unit_amount: Decimal
    flat_amount: Decimal


@dataclass(frozen=True, slots=True)
class FeaturePrice:
    """What a quantity of one feature costs. `amount` is in major units and counts for FLAT and PACKAGE alone.

    FLAT: the amount for each unit. PACKAGE: the amount for each begun block of `block_size`.
    TIERED: each unit at the rate of its own bracket, and the flat amount of each bracket entered.
    VOLUME: all units at the rate of the bracket that the quantity falls in, and its flat amount.
    STAIRSTEP: the flat amount of that bracket.

    A PACKAGE needs a `block_size` of at least 1, else ValueError; of FLAT it means nothing. `tiers` are checked by
    `check_tiers`. The bounds of the quantity are inclusive, None where there is none.
    """

    identifier: str
    model: PriceModel
    amount: Decimal
    block_size: int | None
    quantity_min: int | None
    quantity_max: int | None
    tiers: tuple[Tier, ...] = ()

    def __post_init__(self) -> None:
        if self.model == "PACKAGE" and (self.block_size is None or self.block_size < 1):
            raise ValueError("A package price needs a block size of at least 1.")
        check_tiers(self.model, self.tiers)


def check_tiers(model: str, tiers: Sequence[Tier]) -> None:
    """Refuse with TiersMalformed what are no brackets for the model.

    The models in brackets need at least one, in the order of their ends, the last and only the last without an end; no
    amount is below 0, and those of STAIRSTEP have no unit amount. The other models have none.
    """
    if model not in TIERED_MODELS:
        if tiers:
            raise TiersMalformed("Tiers belong to TIERED, VOLUME and STAIRSTEP prices.")
        return
    if not tiers or tiers[-1].up_to is not None:
        raise TiersMalformed("The last tier must have no end.")
    start = 0
    for tier in tiers[:-1]:
        if tier.up_to is None or tier.up_to <= start:
            raise TiersMalformed("Each tier must end above the one before it, and the last alone has no end.")
        start = tier.up_to
    for tier in tiers:
        if not all(amount.is_finite() and amount >= 0 for amount in (tier.unit_amount, tier.flat_amount)):
            raise TiersMalformed("The amounts of a tier must not be below 0.")
        if model == "STAIRSTEP" and tier.unit_amount:
            raise TiersMalformed("A tier of a STAIRSTEP price has a flat amount alone.")


@dataclass(frozen=True, slots=True)
class Price:
    """One price of a plan. `amount` is the base in major units, None where only features cost.

    `countries` are upper-case ISO 3166-1 codes; empty is everywhere.
    """

    price_id: int
    currency: str
    price_type: Literal["FREE", "PAID", "CUSTOM"]
    amount: Decimal | None
    tax_behavior: Literal["INCLUSIVE", "EXCLUSIVE", "UNSPECIFIED"]
    countries: frozenset[str]
    features: tuple[FeaturePrice, ...]
    uid: str = ""


class Step(NamedTuple):
    """What one bracket adds to a line: `quantity` units at `unit_amount`, and `flat_amount`; major units.

    `label` says which quantities the bracket is for, such as "1 to 10" or "11 and more".
    """

    label: str
    quantity: int
    unit_amount: Decimal
    flat_amount: Decimal


class TotalLine(NamedTuple):
    """One line of a quote: `amount` is exact, in major units, for the whole `quantity`.

    `steps` are the brackets that it comes from, none where the price has no brackets.
    """

    label: str
    quantity: int
    amount: Decimal
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What a purchase comes to: `net_minor` is the exact sum of the lines, rounded once.

    `exact` is that sum before rounding, in major units. `quantities` is read-only: those that were given, priced or
    not, and the minimums that were filled in.
    """

    currency: str
    net_minor: int
    exact: Decimal
    lines: tuple[TotalLine, ...]
    quantities: Mapping[str, int]


def choose_price(
    prices: Sequence[Price],
    *,
    currency_asked: str | None,
    currency_locked: str | None,
    country_of_ip: str | None,
    country_of_billing: str | None,
    currency_of_country: Callable[[str], str | None],
) -> tuple[Price, str]:
    """The price that a buyer gets, and a sentence that says why. `prices` are the plan's, the default first.

    The currency is the one asked for, else the customer's, else that of the IP's country, else that of the
    billing address's, else that of the first price that suits the buyer. Of the prices in it, one for the
    buyer's country (the IP's, else the billing address's) comes before one for everywhere; one for other
    countries is offered only where the buyer's is unknown and nothing else is left. A currency that was only
    derived is passed over when no price in it suits the buyer's country. Codes compare without regard to
    case; an empty one is none.

    Refuses with CurrencyMismatch, NoPriceInCurrency (asked for or the customer's), CountryNotServed, or
    ValueError where there are no prices at all.
    """
    if not prices:
        raise ValueError("There are no prices to choose from.")
    asked, locked = _code(currency_asked), _code(currency_locked)
    of_ip, of_billing = _code(country_of_ip), _code(country_of_billing)
    country = of_ip or of_billing

    if asked and locked and asked != locked:
        raise CurrencyMismatch(asked, locked)
    if asked:
        return _price_in_fixed_currency(prices, asked, country), f"{asked} was asked for."
    if locked:
        return _price_in_fixed_currency(prices, locked, country), f"{locked} is the customer's currency."

    for place, of_what in ((of_ip, "the IP address"), (of_billing, "the billing address")):
        currency = currency_of_country(place) if place else None
        price = _price_in(prices, currency, country) if currency else None
        if price:
            return price, f"{currency} is the currency of {place}, the country of {of_what}."

    for currency in dict.fromkeys(price.currency for price in prices):
        price = _price_in(prices, currency, country)
        if price:
            return price, f"{currency} is the currency of the plan's first price that suits the buyer."
    raise CountryNotServed(country or "")


def total(price: Price, quantities: Mapping[str, int]) -> Quote:
    """What `price` comes to for these quantities by feature identifier: the base, and each priced feature.

    A priced feature that is left out counts with its minimum, and costs nothing without one; where the price
    has no base that is refused. Quantities of features that the price does not name are checked and change
    nothing. Whether a FREE or CUSTOM price may be charged is decided elsewhere.

    Refuses with QuantityOutOfRange, FeatureQuantityRequired, or money's UnknownCurrency and OutOfRange.
    """
    _check_quantities(price, quantities)
    bought = {**quantities, **_minimums(price, quantities)}
    lines = _lines(price, bought)
    exact = reduce(EXACT.add, (line.amount for line in lines), Decimal(0))
    return Quote(price.currency, rounded_minor(Fraction(exact), price.currency), exact, lines, MappingProxyType(bought))


def _price_in_fixed_currency(prices: Sequence[Price], currency: str, country: str | None) -> Price:
    price = _price_in(prices, currency, country)
    if price:
        return price
    if country and any(price.currency == currency for price in prices):
        raise CountryNotServed(country)
    raise NoPriceInCurrency(currency)


def _price_in(prices: Sequence[Price], currency: str, country: str | None) -> Price | None:
    """The best price in a currency for a country; an unknown country passes."""
    candidates = [price for price in prices if price.currency == currency]
    everywhere = [price for price in candidates if not price.countries]
    if country is None:
        return next(iter(everywhere or candidates), None)
    for_country = [price for price in candidates if country in price.countries]
    return next(iter(for_country or everywhere), None)


def _check_quantities(price: Price, quantities: Mapping[str, int]) -> None:
    priced = {feature.identifier: feature for feature in price.features}
    for identifier, quantity in quantities.items():
        minimum, maximum = _bounds(priced.get(identifier))
        if type(quantity) is not int or not minimum <= quantity <= maximum:
            raise QuantityOutOfRange(identifier, minimum, maximum)


def _bounds(feature: FeaturePrice | None) -> tuple[int, int]:
    if feature is None:
        return 1, QUANTITY_MAX
    maximum = QUANTITY_MAX if feature.quantity_max is None else min(feature.quantity_max, QUANTITY_MAX)
    return max(feature.quantity_min or 1, 1), maximum


def _minimums(price: Price, quantities: Mapping[str, int]) -> dict[str, int]:
    """The quantities of the priced features that were left out and have a minimum."""
    omitted = [feature for feature in price.features if feature.identifier not in quantities]
    without_minimum = tuple(feature.identifier for feature in omitted if feature.quantity_min is None)
    if price.amount is None and without_minimum:
        raise FeatureQuantityRequired(without_minimum)
    return {feature.identifier: feature.quantity_min for feature in omitted if feature.quantity_min}


def _lines(price: Price, bought: Mapping[str, int]) -> tuple[TotalLine, ...]:
    base = () if price.amount is None else (TotalLine(BASE_LABEL, 1, price.amount),)
    features = [feature for feature in price.features if feature.identifier in bought]
    return base + tuple(_line(feature, bought[feature.identifier]) for feature in features)


def _line(feature: FeaturePrice, quantity: int) -> TotalLine:
    steps = _steps(feature, quantity)
    if feature.model in TIERED_MODELS:
        cost = reduce(EXACT.add, map(_cost_of_step, steps), Decimal(0))
    else:
        cost = EXACT.multiply(feature.amount, Decimal(_times(feature, quantity)))
    return TotalLine(feature.identifier, quantity, cost, steps)


def _times(feature: FeaturePrice, quantity: int) -> int:
    """How often the amount is due."""
    if feature.model == "PACKAGE" and feature.block_size is not None:
        return -(-quantity // feature.block_size)
    return quantity


def _cost_of_step(step: Step) -> Decimal:
    return EXACT.add(EXACT.multiply(step.unit_amount, Decimal(step.quantity)), step.flat_amount)


def _steps(feature: FeaturePrice, quantity: int) -> tuple[Step, ...]:
    """The brackets that count for a quantity from 1."""
    steps: list[Step] = []
    start = 0
    for tier in feature.tiers:
        is_last = tier.up_to is None or quantity <= tier.up_to
        label = f"{start + 1} and more" if tier.up_to is None else f"{start + 1} to {tier.up_to}"
        if feature.model == "TIERED":
            within = quantity if tier.up_to is None else min(quantity, tier.up_to)
            steps.append(Step(label, within - start, tier.unit_amount, tier.flat_amount))
        elif is_last:
            steps.append(Step(label, quantity, tier.unit_amount, tier.flat_amount))
        if is_last:
            break
        start = tier.up_to or 0
    return tuple(steps)


def _code(text: str | None) -> str | None:
    return text.upper() if text else None
