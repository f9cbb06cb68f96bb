"""Rate plans: whose they are, whom they are shared with, and what they ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.harness import TestClock
from tests.ledger.telco import NORA, NORTH, NORTH_ALONE, ROOT, SOUTH, Telco
from tollhouse.ledger import rate_plans
from tollhouse.ledger.commands import Caller, CreatePlan, SetPlanFee, UpdatePlan
from tollhouse.ledger.facts import CustomerFact, PlanDetailsFact, PlanFact, PlanFeeFact
from tollhouse.ledger.rate_plans import FeeWanted, PlansWanted
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CurrencyUnknown,
    CustomerUnknown,
    ExchangeRateMissing,
    InheritanceRefused,
    PlanUnknown,
)
from tollhouse.ledger.sight import Snapshot

FAR_NORTH = Caller(9, 40, "1.10.40.", may_reach_below=True)


class Plans:
    """Plans of the telco: one line a command and a question."""

    def __init__(self, telco: Telco) -> None:
        self.telco = telco

    def create(self, name: str = "Gold", *, caller: Caller = NORTH, **more: Any) -> int:
        given = {"owner_number": None, "currency": None, "settings": {}, **more}
        command = CreatePlan(tenant_id=self.telco.tenant_id, caller=caller, name=name, **given)
        return int(self.telco.do(command).plan_number)

    def update(self, number: int, *, caller: Caller = NORTH, **more: Any) -> None:
        given = {"settings": {}, **more}
        self.telco.do(UpdatePlan(tenant_id=self.telco.tenant_id, caller=caller, plan_number=number, **given))

    def set_fee(self, number: int, fee: str, feature: str = "phone", *, caller: Caller = NORTH) -> None:
        self.telco.do(
            SetPlanFee(
                tenant_id=self.telco.tenant_id,
                caller=caller,
                plan_number=number,
                feature=feature,
                occurs="signup",
                fee=Decimal(fee),
            )
        )

    def look(self, question: Any, *arguments: Any) -> Any:
        with self.telco.store.reading(self.telco.tenant_id) as reader:
            return question(Snapshot(reader, self.telco.clock.now()), *arguments)

    def fee(self, number: int, customer: int = 0, currency: str = "", *, taxes: bool = False) -> tuple[str, str]:
        wanted = FeeWanted(number, "phone", "signup", currency, taxes)

        def asked(sight: Snapshot) -> Any:
            found = sight.find(CustomerFact, number=customer)
            return rate_plans.fee_shown(sight, wanted, found[0] if found else None)

        shown = self.look(asked)
        return shown.fee, shown.currency

    def listed(self, caller: Caller = NORTH, customer: int = 10, **more: Any) -> list[str]:
        shown = self.look(rate_plans.plans_listed, caller, PlansWanted(customer, **more))
        return [one.plan.name for one in shown]


@pytest.fixture
def plans(telco: Telco) -> Plans:
    return Plans(telco)


def test_a_plan_made_here_is_not_sold_elsewhere(plans: Plans) -> None:
    number = plans.create("Gold", description="All in", settings={"bill_type": "postpaid"}, invoice_due_days=14)
    (plan,) = plans.telco.find(PlanFact, number=number)
    assert plan == PlanFact(
        tenant_id=plans.telco.tenant_id,
        number=number,
        identifier=f"plan-{number}",
        name="Gold",
        product_id=0,
        owner_number=10,
        currency="EUR",
        state="draft",
        features="[]",
        created_at=plans.telco.clock.now(),
    )
    (details,) = plans.telco.find(PlanDetailsFact, plan_number=number)
    assert (details.description, details.invoice_due_days) == ("All in", 14)
    assert msgspec.json.decode(details.settings) == {"bill_type": "postpaid"}


def test_an_update_leaves_what_it_does_not_name(plans: Plans) -> None:
    number = plans.create(description="All in", settings={"contract": "1_year", "bill_defer": 1}, shared=1)
    plans.update(number, name="Silver", settings={"bill_defer": 0})
    (plan,) = plans.telco.find(PlanFact, number=number)
    (details,) = plans.telco.find(PlanDetailsFact, plan_number=number)
    assert (plan.name, plan.currency, details.description, details.shared) == ("Silver", "EUR", "All in", 1)
    assert msgspec.json.decode(details.settings) == {"contract": "1_year", "bill_defer": 0}


def test_what_provisioning_made_can_be_changed_too(plans: Plans) -> None:
    plans.update(70, description="Basic", currency="USD")
    (plan,) = plans.telco.find(PlanFact, number=70)
    assert (plan.identifier, plan.state, plan.currency) == ("north-basic", "published", "USD")
    assert plans.look(rate_plans.plan_shown, NORTH, 70).details.description == "Basic"


def test_a_validation_makes_and_changes_nothing(plans: Plans) -> None:
    number = plans.create()
    before = plans.telco.find(PlanFact), plans.telco.find(PlanDetailsFact)
    assert plans.create(validation=True) == 0
    plans.update(number, name="Silver", description="x", validation=True)
    assert (plans.telco.find(PlanFact), plans.telco.find(PlanDetailsFact)) == before


@pytest.mark.parametrize("caller", [NORA, SOUTH, FAR_NORTH])
def test_only_the_owner_and_those_above_change_a_plan(plans: Plans, caller: Caller) -> None:
    number = plans.create(shared=-1)
    with pytest.raises(PlanUnknown):
        plans.update(number, caller=caller, name="Mine")
    with pytest.raises(PlanUnknown):
        plans.set_fee(number, "1", caller=caller)
    plans.update(number, caller=ROOT, name="Ours")


def test_a_plan_is_made_for_a_customer_that_one_reaches(plans: Plans) -> None:
    number = plans.create(owner_number=40)
    assert plans.telco.find(PlanFact, number=number)[0].owner_number == 40
    for caller, owner in ((NORTH, 20), (NORTH, 404), (NORTH_ALONE, 40)):
        with pytest.raises(CustomerUnknown):
            plans.create(caller=caller, owner_number=owner)
    with pytest.raises(CurrencyUnknown):
        plans.create(currency="GBP")


# Inheritance.


def test_plans_inherit_from_ones_own_and_from_inheritable_ones_above(plans: Plans) -> None:
    open_one, closed = plans.create("Open", inheritable=True), plans.create("Closed")
    assert plans.create("Child", inherit_number=closed)
    assert plans.create("Below", caller=FAR_NORTH, inherit_number=open_one)
    for caller, parent in ((FAR_NORTH, closed), (SOUTH, open_one), (NORTH, 404), (NORTH, 71)):
        with pytest.raises(InheritanceRefused):
            plans.create("Wrong", caller=caller, inherit_number=parent)
    assert plans.create("Root's", caller=ROOT, owner_number=40, inherit_number=closed)


def test_nothing_inherits_from_itself(plans: Plans) -> None:
    first = plans.create("First")
    second = plans.create("Second", inherit_number=first)
    for parent in (first, second):
        with pytest.raises(InheritanceRefused):
            plans.update(first, inherit_number=parent)
    plans.update(second, inherit_number=0)
    plans.update(first, inherit_number=second)


def test_a_chain_has_an_end(plans: Plans) -> None:
    number = plans.create("0")
    for depth in range(1, 32):
        number = plans.create(str(depth), inherit_number=number)
    with pytest.raises(InheritanceRefused):
        plans.create("32", inherit_number=number)


# Who sees which.


def test_a_plan_is_whole_for_those_whom_it_concerns(plans: Plans) -> None:
    own, direct, every = plans.create("Own"), plans.create("Direct", shared=1), plans.create("Every", shared=-1)
    deep = Caller(10, 41, "1.10.40.41.", may_reach_below=True)
    for caller, numbers in (
        (NORTH, (own, direct, every)),
        (ROOT, (own, direct, every)),
        (FAR_NORTH, (direct, every)),
        (deep, (every,)),
        (SOUTH, ()),
    ):
        for number in (own, direct, every):
            if number in numbers:
                shown = plans.look(rate_plans.plan_shown, caller, number)
                assert shown.is_whole
                assert shown.owner_number == (10 if caller in (NORTH, ROOT) else 0)
            else:
                with pytest.raises(PlanUnknown):
                    plans.look(rate_plans.plan_shown, caller, number)
    assert plans.look(rate_plans.plan_shown, NORA, 0).plan.number == 70
    assert not plans.look(rate_plans.plan_for_strangers, own).is_whole
    with pytest.raises(PlanUnknown):
        plans.look(rate_plans.plan_shown, SOUTH, 0)


def test_each_mode_lists_its_own(plans: Plans) -> None:
    plans.create("Direct", shared=1)
    plans.create("Every", shared=-1, inheritable=True)
    plans.create("Root shares", caller=ROOT, shared=1)
    plans.create("Root hides", caller=ROOT, inheritable=True)
    plans.create("Far", caller=FAR_NORTH)
    assert plans.listed() == ["Direct", "Every", "north-basic"]
    assert plans.listed(descending=True) == ["north-basic", "Every", "Direct"]
    assert plans.listed(name="E") == ["Direct", "Every"]
    assert plans.listed(mode="reseller") == ["Direct", "Every", "Root shares", "north-basic"]
    assert plans.listed(mode="inheritable") == ["Direct", "Every", "Root hides", "north-basic"]
    assert plans.listed(NORA, 11, mode="parent") == ["Direct", "Every", "Root shares", "north-basic"]
    assert plans.listed(NORA, 11, mode="reseller") == ["Direct", "Every"]
    assert plans.listed(NORA, 11, mode="reseller", own=True) == ["Direct", "Every", "north-basic"]
    assert plans.listed(FAR_NORTH, 40, mode="inheritable") == ["Every", "Far", "Root hides"]
    assert plans.listed(FAR_NORTH, 41, mode="reseller") == ["Every"]
    assert plans.listed(mode="system") == ["Direct", "Every", "Far", "north-basic"]
    assert len(plans.listed(ROOT, 1, mode="system")) == 7
    with pytest.raises(CustomerUnknown):
        plans.listed(SOUTH, 10)


def test_rows_of_a_mode_are_as_whole_as_the_caller_may_see_them(plans: Plans) -> None:
    plans.create("Hidden")
    shown = plans.look(rate_plans.plans_listed, NORA, PlansWanted(11, mode="parent"))
    assert [(one.plan.name, one.is_whole, one.owner_number) for one in shown] == [
        ("Hidden", False, 0),
        ("north-basic", True, 0),
    ]


def test_strangers_are_told_what_they_can_sign_up_to(plans: Plans) -> None:
    gold = plans.create("Gold")
    shown = plans.look(rate_plans.plans_for_strangers, PlansWanted(10, mode="signup"))
    assert [(one.plan.name, one.is_whole) for one in shown] == [("Gold", False), ("north-basic", False)]
    shown = plans.look(rate_plans.plans_for_strangers, PlansWanted(10, mode="signup", only=gold))
    assert [one.plan.name for one in shown] == ["Gold"]
    with pytest.raises(CustomerUnknown):
        plans.look(rate_plans.plans_for_strangers, PlansWanted(404, mode="signup"))


# Fees.


def test_a_fee_is_exact_in_its_own_currency_and_rounded_in_another(plans: Plans) -> None:
    number = plans.create()
    assert plans.fee(number) == ("0.00", "EUR")
    plans.set_fee(number, "9.995")
    assert plans.fee(number) == ("9.995", "EUR")
    assert plans.fee(number, 12) == ("1604.00", "JPY")
    assert plans.fee(number, 13) == ("3.332", "KWD")
    assert plans.fee(number, 12, "EUR") == ("9.995", "EUR")
    plans.set_fee(number, "0")
    assert plans.fee(number) == ("0.00", "EUR")
    with pytest.raises(ExchangeRateMissing):
        plans.fee(number, 17)
    with pytest.raises(AmountOutOfRange):
        plans.set_fee(number, "90071992547409.92")


def test_a_fee_keeps_the_currency_in_which_it_was_set(plans: Plans) -> None:
    number = plans.create(currency="EUR")
    plans.set_fee(number, "10")
    plans.update(number, currency="USD")
    assert plans.telco.find(PlanFeeFact, plan_number=number)[0].currency == "EUR"
    assert plans.fee(number, currency="EUR") == ("10.00", "EUR")
    assert plans.fee(number, currency="USD") == ("11.11", "USD")


def test_a_fee_that_a_plan_does_not_set_is_inherited(plans: Plans) -> None:
    parent = plans.create("Parent")
    child = plans.create("Child", inherit_number=parent)
    plans.set_fee(parent, "5")
    assert plans.fee(child) == ("5.00", "EUR")
    plans.set_fee(child, "0")
    assert plans.fee(child) == ("0.00", "EUR")
    with pytest.raises(PlanUnknown):
        plans.fee(404)


def test_taxes_of_the_customers_seller_are_added_once_each(plans: Plans, clock: TestClock) -> None:
    number = plans.create()
    plans.set_fee(number, "9.99")
    plans.telco.do(plans.telco.tax("20"))
    plans.telco.do(plans.telco.tax("5", "0.10", covers=frozenset({"features"})))
    plans.telco.do(plans.telco.tax("50", covers=frozenset({"accounts"})))
    plans.telco.do(plans.telco.tax("50", liable=0))
    plans.telco.do(plans.telco.tax("50", caller=SOUTH))
    assert plans.fee(number, 11, taxes=True) == ("12.59", "EUR")
    assert plans.fee(number, 11) == ("9.99", "EUR")
    assert plans.fee(number, 0, taxes=True) == ("9.99", "EUR")
