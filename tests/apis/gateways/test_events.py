"""What a gateway tells by itself: before, after or twice, it changes nothing but once; unsigned, it changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.harness import InProcess, in_process, provisioned_sqlite, sqlite_copy
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.gateways.sandbox_events import SandboxEvent, Seal, event_to_body
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.facts import (
    Fact,
    PaymentAttemptFact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

#: Neither of them is answered in words that are understood, at once.
TAKEN_UNHEARD = "pm_script:charge=take+unknown"
DECLINED_UNHEARD = "pm_script:charge=decline/card_declined+unknown"
PATH = "/gateways/sandbox/shop"


class Shop:
    """The tenant shop in a running application, with its books open beside it."""

    def __init__(self, application: InProcess, store: SqlStore) -> None:
        self.application = application
        self.store = store
        (self.tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]
        self.seal = Seal(store.installation_secret("sandbox_events", "", 0), SystemClock().now)

    def buy(self, token: str = TAKEN_UNHEARD) -> PaymentFact:
        """Pay with this token; the payment as it stands."""
        method = {"customer": "cust_without_card", "gateway": "sandbox", "token": token, "default": True}
        made = self.application.request("POST", "/admin/v1/payment_methods", method, key="sk_test_shop")
        assert made.status == 200, made.body
        body = {"planIdentifier": "worldwide", "chargePeriod": "ONE_TIME", "customerId": "cust_without_card"}
        self.application.request("POST", "/api/v1/charges/", body, key="sk_test_shop")
        return self.payment()

    def payment(self) -> PaymentFact:
        return self.rows(PaymentFact, order=("payment_id",))[-1]

    def rows(self, kind: type[Fact], **how: Any) -> list[Any]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(kind, **how)

    def tell(self, key: str, outcome: str = "succeeded", *, event_id: str = "evt", is_refund: bool = False) -> int:
        """Send an event; the status of the answer."""
        body = event_to_body(SandboxEvent(event_id, self.tenant.tenant_id, key, is_refund, outcome))
        return self.send(body, self.seal.signature(body))

    def send(self, body: bytes, signature: str, *, path: str = PATH, method: str = "POST") -> int:
        headers = {"Sandbox-Signature": signature}
        return self.application.request(method, path, body, key=None, headers=headers).status

    def refund(self, amount_minor: int) -> RefundFact:
        """The intent alone, of the newest payment: as if the process had died before it called the gateway."""
        command = StartRefund(
            tenant_id=self.tenant.tenant_id,
            order_id=self.payment().order_id,
            amount_minor=amount_minor,
            amount=None,
            reason="OTHER",
            internal_note=None,
            gateways=frozenset({"sandbox"}),
            call_seconds=8,
            resolve_after_seconds=600,
        )
        refund: RefundFact = Ledger(self.store, SystemClock()).execute(command).result.refund
        return refund

    def differences(self) -> list[str]:
        return verify(self.store).differences


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr("tollhouse.workers.postman.PAUSE_SECONDS", 0.01)
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    with in_process(Settings(database_url=url)) as application, closing(SqlStore(store_url(url))) as store:
        yield Shop(application, store)


def test_an_event_settles_a_payment_that_was_not_answered(shop: Shop) -> None:
    payment = shop.buy()
    assert payment.state == "pending"
    assert [shop.tell(payment.gateway_key) for _ in range(3)] == [200] * 3
    assert shop.payment().state == "succeeded"
    assert shop.payment().gateway_reference == f"sandbox-{payment.gateway_key}"
    assert len(shop.rows(TransactionFact)) == 1
    assert [a.kind for a in shop.rows(PaymentAttemptFact, order=("attempt_no",))] == ["charge", "event"]
    assert shop.differences() == []


def test_so_does_one_of_a_decline(shop: Shop) -> None:
    payment = shop.buy(DECLINED_UNHEARD)
    assert shop.tell(payment.gateway_key, "card_declined") == 200
    assert (shop.payment().state, shop.payment().decline_code) == ("declined", "card_declined")
    assert shop.differences() == []


def test_an_event_after_the_answer_changes_nothing(shop: Shop) -> None:
    payment = shop.buy("pm_card_visa")
    assert payment.state == "succeeded"
    assert shop.tell(payment.gateway_key) == 200
    assert shop.payment() == payment
    assert len(shop.rows(TransactionFact)) == 1
    assert shop.differences() == []


@pytest.mark.parametrize(
    ("token", "outcome", "state"),
    [("pm_card_visa", "card_declined", "succeeded"), ("pm_card_chargeDeclined", "succeeded", "declined")],
)
def test_a_contradiction_is_not_lost(
    shop: Shop, capsys: pytest.CaptureFixture[str], token: str, outcome: str, state: str
) -> None:
    payment = shop.buy(token)
    assert shop.tell(payment.gateway_key, outcome) == 200
    assert shop.payment().state == state
    assert any(f"is {state}, though the gateway said" in difference for difference in shop.differences())
    assert "an event contradicts what was settled" in "".join(capsys.readouterr())
    metrics = shop.application.request("GET", "/metrics", key=None).body.decode()
    assert "tollhouse_gateway_contradictions_total 1.0" in metrics


def test_what_nobody_knows_is_taken_and_forgotten(shop: Shop) -> None:
    payment = shop.buy()
    for key in ("tollhouse-nobody", "", "x", payment.uid, f"x{payment.gateway_key}", "tollhouse-\0"):
        assert shop.tell(key, is_refund=False) == shop.tell(key, is_refund=True) == 200
    assert shop.payment() == payment


def test_what_is_not_signed_is_refused(shop: Shop) -> None:
    payment = shop.buy()
    body = event_to_body(SandboxEvent("evt", shop.tenant.tenant_id, payment.gateway_key, False, "succeeded"))
    signature = shop.seal.signature(body)
    assert shop.send(body, "") == shop.send(body, Seal("other", SystemClock().now).signature(body)) == 400
    assert shop.send(body + b" ", signature) == 400
    assert shop.send(b"[]", shop.seal.signature(b"[]")) == 400
    assert shop.send(body, signature, path="/gateways/sandbox/acme") == 400
    assert shop.payment() == payment


def test_other_paths_methods_and_sizes(shop: Shop) -> None:
    for path in ("/gateways", "/gateways/sandbox", "/gateways/stripe/shop", "/gateways/sandbox/nobody", PATH + "/x"):
        assert shop.send(b"{}", "", path=path) == 404
    assert shop.send(b"", "", method="GET") == 405
    assert shop.send(b"x" * 1_048_577, "") == 413


def test_the_sandbox_sends_its_events_itself(shop: Shop) -> None:
    shop.buy("pm_script:charge=take+unknown+event+event")
    until = time.monotonic() + 60
    while len(shop.rows(PaymentAttemptFact)) < 2 and time.monotonic() < until:
        shop.application.gather(asyncio.sleep(0.02))
    assert shop.payment().state == "succeeded"
    assert len(shop.rows(PaymentAttemptFact)) == 2
    assert shop.differences() == []


def test_a_refund_is_settled_by_its_event(shop: Shop) -> None:
    shop.buy("pm_card_visa")
    paid, refused = shop.refund(100), shop.refund(100)
    for _ in range(2):
        assert shop.tell(paid.gateway_key, "refund_declined", is_refund=True) == 200
        assert shop.tell(refused.gateway_key, "refund_declined", is_refund=True, event_id="evt2") == 200
    states = [refund.state for refund in shop.rows(RefundFact, order=("refund_id",))]
    assert states == ["failed", "failed"]
    assert len(shop.rows(RefundAttemptFact)) == 2
    third = shop.refund(100)
    assert shop.tell(third.gateway_key, is_refund=True, event_id="evt3") == 200
    assert [refund.state for refund in shop.rows(RefundFact, refund_id=third.refund_id)] == ["succeeded"]
    assert shop.payment().refunded_minor == 100


def test_what_is_pending_is_listed_and_counted(shop: Shop) -> None:
    payment = shop.buy()

    def listed(what: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = shop.application.request(
            "GET", f"/admin/v1/pending_{what}", key="sk_test_shop"
        ).json()["data"]
        return rows

    (row,) = listed("payments")
    assert row == {
        "order": payment.order_id,
        "customer": "cust_without_card",
        "gateway": "sandbox",
        "amount": "20.00",
        "currency": "USD",
        "answer_due": payment.call_until_at // 1_000_000,
        "look_ups": 0,
        "next_look_up": (payment.look_up_at or 0) // 1_000_000,
    }
    assert shop.application.request("GET", "/admin/v1/pending_payments", key="sk_test_acme").json()["data"] == []
    shop.tell(payment.gateway_key)
    assert listed("payments") == []
    refund = shop.refund(100)
    (row,) = listed("refunds")
    assert (row["refund"], row["order"], row["amount"]) == (refund.uid, payment.order_id, "1.00")
