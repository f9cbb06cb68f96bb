"""A whole story through the server with Stripe as the gateway: bought once, declined, not heard, told by event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from stripe import WebhookSignature

from tests.gateways.localstripe import (
    DECLINED,
    DROP_ANSWER,
    GOOD,
    SECRET_KEY,
    SWALLOW,
    WANTS_3DS,
    WEBHOOK_SECRET,
    Localstripe,
    Wire,
    on,
)
from tests.harness import Answer, InProcess, Server, in_process, provisioned_sqlite, sqlite_copy
from tollhouse import crash_points
from tollhouse.config import Settings
from tollhouse.ledger.facts import PaymentAttemptFact, PaymentFact, RefundFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

BUY = {"planIdentifier": "worldwide", "chargePeriod": "ONE_TIME", "customerId": "cust_without_card"}


class Shop:
    def __init__(self, application: InProcess, store: SqlStore, localstripe: Localstripe) -> None:
        self.application = application
        self.store = store
        self.localstripe = localstripe
        (self.tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]

    def pay_with(self, number: str) -> None:
        """From now on the customer pays with this card."""
        row = {
            "customer": "cust_without_card",
            "gateway": "stripe",
            "token": self.localstripe.card(number),
            "default": True,
        }
        assert self.application.request("POST", "/admin/v1/payment_methods", row, key="sk_test_shop").status == 200

    def buy(self, key: str) -> Answer:
        return self.application.request(
            "POST", "/api/v1/charges/", BUY, key="sk_test_shop", headers={"Idempotency-Key": key}
        )

    def buy_until_known(self, key: str) -> Answer:
        until = time.monotonic() + 60
        while (answer := self.buy(key)).status == 504 and time.monotonic() < until:
            self.application.gather(asyncio.sleep(0.05))
        return answer

    def refund(self, amount_units: int, *, status: int) -> None:
        """Of the newest order, with this answer."""
        body = {"orderId": self.newest.order_id, "amountUnits": amount_units}
        answer = self.application.request("POST", "/api/v1/refunds/", body, key="sk_test_shop")
        assert answer.status == status, answer.body

    def rows(self, kind: Any, **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(kind, **equals)

    @property
    def newest(self) -> PaymentFact:
        return max(self.rows(PaymentFact), key=lambda payment: payment.payment_id)

    def taken(self) -> int:
        """How often money was taken for the newest payment."""
        return self.localstripe.taken(self.newest.gateway_key)

    def tell(self, event: Any) -> int:
        """Send one of localstripe's events, as Stripe would."""
        body = msgspec.json.encode(event.to_dict())
        headers = {"Stripe-Signature": WebhookSignature.generate_signature_header(body.decode(), WEBHOOK_SECRET)}
        return self.application.request("POST", "/gateways/stripe/shop", body, key=None, headers=headers).status

    def event_of(self, payment: PaymentFact, event_type: str = "payment_intent.succeeded") -> Any:
        events = self.localstripe.client.v1.events.list({"type": event_type, "limit": 1000}).data
        (event,) = [e for e in events if e.data.object.metadata.to_dict().get("tollhouse_key") == payment.gateway_key]
        return event


@pytest.fixture
def shop(tmp_path: Path, wire: Wire, localstripe: Localstripe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr("tollhouse.workers.resolver.PAUSE_SECONDS", 0.02)
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    settings = Settings(
        database_url=url,
        gateway_timeout_seconds=5,
        resolve_after_seconds=0,
        stripe_secret_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_api_base=wire.base,
    )
    with in_process(settings) as application, closing(SqlStore(store_url(url))) as store:
        yield Shop(application, store, localstripe)
        assert verify(store).differences == []


def test_bought_once_and_told_of_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.pay_with(GOOD)
    first, again = shop.buy("k1"), shop.buy("k1")
    assert (first.status, first.json()["amount"]) == (201, "20.00")
    assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")
    assert shop.taken() == 1
    payment = shop.newest
    assert payment.gateway_reference == shop.localstripe.intents(payment.gateway_key)[0].id
    event = shop.event_of(payment)
    assert [shop.tell(event) for _ in range(2)] == [200, 200]
    assert shop.newest == payment
    assert len(shop.rows(TransactionFact)) == 1
    assert len(shop.rows(PaymentAttemptFact)) == 2
    shop.refund(1500, status=200)
    shop.refund(501, status=400)
    assert [refund.amount for refund in shop.localstripe.refunds(payment.gateway_reference)] == [1500]
    said = "".join(capsys.readouterr())
    assert SECRET_KEY not in said
    assert WEBHOOK_SECRET not in said


@pytest.mark.parametrize(("number", "code"), [(DECLINED, "card_declined"), (WANTS_3DS, "authentication_required")])
def test_declined(shop: Shop, number: str, code: str) -> None:
    shop.pay_with(number)
    first, again = shop.buy("k1"), shop.buy("k1")
    assert (first.status, first.json()["code"]) == (400, code)
    assert again.body == first.body
    assert shop.taken() == 0


@pytest.mark.parametrize(
    ("what", "status", "taken"), [(DROP_ANSWER, 201, 1), (SWALLOW, 400, 0)], ids=["taken", "not taken"]
)
def test_what_was_not_heard_is_found_out(shop: Shop, wire: Wire, what: str, status: int, taken: int) -> None:
    shop.pay_with(GOOD)
    wire.rule = on("/confirm", what)
    assert (shop.buy("k1").status, shop.taken()) == (504, taken)
    pending = shop.application.request("GET", "/admin/v1/pending_payments", key="sk_test_shop").json()["data"]
    assert [(row["order"], row["gateway"], row["amount"]) for row in pending] == [
        (shop.newest.order_id, "stripe", "20.00")
    ]
    wire.rule = on("", "pass")
    assert shop.buy_until_known("k1").status == status
    assert shop.taken() == len(shop.rows(TransactionFact)) == taken


def test_a_refund_that_was_not_heard_is_carried_through(shop: Shop, wire: Wire) -> None:
    shop.pay_with(GOOD)
    assert shop.buy("k1").status == 201
    for what in (DROP_ANSWER, SWALLOW):
        wire.rule = on("/refunds", what)
        shop.refund(700, status=200)
        wire.rule = on("", "pass")
        until = time.monotonic() + 60
        while shop.rows(RefundFact, state="pending") and time.monotonic() < until:
            shop.application.gather(asyncio.sleep(0.05))
    assert shop.newest.refunded_minor == 1400
    assert [refund.amount for refund in shop.localstripe.refunds(shop.newest.gateway_reference)] == [700, 700]


def test_an_event_comes_before_any_look_up_succeeds(shop: Shop, wire: Wire) -> None:
    shop.pay_with(GOOD)

    def mute(method: str, path: str) -> str:
        if path.endswith("/confirm"):
            return DROP_ANSWER
        return SWALLOW if method == "GET" and "payment_intents" in path else "pass"

    wire.rule = mute
    assert shop.buy("k1").status == 504
    assert shop.tell(shop.event_of(shop.newest)) == 200
    assert shop.buy("k1").status == 201
    assert shop.taken() == len(shop.rows(TransactionFact)) == 1


def test_localstripe_tells_a_running_server_itself(
    serve: Callable[..., Server], acme_url: str, wire: Wire, localstripe: Localstripe
) -> None:
    server = serve(
        acme_url,
        gateway_timeout_seconds="5",
        resolve_after_seconds="600",
        stripe_secret_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_api_base=wire.base,
    )
    hook = {"url": f"{server.base}/gateways/stripe/shop", "secret": WEBHOOK_SECRET}
    httpx.post(f"{localstripe.base}/_config/webhooks/shop", json=hook, trust_env=False).raise_for_status()
    wire.rule = on("/confirm", DROP_ANSWER)
    method = {"customer": "cust_without_card", "gateway": "stripe", "token": localstripe.card(), "default": True}
    with server.client("sk_test_shop") as client:
        client.post("/admin/v1/payment_methods", json=method).raise_for_status()

        def buy() -> int:
            return client.post("/api/v1/charges/", json=BUY, headers={"Idempotency-Key": "k1"}).status_code

        assert buy() == 504
        until = time.monotonic() + 60
        while (status := buy()) == 504 and time.monotonic() < until:
            time.sleep(0.05)
        assert status == 201
    assert SECRET_KEY not in server.log()
    httpx.post(f"{localstripe.base}/_config/webhooks/shop", json={**hook, "events": ["none"]}, trust_env=False)


@pytest.mark.parametrize(
    ("point", "status", "taken"),
    [(crash_points.INTENT_COMMITTED, 400, 0), (crash_points.GATEWAY_ANSWERED, 201, 1)],
)
def test_a_server_that_dies_on_the_way(
    serve: Callable[..., Server], acme_url: str, localstripe: Localstripe, point: str, status: int, taken: int
) -> None:
    settings = {
        "gateway_timeout_seconds": "2",
        "resolve_after_seconds": "0",
        "stripe_secret_key": SECRET_KEY,
        "stripe_api_base": localstripe.base,
    }
    method = {"customer": "cust_without_card", "gateway": "stripe", "token": localstripe.card(), "default": True}
    killed = serve(acme_url, crash_point=point, **settings)
    with killed.client("sk_test_shop") as client:
        client.post("/admin/v1/payment_methods", json=method).raise_for_status()
        with pytest.raises(httpx.TransportError):
            client.post("/api/v1/charges/", json=BUY, headers={"Idempotency-Key": "k1"})
    killed.process.wait(timeout=60)
    with serve(acme_url, **settings).client("sk_test_shop") as client:
        until = time.monotonic() + 60
        answer = client.post("/api/v1/charges/", json=BUY, headers={"Idempotency-Key": "k1"})
        while answer.status_code == 504 and time.monotonic() < until:
            time.sleep(0.05)
            answer = client.post("/api/v1/charges/", json=BUY, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == status
    with closing(SqlStore(store_url(acme_url))) as store:
        (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]
        with store.reading(tenant.tenant_id) as reader:
            (payment,) = reader.find(PaymentFact)
        assert verify(store).differences == []
    assert localstripe.taken(payment.gateway_key) == taken
