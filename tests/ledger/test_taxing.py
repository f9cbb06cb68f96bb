"""Taxes: who holds them, which charges and customers they reach, and the figures that come out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.telco import NORA, NORTH, ROOT, SOUTH, Telco
from tollhouse.ledger.commands import TAXABLE, Caller
from tollhouse.ledger.facts import CustomerFact, LiabilityFact, ProductFact, TaxFact
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CurrencyUnknown,
    CustomerUnknown,
    ExchangeRateMissing,
    LiabilityUnknown,
    ObjectUnknown,
    Refusal,
    TaxUnknown,
)
from tollhouse.ledger.seeing import liability_seen


def made(telco: Telco, *arguments: Any, **more: Any) -> int:
    return int(telco.do(telco.tax(*arguments, **more)).tax_id)


# Making taxes.


def test_a_tax_is_kept_as_it_was_made(telco: Telco) -> None:
    tax_id = made(telco, "19", "0.5", covers=frozenset(TAXABLE) - {"calls"}, liable=1, shared=True, description="d")
    assert telco.find(TaxFact) == [
        TaxFact(
            tenant_id=telco.tenant_id,
            tax_id=tax_id,
            owner_number=10,
            name="VAT",
            description="d",
            rate="19.00",
            flat="0.50",
            currency="EUR",
            accounts=1,
            calls=0,
            cardgroups=1,
            charges=1,
            features=1,
            messages=1,
            numbers=1,
            products=1,
            liable=1,
            shared=1,
            created_at=telco.clock.now(),
        )
    ]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"currency": "CHF"}, CurrencyUnknown),
        ({"currency": "CHF", "owner_number": 404}, CurrencyUnknown),
        ({"flat": "90071992547409.92"}, AmountOutOfRange),
        ({"owner_number": 404}, CustomerUnknown),
        ({"owner_number": 20}, CustomerUnknown),
        ({"owner_number": 1}, CustomerUnknown),
    ],
)
@pytest.mark.parametrize("validation", [True, False])
def test_what_is_refused_makes_no_tax(
    telco: Telco, given: dict[str, Any], refusal: type[Refusal], validation: bool
) -> None:
    with pytest.raises(refusal):
        made(telco, **given, validation=validation)
    assert telco.find(TaxFact) == []


def test_a_validated_tax_is_not_made(telco: Telco) -> None:
    assert made(telco, validation=True) == 0
    assert telco.find(TaxFact) == []


def test_a_tax_may_be_made_for_a_customer_below(telco: Telco) -> None:
    made(telco, owner_number=40)
    assert telco.find(TaxFact)[0].owner_number == 40


# Figures.


@pytest.mark.parametrize(
    ("amount", "rate", "flat", "tax_minor"),
    [
        ("100.00", "20", "0.50", 20_50),
        ("100.00", "20", "0", 20_00),
        ("100.00", "0", "0.50", 50),
        ("0.13", "19", "0", 2),
        ("0.10", "5", "0", 1),
        ("-10.00", "20", "0.50", -2_50),
        ("0.00", "20", "0.50", 0),
        ("0.004", "20", "0.50", 0),
        ("33.335", "7.5", "0", 2_50),
    ],
)
def test_the_worked_figures(telco: Telco, amount: str, rate: str, flat: str, tax_minor: int) -> None:
    made(telco, rate, flat)
    transaction = telco.charged(amount=amount)
    assert transaction.tax_minor == tax_minor
    assert transaction.gross_minor == transaction.net_minor + tax_minor
    assert telco.balance() == 100_00 - transaction.gross_minor


def test_each_tax_is_on_the_net_and_has_a_line(telco: Telco) -> None:
    first = made(telco, "20", "0.5")
    second = made(telco, "5")
    transaction = telco.charged(amount="-10")
    assert telco.lines(transaction) == [(first, "20.00", "-0.5", -2_50), (second, "5.00", "0", -50)]
    assert (transaction.net_minor, transaction.tax_minor, transaction.gross_minor) == (-10_00, -3_00, -13_00)


@pytest.mark.parametrize(
    ("customer", "currency", "tax_minor", "flat"),
    [
        (11, "USD", 90, "0.9"),
        (12, "EUR", 161, "160.5"),
        (16, "EUR", 1_11, "10/9"),
        (13, "EUR", 333, "1/3"),
        (13, "KWD", 1_000, "1"),
    ],
)
def test_a_flat_amount_is_converted_exactly(
    telco: Telco, customer: int, currency: str, tax_minor: int, flat: str
) -> None:
    made(telco, "0", "1.00", currency=currency)
    amount, own = "10", telco.customer(customer).currency
    transaction = telco.charged(customer, amount=amount, currency=own)
    assert (transaction.tax_minor, telco.lines(transaction)[0][2]) == (tax_minor, flat)


def test_a_flat_amount_without_a_rate_stops_the_charge_unless_there_is_nothing_to_add(telco: Telco) -> None:
    made(telco, "10", "1.00", currency="KWD")
    assert telco.charged(16, amount="0", currency="USD").gross_minor == 0
    charge_id = telco.create(customer=16, amount="1", currency="USD")
    before = telco.everything()
    with pytest.raises(ExchangeRateMissing):
        telco.charge(charge_id)
    assert telco.everything() == before


# Whom a tax reaches.


@pytest.mark.parametrize(
    ("owner", "shared", "reached"),
    [
        (10, False, {10: False, 11: True, 40: True, 41: False}),
        (10, True, {10: False, 11: True, 40: True, 41: False}),
        (1, False, {10: True, 11: False, 40: False, 41: False}),
        (1, True, {1: True, 10: True, 11: True, 40: True, 41: True}),
    ],
)
def test_a_seller_taxes_its_own_customers_and_the_root_shares(
    telco: Telco, owner: int, shared: bool, reached: dict[int, bool]
) -> None:
    made(telco, "10", owner_number=owner, shared=shared, caller=ROOT)
    assert {n: telco.charged(n, amount="10").tax_minor == 1_00 for n in reached} == reached


@pytest.mark.parametrize(("liable", "taxes"), [(0, {11: 0, 12: 0}), (1, {11: 0, 12: 10}), (2, {11: 1_00, 12: 10})])
def test_new_and_existing_customers(telco: Telco, liable: int, taxes: dict[int, int]) -> None:
    """Jiro (12) came after the tax."""
    telco.clock.advance(1)
    made(telco, "10", liable=liable)
    telco.cook(CustomerFact, {"number": 12}, created_at=telco.clock.now() + 1)
    assert telco.charged(11, amount="10").tax_minor == taxes[11]
    assert telco.charged(12, amount="100", currency="JPY").tax_minor == taxes[12]


@pytest.mark.parametrize(
    ("tax", "for_charge", "for_customer", "owed"),
    [
        ((True, 2), None, None, True),
        ((False, 2), None, None, False),
        ((False, 2), True, None, True),
        ((True, 2), False, None, False),
        ((True, 2), None, False, False),
        ((True, 0), None, None, False),
        ((True, 0), None, True, True),
        ((True, 0), True, None, False),
        ((False, 0), True, True, True),
        ((False, 2), None, True, False),
    ],
)
def test_what_is_set_for_a_charge_or_a_customer_overrides_the_tax(
    telco: Telco, tax: tuple[bool, int], for_charge: bool | None, for_customer: bool | None, owed: bool
) -> None:
    """The tax covers charges or not, and nobody (0) or everybody (2) is liable."""
    covers, liable = tax
    kinds = frozenset(TAXABLE) if covers else frozenset(TAXABLE) - {"charges"}
    tax_id = made(telco, "10", covers=kinds, liable=liable)
    charge_id = telco.create(amount="10")
    if for_charge is not None:
        telco.do(telco.liability(tax_id, "charge", charge_id, for_charge))
    if for_customer is not None:
        telco.do(telco.liability(tax_id, "customer", 11, for_customer))
    assert telco.charge(charge_id).tax_minor == (1_00 if owed else 0)


# Setting who is liable.


def test_a_setting_is_kept_once_and_can_be_changed(telco: Telco) -> None:
    tax_id = made(telco)
    for liable in (True, False):
        telco.do(telco.liability(tax_id, "customer", 11, liable))
        assert telco.find(LiabilityFact) == [LiabilityFact(telco.tenant_id, tax_id, "customer", 11, int(liable))]


@pytest.mark.parametrize(
    ("object_type", "object_id", "caller", "refusal"),
    [
        ("customer", 11, NORTH, None),
        ("customer", 41, NORTH, None),
        ("customer", 10, NORTH, None),
        ("customer", 20, NORTH, ObjectUnknown),
        ("customer", 404, NORTH, ObjectUnknown),
        ("charge", 404, NORTH, ObjectUnknown),
        ("cardgroup", 1, ROOT, ObjectUnknown),
        ("product", 1, ROOT, None),
        ("product", 2, ROOT, ObjectUnknown),
        ("product", 1, NORTH, ObjectUnknown),
        ("customer", 11, NORA, TaxUnknown),
        ("customer", 21, SOUTH, TaxUnknown),
    ],
)
def test_a_tax_and_its_object_must_be_the_callers(
    telco: Telco, object_type: str, object_id: int, caller: Caller, refusal: type[Refusal] | None
) -> None:
    tax_id = made(telco)
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.insert([ProductFact(telco.tenant_id, 1, "uid", "invoice-test", "Invoice Test")])
    command = telco.liability(tax_id, object_type, object_id, True, caller=caller)
    if refusal is None:
        telco.do(command)
    else:
        with pytest.raises(refusal):
            telco.do(command)
    assert len(telco.find(LiabilityFact)) == (refusal is None)


def test_nobody_excuses_themselves_from_a_shared_tax(telco: Telco) -> None:
    tax_id = made(telco, caller=ROOT, shared=True)
    telco.do(telco.liability(tax_id, "customer", 11, False, caller=NORTH))
    telco.do(telco.liability(tax_id, "customer", 1, False, caller=ROOT))
    for caller, number in ((NORTH, 10), (NORA, 11)):
        with pytest.raises(ObjectUnknown):
            telco.do(telco.liability(tax_id, "customer", number, False, caller=caller))


def test_a_charge_is_its_owners_to_exempt(telco: Telco) -> None:
    tax_id = made(telco, caller=ROOT, shared=True)
    charge_id = telco.create(amount="10")
    with pytest.raises(ObjectUnknown):
        telco.do(telco.liability(tax_id, "charge", charge_id, False, caller=NORA))
    telco.do(telco.liability(tax_id, "charge", charge_id, False, caller=NORTH))
    assert telco.charge(charge_id).tax_minor == 0


def test_what_is_set_can_be_read(telco: Telco) -> None:
    tax_id = made(telco)
    telco.do(telco.liability(tax_id, "customer", 11, False))
    with telco.store.reading(telco.tenant_id) as reader:
        assert liability_seen(reader, NORTH, tax_id, "customer", 11).liable == 0
        for refusal, *wanted in (
            (LiabilityUnknown, NORTH, tax_id, "customer", 12),
            (TaxUnknown, NORTH, 404, "customer", 11),
            (TaxUnknown, SOUTH, tax_id, "customer", 21),
            (ObjectUnknown, NORTH, tax_id, "charge", 404),
        ):
            with pytest.raises(refusal):
                liability_seen(reader, *wanted)


def test_a_batch_taxes_by_what_it_made_and_set(telco: Telco) -> None:
    """Ids come in order from a block, so the next one is known."""
    tax_id = made(telco, "10") + 1
    charge_id = telco.create(amount="10", number_max=9)
    outcomes = telco.ledger.execute_batch(
        telco.tenant_id,
        [
            telco.charging(charge_id),
            telco.tax("20"),
            telco.charging(charge_id),
            telco.liability(tax_id, "charge", charge_id, False),
            telco.charging(charge_id),
            telco.liability(tax_id, "charge", charge_id, True),
            telco.charging(charge_id),
        ],
    )
    taxes = [telco.transaction(outcomes[i].result.transaction_id).tax_minor for i in (0, 2, 4, 6)]  # type: ignore[union-attr]
    assert taxes == [1_00, 3_00, 1_00, 3_00]
