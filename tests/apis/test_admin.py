"""Our own administration: what is refused, and lists in pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest

from tests.harness import SHOP, Answer, InProcess, in_process, provision
from tollhouse.config import Settings
from tollhouse.ledger.facts import CustomerFact, PaymentMethodFact, ScheduleFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit

METHOD = {"customer": "cust_789", "gateway": "sandbox", "token": "pm_card_visa"}
RATE = {"from": "EUR", "to": "USD", "rate": "1.1"}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("keys", {"name": "\0"}),
        ("keys", {"name": "\0", "secret": "sk_test_new"}),
        ("keys", {"secret": ""}),
        ("keys", {"secret": "short"}),
        ("keys", {"secret": "x" * 256}),
        ("payment_methods", {**METHOD, "customer": "\0"}),
        ("payment_methods", {**METHOD, "token": "\0"}),
        ("payment_methods", {**METHOD, "token": "x" * 10_000}),
        ("payment_methods", {**METHOD, "gateway": "paypal"}),
        ("exchange_rates", {**RATE, "to": "EUR"}),
        ("exchange_rates", {**RATE, "time": "0001-01-01T00:00:00+14:00"}),
        ("exchange_rates", {**RATE, "time": "9999-12-31T23:59:59-14:00"}),
    ],
)
def test_nonsense_is_refused(application: InProcess, table: str, row: dict[str, Any]) -> None:
    answer = application.request("POST", f"/admin/v1/{table}", row)
    assert answer.status == 422, answer.body
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b'{"kind": "\\ud800"}'])
def test_a_lone_surrogate_is_refused(application: InProcess, body: bytes) -> None:
    assert application.request("POST", "/admin/v1/keys", body).status in (400, 422)


def test_the_list_of_rates_comes_in_pages(application: InProcess) -> None:
    for day in range(1, 8):
        row = {**RATE, "time": f"2026-01-0{day}T00:00:00Z"}
        assert application.request("POST", "/admin/v1/exchange_rates", row).status == 200
    whole = application.request("GET", "/admin/v1/exchange_rates").json()
    assert whole["meta"] == {"page": 1, "per_page": 50, "total": 8}
    pages = [application.request("GET", f"/admin/v1/exchange_rates?page={n}&per_page=3").json() for n in (1, 2, 3, 4)]
    assert [row for page in pages for row in page["data"]] == whole["data"]
    assert [len(page["data"]) for page in pages] == [3, 3, 2, 0]
    assert pages[1]["meta"] == {"page": 2, "per_page": 3, "total": 8}


def test_a_page_has_at_most_100_rows_and_looks_up_only_their_customers(
    application: InProcess, acme_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlStore(store_url(acme_url))
    with store.reading(1) as reader:
        (ada,) = reader.find(CustomerFact, number=123)
    others = [PaymentMethodFact(1, 1000 + n, ada.number, "sandbox", f"pm_{n}", 0, "succeeded", 0) for n in range(150)]
    with store.unit_of_work(1) as unit:
        unit.insert(others)
    store.close()
    asked: list[Any] = []
    find = Unit.find

    def found(unit: Unit, kind: Any, /, **equals: Any) -> list[Any]:
        if kind is CustomerFact:
            asked.append(equals["number"])
        return find(unit, kind, **equals)

    monkeypatch.setattr(Unit, "find", found)
    first = application.request("GET", "/admin/v1/payment_methods?per_page=1000").json()
    assert (len(first["data"]), first["meta"]) == (100, {"page": 1, "per_page": 100, "total": 151})
    assert {row["customer"] for row in first["data"]} == {"cust_789"}
    assert asked == [[ada.number]]
    second = application.request("GET", "/admin/v1/payment_methods?per_page=100&page=2").json()
    assert len(second["data"]) == 51
    assert application.request("GET", "/admin/v1/payment_methods?page=1000000000").json()["data"] == []


@pytest.mark.parametrize(
    "query",
    [
        *("page=0", "page=x", "page=", "per_page=-1", "page=1000000001", "page=%C2%B2"),
        *(f"page=000000000001{'9' * digits}" for digits in (30, 5000)),
    ],
)
def test_a_page_that_is_no_number_is_refused(application: InProcess, query: str) -> None:
    answer = application.request("GET", f"/admin/v1/keys?{query}")
    assert (answer.status, "must be a whole number" in answer.json()["detail"]) == (422, True)


# Keys.


def keys_listed(application: InProcess) -> dict[str, Any]:
    return {row["name"]: row for row in application.request("GET", "/admin/v1/keys").json()["data"]}


def test_a_key_is_made_once_and_its_text_told_once(application: InProcess) -> None:
    made = application.request("POST", "/admin/v1/keys", {"name": "till", "kind": "secret"}).json()["data"]
    assert made["made"] is True
    assert made["secret"].startswith("sk_")
    assert application.request("GET", "/admin/v1/keys", key=made["secret"]).status == 200
    assert application.request("POST", "/admin/v1/keys", {"name": "till"}).json() == {"data": {"made": False}}
    listed = application.request("GET", "/admin/v1/keys")
    assert made["secret"].encode() not in listed.body
    row = keys_listed(application)["till"]
    assert (row["id"], row["kind"], row["revoked_at"]) == (made["id"], "secret", None)
    given = application.request("POST", "/admin/v1/keys", {"name": "given", "secret": "sk_given_0123"}).json()["data"]
    assert given == {"made": True, "id": keys_listed(application)["given"]["id"]}


def test_a_text_in_use_is_refused(application: InProcess) -> None:
    answer = application.request("POST", "/admin/v1/keys", {"name": "twice", "secret": "sk_test_acme"})
    assert (answer.status, answer.json()) == (422, {"detail": "secret: is in use already."})


def test_a_revoked_key_opens_nothing_at_once(application: InProcess) -> None:
    made = application.request("POST", "/admin/v1/keys", {"name": "till"}).json()["data"]
    assert application.request("GET", "/admin/v1/keys", key=made["secret"]).status == 200
    path = f"/admin/v1/keys/{made['id']}"
    assert application.request("DELETE", path).json() == {"data": {"revoked": True, "was_revoked": False}}
    assert application.request("GET", "/admin/v1/keys", key=made["secret"]).status == 401
    assert application.request("DELETE", path).json() == {"data": {"revoked": True, "was_revoked": True}}
    assert keys_listed(application)["till"]["revoked_at"] is not None
    again = application.request("POST", "/admin/v1/keys", {"name": "till"}).json()["data"]
    assert (again["made"], again["id"] == made["id"]) == (True, False)


def test_a_key_may_revoke_itself(application: InProcess) -> None:
    made = application.request("POST", "/admin/v1/keys", {"name": "till"}).json()["data"]
    assert application.request("DELETE", f"/admin/v1/keys/{made['id']}", key=made["secret"]).status == 200
    assert application.request("GET", "/admin/v1/keys", key=made["secret"]).status == 401


@pytest.mark.parametrize("named_by", ["x", "0" * 12, "%00", "0" * 64])
def test_a_key_that_is_not_there_is_not_found(application: InProcess, named_by: str) -> None:
    assert application.request("DELETE", f"/admin/v1/keys/{named_by}").status == 404


def test_a_key_of_another_tenant_is_not_found(application: InProcess) -> None:
    key = keys_listed(application)["server"]["id"]
    assert application.request("DELETE", f"/admin/v1/keys/{key}", key="sk_test_beta").status == 404
    assert application.request("GET", "/admin/v1/keys").status == 200


# A test tenant's clock.

CLOCKWORK_KEY = "sk_test_clockwork"
#: Of golden/clockwork.toml.
STANDS_AT = "2027-06-16T09:00:00Z"


def clock(application: InProcess, key: str = CLOCKWORK_KEY) -> Any:
    answer = application.request("GET", "/admin/v1/clock", key=key)
    assert answer.status == 200
    return answer.json()


def move(application: InProcess, now: Any, key: str = CLOCKWORK_KEY) -> Answer:
    return application.request("POST", "/admin/v1/clock", {"now": now}, key=key)


def enswitch(application: InProcess, function: str, person: str = "clock", **parameters: object) -> Any:
    query = ";".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
    target = f"/api/json/{function}/?auth_username={person};auth_password=password;{query}"
    answer = application.request("GET", target, key=None).json()
    assert answer["responses"][0]["code"] in ("200", "204"), answer
    return answer.get("data")


def test_a_clock_is_seen_and_moved_on_to_any_time_in_any_zone(application: InProcess) -> None:
    assert clock(application) == {"data": {"now": STANDS_AT}}
    assert application.request("HEAD", "/admin/v1/clock", key=CLOCKWORK_KEY).status == 200
    for given, shown in (
        (STANDS_AT, STANDS_AT),
        ("2027-06-16T11:30:00+02:00", "2027-06-16T09:30:00Z"),
        ("2027-06-16T09:30:00.75Z", "2027-06-16T09:30:00Z"),
        ("2027-06-16T09:30:00.75Z", "2027-06-16T09:30:00Z"),
        ("2041-02-28T23:59:59-10:00", "2041-03-01T09:59:59Z"),
        ("4999-12-31T23:59:59Z", "4999-12-31T23:59:59Z"),
    ):
        answer = move(application, given)
        assert (answer.status, answer.json()) == (200, {"data": {"now": shown, "charged": 0, "plans": 0, "parked": 0}})
        assert clock(application) == {"data": {"now": shown}}


def test_what_falls_due_on_the_way_is_charged_when_the_answer_comes(application: InProcess) -> None:
    own = enswitch(application, "charges/create", name="Own", customer=81, amount=5, period="monthly")["id"]
    enswitch(application, "charges/create", name="Plan", plan=80, amount=6, period="monthly")
    enswitch(application, "charges/create", name="Once", plan=80, amount=7, period="once")
    answer = move(application, "2027-08-15T00:00:00Z").json()["data"]
    assert answer == {"now": "2027-08-15T00:00:00Z", "charged": 2 + 3 * 2, "plans": 1, "parked": 0}
    found = enswitch(application, "transactions/list", customer=81, start=0, end=10**11)
    july, august = 1_814_392_800, 1_817_071_200
    assert sorted(row["time"] for row in found if row["charge"] == own) == [july, august]
    assert len(found) == 5


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "The body is not valid JSON."),
        (b'{"now": "2027-07-01T00:00:00Z"', 400, "The body is not valid JSON."),
        (b'{"now": "2027-07-01T00:00:00Z", "now": "2028-07-01T00:00:00Z"}', 400, "A key is given twice"),
        (b"[]", 422, "The body must be a JSON object."),
        (b'"2027-07-01T00:00:00Z"', 422, "The body must be a JSON object."),
        (b'{"now": "2027-07-01T00:00:00Z", "until": 1}', 422, "There is no 'until' here."),
        (b'{"now": "2027-07-01T00:00:00Z", "\\u0007": 1}', 422, "There is an unknown key."),
        (b"{}", 422, "now: must be a time with a zone, such as 2027-01-31T09:00:00Z."),
        (b'{"now": null}', 422, "now: must be a time with a zone"),
        (b'{"now": 1813399200}', 422, "now: must be a time with a zone"),
        (b'{"now": "2027-07-01"}', 422, "now: must be a time with a zone"),
        (b'{"now": "2027-07-01T00:00:00"}', 422, "now: must be a time with a zone"),
        (b'{"now": "tomorrow"}', 422, "now: must be a time with a zone"),
        (b'{"now": "2027-07-01T00:00:00+99:00"}', 422, "now: must be a time with a zone"),
        (b'{"now": "2027-06-16T08:59:59.999999Z"}', 422, "now: A clock is only moved forward."),
        (b'{"now": "0001-01-01T00:00:00+14:00"}', 422, "now: A clock is only moved forward."),
        (b'{"now": "5000-01-01T00:00:00Z"}', 422, "now: must be before the year 5000."),
        (b'{"now": "9999-12-31T23:59:59-14:00"}', 422, "now: must be before the year 5000."),
    ],
)
def test_a_clock_is_moved_by_nothing_else(application: InProcess, body: bytes, status: int, sentence: str) -> None:
    answer = application.request("POST", "/admin/v1/clock", body, key=CLOCKWORK_KEY)
    assert (answer.status, answer.json()["detail"][: len(sentence)]) == (status, sentence)
    assert clock(application) == {"data": {"now": STANDS_AT}}


@pytest.mark.parametrize("path", ["/admin/v1/clock", "/admin/v1/parked_charges"])
def test_who_may_not_administer_moves_no_clock_and_retries_nothing(application: InProcess, path: str) -> None:
    for method in ("GET", "POST"):
        for key, status in ((None, 401), ("sk_test_nobody", 401), ("pk_test_acme", 403), ("ck_test_acme", 403)):
            assert application.request(method, path, {}, key=key).status == status, key
    refused = application.request("DELETE", path)
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_live_tenant_has_no_clock_and_gets_none(application: InProcess) -> None:
    answer = move(application, "2037-06-17T00:00:00Z", key="sk_test_acme")
    sentence = "now: Only a tenant provisioned with a clock of its own can have its time moved."
    assert (answer.status, answer.json()) == (422, {"detail": sentence})
    assert clock(application, "ak_test_acme") == {"data": {"now": None}}
    assert clock(application) == {"data": {"now": STANDS_AT}}


# A tenant lives by its clock on every door.

TIMED_AT = 2_000_000_000
TIMED = (
    SHOP.replace('slug = "shop"', 'slug = "timed"\nclock = "2033-05-18T03:33:20Z"').replace("test_shop", "test_timed")
    + """
[[roles]]
name = "Owner"
privileges = { user = 1, wholesale = 1, commerce = 1, reports = 1 }
[[people]]
username = "timed"
password = "password"
role = "Owner"
[[customers]]
number = 900
"""
)


@pytest.fixture
def timed(acme_url: str) -> Iterator[InProcess]:
    """The application with a tenant whose clock stands at the second 2,000,000,000."""
    with closing(SqlStore(store_url(acme_url))) as store:
        provision(store, TIMED)
    with in_process(Settings(database_url=acme_url)) as running:
        yield running


def beacon_customer(application: InProcess, name: str) -> Any:
    (found,) = application.request("GET", f"/v1/projects/timed/customers?q={name}", key="sk_test_timed").json()["data"]
    return found


def test_on_beacons_door_the_time_is_the_clocks(timed: InProcess) -> None:
    def charge(**more: object) -> int:
        return timed.request("POST", "/charges", {"user_id": "u-1", "amount": 5, **more}, key="sk_test_timed").status

    assert charge() == 200
    customer = beacon_customer(timed, "u-1")
    assert customer["session"] == {"count": 1, "first_seen_at": TIMED_AT, "last_seen_at": TIMED_AT}
    assert (customer["created_at"], customer["updated_at"]) == (TIMED_AT, TIMED_AT)
    assert customer["charge_summary"]["last_charged_at"] == TIMED_AT
    assert charge(created_at=TIMED_AT + 60) == 200
    assert charge(created_at=TIMED_AT + 3600) == 422, "in the future, by the clock"
    assert move(timed, "2033-05-18T04:33:20Z", "sk_test_timed").status == 200
    assert charge(created_at=TIMED_AT + 3600) == 200, "at once, whatever is remembered of the key"
    session = beacon_customer(timed, "u-1")["session"]
    assert session == {"count": 2, "first_seen_at": TIMED_AT, "last_seen_at": TIMED_AT + 3600}


def test_on_enswitchs_door_the_time_is_the_clocks(timed: InProcess) -> None:
    charge = enswitch(timed, "charges/create", "timed", name="Fee", customer=900, amount=5)["id"]
    enswitch(timed, "charges/charge", "timed", id=charge)
    (transaction,) = enswitch(timed, "transactions/list", "timed", customer=900)
    assert transaction["time"] == TIMED_AT
    assert enswitch(timed, "customers/get", "timed", id=900)["created"] == TIMED_AT
    made = enswitch(timed, "customers/create", "timed", name="New", email="new@example.com", plan=1)["id"]
    assert enswitch(timed, "customers/get", "timed", id=made)["created"] == TIMED_AT


def test_on_kelviqs_door_the_time_is_the_clocks(timed: InProcess) -> None:
    body = {"planIdentifier": "worldwide", "chargePeriod": "ONE_TIME", "customerId": "cust_visa"}
    bought = timed.request("POST", "/api/v1/charges/", body, key="sk_test_timed")
    assert (bought.status, bought.json()["startDate"]) == (201, "2033-05-18")
    assert beacon_customer(timed, "cust_visa")["charge_summary"]["last_charged_at"] == TIMED_AT


# What is parked.


@pytest.fixture
def parked(acme_url: str) -> Iterator[InProcess]:
    """The application with what is parked for acme, of charges 1 to 3 and customers 0 to 2."""
    rows = [
        ScheduleFact(1, charge, customer, "parked", f"2026-0{charge}-01", due * 1_000_000, "", f"reason {due}", 2, 0)
        for charge, customer, due in ((1, 0, 70), (2, 1, 50), (2, 2, 60), (3, 1, 50), (3, 2, 10))
    ]
    done = ScheduleFact(1, 4, 1, "done", "", 0, "", "", 0, 0)
    waiting = ScheduleFact(1, 5, 1, "active", "2099-01-01", 2**52, "", "", 0, 0)
    with closing(SqlStore(store_url(acme_url))) as store, store.unit_of_work(1) as unit:
        unit.insert([*rows, done, waiting])
    with in_process(Settings(database_url=acme_url)) as running:
        yield running


def parked_list(application: InProcess, query: str = "", key: str = "sk_test_acme") -> Any:
    answer = application.request("GET", f"/admin/v1/parked_charges{query}", key=key)
    assert answer.status == 200
    return answer.json()


def retry(application: InProcess, body: Any) -> Answer:
    return application.request("POST", "/admin/v1/parked_charges", body)


def test_what_is_parked_is_listed_in_the_order_in_which_it_fell_due(parked: InProcess) -> None:
    whole = parked_list(parked)
    assert [(row["due"], row["charge"], row["customer"]) for row in whole["data"]] == [
        *((10, 3, 2), (50, 2, 1), (50, 3, 1)),
        *((60, 2, 2), (70, 1, 0)),
    ]
    first = {"charge": 3, "customer": 2, "occurrence": "2026-03-01", "due": 10, "reason": "reason 10", "tries": 2}
    assert whole["data"][0] == first
    assert whole["meta"] == {"page": 1, "per_page": 50, "total": 5}
    pages = [parked_list(parked, f"?page={n}&per_page=2") for n in (1, 2, 3, 4)]
    assert [row for page in pages for row in page["data"]] == whole["data"]
    assert pages[3] == {"data": [], "meta": {"page": 4, "per_page": 2, "total": 5}}
    assert parked_list(parked, key=CLOCKWORK_KEY)["data"] == []


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({}, []),
        ({"charge": 2}, [(3, 2), (3, 1), (1, 0)]),
        ({"charge": 2, "customer": 1}, [(3, 2), (3, 1), (2, 2), (1, 0)]),
        ({"charge": 1, "customer": 0}, [(3, 2), (2, 1), (3, 1), (2, 2)]),
        ({"customer": 1}, [(3, 2), (2, 2), (1, 0)]),
        ({"charge": 2, "customer": 9}, [(3, 2), (2, 1), (3, 1), (2, 2), (1, 0)]),
        ({"charge": 99}, [(3, 2), (2, 1), (3, 1), (2, 2), (1, 0)]),
    ],
)
def test_what_is_parked_falls_due_again_as_it_is_asked(parked: InProcess, body: Any, left: list[Any]) -> None:
    answer = retry(parked, body)
    assert (answer.status, answer.json()) == (200, {"data": {"retried": 5 - len(left)}})
    assert [(row["charge"], row["customer"]) for row in parked_list(parked)["data"]] == left
    assert retry(parked, body).json() == {"data": {"retried": 0}}


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "The body is not valid JSON."),
        ([], 422, "The body must be a JSON object."),
        ({"id": 1}, 422, "There is no 'id' here."),
        ({"charge": "2"}, 422, "charge: must be a number."),
        ({"charge": None}, 422, "charge: must be a number."),
        ({"charge": True}, 422, "charge: must be a number."),
        ({"charge": 2.0}, 422, "charge: must be a number."),
        ({"charge": -1}, 422, "charge: must be a number."),
        ({"charge": 0}, 422, "charge: must be a number."),
        ({"charge": 2, "customer": 2**53}, 422, "customer: must be a number."),
        ({"charge": 2, "customer": [1]}, 422, "customer: must be a number."),
    ],
)
def test_what_is_parked_stays_where_it_is_not_asked_plainly(
    parked: InProcess, body: Any, status: int, sentence: str
) -> None:
    answer = retry(parked, body)
    assert (answer.status, answer.json()) == (status, {"detail": sentence})
    assert parked_list(parked)["meta"]["total"] == 5


def test_very_much_that_is_parked_is_retried_a_thousand_at_a_time(acme_url: str) -> None:
    rows = [ScheduleFact(1, 7, n, "parked", "#1", n, "", "no", 1, 0) for n in range(1, 1201)]
    with closing(SqlStore(store_url(acme_url))) as store, store.unit_of_work(1) as unit:
        unit.insert(rows)
    with in_process(Settings(database_url=acme_url)) as application:
        assert [retry(application, {}).json()["data"]["retried"] for _ in range(3)] == [1000, 200, 0]


# A transaction, explained.

PLAN = {"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "customerId": "cust_789"}


def explained(application: InProcess, which: str, key: str = "sk_test_acme") -> Answer:
    return application.request("GET", f"/admin/v1/transactions/{which}/explain", key=key)


def test_a_purchase_is_explained_by_its_charge_its_order_or_its_number(application: InProcess) -> None:
    charge = application.request("POST", "/api/v1/charges/", {**PLAN, "currencyCode": "USD"}).json()
    told = explained(application, charge["id"]).json()["data"]
    assert told["holds"]
    assert told["transaction"]["gross"] == "49.00"
    assert [step["step"] for step in told["steps"]] == ["price", "line", "rounding", "gross"]
    assert told["steps"][0]["currency_asked"] == "USD"
    assert [(step["step"], step["outcome"]) for step in told["afterwards"]] == [("attempt", "succeeded")]
    assert explained(application, str(told["transaction"]["id"])).json()["data"] == told
    (order,) = application.request("GET", f"/api/v1/orders/?search={charge['id']}").json()["results"]
    assert explained(application, order["id"]).json()["data"] == told


@pytest.mark.parametrize("which", ["404", "ORD-1", "x" * 300, "9" * 30, "%00"])
def test_what_is_no_transaction_has_no_explanation(application: InProcess, which: str) -> None:
    answer = explained(application, which)
    assert (answer.status, answer.json()) == (404, {"detail": "Transaction does not exist."})


def test_nobody_elses_transaction_is_explained(application: InProcess) -> None:
    charge = application.request("POST", "/api/v1/charges/", PLAN).json()
    assert explained(application, charge["id"], key="sk_test_shop").status == 404
