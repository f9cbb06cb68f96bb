"""Who gets into the console, and how they leave it."""

from __future__ import annotations

from collections.abc import Callable

import pyotp

from tests.apis.enswitch.client import Client
from tests.console.visitor import Visitor
from tests.harness import InProcess
from tollhouse.config import Settings

#: As telco.toml has it.
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

SignedIn = Callable[..., Visitor]


def test_whoever_is_not_signed_in_is_asked_to_and_goes_on_where_they_wanted(visitor: Visitor) -> None:
    page = visitor.open("/console/me?x=1")
    assert page.path.startswith("/console/sign-in?next=")
    page = visitor.send("/console/sign-in", username="telco", password="password")
    assert (page.path, page.status) == ("/console/me?x=1", 200)
    assert "telco" in page.main


def test_a_wrong_password_and_an_unknown_name_are_told_alike(visitor: Visitor) -> None:
    visitor.open("/console/sign-in")
    answers = []
    for username in ("telco", "nobody"):
        page = visitor.send("/console/sign-in", username=username, password="wrong")
        assert page.status == 401
        assert "tollhouse_console" not in visitor.cookies
        answers.append(page.main)
    assert answers[0] == answers[1]


def test_signing_out_ends_it_for_whoever_has_the_cookie(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    stolen = dict(visitor.cookies)
    visitor.open("/console/me")
    page = visitor.send("/console/sign-out")
    assert page.path == "/console/sign-in"
    visitor.cookies = stolen
    assert visitor.open("/console/me").path.startswith("/console/sign-in")


def test_a_form_without_its_token_or_from_another_site_changes_nothing(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    assert visitor.post("/console/sign-out", {}).status == 403
    visitor.open("/console/me")
    values = visitor.page.form("/console/sign-out").values
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    ):
        assert visitor.post("/console/sign-out", values, **headers).status == 403
    assert visitor.open("/console/me").status == 200


def test_where_to_go_on_is_never_another_site(visitor: Visitor) -> None:
    for wanted in (
        "https://evil.example",
        "//evil.example",
        "/console//evil",
        "/console\\evil",
        "/portal",
        "/consolex",
    ):
        visitor.cookies.clear()
        visitor.open("/console/sign-in")
        page = visitor.send("/console/sign-in", username="telco", password="password", next=wanted)
        assert page.path in ("/console", "/console/me"), wanted


def test_a_person_with_one_time_codes_gives_one_besides(visitor: Visitor, application: InProcess) -> None:
    page = visitor.sign_in("north-with-codes")
    assert "six digits" in page.main
    page = visitor.send("/console/sign-in", code="000000")
    assert page.status == 401
    page = visitor.sign_in("north-with-codes")
    code = pyotp.TOTP(SECRET).now()
    page = visitor.send("/console/sign-in", code=f" {code[:3]} {code[3:]} ")
    assert (page.path, page.status) == ("/console/me", 200)
    again = Visitor(application)
    again.sign_in("north-with-codes")
    assert again.send("/console/sign-in", code=code).status == 401


def test_failures_are_counted_with_those_of_the_wire(visitor: Visitor, application: InProcess) -> None:
    for _ in range(Settings().login_failures_max):
        visitor.open("/console/sign-in")
        assert visitor.send("/console/sign-in", username="north", password="wrong").status == 401
    assert visitor.sign_in("north").status == 401
    assert Client(application, "north")("user/login").code == "401"


def test_what_ends_a_persons_tokens_ends_their_sign_ins(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    person = telco("people/get", username="south").data["id"]
    changes = {
        "password": ("people/update", {"password": "another"}),
        "another": ("people/update", {"source": "203.0.113.0/24"}),
        "": ("people/update", {"source": ""}),
    }
    for password, (function, given) in changes.items():
        visitor = signed_in("south", password) if password else None
        assert telco(function, id=person, **given).code == "204"
        assert visitor is None or visitor.open("/console/me").path.startswith("/console/sign-in")
    visitor = signed_in("south", "another")
    assert telco("people/delete", id=person).code == "204"
    assert visitor.open("/console/me").path.startswith("/console/sign-in")


def test_a_role_that_no_longer_opens_the_console_ends_sign_ins(signed_in: SignedIn, application: InProcess) -> None:
    telco, visitor = Client(application, "telco"), signed_in("south")
    role = telco("people/get", username="south").data["role"]
    for access, is_in in ((2, True), (0, False), (1, True)):
        assert telco("roles/access/set", role=role, privilege="user", access=access).code == "204"
        for path in ("/console/customers", "/console/me"):
            assert visitor.open(path).path.startswith("/console/sign-in") != is_in, (access, path)


def test_a_cookie_that_is_not_ours_is_nobody(visitor: Visitor) -> None:
    for value in ("", "1", "1.", "x.y", "99.abc", "1.abc", "1" * 40 + ".abc", '"1.a'):
        visitor.cookies["tollhouse_console"] = value
        assert visitor.open("/console/me").path.startswith("/console/sign-in"), value


def test_every_page_forbids_what_is_not_ours_and_is_kept_nowhere(visitor: Visitor, signed_in: SignedIn) -> None:
    for page in (visitor.open("/console/sign-in"), signed_in("telco").open("/console/me")):
        headers = page.answer.headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["cache-control"], headers["x-frame-options"]) == ("no-store", "DENY")


def test_the_cookie_is_for_this_console_alone(visitor: Visitor, application: InProcess) -> None:
    body = b"username=telco&password=password"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = application.request("POST", "/console/sign-in", body, key=None, headers=headers)
    _, *attributes = answer.headers["set-cookie"].split("; ")
    assert {"Path=/console", "HttpOnly", "SameSite=Lax"} <= set(attributes)
    assert "Secure" not in attributes


def test_a_site_that_hides_its_name_is_not_ours(visitor: Visitor) -> None:
    visitor.open("/console/sign-in")
    values = {**visitor.page.form("/console/sign-in").values, "username": "telco", "password": "password"}
    assert visitor.post("/console/sign-in", values, origin="null").status == 403
    assert "tollhouse_console" not in visitor.cookies
    assert visitor.post("/console/sign-in", values, origin="http://localhost").status == 200


def test_cookies_of_whatever_else_the_host_serves_are_no_matter(signed_in: SignedIn, application: InProcess) -> None:
    cookie = f"tollhouse_console={signed_in('telco').cookies['tollhouse_console']}"
    for other in ('a={"b": "c d"}', "a=b c", "a[b]=c", "a@b=c", 'a="b', "a", "path=/", "é=1", "=", ""):
        for sent in (f"{other}; {cookie}", f"{cookie};{other}"):
            answer = application.request("GET", "/console/me", key=None, headers={"cookie": sent})
            assert answer.status == 200, sent
    for another in ("tollhouse_console=1.x", "tollhouse_console="):
        answer = application.request("GET", "/console/me", key=None, headers={"cookie": f"{cookie}; {another}"})
        assert answer.status == 200, "the one with the longest path comes first"
