"""The overview of a tenant: sums of days and months, what falls due, what is stuck, and who was charged most."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import TestClock, prepared, record
from tests.store.facts import customer, payment, row
from tollhouse.domain.figures import halves
from tollhouse.ledger.facts import (
    ChargeFact,
    DayFigureFact,
    DeliveryFact,
    Fact,
    RefundFact,
    ScheduleFact,
    SummaryFact,
    TenantFact,
    TotalFact,
    WebhookEndpointFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.queries import overview
from tollhouse.ledger.queries.overview import MONTH, Count, DoorFigures, PeriodFigures, Span, Sums
from tollhouse.ledger.standings import Standings
from tollhouse.store.queries import overview as statements
from tollhouse.store.queries.overview import SqlOverviewQueries
from tollhouse.store.store import SqlStore

HOUR = 3600 * 1_000_000
NOW = 1_772_366_400 * 1_000_000


@pytest.fixture
def store(kept_store: SqlStore) -> SqlStore:
    return kept_store


@pytest.fixture
def tenant(store: SqlStore) -> TenantFact:
    return prepared(store, '[tenant]\nslug = "acme"\n')


@pytest.fixture
def queries(store: SqlStore) -> SqlOverviewQueries:
    return SqlOverviewQueries(store)


def put(store: SqlStore, tenant: TenantFact, *rows: Fact) -> None:
    with store.unit_of_work(tenant.tenant_id) as unit:
        for fact in rows:
            unit.insert([fact])


def day(on: str, gross: int, *, kind: str = "charge", lane: int = 0, count: int = 1, **more: Any) -> DayFigureFact:
    where = {"tenant_id": 1, "currency": "USD", "origin": "beacon", **more.pop("where", {})}
    tax, buy = halves(more.pop("tax", 0)), halves(more.pop("buy", 0))
    high, low = halves(gross)
    return DayFigureFact(
        effective_on=on,
        kind=kind,
        lane=lane,
        item_count=count,
        gross_high=high,
        gross_low=low,
        tax_high=tax[0],
        tax_low=tax[1],
        buy_high=buy[0],
        buy_low=buy[1],
        **where,
    )


# Spans.


def test_a_span_of_days_and_the_one_before() -> None:
    span = Span.of_days(3, date(2026, 3, 2))
    assert span.periods() == ["2026-02-28", "2026-03-01", "2026-03-02"]
    before = span.before()
    assert before is not None
    assert before.periods() == ["2026-02-25", "2026-02-26", "2026-02-27"]
    assert span.with_before().periods() == before.periods() + span.periods()


def test_a_span_of_months_and_the_one_before_are_whole_months() -> None:
    span = Span.of_months(2, date(2026, 1, 17))
    assert span.bounds == (date(2025, 12, 1), date(2026, 1, 31))
    assert span.periods() == ["2025-12", "2026-01"]
    before = span.before()
    assert before is not None
    assert before.bounds == (date(2025, 10, 1), date(2025, 11, 30))
    assert span.with_before().periods() == before.periods() + span.periods()
    assert Span(date(2024, 2, 29), date(2024, 2, 29), MONTH).bounds == (date(2024, 2, 1), date(2024, 2, 29))


def test_a_span_is_bounded() -> None:
    for first, last, step in (
        (date(2026, 3, 2), date(2026, 3, 1), "day"),
        (date(1899, 12, 31), date(1900, 1, 1), "day"),
        (date(2025, 1, 1), date(2026, 2, 5), "day"),
        (date(2020, 1, 31), date(2025, 1, 1), "month"),
    ):
        with pytest.raises(ValueError, match=r"\.$"):
            Span(first, last, step)
    earliest = Span(date(1900, 1, 10), date(1900, 1, 20))
    assert earliest.before() is None
    assert earliest.with_before() == earliest
    assert Span(date(9999, 1, 1), date(9999, 12, 31), MONTH).periods()[-1] == "9999-12"


# Figures.


def test_figures_by_day_and_month_are_the_sums_of_their_parts(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries
) -> None:
    huge = 2**62
    put(
        store,
        tenant,
        day("2026-01-31", 120, tax=20, buy=40),
        day("2026-02-01", 240, tax=40, buy=80, count=2),
        day("2026-02-01", 60, lane=7, where={"origin": "kelviq"}),
        day("2026-02-01", -30, kind="refund", where={"origin": "admin"}),
        day("2026-02-01", -5, kind="void", where={"origin": "admin"}),
        day("2026-02-01", -900, kind="credit"),
        day("2026-02-28", huge, where={"currency": "JPY"}),
        day("2026-02-28", huge, lane=1, where={"currency": "JPY"}),
        day("2026-03-01", 1),
    )
    february = Span(date(2026, 2, 1), date(2026, 2, 28))
    first = PeriodFigures("2026-02-01", "USD", Sums(3, 300, 40, 80), Sums(1, -30), Sums(1, -5))
    yen = PeriodFigures("2026-02-28", "JPY", Sums(2, 2 * huge))
    assert queries.figures(tenant.tenant_id, february, "USD") == [first]
    assert queries.figures(tenant.tenant_id, february, "JPY") == [yen]
    assert (first.kept_minor, first.net_minor, first.tax_minor, first.margin_minor) == (265, 225, 40, 145)
    months = Span(date(2026, 1, 5), date(2026, 2, 5), MONTH)
    assert queries.figures(tenant.tenant_id, months, "USD") == [
        PeriodFigures("2026-01", "USD", Sums(1, 120, 20, 40)),
        replace(first, period="2026-02"),
    ]
    assert queries.figures(tenant.tenant_id, months, "JPY") == [replace(yen, period="2026-02")]
    assert queries.doors(tenant.tenant_id, february, "JPY") == [DoorFigures("beacon", Sums(2, 2 * huge))]
    assert queries.doors(tenant.tenant_id, february, "USD") == [
        DoorFigures("beacon", Sums(2, 240, 40, 80)),
        DoorFigures("kelviq", Sums(1, 60)),
    ]
    assert queries.figures(tenant.tenant_id + 1, february, "USD") == []


def test_currencies_are_those_of_customers_who_were_charged(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries
) -> None:
    put(store, tenant, *(TotalFact(1, name, 0, 1, 0, 7) for name in ("charges:USD", "charges:EUR", "customers")))
    assert queries.currencies(tenant.tenant_id) == ["EUR", "USD"]
    assert queries.currencies(tenant.tenant_id + 1) == []


# What falls due.


def schedule(number: int, due_at: int, state: str = "active", customer_number: int = 11) -> ScheduleFact:
    return row(ScheduleFact, number, charge_id=number, customer_number=customer_number, state=state, due_at=due_at)


def test_what_falls_due_first_and_how_much(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "COUNTED_MAX", 3)
    put(store, tenant, customer(11), *(row(ChargeFact, n) for n in range(1, 9)))
    due = {1: 23, 2: -5, 3: 24, 4: 7 * 24 - 1, 5: 7 * 24, 6: 1, 7: 2}
    put(store, tenant, *(schedule(n, NOW + hours * HOUR, customer_number=11 * (n != 6)) for n, hours in due.items()))
    put(store, tenant, schedule(8, NOW, "parked"))
    found = queries.falling_due(tenant.tenant_id, NOW, 3)
    assert [(d.schedule.charge_id, d.charge.charge_id) for d in found.first] == [(2, 2), (6, 6), (7, 7)]
    assert [d.customer.number if d.customer else 0 for d in found.first] == [11, 0, 11]
    assert (found.within_day, found.within_week) == (Count(3, True), Count(3, True))
    monkeypatch.setattr(statements, "COUNTED_MAX", 6)
    found = queries.falling_due(tenant.tenant_id, NOW, 1)
    assert (found.within_day, found.within_week) == (Count(4, False), Count(6, False))


# What is stuck.


def test_payments_without_an_answer_the_oldest_first(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries
) -> None:
    times = {5: (NOW - 3, NOW - 1), 6: (NOW - 9, NOW), 7: (NOW - 7, NOW + 1)}
    for number, (created_at, call_until_at) in times.items():
        when = {"created_at": created_at, "call_until_at": call_until_at, "look_up_at": NOW - number}
        put(store, tenant, payment(number, state="pending", **when))
        put(store, tenant, row(RefundFact, number, state="pending", **when))
    put(store, tenant, payment(8, state="succeeded", created_at=1, call_until_at=1))
    found = queries.stuck(tenant.tenant_id, NOW, 10)
    assert [p.payment_id for p in found.payments] == [6, 5]
    assert [r.refund_id for r in found.refunds] == [6, 5]
    assert (found.payment_count, found.refund_count) == (Count(2, False), Count(2, False))
    assert [p.payment_id for p in queries.stuck(tenant.tenant_id, NOW, 1).payments] == [6]


def test_parked_charges_and_endpoints_that_fail(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries
) -> None:
    put(store, tenant, customer(11), *(row(ChargeFact, n) for n in (1, 2, 3)))
    put(store, tenant, schedule(1, 30, "parked"), schedule(2, 20, "parked"), schedule(3, 10))
    for number, state in ((1, "enabled"), (2, "enabled"), (3, "disabled"), (4, "removed")):
        put(store, tenant, row(WebhookEndpointFact, number, state=state))
    deliveries = (
        (1, "delivered", 1, 1),
        (1, "pending", 0, 2),
        (2, "pending", 3, 50),
        (2, "pending", 1, 40),
        (2, "waiting", 0, 5),
        (2, "failed", 9, 1),
        (3, "failed", 9, 1),
        (4, "failed", 9, 1),
    )
    for seq, (endpoint_id, state, attempts, created_at) in enumerate(deliveries, start=1):
        values = {"endpoint_id": endpoint_id, "customer_number": 11, "customer_seq": seq, "state": state}
        put(store, tenant, row(DeliveryFact, seq, attempts=attempts, created_at=created_at, due_at=9, **values))
    found = queries.stuck(tenant.tenant_id, NOW, 1)
    assert [d.charge.charge_id for d in found.parked] == [2]
    assert found.parked_count == Count(2, False)
    assert [(e.endpoint.endpoint_id, e.failed.value, e.retrying.value, e.waiting_since) for e in found.endpoints] == [
        (2, 1, 2, 40),
        (3, 1, 0, None),
    ]


def test_a_count_goes_no_further_than_told(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "COUNTED_MAX", 2)
    for number in (1, 2, 3):
        put(store, tenant, row(ChargeFact, number), schedule(number, number, "parked", customer_number=0))
        put(store, tenant, payment(number, state="pending", call_until_at=1, look_up_at=number))
    found = queries.stuck(tenant.tenant_id, NOW, 5)
    assert (found.parked_count, found.payment_count) == (Count(2, True), Count(2, True))
    assert overview.COUNTED_MAX == 1000


# Who was charged most.


def summary(number: int, currency: str, sum_minor: int, refunded_minor: int = 0) -> SummaryFact:
    return SummaryFact(1, number, currency, 1, sum_minor, refunded_minor, 1, 1, sum_minor)


def test_who_was_charged_most_after_what_was_paid_back(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries
) -> None:
    put(store, tenant, *(customer(n) for n in (11, 12, 13)), customer(14, deleted_at=5))
    usd = ((11, 100, 0), (12, 500, 450), (13, 70, 0), (14, 90, 0), (1, 10**9, 0))
    put(store, tenant, *(summary(number, "USD", *amounts) for number, *amounts in usd), summary(12, "EUR", 3))
    with store.unit_of_work(1) as unit:
        unit.add_totals([TotalFact(1, f"charges:{currency}", 0, 1, 0, 1) for currency in ("EUR", "USD")])
    found = queries.top_customers(tenant.tenant_id, 3)
    told = {currency: [(t.customer.number, t.summary.sum_minor) for t in top] for currency, top in found.items()}
    assert told == {"USD": [(11, 100), (14, 90), (13, 70)], "EUR": [(12, 3)]}


def test_a_standing_is_counted_once_and_stands(
    store: SqlStore, tenant: TenantFact, queries: SqlOverviewQueries, clock: TestClock
) -> None:
    Ledger(store, clock).execute(record(tenant, 100))
    counts: list[int] = []
    may_go_on = threading.Event()

    def count(tenant_id: int) -> Any:
        counts.append(tenant_id)
        assert may_go_on.wait(30)
        return queries.top_customers(tenant_id, 10)

    standings = Standings(count, clock)
    assert standings.of(tenant.tenant_id, 0) is None
    assert standings.of(tenant.tenant_id, 0) is None
    may_go_on.set()
    standing = standings.of(tenant.tenant_id, 30)
    assert standing is not None
    assert standing.counted_at == clock.now()
    assert [t.summary.sum_minor for t in standing.customers["USD"]] == [100]
    assert standings.of(tenant.tenant_id) is standing
    assert counts == [tenant.tenant_id]
