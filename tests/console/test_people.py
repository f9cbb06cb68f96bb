"""People: listed, made, changed, locked, removed, by those who may do no less; and one's own password and codes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import pyotp
import pytest

from tests.apis.enswitch.client import Client
from tests.console.test_signing_in import SECRET
from tests.console.visitor import Page, Visitor
from tests.harness import InProcess
from tollhouse.config import Settings
from tollhouse.ledger.facts import AuditFact, PersonFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SignedIn = Callable[..., Visitor]
PEOPLE = "/console/people"


def page_of(application: InProcess, username: str) -> str:
    return f"{PEOPLE}/{Client(application, 'telco')('people/get', username=username).data['id']}"


def token_of(visitor: Visitor) -> dict[str, str]:
    return dict(visitor.open("/console/me").form("/console/sign-out").values)


def new_person(visitor: Visitor, **filled: str) -> Page:
    page = visitor.open(f"{PEOPLE}/new")
    role = page.form(f"{PEOPLE}/new").choices["role"][-1]
    standing = {"username": "ada", "email": "ada@example.com", "role": role, "password": "a long one"}
    given = {**standing, "again": filled.get("password", "a long one"), **filled}
    return visitor.send(f"{PEOPLE}/new", **given)


def test_each_sees_the_people_of_their_branch(signed_in: SignedIn) -> None:
    north = {"north", "north-administrator", "north-auditor", "north-user", "north-with-codes", "nora"}
    wanted = {
        "telco": {"telco", "telco-administrator", "south", *north},
        "telco-administrator": {"telco", "telco-administrator"},
        "north": north,
        "north-administrator": north - {"nora"},
        "north-auditor": north,
        "nora": {"nora"},
    }
    for username, seen in wanted.items():
        page = signed_in(username).open(PEOPLE)
        assert {row[0] for row in page.rows[1:]} == seen, username
    assert signed_in("north-user").open(PEOPLE).status == 403


def test_people_are_found_by_username_email_and_customer(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    for query, found in {
        "q=nora": ["nora"],
        "q=CODES@north.example": ["north-with-codes"],
        "customer=20": ["south"],
        "q=nobody": [],
        "customer=99": [],
    }.items():
        assert [row[0] for row in visitor.open(f"{PEOPLE}?{query}").rows[1:]] == found, query
    assert signed_in("south").open(f"{PEOPLE}?q=nora").rows == []
    assert visitor.open(f"{PEOPLE}?customer=many").status == 422
    assert visitor.open(f"{PEOPLE}?after=x").status == 404


def test_a_person_is_made_and_signs_in(signed_in: SignedIn, application: InProcess) -> None:
    visitor = signed_in("north")
    page = new_person(visitor, customer="11", forename="Ada", surname="<b>Lovelace</b>")
    assert "can sign in" in page.main, page.main
    assert "Ada <b>Lovelace</b>" in page.main
    assert "a long one" not in page.answer.body.decode()
    assert Client(application, "telco")("people/get", username="ada").data["customer"] == 11
    ada = signed_in("ada", "a long one")
    assert ada.open("/console/me").status == 200
    page = new_person(visitor)
    assert "This username is taken." in page.main


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"username": ""}, "Fill this in."),
        ({"username": "x" * 256}, "Use at most 255 characters."),
        ({"email": "nobody"}, "Enter an e-mail address"),
        ({"role": ""}, "Choose a role."),
        ({"role": "1"}, "Your role does not allow this."),
        ({"role": "999"}, "Role does not exist."),
        ({"password": "short", "again": "short"}, "Use at least 8 characters"),
        ({"again": "another one"}, "The two are not the same."),
        ({"customer": "20"}, "Customer does not exist."),
        ({"source": "home"}, "Enter addresses and ranges"),
    ],
)
def test_a_person_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    page = new_person(signed_in("north"), **filled)
    assert page.status == 422
    assert told in page.main
    assert "a long one" not in page.answer.body.decode()


def test_only_roles_that_allow_no_more_than_ones_own_are_offered(signed_in: SignedIn) -> None:
    offered = {}
    for username in ("telco", "north", "north-administrator"):
        page = signed_in(username).open(f"{PEOPLE}/new")
        offered[username] = len(page.form(f"{PEOPLE}/new").choices["role"]) - 1
    assert offered == {"telco": 5, "north": 2, "north-administrator": 2}


def test_a_person_is_changed(signed_in: SignedIn, application: InProcess) -> None:
    visitor, path = signed_in("telco"), page_of(application, "south")
    visitor.open(path)
    page = visitor.send(path, email="s@south.example", surname="South", source="203.0.113.0/24")
    assert "Saved." in page.main
    person = Client(application, "telco")("people/get", username="south").data
    assert (person["email"], person["surname"], person["source"]) == ("s@south.example", "South", "203.0.113.0/24")
    assert "Enter an e-mail address" in visitor.send(path, email="x").main
    visitor.open(path)
    assert "This username is taken." in visitor.send(path, username="nora").main


def test_who_may_do_more_is_not_changed_by_who_may_do_less(signed_in: SignedIn, application: InProcess) -> None:
    administrator = signed_in("telco-administrator")
    path = page_of(application, "telco")
    page = administrator.open(path)
    assert page.status == 200
    assert [form.action for form in page.forms if form.action.startswith(PEOPLE)] == []
    assert administrator.open(f"{path}/remove").status == 403
    values = {**token_of(administrator), "username": "x", "email": "x@example.com", "role": "1"}
    assert administrator.post(path, values).status == 403
    for what in ("lock", "unlock", "sign-out", "codes-off", "remove"):
        assert administrator.post(f"{path}/{what}", values).status == 403, what
    values |= {"password": "mine now!", "again": "mine now!"}
    assert administrator.post(f"{path}/password", values).status == 403
    assert signed_in("telco").open("/console/me").status == 200


def test_nobody_changes_whom_they_only_read_or_do_not_reach(signed_in: SignedIn, application: InProcess) -> None:
    south, nora = page_of(application, "south"), page_of(application, "nora")
    for username, path, status in (
        ("north", south, 404),
        ("nora", south, 404),
        ("user", south, 404),
        ("north-auditor", nora, 403),
        ("north-user", nora, 403),
    ):
        visitor = signed_in(username)
        values = {**token_of(visitor), "password": "mine now!", "again": "mine now!"}
        for what in ("", "/lock", "/sign-out", "/codes-off", "/remove", "/password"):
            assert visitor.post(path + what, values).status == status, (username, path, what)
    assert signed_in("north-auditor").open(nora).status == 200
    assert signed_in("south").open("/console/me").status == 200


def test_a_lock_ends_everything_at_once_until_it_is_taken_off(signed_in: SignedIn, application: InProcess) -> None:
    visitor, south, path = signed_in("telco"), signed_in("south"), page_of(application, "south")
    visitor.open(path)
    page = visitor.send(f"{path}/lock")
    assert "Locked: signed out everywhere" in page.main
    assert "Nowhere." in page.main
    assert south.open("/console/me").path.startswith("/console/sign-in")
    assert Visitor(application).sign_in("south").status == 401
    assert "can sign in" in visitor.send(f"{path}/unlock").main
    assert Visitor(application).sign_in("south").status == 200


def test_signing_somebody_out_leaves_the_password(signed_in: SignedIn, application: InProcess) -> None:
    visitor, path = signed_in("telco"), page_of(application, "south")
    token = Client(application, "south")("user/login", want_token=1).data.get("auth_token", "")
    south = signed_in("south")
    visitor.open(path)
    assert "Signed out everywhere." in visitor.send(f"{path}/sign-out").main
    assert south.open("/console/me").path.startswith("/console/sign-in")
    assert not token or Client(application, "")("user/login", auth_token=token).code == "401"
    assert signed_in("south").open("/console/me").status == 200


def test_failures_are_shown_and_forgotten_by_unlocking(signed_in: SignedIn, application: InProcess) -> None:
    stranger = Visitor(application)
    for _ in range(Settings().login_failures_max):
        stranger.open("/console/sign-in")
        stranger.send("/console/sign-in", username="south", password="wrong")
    visitor, path = signed_in("telco"), page_of(application, "south")
    assert "failed too often" in visitor.open(f"{PEOPLE}?q=south").main
    assert "Too many logins failed from 127.0.0.1" in visitor.open(path).main
    visitor.send(f"{path}/unlock")
    assert signed_in("south").open("/console/me").status == 200


def test_a_new_password_ends_what_the_old_one_opened(signed_in: SignedIn, application: InProcess) -> None:
    visitor, south, path = signed_in("telco"), signed_in("south"), page_of(application, "south")
    visitor.open(f"{path}/password")
    assert visitor.send(f"{path}/password", password="short").status == 422
    page = visitor.send(f"{path}/password", password="another one", again="another one")
    assert "The password is another one now" in page.main
    assert south.open("/console/me").path.startswith("/console/sign-in")
    assert Visitor(application).sign_in("south").status == 401
    assert signed_in("south", "another one").open("/console/me").status == 200


def test_a_removed_person_never_gets_in_again(signed_in: SignedIn, application: InProcess) -> None:
    visitor, south, path = signed_in("telco"), signed_in("south"), page_of(application, "south")
    assert "never gets in again" in visitor.open(f"{path}/remove").main
    page = visitor.send(f"{path}/remove")
    assert "The person is removed." in page.main
    assert "south" not in [row[0] for row in page.rows]
    assert south.open("/console/me").path.startswith("/console/sign-in")
    assert visitor.open(path).status == 404
    assert "Nobody is found by this" in visitor.open(f"{PEOPLE}?q=south").main


def test_nobody_locks_or_removes_themselves_or_sets_their_password_without_the_old_one(
    signed_in: SignedIn, application: InProcess
) -> None:
    visitor, path = signed_in("telco"), page_of(application, "telco")
    page = visitor.open(path)
    assert "Your own password" in page.main
    values = {**token_of(visitor), "password": "another one", "again": "another one"}
    assert "Nobody may lock themselves out." in visitor.post(f"{path}/lock", values).main
    assert "Nobody may delete themselves." in visitor.post(f"{path}/remove", values).main
    assert visitor.post(f"{path}/password", values).status == 404
    assert visitor.post(f"{path}/codes-off", values).status == 404
    assert visitor.open(f"{path}/password").status == 404


def test_nobody_shuts_out_the_address_that_they_have(signed_in: SignedIn, application: InProcess) -> None:
    visitor, path = signed_in("telco"), page_of(application, "telco")
    visitor.open(path)
    page = visitor.send(path, email="t@example.com", source="203.0.113.0/24")
    assert page.status == 422
    assert "You would lock yourself out" in page.main
    visitor.open(path)
    assert "Saved." in visitor.send(path, email="t@example.com", source="127.0.0.0/8").main


def test_codes_of_somebody_else_are_turned_off(signed_in: SignedIn, application: InProcess) -> None:
    visitor, path = signed_in("telco"), page_of(application, "north-with-codes")
    page = visitor.open(path)
    assert SECRET not in page.answer.body.decode()
    assert "One-time codes are off" in visitor.send(f"{path}/codes-off").main
    assert signed_in("north-with-codes").open("/console/me").status == 200


def test_ones_own_password_wants_the_old_one(signed_in: SignedIn, application: InProcess) -> None:
    visitor, elsewhere = signed_in("south"), signed_in("south")
    visitor.open("/console/me/password")
    new = {"password": "another one", "again": "another one"}
    page = visitor.send("/console/me/password", old="wrong", **new)
    assert page.status == 422
    assert "That is not your password" in page.main
    assert "another one" not in page.answer.body.decode()
    page = visitor.send("/console/me/password", old="password", **new)
    assert "Your password is changed" in page.main
    for each in (visitor, elsewhere):
        assert each.open("/console/me").path.startswith("/console/sign-in")
    assert signed_in("south", "another one").open("/console/me").status == 200


def test_guesses_at_ones_own_password_count_as_those_of_signing_in(signed_in: SignedIn, application: InProcess) -> None:
    visitor = signed_in("south")
    visitor.open("/console/me/password")
    new = {"password": "another one", "again": "another one"}
    for number in range(Settings().login_failures_max):
        visitor.send("/console/me/password", old=f"guess {number}", **new)
    assert visitor.send("/console/me/password", old="password", **new).status == 422
    assert Visitor(application).sign_in("south").status == 401


def test_one_time_codes_are_set_up_with_a_code_and_turned_off_with_one(
    signed_in: SignedIn, application: InProcess, acme_url: str
) -> None:
    visitor = signed_in("south")
    visitor.open("/console/me/codes")
    page = visitor.send("/console/me/codes")
    (uri,) = [word for word in page.main.split() if word.startswith("otpauth://")]
    secret = pyotp.parse_uri(uri).secret
    assert secret in page.main.split()
    page = visitor.send("/console/me/codes/confirm", code="12")
    assert page.status == 422
    assert "A secret was shown to you" in visitor.open("/console/me/codes").main
    for path in ("/console/me", "/console/me/codes"):
        assert secret not in visitor.open(path).answer.body.decode()
    page = visitor.send("/console/me/codes/confirm", code=pyotp.TOTP(secret).now())
    assert "One-time codes are on" in page.main
    assert visitor.open("/console/me").path.startswith("/console/sign-in")
    assert "six digits" in visitor.sign_in("south").main
    telco = signed_in("telco")
    for path in ("/console/audit", page_of(application, "south"), PEOPLE):
        assert secret not in telco.open(path).answer.body.decode()
    with closing(SqlStore(store_url(acme_url))) as store:
        tenant = store.tenant_called("telco")
        assert tenant is not None
        with store.reading(tenant.tenant_id) as reader:
            assert not any(secret in str(entry) for entry in reader.find(AuditFact))
            assert [row.totp_secret for row in reader.find(PersonFact, username="south")] == [secret]


def test_codes_are_turned_off_by_their_owner_with_a_code(visitor: Visitor, application: InProcess) -> None:
    totp = pyotp.TOTP(SECRET)
    visitor.sign_in("north-with-codes")
    used = totp.now()
    assert visitor.send("/console/sign-in", code=used).status == 200
    visitor.open("/console/me/codes")
    for code in ("", "000000", used):
        assert visitor.send("/console/me/codes/off", code=code).status == 422, code
    values = token_of(visitor)
    assert visitor.post("/console/me/codes", values).path == "/console/me/codes"
    visitor.open("/console/me/codes")
    page = visitor.send("/console/me/codes/off", code=totp.at(int(time.time()) + 30))
    assert "One-time codes are off" in page.main
    assert Visitor(application).sign_in("north-with-codes").path == "/console/me"


def test_who_may_only_read_themselves_changes_nothing(signed_in: SignedIn) -> None:
    visitor = signed_in("north-auditor")
    values = {**token_of(visitor), "old": "password", "password": "another one", "again": "another one"}
    assert "/console/me/password" not in visitor.page.links
    for path in ("/console/me/password", "/console/me/codes"):
        assert visitor.open(path).status == 403
        assert visitor.post(path, values).status == 403
