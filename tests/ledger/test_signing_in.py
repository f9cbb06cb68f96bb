"""Sign-ins: how many, how long, and what ends them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness import TestClock
from tests.ledger.telco import NORTH, ROOT, SOUTH, Telco
from tollhouse.ledger.commands import PRIVILEGES
from tollhouse.ledger.commands.people import EndSignIns, SignIn, SignOut
from tollhouse.ledger.facts import PersonFact, SignInFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import PersonUnknown, PrivilegeLacking
from tollhouse.ledger.signing_in import SIGN_INS_MAX
from tollhouse.store.store import SqlStore


def sign_in(ledger: Ledger, tenant_id: int, which: str, *, person_id: int = 1, seconds: int = 600) -> int:
    command = SignIn(
        tenant_id=tenant_id, person_id=person_id, sign_in_hash=which, stamp="s", address="", seconds=seconds
    )
    ends_at: int = ledger.execute(command).result.ends_at
    return ends_at


@pytest.fixture
def kept(store: SqlStore, telco: Telco) -> Callable[[], set[str]]:
    def hashes() -> set[str]:
        with store.reading(telco.tenant_id) as reader:
            return {row.sign_in_hash for row in reader.find(SignInFact)}

    return hashes


def test_a_sign_in_lasts_as_long_as_it_was_given(ledger: Ledger, telco: Telco, clock: TestClock) -> None:
    assert sign_in(ledger, telco.tenant_id, "a", seconds=600) == clock.now() + 600_000_000


def test_signing_in_forgets_those_of_the_same_person_that_are_over(
    ledger: Ledger, telco: Telco, clock: TestClock, kept: Callable[[], set[str]]
) -> None:
    sign_in(ledger, telco.tenant_id, "over")
    sign_in(ledger, telco.tenant_id, "another's", person_id=2)
    clock.advance(600)
    sign_in(ledger, telco.tenant_id, "new")
    assert kept() == {"new", "another's"}


def test_one_too_many_ends_the_oldest(
    ledger: Ledger, telco: Telco, clock: TestClock, kept: Callable[[], set[str]]
) -> None:
    for number in range(SIGN_INS_MAX + 2):
        clock.advance(1)
        sign_in(ledger, telco.tenant_id, str(number))
    assert kept() == {str(number) for number in range(2, SIGN_INS_MAX + 2)}


def test_signing_out_ends_that_one_and_everywhere_all_of_the_person(
    ledger: Ledger, telco: Telco, kept: Callable[[], set[str]]
) -> None:
    for which in "abc":
        sign_in(ledger, telco.tenant_id, which)
    sign_in(ledger, telco.tenant_id, "d", person_id=2)
    out = SignOut(tenant_id=telco.tenant_id, person_id=1, sign_in_hash="b")
    for _ in range(2):
        ledger.execute(out)
        assert kept() == {"a", "c", "d"}
    ledger.execute(SignOut(tenant_id=telco.tenant_id, person_id=2, sign_in_hash="a"))
    assert kept() == {"a", "c", "d"}
    ledger.execute(SignOut(tenant_id=telco.tenant_id, person_id=1, sign_in_hash="", everywhere=True))
    assert kept() == {"d"}


def test_whoever_may_do_no_less_ends_anothers_sign_ins_and_tokens(
    ledger: Ledger, store: SqlStore, telco: Telco, kept: Callable[[], set[str]]
) -> None:
    with store.reading(telco.tenant_id) as reader:
        people = {person.username: person for person in reader.find(PersonFact)}
    south, nora = people["south"].person_id, people["nora"].person_id
    sign_in(ledger, telco.tenant_id, "a", person_id=south)
    sign_in(ledger, telco.tenant_id, "b", person_id=nora)
    every = dict.fromkeys(PRIVILEGES, 1)
    for caller, privileges, refusal in ((NORTH, every, PersonUnknown), (SOUTH, {"user": 1}, PrivilegeLacking)):
        with pytest.raises(refusal):
            ledger.execute(EndSignIns(tenant_id=telco.tenant_id, caller=caller, privileges=privileges, person_id=south))
    assert kept() == {"a", "b"}
    ledger.execute(EndSignIns(tenant_id=telco.tenant_id, caller=ROOT, privileges=every, person_id=south))
    assert kept() == {"b"}
    with store.reading(telco.tenant_id) as reader:
        (after,) = reader.find(PersonFact, person_id=south)
    assert after.token_epoch == people["south"].token_epoch + 1
