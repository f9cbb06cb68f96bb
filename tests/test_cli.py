"""The commands: what they do, what they say when they cannot, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.harness import GOLDEN, Postgres, migrated_sqlite, provision, record, run_cli, sqlite_copy
from tollhouse import __version__, cli
from tollhouse.clock import SystemClock
from tollhouse.config import PREFIX, Settings
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
    tenant = provision(store).tenant
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

    monkeypatch.setattr(cli, "verify_store", fail)
    refused = run("verify")
    assert refused.exit_code == 2
    assert "The store is not available. OSError: is sqlite:///tollhouse.db reachable?" in refused.output


def test_it_runs_as_a_module_and_says_what_it_can_do() -> None:
    done = run_cli("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("serve", "apply", "verify", "migrate", "demo"))
