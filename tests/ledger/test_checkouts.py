"""Checkout sessions: one payment at a time, one success, and what was shown is what is paid."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.harness import SHOP, TestClock, prepared
from tests.ledger.test_purchasing import DECLINED, SUCCEEDED, settled, started
from tests.ledger.test_registering import archiving, told
from tollhouse.ledger.checkouts import purchase_on
from tollhouse.ledger.commands import CHECKOUT_SCOPE, Idempotency, OpenCheckout, SavePaymentMethod, StartPurchase
from tollhouse.ledger.facts import CheckoutSessionFact, CustomerFact, PaymentFact, PaymentMethodFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.purchase_details import detail_of
from tollhouse.ledger.purchasing.sessions import ATTEMPTS_MAX, state_at
from tollhouse.ledger.refusals import (
    CustomerUnknown,
    NoPriceInCurrency,
    PlanUnknown,
    PriceChanged,
    Refusal,
    SessionNotOpen,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore

HOOKED = (
    SHOP.replace('slug = "shop"', 'slug = "shop"\nprivate_webhooks = true', 1)
    + '\n[[webhook_endpoints]]\nurl = "http://127.0.0.1:9/"\n'
)


class Page:
    """A checkout session, and purchases on it."""

    def __init__(self, store: SqlStore, ledger: Ledger, tenant: TenantFact, **more: Any) -> None:
        self.store = store
        self.ledger = ledger
        self.tenant = tenant
        self.uid = ledger.execute(opening(tenant, **more)).result.session.uid

    @property
    def session(self) -> CheckoutSessionFact:
        return self._find(CheckoutSessionFact, uid=self.uid)

    @property
    def customer(self) -> CustomerFact:
        return self._find(CustomerFact, number=self.session.customer_number)

    def buying(self, **more: Any) -> StartPurchase:
        session = self.session
        attempt = more.setdefault("attempt", session.attempts)
        return purchase_on(
            session,
            self.customer,
            idempotency=Idempotency(CHECKOUT_SCOPE, f"{self.uid}:{attempt}"),
            gateways=frozenset({"sandbox"}),
            call_seconds=8,
            resolve_after_seconds=30,
            **more,
        )

    def _find(self, kind: Any, **equals: Any) -> Any:
        with self.store.reading(self.tenant.tenant_id) as reader:
            (fact,) = reader.find(kind, **equals)
        return fact


def opening(tenant: TenantFact, **more: Any) -> OpenCheckout:
    fields: dict[str, Any] = {
        "plan_identifier": "worldwide",
        "customer_reference": "cust_visa",
        "quantities": (),
        "currency": None,
        "ip_address": None,
        "country_of_ip": None,
        "custom_amount": None,
        "tax_behavior": None,
        "success_url": "https://shop.example/",
        "cancel_url": "",
        "email": "",
        "locks_email": False,
        "country": "",
        "metadata": '{"order_ref":"ABC-123","n":1.50}',
        "open_seconds": 3600,
        **more,
    }
    return OpenCheckout(tenant_id=tenant.tenant_id, **fields)


@pytest.fixture
def page(store: SqlStore, ledger: Ledger, clock: TestClock) -> Page:
    return Page(store, ledger, prepared(store, HOOKED, clock))


def test_a_payment_is_the_end_of_the_session(page: Page) -> None:
    payment = started(page.ledger, page.buying(agreed=("USD", 2000)))
    assert (page.session.state, page.session.payment_id, page.session.attempts) == ("processing", payment.payment_id, 1)
    settled(page.ledger, payment, SUCCEEDED)
    settled(page.ledger, payment, SUCCEEDED)
    assert page.session.state == "success"
    assert (detail_of(payment).made_by, detail_of(payment).session_uid) == ("checkout", page.uid)
    with pytest.raises(SessionNotOpen):
        page.ledger.execute(page.buying())
    assert verify(page.store).differences == []


def test_what_is_told(page: Page) -> None:
    settled(page.ledger, started(page.ledger, page.buying()), SUCCEEDED)
    events = told(page.store, page.tenant)
    purchase = ["order.created", "invoice.created", "invoice.paid", "subscription.created"]
    assert [kind for kind, _ in events] == [*purchase, "checkout.completed"]
    told_of = events[-1][1]["object"]
    assert (told_of["id"], told_of["status"], told_of["amount_units"]) == (page.uid, "success", 2000)
    assert told_of["metadata"] == {"order_ref": "ABC-123", "n": 1.5}


def test_after_a_decline_another_attempt_can_be_made(page: Page) -> None:
    first = started(page.ledger, page.buying())
    settled(page.ledger, first, DECLINED)
    assert (page.session.state, page.session.payment_id) == ("open", first.payment_id)
    second = started(page.ledger, page.buying())
    assert second.payment_id != first.payment_id
    settled(page.ledger, second, SUCCEEDED)
    assert page.session.state == "success"


def test_the_same_attempt_twice_is_one_payment(page: Page) -> None:
    command = page.buying()
    one, two = page.ledger.execute_batch(page.tenant.tenant_id, [command, command])
    assert not isinstance(one, Exception)
    assert not isinstance(two, Exception)
    assert two.replayed
    assert one.result.payment.payment_id == two.result.payment.payment_id
    with pytest.raises(SessionNotOpen):
        page.ledger.execute(msgspec.structs.replace(command, idempotency=None))


def test_what_was_not_shown_is_not_paid(page: Page) -> None:
    for agreed in (("USD", 1999), ("EUR", 2000)):
        with pytest.raises(PriceChanged):
            page.ledger.execute(page.buying(agreed=agreed))
    assert page.session.state == "open"


def test_time_and_attempts_are_bounded(page: Page, clock: TestClock) -> None:
    for _ in range(ATTEMPTS_MAX):
        settled(page.ledger, started(page.ledger, page.buying()), DECLINED)
    assert state_at(page.session, clock.now()) == "expired"
    with pytest.raises(SessionNotOpen):
        page.ledger.execute(page.buying())
    late = Page(page.store, page.ledger, page.tenant)
    clock.advance(3600)
    with pytest.raises(SessionNotOpen):
        page.ledger.execute(late.buying())


def test_a_card_is_the_customers_once_it_has_paid(page: Page) -> None:
    new = Page(page.store, page.ledger, page.tenant, customer_reference=None)
    save = SavePaymentMethod(
        tenant_id=new.tenant.tenant_id,
        customer_number=new.customer.number,
        gateway="sandbox",
        token="pm_card_visa",
        is_proven=False,
    )

    def method() -> PaymentMethodFact:
        with page.store.reading(page.tenant.tenant_id) as reader:
            (found,) = reader.find(PaymentMethodFact, customer_number=new.customer.number)
            return found

    method_id = page.ledger.execute(save).result.method.payment_method_id
    declined: PaymentFact = started(page.ledger, new.buying(payment_method_id=method_id))
    settled(page.ledger, declined, DECLINED)
    assert (method().state, method().is_default) == ("requires_action", 0)
    paid = started(page.ledger, new.buying(payment_method_id=method_id))
    settled(page.ledger, paid, SUCCEEDED)
    assert (method().state, method().is_default) == ("succeeded", 1)
    kinds = [kind for kind, data in told(page.store, page.tenant)]
    assert kinds[:3] == ["customer.created", "payment_method.created", "order.created"]


def test_a_session_of_nobody(page: Page) -> None:
    with pytest.raises(CustomerUnknown):
        page.ledger.execute(opening(page.tenant, customer_reference="nobody"))
    command = page.buying()
    page.ledger.execute(archiving(page.tenant, "cust_visa"))
    with pytest.raises(CustomerUnknown):
        page.ledger.execute(command)


def test_a_refused_session_makes_no_customer(page: Page) -> None:
    """Neither the customer that was to be made for it nor an event of it is left."""
    before = _customers(page)
    refused: list[tuple[type[Refusal], dict[str, Any]]] = [
        (PlanUnknown, {"plan_identifier": "nothing"}),
        (NoPriceInCurrency, {"currency": "CHF"}),
    ]
    for refusal, more in refused:
        with pytest.raises(refusal):
            page.ledger.execute(opening(page.tenant, customer_reference=None, **more))
    assert _customers(page) == before
    assert told(page.store, page.tenant) == []


def _customers(page: Page) -> int:
    with page.store.reading(page.tenant.tenant_id) as reader:
        return reader.count(CustomerFact)


def test_where_an_address_is_found_is_no_part_of_what_was_asked(page: Page) -> None:
    """The map of addresses changes with every release; a key counts for ever."""
    command = opening(page.tenant, ip_address="103.154.35.20", country_of_ip="IN")
    command = msgspec.structs.replace(command, idempotency=Idempotency("tenant", "k"))
    first = page.ledger.execute(command)
    again = page.ledger.execute(msgspec.structs.replace(command, country_of_ip="SG"))
    assert again.replayed
    assert again.result.session.uid == first.result.session.uid
