"""A server killed at any point between the intent and the outcome charges once, or not at all, and says which."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from tests.harness import Server
from tollhouse import crash_points
from tollhouse.ledger.facts import Fact, PaymentFact, RefundFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.schema import sandbox_payments, sandbox_refunds
from tollhouse.store.store import SqlStore

QUICK = {"gateway_timeout_seconds": "1", "resolve_after_seconds": "0"}
SETTLE_SECONDS = 60


def charge(server: Server, customer: str, key: str = "k") -> httpx.Response:
    body = {"planIdentifier": "worldwide", "chargePeriod": "ONE_TIME", "customerId": customer}
    with server.client("sk_test_shop") as client:
        return client.post("/api/v1/charges/", json=body, headers={"Idempotency-Key": key})


def settled(server: Server, customer: str) -> httpx.Response:
    """The answer to the same request, once there is one."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        answer = charge(server, customer)
        assert answer.headers["idempotency-replayed"] == "true"
        if answer.status_code != 504:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"the payment stayed open:\n{server.log()}")


class Books:
    def __init__(self, url: str) -> None:
        self._url = url

    def of(self, kind: type[Fact]) -> int:
        with closing(SqlStore(store_url(self._url))) as store:
            (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]
            with store.reading(tenant.tenant_id) as reader:
                return len(reader.find(kind))

    def taken_by_the_gateway(self) -> int:
        with closing(SqlStore(store_url(self._url))) as store, store.reading_rows() as connection:
            taken = sandbox_payments.select().where(sandbox_payments.c.outcome == "succeeded")
            return len(connection.execute(taken).all())

    def given_by_the_gateway(self) -> int:
        with closing(SqlStore(store_url(self._url))) as store, store.reading_rows() as connection:
            given = sandbox_refunds.select().where(sandbox_refunds.c.outcome == "succeeded")
            return sum(row.amount_minor for row in connection.execute(given))

    def differences(self) -> list[str]:
        with closing(SqlStore(store_url(self._url))) as store:
            return verify(store).differences


@pytest.fixture
def books(acme_url: str) -> Books:
    return Books(acme_url)


@pytest.mark.parametrize(
    "case",
    [
        (crash_points.INTENT_COMMITTED, "cust_visa", 400, 0),
        (crash_points.GATEWAY_ANSWERED, "cust_visa", 201, 1),
        (crash_points.GATEWAY_ANSWERED, "cust_declined", 400, 0),
        (crash_points.GATEWAY_ANSWERED, "cust_timeout", 201, 1),
        (crash_points.GATEWAY_ANSWERED, "cust_timeout_unpaid", 400, 0),
        (crash_points.OUTCOME_COMMITTED, "cust_visa", 201, 1),
        (crash_points.OUTCOME_COMMITTED, "cust_declined", 400, 0),
    ],
    ids=lambda case: f"{case[0]} {case[1]}",
)
def test_a_charge_is_made_once_or_not_at_all(
    serve: Callable[..., Server], acme_url: str, books: Books, case: tuple[str, str, int, int]
) -> None:
    point, customer, status, charges = case
    killed = serve(acme_url, crash_point=point, **QUICK)
    with pytest.raises(httpx.TransportError):
        charge(killed, customer)
    assert killed.process.wait(timeout=60) == -9

    server = serve(acme_url, **QUICK)
    answer = settled(server, customer)
    assert answer.status_code == status
    assert books.of(PaymentFact) == 1
    assert books.of(TransactionFact) == books.taken_by_the_gateway() == charges
    assert charge(server, customer).content == answer.content
    assert books.differences() == []


def refund(server: Server, order_id: str, key: str = "r") -> httpx.Response:
    with server.client("sk_test_shop") as client:
        body = {"orderId": order_id, "amountUnits": 1500}
        return client.post("/api/v1/refunds/", json=body, headers={"Idempotency-Key": key})


def refunded(server: Server, order_id: str) -> httpx.Response:
    """The answer to the same refund, once it is not open any more."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        answer = refund(server, order_id)
        assert answer.headers["idempotency-replayed"] == "true"
        if answer.status_code != 200 or answer.json()["status"] != "PROCESSING":
            return answer
        time.sleep(0.1)
    raise AssertionError(f"the refund stayed open:\n{server.log()}")


@pytest.mark.parametrize(
    "case",
    [
        (crash_points.REFUND_INTENT_COMMITTED, "cust_visa", 400, 0),
        (crash_points.REFUND_ANSWERED, "cust_visa", 200, 1500),
        (crash_points.REFUND_ANSWERED, "cust_refund_declined", 400, 0),
        (crash_points.REFUND_ANSWERED, "cust_refund_timeout", 200, 1500),
        (crash_points.REFUND_OUTCOME_COMMITTED, "cust_visa", 200, 1500),
        (crash_points.REFUND_OUTCOME_COMMITTED, "cust_refund_declined", 400, 0),
    ],
    ids=lambda case: f"{case[0]} {case[1]}",
)
def test_a_refund_is_made_once_or_not_at_all(
    serve: Callable[..., Server], acme_url: str, books: Books, case: tuple[str, str, int, int]
) -> None:
    point, customer, status, given = case
    killed = serve(acme_url, crash_point=point, **QUICK)
    assert charge(killed, customer).status_code == 201
    with killed.client("sk_test_shop") as client:
        order_id = client.get("/api/v1/orders/").json()["results"][0]["id"]
    with pytest.raises(httpx.TransportError):
        refund(killed, order_id)
    assert killed.process.wait(timeout=60) == -9

    server = serve(acme_url, **QUICK)
    answer = refunded(server, order_id)
    assert answer.status_code == status
    assert books.of(RefundFact) == 1
    assert books.given_by_the_gateway() == given
    assert books.of(TransactionFact) == 1 + bool(given)
    with server.client("sk_test_shop") as client:
        order = client.get(f"/api/v1/orders/{order_id}/").json()
    assert order["refundedTotalUnits"] == given
    assert refund(server, order_id, "another key").status_code == (400 if given or "declined" in customer else 200)
    assert books.differences() == []
