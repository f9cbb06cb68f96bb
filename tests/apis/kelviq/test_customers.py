"""Customers, payment methods, checkout and portal: answers are as they are described, and what golden cannot pin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.kelviq.describing import check_described
from tests.harness import Answer, InProcess
from tests.pages.browsing import CARD, DECLINED, WHO, Browser

CUSTOMER = {
    "customerId": "c-1",
    "email": "ada@example.com",
    "name": "Ada",
    "metadata": {"fooBar": "x"},
    "billingAddress": {"country": "IN", "line1": "1", "line2": "2", "postalCode": "3", "city": "4", "state": "5"},
}
CHECKOUT = {
    "planIdentifier": "lifetime-access",
    "chargePeriod": "ONE_TIME",
    "successUrl": "https://shop.example/",
    "customerId": "c-1",
    "features": [{"identifier": "seats", "quantity": 5}],
    "metadata": {"a": [1, {"b": None}], "c": 1.5},
}


class Caller:
    """Asks, and checks that each answer is as it is described."""

    def __init__(self, application: InProcess) -> None:
        self.application = application

    def ask(self, method: str, path: str, body: Any = b"", *, described: str = "", status: int = 200) -> Any:
        answer: Answer = self.application.request(method, f"/api/v1{path}", body)
        assert answer.status == status, answer.body
        check_described(method, described or path.partition("?")[0], answer)
        return answer.json() if answer.body else None


@pytest.fixture
def caller(application: InProcess) -> Caller:
    caller = Caller(application)
    caller.ask("POST", "/customers/", CUSTOMER, status=201)
    return caller


def test_customers_are_as_described(caller: Caller) -> None:
    one = "/customers/{customerId}/"
    caller.ask("GET", "/customers/?search=ada&page_size=5")
    caller.ask("GET", "/customers/c-1/", described=one)
    caller.ask("PATCH", "/customers/c-1/", {"name": None, "billingAddress": {"country": "DE"}}, described=one)
    caller.ask("PATCH", "/customers/c-1/", {"email": "no"}, described=one, status=400)
    caller.ask("POST", "/customers/", CUSTOMER, status=400)
    caller.ask("DELETE", "/customers/c-1/", described=one, status=204)
    caller.ask("GET", "/customers/c-1/", described=one, status=404)


@pytest.mark.parametrize("is_paid", [True, False])
def test_sessions_are_as_described(caller: Caller, is_paid: bool) -> None:
    one = "/checkout/sessions/{session_id}/"
    made = caller.ask("POST", "/checkout/", CHECKOUT, status=201)
    uid = made["checkoutSessionId"]
    caller.ask("GET", f"/checkout/sessions/{uid}/", described=one)
    browser = Browser(caller.application)
    browser.open(made["checkoutUrl"].removeprefix("http://localhost"))
    browser.send(**WHO, **(CARD if is_paid else DECLINED))
    session = caller.ask("GET", f"/checkout/sessions/{uid}/", described=one)
    assert session["status"] == ("success" if is_paid else "open")
    assert session["order"]["status"] == ("COMPLETE" if is_paid else "FAILED")
    assert (session["subscription"] is None, session["paymentMethod"] is None) == (not is_paid, not is_paid)
    events = caller.ask("GET", f"/checkout/sessions/{uid}/events/?page_size=2", described=f"{one}events/")
    assert (events["count"], len(events["results"])) == (3, 2)
    assert caller.ask("GET", "/checkout/sessions/?search=c-1")["count"] == 1
    assert caller.ask("GET", "/payment-methods/?customer_id=c-1")["count"] == is_paid
    caller.ask("GET", "/checkout/sessions/none/", described=one, status=404)
    caller.ask("POST", "/checkout/", {}, status=400)


def test_the_portal_is_as_described(caller: Caller) -> None:
    caller.ask("POST", "/portal/session/", {"customerId": "c-1"})
    caller.ask("POST", "/portal/session/", {"customerId": "none"}, status=400)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("metadata", {str(number): "x" for number in range(51)}),
        ("metadata", {"x" * 101: "x"}),
        ("metadata", {"x": "y" * 1001}),
        ("metadata", {"x": ["y"]}),
        ("metadata", {"x": None}),
        ("name", "x" * 256),
        ("name", "a\0b"),
        ("email", "a@b@c"),
        ("email", "x" * 250 + "@b.co"),
        ("billingAddress", {"line1": "x" * 256}),
        ("billingAddress", {"country": "ZZ"}),
    ],
)
def test_everything_is_bounded(caller: Caller, field: str, value: Any) -> None:
    answer = caller.ask("POST", "/customers/", {"customerId": "c-2", field: value}, status=400)
    assert list(answer) == ["detail", field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("metadata", {"x": "y" * 16_384}),
        ("successUrl", "https://user@shop.example/"),
        ("successUrl", "https://shop.example/\n"),
        ("successUrl", "https://:80/"),
        ("successUrl", "https://shop.example:99999/"),
        ("successUrl", "data:text/html,x"),
        ("cancelUrl", "https://shop.example/" + "x" * 2000),
        ("defaultBillingCountry", "EU"),
    ],
)
def test_what_a_page_is_made_with_is_bounded(caller: Caller, field: str, value: Any) -> None:
    answer = caller.ask("POST", "/checkout/", {**CHECKOUT, field: value}, status=400)
    assert list(answer) == ["detail", field]


def test_metadata_that_is_deep_or_odd(caller: Caller) -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = {"x": deep}
    caller.ask("POST", "/checkout/", {**CHECKOUT, "metadata": deep}, status=400)
    odd = b'{"planIdentifier":"lifetime-access","chargePeriod":"ONE_TIME","successUrl":"https://a.b/","metadata":%s}'
    caller.ask("POST", "/checkout/", odd % b'{"x":"\\ud800"}', status=400)
    caller.ask("POST", "/checkout/", odd % b'{"x":"\\u0000","y":12345678901234567890.123}', status=201)
    (session,) = caller.ask("GET", "/checkout/sessions/")["results"]
    assert session["metadata"] == {"x": "\0", "y": 12345678901234567890.123}


def test_one_tenant_is_not_another(caller: Caller) -> None:
    uid = caller.ask("POST", "/checkout/", CHECKOUT, status=201)["checkoutSessionId"]
    for path in ("customers/c-1/", f"checkout/sessions/{uid}/", f"checkout/sessions/{uid}/events/"):
        assert caller.application.request("GET", f"/api/v1/{path}", key="sk_test_beta").status == 404
    for path in ("customers/?search=c-1", "payment-methods/?customer_id=c-1", "checkout/sessions/"):
        assert caller.application.request("GET", f"/api/v1/{path}", key="sk_test_beta").json()["count"] == 0
