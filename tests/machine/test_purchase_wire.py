"""Stories of plans, purchases and refunds told to the whole server as HTTP, beside the plain model of purchases.

The sandbox's cards say what a gateway does. What charges, orders, transactions, refunds and entitlements answer is what
the model says.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.apis.kelviq.hours import Hours
from tests.harness import Answer, InProcess, in_process, provision
from tests.machine import purchase_model as plain
from tests.machine.playing import NewStore
from tests.machine.purchase_dice import CUSTOMERS, IPS, PLANS, Author, Dice
from tests.machine.purchase_model import (
    DECIMALS,
    FEATURES,
    GATEWAY,
    Ask,
    Document,
    Model,
    Order,
    Plan,
    Price,
    Rate,
    Refund,
    RefundAsk,
    Refused,
)
from tollhouse.config import Settings
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.workers import resolver

TENANT = '[tenant]\nslug = "machine"\n\n[[keys]]\nname = "server"\nsecret = "sk_test_machine"\n'
#: What each customer pays with: the card's token, and what comes of a payment and of a refund at once.
CARDS = {
    "nowhere": ("pm_card_visa", "succeeded", "succeeded"),
    "berlin": ("pm_card_refundDeclined", "succeeded", "declined"),
    "tokyo": ("pm_card_chargeDeclined", "declined", ""),
    "delhi": ("pm_script:refund=take+unknown", "succeeded", "unknown"),
    "foreign": ("pm_script:charge=take+unknown", "unknown", "succeeded"),
}
CODES = {
    "IdempotencyKeyReused": "idempotency_key_reused",
    "CustomerUnknown": "customer_not_found",
    "PlanUnknown": "plan_not_found",
    "PlanHasNoOneTimePrice": "no_one_time_price",
    "PlanIsFree": "plan_is_free",
    "PlanIsNotFree": "plan_is_not_free",
    "PlanWantsCustomAmount": "custom_amount_required",
    "FeatureUnknown": "feature_not_found",
    "QuantityRefused": "quantity_invalid",
    "CurrencyMismatch": "currency_mismatch",
    "NoPriceInCurrency": "no_price_in_currency",
    "CountryNotServed": "country_not_served",
    "CustomAmountRefused": "custom_amount_invalid",
    "AmountOutOfRange": "amount_too_large",
    "PaymentMethodMissing": "payment_method_required",
    "PlanAlreadyPublished": "plan_already_published",
    "PlanWithoutPrice": "plan_without_price",
    "PlanIsArchived": "plan_is_archived",
    "AlreadyArchived": "already_archived",
    "NotInCatalog": "not_found",
    "OrderUnknown": "order_not_found",
    "OrderNotPaid": "order_not_refundable",
    "RefundTooLarge": "refund_too_large",
}
#: Refusals that name a field instead of having a code.
FIELDS = {
    "FieldRefused": "prices",
    "RefundAmountRefused": "amount",
    "MeterUnknown": "featureId",
    "UsageRefused": "value",
}
STATUSES = {"IdempotencyKeyReused": 409, "OrderUnknown": 404, "NotInCatalog": 404}
SETTLED_WITHIN_SECONDS = 60

_JSON = msgspec.json.Encoder(decimal_format="number")
_NUMBERS = msgspec.json.Decoder(float_hook=Decimal)


class Story:
    """Tells the same to a server and to the model."""

    #: Whether it waits for what is looked up.
    is_waiting = False

    def __init__(self, application: InProcess) -> None:
        self.application = application
        self.model = Model(0)
        self.product = ""
        self.features: dict[str, str] = {}
        self.lines: list[str] = []

    # What happens.

    def begin(self, dice: Dice) -> None:
        product = self.product = self._made("/api/v1/catalog/products/", {"name": "Product", "taxCode": "saas"})["id"]
        for name, kind in FEATURES.items():
            body = {"name": name, "identifier": name, "featureType": kind}
            self.features[name] = self._made("/api/v1/catalog/features/", body)["id"]
        for name in PLANS:
            self._made("/api/v1/catalog/plans/", {"name": name, "identifier": name, "product": product})
            self.model.plans[name] = Plan(name, Document())
        for reference, country in CUSTOMERS:
            address = {"billingAddress": {"country": country}} if country else {}
            self._made("/api/v1/customers/", {"customerId": reference, **address})
            customer = self.model.register(reference, country)
            if reference in CARDS:
                card = {"customer": reference, "gateway": "sandbox", "token": CARDS[reference][0], "default": True}
                assert self._ask("POST", "/admin/v1/payment_methods", card).status == 200
                customer.gateway = GATEWAY
        for name in PLANS:
            document = dice.document()
            for what in ("prices", "entitled", "countries", "publish"):
                self.author(Author(name, what, document))

    def step(self, dice: Dice) -> None:
        match dice.randrange(10):
            case 0 | 1 | 2 | 3:
                action = dice.buy(self.model)
                self.buy(action.ask, action.key)
            case 4 | 5 | 6:
                if self.model.orders:
                    self.give_back(dice)
            case 7 | 8:
                used = dice.use(self.model)
                self.use(used.customer, used.feature, used.value, is_delta=used.is_delta)
            case _:
                for part in dice.author():
                    self.author(part)

    def author(self, action: Author) -> None:
        name, document = action.plan, action.document
        plan = f"/api/v1/catalog/plans/{name}/"
        match action.what:
            case "prices":
                body: Any = {"prices": list(map(self._price, document.prices))}
                answer = self._ask("POST", f"{plan}prices/bulk/", body)
                self._compare(answer, 200, lambda: self.model.edit(name, prices=document.prices))
            case "entitled":
                rows = [{"feature": self.features[e.feature], "details": _details(e)} for e in document.entitled]
                answer = self._ask("PUT", f"{plan}features/", {"planEntitlements": rows})
                self._compare(answer, 200, lambda: self.model.edit(name, entitled=document.entitled))
            case "countries":
                answer = self._ask("PATCH", plan, {"countries": list(document.countries)})
                self._compare(answer, 200, lambda: self.model.edit(name, countries=document.countries))
            case "publish":
                answer = self._ask("POST", f"{plan}publish/", {})
                self._compare(answer, 200, lambda: self.model.publish(name))
            case "discard":
                self._compare(self._ask("DELETE", f"{plan}discard/"), 204, lambda: self.model.discard(name))
            case "archive":
                self._compare(self._ask("DELETE", plan), 204, lambda: self.model.archive_plan(name))

    def buy(self, ask: Ask, key: str | None) -> None:
        if ask.is_free:
            ask = replace(ask, currency=None, custom=None, tax=None)
        body = {
            "planIdentifier": ask.plan,
            "chargePeriod": "ONE_TIME",
            "customerId": ask.customer,
            "features": [{"identifier": name, "quantity": quantity} for name, quantity in ask.quantities],
            "ipAddress": IPS[ask.country] if ask.country else None,
        }
        if not ask.is_free:
            body |= {"currencyCode": ask.currency, "customAmount": ask.custom, "taxBehavior": ask.tax}
        answer = self._ask("POST", "/api/v1/subscriptions/create/" if ask.is_free else "/api/v1/charges/", body, key)
        faults = {"features"} if any(not 1 <= q <= plain.QUANTITY_MAX for _, q in ask.quantities) else set()
        faults |= {"customAmount"} if ask.custom is not None and ask.custom <= 0 else set()
        if faults:
            assert (answer.status, set(answer.json()) - {"detail"}) == (400, faults)
            return
        try:
            word, order = self.model.buy(ask, key)
        except Refused as refused:
            self._compare_refusal(answer, refused)
            return
        assert isinstance(order, Order)
        assert answer.headers.get("idempotency-replayed") == ("true" if word == "replay" else None)
        outcome = CARDS.get(ask.customer, ("", "", ""))[1]
        if word == "new" and order.state == "pending":
            self.model.settle(order, "charge", 1, outcome)
        if order.state == "pending":
            self._wait_for(order, answer)
        elif order.state == "declined":
            assert (answer.status, answer.json()["code"]) == (400, "card_declined")
        else:
            self._compare_charge(answer, order)
        self._compare_order(order)

    def _wait_for(self, order: Order, answer: Answer) -> None:
        """The outcome is not known yet: it is looked up by the server itself."""
        assert (answer.status, answer.json()["code"]) == (504, "outcome_unknown")
        order.order_id = answer.json()["orderId"]
        with self._looked_up():
            until = time.monotonic() + SETTLED_WITHIN_SECONDS
            while self._ask("GET", f"/api/v1/orders/{order.order_id}/", is_quiet=True).status == 404:
                assert time.monotonic() < until, "the order stays open"
                time.sleep(0.01)
        self.model.settle(order, "look_up", 2, "succeeded")

    def _compare_charge(self, answer: Answer, order: Order) -> None:
        assert answer.status == 201
        charge = answer.json()
        order.uid = order.uid or charge["id"]
        told = (charge["id"], charge["amount"], charge["currency"], charge["status"], charge["customerId"])
        assert told == (
            order.uid,
            _text(order.amount, order.currency),
            order.currency,
            "active",
            order.customer.reference,
        )
        assert {row["identifier"]: row["value"] for row in charge["features"]} == order.quantities
        assert charge["plan"]["identifier"] == order.plan

    def _compare_order(self, order: Order) -> None:
        """The order, and the transactions of it, found by the id that the charge has."""
        if not order.order_id and order.uid:
            (found,) = self._page(f"/api/v1/transaction/?search={order.uid}")
            order.order_id = found["order"]["id"]
        if not order.order_id:
            return
        told = self._ask("GET", f"/api/v1/orders/{order.order_id}/", is_quiet=True).json()
        order.uid = order.uid or told["subscription"]["id"]
        assert told["status"] == order.status
        assert (told["amountTotalUnits"], told["refundedTotalUnits"]) == (order.amount, order.refunded)
        assert (told["amountTotal"], told["saleCurrency"]) == (_text(order.amount, order.currency), order.currency)
        assert told["subscription"]["id"] == order.uid
        movements = self._page(f"/api/v1/transaction/?search={order.order_id}&page_size=100")
        expected = [("CHARGE", _major(order.amount, order.currency), "success")]
        for refund in self.model.refunds:
            if refund.order is order:
                status = {"pending": "pending", "succeeded": "success", "failed": "failure"}[refund.state]
                expected.append(("REFUND", -_major(refund.amount, refund.currency), status))
        assert sorted((t["transactionType"], t["amountTotal"], t["status"]) for t in movements) == sorted(expected)

    def give_back(self, dice: Dice) -> None:
        action = dice.give_back(self.model)
        order = self.model.orders[-1 - action.which % len(self.model.orders)]
        if not order.order_id:
            return
        minor = None if action.percent is None else max(order.amount * action.percent // 100, 1)
        major = None
        if minor is not None and action.in_major:
            minor, major = None, _major(minor, order.currency)
        self.refund(RefundAsk(order.order_id, minor, major), action.key, order)

    def refund(self, ask: RefundAsk, key: str | None, order: Order) -> None:
        body = {"orderId": ask.order, "amountUnits": ask.minor, "amount": ask.major, "reason": "OTHER"}
        answer = self._ask("POST", "/api/v1/refunds/", body, key)
        if ask.minor is not None and ask.minor > plain.AMOUNT_MAX:
            assert (answer.status, set(answer.json()) - {"detail"}) == (400, {"amountUnits"})
            return
        try:
            word, refund = self.model.refund(ask, key)
        except Refused as refused:
            self._compare_refusal(answer, refused)
            return
        assert isinstance(refund, Refund)
        outcome = CARDS[order.customer.reference][2]
        if word == "new":
            self.model.settle_refund(refund, "refund", 1, outcome, revokes=False)
        if refund.state == "failed":
            assert (answer.status, answer.json()["code"]) == (400, "refund_declined")
        else:
            assert answer.status == 200
            told = _NUMBERS.decode(answer.body)
            refund.uid = refund.uid or told["id"]
            amounts = (refund.uid, refund.amount, _major(refund.amount, refund.currency))
            assert (told["id"], told["amountUnits"], Decimal(told["amount"])) == amounts
            assert told["status"] == {"pending": "PROCESSING", "succeeded": "SUCCEEDED"}[refund.state]
            assert told["order"]["refundedTotalUnits"] == order.refunded
        if refund.state == "pending":
            self._wait_for_refund(refund)
        self._compare_order(order)

    @contextmanager
    def _looked_up(self) -> Iterator[None]:
        Story.is_waiting = True
        try:
            yield
        finally:
            Story.is_waiting = False

    def _wait_for_refund(self, refund: Refund) -> None:
        status = "PROCESSING"
        with self._looked_up():
            until = time.monotonic() + SETTLED_WITHIN_SECONDS
            while status == "PROCESSING":
                assert time.monotonic() < until, "the refund stays open"
                time.sleep(0.01)
                status = self._ask("GET", f"/api/v1/refunds/{refund.uid}/", is_quiet=True).json()["status"]
        self.model.settle_refund(refund, "look_up", 2, "succeeded", revokes=False)
        assert status == "SUCCEEDED"

    def use(self, reference: str, feature: str, value: int, *, is_delta: bool) -> None:
        behaviour = "DELTA" if is_delta else "SET"
        body = {"value": value, "customerId": reference, "featureId": feature, "behaviour": behaviour}
        answer = self._ask("POST", "/api/v1/report/usage/", body)
        if value < 0 and not is_delta:
            assert (answer.status, set(answer.json())) == (400, {"detail", "value"})
            return
        self._compare(answer, 200, lambda: self.model.report(reference, feature, value, is_delta=is_delta))

    # What holds.

    def compare_all(self) -> None:
        for reference, customer in self.model.customers.items():
            told = self._ask("GET", f"/api/v1/entitlements?customer_id={reference}", is_quiet=True).json()[
                "entitlements"
            ]
            orders = [o for o in self.model.orders if o.customer is customer and o.state == "succeeded"]
            expected = [self._entitlement(grant) for order in orders for grant in order.grants]
            assert _sorted(told) == _sorted(expected)
            for country in (None, "IN", "KW"):
                self._compare_offers(reference, country)
        paid = [order for order in self.model.orders if order.state == "succeeded"]
        listed = self._page("/api/v1/orders/?page_size=100")
        ids = {row["id"] for row in listed if row["status"] != "FAILED"}
        assert ids == {order.order_id for order in paid}
        assert len(listed) == len(self.model.orders)
        refunds = self._page("/api/v1/refunds/?page_size=100")
        states = sorted((row["amountUnits"], row["status"]) for row in refunds)
        assert states == sorted((r.amount, r.state.upper()) for r in self.model.refunds)
        locks = {customer.reference: customer.lock for customer in self.model.customers.values()}
        for order in paid:
            assert order.is_free or order.currency == locks[order.customer.reference]

    def _compare_offers(self, reference: str, country: str | None) -> None:
        """What is offered is what would be charged."""
        ip = f"&ip_address={IPS[country]}" if country else ""
        path = f"/api/v1/monetization/product-offering/{self.product}/?customer_id={reference}{ip}"
        told = _NUMBERS.decode(self._ask("GET", path, is_quiet=True).body)["plans"]
        offers = {plan["identifier"]: plan for plan in told if plan["enabled"]}
        for name in PLANS:
            offer = self.model.offered(name, reference, country)
            assert (offer is not None) == (name in offers), (name, reference, country)
            if offer is not None:
                self._compare_offer(offers[name], *offer)

    def _compare_offer(self, told: dict[str, Any], price: Price, minor: int | None) -> None:
        assert (told["price"]["priceType"], told["price"]["currency"]) == (price.kind, price.currency)
        (once,) = _once(told["price"]["charges"])
        assert once.get("featureQuantityPrice") == (None if minor is None else _major(minor, price.currency))
        priced = {feature["identifier"]: _once(feature["charges"]) for feature in told["features"]}
        bounds = {name: charge["advanced"] for name, charges in priced.items() for charge in charges}
        expected = {}
        for name, rate in price.priced.items():
            both = {"min_quantity": rate.least, "max_quantity": rate.most}
            expected[name] = {which: bound for which, bound in both.items() if bound is not None}
        assert bounds == expected

    def _entitlement(self, grant: plain.Meter) -> dict[str, Any]:
        row = {
            "featureId": grant.feature,
            "featureType": grant.kind,
            "hasAccess": grant.has_access,
            "hardLimit": None,
            "usageLimit": None if grant.kind == "BOOLEAN" else grant.limit,
            "currentUsage": None,
            "remaining": None,
        }
        if grant.kind == "METER":
            left = None if grant.limit is None else max(grant.limit - grant.used, 0)
            row |= {"hardLimit": grant.is_hard, "currentUsage": grant.used, "remaining": left, "hasAccess": left != 0}
        return row

    # How.

    def _ask(
        self, method: str, path: str, body: Any = None, key: str | None = None, *, is_quiet: bool = False
    ) -> Answer:
        headers = {} if body is None else {"Content-Type": "application/json"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        sent = b"" if body is None else _JSON.encode(body)
        answer = self.application.request(method, path, sent, key="sk_test_machine", headers=headers)
        if not is_quiet:
            said = "" if answer.status < 300 else answer.body.decode()
            self.lines.append(f"{method} {path} {sent.decode()} {key or ''} -> {answer.status} {said}")
        return answer

    def _made(self, path: str, body: Any) -> Any:
        answer = self._ask("POST", path, body)
        assert answer.status == 201, answer.body
        return answer.json()

    def _page(self, path: str) -> list[dict[str, Any]]:
        answer = self._ask("GET", path, is_quiet=True)
        assert answer.status == 200, answer.body
        page = _NUMBERS.decode(answer.body)
        assert page["count"] == len(page["results"])
        rows: list[dict[str, Any]] = page["results"]
        return rows

    def _compare(self, answer: Answer, status: int, expected: Callable[[], object]) -> None:
        try:
            expected()
        except Refused as refused:
            self._compare_refusal(answer, refused)
        else:
            assert answer.status == status, answer.body

    def _compare_refusal(self, answer: Answer, refused: Refused) -> None:
        told = answer.json()
        assert answer.status == STATUSES.get(refused.name, 400), refused.name
        if refused.name in FIELDS:
            assert FIELDS[refused.name] in told, refused.name
        else:
            assert told["code"] == CODES[refused.name]

    def _price(self, price: Price) -> dict[str, Any]:
        base = {"priceModel": "FLAT", "charges": [_charge(price, {"priceData": {"amount": Decimal(price.base or 0)}})]}
        items = [] if price.base is None else [base]
        return {
            "priceType": price.kind,
            "currency": price.currency,
            "taxBehavior": price.tax,
            "enabled": price.is_enabled,
            "countries": list(price.countries),
            "chargeCatalogPrice": [*items, *(self._rate(price, rate) for rate in price.rates)],
        }

    def _rate(self, price: Price, rate: Rate) -> dict[str, Any]:
        data: dict[str, Any] = {} if rate.tiers else {"amount": Decimal(rate.amount)}
        data |= {"block_size": rate.block} if rate.model == "PACKAGE" else {}
        tiers = [
            {"upTo": "inf" if end is None else end, "unitAmount": Decimal(each), "flatAmount": Decimal(flat)}
            for end, each, flat in rate.tiers
        ]
        bounds = {"min_quantity": rate.least, "max_quantity": rate.most}
        return {
            "feature": self.features[rate.feature],
            "priceModel": rate.model,
            "paymentType": "ADVANCE_COMMITMENT" if rate.is_in_advance else "PAY_AS_YOU_GO",
            "charges": [_charge(price, {"priceData": data, "tiers": tiers, "advanced": bounds})],
        }


def _once(charges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [charge for charge in charges if charge["chargePeriod"] == "ONE_TIME"]


def _charge(price: Price, fields: dict[str, Any]) -> dict[str, Any]:
    return {"chargePeriod": price.period, **fields}


def _details(entitled: plain.Entitled) -> dict[str, Any]:
    """Nothing starts again here: the day might end in the middle of a story."""
    return {"value": entitled.value, "hasUnlimitedUsage": entitled.is_unlimited, "hardLimit": entitled.is_hard}


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-DECIMALS[currency])


def _text(minor: int, currency: str) -> str:
    """With at least two decimals."""
    return f"{_major(minor, currency):.{max(DECIMALS[currency], 2)}f}"


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)


def tell(url: str, seed: int, steps: int) -> None:
    with closing(SqlStore(store_url(url))) as store:
        provision(store, TENANT)
    with in_process(Settings(database_url=url, resolve_after_seconds=0)) as application:
        story = Story(application)
        try:
            story.begin(Dice(seed))
            for number in range(steps):
                story.step(Dice(seed * 1000 + number))
            story.compare_all()
        except Exception:  # noqa: BLE001 - whatever it is, the story goes with it
            pytest.fail("\n".join([*story.lines, "", traceback.format_exc(), f"seed {seed}"]), pytrace=False)
    with closing(SqlStore(store_url(url))) as store:
        assert verify(store).differences == []


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway's silence takes no time; what became of the money is looked up while the story waits for it alone."""
    Hours(monkeypatch)
    resolve_due = resolver.Resolver.resolve_due

    async def when_waited_for(asked: Any) -> int:
        return await resolve_due(asked) if Story.is_waiting else 0

    monkeypatch.setattr(resolver, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(resolver.Resolver, "resolve_due", when_waited_for)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_some_stories_over_http(new_store: NewStore) -> None:
    for seed in (7, 11):
        tell(new_store(), seed, 30)


@pytest.mark.soak
def test_stories_over_http(new_store: NewStore) -> None:
    for _ in range(30):
        tell(new_store(), Dice().getrandbits(32), 40)
