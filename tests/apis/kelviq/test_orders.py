"""Orders, transactions, refunds, entitlements and subscriptions: what golden cases cannot pin."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.apis.kelviq.describing import check_described
from tests.apis.kelviq.hours import Hours
from tests.harness import Answer, InProcess, in_process, provisioned_sqlite, sqlite_copy
from tollhouse.apis.kelviq.routes import refunds
from tollhouse.config import Settings
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.refusals import Overloaded, StoreUnavailable
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.schema import payments
from tollhouse.store.store import SqlStore

SETTLE_SECONDS = 60
GATEWAY_SECONDS = 8
#: How long the vendor's SDKs wait for an answer.
SDK_SECONDS = 10

# The SDK is written for an older pydantic.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince212")


def read_by_the_sdk(module: str, model: str, answer: Any) -> Any:
    """The answer as the vendor's SDK reads it; fails where it does not."""
    return getattr(importlib.import_module(f"kelviq_sdk.models.{module}"), model).model_validate(answer)


class Shop:
    """The application over the tenant shop. Whatever a test does, the books add up."""

    def __init__(self, application: InProcess, url: str) -> None:
        self.application = application
        self.url = url

    def ask(self, method: str, path: str, body: Any = b"", *, key: str | None = None, described: str = "") -> Answer:
        """`described` is the path as an OpenAPI document names it, where it has names in it."""
        answer = self.application.request(method, *self._request(path, body), **self._caller(key))
        check_described(method, described or path.partition("?")[0], answer)
        return answer

    def get(self, path: str, described: str = "") -> Any:
        answer = self.ask("GET", path, described=described)
        assert answer.status == 200, answer.body
        return answer.json()

    def refunds_at_once(self, *bodies: dict[str, Any]) -> list[Answer]:
        asking = [
            self.application.asking("POST", *self._request("/refunds/", body), **self._caller(None)) for body in bodies
        ]
        return self.application.gather(*asking)

    def charge(self, customer: str = "cust_visa", plan: str = "worldwide", **more: Any) -> Answer:
        body = {"planIdentifier": plan, "chargePeriod": "ONE_TIME", "customerId": customer, **more}
        return self.ask("POST", "/charges/", body)

    def bought(self, *args: Any, **more: Any) -> dict[str, Any]:
        """The order of a charge that succeeds."""
        uid = self.charge(*args, **more).json()["id"]
        (order,) = self.get(f"/orders/?search={uid}")["results"]
        assert order["subscription"]["id"] == uid
        return order  # type: ignore[no-any-return]

    def settled(self, path: str, described: str) -> Any:
        """What is at the path, once it is not under way any more."""
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            found = self.get(path, described)
            if found["status"] != "PROCESSING":
                return found
            self.application.request("GET", "/healthz")
            time.sleep(0.05)
        raise AssertionError("the refund stayed open")

    def _request(self, path: str, body: Any) -> tuple[str, Any]:
        return f"/api/v1{path}", body

    def _caller(self, key: str | None) -> dict[str, Any]:
        return {"key": "sk_test_shop", "headers": {} if key is None else {"Idempotency-Key": key}}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_copy(provisioned_sqlite(), tmp_path)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    return getattr(request, "param", {})


@pytest.fixture
def shop(url: str, settings: dict[str, Any], hours: Hours) -> Iterator[Shop]:
    with in_process(Settings(database_url=url, **settings)) as application:
        yield Shop(application, url)
    with closing(SqlStore(store_url(url))) as store:
        assert verify(store).differences == []


def test_every_answer_is_as_it_is_described_and_the_sdk_reads_it(shop: Shop) -> None:
    shop.bought(plan="team-pack", features=[{"identifier": "seats", "quantity": 5}])
    shop.charge("cust_declined")
    order = shop.bought(currencyCode="USD")
    path, named = f"/orders/{order['id']}/", "/orders/{id}/"
    assert shop.get(path, named) == order
    refund = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amount": 5.5}).json()
    for answer in (refund, shop.get(f"/refunds/{refund['id']}/", "/refunds/{refundId}/")):
        assert read_by_the_sdk("refunds", "RefundResponse", answer).amount == 5.5
    for status in (400, 404):
        wrong = {"orderId": order["id"] if status == 400 else "ORD-1", "amountUnits": 5000}
        assert shop.ask("POST", "/refunds/", wrong).status == status
    assert read_by_the_sdk("refunds", "RefundListResponse", shop.get("/refunds/")).count == 1
    assert read_by_the_sdk("transactions", "TransactionListResponse", shop.get("/transaction/")).count == 4
    assert shop.get("/orders/")["count"] == 3
    assert shop.get(f"{path}events/", f"{named}events/")["count"] == 6
    usage = {"value": 3, "customerId": "cust_visa", "featureId": "seats", "behaviour": "SET"}
    assert (
        read_by_the_sdk("reporting", "ReportUsageResponse", shop.ask("POST", "/report/usage/", usage).json()).value == 3
    )
    entitlements = read_by_the_sdk(
        "entitlements", "CheckEntitlementsResponse", shop.get("/entitlements/?customer_id=cust_visa")
    )
    assert [(row.featureId, row.remaining) for row in entitlements.entitlements] == [("seats", 2), ("support", None)]
    subscriptions = read_by_the_sdk("subscription", "PaginatedSubscriptionResponse", shop.get("/subscriptions/"))
    (named_id, *_) = [row.id for row in subscriptions.results]
    one = shop.get(f"/subscriptions/{named_id}/", "/subscriptions/{subscriptionId}/")
    assert read_by_the_sdk("subscription", "SubscriptionData", one).billingType == "ONE_TIME"
    free = {"planIdentifier": "free", "chargePeriod": "ONE_TIME", "customerId": "cust_germany"}
    assert (
        read_by_the_sdk(
            "subscription", "SubscriptionData", shop.ask("POST", "/subscriptions/create/", free).json()
        ).amount
        == "0.00"
    )
    cancel = {"cancellationType": "IMMEDIATE"}
    cancelled = f"/subscriptions/{named_id}/cancel/"
    assert shop.ask("POST", cancelled, cancel, described="/subscriptions/{subscriptionId}/cancel/").status == 400


def test_an_open_order_is_there_for_who_asks(shop: Shop) -> None:
    answer = shop.charge("cust_timeout")
    order_id = answer.json()["orderId"]
    assert answer.status == 504
    assert shop.get("/orders/")["count"] == 0
    assert shop.ask("GET", f"/orders/{order_id}/", described="/orders/{id}/").status == 404
    assert shop.ask("POST", "/refunds/", {"orderId": order_id}).status == 404
    (order,) = shop.get("/orders/?status=PENDING")["results"]
    assert (order["id"], order["status"], order["paidAt"], order["subscription"]) == (order_id, "PENDING", None, {})
    (transaction,) = shop.get("/transaction/?status=pending")["results"]
    assert (transaction["order"]["id"], transaction["netPayout"], transaction["isSettled"]) == (order_id, 0, False)


@pytest.mark.parametrize("settings", [{"resolve_after_seconds": 0}], indirect=True)
def test_a_refund_whose_outcome_is_unknown_is_under_way(shop: Shop, hours: Hours) -> None:
    order = shop.bought("cust_refund_timeout")
    began = hours.now
    answer = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": 500}, key="k")
    assert GATEWAY_SECONDS - 1 < hours.now - began < GATEWAY_SECONDS + 1
    assert (answer.status, answer.json()["status"]) == (200, "PROCESSING")
    too_much = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": 1501})
    assert too_much.status == 400
    refund = shop.settled(f"/refunds/{answer.json()['id']}/", "/refunds/{refundId}/")
    assert (refund["status"], refund["order"]["status"]) == ("SUCCEEDED", "PARTIAL_REFUND")
    again = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": 500}, key="k")
    assert (again.json()["status"], again.headers["idempotency-replayed"]) == ("SUCCEEDED", "true")


def test_refunds_at_once_never_exceed_what_was_paid(shop: Shop) -> None:
    order = shop.bought()
    answers = shop.refunds_at_once(*({"orderId": order["id"], "amountUnits": 300} for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 6 + [400] * 4
    after = shop.get(f"/orders/{order['id']}/", "/orders/{id}/")
    assert (after["refundedTotalUnits"], after["status"]) == (1800, "PARTIAL_REFUND")


@pytest.mark.parametrize("trouble", [Overloaded(), StoreUnavailable("gone"), None])
def test_a_refund_that_cannot_be_shown_is_not_called_undone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    """Whoever reads that nothing was done, or hears nothing while the SDKs wait, would do it again."""

    async def no_orders(*_args: Any) -> Any:
        if trouble is not None:
            raise trouble
        await asyncio.sleep(60)

    order = shop.bought()
    with monkeypatch.context() as patched:
        patched.setattr(refunds, "orders_of", no_orders)
        began = time.monotonic()
        answer = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": 500}, key="k")
        assert time.monotonic() - began < SDK_SECONDS
    assert (answer.status, answer.json()["code"]) == (504, "refund_not_shown")
    assert "retry-after" not in answer.headers
    refund = shop.get(f"/refunds/{answer.json()['refundId']}/", "/refunds/{refundId}/")
    assert (refund["status"], refund["amountUnits"]) == ("SUCCEEDED", 500)
    again = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": 500}, key="k")
    assert (again.status, again.json()["id"]) == (200, refund["id"])


@pytest.mark.parametrize("settings", [{"kelviq_refund_revokes": 1}], indirect=True)
def test_a_whole_refund_may_end_the_purchase(shop: Shop) -> None:
    kept, order = shop.bought(), shop.bought()
    shop.ask("POST", "/refunds/", {"orderId": order["id"]})
    assert len(shop.get("/entitlements/?customer_id=cust_visa")["entitlements"]) == 1
    (active,) = shop.get("/subscriptions/")["results"]
    (canceled,) = shop.get("/subscriptions/?status=canceled")["results"]
    assert (active["id"], active["endDate"]) == (kept["subscription"]["id"], None)
    assert (canceled["id"], canceled["status"]) == (order["subscription"]["id"], "canceled")
    assert canceled["endDate"] == canceled["canceledAt"][:10]


def test_pages_follow_one_another(shop: Shop) -> None:
    for plan in ("worldwide", "giveaway", "worldwide"):
        order = shop.bought(plan=plan)
    for amount in (100, 200):
        shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": amount})
    whole = shop.get("/transaction/?page_size=100")
    kinds = [row["transactionType"] for row in whole["results"]]
    assert kinds == ["REFUND", "REFUND", "CHARGE", "CHARGE", "CHARGE"]
    pages = [shop.get(f"/transaction/?page_size=2&page={number}")["results"] for number in (1, 2, 3)]
    assert [row["id"] for page in pages for row in page] == [row["id"] for row in whole["results"]]
    assert len({row["id"] for row in whole["results"]}) == 5


@pytest.mark.parametrize("number", ["0", "x", "1000000001", "9" * 5000, "000000000000000001" + "9" * 30])
def test_a_page_that_is_no_number_is_refused(shop: Shop, number: str) -> None:
    for path in ("/transaction/", "/webhook/logs/", "/catalog/products/"):
        assert shop.ask("GET", f"{path}?page={number}").status == 400


def test_payments_of_before_have_all_of_it(shop: Shop) -> None:
    """What an earlier version kept of a payment is enough."""
    order = shop.bought()
    with closing(SqlStore(store_url(shop.url))) as store:
        with store.writing_rows() as connection:
            detail = msgspec.json.decode(connection.execute(payments.select()).one().detail)
            kept = [
                "customer_reference",
                "plan_identifier",
                "plan_name",
                "product_uid",
                "product_identifier",
                "product_name",
                "features",
                "shows_features",
                "tax_behavior",
                "price_reason",
                "lines",
            ]
            old = msgspec.json.encode({name: detail[name] for name in kept}).decode()
            connection.execute(payments.update().values(detail=old))
        (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]
        with store.reading(tenant.tenant_id) as reader:
            assert len(reader.find(PaymentFact)) == 1
    assert shop.get(f"/orders/{order['id']}/", "/orders/{id}/")["paymentMethod"]["paymentMethodType"] == "card"
    assert shop.get("/transaction/")["count"] == 1
    uid = order["subscription"]["id"]
    assert shop.get(f"/subscriptions/{uid}/", "/subscriptions/{subscriptionId}/")["features"] == []
    assert shop.ask("POST", "/refunds/", {"orderId": order["id"]}).json()["status"] == "SUCCEEDED"
    assert shop.get(f"/orders/{order['id']}/events/", "/orders/{id}/events/")["count"] == 6


def test_no_tenant_sees_another_s(shop: Shop) -> None:
    order = shop.bought()
    refund = shop.ask("POST", "/refunds/", {"orderId": order["id"], "amountUnits": 1}).json()
    uid = order["subscription"]["id"]
    for path in (f"/orders/{order['id']}/", f"/orders/{order['id']}/events/", f"/refunds/{refund['id']}/"):
        assert shop.application.request("GET", f"/api/v1{path}", key="sk_test_acme").status == 404
    assert shop.application.request("GET", f"/api/v1/subscriptions/{uid}/", key="sk_test_acme").status == 404
    for path in ("/orders/", "/refunds/", "/transaction/", "/subscriptions/", f"/orders/?search={uid}"):
        assert shop.application.request("GET", f"/api/v1{path}", key="sk_test_acme").json()["count"] == 0
    entitlements = shop.application.request("GET", "/api/v1/entitlements?customer_id=cust_visa", key="sk_test_acme")
    assert entitlements.json()["entitlements"] == []
