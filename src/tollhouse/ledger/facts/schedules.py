"""When charges fall due, and the charging of everybody on a plan."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact

ACTIVE = "active"
PARKED = "parked"
DONE = "done"

STAGING = "staging"
DECIDED = "decided"
REFUSED = "refused"


class ScheduleFact(ChangingFact):
    """What falls due next of a charge for one customer; for everybody on its plan, once, where the number is 0.

    `state` is active (it falls due at `due_at`), parked (it could not be charged, for the `reason`) or done (nothing
    falls due any more). `next_key` is the key of the occurrence; `covered_until` the day before which all is charged,
    as text, or empty.
    """

    tenant_id: int
    charge_id: int
    customer_number: int
    state: str
    next_key: str
    due_at: int
    covered_until: str
    reason: str
    tries: int
    changed_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.charge_id, self.customer_number)


class PlanRunFact(ChangingFact):
    """One charging of everybody on a plan: staged in parts, decided at once, rolled forward in parts.

    `state` is staging, decided, done or refused (nothing was charged, for the `reason`). `moment_at` is when, by the
    tenant's clock, it was taken who is on the plan; `effective_at` when the charges count. `lease_until`, by the
    system's clock, is how long whoever carries it out may be silent. `key_scope`, `key_hash` and `fingerprint` are the
    idempotency key's, or empty. `sums` is JSON, once it is decided: for each currency its code, how many customers, and
    net, tax, gross and buy in minor units.
    """

    tenant_id: int
    plan_run_id: int
    charge_id: int
    state: str
    moment_at: int
    effective_at: int
    person_id: int | None
    is_scheduled: int
    key_scope: str
    key_hash: str
    fingerprint: str
    digest: str
    lines: int
    lines_done: int
    lease_until: int
    reason: str
    ended_at: int | None
    sums: str = "[]"

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_run_id,)


class PlanRunTariffFact(Fact):
    """What many customers of a plan run are charged alike. `taxes` is JSON: id, name, rate, flat and amount of each."""

    tenant_id: int
    plan_run_id: int
    tariff_no: int
    currency: str
    net_minor: int
    buy_minor: int
    exchange_from: str | None
    exchange_rate: str | None
    exchange_rate_at: int | None
    taxes: str


class PlanRunLineFact(Fact):
    """What one customer of a plan run is to be charged, until it is."""

    tenant_id: int
    plan_run_id: int
    customer_number: int
    tariff_no: int
    settlement: str
    occurrence_key: str
    covered_until: str
