"""Whoever sends events may be killed at any point: each arrives all the same, under the same id and in its turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness import SHOP, Postgres, Server, TestClock, environment, provision
from tests.receiver import Receiver, receiving
from tollhouse import crash_points
from tollhouse.ledger.commands import StartPurchase
from tollhouse.ledger.facts import DeliveryFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.engine import store_url
from tollhouse.store.schema import deliveries
from tollhouse.store.store import SqlStore

PURCHASE = ["order.created", "invoice.created", "invoice.paid", "subscription.created"]
CHARGE = {"planIdentifier": "giveaway", "chargePeriod": "ONE_TIME", "customerId": "cust_visa"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def provide(url: str, receiver: Receiver) -> None:
    file = SHOP.replace('slug = "shop"', 'slug = "shop"\nprivate_webhooks = true', 1)
    with closing(SqlStore(store_url(url))) as store:
        provision(store, f'{file}\n[[webhook_endpoints]]\nurl = "{receiver.url}"\nsecret = "kq_whsec_test"\n')


def let_claims_pass(url: str) -> None:
    """As if the time of every claim were over."""
    with closing(SqlStore(store_url(url))) as store, store.writing_rows() as connection:
        connection.execute(deliveries.update().where(deliveries.c.state == "pending").values(due_at=0))


@pytest.mark.parametrize(
    ("point", "before"), [(crash_points.DELIVERY_CLAIMED, []), (crash_points.DELIVERY_SENT, ["order.created"])]
)
def test_an_event_whose_sender_was_killed_is_sent_again(
    serve: Callable[..., Server], acme_url: str, receiver: Receiver, point: str, before: list[str]
) -> None:
    provide(acme_url, receiver)
    killed = serve(acme_url, crash_point=point)
    with killed.client("sk_test_shop") as client:
        assert client.post("/api/v1/charges/", json=CHARGE).status_code == 201
    assert killed.process.wait(timeout=60) == -signal.SIGKILL
    assert receiver.types == before
    let_claims_pass(acme_url)
    serve(acme_url)
    receiver.wait_for(len(before) + 4)
    assert receiver.types == before + PURCHASE
    assert len({received.headers["webhook-id"] for received in receiver.received[: len(before) + 1]}) == 1
    assert all(received.is_signed_with("kq_whsec_test") for received in receiver.received)


def test_a_worker_sends_too(postgres: Postgres, receiver: Receiver, tmp_path: Path) -> None:
    url = postgres.empty()
    provide(url, receiver)
    with closing(SqlStore(store_url(url))) as store:
        (tenant,) = store.tenants()
        command = StartPurchase(
            tenant_id=tenant.tenant_id,
            plan_identifier="giveaway",
            customer_reference="cust_visa",
            quantities=(),
            currency=None,
            ip_address=None,
            country_of_ip=None,
            custom_amount=None,
            tax_behavior=None,
            gateways=frozenset({"sandbox"}),
            call_seconds=8,
            resolve_after_seconds=30,
            shows_features=True,
        )
        Ledger(store, TestClock()).execute(command)
        with (tmp_path / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tollhouse", "worker"], env=environment(url), stdout=log, stderr=log
            )
        try:
            receiver.wait_for(4)
            worker.terminate()
            assert worker.wait(timeout=60) == 0
        finally:
            if worker.poll() is None:
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
        assert receiver.types == PURCHASE
        with store.reading(tenant.tenant_id) as reader:
            assert {row.state for row in reader.find(DeliveryFact)} == {"delivered"}
