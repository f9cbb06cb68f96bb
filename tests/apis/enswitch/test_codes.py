"""One-time codes: logging in with them, and setting them up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess, in_process
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.ledger.one_time_codes import matching_step

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(SystemClock().now() // 1_000_000 + 30 * steps)


def wrong_code(secret: str = SECRET) -> str:
    taken = {code(secret, steps) for steps in range(-3, 4)}
    return next(text for text in map("{:06d}".format, range(10)) if text not in taken)


@pytest.fixture
def north(application: InProcess) -> Client:
    return Client(application, "north-with-codes")


def without_login(client: Client) -> Client:
    stranger = Client(client.application)
    stranger.login = {}
    return stranger


@pytest.fixture(autouse=True)
def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a time step, so that none ends during a test."""
    now = SystemClock().now() // 30_000_000 * 30_000_000 + 15_000_000
    monkeypatch.setattr(SystemClock, "now", lambda _: now)


# Logging in.


def test_the_password_alone_asks_for_a_code(north: Client) -> None:
    answer = north("user/login", token=1)
    assert answer.told == [("202", "")]
    assert set(answer.data) == {"totp_required", "totp_token", "username"}
    assert (answer.data["totp_required"], answer.data["username"]) == (True, "north-with-codes")


def test_in_one_step(north: Client) -> None:
    answer = north("user/login", token=1, auth_code=code())
    assert answer.told == [("200", "")]
    assert answer.data["totp"] == 1
    client = without_login(north)
    client.login = {"auth_token": answer.data["auth_token"]}
    assert client("charges/list").code == "200"


def test_in_two_steps(north: Client) -> None:
    wanted = north("user/login").data["totp_token"]
    stranger = without_login(north)
    answer = stranger("user/login", totp_token=wanted, auth_code=code(), token=1)
    assert answer.told == [("200", "")]
    stranger.login = {"auth_token": answer.data["auth_token"]}
    assert stranger("charges/list").code == "200"


def test_the_second_step_is_in_time(north: Client, pass_seconds: Callable[[int], None]) -> None:
    wanted = north("user/login").data["totp_token"]
    pass_seconds(119)
    stranger = without_login(north)
    pass_seconds(2)
    assert stranger("user/login", totp_token=wanted, auth_code=code()).code == "401"
    again = north("user/login").data["totp_token"]
    assert stranger("user/login", totp_token=again, auth_code=code()).code == "200"


def test_a_token_of_one_kind_is_none_of_the_other(north: Client, telco: Client) -> None:
    wanted = north("user/login").data["totp_token"]
    stranger = without_login(north)
    for function in ("user/login", "charges/list"):
        assert stranger(function, auth_token=wanted, auth_code=code()).code == "401"
    token = telco("user/login", token=1).data["auth_token"]
    assert stranger("user/login", totp_token=token, auth_code=code()).code == "401"


def test_a_code_counts_once(north: Client) -> None:
    used = code()
    assert north("user/login", auth_code=used).code == "200"
    assert north("user/login", auth_code=used).code == "401"
    wanted = north("user/login").data["totp_token"]
    assert without_login(north)("user/login", totp_token=wanted, auth_code=used).code == "401"
    assert north("user/login", auth_code=code(steps=-1)).code == "401"
    assert north("user/login", auth_code=code(steps=1)).code == "200"


def test_at_one_time_a_code_counts_once(north: Client) -> None:
    target = north.target("user/login", auth_code=code())
    answers = north.application.gather(*(north.application.asking("GET", target, key=None) for _ in range(5)))
    codes = sorted(answer.json()["responses"][0]["code"] for answer in answers)
    assert codes == ["200", "401", "401", "401", "401"]


@pytest.mark.parametrize(("steps", "told"), [(-2, "401"), (-1, "200"), (0, "200"), (1, "200"), (2, "401")])
def test_a_code_counts_one_step_before_and_after(north: Client, steps: int, told: str) -> None:
    assert north("user/login", auth_code=code(steps=steps)).code == told


@pytest.mark.parametrize("text", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "0x1234"])
def test_what_is_no_code_is_a_wrong_one(north: Client, text: str) -> None:
    assert north("user/login", auth_code=text).code == "401"


def test_codes_may_have_a_gap(north: Client) -> None:
    text = code()
    assert north("user/login", auth_code=f" {text[:3]} {text[3:]} ").code == "200"


def test_a_code_is_no_password(north: Client) -> None:
    north.login["auth_password"] = "wrong"
    assert north("user/login", auth_code=code()).code == "401"
    north.login["auth_password"] = "password"
    assert north("user/login", auth_code=code()).code == "200"


def test_with_codes_a_password_opens_nothing_else(north: Client) -> None:
    for function, given in (("charges/list", {}), ("people/get", {"id": 3}), ("charges/list", {"auth_code": code()})):
        assert north(function, **given).code == "401"
    assert north("customers/get", check=1, id=11).code == "404"


def test_a_new_password_ends_the_second_step(north: Client, telco: Client) -> None:
    wanted = north("user/login").data["totp_token"]
    assert telco("people/update", id=9, password="new").code == "204"
    assert without_login(north)("user/login", totp_token=wanted, auth_code=code()).code == "401"


def test_wrong_codes_are_failed_log_ins(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, login_failures_max=4)) as application:
        north = Client(application, "north-with-codes")
        for _ in range(2):
            wanted = north("user/login").data["totp_token"]
            assert north("user/login", auth_code=wrong_code()).code == "401"
            assert without_login(north)("user/login", totp_token=wanted, auth_code=wrong_code()).code == "401"
        assert north("user/login", auth_code=code()).code == "401"
        assert without_login(north)("user/login", totp_token=wanted, auth_code=code()).code == "401"
        application.peer = "198.51.100.1"
        assert north("user/login", auth_code=code()).code == "200"


# Setting them up.


def offered(client: Client) -> str:
    answer = client("people/update", id=7, totp=1)
    assert answer.told == [("200", "")]
    secret: str = answer.data["totp_secret"]
    assert answer.data["totp_uri"] == f"otpauth://totp/Telco:nora?secret={secret}&issuer=Telco"
    return secret


def test_codes_guessed_at_one_time_are_no_more_than_one_after_another(
    acme_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def looking(secret: str, text: str, now: int) -> int | None:
        looked_at.append(text)
        return matching_step(secret, text, now)

    monkeypatch.setattr("tollhouse.apis.people.login.matching_step", looking)
    with in_process(Settings(database_url=acme_url, login_failures_max=3)) as application:
        north = Client(application, "north-with-codes")
        token = north("user/login").data["totp_token"]
        stranger, wrong = without_login(north), wrong_code()
        target = stranger.target("user/login", totp_token=token, auth_code=wrong)
        answers = application.gather(*(application.asking("GET", target, key=None) for _ in range(30)))
        assert {answer.json()["responses"][0]["code"] for answer in answers} == {"401"}
    assert len(looked_at) == 3


def test_codes_are_set_up_in_two_calls(application: InProcess) -> None:
    nora = Client(application, "nora")
    secret = offered(nora)
    assert nora("user/login").code == "200"
    assert nora("people/update", id=7, totp=1, auth_code=wrong_code(secret)).told == [("400", "auth_code")]
    assert nora("people/update", id=7, totp=1, auth_code=code(secret), validation=1).code == "201"
    token = nora("user/login", token=1).data["auth_token"]
    assert nora("people/update", id=7, totp=1, auth_code=code(secret)).told == [("204", "")]
    assert nora("user/login").code == "202"
    assert nora("user/login", auth_code=code(secret)).code == "401"
    assert nora("user/login", auth_code=code(secret, 1)).code == "200"
    bearer = without_login(nora)
    assert bearer("charges/list", auth_token=token).code == "401"


def test_the_secret_is_told_once(application: InProcess) -> None:
    nora = Client(application, "nora")
    secret = offered(nora)
    assert offered(nora) != secret
    assert nora("people/update", id=7, totp=1, auth_code=code(secret)).told == [("400", "auth_code")]
    assert secret not in nora.raw("people/get", id=7).body.decode()


def test_codes_are_taken_off_with_a_code_or_by_somebody_above(application: InProcess, telco: Client) -> None:
    nora = Client(application, "nora")
    secret = offered(nora)
    assert nora("people/update", id=7, totp=1, auth_code=code(secret, -1)).code == "204"
    bearer = without_login(nora)
    bearer.login = {"auth_token": nora("user/login", auth_code=code(secret), token=1).data["auth_token"]}
    for text in ("", wrong_code(secret), code(secret)):
        assert bearer("people/update", id=7, totp=0, auth_code=text).told == [("400", "auth_code")]
    assert Client(application, "north-user")("people/update", id=7, totp=0).told == [("404", "id")]
    assert bearer("people/update", id=7, totp=0, auth_code=code(secret, 1)).told == [("204", "")]
    assert bearer("charges/list").code == "401"
    assert nora("user/login").code == "200"
    secret = offered(nora)
    assert telco("people/update", id=7, totp=0).code == "204"
    assert nora("people/update", id=7, totp=1, auth_code=code(secret)).told == [("400", "auth_code")]
    assert telco("people/update", id=9, totp=0).code == "204"
    assert Client(application, "north-with-codes")("charges/list").code == "200"


def test_a_stolen_token_cannot_guess_the_codes_away(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, login_failures_max=3)) as application:
        north = Client(application, "north-with-codes")
        token = north("user/login", auth_code=code(), token=1).data["auth_token"]
        bearer = without_login(north)
        given: dict[str, Any] = {"id": 9, "totp": 0, "auth_token": token}
        for _ in range(3):
            assert bearer("people/update", **given, auth_code=wrong_code()).told == [("400", "auth_code")]
        assert bearer("people/update", **given, auth_code=code(steps=1)).told == [("400", "auth_code")]
        assert bearer("charges/list", auth_token=token).code == "200"
