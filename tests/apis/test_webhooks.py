"""Webhooks from outside: endpoints are administered, what happens is told, and the log says how that went."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from tests.harness import SHOP, Answer, InProcess, in_process, migrated_sqlite, provision, sqlite_copy
from tests.receiver import Receiver, receiving
from tollhouse.apis.kelviq.openapi import DOCUMENT
from tollhouse.config import Settings
from tollhouse.store.engine import store_url
from tollhouse.store.schema import delivery_attempts
from tollhouse.store.store import SqlStore

VENDORS = Path(__file__).parents[3] / "shared" / "reference" / "kelviq-openapi.json"
PURCHASE = ["order.created", "invoice.created", "invoice.paid", "subscription.created"]
CHARGE = {"planIdentifier": "worldwide", "chargePeriod": "ONE_TIME", "customerId": "cust_visa"}
ENDPOINTS = "/admin/v1/webhook_endpoints"
DELIVERIES = "/admin/v1/webhook_deliveries"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


class Shop:
    """The shop, which may send to private addresses, in a whole application."""

    def __init__(self, application: InProcess, database_url: str) -> None:
        self.application = application
        self.database_url = database_url

    def ask(self, method: str, target: str, body: Any = b"", key: str | None = "sk_test_shop") -> Answer:
        return self.application.request(method, target, body, key=key)

    def made(self, url: str, **values: Any) -> dict[str, Any]:
        answer = self.ask("POST", ENDPOINTS, {"url": url, **values})
        assert answer.status == 200, answer.body
        endpoint: dict[str, Any] = answer.json()["data"]
        return endpoint

    def buy(self) -> None:
        assert self.ask("POST", "/api/v1/charges/", CHARGE).status == 201

    def log(self, query: str = "") -> dict[str, Any]:
        answer = self.ask("GET", f"/api/v1/webhook/logs/{query}")
        assert answer.status == 200, answer.body
        page: dict[str, Any] = answer.json()
        return page

    def log_of(self, count: int) -> list[dict[str, Any]]:
        """The log once it has so many rows: the application goes on while it is asked."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            page = self.log("?page_size=100")
            if page["count"] >= count:
                rows: list[dict[str, Any]] = page["results"]
                return rows
            time.sleep(0.01)
        raise AssertionError(self.log())

    def deliveries(self, query: str = "") -> list[tuple[str, str]]:
        rows = self.ask("GET", DELIVERIES + query).json()["data"]
        return [(row["event_type"], row["state"]) for row in rows]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    url = sqlite_copy(migrated_sqlite(), tmp_path)
    with closing(SqlStore(store_url(url))) as store:
        provision(store, SHOP.replace('slug = "shop"', 'slug = "shop"\nprivate_webhooks = true', 1))
        provision(store, '[tenant]\nslug = "public"\n[[keys]]\nsecret = "sk_test_public"\n')
    with in_process(Settings(database_url=url, webhook_retry_seconds="0 0 0")) as application:
        yield Shop(application, url)


# Endpoints.


def test_an_endpoint_is_made_read_changed_and_removed(shop: Shop) -> None:
    made = shop.made("http://127.0.0.1:9/hook", events=["order.created"], description="Orders")
    secret = made.pop("secret")
    assert secret.startswith("kq_whsec_")
    assert made.pop("made") is True
    assert made["events"] == ["order.created"]
    assert (made["description"], made["state"], made["secret_changes_at"]) == ("Orders", "enabled", None)
    path = f"{ENDPOINTS}/{made['id']}"
    assert shop.ask("GET", path).json() == {"data": made}
    assert shop.ask("GET", ENDPOINTS).json() == {"data": [made], "meta": {"page": 1, "per_page": 50, "total": 1}}
    changes = {"events": ["*"], "state": "disabled", "description": "All", "url": "http://127.0.0.1:9/other"}
    changed = shop.ask("PATCH", path, changes).json()["data"]
    assert {name: changed[name] for name in changes} == changes
    assert shop.ask("DELETE", path).json() == {"data": {"removed": True}}
    for method in ("GET", "DELETE"):
        assert shop.ask(method, path).status == 404
    assert shop.ask("PATCH", path, {}).status == 404
    assert shop.ask("GET", ENDPOINTS).json()["data"] == []
    assert secret not in str(changed)


def test_the_same_url_again_changes_the_endpoint_and_not_its_secret(shop: Shop) -> None:
    made = shop.made("http://127.0.0.1:9/hook", secret="kq_whsec_given")
    assert "secret" not in made
    again = shop.made("http://127.0.0.1:9/hook", events=["order.created"])
    assert (again["made"], again["id"], again["events"]) == (False, made["id"], ["order.created"])
    assert "secret" not in again


def test_a_secret_is_rotated(shop: Shop) -> None:
    path = f"{ENDPOINTS}/{shop.made('http://127.0.0.1:9/hook')['id']}/rotate"
    rotated = shop.ask("POST", path, {}).json()["data"]
    assert rotated["secret"].startswith("kq_whsec_")
    assert abs(rotated["secret_changes_at"] - time.time() - 3600) < 60
    given = shop.ask("POST", path, {"secret": "kq_whsec_mine", "after_seconds": 0}).json()["data"]
    assert "secret" not in given
    assert shop.ask("POST", path, {"after_seconds": -1}).status == 422
    assert shop.ask("POST", path, {"secret": "short"}).status == 422


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"url": 5},
        {"url": "ftp://127.0.0.1/"},
        {"url": "http://user:secret@127.0.0.1/"},
        {"url": "http://127.0.0.1/", "events": "*"},
        {"url": "http://127.0.0.1/", "events": []},
        {"url": "http://127.0.0.1/", "events": ["charge.completed"]},
        {"url": "http://127.0.0.1/", "secret": "short"},
        {"url": "http://127.0.0.1/", "typo": 1},
        [],
    ],
)
def test_nonsense_is_refused(shop: Shop, row: Any) -> None:
    answer = shop.ask("POST", ENDPOINTS, row)
    assert answer.status == 422
    assert answer.json()["detail"]
    assert shop.ask("POST", ENDPOINTS, b"{").status == 400
    assert shop.ask("GET", ENDPOINTS).json()["data"] == []


def test_nonsense_changes_nothing(shop: Shop) -> None:
    made = shop.made("http://127.0.0.1:9/hook")
    path = f"{ENDPOINTS}/{made['id']}"
    for changes in ({"state": "removed"}, {"events": ["x"]}, {"secret": "kq_whsec_x"}, {"url": "nowhere"}):
        assert shop.ask("PATCH", path, changes).status == 422
    assert shop.ask("GET", path).json()["data"]["url"] == made["url"]
    assert shop.ask("PUT", path).headers["allow"] == "GET, HEAD, PATCH, DELETE"
    assert shop.ask("GET", f"{ENDPOINTS}/{made['id']}/other").status == 404
    assert shop.ask("GET", f"{ENDPOINTS}/%00").status == 404


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://2130706433/", "http://127.1/"]
)
def test_a_tenant_names_public_addresses_alone_unless_it_may_others(shop: Shop, url: str) -> None:
    answer = shop.ask("POST", ENDPOINTS, {"url": url}, key="sk_test_public")
    assert answer.status == 422
    assert "public internet" in answer.json()["detail"]


def test_nothing_is_seen_of_another_tenant(shop: Shop) -> None:
    made = shop.made("http://127.0.0.1:9/hook")
    path = f"{ENDPOINTS}/{made['id']}"
    other = "sk_test_public"
    for method, target in (("GET", path), ("DELETE", path), ("GET", f"{DELIVERIES}?endpoint={made['id']}")):
        assert shop.ask(method, target, key=other).status == 404
    assert shop.ask("PATCH", path, {"state": "disabled"}, key=other).status == 404
    assert shop.ask("POST", f"{path}/rotate", {}, key=other).status == 404
    assert shop.ask("POST", DELIVERIES, {"endpoint": made["id"]}, key=other).status == 404
    assert shop.ask("GET", ENDPOINTS, key=other).json()["data"] == []
    assert shop.ask("GET", ENDPOINTS, key=None).status == 401


# What happens is told.


def test_a_charge_is_told_and_logged(shop: Shop, receiver: Receiver) -> None:
    secret = shop.made(receiver.url)["secret"]
    endpoint = shop.ask("GET", ENDPOINTS).json()["data"][0]["id"]
    shop.buy()
    rows = shop.log_of(4)
    assert [row["eventType"] for row in rows] == [*reversed(PURCHASE)]
    assert receiver.types == PURCHASE
    assert all(received.is_signed_with(secret) for received in receiver.received)
    for row, received in zip(rows, reversed(receiver.received), strict=True):
        assert row["payload"] == received.event
        assert (row["eventId"], row["endpoint"]) == (received.headers["webhook-id"], endpoint)
        assert (row["statusCode"], row["isSuccess"], row["retryCount"], row["failure"]) == (200, True, 0, "")
    assert len({row["id"] for row in rows}) == 4
    metrics = shop.ask("GET", "/metrics", key=None).body.decode()
    assert 'tollhouse_webhook_deliveries_total{outcome="delivered"} 4.0' in metrics


def test_every_attempt_is_logged_and_what_failed_is_sent_again_by_hand(shop: Shop, receiver: Receiver) -> None:
    receiver.answer = lambda received: 500 if received.event["type"] == "invoice.paid" else 200
    endpoint = shop.made(receiver.url)["id"]
    shop.buy()
    rows = [row for row in shop.log_of(7) if row["eventType"] == "invoice.paid"]
    assert {(row["statusCode"], row["isSuccess"], row["failure"]) for row in rows} == {(500, False, "status_500")}
    assert sorted(row["retryCount"] for row in rows) == [0, 1, 2, 3]
    assert len({row["eventId"] for row in rows}) == 1
    failed = [("invoice.paid", "failed")]
    assert shop.deliveries("?state=failed") == failed
    assert shop.deliveries(f"?endpoint={endpoint}&event_type=invoice.paid&customer=cust_visa") == failed
    assert sorted(shop.deliveries()) == sorted([*failed, *((t, "delivered") for t in PURCHASE if t != "invoice.paid")])
    assert shop.deliveries("?customer=cust_germany") == shop.deliveries("?customer=nobody") == []
    receiver.answer = lambda _received: 200
    assert shop.ask("POST", DELIVERIES, {"endpoint": endpoint}).json() == {"data": {"replayed": 1}}
    shop.log_of(8)
    assert shop.deliveries("?state=failed") == []
    assert shop.ask("POST", DELIVERIES, {"event": rows[0]["eventId"]}).json() == {"data": {"replayed": 1}}
    again = {"event": rows[0]["eventId"], "endpoint": endpoint}
    shop.log_of(9)
    assert shop.ask("POST", DELIVERIES, again).json() == {"data": {"replayed": 1}}
    shop.log_of(10)
    assert receiver.types.count("invoice.paid") == 7


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"event": 5}, 422), ({"event": "nothing"}, 404), ({"endpoint": "nothing"}, 404), ({"all": True}, 422)],
)
def test_what_is_not_there_is_not_sent_again(shop: Shop, body: dict[str, Any], status: int) -> None:
    assert shop.ask("POST", DELIVERIES, body).status == status


def test_deliveries_are_filtered_by_what_there_is(shop: Shop) -> None:
    assert shop.ask("GET", f"{DELIVERIES}?state=lost").status == 422
    assert shop.ask("GET", f"{DELIVERIES}?endpoint=nothing").status == 404
    assert shop.ask("GET", f"{DELIVERIES}?customer=%00").json()["data"] == []
    assert shop.ask("GET", f"{DELIVERIES}?page=0").status == 422


# The log.


def test_the_log_comes_in_pages_and_by_days(shop: Shop, receiver: Receiver) -> None:
    shop.made(receiver.url)
    shop.buy()
    whole = shop.log_of(4)
    pages = [shop.log(f"?page_size=3&page={number}") for number in (1, 2)]
    assert [row for page in pages for row in page["results"]] == whole
    assert (pages[0]["previous"], pages[1]["next"]) == (None, None)
    assert "page=2" in pages[0]["next"]
    today = whole[0]["lastAttempt"][:10]
    assert shop.log(f"?start_date={whole[-1]['lastAttempt'][:10]}&end_date={today}")["count"] == 4
    assert shop.log("?start_date=2001-01-01")["count"] == 4
    assert shop.log("?end_date=2001-01-01")["count"] == shop.log("?start_date=2999-01-01")["count"] == 0
    assert shop.ask("GET", "/api/v1/webhook/logs/?start_date=today").status == 400
    assert shop.ask("GET", "/api/v1/webhook/logs/?page=3").status == 404
    assert shop.ask("GET", "/api/v1/webhook/logs", key="sk_test_public").json()["count"] == 0


def test_the_log_goes_back_thirty_days(shop: Shop, receiver: Receiver) -> None:
    shop.made(receiver.url)
    shop.buy()
    shop.log_of(4)
    with closing(SqlStore(store_url(shop.database_url))) as store, store.writing_rows() as connection:
        day_us = 86_400 * 1_000_000
        for days, event_type in ((31, "order.created"), (29, "invoice.paid")):
            old = delivery_attempts.c.event_type == event_type
            connection.execute(
                delivery_attempts.update().where(old).values(started_at=time.time_ns() // 1000 - days * day_us)
            )
    assert [row["eventType"] for row in shop.log()["results"]] == [
        "subscription.created",
        "invoice.created",
        "invoice.paid",
    ]
    assert shop.log("?start_date=2001-01-01")["count"] == 3


def test_the_log_is_as_it_is_described(shop: Shop, receiver: Receiver) -> None:
    shop.made(receiver.url)
    receiver.answer = lambda _received: 500
    shop.buy()
    shop.log_of(4)
    page = shop.log()
    assert faults(DOCUMENT, "/api/v1/webhook/logs/", page) == []
    if VENDORS.exists():
        assert faults(msgspec.json.decode(VENDORS.read_bytes()), "/webhook/logs/", page) == []


def faults(document: dict[str, Any], path: str, body: Any) -> list[str]:
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    whole = _resolved(schema, document["components"]["schemas"])
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [str(error) for error in validator.iter_errors(body)]


def _resolved(schema: Any, components: dict[str, Any]) -> Any:
    """With its references put in, and OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_resolved(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(components[schema["$ref"].rpartition("/")[2]], components)
    plain = {name: _resolved(value, components) for name, value in schema.items()}
    if plain.pop("nullable", False):
        plain["type"] = [plain["type"], "null"]
    return plain
