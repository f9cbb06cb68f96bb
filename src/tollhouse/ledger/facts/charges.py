"""What is owed, and when it was charged."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class ChargeFact(ChangingFact):
    """A charge on one customer (`plan_number` 0) or on everybody on a plan (`customer_number` 0).

    `amount` and `buy` are decimal text in major units of `currency`. Of `start_at` and `end_at`, 0 is "none"; a
    `number_max` of 0 is no limit for a recurring charge and one time otherwise. `anchor_on` is the day from which the
    periods of a recurring charge count, as text. `product_id` is the product it is for, or 0. While everybody on its
    plan is being charged, `plan_run_id` says by which run. From the customer `enrolling_from` on, schedules are still
    to be made, for what falls due since `enrolling_at` (0: from now on); None: all are.
    """

    tenant_id: int
    charge_id: int
    customer_number: int
    plan_number: int
    owner_number: int
    name: str
    description: str
    amount: str
    buy: str
    currency: str
    period: str
    start_at: int
    end_at: int
    number_max: int
    anchor: str
    origin: str
    created_at: int
    deleted_at: int | None = None
    anchor_on: str = ""
    product_id: int = 0
    plan_run_id: int = 0
    enrolling_from: int | None = None
    enrolling_at: int = 0

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.charge_id,)


class OccurrenceFact(Fact):
    """One date on which a charge fell due for one customer. The first three after the tenant are its key.

    `occurrence_key` is the local day on which the period starts, or `#1`, `#2` … for a charge without periods. `basis`
    is what the charge was then: its amount, its currency, and the share of it that was owed; empty where not kept.
    """

    tenant_id: int
    charge_id: int
    customer_number: int
    occurrence_key: str
    transaction_id: int
    charged_at: int
    basis: str = ""
