"""Whatever cards do by chance, all comes out in the end: each key moved money once at most, and the books say so."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.harness import in_process, provisioned_sqlite, sqlite_copy
from tollhouse.config import Settings
from tollhouse.ledger.facts import PaymentFact, RefundFact, SandboxPaymentFact, SandboxRefundFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.schema import sandbox_calls
from tollhouse.store.store import SqlStore

BUY = {"planIdentifier": "worldwide", "chargePeriod": "ONE_TIME", "customerId": "cust_without_card"}


def test_all_comes_out_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bought_by_chance(tmp_path, monkeypatch, rounds=40)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_all_comes_out_in_the_end_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bought_by_chance(tmp_path, monkeypatch, rounds=2000)


def bought_by_chance(folder: Path, monkeypatch: pytest.MonkeyPatch, *, rounds: int) -> None:
    for place in ("purchasing.settling", "refunding"):
        monkeypatch.setattr(f"tollhouse.ledger.{place}.look_up_gap_seconds", lambda *_asked: 0)
    for worker in ("resolver", "postman"):
        monkeypatch.setattr(f"tollhouse.workers.{worker}.PAUSE_SECONDS", 0.01)
    url = sqlite_copy(provisioned_sqlite(), folder)
    settings = Settings(database_url=url, gateway_timeout_seconds=1, resolve_after_seconds=0)
    with closing(SqlStore(store_url(url))) as store, in_process(settings) as application:
        (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]
        method = {"customer": "cust_without_card", "gateway": "sandbox", "token": "pm_random:1", "default": True}
        assert application.request("POST", "/admin/v1/payment_methods", method, key="sk_test_shop").status == 200

        def rows(kind: Any, **equals: Any) -> list[Any]:
            with store.reading(tenant.tenant_id) as reader:
                return reader.find(kind, **equals)

        def post(path: str, body: dict[str, Any]) -> int:
            return application.request("POST", path, body, key="sk_test_shop").status

        def all_settled() -> None:
            until = time.monotonic() + 30 + rounds / 10
            while (
                rows(PaymentFact, state="pending") or rows(RefundFact, state="pending")
            ) and time.monotonic() < until:
                application.gather(asyncio.sleep(0.02))

        statuses = Counter(post("/api/v1/charges/", BUY) for _ in range(rounds))
        assert set(statuses) == {201, 400, 504}
        all_settled()
        paid = rows(PaymentFact, state="succeeded")
        for payment in paid:
            for amount_units in (1500, 500, 1):
                post("/api/v1/refunds/", {"orderId": payment.order_id, "amountUnits": amount_units})
        all_settled()

        taken = rows(SandboxPaymentFact, outcome="succeeded")
        given = rows(SandboxRefundFact, outcome="succeeded")
        assert Counter(t.kind for t in rows(TransactionFact)) == {"charge": len(taken), "refund": len(given)}
        assert {payment.gateway_key for payment in paid} == {row.gateway_key for row in taken}
        assert not rows(PaymentFact, state="pending")
        assert not rows(RefundFact, state="pending")
        with store.reading_rows() as connection:
            calls = connection.execute(
                sandbox_calls.select().where(sandbox_calls.c.kind.in_(["charge", "refund"]))
            ).all()
        assert {row.calls for row in calls} == {1}
        assert verify(store).differences == []
