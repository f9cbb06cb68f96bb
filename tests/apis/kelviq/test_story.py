"""Whole stories through the vendor's own SDKs: catalog, customer, checkout, charge, entitlements, refund, webhooks."""

from __future__ import annotations

import asyncio
import inspect
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kelviq_sdk import (
    APIError,
    AuthenticationError,
    InvalidRequestError,
    Kelviq,
    NotFoundError,
    ServerError,
    WebhookVerificationError,
    validate_event,
)

from tests.apis.kelviq.story import CARD, SECRET, TENANT, Catalog, Received, pay_on_page, receiving
from tests.harness import Server, migrated_sqlite, provision, sqlite_copy, start_server
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

# The SDK is written for an older pydantic.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince212")

NODE = Path(__file__).parent / "node"
PURCHASE = ["order.created", "invoice.created", "invoice.paid", "subscription.created"]


class Stage(NamedTuple):
    server: Server
    catalog: Catalog
    received: Received
    url: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with a tenant whose catalog was made by plain HTTP, and an endpoint that gets all its events."""
    folder = tmp_path_factory.mktemp("story")
    url = sqlite_copy(migrated_sqlite(), folder)
    with receiving() as received:
        with closing(SqlStore(store_url(url))) as store:
            provision(store, TENANT.format(url=received.url, secret=SECRET))
        server = start_server(url, folder, gateway_timeout_seconds="1", resolve_after_seconds="1")
        try:
            yield Stage(server, Catalog(server), received, url)
        finally:
            server.stop()


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def connected(stage: Stage, make: Any, key: str = "sk_test_story", **more: Any) -> Any:
    base = stage.server.base
    return make(**{"access_token": key, "base_url": base, "edge_api_url": base, "enable_cache": False, **more})


async def said(answer: Any) -> Any:
    """What a call of either client comes to."""
    return await answer if inspect.isawaitable(answer) else answer


async def refused(error: type[APIError], call: Any, *arguments: Any, **named: Any) -> APIError:
    with pytest.raises(error) as raised:
        await said(call(*arguments, **named))
    assert type(raised.value) is error
    return raised.value


async def tell(kelviq: Any, stage: Stage, customer: str) -> None:
    """The story, by a client of the SDK's that is synchronous or not."""
    received, plan = stage.received, stage.catalog.identifier

    made = await said(kelviq.customers.create(customerId=customer, email="ada@example.com", metadata={"fooBar": "x"}))
    assert (made.customerId, made.metadata) == (customer, {"fooBar": "x"})
    changed = await said(kelviq.customers.update(customer, name="Ada"))
    assert (changed.id, changed.name, changed.email) == (made.id, "Ada", "ada@example.com")
    assert (await said(kelviq.customers.retrieve(customer))).name == "Ada"
    assert customer in [row.customerId for row in (await said(kelviq.customers.list())).results]
    again = await refused(InvalidRequestError, kelviq.customers.create, customerId=customer, email="a@b.example")
    assert "already exists" in again.details["customerId"][0]

    buying = {"planIdentifier": plan, "chargePeriod": "ONE_TIME", "customerId": customer}
    missing = await refused(InvalidRequestError, kelviq.charges.create, **buying)
    assert missing.details["detail"] == "A payment method is required to complete this payment."
    session = await said(kelviq.checkout.create_session(**buying, successUrl="https://merchant.example/thanks"))
    paid = await asyncio.to_thread(pay_on_page, session.checkoutUrl, **CARD)
    assert paid == "https://merchant.example/thanks"
    (method,) = (await said(kelviq.payment_methods.list(customer_id=customer))).results
    assert (method.isDefault, method.methodData["last4"]) == (True, "4242")

    charge = await said(kelviq.charges.create(**buying, features=[{"identifier": "seats", "quantity": 5}]))
    assert (charge.amount, charge.currency, charge.customerId) == ("52.50", "USD", customer)
    rows = (await said(kelviq.subscriptions.list(customerId=customer))).results
    assert {row.billingType for row in rows} == {"ONE_TIME"}
    assert charge.id in [row.id for row in rows]
    assert (await said(kelviq.subscriptions.retrieve(charge.id))).amount == "52.50"
    await refused(InvalidRequestError, kelviq.subscriptions.cancel, charge.id, cancellationType="IMMEDIATE")

    assert await said(kelviq.entitlements.has_access(customer, "support"))
    seats = await said(kelviq.entitlements.get_entitlement(customer, "seats"))
    assert (seats.usageLimit, len(seats.items)) == (6, 2)

    (transaction,) = (await said(kelviq.transactions.list(search=charge.id))).results
    order_id = transaction.order["id"]
    assert (transaction.transactionType, transaction.amountTotal) == ("CHARGE", 52.5)
    refund = await said(kelviq.refunds.create(orderId=order_id, amountUnits=2500, reason="OTHER", internalNote="n"))
    assert (refund.status, refund.amount, refund.order["status"]) == ("SUCCEEDED", 25.0, "PARTIAL_REFUND")
    rest = await said(kelviq.refunds.create(orderId=order_id))
    assert (rest.amountUnits, rest.order["status"]) == (2750, "REFUNDED")
    above = await refused(InvalidRequestError, kelviq.refunds.create, orderId=order_id, amountUnits=1)
    assert above.details["error"]
    assert (await said(kelviq.refunds.retrieve(refund.id))).amountUnits == 2500
    assert (await said(kelviq.refunds.list(search=order_id))).count == 2
    portal = await said(kelviq.portal.create_session(customerId=customer))
    assert portal.email == "ada@example.com"

    deliveries = await asyncio.to_thread(received.wait_about, customer, 19)
    events = [validate_event(body, headers, SECRET) for headers, body in deliveries]
    assert [event["type"] for event in events] == [
        "customer.created",
        "customer.updated",
        "customer.updated",
        "payment_method.created",
        *PURCHASE,
        "checkout.completed",
        *PURCHASE,
        *["refund.created", "refund.updated", "order.refunded"] * 2,
    ]
    orders = [event["data"]["object"] for event in events if event["type"] == "order.created"]
    assert orders[1]["subscription_id"] == charge.id
    headers, body = deliveries[0]
    with pytest.raises(WebhookVerificationError):
        validate_event(body + b" ", headers, SECRET)

    await said(kelviq.customers.archive(customer))
    gone = await refused(NotFoundError, kelviq.customers.retrieve, customer)
    assert gone.status_code == 404
    unknown = await refused(InvalidRequestError, kelviq.charges.create, **buying)
    assert unknown.details["detail"] == "Customer does not exist."


async def tell_of_errors(stage: Stage, make: Any) -> None:
    """Every class of error that the SDK knows, from a real answer of ours or from none."""
    customer = make.__name__
    buying = {"planIdentifier": stage.catalog.identifier, "chargePeriod": "ONE_TIME", "customerId": "nobody"}
    async with AsyncExitStack() as stack:

        async def client(key: str, **more: Any) -> Any:
            made = connected(stage, make, key, **more)
            is_async = make == Kelviq.create_async_client
            return await stack.enter_async_context(made) if is_async else stack.enter_context(made)

        wrong, weak, good = await client("sk_none"), await client("ck_test_story"), await client("sk_test_story")
        assert (await refused(AuthenticationError, wrong.charges.create, **buying)).status_code == 401
        assert (await refused(AuthenticationError, weak.charges.create, **buying)).status_code == 403
        assert (await refused(InvalidRequestError, good.charges.create, **buying)).status_code == 400
        assert (await refused(NotFoundError, good.refunds.retrieve, "no-such-refund")).status_code == 404
        large = {"customerId": "large", "email": "a@b.example", "metadata": {"x": "y" * 1_100_000}}
        assert (await refused(APIError, good.customers.create, **large)).status_code == 413

        await said(good.customers.create(customerId=customer, email="a@b.example"))
        with stage.server.client("sk_test_story") as admin:
            row = {"customer": customer, "gateway": "sandbox", "token": "pm_card_timeout", "default": True}
            assert admin.post("/admin/v1/payment_methods", json=row).status_code == 200
        silent = await refused(ServerError, good.charges.create, **{**buying, "customerId": customer})
        assert (silent.status_code, silent.details["code"]) == (504, "outcome_unknown")
        nobody = await client("sk_none", base_url="http://127.0.0.1:1")
        assert (await refused(APIError, nobody.charges.create, **buying)).status_code is None


def test_the_story_by_the_synchronous_client(stage: Stage) -> None:
    with connected(stage, Kelviq.create_sync_client) as kelviq:
        asyncio.run(tell(kelviq, stage, "cust_sync"))


def test_the_story_by_the_asynchronous_client(stage: Stage) -> None:
    async def run() -> None:
        async with connected(stage, Kelviq.create_async_client) as kelviq:
            await tell(kelviq, stage, "cust_async")

    asyncio.run(run())


@pytest.mark.parametrize("make", [Kelviq.create_sync_client, Kelviq.create_async_client])
def test_every_class_of_error(stage: Stage, make: Any) -> None:
    asyncio.run(tell_of_errors(stage, make))


def test_the_story_by_the_client_for_node(stage: Stage, tmp_path: Path) -> None:
    """Version 2.6.0 has no charges or refunds: these go through its internal request method."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not installed: the story is not told through @kelviq/node-sdk.")
    for name in ("package.json", "package-lock.json", "story.mjs"):
        shutil.copy(NODE / name, tmp_path)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    installed = subprocess.run(["npm", "ci", *quiet], cwd=tmp_path, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip("The package registry is out of reach: the story is not told through @kelviq/node-sdk.")
    first = json.loads(node(tmp_path, "buy", stage))
    paid = pay_on_page(first["checkoutUrl"], **CARD)
    assert paid == "https://merchant.example/thanks"
    told = json.loads(node(tmp_path, "go-on", stage))
    assert told["charge"]["amount"] == "52.50"
    assert told["seats"] == {"usageLimit": 6, "hasAccess": True}
    assert told["refund"] == {"status": "SUCCEEDED", "amountUnits": 5250}
    assert told["errors"] == {
        "unauthorised": ["AuthenticationError", 401],
        "forbidden": ["AuthenticationError", 403],
        "refused": ["InvalidRequestError", 400],
        "missing": ["NotFoundError", 404],
        "tooLarge": ["ApiError", 413],
        "silent": ["ServerError", 504],
        "nobody": ["ApiError", None],
    }
    ((headers, body), *_) = stage.received.wait_about("cust_node", 1)
    (tmp_path / "delivery.json").write_text(json.dumps({"headers": headers, "body": body.decode(), "secret": SECRET}))
    assert json.loads(node(tmp_path, "verify", stage)) == {"type": "customer.created", "tampered": "refused"}


def node(folder: Path, part: str, stage: Stage) -> str:
    command = ["node", "story.mjs", part, stage.server.base, stage.catalog.identifier]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_after_all_stories_the_books_add_up(stage: Stage) -> None:
    with closing(SqlStore(store_url(stage.url))) as store:
        assert verify(store).differences == []
