"""People and roles as the known client sees them: rows, lists, who sees whom, and what a password costs whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess
from tollhouse.apis.enswitch.functions.people import PROFILE, SORTS
from tollhouse.apis.enswitch.routes import people as routes
from tollhouse.ledger.facts import PersonFact, Profile, ProfileFact
from tollhouse.passwords import hash_password
from tollhouse.store.queries import people
from tollhouse.store.store import SqlStore

NEW = {"username": "new", "email": "new@example.com", "password": "secret", "role": 5}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed."""
    seen: list[str] = []

    def hash_and_note(password: str) -> str:
        seen.append(password)
        return hash_password(password)

    monkeypatch.setattr(routes, "hash_password", hash_and_note)
    return seen


def test_every_field_is_kept_and_told(telco: Client) -> None:
    profile = {parameter.name: f"some {parameter.name}" for parameter in PROFILE}
    profile |= {"country": "de", "timezone": "Europe/Berlin", "date_format": "MM/DD/YYYY", "time_format": "12"}
    given: dict[str, Any] = {**NEW, "customer": 11, "forename": "F", "surname": "S", "source": "127.0.0.1", **profile}
    person_id = telco("people/create", **given).data["id"]
    row = telco("people/get", id=person_id).data
    wanted = {**given, "country": "DE", "id": person_id, "locked": 0, "totp": 0, "created": row["created"]}
    assert row == {name: value for name, value in wanted.items() if name != "password"}
    assert {parameter.name for parameter in PROFILE} == set(Profile.__struct_fields__)
    for name in ("description", "public_key"):
        assert telco("people/update", id=person_id, **{name: ""}).code == "204"
        assert telco("people/get", id=person_id).data[name] == ""


def test_country_and_time_zone_are_the_customers_at_first(telco: Client) -> None:
    assert telco("customers/update", id=11, country="AT", timezone="Europe/Vienna").code == "204"
    person_id = telco("people/create", **NEW, customer=11).data["id"]
    row = telco("people/get", id=person_id).data
    assert (row["country"], row["timezone"]) == ("AT", "Europe/Vienna")
    assert telco("customers/update", id=11, country="CH").code == "204"
    assert telco("people/get", id=person_id).data["country"] == "AT"


def test_a_person_without_a_profile_has_the_defaults(telco: Client) -> None:
    row = telco("people/get", username="nora").data
    assert (row["date_format"], row["time_format"], row["description"]) == ("YYYY-MM-DD", "24", "")


# Passwords.


@pytest.mark.parametrize("password", ["p", "pässwörd", "; & + = %", " spaces ", "x" * 4000])
def test_any_password_of_at_most_4000_characters_will_do(telco: Client, password: str) -> None:
    assert telco("people/create", **{**NEW, "password": password}).code == "200"
    assert Client(telco.application, "new", password)("user/login").code == "200"
    assert Client(telco.application, "new", password + "x")("user/login").code in ("401", "400")


@pytest.mark.parametrize("password", ["", " ", "x" * 4001])
def test_a_password_that_cannot_be_used_is_refused(telco: Client, password: str) -> None:
    assert telco("people/create", **{**NEW, "password": password}).told == [("400", "password")]
    assert telco("people/update", id=7, password=password).told == [("400", "password")]


def test_a_password_is_hashed_once_and_not_for_a_check(telco: Client, hashed: list[str]) -> None:
    assert telco("people/create", **NEW, validation=1).code == "201"
    assert telco("people/update", id=7, password="other", validation=1).code == "201"
    assert telco("people/create", **{**NEW, "role": "x"}).code == "400"
    assert telco("people/update", id=7, forename="x").code == "204"
    assert hashed == []
    assert telco("people/create", **NEW).code == "200"
    assert telco("people/update", id=7, password="other").code == "204"
    assert hashed == ["secret", "other"]


def test_a_copied_password_is_the_same_and_costs_nothing(telco: Client, hashed: list[str]) -> None:
    copied = {name: value for name, value in NEW.items() if name != "password"}
    assert telco("people/create", **copied, customer=11, copy_password=7).code == "200"
    assert Client(telco.application, "new")("user/login").data["customer"] == 11
    assert hashed == []


def test_hashing_is_bounded_with_checking(telco: Client) -> None:
    """What floods the password pool is refused, and nothing happens."""
    targets = [telco.target("people/create", **{**NEW, "username": f"n{number}"}) for number in range(100)]
    answers = telco.application.gather(*(telco.application.asking("GET", target, key=None) for target in targets))
    statuses = sorted({answer.status for answer in answers})
    assert statuses == [200, 503]
    made = sum(answer.status == 200 for answer in answers)
    assert telco("people/list", count=1).data["count"] == made + 2


# Lists.


def test_people_are_listed_in_any_order_and_by_pages(telco: Client) -> None:
    north = Client(telco.application, "nora")
    for username, forename, surname in (("d", "Ada", "Young"), ("b", "Ada", "Zeta"), ("c", "Eve", "Adams")):
        given = {**NEW, "username": username, "forename": forename, "surname": surname}
        assert telco("people/create", **given, customer=11).code == "200"
    order = {
        "username": ["b", "c", "d", "nora"],
        "forename": ["nora", "d", "b", "c"],
        "surname": ["nora", "c", "d", "b"],
        "fullname": ["nora", "d", "b", "c"],
    }
    assert set(order) == set(SORTS)
    for sort, wanted in order.items():
        assert [row["username"] for row in north("people/list", sort=sort).data] == wanted
        backwards = [row["username"] for row in north("people/list", sort=sort, descending=1).data]
        assert backwards == wanted[::-1]
        page = north("people/list", sort=sort, limit=2, offset=1).data
        assert [row["username"] for row in page] == wanted[1:3]
    assert [row["username"] for row in north("people/list").data] == order["username"]
    assert north("people/list", count=1, limit=1).data == {"count": 4}
    assert north("people/list", pages=1, limit=3).data == [{"offset": 0, "name": "b"}, {"offset": 3, "name": "nora"}]
    assert north("people/list", pages=1).data == [{"offset": 0, "name": "b"}]
    assert telco("people/delete", id=7).code == "204"
    assert telco("people/list", customer=11, count=1).data == {"count": 3}


def test_a_list_that_is_too_long_is_refused(telco: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "ROWS_MAX", 2)
    assert telco("people/list", customer=10).told == [("400", "limit")]
    assert telco("people/list", customer=10, pages=1, limit=1).told == [("400", "limit")]
    assert len(telco("people/list", customer=10, limit=2).data) == 2
    assert len(telco("people/list", customer=10, offset=3).data) == 2
    assert telco("people/list", customer=10, count=1).data == {"count": 5}


# Who sees whom.


def test_resellers_see_their_own_branch_and_one_wording_for_the_rest(telco: Client) -> None:
    application = telco.application
    north, south, nora = (Client(application, name) for name in ("north", "south", "nora"))
    absent = telco.raw("people/get", id=99).body
    for client in (south, nora):
        for function in ("people/get", "people/update", "people/delete", "people/unlock"):
            if (client, function) != (nora, "people/delete"):
                assert client.raw(function, id=3).body == absent
        assert client("people/list", customer=10).told == [("400", "customer")]
        assert client("people/create", **NEW, customer=10).told == [("404", "customer")]
    assert north("people/get", username="nora").data["customer"] == 11
    assert north("people/update", id=7, forename="x").told == [("204", "")]
    assert Client(application, "north-auditor")("people/list", customer=11).code == "200"
    assert Client(application, "north-user")("people/list").code == "200"


def test_one_tenant_is_not_another(telco: Client, acme: Client) -> None:
    for given in ({"id": 7}, {"username": "nora"}, {"email": "codes@north.example"}):
        assert acme("people/get", **given).told == [("404", "id")]
    assert {row["username"] for row in acme("people/list").data} == {"user"}
    assert acme("people/update", id=7, forename="x").told == [("404", "id")]
    assert acme("people/create", **{**NEW, "role": 1, "copy_password": 7, "password": ""}).code == "400"
    assert acme("roles/create", name="Clerk").code == "200"
    assert "Clerk" in {row["name"] for row in acme("roles/list").data}
    assert "Clerk" not in {row["name"] for row in telco("roles/list").data}


def test_whether_a_person_exists_is_told_without_a_login(application: InProcess) -> None:
    client = Client(application)
    client.login = {}
    for given, host, code in (
        ({"username": "nora"}, "telco.example", "200"),
        ({"id": 7}, "TELCO.example:80", "200"),
        ({"email": "Codes@north.example"}, "telco.example", "200"),
        ({"username": "user"}, "telco.example", "404"),
        ({"username": "nora"}, "other.example", "404"),
    ):
        answer = client.raw("people/get", check=1, **given, headers={"host": host})
        assert answer.json()["responses"][0]["code"] == code
        assert answer.json().get("data", {}) == {}


# Escalation.


def test_nobody_climbs(telco: Client) -> None:
    """Whatever an administrator or reseller tries, nobody gets a privilege that they lack."""
    application = telco.application
    for name, roles in (("north-administrator", (1, 2, 4)), ("north", (1, 3, 4)), ("telco-administrator", (1, 2, 4))):
        client = Client(application, name)
        own = client("user/login").data["id"]
        for role in roles:
            assert client("people/update", id=own, role=role).told == [("402", "")]
            assert client("people/create", **{**NEW, "role": role}).told == [("402", "")]
        for function in ("roles/create", "roles/access/set"):
            assert client(function, name="x", role=5, privilege="system", access=1).told == [("402", "")]
    administrator = Client(application, "telco-administrator")
    owner = telco("user/login").data["id"]
    for given in ({"password": "mine"}, {"username": "x"}, {"email": "a@b"}, {"totp": 0}, {"source": "10.0.0.1"}):
        assert administrator("people/update", id=owner, **given).told == [("402", "")]
    for function in ("people/delete", "people/unlock", "user/switch"):
        assert administrator(function, id=owner).told == [("402", "")]
    made = administrator("people/create", **NEW).data["id"]
    assert administrator("people/update", id=made, password="mine").code == "204"
    copied = {name: value for name, value in NEW.items() if name != "password"}
    assert administrator("people/create", **{**copied, "username": "c"}, copy_password=owner).told == [("402", "")]
    assert telco("user/login").code == "200"


def test_a_switched_session_does_not_climb_either(telco: Client) -> None:
    administrator = Client(telco.application, "north-administrator")
    client = Client(telco.application)
    client.login = {"auth_token": administrator("user/switch", id=6, token=1).data["auth_token"]}
    assert client("people/update", id=6, role=3).told == [("402", "")]
    assert client("user/switch", id=3).told == [("402", "")]
    assert client("people/list").code == "200"


# Hostile input.


@pytest.mark.parametrize("text", ["'; DROP TABLE people; --", "\\", "%", "{}", "<b>", "ünï", "😀", "a\nb"])
def test_any_text_is_kept_as_it_is(telco: Client, beside: SqlStore, text: str) -> None:
    given = {**NEW, "username": text, "forename": text, "description": text, "public_key": text}
    person_id = telco("people/create", **given).data["id"]
    row = telco("people/get", username=text).data
    assert [row[name] for name in ("id", "username", "forename", "description", "public_key")] == [
        person_id,
        *[text] * 4,
    ]
    assert Client(telco.application, text, "secret")("user/login").code == "200"
    with beside.reading(4) as reader:
        assert reader.count(PersonFact, username=text) == reader.count(ProfileFact, person_id=person_id) == 1


@pytest.mark.parametrize("function", ["people/create", "people/update", "people/get", "user/switch", "user/login"])
def test_a_text_that_cannot_be_stored_is_refused(telco: Client, function: str) -> None:
    name = {"user/login": "totp_token"}.get(function, "username")
    answer = telco(function, **{**NEW, "id": 7, name: "a\0b"})
    assert ("400", name) in answer.told
