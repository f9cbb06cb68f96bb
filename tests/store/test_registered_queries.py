"""What lists customers, their payment methods and checkout sessions, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import SHOP, TestClock, prepared
from tests.ledger.test_checkouts import Page as Sale
from tests.ledger.test_purchasing import DECLINED, SUCCEEDED, settled, started
from tests.ledger.test_registering import archiving, changing, registering
from tollhouse.apis.pages.sights import customer_seen, session_seen
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.purchasing.sessions import ATTEMPTS_MAX
from tollhouse.ledger.queries import MethodsWanted, Page, RegisteredWanted, SessionsWanted
from tollhouse.store.queries.checkouts import SqlCheckoutQueries
from tollhouse.store.queries.registered import SqlRegisteredQueries
from tollhouse.store.store import SqlStore

ALL = Page(1, 100)


@pytest.fixture
def shop(store: SqlStore, clock: TestClock) -> TenantFact:
    return prepared(store, SHOP, clock)


def found(store: SqlStore, tenant: TenantFact, page: Page = ALL, **wanted: Any) -> list[str | None]:
    rows = SqlRegisteredQueries(store).customers(tenant.tenant_id, RegisteredWanted(**wanted), page).rows
    return [customer.reference for customer, _ in rows]


def test_customers_by_name_email_and_reference(
    store: SqlStore, ledger: Ledger, shop: TenantFact, clock: TestClock
) -> None:
    clock.advance(60)
    ledger.execute(registering(shop, "c_1%", email="Ada@Example.com", name="Ada Lovelace"))
    clock.advance(60)
    ledger.execute(registering(shop, "Ünique", name="Grace"))
    assert found(store, shop)[:2] == ["Ünique", "c_1%"]
    assert found(store, shop, Page(2, 1)) == ["c_1%"]
    for search in ("LOVELACE", "ada@EXAMPLE", "C_1%", "1%"):
        assert found(store, shop, search=search) == ["c_1%"]
    assert found(store, shop, search="Ünique") == ["Ünique"]
    assert found(store, shop, search="nobody") == []
    assert found(store, shop, reference="c_1%") == ["c_1%"]
    assert found(store, shop, reference="c_1") == []
    ledger.execute(archiving(shop, "c_1%"))
    assert found(store, shop, search="ada") == []


def test_a_customer_comes_with_its_profile(store: SqlStore, ledger: Ledger, shop: TenantFact) -> None:
    ledger.execute(changing(shop, "cust_visa", metadata=(("a", "1"),)))
    queries = SqlRegisteredQueries(store)
    ((_, profile),) = queries.customers(shop.tenant_id, RegisteredWanted(reference="cust_visa"), ALL).rows
    assert profile is not None
    assert profile.metadata == '{"a":"1"}'
    ((_, none),) = queries.customers(shop.tenant_id, RegisteredWanted(reference="cust_3ds"), ALL).rows
    assert none is None


def test_payment_methods(store: SqlStore, ledger: Ledger, shop: TenantFact) -> None:
    ledger.execute(changing(shop, "cust_visa", email="ada@example.com"))
    queries = SqlRegisteredQueries(store)
    everybodys = queries.payment_methods(shop.tenant_id, MethodsWanted(), ALL)
    assert everybodys.total == len(everybodys.rows) > 1
    for wanted in (MethodsWanted(reference="cust_visa"), MethodsWanted(email="ADA@example.com ")):
        (listed,) = queries.payment_methods(shop.tenant_id, wanted, ALL).rows
        assert listed.customer.reference == "cust_visa"
        assert listed.details is not None
        assert (listed.details.last4, listed.profile is None) == ("4242", False)
    assert queries.payment_methods(shop.tenant_id, MethodsWanted(reference="nobody"), ALL).total == 0
    ledger.execute(archiving(shop, "cust_visa"))
    assert queries.payment_methods(shop.tenant_id, MethodsWanted(), ALL).total == everybodys.total - 1


def test_sessions(store: SqlStore, ledger: Ledger, shop: TenantFact, clock: TestClock) -> None:
    paid, over = Sale(store, ledger, shop), Sale(store, ledger, shop, customer_reference="cust_3ds")
    settled(ledger, started(ledger, paid.buying()), SUCCEEDED)
    clock.advance(3600)
    waiting = Sale(store, ledger, shop, customer_reference="cust_declined")
    settled(ledger, started(ledger, waiting.buying()), DECLINED)
    queries = SqlCheckoutQueries(store, ATTEMPTS_MAX)

    def uids(page: Page = ALL, **wanted: Any) -> list[str]:
        rows = queries.sessions(shop.tenant_id, SessionsWanted(**wanted), clock.now(), page).rows
        return [row.session.uid for row in rows]

    assert uids() == [waiting.uid, over.uid, paid.uid]
    assert uids(Page(2, 2)) == [paid.uid]
    assert uids(state="open") == [waiting.uid]
    assert uids(state="expired") == [over.uid]
    assert uids(state="success") == [paid.uid]
    assert uids(search="CUST_3DS") == uids(search=over.uid[:13].upper()) == [over.uid]
    assert len(uids(search="invoice TEST")) == 3
    assert uids(start_at=clock.now()) == [waiting.uid]
    assert uids(end_at=clock.now()) == [over.uid, paid.uid]
    (row,) = queries.sessions(shop.tenant_id, SessionsWanted(uid=waiting.uid), clock.now(), ALL).rows
    assert row.payment is not None
    assert (row.payment.state, row.plan.identifier, row.product is None) == ("declined", "worldwide", False)


def test_what_the_pages_show(store: SqlStore, ledger: Ledger, shop: TenantFact, clock: TestClock) -> None:
    sale = Sale(store, ledger, shop)
    for country, price in (("", ("USD", 2000)), ("DE", ("EUR", 1850)), ("IN", ("USD", 500))):
        seen = session_seen(store, clock.now(), "shop", sale.uid, country)
        assert seen is not None
        assert seen.priced is not None
        assert (seen.priced.quote.currency, seen.priced.quote.net_minor) == price
    settled(ledger, started(ledger, sale.buying()), SUCCEEDED)
    visited = customer_seen(store, shop.tenant_id, sale.session.customer_number)
    assert visited is not None
    assert [each.detail.plan_name for each in visited.purchases] == ["Worldwide"]
    assert session_seen(store, clock.now(), "acme", sale.uid, "") is None
    ledger.execute(archiving(shop, "cust_visa"))
    assert session_seen(store, clock.now(), "shop", sale.uid, "") is None
    assert customer_seen(store, shop.tenant_id, sale.session.customer_number) is None
