"""The vendor's own SDK, sync and async, against a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from kelviq_sdk import AuthenticationError, InvalidRequestError, Kelviq, NotFoundError, ServerError

from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server

# The SDK is written for an older pydantic.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince212")

PURCHASE: dict[str, Any] = {
    "planIdentifier": "lifetime-access",
    "chargePeriod": "ONE_TIME",
    "customerId": "cust_789",
    "features": [{"identifier": "seats", "quantity": 5}],
    "currencyCode": "USD",
    "ipAddress": "103.154.35.20",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sdk")
    url = sqlite_copy(provisioned_sqlite(), folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        running = start_server(url, folder, gateway_timeout_seconds="1", resolve_after_seconds="1")
        yield running
        running.kill()


def sync_client(server: Server, key: str = "sk_test_acme") -> Any:
    return Kelviq.create_sync_client(
        access_token=key, base_url=server.base, edge_api_url=server.base, enable_cache=False
    )


def test_a_charge(server: Server) -> None:
    with sync_client(server) as kelviq:
        charge = kelviq.charges.create(**PURCHASE)
    assert re.fullmatch("[0-9a-f-]{36}", charge.id)
    assert (charge.status, charge.amount, charge.currency) == ("active", "49.00", "USD")
    assert (charge.billingType, charge.recurrence, charge.trialDaysRemaining) == ("ONE_TIME", "", 0)
    assert (charge.plan.identifier, charge.product.identifier) == ("lifetime-access", "invoice-test")
    assert charge.customerId == "cust_789"
    assert [(feature["identifier"], feature["value"]) for feature in charge.features] == [("seats", 5)]


def test_a_charge_async(server: Server) -> None:
    async def create() -> Any:
        async with Kelviq.create_async_client(
            access_token="sk_test_acme", base_url=server.base, edge_api_url=server.base, enable_cache=False
        ) as kelviq:
            return await kelviq.charges.create(
                planIdentifier="lifetime-access", chargePeriod="ONE_TIME", customerId="cust_789"
            )

    charge = asyncio.run(create())
    assert (charge.amount, charge.currency, charge.features) == ("49.00", "USD", [])


@pytest.mark.parametrize("amount", [49, 49.0, 49.99, 0.1])
def test_a_custom_amount(server: Server, amount: float) -> None:
    with sync_client(server) as kelviq:
        charge = kelviq.charges.create(**{**PURCHASE, "customAmount": amount, "taxBehavior": "INCLUSIVE"})
    assert charge.amount == f"{amount:.2f}"


@pytest.mark.parametrize(
    ("changed", "details"),
    [
        ({"customerId": "nobody"}, {"detail": "Customer does not exist.", "code": "customer_not_found"}),
        ({"planIdentifier": ""}, {"detail": "planIdentifier: This field may not be blank."}),
        (
            {"features": [{"identifier": "seats", "quantity": 0}]},
            {"detail": "features: Item 0: quantity: Ensure this value is between 1 and 1000000000."},
        ),
    ],
)
def test_what_the_sdk_makes_of_a_refusal(server: Server, changed: dict[str, Any], details: dict[str, str]) -> None:
    with sync_client(server) as kelviq, pytest.raises(InvalidRequestError) as raised:
        kelviq.charges.create(**{**PURCHASE, **changed})
    assert raised.value.status_code == 400
    assert details.items() <= raised.value.details.items()


def test_what_the_sdk_makes_of_other_errors(server: Server) -> None:
    with sync_client(server, "sk_test_nobody") as kelviq, pytest.raises(AuthenticationError) as unauthorised:
        kelviq.charges.create(**PURCHASE)
    assert unauthorised.value.status_code == 401
    with sync_client(server, "ck_test_acme") as kelviq, pytest.raises(AuthenticationError) as forbidden:
        kelviq.charges.create(**PURCHASE)
    assert forbidden.value.status_code == 403
    with sync_client(server) as kelviq, pytest.raises(NotFoundError) as missing:
        kelviq.customers.retrieve("nobody")
    assert missing.value.details == {"detail": "Not found.", "code": "not_found"}
    silent = {**PURCHASE, "planIdentifier": "worldwide", "customerId": "cust_timeout", "features": None}
    with sync_client(server, "sk_test_shop") as kelviq, pytest.raises(ServerError) as unknown:
        kelviq.charges.create(**silent)
    assert unknown.value.status_code == 504
    assert unknown.value.details["code"] == "outcome_unknown"
