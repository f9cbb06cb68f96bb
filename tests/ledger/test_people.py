"""People and roles: who makes and changes whom, over both engines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.harness import BETA, provision
from tests.ledger.telco import NORTH, NORTH_ALONE, ROOT, SOUTH, Telco
from tollhouse.ledger.commands import (
    Caller,
    CreatePerson,
    CreateRole,
    DeletePerson,
    RecordLogin,
    SetAccess,
    UnlockPerson,
    UpdatePerson,
    UseCode,
)
from tollhouse.ledger.commands.people import LockPerson, LoginLimits
from tollhouse.ledger.facts import LoginAddressFact, LoginNameFact, PersonFact, RoleFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.logins import GOOD_ADDRESSES_MAX, STRANGERS, is_refused
from tollhouse.ledger.people import is_no_higher, lower_of, profile_of
from tollhouse.ledger.refusals import (
    CodeRefused,
    CustomerUnknown,
    OwnDeletionRefused,
    OwnLockRefused,
    OwnSystemAccessRefused,
    PasswordNotCopied,
    PersonUnknown,
    PrivilegeLacking,
    RoleNameTaken,
    RoleUnknown,
    UsernameTaken,
)
from tollhouse.ledger.roles import roles_to_give

ALL = dict.fromkeys(("user", "administrator", "wholesale", "commerce", "payment", "reports", "settings", "system"), 1)
RESELLER = {"user": 1, "wholesale": 1, "commerce": 1, "reports": 1}
ADMINISTRATOR = {"user": 1, "administrator": 1, "reports": 1}
OWNER_ROLE, RESELLER_ROLE, ADMINISTRATOR_ROLE, AUDITOR_ROLE, USER_ROLE = 1, 2, 3, 4, 5


def creation(telco: Telco, username: str = "new", *, caller: Caller = ROOT, **more: Any) -> CreatePerson:
    values: dict[str, Any] = {
        "privileges": ALL,
        "customer_number": None,
        "email": "new@example.com",
        "role_id": USER_ROLE,
        "password_hash": "hash",
        **more,
    }
    return CreatePerson(tenant_id=telco.tenant_id, caller=caller, username=username, **values)


def change(telco: Telco, person_id: int, *, caller: Caller = ROOT, **more: Any) -> UpdatePerson:
    values: dict[str, Any] = {"privileges": ALL, "may_manage": True, **more}
    return UpdatePerson(tenant_id=telco.tenant_id, caller=caller, person_id=person_id, **values)


def deletion(telco: Telco, person_id: int, *, caller: Caller = ROOT, privileges: Any = ALL) -> DeletePerson:
    return DeletePerson(tenant_id=telco.tenant_id, caller=caller, privileges=privileges, person_id=person_id)


def person(telco: Telco, person_id: int) -> PersonFact:
    (found,) = telco.find(PersonFact, person_id=person_id)
    return found  # type: ignore[no-any-return]


# Making.


def test_a_new_person_has_what_was_given_and_the_customers_place(telco: Telco) -> None:
    profile = (("title", "Dr"), ("timezone", "Asia/Tokyo"))
    made = telco.do(creation(telco, customer_number=12, forename="Ada", source="10.0.0.1", profile=profile))
    found = person(telco, made.person_id)
    assert (found.username, found.password_hash, found.role_id, found.customer_number) == ("new", "hash", USER_ROLE, 12)
    assert (found.email, found.email_folded, found.forename, found.source) == (
        "new@example.com",
        "new@example.com",
        "Ada",
        "10.0.0.1",
    )
    with telco.store.reading(telco.tenant_id) as reader:
        kept = profile_of(reader, made.person_id)
    assert (kept.title, kept.timezone, kept.country, kept.time_format) == ("Dr", "Asia/Tokyo", "", "24")
    (name,) = telco.find(LoginNameFact, username="new")
    assert name.person_id == made.person_id


def test_a_check_makes_nobody(telco: Telco) -> None:
    assert telco.do(creation(telco, validation=True)).person_id == 0
    assert telco.find(LoginNameFact, username="new") == []


def test_a_username_is_one_persons_in_all_tenants(telco: Telco) -> None:
    provision(telco.store, BETA, telco.clock)
    for username in ("nora", "telco", "beta-user"):
        for validation in (False, True):
            with pytest.raises(UsernameTaken):
                telco.do(creation(telco, username, validation=validation))
    first, second, third = telco.ledger.execute_batch(
        telco.tenant_id, [creation(telco, "a"), creation(telco, "a"), creation(telco, "b")]
    )
    assert isinstance(second, UsernameTaken)
    assert not isinstance(first, Exception)
    assert not isinstance(third, Exception)


def test_of_many_processes_one_gives_a_username(telco: Telco) -> None:
    ledgers = [Ledger(telco.store, telco.clock) for _ in range(4)]
    start = threading.Barrier(len(ledgers))

    def make(ledger: Ledger) -> bool:
        start.wait()
        try:
            ledger.execute(creation(telco, "wanted"))
        except UsernameTaken:
            return False
        return True

    with ThreadPoolExecutor(len(ledgers)) as pool:
        assert sorted(pool.map(make, ledgers)) == [False, False, False, True]
    assert len(telco.find(PersonFact, username="wanted")) == 1


def test_a_password_is_copied_within_the_customer_and_from_nobody_higher(telco: Telco) -> None:
    kept = person(telco, 3).password_hash
    copied = {"password_hash": "", "caller": NORTH, "privileges": RESELLER}
    made = telco.do(creation(telco, copy_password=3, **copied))
    assert person(telco, made.person_id).password_hash == kept
    for other in (7, 1, 99):
        with pytest.raises(PasswordNotCopied):
            telco.do(creation(telco, "b", copy_password=other, **copied))
    with pytest.raises(PrivilegeLacking):
        telco.do(creation(telco, "b", copy_password=3, **{**copied, "privileges": ADMINISTRATOR}))
    telco.do(deletion(telco, 3))
    with pytest.raises(PasswordNotCopied):
        telco.do(creation(telco, "b", copy_password=3, **copied))


def test_people_are_made_for_customers_within_reach(telco: Telco) -> None:
    assert telco.do(creation(telco, "a", caller=NORTH, privileges=RESELLER, customer_number=11)).person_id
    for caller, number in ((NORTH, 20), (NORTH, 1), (NORTH, 99), (NORTH_ALONE, 11), (SOUTH, 10)):
        with pytest.raises(CustomerUnknown):
            telco.do(creation(telco, "b", caller=caller, privileges=RESELLER, customer_number=number))


# Nobody gives what they lack.


@pytest.mark.parametrize(
    ("privileges", "roles"),
    [
        (ALL, {OWNER_ROLE, RESELLER_ROLE, ADMINISTRATOR_ROLE, AUDITOR_ROLE, USER_ROLE}),
        (RESELLER, {RESELLER_ROLE, USER_ROLE}),
        (ADMINISTRATOR, {ADMINISTRATOR_ROLE, USER_ROLE}),
        ({**RESELLER, "administrator": 2}, {RESELLER_ROLE, AUDITOR_ROLE, USER_ROLE}),
        ({"user": 2}, set()),
        ({}, set()),
    ],
)
def test_a_role_is_given_by_those_who_may_all_that_it_allows(
    telco: Telco, privileges: dict[str, int], roles: set[int]
) -> None:
    with telco.store.reading(telco.tenant_id) as reader:
        assert {role.role_id for role in roles_to_give(reader, privileges)} == roles
    for role_id in range(1, 6):
        make = creation(telco, f"p{role_id}", privileges=privileges, role_id=role_id)
        give = change(telco, 7, privileges={**privileges, **RESELLER}, role_id=role_id)
        if role_id in roles:
            assert telco.do(make).person_id
            continue
        with pytest.raises(PrivilegeLacking):
            telco.do(make)
        if role_id not in (RESELLER_ROLE, USER_ROLE) and privileges in (RESELLER, {}):
            with pytest.raises(PrivilegeLacking):
                telco.do(give)


def test_what_is_higher() -> None:
    assert is_no_higher({"user": 2}, {"user": 1})
    assert not is_no_higher({"user": 1}, {"user": 2})
    assert is_no_higher({"user": 0, "x": 0}, {})
    assert not is_no_higher({"x": 2}, {"user": 1})
    assert lower_of({"a": 1, "b": 2, "c": 1, "d": 1}, {"a": 2, "b": 1, "c": 0}) == {"a": 2, "b": 2, "c": 0, "d": 0}


@pytest.mark.parametrize("values", [{"password_hash": "mine"}, {"email": "a@b"}, {"forename": "x"}, {"role_id": 5}])
def test_nobody_changes_those_who_may_more(telco: Telco, values: dict[str, Any]) -> None:
    administrator = Caller(4, 10, "1.10.", may_reach_below=False)
    with pytest.raises(PrivilegeLacking):
        telco.do(change(telco, 3, caller=administrator, privileges=ADMINISTRATOR, **values))
    with pytest.raises(PrivilegeLacking):
        telco.do(deletion(telco, 3, caller=administrator, privileges=ADMINISTRATOR))
    with pytest.raises(PrivilegeLacking):
        telco.do(_unlock(telco, 3, administrator, ADMINISTRATOR))
    assert person(telco, 3).password_hash != "mine"


def test_those_who_may_not_manage_change_some_of_themselves(telco: Telco) -> None:
    user = Caller(6, 10, "1.10.", may_reach_below=False)
    own = {"caller": user, "privileges": {"user": 1}, "may_manage": False}
    telco.do(change(telco, 6, **own, forename="U", password_hash="new", email="u@example.com", username="north-user"))
    assert person(telco, 6).password_hash == "new"
    for values in ({"username": "x"}, {"role_id": RESELLER_ROLE}, {"source": "10.0.0.1"}):
        with pytest.raises(PrivilegeLacking):
            telco.do(change(telco, 6, **own, **values))
    with pytest.raises(PrivilegeLacking):
        telco.do(change(telco, 4, **own, forename="x"))
    with pytest.raises(PersonUnknown):
        telco.do(change(telco, 7, **own, forename="x"))


def test_nobody_gives_their_own_system_access_up(telco: Telco) -> None:
    with pytest.raises(OwnSystemAccessRefused):
        telco.do(change(telco, 1, role_id=RESELLER_ROLE))
    for access in (0, 2):
        with pytest.raises(OwnSystemAccessRefused):
            telco.do(_access(telco, OWNER_ROLE, "system", access))
    telco.do(_access(telco, OWNER_ROLE, "system", 1))
    telco.do(_access(telco, OWNER_ROLE, "callshop", 1))
    assert telco.do(change(telco, 1, role_id=OWNER_ROLE)).person_id == 1


# Changing and deleting.


def test_what_ends_tokens_is_counted(telco: Telco) -> None:
    for values, epoch in (({"forename": "x"}, 0), ({"role_id": USER_ROLE}, 1), ({"role_id": USER_ROLE}, 1)):
        telco.do(change(telco, 7, **values))
        assert person(telco, 7).token_epoch == epoch


def test_a_new_name_frees_the_old_one_also_within_a_batch(telco: Telco) -> None:
    outcomes = telco.ledger.execute_batch(
        telco.tenant_id,
        [
            change(telco, 7, username="eleanor"),
            creation(telco, "nora"),
            change(telco, 7, username="nora"),
            change(telco, 7, username="ellie"),
            creation(telco, "eleanor"),
        ],
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt", "Receipt", "UsernameTaken"] + ["Receipt"] * 2
    names = {name.username: name.person_id for name in telco.find(LoginNameFact)}
    assert names["ellie"] == 7
    assert names["nora"] == outcomes[1].result.person_id  # type: ignore[union-attr]
    assert names["eleanor"] == outcomes[4].result.person_id  # type: ignore[union-attr]


def test_who_is_deleted_is_gone_and_the_name_is_free(telco: Telco) -> None:
    made = telco.do(creation(telco))
    telco.do(deletion(telco, made.person_id))
    kept = person(telco, made.person_id)
    assert kept.deleted_at == telco.clock.now()
    for command in (change(telco, made.person_id, forename="x"), deletion(telco, made.person_id)):
        with pytest.raises(PersonUnknown):
            telco.do(command)
    assert telco.do(creation(telco)).person_id != made.person_id
    with pytest.raises(OwnDeletionRefused):
        telco.do(deletion(telco, 1))


def test_making_deleting_and_making_again_in_one_batch(telco: Telco) -> None:
    telco.do(creation(telco))
    (first,) = telco.find(PersonFact, username="new")
    commands = [deletion(telco, first.person_id), creation(telco), creation(telco)]
    outcomes = telco.ledger.execute_batch(telco.tenant_id, commands)
    assert isinstance(outcomes[2], UsernameTaken)
    (name,) = telco.find(LoginNameFact, username="new")
    assert name.person_id == outcomes[1].result.person_id  # type: ignore[union-attr]


# Roles.


def test_a_role_allows_nothing_at_first(telco: Telco) -> None:
    role_id = telco.do(CreateRole(tenant_id=telco.tenant_id, name="Clerk", description="Reads")).role_id
    (role,) = telco.find(RoleFact, role_id=role_id)
    assert (role.name, role.description, role.privileges) == ("Clerk", "Reads", "{}")
    telco.do(_access(telco, role_id, "reports", 2))
    telco.do(_access(telco, role_id, "user", 1, validation=True))
    (role,) = telco.find(RoleFact, role_id=role_id)
    assert role.privileges == '{"reports":2}'
    for validation in (False, True):
        with pytest.raises(RoleNameTaken):
            telco.do(CreateRole(tenant_id=telco.tenant_id, name="Clerk", validation=validation))
    with pytest.raises(RoleUnknown):
        telco.do(_access(telco, 99, "user", 1))


# Logging in.


LIMITS = LoginLimits(failures_max=3, refused_seconds=600)


def _tried(telco: Telco, address: str, *, succeeded: bool = False, person_id: int = 7) -> RecordLogin:
    return RecordLogin(
        tenant_id=telco.tenant_id, person_id=person_id, address=address, succeeded=succeeded, limits=LIMITS
    )


def _refused(telco: Telco, address: str) -> bool:
    rows = telco.find(LoginAddressFact, person_id=7, address=[address, STRANGERS])
    return is_refused(rows, address, telco.clock.now())


def test_a_batch_counts_each_failure(telco: Telco) -> None:
    telco.ledger.execute_batch(telco.tenant_id, [_tried(telco, "a")] * 2)
    assert not _refused(telco, "a")
    telco.ledger.execute_batch(telco.tenant_id, [_tried(telco, "a"), _tried(telco, "b")])
    assert _refused(telco, "a")
    assert not _refused(telco, "b")
    telco.clock.advance(600)
    assert not _refused(telco, "a")


def test_processes_that_count_wait_for_one_another(telco: Telco) -> None:
    ledgers = [Ledger(telco.store, telco.clock) for _ in range(4)]
    with ThreadPoolExecutor(len(ledgers)) as pool:
        list(pool.map(lambda ledger: [ledger.execute(_tried(telco, f"{id(ledger)}")) for _ in range(2)], ledgers))
    (strangers,) = telco.find(LoginAddressFact, person_id=7, address=STRANGERS)
    assert strangers.failures == 8


def test_good_addresses_are_few_and_pass(telco: Telco) -> None:
    for number in range(GOOD_ADDRESSES_MAX + 5):
        telco.do(_tried(telco, f"good {number}", succeeded=True))
        telco.clock.advance(1)
    rows = telco.find(LoginAddressFact, person_id=7)
    assert len(rows) == GOOD_ADDRESSES_MAX
    assert {f"good {number}" for number in range(5, 105)} == {row.address for row in rows}
    for number in range(30):
        telco.do(_tried(telco, f"bad {number}"))
    assert _refused(telco, "bad 99")
    assert _refused(telco, "good 4")
    assert not _refused(telco, "good 5")
    telco.do(_unlock(telco, 7, ROOT, ALL))
    assert not _refused(telco, "bad 99")
    assert len(telco.find(LoginAddressFact, person_id=7)) == GOOD_ADDRESSES_MAX


def test_nobody_is_counted_who_is_gone(telco: Telco) -> None:
    telco.do(_tried(telco, "a"))
    telco.do(deletion(telco, 7))
    telco.do(_tried(telco, "a"))
    telco.do(_tried(telco, "a", person_id=99))
    assert telco.find(LoginAddressFact) == []


def test_whoever_is_locked_loses_their_tokens_until_and_after_they_are_unlocked(telco: Telco) -> None:
    (before,) = telco.find(PersonFact, person_id=7)
    for _ in range(2):
        telco.do(_lock(telco, 7, ROOT, ALL))
        (locked,) = telco.find(PersonFact, person_id=7)
        assert (locked.locked, locked.token_epoch) == (1, before.token_epoch + 1)
    telco.do(_unlock(telco, 7, ROOT, ALL))
    (after,) = telco.find(PersonFact, person_id=7)
    assert (after.locked, after.token_epoch) == (0, before.token_epoch + 1)


def test_nobody_locks_whom_they_do_not_see_or_who_may_do_more_or_themselves(telco: Telco) -> None:
    for caller, privileges, person_id, refusal in (
        (SOUTH, ALL, 7, PersonUnknown),
        (NORTH, {"user": 1}, 4, PrivilegeLacking),
        (NORTH, ALL, NORTH.person_id, OwnLockRefused),
        (ROOT, ALL, 99, PersonUnknown),
    ):
        with pytest.raises(refusal):
            telco.do(_lock(telco, person_id, caller, privileges))
    assert all(not person.locked for person in telco.find(PersonFact))


def test_a_code_is_used_once(telco: Telco) -> None:
    use = UseCode(tenant_id=telco.tenant_id, person_id=9, step=5)
    first, second = telco.ledger.execute_batch(telco.tenant_id, [use, use])
    assert not isinstance(first, Exception)
    assert isinstance(second, CodeRefused)
    for step in (4, 5):
        with pytest.raises(CodeRefused):
            telco.do(UseCode(tenant_id=telco.tenant_id, person_id=9, step=step))
    telco.do(UseCode(tenant_id=telco.tenant_id, person_id=9, step=6))
    with pytest.raises(CodeRefused):
        telco.do(UseCode(tenant_id=telco.tenant_id, person_id=99, step=6))


def _lock(telco: Telco, person_id: int, caller: Caller, privileges: dict[str, int]) -> LockPerson:
    return LockPerson(tenant_id=telco.tenant_id, caller=caller, privileges=privileges, person_id=person_id)


def _unlock(telco: Telco, person_id: int, caller: Caller, privileges: dict[str, int]) -> UnlockPerson:
    return UnlockPerson(tenant_id=telco.tenant_id, caller=caller, privileges=privileges, person_id=person_id)


def _access(telco: Telco, role_id: int, privilege: str, access: int, *, validation: bool = False) -> SetAccess:
    return SetAccess(
        tenant_id=telco.tenant_id,
        caller=ROOT,
        role_id=role_id,
        privilege=privilege,
        access=access,
        validation=validation,
    )
