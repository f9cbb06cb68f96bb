"""`tollhouse keys` and `tollhouse rates`: what opens the doors, and what one currency is worth in another."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run, cannot, lines, refused, told
from tests.harness import BETA, provision
from tollhouse.apis.desk import hash_of_key
from tollhouse.ledger.facts import ExchangeRateFact, TenantFact
from tollhouse.store.store import SqlStore


def test_a_key_is_printed_once_and_opens_what_its_kind_does(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    made = told(run("keys", "create", "till 3", "--kind", "public", "--json", database_url=database_url))
    assert made["secret"].startswith("pk_")
    kept = store.key(hash_of_key(made["secret"]))
    assert kept is not None
    assert (kept.name, kept.kind, kept.revoked_at) == ("till 3", "public", None)
    listed = run("keys", "list", "--json")
    assert made["key"] in [key["key"] for key in told(listed)["keys"]]
    assert made["secret"] not in listed.output
    assert kept.key_hash not in listed.output


def test_a_key_is_revoked_once_for_good(run: Run, store: SqlStore, tenant: TenantFact, database_url: str) -> None:
    made = told(run("keys", "create", "old", "--json", database_url=database_url))
    assert told(run("keys", "revoke", made["key"], "--json"))["already"] is False
    assert told(run("keys", "revoke", made["key"], "--json"))["already"] is True
    assert made["key"] not in [row[0] for row in lines(run("keys", "list"))]
    assert made["key"] in [row[0] for row in lines(run("keys", "list", "--revoked"))]
    kept = store.key(hash_of_key(made["secret"]))
    assert kept is not None
    assert kept.revoked_at is not None


def test_a_pipe_gets_the_key_and_a_person_the_warning(run: Run, tenant: TenantFact, database_url: str) -> None:
    made = run("keys", "create", "piped", database_url=database_url)
    assert dict(lines(made))["secret"].startswith("sk_")
    assert made.stderr == "The key is shown this once.\n"


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", ["", " ", "n" * 256, "a\0b", "server"])
def test_a_name_that_cannot_be_is_refused(run: Run, tenant: TenantFact, database_url: str, name: str) -> None:
    assert refused(run("keys", "create", name, database_url=database_url)).startswith("name: ")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("named", ["", "0" * 12, "server", "%", "sk_test_acme", "a\0b"])
def test_an_unknown_key_says_where_they_are_listed(run: Run, tenant: TenantFact, database_url: str, named: str) -> None:
    sentence = refused(run("keys", "revoke", named, database_url=database_url))
    assert sentence == "API key does not exist. `tollhouse keys list` shows their ids."


def test_a_key_of_another_tenant_is_not_there(run: Run, store: SqlStore, tenant: TenantFact, database_url: str) -> None:
    provision(store, BETA)
    theirs = hash_of_key("sk_test_beta")[:12]
    assert refused(run("keys", "revoke", theirs, "--tenant", "acme", database_url=database_url))
    kept = store.key(hash_of_key("sk_test_beta"))
    assert kept is not None
    assert kept.revoked_at is None


def test_a_rate_is_set_from_an_instant_on(run: Run, store: SqlStore, tenant: TenantFact, database_url: str) -> None:
    at = ("--from-instant", "2030-01-31T09:00:00+01:00")
    first = told(run("rates", "set", "eur", "usd", "1.2", *at, "--json", database_url=database_url))
    assert first == {"from": "EUR", "to": "USD", "rate": "1.20", "from_instant": "2030-01-31T08:00:00Z", "new": True}
    assert told(run("rates", "set", "EUR", "USD", "1.3", *at, "--json"))["new"] is False
    listed = lines(run("rates", "list", "--pair", "eur/usd"))
    assert listed[1:] == [["EUR", "USD", "1.30", "2030-01-31T08:00:00+00:00"], ["EUR", "USD", "1.10", ""]]
    with store.reading(tenant.tenant_id) as reader:
        assert reader.count(ExchangeRateFact) == 2


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("EUR", "USD", "0"), "rate: "),
        (("EUR", "USD", "NaN"), "rate: "),
        (("EUR", "USD", "1e9"), "rate: "),
        (("EUR", "USD", "1." + "1" * 13), "rate: "),
        (("EUR", "XAU", "1"), "to: "),
        (("E\0R", "USD", "1"), "from: "),
        (("EUR", "EUR", "1"), "to: "),
    ],
)
def test_a_rate_that_cannot_be_is_refused(
    run: Run, tenant: TenantFact, database_url: str, arguments: tuple[str, ...], field: str
) -> None:
    assert refused(run("rates", "set", *arguments, database_url=database_url)).startswith(field)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "EUR", "USD", "1", "--from-instant", "tomorrow"), "--from-instant tomorrow: must be a day"),
        (("list", "--pair", "EUR"), "--pair EUR: must be two currencies"),
        (("list", "--pair", "/USD"), "--pair /USD: must be two currencies"),
    ],
)
def test_what_is_no_instant_and_no_pair_is_a_sentence(
    run: Run, tenant: TenantFact, database_url: str, arguments: tuple[str, ...], sentence: str
) -> None:
    assert cannot(run("rates", *arguments, database_url=database_url)).startswith(sentence)


def test_a_key_is_on_one_line_however_narrow_the_terminal_is(
    run: Run, tenant: TenantFact, database_url: str, terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    shown = run("keys", "create", "narrow", database_url=database_url).stdout
    (line,) = [line for line in shown.splitlines() if "sk_" in line]
    assert len(line.split()[-1]) == len("sk_") + 64
