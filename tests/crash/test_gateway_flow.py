"""A server killed at any point between the intent and the outcome charges once, or not at all, and says which."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from tests.harness import Server
from tollhouse import crash_points
from tollhouse.ledger.facts import Fact, PaymentFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.schema import sandbox_payments
from tollhouse.store.store import SqlStore

QUICK = {"gateway_timeout_seconds": "1", "resolve_after_seconds": "1"}
SETTLE_SECONDS = 20


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
    assert killed.process.wait(timeout=10) == -9

    server = serve(acme_url, **QUICK)
    answer = settled(server, customer)
    assert answer.status_code == status
    assert books.of(PaymentFact) == 1
    assert books.of(TransactionFact) == books.taken_by_the_gateway() == charges
    assert charge(server, customer).content == answer.content
    assert books.differences() == []
