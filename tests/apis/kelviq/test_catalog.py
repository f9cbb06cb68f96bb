"""The catalog by plain HTTP: what is made, listed, edited and published, and what it then costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.apis.kelviq.describing import check_described
from tests.harness import Answer, InProcess
from tollhouse.apis.kelviq.openapi import DOCUMENT

JSON = {"Content-Type": "application/json"}
NOTHING = "00000000-0000-4000-8000-000000000000"


class Catalog:
    """Asks, and sees that every answer is as it is described."""

    def __init__(self, application: InProcess) -> None:
        self._application = application
        self.asked: set[tuple[str, str]] = set()

    def ask(
        self, method: str, path: str, body: Any = b"", *, key: str = "sk_test_acme", query: str = "", **names: str
    ) -> Answer:
        template = f"/catalog/{path}/" if not path.startswith("/") else f"{path}/"
        target = f"/api/v1{template.format(**names)}{query}"
        answer = self._application.request(method, target, body, key=key, headers=JSON)
        check_described(method, template, answer)
        self.asked.add((method, template))
        return answer

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return self._json(self.ask("GET", path, **more), status)

    def post(self, path: str, body: Any, status: int = 201, **more: Any) -> Any:
        return self._json(self.ask("POST", path, body, **more), status)

    def patch(self, path: str, body: Any, status: int = 200, **more: Any) -> Any:
        return self._json(self.ask("PATCH", path, body, **more), status)

    def put(self, path: str, body: Any, status: int = 200, **more: Any) -> Any:
        return self._json(self.ask("PUT", path, body, **more), status)

    def delete(self, path: str, status: int = 204, **more: Any) -> Any:
        return self._json(self.ask("DELETE", path, **more), status)

    @staticmethod
    def _json(answer: Answer, status: int) -> Any:
        assert answer.status == status, answer.body.decode()
        return answer.json() if answer.body else None

    # What most tests begin with.

    def product(self, name: str = "Pro Suite") -> str:
        return str(self.post("products", {"name": name, "taxCode": "saas"})["id"])

    def feature(self, name: str, feature_type: str = "METER") -> str:
        return str(self.post("features", {"name": name, "featureType": feature_type})["id"])

    def plan(self, product: str, name: str, *prices: Any, **more: Any) -> str:
        identifier = str(self.post("plans", {"name": name, "product": product, **more})["identifier"])
        if prices:
            self.post("plans/{identifier}/prices/bulk", {"prices": list(prices)}, 200, identifier=identifier)
            self.post("plans/{identifier}/publish", {}, 200, identifier=identifier)
        return identifier


@pytest.fixture
def catalog(application: InProcess) -> Catalog:
    return Catalog(application)


def charge(amount: Any = None, period: str = "ONE_TIME", **more: Any) -> dict[str, Any]:
    return {"chargePeriod": period, "priceData": {} if amount is None else {"amount": amount}, **more}


def item(*charges: Any, feature: str | None = None, model: str = "FLAT", **more: Any) -> dict[str, Any]:
    return {"feature": feature, "priceModel": model, "charges": list(charges), **more}


def paid(currency: str, *items: Any, **more: Any) -> dict[str, Any]:
    return {"priceType": "PAID", "currency": currency, "chargeCatalogPrice": list(items), **more}


def test_a_catalog_from_nothing_to_a_price(catalog: Catalog) -> None:
    """Every operation once, and every answer as the vendor describes it."""
    product = catalog.product()
    named = {"pk": product}
    assert catalog.get("products", query="?search=SUITE")["count"] == 1
    assert catalog.get("products", query="?search=suit_")["count"] == 0
    changed = catalog.patch("products/{pk}", {"description": "Ünïque", "tax_code": "ebook"}, **named)
    assert (changed["description"], changed["taxCode"]) == ("Ünïque", "ebook")
    assert catalog.get("products", query="?search=%C3%9Cn%C3%AF")["count"] == 1
    assert catalog.get("products/{pk}/settings", **named)["currency"] == "USD"
    settings = catalog.patch("products/{pk}/settings", {"currency": "eur", "productUrl": "https://x.y/z"}, **named)
    assert settings == {"vpn": True, "tor": True, "proxy": True, "currency": "EUR", "productUrl": "https://x.y/z"}

    seats, sso = catalog.feature("Seats"), catalog.feature("SSO", "BOOLEAN")
    assert catalog.get("features/{pk}", pk=seats)["identifier"] == "seats-2"
    assert [f["name"] for f in catalog.get("features")["results"]] == ["SSO", "Seats", "Seats"]

    tiers = [{"upTo": 10, "unitAmount": 1.25, "flatAmount": 2}, {"upTo": "inf", "unitAmount": 0.000001}]
    prices = [
        paid(
            "usd",
            item(charge(10.1), charge(3, "MONTHLY")),
            item(charge(tiers=tiers, advanced={"min_quantity": 2}), feature=seats, model="TIERED", reset="EVERY_MONTH"),
            freeTrial=True,
            trialPeriod=14,
            taxBehavior="INCLUSIVE",
        ),
        {"priceType": "CUSTOM", "currency": "EUR"},
    ]
    more = {"metadata": {"fooBar": 1.10, "a_b": None}, "license": {"enabled": True, "activationLimit": 3}}
    pro = catalog.plan(product, "Pro Monthly", links=[{"name": "Docs", "url": "https://x.y"}], ordering=1, **more)
    plan = {"identifier": pro}
    assert catalog.post("plans/{identifier}/publish", b"", 400, **plan)["code"] == "plan_without_price"
    set_to = catalog.post("plans/{identifier}/prices/bulk", {"prices": prices}, 200, **plan)["prices"]
    assert catalog.get("plans/{identifier}/prices", **plan)["results"] == set_to
    (base, by_seat) = set_to[0]["chargeCatalogPrice"]
    assert [c["priceData"] for c in base["charges"]] == [{"amount": 10.1}, {"amount": 3}]
    assert by_seat["charges"][0]["tiers"] == [
        {"flatAmount": 2, "unitAmount": 1.25, "upTo": 10},
        {"flatAmount": 0, "unitAmount": 0.000001, "upTo": "inf"},
    ]
    assert (by_seat["feature"], by_seat["charges"][0]["advanced"]) == (seats, {"min_quantity": 2})

    given = {"planEntitlements": [{"feature": sso, "details": {"value": True}}]}
    assert catalog.post("plans/{identifier}/features", given, **plan)["version"] == 1
    given["planEntitlements"].append({"feature": seats, "details": {"value": 1, "hard_limit": True, "usageAlerts": {}}})
    catalog.put("plans/{identifier}/features", given, **plan)
    details = {"details": {"value": 5, "rollover": {"enabled": True, "percentage": 12.5}}}
    changed = catalog.patch("plans/{identifier}/features/{feature_id}", details, feature_id="seats-2", **plan)
    assert (changed["details"]["value"], changed["details"]["hardLimit"]) == (5, True)
    catalog.delete("plans/{identifier}/features/{feature_id}", feature_id="sso", **plan)
    assert [f["feature"]["name"] for f in catalog.get("plans/{identifier}/features", **plan)["results"]] == ["Seats"]
    assert catalog.post("plans/{identifier}/publish", b"", 200, **plan) == {"status": "published"}

    assert catalog.get("products/{pk}", **named)["plans"] == [pro]
    assert catalog.patch("plans/{identifier}", {"isVisible": False, "countries": ["de"]}, **plan)["version"] == 2
    assert [p["version"] for p in catalog.get("plans")["results"] if p["identifier"] == pro] == [2]
    first = catalog.get("plans/{identifier}", query="?version=1", **plan)
    assert (first["isLatest"], first["countries"], first["metadata"]) == (True, [], {"fooBar": 1.10, "a_b": None})
    catalog.delete("plans/{identifier}/discard", **plan)

    offered = catalog.get("/monetization/product-offering/{product_id}", product_id=product)
    assert offered["plans"][0]["originalPrice"] == {"ONE_TIME": 10.1, "MONTHLY": 3}
    assert offered["plans"][0]["price"]["trialPeriod"] == 14

    catalog.delete("plans/{identifier}", **plan)
    assert catalog.delete("plans/{identifier}", 400, **plan)["code"] == "already_archived"
    catalog.delete("features/{pk}", pk=sso)
    assert catalog.delete("features/{pk}", 400, pk=sso)["code"] == "already_archived"
    catalog.delete("products/{pk}", **named)
    assert catalog.delete("products/{pk}", 400, **named)["code"] == "already_archived"
    assert catalog.get("products")["count"] == 1
    assert pro not in [p["identifier"] for p in catalog.get("plans")["results"]]

    served = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in DOCUMENT["paths"].items()
        if path.startswith(("/api/v1/catalog/", "/api/v1/monetization/"))
        for method in methods
    }
    assert served == catalog.asked


def test_amounts_are_exact_decimals_from_end_to_end(catalog: Catalog) -> None:
    """Digits that no float holds come back as they were sent, and are charged."""
    credits = catalog.feature("Credits")
    sent = b'{"prices": [{"priceType": "PAID", "currency": "USD", "chargeCatalogPrice": [{"feature": null, "charges": '
    sent += b'[{"chargePeriod": "ONE_TIME", "priceData": {"amount": 12345678901234.123456789012}}]}, {"feature": "'
    sent += credits.encode() + b'", "charges": [{"chargePeriod": "ONE_TIME", "priceData": {"amount": 0.1}}]}]}]}'
    identifier = catalog.plan(catalog.product(), "Exact")
    answer = catalog.ask("POST", "plans/{identifier}/prices/bulk", sent, identifier=identifier)
    assert b'"priceData":{"amount":12345678901234.123456789012}' in answer.body
    assert b'"priceData":{"amount":0.10}' in answer.body
    again = catalog.ask("GET", "plans/{identifier}/prices", identifier=identifier)
    assert b'"amount":12345678901234.123456789012' in again.body


PRODUCT_FAULTS: list[tuple[Any, dict[str, str]]] = [
    ({}, {"name": "required", "taxCode": "required"}),
    ({"name": " ", "taxCode": "beer"}, {"name": "blank", "taxCode": "Must be"}),
    ({"name": "X", "taxCode": "saas", "identifier": "Not A Slug"}, {"identifier": "lower-case"}),
    ({"name": "X", "taxCode": "saas", "identifier": "invoice-test"}, {"identifier": "already exists"}),
    ({"name": "X", "taxCode": "saas", "imageKeys": ["tmp/1/a.png"]}, {"imageKeys": "not kept here"}),
    ({"name": "X", "taxCode": "saas", "description": 5}, {"description": "string"}),
]

PLAN_FAULTS: list[tuple[Any, dict[str, str]]] = [
    ({}, {"name": "required", "product": "required"}),
    ({"name": "X", "product": "invoice-test"}, {"product": "UUID"}),
    ({"name": "X", "product": NOTHING}, {"product": "does not exist"}),
    ({"name": "X", "product": NOTHING, "identifier": "lifetime-access"}, {"product": "does not exist"}),
    ({"name": "X", "product": NOTHING, "links": [{"url": "ftp://x"}, 5]}, {"links": "valid URL"}),
    ({"name": "X", "product": NOTHING, "countries": ["XX"]}, {"countries": "ISO 3166-1"}),
    ({"name": "X", "product": NOTHING, "license": {"durationUnit": "WEEK"}}, {"license": "durationUnit"}),
    ({"name": "X", "product": NOTHING, "metadata": "x", "ordering": -1}, {"metadata": "object", "ordering": "between"}),
    ({"name": "X", "product": NOTHING, "fileKeys": ["a"]}, {"fileKeys": "not kept here"}),
]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [("products", *case) for case in PRODUCT_FAULTS] + [("plans", *case) for case in PLAN_FAULTS],
)
def test_faults_are_told_by_field(catalog: Catalog, path: str, body: Any, told: dict[str, str]) -> None:
    answer = catalog.post(path, body, 400)
    assert answer.keys() == {"detail", *told}
    for field, part in told.items():
        assert part in " ".join(answer[field])


PRICE_FAULTS: list[tuple[Any, str]] = [
    ({}, "This field is required."),
    ({"prices": [5]}, "Item 0: item: Expected an object."),
    ({"prices": [{"priceType": "CHEAP"}]}, "priceType"),
    ({"prices": [{"priceType": "PAID"}]}, "currency: This field is required."),
    ({"prices": [paid("USD", item(charge(-1)))]}, "not negative"),
    ({"prices": [paid("USD", item(charge("1.00")))]}, "valid number"),
    ({"prices": [paid("XXX", item(charge(1)))]}, "ISO 4217"),
    ({"prices": [paid("USD", item(charge(1, "FORTNIGHTLY")))]}, "chargePeriod"),
    ({"prices": [paid("USD", item(charge(1))), paid("USD", item(charge(2)))]}, "same buyers"),
    ({"prices": [paid("USD", item(charge(), model="TIERED"))]}, "required for every price model but FLAT"),
    ({"prices": [paid("USD", item(charge(tiers=[]), feature=NOTHING, model="VOLUME"))]}, "must have no end"),
    ({"prices": [paid("USD", item(charge(tiers=[{"upTo": 5}]), feature=NOTHING, model="VOLUME"))]}, "must have no end"),
    ({"prices": [paid("USD", item(charge(tiers=[{"upTo": "all"}]), feature=NOTHING, model="VOLUME"))]}, "upTo"),
    ({"prices": [paid("USD", item(charge(1), feature=NOTHING))]}, "Feature does not exist."),
    ({"prices": [paid("USD", item(charge(1, advanced={"minQuantity": 0}), feature=NOTHING))]}, "minQuantity"),
]


@pytest.mark.parametrize(("body", "part"), PRICE_FAULTS)
def test_prices_that_cannot_be_are_refused(catalog: Catalog, body: Any, part: str) -> None:
    answer = catalog.post("plans/{identifier}/prices/bulk", body, 400, identifier="lifetime-access")
    assert part in " ".join(answer["prices"])
    assert catalog.get("plans/{identifier}", identifier="lifetime-access")["version"] == 1


@pytest.mark.parametrize("digits", ["0.0000000000001", "1000000000000000", "1E+15", "1e-13"])
def test_amounts_of_too_many_digits_are_refused(catalog: Catalog, digits: str) -> None:
    body = '{"prices": [{"priceType": "PAID", "currency": "USD", "chargeCatalogPrice": [{"charges": [{'
    body += f'"chargePeriod": "ONE_TIME", "priceData": {{"amount": {digits}}}}}]}}]}}]}}'
    answer = catalog.post("plans/{identifier}/prices/bulk", body.encode(), 400, identifier="lifetime-access")
    assert "At most 15 digits before the point and 12 after it." in answer["prices"][0]


def test_a_zero_of_any_exponent_is_nothing(catalog: Catalog) -> None:
    body = b'{"prices": [{"priceType": "PAID", "currency": "USD", "chargeCatalogPrice": [{"charges": [{"chargePeriod": '
    body += b'"ONE_TIME", "priceData": {"amount": 0e-999999999}}]}]}]}'
    answer = catalog.post("plans/{identifier}/prices/bulk", body, 200, identifier="lifetime-access")
    assert answer["prices"][0]["chargeCatalogPrice"][0]["charges"][0]["priceData"] == {"amount": 0}


@pytest.mark.parametrize(
    "metadata",
    [
        b'{"a": ' * 9 + b"1" + b"}" * 9,
        b'{"a": "' + b"x" * 16_001 + b'"}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"\\u0000": 1}',
    ],
)
def test_metadata_has_bounds(catalog: Catalog, metadata: bytes) -> None:
    answer = catalog.patch("plans/{identifier}", b'{"metadata": ' + metadata + b"}", 400, identifier="lifetime-access")
    assert list(answer) == ["detail", "metadata"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/catalog/products/{NOTHING}/", 404),
        ("PATCH", f"/catalog/products/{NOTHING}/", 404),
        ("DELETE", "/catalog/features/not-a-uuid/", 404),
        ("GET", "/catalog/plans/nothing/", 404),
        ("GET", "/catalog/plans/lifetime-access/?version=2", 404),
        ("GET", "/catalog/plans/lifetime-access/?version=x", 400),
        ("PATCH", "/catalog/plans/lifetime-access/?version=2", 404),
        ("DELETE", "/catalog/plans/lifetime-access/features/nothing/", 404),
        ("POST", "/catalog/plans/nothing/publish/", 404),
        ("DELETE", "/catalog/plans/lifetime-access/discard/", 400),
        ("GET", "/catalog/plans/?page=2", 404),
        ("PUT", "/catalog/products/", 405),
    ],
)
def test_what_is_not_there(application: InProcess, method: str, path: str, status: int) -> None:
    body = b"{}" if method in ("PATCH", "POST", "PUT") else b""
    answer = application.request(method, f"/api/v1{path}", body, headers=JSON)
    assert (answer.status, "detail" in answer.json()) == (status, True)


def test_catalogs_of_two_tenants_are_two(catalog: Catalog) -> None:
    product = catalog.product("Mine")
    assert catalog.get("products", key="sk_test_beta", query="?search=mine")["count"] == 0
    catalog.get("products/{pk}", 404, key="sk_test_beta", pk=product)
    catalog.post("plans", {"name": "X", "product": product}, 400, key="sk_test_beta")
    catalog.get("/monetization/product-offering/{product_id}", 404, key="sk_test_beta", product_id=product)


@pytest.mark.parametrize("key", ["pk_test_acme", "ck_test_acme"])
def test_browsers_do_not_read_the_catalog(catalog: Catalog, key: str) -> None:
    assert catalog.get("products", 403, key=key)["code"] == "permission_denied"


@pytest.fixture
def offering(catalog: Catalog) -> Callable[..., Any]:
    """Asks what a product with a plan everywhere and one in India alone costs."""
    product = catalog.product()
    catalog.plan(
        product,
        "World",
        paid("USD", item(charge(20))),
        paid("USD", item(charge(5)), countries=["IN"]),
        paid("EUR", item(charge(18))),
    )
    catalog.plan(product, "India", paid("INR", item(charge(99.5))), countries=["in"])
    catalog.plan(product, "Free", {"priceType": "FREE"})

    def ask(query: str = "", status: int = 200, product_id: str = product, **more: Any) -> Any:
        path = "/monetization/product-offering/{product_id}"
        return catalog.get(path, status, query=query, product_id=product_id, **more)

    return ask


INDIA, GERMANY, PRIVATE = "103.154.35.20", "193.99.144.80", "10.0.0.1"


@pytest.mark.parametrize(
    ("query", "country", "locale", "amounts"),
    [
        ("", "", "en-US", {"world": 20, "india": 99.5, "free": 0}),
        (f"?ip_address={PRIVATE}", "", "en-US", {"world": 20, "india": 99.5, "free": 0}),
        (f"?ip_address={INDIA}", "IN", "hi-IN", {"world": 5, "india": 99.5, "free": 0}),
        (f"?ip_address={GERMANY}", "DE", "de-DE", {"world": 18, "free": 0}),
        (f"?ip_address={GERMANY}&plans_enabled=world,nothing", "DE", "de-DE", {"world": 18}),
        ("?customer_id=nobody&plans_enabled=world", "", "en-US", {"world": 20}),
    ],
)
def test_an_offering_is_for_where_the_buyer_is(
    offering: Callable[..., Any], query: str, country: str, locale: str, amounts: dict[str, Any]
) -> None:
    told = offering(query)
    assert (told["countryCode"], told["pricingLocale"], told["currencyConversionRate"]) == (country, locale, 1)
    assert {p["identifier"]: p["price"]["charges"][0]["priceData"]["amount"] for p in told["plans"]} == amounts
    assert told["subscription"] == {
        "hasPreviousSubscription": False,
        "planIdentifier": None,
        "subscriptionId": None,
        "chargePeriod": None,
    }
    assert told["isCustomerExists"] is False


def test_an_offering_tells_what_the_customer_has(offering: Callable[..., Any], application: InProcess) -> None:
    body = {"planIdentifier": "world", "chargePeriod": "ONE_TIME", "customerId": "cust_789", "ipAddress": GERMANY}
    bought = application.request("POST", "/api/v1/charges/", body).json()
    assert bought["currency"] == "EUR"
    told = offering(f"?customer_id=cust_789&ip_address={INDIA}&plans_enabled=world,india")
    assert [(p["identifier"], p["price"]["currency"]) for p in told["plans"]] == [("world", "EUR")]
    assert (told["currencyCode"], told["currencySymbol"], told["isCustomerExists"]) == ("EUR", "€", True)
    assert told["subscription"] == {
        "hasPreviousSubscription": True,
        "planIdentifier": "world",
        "subscriptionId": bought["id"],
        "chargePeriod": "ONE_TIME",
    }


def test_a_browser_may_ask_for_an_offering_but_not_say_where_it_is(offering: Callable[..., Any]) -> None:
    told = offering(f"?ip_address={INDIA}", key="ck_test_acme")
    assert (told["countryCode"], told["currencyCode"]) == ("", "USD")
    assert offering("?ip_address=nowhere", key="ck_test_acme")["countryCode"] == ""
    assert offering("?ip_address=nowhere", 400).keys() == {"detail", "ip_address"}
    assert offering("", 403, key="pk_test_acme")["code"] == "permission_denied"


@pytest.mark.parametrize("product_id", [NOTHING, "nothing"])
def test_an_offering_of_nothing(offering: Callable[..., Any], product_id: str) -> None:
    told = offering("", 404, product_id=product_id)
    assert (told["status"], told["message"]) == ("Not found", "Product does not exist")
    assert told["detail"] == "Product does not exist."
