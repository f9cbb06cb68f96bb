"""Who calls: what a changed password, role or lock does, and when, and what checking a password costs whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import hash_once, in_process
from tollhouse.apis.people import login
from tollhouse.config import Settings
from tollhouse.ledger.facts import CustomerFact, PersonFact, RoleFact
from tollhouse.passwords import NOBODY
from tollhouse.store.store import SqlStore


def change(store: SqlStore, kind: Any, key: dict[str, Any], **values: Any) -> None:
    (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "telco"]
    with store.unit_of_work(tenant.tenant_id) as unit:
        assert unit.change(kind, key, **values) == 1


def test_a_right_password_is_checked_once_for_a_while(telco: Client, checks: list[str]) -> None:
    for _ in range(3):
        assert telco("charges/list").code == "200"
    assert len(checks) == 1


def test_a_wrong_password_is_never_remembered(telco: Client, checks: list[str]) -> None:
    telco.login["auth_password"] = "wrong"
    for _ in range(2):
        assert telco("charges/list").code == "401"
    assert len(checks) == 2


def test_an_unknown_name_costs_what_a_known_one_does(telco: Client, checks: list[str]) -> None:
    telco.login["auth_username"] = "nobody"
    assert telco("charges/list").code == "401"
    assert checks == [NOBODY]


def test_a_password_may_be_remembered_for_no_time(acme_url: str, checks: list[str]) -> None:
    with in_process(Settings(database_url=acme_url, password_cache_seconds=0)) as application:
        for _ in range(2):
            assert Client(application, "telco")("charges/list").code == "200"
    assert len(checks) == 2


def test_a_changed_password_counts_at_once(telco: Client, beside: SqlStore) -> None:
    assert telco("charges/list").code == "200"
    change(beside, PersonFact, {"username": "telco"}, password_hash=hash_once("pässword"))
    assert telco("charges/list").code == "401"
    telco.login["auth_password"] = "pässword"
    assert telco("charges/list").code == "200"


def test_a_lock_counts_at_once_and_looks_like_a_wrong_password(telco: Client, beside: SqlStore) -> None:
    assert telco("charges/list").code == "200"
    change(beside, PersonFact, {"username": "telco"}, locked=1)
    locked = telco.raw("charges/list").body
    telco.login["auth_password"] = "wrong"
    assert telco.raw("charges/list").body == locked
    change(beside, PersonFact, {"username": "telco"}, locked=0)
    telco.login["auth_password"] = "password"
    assert telco("charges/list").code == "200"


def test_a_changed_role_counts_at_once(telco: Client, beside: SqlStore) -> None:
    assert telco("charges/list").code == "200"
    change(beside, RoleFact, {"name": "Owner"}, privileges='{"commerce": 2}')
    assert telco("charges/list").code == "200"
    assert telco("charges/charge", id=1).code == "402"
    change(beside, RoleFact, {"name": "Owner"}, privileges="{}")
    assert telco("charges/list").code == "402"


def test_the_people_of_a_customer_that_is_gone_may_not_log_in(beside: SqlStore, telco: Client) -> None:
    north = Client(telco.application, "north")
    assert north("charges/list").code == "200"
    change(beside, CustomerFact, {"number": 10}, deleted_at=1)
    assert north("charges/list").code == "401"


def test_what_is_remembered_is_bounded(telco: Client, checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "REMEMBERED_MAX", 2)
    names = ["telco", "north", "south", "nora"]
    clients = [Client(telco.application, name) for name in names]
    for client in clients:
        assert client("charges/list").code == "200"
    assert len(checks) == 4
    for client in reversed(clients):
        assert client("charges/list").code == "200"
    assert len(checks) == 6


def test_the_setting_forbids_charges_on_ones_own_customer(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, self_charges=0)) as application:
        nora, north = Client(application, "nora"), Client(application, "north")
        assert nora("charges/create", name="x", customer=11).told == [("400", "customer")]
        assert north("charges/create", name="x", customer=11).told == [("200", "")]


def test_nobody_credits_themselves(telco: Client) -> None:
    nora = Client(telco.application, "nora")
    assert nora("charges/create", name="x", customer=11, amount="-1").told == [("400", "amount")]
    assert nora("charges/create", name="x", customer=11, amount="1").told == [("200", "")]
    assert telco("charges/create", name="x", customer=1, amount="-1").told == [("200", "")]
