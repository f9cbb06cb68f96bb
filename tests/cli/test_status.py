"""`tollhouse status`: how it all is, and whether it needs a person."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from tests.cli.conftest import Run, cannot, told
from tests.cli.test_webhooks import endpoint, give_up
from tests.harness import (
    BETA,
    CLOCKWORK,
    Postgres,
    TestClock,
    migrated_sqlite,
    prepared,
    provision,
    record,
    sqlite_copy,
)
from tollhouse.app import status as looking
from tollhouse.cli.books import OPERATOR
from tollhouse.clock import SystemClock
from tollhouse.ledger.commands import CreateCharge
from tollhouse.ledger.commands.schedules import MoveClock, RunDue
from tollhouse.ledger.facts import PaymentFact, PlanRunFact, ScheduleFact, TenantFact, WebhookEndpointFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

__all__ = ["endpoint"]

HOUR = 3_600_000_000


def needs(result: Result) -> list[str]:
    """What needs a person, by the object of --json, and that the exit code says the same."""
    told = msgspec.json.decode(result.stdout)
    found = [row["need"] for row in told["needs"]]
    assert result.exit_code == (1 if found else 0), result.output
    assert told["well"] is not bool(found)
    return found


def waiting(shown: dict[str, Any]) -> dict[str, int]:
    return {row["what"]: row["count"] for row in shown["waiting"] if row["count"]}


def scheduled(ledger: Ledger, tenant: TenantFact, customer: int, start_at: int = 0) -> int:
    command = CreateCharge(
        tenant_id=tenant.tenant_id,
        caller=OPERATOR,
        customer_number=customer,
        plan_number=0,
        name="Router",
        amount=Decimal(30),
        period="monthly",
        start_at=start_at,
    )
    return int(ledger.execute(command).result.charge_id)


@pytest.fixture
def now(store: SqlStore) -> Ledger:
    """A ledger that lives by the real time, as the command does."""
    return Ledger(store, SystemClock())


def test_all_is_well_where_nothing_waits(run: Run, now: Ledger, tenant: TenantFact, database_url: str) -> None:
    now.execute(record(tenant, 1250, 250))
    result = run("status", "--json", database_url=database_url)
    shown = told(result)
    assert needs(result) == []
    assert shown["schema"] == shown["schema_wanted"]
    assert shown["tenants"] == [
        {
            "tenant": "acme",
            "customers": 2,
            "currency": "USD",
            "charges": 2,
            "remains": {"amount": "15.00", "minor": 1500, "currency": "USD"},
        }
    ]
    assert waiting(shown) == {}
    assert "postgres:@" not in result.output


def test_a_pipe_has_paragraphs_and_a_terminal_tables(
    run: Run, tenant: TenantFact, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paragraphs = run("status", database_url=database_url).stdout.split("\n\n")
    assert [part.splitlines()[0].split("\t")[0] for part in paragraphs] == [
        "well",
        "tenant",
        "tenant",
        "tenant",
        "need",
    ]
    monkeypatch.setattr("tollhouse.cli.showing.is_terminal", lambda: True)
    assert "Endpoints\nNone.\n" in run("status").stdout


def test_what_falls_due_within_a_day_waits_and_needs_nobody(
    run: Run, store: SqlStore, now: Ledger, database_url: str
) -> None:
    tenant = prepared(store, CLOCKWORK)
    scheduled(now, tenant, 81)
    with store.reading(tenant.tenant_id) as reader:
        (schedule,) = reader.find(ScheduleFact)
    for before, found in ((25 * HOUR, {}), (23 * HOUR, {"due_within_a_day": 1})):
        now.execute(MoveClock(tenant_id=tenant.tenant_id, to=schedule.due_at - before))
        result = run("status", "--json", database_url=database_url)
        assert needs(result) == []
        assert waiting(told(result)) == found


def test_a_test_tenant_is_looked_at_by_its_own_clock(run: Run, store: SqlStore, now: Ledger, database_url: str) -> None:
    tenant = prepared(store, CLOCKWORK)
    scheduled(now, tenant, 81)
    assert needs(run("status", "--json", database_url=database_url)) == []
    with store.reading(tenant.tenant_id) as reader:
        (schedule,) = reader.find(ScheduleFact)
    now.execute(MoveClock(tenant_id=tenant.tenant_id, to=schedule.due_at + 2 * HOUR))
    (need,) = needs(run("status", "--json"))
    assert need.startswith("clockwork: 1 should have been charged over an hour ago")


def test_what_is_parked_needs_a_person(run: Run, store: SqlStore, now: Ledger, database_url: str) -> None:
    tenant = prepared(store, CLOCKWORK)
    scheduled(now, tenant, 81)
    with store.reading(tenant.tenant_id) as reader:
        (schedule,) = reader.find(ScheduleFact)
    now.execute(MoveClock(tenant_id=tenant.tenant_id, to=schedule.due_at))
    now.execute(RunDue(tenant_id=tenant.tenant_id, count=1, park_reason="Not today."))
    result = run("status", "--json", database_url=database_url)
    assert needs(result) == ["clockwork: 1 parked: `tollhouse charges parked --tenant clockwork` says why."]


def test_an_endpoint_that_does_not_get_its_events_needs_a_person_until_it_is_disabled(
    run: Run, ledger: Ledger, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    give_up(ledger, endpoint)
    result = run("status", "--json", database_url=database_url)
    (need,) = needs(result)
    assert f"`tollhouse webhooks replay-failed {endpoint.uid} --tenant acme`" in need
    assert "kq_whsec" not in result.output
    assert run("webhooks", "disable", endpoint.uid).exit_code == 0
    assert needs(run("status", "--json")) == []


def test_events_that_nobody_sends_need_a_person(
    run: Run, ledger: Ledger, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    # The test's clock is years behind: so old are the events that wait.
    give_up(ledger, endpoint)
    assert run("webhooks", "replay-failed", endpoint.uid, database_url=database_url).exit_code == 0
    (need,) = needs(run("status", "--json"))
    assert "have waited for over an hour: `tollhouse webhooks attempts" in need


def test_outcomes_and_plan_runs_that_stay_open_need_a_person(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    payment = dict.fromkeys(PaymentFact.__struct_fields__, 0)
    texts = dict.fromkeys(
        ("uid", "order_id", "gateway", "token", "gateway_key", "decline_code", "decline_text", "gateway_reference"), "x"
    )
    pending = PaymentFact(**{**payment, **texts, "tenant_id": 1, "state": "pending", "currency": "USD", "detail": "{}"})
    run_left = PlanRunFact(**dict.fromkeys(PlanRunFact.__struct_fields__, 0))
    names = ("state", "key_scope", "key_hash", "fingerprint", "digest", "reason")
    run_left = msgspec.structs.replace(run_left, tenant_id=tenant.tenant_id, ended_at=None, **dict.fromkeys(names, "x"))
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.insert([msgspec.structs.replace(pending, tenant_id=tenant.tenant_id)])
        unit.insert([run_left])
    result = run("status", "--json", database_url=database_url)
    assert waiting(msgspec.json.decode(result.stdout)) == {"open_payments": 1, "abandoned_plan_runs": 1}
    assert [need.partition(",")[0] for need in needs(result)] == [
        "acme: 1 payments without a known outcome",
        "acme: a plan's charging was left behind: a server or worker takes it up",
    ]


def test_one_tenant_can_be_looked_at_alone(run: Run, store: SqlStore, tenant: TenantFact, database_url: str) -> None:
    provision(store, BETA)
    both = told(run("status", "--json", database_url=database_url))
    assert [row["tenant"] for row in both["tenants"]] == ["acme", "beta"]
    assert [row["tenant"] for row in told(run("status", "--tenant", "beta", "--json"))["tenants"]] == ["beta"]
    assert cannot(run("status", "--tenant", "nobody")) == "There is no tenant nobody."


def test_a_count_stops_where_it_is_enough(
    run: Run, store: SqlStore, now: Ledger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollhouse.store.queries.status.COUNTED_MAX", 2)
    monkeypatch.setattr(looking, "COUNTED_MAX", 2)
    tenant = prepared(store, CLOCKWORK)
    for customer in (81, 83, 81):
        scheduled(now, tenant, customer)
    now.execute(MoveClock(tenant_id=tenant.tenant_id, to=1_900_000_000_000_000))
    (need,) = needs(run("status", "--json", database_url=database_url))
    assert need.startswith("clockwork: 2 or more should have been charged")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_is_told_with_who_serves_it_and_what_is_left_on_its_disk(
    run: Run, tenant: TenantFact, store: SqlStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = told(run("status", "--json", database_url=database_url))
    assert (shown["serving"], shown["used_bytes"] > 0, shown["free_bytes"] > 0) == (False, True, True)
    with store.held_by_one_server():
        assert told(run("status", "--json"))["serving"] is True
    monkeypatch.setattr(looking, "FREE_BYTES_MIN", 2**62)
    (need,) = needs(run("status", "--json"))
    assert need.startswith("The store's disk has ")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_backup_that_was_not_made_in_time_needs_a_person(
    run: Run, tenant: TenantFact, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(run("status", "--json", database_url=database_url))["last_backup_at"] is None
    monkeypatch.setenv("TOLLHOUSE_BACKUP_DIRECTORY", str(tmp_path / "backups"))
    (need,) = needs(run("status", "--json"))
    assert need.startswith("No backup was made in time in ")


def test_a_server_that_is_not_ready_needs_a_person(run: Run, tenant: TenantFact, database_url: str) -> None:
    for url in ("http://127.0.0.1:1", "nonsense", "http://[", "ftp://127.0.0.1"):
        (need,) = needs(run("status", "--url", url, "--json", database_url=database_url))
        assert need.startswith(f"The server at {url} is not ready: ")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_store_of_another_version_needs_migrate_and_is_not_changed(
    run: Run, tenant: TenantFact, store: SqlStore, database_url: str
) -> None:
    with store.writing_rows() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert needs(run("status", "--json", database_url=database_url)) == [
        "The tables are not of this version: run `tollhouse migrate`."
    ]
    assert cannot(run("customers", "list")) == "The tables are not up to date: run `tollhouse migrate`."
    with store.reading_rows() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"


def test_a_store_without_tables_needs_migrate(run: Run, postgres: Postgres, tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    urls = [f"sqlite:///{file}"] + ([] if postgres.is_given else [postgres.new_database("empty_status")])
    for url in urls:
        assert needs(run("status", "--json", database_url=url)) == [
            "The tables are not of this version: run `tollhouse migrate`."
        ]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///nothing.db", "There is no store at nothing.db: "),
        ("sqlite:////nowhere/at/all.db", "The store is not available."),
        ("postgresql://nobody:pw-secret@127.0.0.1:1/nothing", "The store is not available."),
        ("mysql://u:pw-secret@h/d", "TOLLHOUSE_DATABASE_URL must start with "),
    ],
)
def test_a_store_that_cannot_be_looked_at_is_a_sentence_and_2(
    run: Run, tmp_path: Path, url: str, sentence: str
) -> None:
    refused = run("status", database_url=url)
    assert cannot(refused).startswith(sentence)
    assert "pw-secret" not in refused.output
    assert list(tmp_path.iterdir()) == []


#: Holds a file until its standard input ends.
LOCKING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the system does not tell who locks a file")
def test_a_locked_file_says_who_to_stop(run: Run, tmp_path: Path, clock: TestClock) -> None:
    url = sqlite_copy(migrated_sqlite(), tmp_path)
    with closing(SqlStore(store_url(url))) as store:
        prepared(store, clock=clock)
    locking = [sys.executable, "-c", LOCKING, str(tmp_path / "tollhouse.db")]
    with subprocess.Popen(locking, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        sentence = cannot(run("keys", "create", "blocked", database_url=url))
        looked = run("customers", "list")
        other.communicate()
    assert sentence.startswith(f"The store is locked: process {other.pid} (")
    assert sentence.endswith("is writing to it. Wait for it, or stop it; then try again.")
    assert looked.exit_code == 0, looked.output
