"""What purchases give, and usage spread over it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import SHOP, TestClock, prepared
from tests.ledger.test_purchasing import purchase, settled
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import GatewayAnswer
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.entitling import used_of
from tollhouse.ledger.facts import CustomerFact, EntitlementFact, PaymentFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.purchase_details import detail_of
from tollhouse.ledger.refusals import CustomerUnknown, MeterUnknown, PlanIsNotFree, Refusal, UsageRefused
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore

TAKEN = GatewayAnswer("succeeded", reference="gw-1")


class Meters:
    """A customer with meters of these limits, the oldest first."""

    def __init__(self, store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
        self.store, self.ledger, self.clock = store, ledger, clock
        self.tenant: TenantFact = prepared(store, SHOP, clock)

    def buy(self, *limits: int, **changed: Any) -> None:
        for limit in limits:
            command = purchase(self.tenant, "team-pack", quantities=(("seats", limit),))
            settled(self.ledger, self.ledger.execute(command).result.payment, TAKEN)
        if changed:
            with self.store.unit_of_work(self.tenant.tenant_id) as unit:
                unit.change(EntitlementFact, {"identifier": "seats"}, **changed)

    def report(self, value: int, *, delta: bool = False, feature: str = "seats", customer: str = "cust_visa") -> int:
        command = ReportUsage(
            tenant_id=self.tenant.tenant_id,
            customer_reference=customer,
            feature=feature,
            value=value,
            is_delta=delta,
        )
        used: int = self.ledger.execute(command).result.used
        return used

    def used(self) -> list[int]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            rows = reader.find(EntitlementFact, identifier="seats", order=("payment_id",))
        return [used_of(row, self.clock.now()) for row in rows]


@pytest.fixture
def meters(store: SqlStore, ledger: Ledger, clock: TestClock) -> Meters:
    return Meters(store, ledger, clock)


def test_usage_fills_the_oldest_first(meters: Meters) -> None:
    meters.buy(5, 3, 4)
    steps = [
        (meters.report(4), [4, 0, 0]),
        (meters.report(3, delta=True), [5, 2, 0]),
        (meters.report(-3, delta=True), [4, 0, 0]),
        (meters.report(12), [5, 3, 4]),
        (meters.report(1, delta=True), [5, 3, 5]),
        (meters.report(0), [0, 0, 0]),
    ]
    assert [used for used, _ in steps] == [4, 7, 4, 12, 13, 0]
    meters.report(7)
    assert meters.used() == [5, 2, 0]
    with pytest.raises(UsageRefused):
        meters.report(-8, delta=True)
    assert meters.used() == [5, 2, 0]


def test_the_oldest_is_what_was_given_first_whichever_process_sold_it(
    meters: Meters, store: SqlStore, clock: TestClock
) -> None:
    """Each process numbers payments from a block of its own."""
    here, there = meters.ledger, Ledger(store, clock)
    for ledger, limit in ((here, 3), (there, 4), (here, 5)):
        meters.ledger = ledger
        meters.buy(limit)
        clock.advance(1)
    meters.report(7)
    with store.reading(meters.tenant.tenant_id) as reader:
        rows = reader.find(EntitlementFact, identifier="seats")
    assert {row.usage_limit: row.used for row in rows} == {3: 3, 4: 4, 5: 0}


def test_a_hard_limit_holds(meters: Meters) -> None:
    meters.buy(5, 3, hard_limit=1)
    assert meters.report(8) == 8
    for value, delta in ((9, False), (1, True)):
        with pytest.raises(UsageRefused, match="8"):
            meters.report(value, delta=delta)
    assert meters.used() == [5, 3]


def test_an_unlimited_meter_takes_all(meters: Meters) -> None:
    meters.buy(5, 3, usage_limit=None)
    assert meters.report(10**9) == 10**9
    assert meters.used() == [10**9, 0]


def test_a_meter_starts_again(meters: Meters) -> None:
    meters.buy(5, reset="EVERY_DAY")
    meters.report(4)
    assert meters.used() == [4]
    meters.clock.advance(86_400)
    assert meters.used() == [0]
    assert meters.report(1, delta=True) == 1
    assert meters.used() == [1]


def test_reports_of_one_batch_add_up(meters: Meters) -> None:
    meters.buy(5, 3)
    report = ReportUsage(
        tenant_id=meters.tenant.tenant_id, customer_reference="cust_visa", feature="seats", value=2, is_delta=True
    )
    meters.ledger.execute_batch(meters.tenant.tenant_id, [report] * 3)
    assert meters.used() == [5, 1]


def test_only_meters_that_were_bought_are_used(meters: Meters) -> None:
    meters.buy(5)
    refused: list[type[Refusal]] = []
    for more in ({"feature": "support"}, {"customer": "cust_germany"}, {"customer": "nobody"}):
        with pytest.raises(Refusal) as error:
            meters.report(1, **more)
        refused.append(error.type)
    assert refused == [MeterUnknown, MeterUnknown, CustomerUnknown]
    meters.buy(3, revoked_at=1)
    with pytest.raises(MeterUnknown):
        meters.report(1)


# Free plans.


def free(tenant: TenantFact, plan: str = "free") -> StartFree:
    asked = purchase(tenant, plan, "cust_without_card")
    values = {name: getattr(asked, name) for name in asked.__struct_fields__ if name != "made_by"}
    return StartFree(**values)


def test_a_free_plan_is_taken_without_a_gateway(ledger: Ledger, store: SqlStore, meters: Meters) -> None:
    payment: PaymentFact = ledger.execute(free(meters.tenant)).result.payment
    assert (payment.state, payment.amount_minor, payment.gateway) == ("succeeded", 0, "")
    assert detail_of(payment).made_by == "subscription"
    with store.reading(meters.tenant.tenant_id) as reader:
        (customer,) = reader.find(CustomerFact, reference="cust_without_card")
    assert customer.currency_lock is None
    for plan in ("worldwide", "giveaway", "enterprise"):
        with pytest.raises(PlanIsNotFree):
            ledger.execute(free(meters.tenant, plan))
    assert verify(store).differences == []


def test_the_key_of_a_charge_is_not_that_of_a_subscription(meters: Meters) -> None:
    assert free(meters.tenant).content() != purchase(meters.tenant, "free", "cust_without_card").content()


def test_what_is_used_is_a_number_that_everybody_can_read(meters: Meters) -> None:
    meters.buy(5)
    assert meters.report(AMOUNT_MINOR_MAX) == AMOUNT_MINOR_MAX
    with pytest.raises(UsageRefused):
        meters.report(1, delta=True)
    assert meters.used() == [AMOUNT_MINOR_MAX]
