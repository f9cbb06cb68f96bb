"""What each day's transactions come to: always what adding them up gives, by the days of the tenant's time zone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.harness import TestClock, provision, record
from tests.ledger.telco import NORTH, Telco
from tollhouse.domain.figures import whole
from tollhouse.ledger import book as book_module
from tollhouse.ledger import day_figures
from tollhouse.ledger.commands import AddToBalance, ArchiveCustomer, Identity, RecordedItem
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.imports import ImportCharges, ImportedCharge
from tollhouse.ledger.day_figures import DaySums, recount
from tollhouse.ledger.facts import DayFigureFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.ports import StoreConflict
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore

DAY = 24 * 3600
Figures = dict[tuple[str, str, str, str], tuple[int, int, int, int]]


def days(store: SqlStore, tenant_id: int) -> Figures:
    """By day, currency, origin and kind: count, gross, tax and buy. The books agree."""
    found: dict[tuple[str, str, str, str], Counter[int]] = {}
    with store.reading(tenant_id) as reader:
        for row in reader.find(DayFigureFact):
            amounts = (row.gross_high, row.gross_low), (row.tax_high, row.tax_low), (row.buy_high, row.buy_low)
            sums = found.setdefault((row.effective_on, row.currency, row.origin, row.kind), Counter())
            for place, amount in enumerate([row.item_count, *(whole(*halves) for halves in amounts)]):
                sums[place] += amount
    assert verify(store).differences == []
    return {key: (sums[0], sums[1], sums[2], sums[3]) for key, sums in found.items()}


def beacon(day: str, kind: str = "charge") -> tuple[str, str, str, str]:
    return (day, "USD", "beacon" if kind == "charge" else "admin", kind)


def moved(store: SqlStore, clock: TestClock, timezone: str, more: str = "") -> None:
    provision(store, f'[tenant]\nslug = "acme"\ntimezone = "{timezone}"\n{more}', clock)


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_charges_count_on_the_day_when_they_are_effective(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    old = seconds("1999-12-31 23:59:59")
    ledger.execute_batch(tenant.tenant_id, [record(tenant, 100, (250, old)), record(tenant, 7, (1, old + 1), key="k")])
    ledger.execute(record(tenant, 7, (1, old + 1), key="k"))
    ledger.execute(record(tenant, 0))
    assert days(store, tenant.tenant_id) == {
        beacon("2026-03-01"): (3, 107, 0, 0),
        beacon("1999-12-31"): (1, 250, 0, 0),
        beacon("2000-01-01"): (1, 1, 0, 0),
    }


def test_a_refund_and_a_void_count_on_their_own_day(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    """The day of the charge stays as it was told: a month that is closed does not change."""
    ids = [ledger.execute(record(tenant, amount)).result.first_transaction_id for amount in (100, 40, 60)]
    clock.advance(DAY)
    ledger.execute(RefundCharge(tenant_id=tenant.tenant_id, charge_transaction_id=ids[0], amount_minor=30, reason=""))
    ledger.execute(VoidCharge(tenant_id=tenant.tenant_id, charge_transaction_id=ids[1], reason="a mistake"))
    assert days(store, tenant.tenant_id) == {
        beacon("2026-03-01"): (3, 200, 0, 0),
        beacon("2026-03-02", "refund"): (1, -30, 0, 0),
        beacon("2026-03-02", "void"): (1, -40, 0, 0),
    }


def test_a_negative_amount_is_a_refund_of_its_own_instant(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    moved(store, clock, "UTC", "negative_amounts_refund = true\n")
    ledger.execute(record(tenant, 100, (-30, seconds("2026-02-01 00:00:00"))))
    assert days(store, tenant.tenant_id) == {
        beacon("2026-03-01"): (1, 100, 0, 0),
        ("2026-02-01", "USD", "beacon", "refund"): (1, -30, 0, 0),
    }


def test_what_was_charged_stays_charged_when_its_customer_is_deleted(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, 100, reference="c-1"))
    ledger.execute(ArchiveCustomer(tenant_id=tenant.tenant_id, reference="c-1"))
    assert days(store, tenant.tenant_id) == {beacon("2026-03-01"): (1, 100, 0, 0)}


def test_taxes_and_costs_are_told_and_credits_stand_apart(telco: Telco) -> None:
    telco.do(telco.tax("20"))
    charge_id = telco.create(amount="9", buy="4")
    telco.do(telco.charging(charge_id))
    credit = {"customer_number": 11, "amount": Decimal(5), "kind": "credit"}
    telco.do(AddToBalance(tenant_id=telco.tenant_id, caller=NORTH, **credit))
    found = days(telco.store, telco.tenant_id)
    assert {key[1:]: sums for key, sums in found.items() if key[3] == "charge"} == {
        ("EUR", "enswitch", "charge"): (1, 1080, 180, 400)
    }
    assert [sums[1] for key, sums in found.items() if key[3] != "charge"] == [-500]


def test_charges_from_a_file_count(ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    rows = tuple(
        ImportedCharge(n + 2, Identity(f"c{n % 3}", None), RecordedItem(n, seconds(f"2020-01-0{n} 12:00:00") * 10**6))
        for n in range(1, 6)
    )
    command = ImportCharges(
        tenant_id=tenant.tenant_id,
        digest="d",
        started_at=clock.now(),
        rows_read=0,
        charges=rows,
        refused=(),
        touch_session=False,
        is_last=True,
    )
    ledger.execute(command)
    assert days(store, tenant.tenant_id) == {beacon(f"2020-01-0{n}"): (1, n, 0, 0) for n in range(1, 6)}


@pytest.mark.parametrize(
    ("timezone", "at", "day"),
    [
        ("Asia/Kathmandu", "2026-02-28 18:14:59", "2026-02-28"),
        ("Asia/Kathmandu", "2026-02-28 18:15:00", "2026-03-01"),
        ("Europe/Berlin", "2026-03-28 23:00:00", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29 21:59:59", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29 22:00:00", "2026-03-30"),
        ("America/St_Johns", "2010-11-07 02:30:30", "2010-11-07"),
        ("America/St_Johns", "2010-11-07 02:31:00", "2010-11-06"),
    ],
)
def test_a_day_is_one_of_the_tenants_time_zone(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock, timezone: str, at: str, day: str
) -> None:
    moved(store, clock, timezone)
    ledger.execute(record(tenant, (100, seconds(at))))
    assert days(store, tenant.tenant_id) == {beacon(day): (1, 100, 0, 0)}


def test_another_time_zone_counts_all_days_again(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_figures, "RECOUNTED_AT_ONCE", 2)
    instants = [seconds("2026-03-01 00:30:00") + n * DAY for n in range(5)]
    ledger.execute(record(tenant, *[(100, at) for at in instants], (5, instants[0])))
    moved(store, clock, "America/New_York")
    expected = {beacon(day): (1, 100, 0, 0) for day in ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")}
    assert days(store, tenant.tenant_id) == expected | {beacon("2026-02-28"): (2, 105, 0, 0)}
    ledger.execute(record(tenant, (1, instants[0])))
    assert days(store, tenant.tenant_id)[beacon("2026-02-28")] == (3, 106, 0, 0)


def test_a_refused_file_leaves_the_days(ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    ledger.execute(record(tenant, (100, seconds("2026-03-01 00:30:00"))))
    with pytest.raises(Exception, match=r"roles.Bad"):
        moved(store, clock, "America/New_York", '[[roles]]\nname = "Bad"\nprivileges = { user = 7 }\n')
    assert days(store, tenant.tenant_id) == {beacon("2026-03-01"): (1, 100, 0, 0)}


def test_no_number_of_large_sums_leaves_64_bits(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    parts = [2**53 - 1] * 1000
    for reference in "abc":
        ledger.execute(record(tenant, *parts, reference=reference))
    assert days(store, tenant.tenant_id) == {beacon("2026-03-01"): (3000, 3 * sum(parts), 0, 0)}


def test_each_lane_has_a_part(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    for lane in (3, 5, 3):
        Ledger(store, clock, lane).execute(record(tenant, 10))
    with store.reading(tenant.tenant_id) as reader:
        parts = {row.lane: (row.item_count, row.gross_low) for row in reader.find(DayFigureFact)}
    assert parts == {3: (2, 20), 5: (1, 10)}
    assert days(store, tenant.tenant_id) == {beacon("2026-03-01"): (3, 30, 0, 0)}


def test_more_days_than_a_statement_takes_as_values(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    first = seconds("2020-01-01 00:00:00")
    for _ in range(2):
        ledger.execute(record(tenant, *[(10, first + n * DAY) for n in range(100)]))
    assert set(days(store, tenant.tenant_id).values()) == {(2, 20, 0, 0)}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_charge_that_was_decided_by_the_old_time_zone_is_decided_again(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time zone is changed, and all is counted again, between the charge's first look and its commit."""

    class Slow(DaySums):
        def facts(self, tenant_id: int, lane: int) -> list[DayFigureFact]:
            decided.append(tenant_id)
            if len(decided) == 1:
                moved(store, clock, "Pacific/Kiritimati")
            return super().facts(tenant_id, lane)

    decided: list[int] = []
    ledger.execute(record(tenant, 5))
    monkeypatch.setattr(book_module, "DaySums", Slow)
    ledger.execute(record(tenant, 100))
    assert len(decided) == 2
    assert days(store, tenant.tenant_id) == {beacon("2026-03-02"): (2, 105, 0, 0)}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_recount_waits_for_those_who_are_adding(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    """And gives up where they take too long, with nothing changed."""
    fact = DayFigureFact(tenant.tenant_id, "2026-03-01", "USD", "charge", "beacon", 0, 1, 0, 5, 0, 0, 0, 0)
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.add_day_figures([fact], "UTC")
        with store.unit_of_work(tenant.tenant_id) as other:
            other._connection.exec_driver_sql("SET LOCAL lock_timeout = '20ms'")
            with pytest.raises(StoreConflict):
                recount(other, other.tenant())
            other._connection.rollback()
    with store.reading(tenant.tenant_id) as reader:
        assert reader.count(DayFigureFact) == 1
