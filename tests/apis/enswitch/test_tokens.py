"""Tokens: what they stand for, and everything that ends or forges them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import jwt
import msgspec
import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess, hash_once, in_process
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.ledger.facts import CustomerFact, PersonFact, RoleFact
from tollhouse.store.store import SqlStore

WRONG = b'{"responses":[{"code":"401","key":"","message":"The username or password is wrong."}]}'


def token_of(client: Client, **given: Any) -> str:
    answer = client("user/login", token=1, **given)
    assert answer.told == [("200", "")]
    return str(answer.data["auth_token"])


def bearer(application: InProcess, token: str) -> Client:
    client = Client(application)
    client.login = {"auth_token": token}
    return client


def switched(client: Client, **given: Any) -> Client:
    answer = client("user/switch", token=1, **given)
    assert answer.told == [("200", "")]
    return bearer(client.application, answer.data["auth_token"])


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def change(store: SqlStore, kind: Any, key: dict[str, Any], **values: Any) -> None:
    (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "telco"]
    with store.unit_of_work(tenant.tenant_id) as unit:
        assert unit.change(kind, key, **values) == 1


def key_of(store: SqlStore) -> bytes:
    return bytes.fromhex(store.installation_secret("tokens", "00", 0))


# What a token is.


def test_a_token_counts_in_place_of_a_password_and_costs_no_check(telco: Client, checks: list[str]) -> None:
    client = bearer(telco.application, token_of(Client(telco.application, "nora")))
    for _ in range(3):
        assert client("charges/list").code == "200"
    assert client("customers/get", id=11).data["name"] == "Nora"
    assert client("customers/get", id=10).told == [("404", "id")]
    assert len(checks) == 1


def test_the_token_counts_where_both_are_sent(telco: Client) -> None:
    nora = bearer(telco.application, token_of(Client(telco.application, "nora")))
    for both in (telco.login, {"auth_username": "nobody", "auth_password": "wrong"}):
        assert nora("user/login", **both).data["username"] == "nora"
    telco.login["auth_token"] = "x"
    assert telco("user/login").code == "401"


def test_who_logs_in_without_asking_for_a_token_gets_none(telco: Client) -> None:
    assert not {name for name in telco("user/login").data if name.startswith("auth_token")}
    assert not {name for name in telco("user/login", token=0).data if name.startswith("auth_token")}


def test_an_answer_has_neither_hash_nor_secret(telco: Client) -> None:
    answer = Client(telco.application, "north").raw("people/list").body.decode()
    assert "argon2" not in answer
    assert "JBSWY3" not in answer
    assert not {"password", "password_hash", "totp_secret", "token_epoch"} & set(telco("user/login").data)


def test_a_token_tells_when_it_ends(telco: Client) -> None:
    data = telco("user/login", token=1).data
    now = SystemClock().now() // 1_000_000
    assert 3590 <= data["auth_token_expiry"] <= 3600
    assert abs(data["auth_token_expires"] - now - data["auth_token_expiry"]) <= 5
    again = bearer(telco.application, data["auth_token"])("user/login", token=1).data
    assert again["auth_token"] == data["auth_token"]
    assert again["auth_token_expires"] == data["auth_token_expires"]


def test_a_token_holds_no_secret(telco: Client, beside: SqlStore) -> None:
    token = token_of(telco)
    claims = claims_of(token)
    assert set(claims) == {"use", "tenant", "person", "stamp", "exp"}
    (person,) = [p for p in _people(beside) if p.username == "telco"]
    assert person.password_hash not in str(claims)
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    assert len(key_of(beside)) == 32


def test_one_key_serves_the_installation_and_outlives_the_server(acme_url: str, beside: SqlStore) -> None:
    with in_process(Settings(database_url=acme_url)) as application:
        token = token_of(Client(application, "nora"))
        key = key_of(beside)
    with in_process(Settings(database_url=acme_url)) as application:
        assert bearer(application, token)("charges/list").code == "200"
    assert key_of(beside) == key


def test_tokens_may_last_for_ever(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, token_seconds=0)) as application:
        data = Client(application, "nora")("user/login", token=1).data
        assert data["auth_token_expiry"] == 0
        assert "auth_token_expires" not in data
        assert bearer(application, data["auth_token"])("charges/list").code == "200"
    with in_process(Settings(database_url=acme_url)) as application:
        assert bearer(application, data["auth_token"])("charges/list").code == "401"


def test_a_token_ends(telco: Client, pass_seconds: Callable[[int], None]) -> None:
    nora = bearer(telco.application, token_of(Client(telco.application, "nora")))
    pass_seconds(3598)
    assert nora("user/login", token=1).data["auth_token_expiry"] <= 2
    pass_seconds(3)
    assert nora.raw("charges/list").body == WRONG


# What ends it at once.


@pytest.mark.parametrize(
    ("kind", "key", "values"),
    [
        (PersonFact, {"username": "nora"}, {"password_hash": hash_once("other")}),
        (PersonFact, {"username": "nora"}, {"locked": 1}),
        (PersonFact, {"username": "nora"}, {"deleted_at": 1}),
        (PersonFact, {"username": "nora"}, {"token_epoch": 1}),
        (PersonFact, {"username": "nora"}, {"source": "192.0.2.1"}),
        (CustomerFact, {"number": 11}, {"deleted_at": 1}),
    ],
    ids=["password", "lock", "deletion", "epoch", "source", "customer"],
)
def test_what_changes_a_person_ends_the_token_at_once(
    telco: Client, beside: SqlStore, kind: Any, key: dict[str, Any], values: dict[str, Any]
) -> None:
    nora = bearer(telco.application, token_of(Client(telco.application, "nora")))
    assert nora("charges/list").code == "200"
    change(beside, kind, key, **values)
    assert nora.raw("charges/list").body == WRONG


def test_another_role_ends_the_token_and_other_access_counts_at_once(telco: Client, beside: SqlStore) -> None:
    nora = bearer(telco.application, token_of(Client(telco.application, "nora")))
    change(beside, RoleFact, {"name": "Reseller"}, privileges='{"user": 1}')
    assert nora("charges/list").code == "402"
    assert telco("people/update", id=7, role=5).code == "204"
    assert nora("charges/list").code == "401"


def test_a_new_password_ends_the_tokens_of_the_old_one(telco: Client) -> None:
    nora = bearer(telco.application, token_of(Client(telco.application, "nora")))
    assert nora("people/update", id=7, password="new").code == "204"
    assert nora("charges/list").code == "401"
    assert Client(telco.application, "nora", "new")("charges/list").code == "200"


# What is no token.


def _forged(token: str, header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode() for part in (header, claims))
    return ".".join((*parts, signature))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS512", "RS256"])
def test_another_algorithm_is_no_token(telco: Client, algorithm: str) -> None:
    token = token_of(telco)
    claims, signature = claims_of(token), token.rpartition(".")[2]
    for end in ("", signature):
        forged = _forged(token, {"alg": algorithm, "typ": "JWT"}, claims, end)
        assert bearer(telco.application, forged).raw("charges/list").body == WRONG


def test_a_token_that_was_changed_is_none(telco: Client) -> None:
    token = token_of(Client(telco.application, "nora"))
    header, _, signature = token.split(".")
    for changed in ({"person": 1}, {"tenant": 1}, {"exp": 9_999_999_999}, {"use": "totp"}, {"by": [1, "x"]}):
        middle = _forged(token, {}, {**claims_of(token), **changed}).split(".")[1]
        assert bearer(telco.application, f"{header}.{middle}.{signature}").raw("charges/list").body == WRONG
    for text in (token[:-3], token + "x", "." + token, token.replace(".", ".."), "x", "a.b.c", "ä", "." * 1000):
        assert bearer(telco.application, text).raw("charges/list").body == WRONG


@pytest.mark.parametrize(
    "head", ["[" * 2900, '{"a":' * 500, "1" * 2900, '{"alg":"HS256","zip":"DEF"}', '{"alg":1}', "null"]
)
def test_hostile_heads_are_no_fault(telco: Client, head: str) -> None:
    text = base64.urlsafe_b64encode(head.encode()).rstrip(b"=").decode()
    assert bearer(telco.application, f"{text}.e30.e30").raw("charges/list").body == WRONG


def test_a_token_of_another_key_is_none(telco: Client, beside: SqlStore) -> None:
    claims = claims_of(token_of(telco))
    forged = jwt.encode(claims, b"\0" * 32, algorithm="HS256")
    assert bearer(telco.application, forged).raw("charges/list").body == WRONG
    assert (
        bearer(telco.application, jwt.encode(claims, key_of(beside), algorithm="HS256"))("charges/list").code == "200"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"person": 99},
        {"person": 1},
        {"tenant": 1},
        {"tenant": 99},
        {"person": "7"},
        {"person": None},
        {"stamp": ""},
        {"use": "totp"},
        {"use": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"exp": 1e300},
        {"more": 1},
        {"by": [1]},
        {"by": [1, "x"]},
        {"by": [99, "x"]},
    ],
)
def test_claims_that_do_not_fit_are_refused_even_when_signed(
    telco: Client, beside: SqlStore, changed: dict[str, Any]
) -> None:
    """The stamp is of one person of one tenant: nobody else's claims have it."""
    claims = {**claims_of(token_of(Client(telco.application, "nora"))), **changed}
    kept = {name: value for name, value in claims.items() if value is not None}
    signed = jwt.encode(kept, key_of(beside), algorithm="HS256")
    assert bearer(telco.application, signed).raw("charges/list").body == WRONG


# Which system.


def test_a_token_names_its_system(telco: Client) -> None:
    client = bearer(telco.application, token_of(telco))
    for function, given in (("customers/get", {"id": 11}), ("people/get", {"username": "nora"})):
        assert client(function, check=1, **given).code == "200"
        assert bearer(telco.application, "x")(function, check=1, **given).code == "404"


# Switching.


def test_a_switched_token_acts_as_that_person(telco: Client) -> None:
    nora = switched(telco, username="nora")
    assert nora("user/login").data["username"] == "nora"
    assert nora("customers/get", id=10).told == [("404", "id")]
    assert claims_of(nora.login["auth_token"])["by"][0] == telco("user/login").data["id"]
    charge_id = switched(telco, username="north")("charges/create", name="x", customer=11, amount="1").data["id"]
    assert switched(telco, username="north")("charges/charge", id=charge_id).code == "204"
    (row,) = nora("transactions/list").data
    assert row["person"] == 3


@pytest.mark.parametrize(
    "values", [{"password_hash": hash_once("other")}, {"locked": 1}, {"deleted_at": 1}, {"token_epoch": 1}]
)
def test_a_switched_session_ends_with_the_one_who_switched(
    telco: Client, beside: SqlStore, values: dict[str, Any]
) -> None:
    nora = switched(telco, username="nora")
    assert nora("charges/list").code == "200"
    change(beside, PersonFact, {"username": "telco"}, **values)
    assert nora("charges/list").code == "401"


def test_a_switched_session_ends_with_the_right_to_switch(telco: Client, beside: SqlStore) -> None:
    nora = switched(telco, username="nora")
    change(beside, RoleFact, {"name": "Owner"}, privileges='{"user": 1, "administrator": 1}')
    assert nora("charges/list").code == "401"
    change(beside, RoleFact, {"name": "Owner"}, privileges='{"user": 1, "commerce": 1}')
    assert nora("charges/list").code == "401"


def test_a_switched_session_may_what_both_may(telco: Client, beside: SqlStore) -> None:
    nora = switched(telco, username="nora")
    assert nora("charges/list").code == "200"
    change(beside, RoleFact, {"name": "Owner"}, privileges='{"user": 1, "administrator": 1, "wholesale": 2}')
    assert nora("charges/list").code == "401"
    change(beside, RoleFact, {"name": "Owner"}, privileges='{"user": 1, "administrator": 1, "wholesale": 1}')
    assert nora("charges/list").code == "402"
    assert nora("user/login").code == "200"


def test_the_one_who_switched_may_call_from_their_own_addresses(telco: Client, beside: SqlStore) -> None:
    change(beside, PersonFact, {"username": "nora"}, source="192.0.2.1")
    nora = switched(telco, username="nora")
    assert nora("charges/list").code == "200"
    change(beside, PersonFact, {"username": "telco"}, source="192.0.2.1")
    assert nora("charges/list").code == "401"


def test_switching_makes_no_session_longer(telco: Client, beside: SqlStore) -> None:
    """Else whoever once had a token would have one for ever."""
    claims = claims_of(token_of(telco))
    short = {**claims, "exp": claims["exp"] - 1000}
    client = bearer(telco.application, jwt.encode(short, key_of(beside), algorithm="HS256"))
    answer = client("user/switch", id=1, token=1).data
    assert answer["auth_token_expires"] == short["exp"]
    assert client("user/login", token=1).data["auth_token_expires"] == short["exp"]


def test_who_switched_stays_the_first_one(telco: Client, beside: SqlStore) -> None:
    change(beside, RoleFact, {"name": "Reseller"}, privileges='{"user": 1, "administrator": 1, "commerce": 1}')
    nora = switched(switched(telco, username="north"), username="nora")
    assert claims_of(nora.login["auth_token"])["by"][0] == 1
    change(beside, PersonFact, {"username": "telco"}, locked=1)
    assert nora("charges/list").code == "401"


def test_nobody_switches_up_or_aside(telco: Client, beside: SqlStore) -> None:
    application = telco.application
    administrator = Client(application, "north-administrator")
    assert administrator("user/switch", username="north").told == [("402", "")]
    for name in ("telco", "south", "nora", "user", "beta-user"):
        assert administrator("user/switch", username=name).told == [("404", "id")]
    change(beside, PersonFact, {"username": "north-user"}, locked=1)
    assert administrator("user/switch", username="north-user").told == [("404", "id")]


def _people(store: SqlStore) -> list[PersonFact]:
    (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "telco"]
    with store.reading(tenant.tenant_id) as reader:
        return reader.find(PersonFact)
