"""The commands: what they do, what they say when they cannot, and how they end."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.harness import (
    CLOCKWORK,
    GOLDEN,
    Postgres,
    migrated_sqlite,
    prepared,
    provision,
    record,
    run_cli,
    sqlite_copy,
)
from tollhouse import __version__, cli
from tollhouse.cli import books, serving
from tollhouse.cli.running import OPERATOR
from tollhouse.clock import SystemClock
from tollhouse.config import PREFIX, Settings
from tollhouse.ledger.commands import ChargeNow, CreateCharge, UpdateCharge
from tollhouse.ledger.commands.schedules import MoveClock
from tollhouse.ledger.facts import ExchangeRateFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command here, over a store; its output and errors are in `output`."""
    for setting in Settings.__dataclass_fields__:
        monkeypatch.delenv(PREFIX + setting.upper(), raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, database_url: str | None = None) -> Result:
        if database_url is not None:
            monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", database_url)
        return CliRunner().invoke(cli.cli, list(arguments))

    return invoke


def test_version(run: Run) -> None:
    assert run("--version").output == f"tollhouse {__version__}\n"


def test_the_default_store_is_a_file_in_the_working_directory(run: Run, tmp_path: Path) -> None:
    assert run("migrate").output.startswith("The tables were brought to revision ")
    assert (tmp_path / "tollhouse.db").exists()
    assert run("migrate").output == "The tables are up to date.\n"


def test_apply_twice(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[tenant]\nslug = "own"\n[[keys]]\nkind = "secret"\n')
    first = run("apply", str(file))
    assert first.exit_code == 0
    assert first.output.startswith("Tenant own, new: tenant 1, keys 1.\n")
    assert "secret key secret: sk_" in first.output
    assert "(shown this once)" in first.output
    second = run("apply", str(file))
    assert (second.exit_code, second.output) == (0, "Tenant own, new: nothing.\n"), second.output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[tenant", "tollhouse: The file is not TOML"),
        (b'[tenant]\nslug = "\xff"', "tollhouse: The file is not UTF-8."),
        (b'[tenant]\nslug = "own"\ncolour = "red"', "colour"),
        (b'[tenant]\nslug = "own"\ncurrency = "XYZ"', "tollhouse: tenant.currency: must be an ISO 4217 currency."),
    ],
)
def test_a_file_that_cannot_be_applied_is_a_sentence_and_2(
    run: Run, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(content)
    refused = run("apply", str(file))
    assert refused.exit_code == 2
    assert sentence in refused.output
    assert refused.output.count("\n") == 1


def test_apply_without_a_file(run: Run) -> None:
    assert run("apply", "nothing.toml").exit_code == 2


def test_verify_ends_with_0_and_with_1_for_a_difference(run: Run, database_url: str, store: SqlStore) -> None:
    tenant = prepared(store)
    with closing(SqlStore(store_url(database_url))) as other:
        Ledger(other, SystemClock()).execute(record(tenant, 5))
    clean = run("verify", database_url=database_url)
    assert clean.exit_code == 0, clean.output
    assert clean.output.endswith("All of it agrees.\n")
    assert "1  tenants checked" in clean.output
    with store.writing_rows() as connection:
        connection.exec_driver_sql("UPDATE charge_summaries SET sum_minor = 6")
    different = run("verify", database_url=database_url)
    assert different.exit_code == 1
    assert "DIFFERS: tenant acme: summary of customer" in different.output
    assert different.output.endswith("differences.\n")


def test_more_workers_on_sqlite_are_refused_with_a_sentence(run: Run) -> None:
    refused = run("serve", "--workers", "2")
    assert refused.exit_code == 2
    assert "SQLite serves one process: leave --workers out" in refused.output


def test_a_second_server_on_one_file_is_refused_with_a_sentence(run: Run, tmp_path: Path) -> None:
    url = sqlite_copy(migrated_sqlite(), tmp_path)
    with closing(SqlStore(store_url(url))) as store, store.held_by_one_server():
        refused = run("serve", database_url=url)
    assert refused.exit_code == 2
    assert "tollhouse: Another `tollhouse serve` is using" in refused.output


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_refused_with_a_sentence(run: Run, tmp_path: Path, command: str) -> None:
    url = sqlite_copy(migrated_sqlite(), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(command, "--port", str(port), database_url=url)
    assert refused.exit_code == 2
    assert f"tollhouse: Cannot listen on 127.0.0.1, port {port}: Address already in use." in refused.output
    with closing(SqlStore(store_url(url))) as store, store.reading_rows() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tenants").scalar() == 0


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://u:pw@h/d", "TOLLHOUSE_DATABASE_URL must start with sqlite:/// or postgresql://."),
        ("nonsense", "TOLLHOUSE_DATABASE_URL is not a database address."),
        ("sqlite://", "SQLite needs a file"),
        ("postgresql://nobody:pw-secret@127.0.0.1:1/nothing", "OperationalError: is postgresql://127.0.0.1:1/nothing"),
        ("postgresql://127.0.0.1:1/d?user=u&password=pw-secret", "is postgresql://127.0.0.1:1/d reachable?"),
        ("sqlite:////nowhere/at/all.db", "is sqlite:////nowhere/at/all.db reachable?"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "verify", "migrate", "demo"])
def test_a_store_that_cannot_be_used_is_a_sentence_and_2(run: Run, command: str, url: str, sentence: str) -> None:
    refused = run(command, database_url=url)
    assert refused.exit_code == 2
    assert sentence in refused.output
    assert "pw-secret" not in refused.output
    assert refused.output.count("\n") == 1


def test_a_setting_that_cannot_be_used_is_a_sentence_and_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLHOUSE_QUEUE_MAX", "many")
    refused = run("verify")
    assert (refused.exit_code, refused.output) == (2, "tollhouse: TOLLHOUSE_QUEUE_MAX must be a whole number.\n")


def test_postgresql_without_tables_is_refused_until_it_is_migrated(run: Run, postgres: Postgres) -> None:
    if postgres.is_given:
        pytest.skip("a given server has its tables")
    url = postgres.new_database("without_tables")
    for command in (["serve"], ["verify"], ["apply", str(GOLDEN / "acme.toml")]):
        refused = run(*command, database_url=url)
        assert (refused.exit_code, refused.output) == (
            2,
            "tollhouse: The tables are not up to date: run `tollhouse migrate`.\n",
        )
    assert run("migrate").output.startswith("The tables were brought to revision ")
    assert run("migrate").output == "The tables are up to date.\n"
    assert run("apply", str(GOLDEN / "acme.toml")).exit_code == 0


def test_tables_of_a_later_version_are_refused_with_a_sentence(run: Run, database_url: str, store: SqlStore) -> None:
    def revision(number: str) -> None:
        with store.writing_rows() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{number}'")

    with store.reading_rows() as connection:
        now = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    revision("9999")
    try:
        refused = run("migrate", database_url=database_url)
        assert run("serve").exit_code == run("verify").exit_code == 2
    finally:
        revision(now)
    assert refused.exit_code == 2
    assert "The tables are of revision 9999, which this version does not know" in refused.output


def test_a_store_that_fails_half_way_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_settings: Settings) -> None:
        raise StoreUnavailable("The store is not available.") from OSError()

    monkeypatch.setattr(serving, "verify_store", fail)
    refused = run("verify")
    assert refused.exit_code == 2
    assert "The store is not available. OSError: is sqlite:///tollhouse.db reachable?" in refused.output


def test_it_runs_as_a_module_and_says_what_it_can_do() -> None:
    done = run_cli("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("serve", "apply", "run", "verify", "migrate", "demo"))


# What falls due.


class Till:
    """The tenant of golden/clockwork.toml in a file of its own: its clock stands at 2027-06-16 09:00 UTC."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = SqlStore(store_url(url))
        self.ledger = Ledger(self.store, SystemClock())
        self.tenant_id = prepared(self.store, CLOCKWORK).tenant_id

    def create(self, customer: int = 81, plan: int = 0, **more: Any) -> int:
        command = CreateCharge(
            tenant_id=self.tenant_id,
            caller=OPERATOR,
            customer_number=customer,
            plan_number=plan,
            name="Router",
            **{"amount": Decimal(30), "buy": Decimal(10), "period": "monthly", **more},
        )
        return int(self.ledger.execute(command).result.charge_id)

    def move_clock(self, text: str) -> None:
        """Move it on, and charge nothing on the way."""
        at = int(datetime.fromisoformat(text).timestamp()) * 1_000_000
        self.ledger.execute(MoveClock(tenant_id=self.tenant_id, to=at))

    def reprice(self, charge_id: int, amount: str) -> None:
        values = {"tenant_id": self.tenant_id, "caller": OPERATOR, "charge_id": charge_id}
        self.ledger.execute(UpdateCharge(**values, amount=Decimal(amount)))

    def charged(self) -> list[tuple[int, int]]:
        """Customer and gross minor units of each transaction."""
        with self.store.reading(self.tenant_id) as reader:
            found = reader.find(TransactionFact, order=("transaction_id",))
        return [(t.customer_number, t.gross_minor) for t in found]


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    # Logs are set up once for a process: not here, where the test's own errors would go on being written to.
    monkeypatch.setattr(books, "configure_logs", lambda _level: None)
    opened = Till(sqlite_copy(migrated_sqlite(), tmp_path))
    with closing(opened.store):
        yield opened


def test_a_dry_run_shows_what_falls_due_until_a_day_and_charges_nothing(run: Run, till: Till) -> None:
    first = till.create()
    second = till.create(83, amount=Decimal("1.5"), period="quarterly")
    shown = run("run", "--dry-run", "--until", "2027-09-01", database_url=till.url)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        f"clockwork  2027-06-30T22:00:00Z  charge {first}  customer 81           30.00 EUR",
        f"clockwork  2027-07-31T22:00:00Z  charge {first}  customer 81           30.00 EUR",
        f"clockwork  2027-08-31T22:00:00Z  charge {first}  customer 81           30.00 EUR",
        f"clockwork  2027-06-30T15:00:00Z  charge {second}  customer 83          241.00 JPY",
        "clockwork: 90.00 EUR",
        "clockwork: 241.00 JPY",
    ]
    assert till.charged() == []


def test_a_dry_run_as_one_json_object(run: Run, till: Till) -> None:
    charge = till.create()
    shown = run("run", "--dry-run", "--until", "2027-07-15T00:00:00+00:00", "--json", database_url=till.url)
    assert json.loads(shown.stdout) == {
        "occurrences": [
            {
                "tenant": "clockwork",
                "due": "2027-06-30T22:00:00Z",
                "charge": charge,
                "customer": 81,
                "occurrence": "2027-07-01",
                "currency": "EUR",
                "net": "30.00",
                "tax": "0.00",
                "gross": "30.00",
                "buy": "10.00",
                "margin": "20.00",
            }
        ],
        "sums": [{"tenant": "clockwork", "currency": "EUR", "gross": "30.00"}],
    }


def test_a_dry_run_of_nothing_is_an_object_too(run: Run, till: Till) -> None:
    shown = run("run", "--dry-run", "--json", database_url=till.url)
    assert json.loads(shown.stdout) == {"occurrences": [], "sums": []}
    assert run("run", "--dry-run").stdout == ""


def test_a_dry_run_shows_what_would_be_parked_and_why(run: Run, till: Till) -> None:
    charge = till.create(83)
    with till.store.unit_of_work(till.tenant_id) as unit:
        unit.remove(ExchangeRateFact)
    shown = run("run", "--dry-run", "--until", "2027-07-15", "--json", database_url=till.url)
    (row,) = json.loads(shown.stdout)["occurrences"]
    assert (row["charge"], row["refused"]) == (charge, "There is no exchange rate from EUR to JPY.")
    assert "There is no exchange rate" in run("run", "--dry-run", "--until", "2027-07-15").stdout


def test_a_dry_run_knows_charges_of_which_no_schedule_is_made_yet(run: Run, till: Till) -> None:
    till.create(0, 80)
    till.create(0, 80, period="once", amount=Decimal(1))
    shown = run("run", "--dry-run", "--until", "2027-07-15", "--json", database_url=till.url)
    rows = json.loads(shown.stdout)["occurrences"]
    assert [(row["customer"], row["gross"]) for row in rows] == [
        *((81, "30.00"), (82, "33.00"), (83, "4815.00")),
        *((81, "1.00"), (82, "1.10"), (83, "161.00")),
    ]
    assert till.charged() == []


def test_a_dry_run_tells_what_was_charged_by_hand_before_its_turn_no_more(run: Run, till: Till) -> None:
    """The run has been down since June; in September it is charged by hand."""
    charge = till.create()
    till.move_clock("2027-09-16T00:00:00Z")
    till.ledger.execute(ChargeNow(tenant_id=till.tenant_id, caller=OPERATOR, charge_id=charge))
    shown = run("run", "--dry-run", "--until", "2027-10-02", "--json", database_url=till.url)
    keys = [row["occurrence"] for row in json.loads(shown.stdout)["occurrences"]]
    assert keys == ["2027-07-01", "2027-08-01", "2027-10-01"]
    assert run("run").stdout == "charged: 2, plans: 0, parked: 0\n"


def test_a_run_charges_what_is_due_by_each_tenants_clock(run: Run, till: Till) -> None:
    till.create()
    till.create(0, 80, period="once", amount=Decimal(1))
    assert run("run", database_url=till.url).stdout == "charged: 0, plans: 0, parked: 0\n"
    till.move_clock("2027-07-01T12:00:00Z")
    assert len(json.loads(run("run", "--dry-run", "--json").stdout)["occurrences"]) == 4
    assert json.loads(run("run", "--json").stdout) == {"charged": 1, "plans": 1, "parked": 0}
    assert till.charged() == [(81, 100), (82, 110), (83, 161), (81, 3000)]
    assert run("run").stdout == "charged: 0, plans: 0, parked: 0\n"


def test_of_several_tenants_all_or_the_one_that_is_named(run: Run, till: Till) -> None:
    charge = till.create()
    other = provision(till.store, CLOCKWORK.replace("clockwork", "other").replace('"clock"', '"other-clock"')).tenant
    for tenant_id in (other.tenant_id, till.tenant_id):
        till.tenant_id = tenant_id
        till.create(period="once")
        till.move_clock("2027-07-02T00:00:00Z")

    def tenants(*more: str) -> list[str]:
        shown = run("run", "--dry-run", "--json", *more, database_url=till.url)
        return [row["tenant"] for row in json.loads(shown.stdout)["occurrences"]]

    assert sorted(tenants()) == ["clockwork", "clockwork", "other"]
    assert tenants("--tenant", "other") == ["other"]
    assert run("run", "--tenant", "other").stdout == "charged: 1, plans: 0, parked: 0\n"
    assert tenants() == ["clockwork", "clockwork"]
    for arguments in (["run", "--dry-run"], ["run"], ["charge", str(charge), "--rehearse"]):
        refused = run(*arguments, "--tenant", "nobody")
        told = "tollhouse: There is no tenant nobody. There is: clockwork, other.\n"
        assert (refused.exit_code, refused.output) == (2, told)
    refused = run("charge", str(charge), "--rehearse")
    sentence = "tollhouse: There are several tenants: say which with --tenant: clockwork, other.\n"
    assert (refused.exit_code, refused.output) == (2, sentence)
    assert run("charge", str(charge), "--rehearse", "--tenant", "clockwork").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--until", "2027-07-01"], "--until is for --dry-run"),
        (["run", "--dry-run", "--until", "tomorrow"], "--until tomorrow: must be a day such as 2030-01-01, or a time."),
        (["charge", "1"], "Give --rehearse to see what would be charged, then --apply with the digest"),
        (["charge", "1", "--rehearse", "--apply", "abc"], "Give --rehearse to see what would be charged"),
        (["charge", "one", "--rehearse"], "Invalid value for 'ID'"),
        (["charge"], "Missing argument 'ID'"),
        (["worker"], "On SQLite `tollhouse serve` does it all by itself"),
    ],
)
def test_wrong_usage_is_a_sentence_and_2(run: Run, till: Till, arguments: list[str], sentence: str) -> None:
    refused = run(*arguments, database_url=till.url)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert sentence in refused.stderr


def test_without_a_tenant_there_is_no_charge(run: Run, till: Till, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = run("charge", "1", "--rehearse", database_url=sqlite_copy(migrated_sqlite(), tmp_path / "empty"))
    told = "tollhouse: There is no tenant yet: `tollhouse apply FILE.toml` makes one.\n"
    assert (refused.exit_code, refused.stderr) == (2, told)


def test_a_charge_is_rehearsed_and_then_applied(run: Run, till: Till) -> None:
    charge = str(till.create(0, 80, period=""))
    rehearsed = run("charge", charge, "--rehearse", database_url=till.url)
    *lines, last = rehearsed.stdout.splitlines()
    assert lines == [
        "customer         81  net 30.00  tax 0.00  gross 30.00  buy 10.00  margin 20.00 EUR",
        "customer         82  net 33.00  tax 0.00  gross 33.00  buy 11.00  margin 22.00 USD",
        "customer         83  net 4815.00  tax 0.00  gross 4815.00  buy 1605.00  margin 3210.00 JPY",
        "         1 customers in EUR: net 30.00  tax 0.00  gross 30.00  buy 10.00  margin 20.00 EUR",
        "         1 customers in USD: net 33.00  tax 0.00  gross 33.00  buy 11.00  margin 22.00 USD",
        "         1 customers in JPY: net 4815.00  tax 0.00  gross 4815.00  buy 1605.00  margin 3210.00 JPY",
    ]
    assert till.charged() == []
    digest = last.removeprefix("digest ")
    applied = run("charge", charge, "--apply", digest)
    assert (applied.exit_code, applied.output) == (0, f"Charge {charge} is charged.\n")
    assert till.charged() == [(81, 3000), (82, 3300), (83, 4815)]
    again = run("charge", charge, "--apply", digest)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == "tollhouse: This charge has been charged as often as it allows.\n"


def test_a_rehearsal_as_one_json_object(run: Run, till: Till) -> None:
    charge = till.create(0, 80, period="")
    rehearsed = run("charge", str(charge), "--rehearse", "--json", database_url=till.url)
    told = json.loads(rehearsed.stdout)
    assert told["charge"] == charge
    assert told["lines"][0] == {
        "customer": 81,
        "occurrence": "#1",
        "currency": "EUR",
        "net": "30.00",
        "tax": "0.00",
        "gross": "30.00",
        "buy": "10.00",
        "margin": "20.00",
    }
    assert told["lines"][3] == {"customer": 84, "not_billed": True}
    assert (told["customers"], told["not_billed"], told["refused"], told["taxes"]) == (3, 1, 0, [])
    assert [(total["currency"], total["customers"]) for total in told["sums"]] == [("EUR", 1), ("USD", 1), ("JPY", 1)]
    applied = run("charge", str(charge), "--apply", told["digest"], "--json")
    assert (applied.exit_code, json.loads(applied.stdout)) == (0, {"charged": charge})


@pytest.mark.parametrize("customer", [81, 0])
def test_a_stale_digest_charges_nothing_and_is_a_sentence_and_1(run: Run, till: Till, customer: int) -> None:
    charge = till.create(customer, 0 if customer else 80, period="")
    digest = json.loads(run("charge", str(charge), "--rehearse", "--json", database_url=till.url).stdout)["digest"]
    till.reprice(charge, "31")
    refused = run("charge", str(charge), "--apply", digest)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tollhouse: ")
    assert refused.stderr.count("\n") == 1
    assert till.charged() == []


def test_a_rehearsal_tells_who_cannot_be_charged(run: Run, till: Till) -> None:
    charge = till.create(0, 80, period="")
    with till.store.unit_of_work(till.tenant_id) as unit:
        unit.remove(ExchangeRateFact, to_currency="JPY")
    rehearsed = run("charge", str(charge), "--rehearse", database_url=till.url)
    assert rehearsed.exit_code == 0
    assert "customer         83  REFUSED: There is no exchange rate from EUR to JPY." in rehearsed.stdout
    assert "1 refused: nothing can be charged before that is mended." in rehearsed.stdout
    digest = rehearsed.stdout.rstrip().rpartition("digest ")[2]
    assert run("charge", str(charge), "--apply", digest).exit_code == 1
    assert till.charged() == []


@pytest.mark.parametrize("options", [["--rehearse"], ["--rehearse", "--json"], ["--apply", "0" * 64]])
def test_what_cannot_be_charged_now_is_a_sentence_and_1_and_nothing_else(
    run: Run, till: Till, options: list[str]
) -> None:
    later = str(till.create(start_at=2**52, period="once"))
    for charge in (later, "99"):
        refused = run("charge", charge, *options, database_url=till.url)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("tollhouse: ")


def test_what_a_run_logs_does_not_mix_with_what_it_prints(till: Till) -> None:
    till.create(0, 80, period="once")
    till.move_clock("2027-07-02T00:00:00Z")
    with till.store.unit_of_work(till.tenant_id) as unit:
        unit.remove(ExchangeRateFact)
    done = run_cli("run", "--json", database_url=till.url)
    assert json.loads(done.stdout) == {"charged": 0, "plans": 0, "parked": 1}
    assert json.loads(done.stderr)["event"] == "a plan's charge is parked"
