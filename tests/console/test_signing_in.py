"""Who gets into the console, and how they leave it."""

from __future__ import annotations

from collections.abc import Callable

from tests.console.visitor import Visitor

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
