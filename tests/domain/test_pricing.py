"""One-time prices: which one a buyer gets, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Context, Decimal, Inexact, Rounded, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.money import OutOfRange
from tollhouse.domain.pricing import (
    BASE_LABEL,
    QUANTITY_MAX,
    CountryNotServed,
    CurrencyMismatch,
    FeaturePrice,
    FeatureQuantityRequired,
    NoPriceInCurrency,
    Price,
    QuantityOutOfRange,
    Step,
    Tier,
    TiersMalformed,
    TotalLine,
    check_tiers,
    choose_price,
    total,
)

HOSTILE = Context(prec=1, rounding=ROUND_FLOOR, Emax=1, Emin=-1, traps=[Inexact, Rounded])
CURRENCY_OF = {"US": "USD", "DE": "EUR", "FR": "EUR", "JP": "JPY", "IN": "INR", "GB": "GBP"}


def price(price_id: int, currency: str = "USD", countries: str = "", amount: str | None = "49.00") -> Price:
    base = None if amount is None else Decimal(amount)
    return Price(price_id, currency, "PAID", base, "EXCLUSIVE", frozenset(countries.split()), ())


def flat(identifier: str, amount: str, minimum: int | None = None, maximum: int | None = None) -> FeaturePrice:
    return FeaturePrice(identifier, "FLAT", Decimal(amount), None, minimum, maximum)


def package(identifier: str, amount: str, block_size: int) -> FeaturePrice:
    return FeaturePrice(identifier, "PACKAGE", Decimal(amount), block_size, None, None)


def tiers(*brackets: tuple[int | None, str, str]) -> tuple[Tier, ...]:
    """Brackets as (up to, unit amount, flat amount)."""
    return tuple(Tier(up_to, Decimal(unit), Decimal(flat_amount)) for up_to, unit, flat_amount in brackets)


def tiered(model: str, *brackets: tuple[int | None, str, str], **bounds: int) -> FeaturePrice:
    return FeaturePrice(
        "calls",
        model,  # type: ignore[arg-type]
        Decimal(0),
        None,
        bounds.get("minimum"),
        bounds.get("maximum"),
        tiers(*brackets),
    )


def priced(*features: FeaturePrice, amount: str | None = "49.00", currency: str = "USD") -> Price:
    base = None if amount is None else Decimal(amount)
    return Price(1, currency, "PAID", base, "EXCLUSIVE", frozenset(), features)


def chosen(
    prices: Sequence[Price],
    asked: str | None = None,
    locked: str | None = None,
    ip: str | None = None,
    billing: str | None = None,
) -> int:
    found, reason = choose_price(
        prices,
        currency_asked=asked,
        currency_locked=locked,
        country_of_ip=ip,
        country_of_billing=billing,
        currency_of_country=CURRENCY_OF.get,
    )
    assert reason.endswith(".")
    assert found.currency in reason
    return found.price_id


# Which price: the currency

USD_EUR_JPY = [price(1, "USD"), price(2, "EUR"), price(3, "JPY")]


@pytest.mark.parametrize(
    ("asked", "locked", "ip", "billing", "expected"),
    [
        ("EUR", None, "JP", "US", 2),
        ("EUR", "EUR", "JP", "US", 2),
        (None, "JPY", "DE", "US", 3),
        (None, None, "DE", "JP", 2),
        (None, None, "IN", "JP", 3),
        (None, None, None, "JP", 3),
        (None, None, "IN", "IN", 1),
        (None, None, None, None, 1),
        (None, None, "ZZ", None, 1),
        ("", "", "", "", 1),
        ("eur", "EUR", None, None, 2),
        (None, "jpy", "de", None, 3),
        (None, None, "de", None, 2),
    ],
)
def test_asked_then_locked_then_ip_then_billing_then_default(
    asked: str | None, locked: str | None, ip: str | None, billing: str | None, expected: int
) -> None:
    assert chosen(USD_EUR_JPY, asked, locked, ip, billing) == expected


@pytest.mark.parametrize(("asked", "locked"), [("GBP", None), (None, "GBP"), ("GBP", "GBP")])
def test_a_currency_asked_for_or_locked_is_never_converted(asked: str | None, locked: str | None) -> None:
    with pytest.raises(NoPriceInCurrency) as refused:
        chosen(USD_EUR_JPY, asked, locked, ip="DE")
    assert refused.value.currency == "GBP"


def test_asking_for_another_currency_than_the_locked_one_is_refused() -> None:
    with pytest.raises(CurrencyMismatch) as refused:
        chosen(USD_EUR_JPY, asked="USD", locked="EUR")
    assert (refused.value.currency_asked, refused.value.currency_locked) == ("USD", "EUR")


def test_a_plan_without_prices_has_nothing_to_choose() -> None:
    with pytest.raises(ValueError, match="no prices"):
        chosen([])


# Which price: the country

REGIONAL = [
    price(1, "USD"),
    price(2, "USD", "IN BR"),
    price(3, "EUR", "DE"),
    price(4, "EUR", "FR"),
    price(5, "GBP"),
]


@pytest.mark.parametrize(
    ("asked", "ip", "billing", "expected"),
    [
        ("USD", "IN", None, 2),
        ("USD", "in", None, 2),
        ("USD", "IN", "US", 2),
        ("USD", "US", "IN", 1),
        ("USD", None, "IN", 2),
        ("USD", "DE", None, 1),
        ("USD", None, None, 1),
        ("EUR", "DE", None, 3),
        ("EUR", "FR", None, 4),
        ("EUR", None, "FR", 4),
        ("EUR", None, None, 3),
        ("GBP", "JP", None, 5),
    ],
)
def test_a_price_for_the_country_comes_before_one_for_everywhere(
    asked: str, ip: str | None, billing: str | None, expected: int
) -> None:
    assert chosen(REGIONAL, asked, ip=ip, billing=billing) == expected
    assert chosen(REGIONAL, locked=asked, ip=ip, billing=billing) == expected


def test_a_price_for_everywhere_is_found_wherever_it_stands() -> None:
    prices = [price(1, "USD", "US"), price(2, "USD", "IN"), price(3, "USD"), price(4, "USD")]
    assert chosen(prices, "USD") == 3
    assert chosen(prices, "USD", ip="JP") == 3
    assert chosen(prices, "USD", ip="IN") == 2


@pytest.mark.parametrize(("asked", "locked"), [("EUR", None), (None, "EUR")])
def test_a_known_country_with_no_suitable_price_is_not_served(asked: str | None, locked: str | None) -> None:
    with pytest.raises(CountryNotServed) as refused:
        chosen(REGIONAL, asked, locked, ip="JP")
    assert refused.value.country == "JP"


def test_a_country_that_no_price_is_for_is_not_served() -> None:
    with pytest.raises(CountryNotServed) as refused:
        chosen([price(1, "USD", "US"), price(2, "EUR", "DE")], billing="FR")
    assert refused.value.country == "FR"


def test_an_unknown_country_passes() -> None:
    assert chosen([price(1, "USD", "US"), price(2, "USD", "CA")]) == 1
    assert chosen([price(1, "USD", "US"), price(2, "EUR")]) == 1


def test_a_derived_currency_without_a_price_for_the_country_is_passed_over() -> None:
    assert chosen([price(1, "USD"), price(2, "EUR", "DE")], ip="FR") == 1
    assert chosen([price(1, "USD", "US"), price(2, "GBP")], ip="JP") == 2


def test_the_ip_decides_the_country_even_where_billing_decides_the_currency() -> None:
    prices = [price(1, "USD"), price(2, "EUR", "DE"), price(3, "EUR", "IN")]
    assert chosen(prices, ip="IN", billing="DE") == 3


@given(
    prices=st.lists(
        st.builds(
            price,
            st.integers(1, 99),
            st.sampled_from(["USD", "EUR", "JPY"]),
            st.sampled_from(["", "", "US", "DE FR", "JP"]),
        ),
        min_size=1,
        max_size=6,
    ),
    asked=st.sampled_from([None, "USD", "EUR", "GBP"]),
    locked=st.sampled_from([None, "USD", "JPY"]),
    ip=st.sampled_from([None, "US", "DE", "IN"]),
    billing=st.sampled_from([None, "FR", "JP"]),
)
def test_no_price_is_ever_one_that_the_buyer_may_not_have(
    prices: list[Price], asked: str | None, locked: str | None, ip: str | None, billing: str | None
) -> None:
    fixed, country = asked or locked, ip or billing
    suitable = [p for p in prices if country is None or not p.countries or country in p.countries]
    arguments: dict[str, Any] = {
        "currency_asked": asked,
        "currency_locked": locked,
        "country_of_ip": ip,
        "country_of_billing": billing,
        "currency_of_country": CURRENCY_OF.get,
    }
    if asked and locked and asked != locked:
        with pytest.raises(CurrencyMismatch):
            choose_price(prices, **arguments)
    elif fixed and fixed not in {p.currency for p in prices}:
        with pytest.raises(NoPriceInCurrency):
            choose_price(prices, **arguments)
    elif not [p for p in suitable if fixed in (None, p.currency)]:
        with pytest.raises(CountryNotServed):
            choose_price(prices, **arguments)
    else:
        found, _ = choose_price(prices, **arguments)
        rivals = [p for p in suitable if p.currency == found.currency]
        assert found in rivals
        assert fixed in (None, found.currency)
        if country and not found.countries:
            assert not [p for p in rivals if p.countries]
        if not country and found.countries:
            assert not [p for p in rivals if not p.countries]


# What it comes to


def test_the_published_example_comes_to_49_dollars() -> None:
    quote = total(priced(flat("seats", "0.00")), {"seats": 5})
    assert (quote.currency, quote.net_minor) == ("USD", 4900)
    assert quote.lines == (TotalLine(BASE_LABEL, 1, Decimal("49.00")), TotalLine("seats", 5, Decimal("0.00")))
    assert dict(quote.quantities) == {"seats": 5}


@pytest.mark.parametrize(("quantity", "blocks"), [(1, 1), (99, 1), (100, 1), (101, 2), (200, 2), (10**9, 10**7)])
def test_a_package_costs_each_begun_block(quantity: int, blocks: int) -> None:
    quote = total(priced(package("emails", "0.70", 100), amount="1"), {"emails": quantity})
    assert quote.net_minor == 100 + 70 * blocks
    assert quote.lines[1].quantity == quantity


def test_a_flat_price_is_for_each_unit_whatever_its_block_size() -> None:
    seats = FeaturePrice("seats", "FLAT", Decimal("0.70"), 100, None, None)
    assert total(priced(seats, amount=None), {"seats": 5}).net_minor == 350


@pytest.mark.parametrize(
    ("currency", "amount", "each", "quantity", "net_minor"),
    [
        ("USD", "0.00", "0.003", 5, 2),
        ("USD", "0.005", "0.004", 1, 1),
        ("JPY", "500", "0.5", 3, 502),
        ("JPY", "500", "0.5", 1, 501),
        ("KWD", "1.2340", "0.0001", 5, 1235),
        ("CLF", "0.0001", "0.00005", 1, 2),
    ],
)
def test_only_the_total_is_rounded(currency: str, amount: str, each: str, quantity: int, net_minor: int) -> None:
    quote = total(priced(flat("seats", each), amount=amount, currency=currency), {"seats": quantity})
    assert quote.net_minor == net_minor


def test_an_omitted_feature_counts_with_its_minimum_or_costs_nothing() -> None:
    plan = priced(flat("seats", "2.00", minimum=3), flat("storage", "5.00"))
    quote = total(plan, {})
    assert quote.net_minor == 4900 + 600
    assert dict(quote.quantities) == {"seats": 3}
    assert [line.label for line in quote.lines] == [BASE_LABEL, "seats"]


def test_without_a_base_each_omitted_feature_needs_a_quantity() -> None:
    plan = priced(flat("seats", "2"), flat("storage", "5"), flat("calls", "1", minimum=2), amount=None)
    with pytest.raises(FeatureQuantityRequired) as refused:
        total(plan, {"storage": 1})
    assert refused.value.identifiers == ("seats",)
    with pytest.raises(FeatureQuantityRequired) as refused:
        total(plan, {})
    assert refused.value.identifiers == ("seats", "storage")
    assert total(plan, {"seats": 1, "storage": 1}).net_minor == 900


def test_a_base_of_zero_is_a_base() -> None:
    assert total(priced(flat("seats", "2"), amount="0"), {}).net_minor == 0


def test_a_feature_without_a_price_changes_nothing() -> None:
    quote = total(priced(), {"support": 7})
    assert quote.net_minor == 4900
    assert dict(quote.quantities) == {"support": 7}
    assert [line.label for line in quote.lines] == [BASE_LABEL]


@pytest.mark.parametrize("quantity", [0, -1, True, False, 2.0, "3", None, QUANTITY_MAX + 1])
@pytest.mark.parametrize("identifier", ["seats", "unpriced"])
def test_a_quantity_is_an_integer_from_one_to_a_thousand_million(identifier: str, quantity: Any) -> None:
    with pytest.raises(QuantityOutOfRange) as refused:
        total(priced(flat("seats", "1")), {identifier: quantity})
    found = refused.value
    assert (found.identifier, found.minimum, found.maximum) == (identifier, 1, 10**9)


@pytest.mark.parametrize(("quantity", "fits"), [(2, False), (3, True), (10, True), (11, False)])
def test_a_quantity_keeps_the_bounds_of_its_price(quantity: int, fits: bool) -> None:
    plan = priced(flat("seats", "1", minimum=3, maximum=10))
    if fits:
        assert total(plan, {"seats": quantity}).net_minor == 4900 + 100 * quantity
    else:
        with pytest.raises(QuantityOutOfRange) as refused:
            total(plan, {"seats": quantity})
        assert (refused.value.minimum, refused.value.maximum) == (3, 10)


def test_a_total_beyond_the_bound_is_refused() -> None:
    with pytest.raises(OutOfRange):
        total(priced(flat("seats", "90072")), {"seats": 10**9})


@pytest.mark.parametrize("block_size", [None, 0, -1])
def test_a_package_without_a_block_size_is_refused(block_size: int | None) -> None:
    with pytest.raises(ValueError, match="block size"):
        FeaturePrice("emails", "PACKAGE", Decimal(1), block_size, None, None)


def test_a_quote_cannot_be_edited_nor_changed_from_behind() -> None:
    quantities = {"seats": 5}
    quote = total(priced(flat("seats", "1")), quantities)
    quantities["seats"] = 6
    assert quote.quantities["seats"] == 5
    with pytest.raises(TypeError):
        quote.quantities["seats"] = 7  # type: ignore[index]
    with pytest.raises(AttributeError):
        quote.net_minor = 0  # type: ignore[misc]


# Prices in brackets

#: Ten at 5 and 10 on entering, ninety at 4 and 20, the rest at 3.
BRACKETS = ((10, "5.00", "10.00"), (100, "4.00", "20.00"), (None, "3.00", "0.00"))
STEPS = ((10, "0", "15.00"), (100, "0", "120.00"), (None, "0", "900.00"))


@pytest.mark.parametrize(
    ("quantity", "tiered_minor", "volume_minor", "stairstep_minor"),
    [
        (1, 1500, 1500, 1500),  #    10 + 1×5       10 + 1×5
        (9, 5500, 5500, 1500),  #    10 + 9×5       10 + 9×5
        (10, 6000, 6000, 1500),  #   10 + 10×5      10 + 10×5
        (11, 8400, 6400, 12000),  #  … + 20 + 1×4   20 + 11×4
        (99, 43600, 41600, 12000),  #  … + 20 + 89×4  20 + 99×4
        (100, 44000, 42000, 12000),
        (101, 44300, 30300, 90000),  # … + 1×3        101×3
        (10**9, 44000 + 300 * (10**9 - 100), 300 * 10**9, 90000),
    ],
)
def test_brackets_at_their_edges(quantity: int, tiered_minor: int, volume_minor: int, stairstep_minor: int) -> None:
    for model, brackets, net_minor in (
        ("TIERED", BRACKETS, tiered_minor),
        ("VOLUME", BRACKETS, volume_minor),
        ("STAIRSTEP", STEPS, stairstep_minor),
    ):
        assert total(priced(tiered(model, *brackets), amount=None), {"calls": quantity}).net_minor == net_minor


def test_the_lines_tell_the_brackets_that_they_come_from() -> None:
    (line,) = total(priced(tiered("TIERED", *BRACKETS), amount=None), {"calls": 101}).lines
    assert line == (
        "calls",
        101,
        Decimal(443),
        (
            Step("1 to 10", 10, Decimal("5.00"), Decimal("10.00")),
            Step("11 to 100", 90, Decimal("4.00"), Decimal("20.00")),
            Step("101 and more", 1, Decimal("3.00"), Decimal("0.00")),
        ),
    )
    (line,) = total(priced(tiered("VOLUME", *BRACKETS), amount=None), {"calls": 12}).lines
    assert line.steps == (Step("11 to 100", 12, Decimal("4.00"), Decimal("20.00")),)
    (line,) = total(priced(tiered("STAIRSTEP", *STEPS), amount=None), {"calls": 101}).lines
    assert line.steps == (Step("101 and more", 101, Decimal(0), Decimal("900.00")),)
    assert total(priced(flat("calls", "1")), {"calls": 3}).lines[1].steps == ()


@pytest.mark.parametrize(
    ("model", "currency", "brackets", "quantity", "net_minor"),
    [
        ("TIERED", "JPY", [(2, "0.3", "0"), (None, "0.25", "0")], 3, 1),  # 0.85 yen
        ("TIERED", "JPY", [(1, "0.5", "0"), (None, "0.5", "0.4")], 2, 1),  # 1.4 yen, rounded once
        ("VOLUME", "JPY", [(9, "3", "0"), (None, "2.5", "0.5")], 11, 28),
        ("STAIRSTEP", "JPY", [(None, "0", "0.5")], 7, 1),
        ("TIERED", "KWD", [(1000, "0.0005", "0"), (None, "0.00025", "0")], 1001, 500),  # 0.50025 dinars
        ("VOLUME", "KWD", [(None, "0.0005", "1")], 3, 1002),  # 1.0015 dinars
        ("STAIRSTEP", "KWD", [(5, "0", "1.2345"), (None, "0", "2")], 5, 1235),
        ("TIERED", "USD", [(None, "0.000000000001", "0")], 10**9, 0),
        ("VOLUME", "USD", [(None, "0.00000025", "0")], 20_000, 1),  # half a cent
    ],
)
def test_brackets_round_once_to_the_minor_unit(
    model: str, currency: str, brackets: list[tuple[int | None, str, str]], quantity: int, net_minor: int
) -> None:
    plan = priced(tiered(model, *brackets), amount=None, currency=currency)
    assert total(plan, {"calls": quantity}).net_minor == net_minor


@pytest.mark.parametrize("model", ["TIERED", "VOLUME"])
def test_brackets_keep_minimum_and_maximum(model: str) -> None:
    plan = priced(tiered(model, *BRACKETS, minimum=11, maximum=100))
    omitted = {"TIERED": 8400, "VOLUME": 6400}[model]
    assert total(plan, {}).net_minor == 4900 + omitted
    for quantity in (10, 101):
        with pytest.raises(QuantityOutOfRange) as refused:
            total(plan, {"calls": quantity})
        assert (refused.value.minimum, refused.value.maximum) == (11, 100)


@pytest.mark.parametrize(
    ("model", "brackets", "sentence"),
    [
        ("TIERED", [], "must have no end"),
        ("VOLUME", [(10, "1", "0")], "must have no end"),
        ("TIERED", [(None, "1", "0"), (None, "1", "0")], "the last alone has no end"),
        ("TIERED", [(10, "1", "0"), (10, "1", "0"), (None, "1", "0")], "above the one before"),
        ("TIERED", [(20, "1", "0"), (10, "1", "0"), (None, "1", "0")], "above the one before"),
        ("VOLUME", [(0, "1", "0"), (None, "1", "0")], "above the one before"),
        ("VOLUME", [(None, "-1", "0")], "below 0"),
        ("STAIRSTEP", [(None, "0", "-0.01")], "below 0"),
        ("STAIRSTEP", [(None, "0", "NaN")], "below 0"),
        ("STAIRSTEP", [(None, "1", "2")], "a flat amount alone"),
        ("FLAT", [(None, "1", "0")], "belong to"),
        ("PACKAGE", [(None, "1", "0")], "belong to"),
    ],
)
def test_malformed_brackets_are_refused(model: str, brackets: list[tuple[int | None, str, str]], sentence: str) -> None:
    with pytest.raises(TiersMalformed, match=sentence):
        check_tiers(model, tiers(*brackets))
    if model != "PACKAGE":
        with pytest.raises(TiersMalformed, match=sentence):
            tiered(model, *brackets)


amounts_of_bracket = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))


@given(
    model=st.sampled_from(["TIERED", "VOLUME", "STAIRSTEP"]),
    widths=st.lists(st.integers(1, 40), max_size=5),
    amounts=st.lists(amounts_of_bracket, min_size=6, max_size=6),
    quantity=st.integers(1, 250),
)
def test_brackets_come_to_what_counting_unit_by_unit_comes_to(
    model: str, widths: list[int], amounts: list[tuple[int, int]], quantity: int
) -> None:
    """In millionths of a major unit."""
    ends = [sum(widths[: n + 1]) for n in range(len(widths))]
    if model == "STAIRSTEP":
        amounts = [(0, flat_amount) for _, flat_amount in amounts]
    brackets = [(end, f"{a}E-6", f"{b}E-6") for end, (a, b) in zip([*ends, None], amounts, strict=False)]
    with localcontext(HOSTILE):
        (line,) = total(priced(tiered(model, *brackets), amount=None), {"calls": quantity}).lines

    exact, entered = 0, set()
    for unit in range(1, quantity + 1):
        counting = unit if model == "TIERED" else quantity
        bracket = next((n for n, end in enumerate(ends) if counting <= end), len(ends))
        exact += amounts[bracket][0]
        if bracket not in entered:
            entered.add(bracket)
            exact += amounts[bracket][1]
    assert line.amount.as_integer_ratio() == Decimal(f"{exact}E-6").as_integer_ratio()
    if model == "TIERED":
        assert sum(step.quantity for step in line.steps) == quantity


millionths = st.integers(0, 10**9)
quantity_of = st.integers(1, 10**4)


@given(
    base=millionths,
    seats=st.tuples(millionths, quantity_of),
    emails=st.tuples(millionths, quantity_of, st.integers(1, 500)),
    currency=st.sampled_from([("JPY", 0), ("USD", 2), ("KWD", 3), ("CLF", 4)]),
)
def test_the_net_is_the_exact_sum_rounded_once_in_any_context(
    base: int, seats: tuple[int, int], emails: tuple[int, int, int], currency: tuple[str, int]
) -> None:
    plan = priced(
        flat("seats", f"{seats[0]}E-6"),
        package("emails", f"{emails[0]}E-6", emails[2]),
        amount=f"{base}E-6",
        currency=currency[0],
    )
    quantities: Mapping[str, int] = {"seats": seats[1], "emails": emails[1]}
    with localcontext(HOSTILE):
        quote = total(plan, quantities)
    blocks = len(range(0, emails[1], emails[2]))
    exact = base + seats[0] * seats[1] + emails[0] * blocks
    unit = 10 ** (6 - currency[1])
    assert quote.net_minor == (exact // unit) + (1 if exact % unit * 2 >= unit else 0)
    assert [line.amount.as_integer_ratio() for line in quote.lines] == [
        Decimal(f"{part}E-6").as_integer_ratio() for part in (base, seats[0] * seats[1], emails[0] * blocks)
    ]
