"""Failed log-ins: who is refused from where and for how long, and who never is."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess, in_process
from tollhouse.apis.people import login
from tollhouse.config import Settings
from tollhouse.ledger.facts import LoginAddressFact
from tollhouse.passwords import NOBODY
from tollhouse.store.store import SqlStore

WRONG = b'{"responses":[{"code":"401","key":"","message":"The username or password is wrong."}]}'
HOME, ELSEWHERE, STRANGER = "198.51.100.1", "198.51.100.2", "203.0.113.9"
FAILURES_MAX = 3
#: So many ask at one time.
ASKED = 20


@pytest.fixture
def application(acme_url: str) -> Iterator[InProcess]:
    settings = Settings(database_url=acme_url, login_failures_max=FAILURES_MAX, login_lock_seconds=600)
    with in_process(settings) as running:
        yield running


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords are compared at once; the hashes that they were checked against."""
    seen: list[str] = []

    def check(password_hash: str, password: str) -> bool:
        seen.append(password_hash)
        return password == "password" and password_hash != NOBODY

    monkeypatch.setattr(login, "password_matches", check)
    return seen


class Nora:
    """Somebody who tries to be Nora, from any address."""

    def __init__(self, application: InProcess) -> None:
        self.application = application

    def tries(self, password: str, address: str, username: str = "nora", function: str = "charges/list") -> str:
        self.application.peer = address
        answer = Client(self.application, username, password).raw(function)
        self.application.peer = "127.0.0.1"
        code: str = answer.json()["responses"][0]["code"]
        assert code == "200" or answer.body == WRONG
        return code

    def fails(self, address: str, times: int = FAILURES_MAX) -> None:
        for number in range(times):
            assert self.tries(f"wrong {number}", address) == "401"


@pytest.fixture
def nora(application: InProcess) -> Nora:
    return Nora(application)


def rows_of(store: SqlStore, person_id: int = 7) -> dict[str, LoginAddressFact]:
    (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "telco"]
    with store.reading(tenant.tenant_id) as reader:
        return {row.address: row for row in reader.find(LoginAddressFact, person_id=person_id)}


def test_too_many_failures_refuse_the_address_and_no_other(nora: Nora) -> None:
    nora.fails(HOME, FAILURES_MAX - 1)
    assert nora.tries("password", HOME) == "200"
    nora.fails(HOME, 1)
    assert nora.tries("password", HOME) == "401"
    assert nora.tries("password", ELSEWHERE) == "200"
    assert nora.tries("password", HOME, username="north") == "200"


def test_a_refusal_ends(nora: Nora, pass_seconds: Callable[[int], None]) -> None:
    nora.fails(HOME)
    pass_seconds(590)
    assert nora.tries("password", HOME) == "401"
    pass_seconds(11)
    assert nora.tries("password", HOME) == "200"
    nora.fails(HOME, FAILURES_MAX - 1)
    assert nora.tries("password", HOME) == "200"


def test_failures_that_are_long_past_do_not_count(nora: Nora, pass_seconds: Callable[[int], None]) -> None:
    for _ in range(3):
        nora.fails(HOME, FAILURES_MAX - 1)
        pass_seconds(901)
    assert nora.tries("password", HOME) == "200"


def test_attempts_while_refused_make_it_no_longer(nora: Nora, pass_seconds: Callable[[int], None]) -> None:
    nora.fails(HOME)
    for _ in range(5):
        pass_seconds(110)
        nora.fails(HOME)
    pass_seconds(51)
    assert nora.tries("password", HOME) == "200"


def test_a_strangers_failures_do_not_lock_me_out(nora: Nora) -> None:
    assert nora.tries("password", HOME) == "200"
    for number in range(60):
        nora.fails(f"203.0.113.{number}", 2)
    assert nora.tries("password", STRANGER) == "401"
    assert nora.tries("password", HOME) == "200"


def test_strangers_have_few_guesses_however_many_addresses_they_have(
    nora: Nora, beside: SqlStore, pass_seconds: Callable[[int], None], quick_checks: list[str]
) -> None:
    for number in range(10 * FAILURES_MAX):
        nora.fails(f"203.0.113.{number}", 1)
    real = [checked for checked in quick_checks if checked != NOBODY]
    assert len(real) == 10 * FAILURES_MAX
    for number in range(20):
        nora.fails(f"192.0.2.{number}", 1)
    assert len([checked for checked in quick_checks if checked != NOBODY]) == len(real)
    assert len(rows_of(beside)) <= 10 * FAILURES_MAX + 1
    assert nora.tries("password", STRANGER) == "401"
    pass_seconds(601)
    assert nora.tries("password", STRANGER) == "200"


def test_what_no_longer_counts_is_forgotten(nora: Nora, beside: SqlStore, pass_seconds: Callable[[int], None]) -> None:
    for number in range(9):
        nora.fails(f"203.0.113.{number}", 1)
    pass_seconds(901)
    nora.fails(STRANGER, 1)
    assert set(rows_of(beside)) == {"", STRANGER}


def test_a_subnet_of_ipv6_is_one_address(nora: Nora, beside: SqlStore) -> None:
    for number in range(FAILURES_MAX):
        nora.fails(f"2001:db8::{number}", 1)
    assert nora.tries("password", "2001:db8::ffff:1") == "401"
    assert nora.tries("password", "2001:db8:0:1::1") == "200"
    assert nora.tries("password", f"::ffff:{HOME}") == "200"
    nora.fails(HOME)
    assert nora.tries("password", f"::ffff:{HOME}") == "401"
    assert {"2001:db8::/64", HOME} <= set(rows_of(beside))


def test_somebody_without_an_address_is_counted_too(nora: Nora) -> None:
    nora.fails("")
    assert nora.tries("password", "") == "401"
    assert nora.tries("password", HOME) == "200"


def test_whoever_is_refused_costs_one_check_and_learns_nothing(nora: Nora, quick_checks: list[str]) -> None:
    """Also where the right password is remembered: a quick no would tell that it was right."""
    assert nora.tries("password", HOME) == "200"
    nora.fails(HOME)
    quick_checks.clear()
    for password in ("password", "wrong", "password"):
        assert nora.tries(password, HOME) == "401"
    assert nora.tries("password", HOME, username="nobody") == "401"
    assert quick_checks == [NOBODY] * 4


def test_no_failure_is_written_for_whoever_is_refused_or_unknown(nora: Nora, beside: SqlStore) -> None:
    nora.fails(HOME)
    before = rows_of(beside)
    nora.fails(HOME)
    assert nora.tries("wrong", HOME, username="nobody") == "401"
    assert rows_of(beside) == before


def checked_once_all_have_asked(monkeypatch: pytest.MonkeyPatch, asked: int) -> None:
    """No password is compared before so many have asked, however slowly they come."""
    everybody, questions = threading.Event(), itertools.count(1)
    is_right, check = login.Login._is_right, login.password_matches

    async def counted(*question: Any) -> bool:
        if next(questions) == asked:
            everybody.set()
        return await is_right(*question)

    def patient_check(password_hash: str, password: str) -> bool:
        assert everybody.wait(30)
        return check(password_hash, password)

    monkeypatch.setattr(login.Login, "_is_right", counted)
    monkeypatch.setattr(login, "password_matches", patient_check)


def test_equal_failures_at_one_time_are_one(
    nora: Nora, beside: SqlStore, quick_checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_once_all_have_asked(monkeypatch, ASKED)
    client = Client(nora.application, "nora", "wrong")
    requests = [nora.application.asking("GET", client.target("charges/list"), key=None) for _ in range(ASKED)]
    for answer in nora.application.gather(*requests):
        assert answer.body == WRONG
    assert rows_of(beside)["127.0.0.1"].failures == len(quick_checks) == 1


def test_guesses_at_one_time_are_no_more_than_may_fail(
    nora: Nora, beside: SqlStore, quick_checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is known to have failed before the last is sent."""
    checked_once_all_have_asked(monkeypatch, ASKED)
    guesses = [Client(nora.application, "nora", f"wrong {number}") for number in range(ASKED)]
    requests = [nora.application.asking("GET", guess.target("charges/list"), key=None) for guess in guesses]
    for answer in nora.application.gather(*requests):
        assert answer.body == WRONG
    assert len(quick_checks) == ASKED
    assert len([tried for tried in quick_checks if tried != NOBODY]) == FAILURES_MAX
    assert nora.tries("password", "127.0.0.1") == "401"
    assert rows_of(beside)["127.0.0.1"].refused_until


def test_unlock_lets_everybody_in_again(nora: Nora, telco: Client, beside: SqlStore) -> None:
    assert nora.tries("password", HOME) == "200"
    nora.fails(HOME)
    for number in range(10 * FAILURES_MAX):
        nora.fails(f"203.0.113.{number}", 1)
    assert nora.tries("password", HOME) == nora.tries("password", STRANGER) == "401"
    assert telco("people/unlock", id=7).told == [("204", "")]
    assert nora.tries("password", STRANGER) == nora.tries("password", HOME) == "200"
    assert rows_of(beside)[HOME].failures == 0


def test_a_token_goes_on_whatever_others_fail(nora: Nora, application: InProcess) -> None:
    token = Client(application, "nora")("user/login", token=1).data["auth_token"]
    nora.fails("127.0.0.1")
    client = Client(application, "nora")
    assert client("charges/list").code == "401"
    client.login = {"auth_token": token}
    assert client("charges/list").code == "200"


def test_failures_outlive_the_server(acme_url: str) -> None:
    settings = Settings(database_url=acme_url, login_failures_max=FAILURES_MAX)
    for times in (FAILURES_MAX - 1, 1):
        with in_process(settings) as application:
            Nora(application).fails(HOME, times)
    with in_process(settings) as application:
        assert Nora(application).tries("password", HOME) == "401"


def test_a_question_without_a_login_is_no_way_around(nora: Nora, application: InProcess) -> None:
    client = Client(application, "nora", "wrong")
    for _ in range(FAILURES_MAX):
        assert client("customers/get", check=1, id=11).code == "404"
    assert Client(application, "nora")("charges/list").code == "401"
    assert Client(application, "nora")("customers/get", check=1, id=11).code == "404"


def test_a_good_address_is_noted_once(nora: Nora, beside: SqlStore) -> None:
    assert nora.tries("password", HOME) == "200"
    until = time.monotonic() + 60
    while HOME not in rows_of(beside) and time.monotonic() < until:
        time.sleep(0.01)
    first = rows_of(beside)[HOME].good_at
    assert first > 0
    for _ in range(3):
        assert nora.tries("password", HOME) == "200"
    assert rows_of(beside)[HOME].good_at == first
