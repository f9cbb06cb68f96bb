"""`tollhouse people`: made, locked, let in again, given passwords; no secret ever shown."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.cli.conftest import Run, cannot, lines, refused, told
from tests.harness import BETA, provision
from tollhouse.cli import people
from tollhouse.ledger.commands import RecordLogin
from tollhouse.ledger.commands.people import LoginLimits
from tollhouse.ledger.facts import PersonFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.passwords import password_matches
from tollhouse.store.store import SqlStore


def person(store: SqlStore, tenant: TenantFact, username: str) -> PersonFact:
    with store.reading(tenant.tenant_id) as reader:
        (found,) = reader.find(PersonFact, username=username)
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are not hashed: for tests of all the rest."""
    monkeypatch.setattr(people, "hash_password", lambda text: f"hash of {text}")


def test_a_person_is_made_with_the_password_of_standard_input(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    made = run(
        *("people", "create", "grace", "--role", "Owner", "--email", "grace@example.com", "--json"),
        given="correct horse\r\nanother line\n",
        database_url=database_url,
    )
    shown = told(made)
    assert (shown["username"], shown["role"], shown["customer"], shown["locked"]) == ("grace", "Owner", 1, False)
    kept = person(store, tenant, "grace")
    assert password_matches(kept.password_hash, "correct horse")
    assert "horse" not in made.output
    assert kept.password_hash not in made.output


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (("grace", "--role", "Owner"), "", "The password must have 1 to 4000 characters"),
        (("grace", "--role", "Owner"), "\n", "The password must have 1 to 4000 characters"),
        (("grace", "--role", "Owner"), "p" * 4001, "The password must have 1 to 4000 characters"),
        (("grace", "--role", "Owner", "--email", "nobody"), "pw", "--email: must be an e-mail address."),
        ((" ", "--role", "Owner"), "pw", "USERNAME: must have 1 to 255 characters."),
        (("g" * 256, "--role", "Owner"), "pw", "USERNAME: must have 1 to 255 characters."),
    ],
)
def test_what_cannot_be_a_person_is_a_sentence(
    run: Run, tenant: TenantFact, database_url: str, arguments: tuple[str, ...], given: str, sentence: str
) -> None:
    assert cannot(run("people", "create", *arguments, given=given, database_url=database_url)).startswith(sentence)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("user", "--role", "Owner"), "This username is taken."),
        (("grace", "--role", "King"), "Role does not exist. `tollhouse people roles` shows the roles."),
        (("grace", "--role", "Owner", "--customer", "99"), "Customer does not exist. `tollhouse customers list"),
    ],
)
def test_who_cannot_be_made_is_refused_before_a_password_is_asked_for(
    run: Run, tenant: TenantFact, database_url: str, arguments: tuple[str, ...], sentence: str
) -> None:
    assert refused(run("people", "create", *arguments, given="", database_url=database_url)).startswith(sentence)


def test_a_password_is_changed_and_ends_up_nowhere_else(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str, quick: None
) -> None:
    changed = run("people", "password", "user", given="new one\n", database_url=database_url)
    assert changed.exit_code == 0, changed.output
    assert person(store, tenant, "user").password_hash == "hash of new one"
    assert "new one" not in changed.output


def test_whoever_is_locked_is_let_in_again_by_unlock(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    before = person(store, tenant, "user")
    assert told(run("people", "lock", "user", "--json", database_url=database_url))["locked"] is True
    locked = person(store, tenant, "user")
    assert (locked.locked, locked.token_epoch) == (1, before.token_epoch + 1)
    assert told(run("people", "lock", "user", "--json"))["locked"] is True
    assert person(store, tenant, "user") == locked
    assert told(run("people", "unlock", "user", "--json"))["locked"] is False
    # Tokens from before stay ended.
    assert person(store, tenant, "user") == replace(locked, locked=0)


def test_too_many_failures_are_shown_until_they_are_forgiven(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    number = person(store, tenant, "user").person_id
    for at in range(2):
        limits = LoginLimits(failures_max=1, refused_seconds=2**31)
        command = RecordLogin(
            tenant_id=tenant.tenant_id, person_id=number, address=f"198.51.100.{at}", succeeded=False, limits=limits
        )
        for _ in range(10):
            ledger.execute(command)
    (shown,) = told(run("people", "list", "--json", database_url=database_url))["people"]
    assert shown["refused_until"] is not None
    assert told(run("people", "unlock", "user", "--json"))["refused_until"] is None


def test_codes_are_taken_off_who_lost_what_made_them(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.change(PersonFact, {"username": "user"}, totp_secret="JBSWY3DPEHPK3PXP", totp_pending="JBSWY3DPEHPK3PXQ")
    listed = run("people", "list", "--json", database_url=database_url)
    assert told(listed)["people"][0]["totp"] is True
    assert "JBSWY3" not in listed.output
    assert told(run("people", "totp-off", "user", "--json"))["totp"] is False
    assert person(store, tenant, "user").totp_secret == ""


def test_roles_say_what_they_allow(run: Run, tenant: TenantFact, database_url: str) -> None:
    header, row = lines(run("people", "roles", database_url=database_url))
    assert header == ["role", "name", "privileges", "description"]
    assert row[1] == "Owner"
    assert "system" in row[2]


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("verb", ["lock", "unlock", "password", "totp-off"])
@pytest.mark.parametrize("name", ["beta-user", "a\0b"])
def test_nobody_of_another_tenant_can_be_named(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str, verb: str, name: str
) -> None:
    if name == "beta-user":
        provision(store, BETA)
    wanted = ("--tenant", "acme", "--", name)
    sentence = refused(run("people", verb, *wanted, given="pw\n", database_url=database_url))
    assert sentence == "Person does not exist. `tollhouse people list` shows who there is."


def test_no_list_of_people_has_a_hash(run: Run, store: SqlStore, tenant: TenantFact, database_url: str) -> None:
    for as_json in ((), ("--json",)):
        shown = run("people", "list", *as_json, database_url=database_url)
        assert "argon2" not in shown.output
        assert person(store, tenant, "user").password_hash not in shown.output
