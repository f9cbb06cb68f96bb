"""How calls travel: separators, slashes, methods, bodies, and what the transport itself refuses."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.apis.enswitch.client import Client, envelope
from tests.harness import InProcess, in_process
from tollhouse.apis.people import login as login_module
from tollhouse.config import Settings

LOGIN = "auth_username=user;auth_password=password"
FORM = "application/x-www-form-urlencoded"


def created(client: Client, charge_id: int) -> dict[str, Any]:
    row: dict[str, Any] = client("charges/get", id=charge_id).data
    return {name: row[name] for name in ("name", "customer", "amount", "description")}


WANTED = {"name": "a b&c;d=e+f/ü", "customer": 123, "amount": "1.50", "description": ""}
ENCODED = "name=a+b%26c%3Bd%3De%2Bf%2F%C3%BC"


@pytest.mark.parametrize(
    "target",
    [
        f"/api/json/charges/create/?{LOGIN};{ENCODED};customer=123;amount=1.50",
        f"/api/json/charges/create?{LOGIN};{ENCODED};customer=123;amount=1.50",
        f"/api/json/charges/create?{LOGIN.replace(';', '&')}&{ENCODED}&customer=123&amount=1.50",
        f"/api/json/charges/create?;&{LOGIN};&;{ENCODED}&customer=123;amount=1.50;&",
        f"//api//json/charges/create//?{LOGIN};{ENCODED};%63ustomer=123;amount=1%2E50",
        f"/api/json/charges/create?{LOGIN};{ENCODED.replace('+', '%20')};customer=123;amount=1.50;callback=f;x=1;x=2",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_may_be_spelled_in_many_ways(acme: Client, method: str, target: str) -> None:
    answer = envelope(acme.application.request(method, target, key=None))
    assert created(acme, answer.data["id"]) == WANTED


MULTIPART = (
    '--frontier\r\nContent-Disposition: form-data; name="name"\r\n\r\na b&c;d=e+f/ü\r\n'
    '--frontier\r\nContent-Disposition: form-data; name="customer"\r\nContent-Type: text/plain\r\n\r\n123\r\n'
    '--frontier\r\nContent-Disposition: form-data; name="amount"\r\n\r\n1.50\r\n--frontier--\r\n'
).encode()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, f"{ENCODED}&customer=123&amount=1.50".encode()),
        (FORM + "; charset=ISO-8859-1", f"{ENCODED};customer=123;amount=1.50".encode()),
        (None, f"{ENCODED};customer=123;amount=1.50".encode()),
        ("", f"{ENCODED};customer=123;amount=1.50".encode()),
        ("multipart/form-data; boundary=frontier", MULTIPART),
        ('Multipart/Form-Data; boundary="frontier"', MULTIPART),
        ("application/json", '{"name": "a b&c;d=e+f/ü", "customer": 123, "amount": 1.50, "x": [1]}'.encode()),
        ("Application/JSON; charset=utf-8", '{"name": "a b&c;d=e+f/ü", "customer": "123", "amount": "1.50"}'.encode()),
    ],
)
def test_a_post_carries_a_form_or_an_object(acme: Client, content_type: str | None, body: bytes) -> None:
    assert created(acme, acme.post("charges/create", body, content_type).data["id"]) == WANTED


def test_the_login_may_be_in_the_body_and_the_body_wins(acme: Client) -> None:
    body = urlencode({**acme.login, "name": "body", "customer": 123, "amount": "2"}).encode()
    query = "auth_username=nobody&name=query&amount=1&amount=1&description=kept"
    answer = acme.post("charges/create", body, FORM, query)
    assert created(acme, answer.data["id"]) == {
        "name": "body",
        "customer": 123,
        "amount": "2.00",
        "description": "kept",
    }


def test_a_get_has_no_body(acme: Client) -> None:
    headers = {"content-type": FORM}
    target = acme.target("charges/create", name="x", customer=123)
    answer = acme.application.request("GET", target, b"name=body&customer=404", key=None, headers=headers)
    assert created(acme, envelope(answer).data["id"])["name"] == "x"


@pytest.mark.parametrize(
    ("content_type", "body", "told"),
    [
        ("application/json", b'{"name": "x"', [("400", "")]),
        ("application/json", b'[{"name": "x"}]', [("400", "")]),
        ("application/json", b'{"name": "x", "name": "y", "customer": 123}', [("400", "")]),
        ("application/json", b'{"name": "x", "customer": 123, "amount": NaN}', [("400", "")]),
        ("application/json", b'{"name": "x", "customer": 123, "amount": 1e3}', [("400", "amount")]),
        ("application/json", b'{"name": "x", "customer": 123.0}', [("400", "customer")]),
        ("application/json", b'{"name": ["x"], "customer": null}', [("400", "name"), ("400", "customer")]),
        ("application/json", b'{"name": "\\ud800", "customer": 123}', [("400", "name")]),
        ("application/json", b"[" * 100_000, [("400", "")]),
        ("application/json", b'{"name": "\xff", "customer": 123}', [("400", "")]),
        ("text/plain", b"name=x&customer=123", [("400", "")]),
        ("application/xml", b"<name>x</name>", [("400", "")]),
        ("multipart/form-data", MULTIPART, [("400", "")]),
        ("multipart/form-data; boundary=frontier", MULTIPART[:-6], [("400", "")]),
        ("multipart/form-data; boundary=frontier", b"nothing of the kind", [("400", "")]),
        ("multipart/form-data; boundary=frontier", b"--frontier\r\n\r\nx\r\n--frontier--\r\n", [("400", "")]),
        ("multipart/form-data; boundary=frontier", MULTIPART * 500, [("400", "")]),
        (FORM, b"a&" * 1001 + b"name=x&customer=123", [("400", "")]),
        (FORM, b"name=x&customer=123&name=x", [("400", "name")]),
        (FORM, b"name=%FF&customer=123", [("400", "name")]),
        (FORM, b"name=\xc3&customer=123", [("400", "name")]),
        (FORM, b"name=%ED%A0%80&customer=123", [("400", "name")]),
        (FORM, b"name=%00&customer=123", [("400", "name")]),
        (FORM, b"name=x&customer=123&amount=%2B1", [("400", "amount")]),
        (FORM, b"name=x&customer=123&amount", [("400", "amount")]),
        (FORM, b"name=x&customer=123&%FFmount=1", [("200", "")]),
        (FORM, b"", [("400", "name"), ("400", "customer")]),
    ],
)
def test_bodies_that_cannot_be_meant(acme: Client, content_type: str, body: bytes, told: list[tuple[str, str]]) -> None:
    assert acme.post("charges/create", body, content_type).told == told
    assert len(acme("charges/list", customer=123).data) == (told == [("200", "")])


def test_a_body_that_cannot_be_read_hides_a_login_but_not_a_bad_one(acme: Client) -> None:
    bad = b"{"
    assert acme.post("charges/get", bad, "application/json", "id=1").told == [("400", "")]
    assert acme.post("charges/get", bad, "application/json", "auth_username=user&auth_password=x").code == "401"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("auth_username=user;auth_username=user;auth_password=password", [("400", "auth_username")]),
        ("auth_username=user;auth_password=%FF", [("400", "auth_password")]),
        ("auth_username=%00;auth_password=password", [("400", "auth_username")]),
        ("auth_username=user;auth_password=" + "p" * 5000, [("400", "auth_password")]),
        ("auth_username=user", [("401", "")]),
        ("auth_token=anything", [("401", "")]),
        ("", [("401", "")]),
    ],
)
def test_a_login_that_cannot_be_read(acme: Client, query: str, told: list[tuple[str, str]]) -> None:
    assert envelope(acme.application.request("GET", f"/api/json/charges/get?{query};id=1", key=None)).told == told


@pytest.mark.parametrize(
    "path", ["", "/charges", "/charges/count", "/charges/create/x", "/Charges/create", "/charge%73"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404_with_the_envelope(application: InProcess, method: str, path: str) -> None:
    answer = application.request(method, f"/api/json{path}/?{LOGIN}", key=None)
    assert answer.status == 404
    assert answer.json() == {"responses": [{"code": "404", "key": "", "message": "There is no such function."}]}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "get"])
def test_other_methods_are_405_and_do_nothing(acme: Client, method: str) -> None:
    answer = acme.application.request(method, acme.target("charges/create", name="x", customer=123), key=None)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    if method != "HEAD":
        assert answer.json()["responses"][0]["code"] == "405"
    assert acme("charges/list", customer=123).data == []


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x", "application/json"])
def test_a_large_body_is_413_with_the_envelope(acme: Client, content_type: str) -> None:
    body = b"x" * 2 * 1024 * 1024
    target = acme.target("charges/create", name="x", customer=123)
    answer = acme.application.request("POST", target, body, key=None, headers={"content-type": content_type})
    assert answer.status == 413
    assert answer.json()["responses"] == [{"code": "413", "key": "", "message": "The body is too large."}]
    assert acme("charges/list", customer=123).data == []


def test_a_fault_of_ours_is_code_500_without_a_word_about_it(acme: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("tollhouse.apis.enswitch.request.charges.charge_to_create", fail)
    answer = acme("charges/create", name="x", customer=123)
    assert msgspec.to_builtins(answer.responses) == [
        {"code": "500", "key": "", "message": "Something went wrong here."}
    ]


def test_too_many_passwords_at_once_are_503_and_equal_ones_are_one(
    acme_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    may_go_on = threading.Event()

    def slow(_password_hash: str, password: str) -> bool:
        checked.append(password)
        may_go_on.wait(60)
        return password == "password"

    monkeypatch.setattr(login_module, "password_matches", slow)
    passwords = ["password"] * 5 + ["wrong 1", "wrong 2", "wrong 3"]
    with in_process(Settings(database_url=acme_url, passwords_max=2)) as application:
        clients = [Client(application, "user", password) for password in passwords]
        threading.Timer(0.5, may_go_on.set).start()
        answers = application.gather(
            *(application.asking("GET", client.target("charges/list"), key=None) for client in clients)
        )
    assert len(checked) == len(set(checked)) == 2
    for password, answer in zip(passwords, answers, strict=True):
        wanted = "503" if password not in checked else "200" if password == "password" else "401"
        assert answer.json()["responses"][0]["code"] == wanted
        assert (answer.status, answer.headers.get("retry-after")) == ((503, "1") if wanted == "503" else (200, None))


def test_every_reply_is_json_with_codes_as_strings(acme: Client) -> None:
    for function in ("charges/get", "charges/list", "nothing"):
        answer = acme.raw(function)
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert all(isinstance(entry["code"], str) for entry in answer.json()["responses"])
