"""What the pages show of the ledger, read at one moment."""

from __future__ import annotations

from typing import NamedTuple

from tollhouse.ledger.checkout_details import CheckoutAsked, asked_of
from tollhouse.ledger.checkouts import priced_on
from tollhouse.ledger.facts import (
    CheckoutSessionFact,
    CustomerFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PlanFact,
    ProductFact,
    TenantFact,
)
from tollhouse.ledger.payment_methods import details_of, methods_of
from tollhouse.ledger.ports import Reader, Store
from tollhouse.ledger.profiles import profile_of
from tollhouse.ledger.purchase_details import SUCCEEDED, PurchaseDetail, detail_of
from tollhouse.ledger.purchasing.offers import Priced
from tollhouse.ledger.purchasing.prices import one_time_prices, product_of
from tollhouse.ledger.purchasing.sessions import OPEN, state_at
from tollhouse.ledger.refusals import Refusal, TenantBlocked
from tollhouse.ledger.sight import Snapshot

#: The latest so many purchases are shown.
PURCHASES_MAX = 100


class MethodSeen(NamedTuple):
    method: PaymentMethodFact
    details: PaymentMethodDetailsFact | None


class SessionSeen(NamedTuple):
    """A checkout session, its latest payment, and what that was tried with, proven or not.

    Of an open session either `priced` says what is to pay, or `refusal` why nothing can be.
    """

    tenant: TenantFact
    session: CheckoutSessionFact
    state: str
    asked: CheckoutAsked
    customer: CustomerFact
    address: dict[str, str]
    methods: list[MethodSeen]
    payment: PaymentFact | None
    paid_with: PaymentMethodFact | None
    priced: Priced | None
    product: ProductFact | None
    is_country_needed: bool
    refusal: Refusal | None

    @property
    def path(self) -> str:
        return f"/checkout/{self.tenant.slug}/{self.session.uid}"


class PurchaseSeen(NamedTuple):
    payment: PaymentFact
    detail: PurchaseDetail


class CustomerSeen(NamedTuple):
    tenant: TenantFact
    customer: CustomerFact
    methods: list[MethodSeen]
    purchases: list[PurchaseSeen]


def session_seen(store: Store, now: int, slug: str, uid: str, country: str) -> SessionSeen | None:
    """The session with this uid, as for somebody who pays from this country (empty: the one that is known)."""
    tenant = store.tenant_called(slug)
    if tenant is None:
        return None
    with store.reading(tenant.tenant_id) as reader:
        for session in reader.find(CheckoutSessionFact, uid=uid):
            return _session_seen(reader, now, session, country)
    return None


def _session_seen(reader: Reader, now: int, session: CheckoutSessionFact, country: str) -> SessionSeen | None:
    customers = reader.find(CustomerFact, number=session.customer_number, deleted_at=None)
    if not customers:
        return None
    customer, sight, asked = customers[0], Snapshot(reader, now), asked_of(session)
    state = state_at(session, sight.now)
    priced, refusal = None, None
    if state == OPEN:
        try:
            if sight.tenant.blocked:
                raise TenantBlocked
            priced = priced_on(sight, customer, asked, country)
        except Refusal as error:
            refusal = error
    payments = reader.find(PaymentFact, payment_id=session.payment_id) if session.payment_id else []
    return SessionSeen(
        tenant=sight.tenant,
        session=session,
        state=state,
        asked=asked,
        customer=customer,
        address=profile_of(sight, customer).billing_address,
        methods=_methods(reader, customer),
        payment=payments[0] if payments else None,
        paid_with=_paid_with(reader, payments[0]) if payments else None,
        priced=priced,
        product=product_of(sight, sight.tenant, priced.plan) if priced else None,
        is_country_needed=priced is not None and _depends_on_country(sight, priced.plan),
        refusal=refusal,
    )


def _depends_on_country(sight: Snapshot, plan: PlanFact) -> bool:
    return any(price.countries for price in one_time_prices(sight, sight.tenant, plan))


def _paid_with(reader: Reader, payment: PaymentFact) -> PaymentMethodFact | None:
    number, gateway = payment.customer_number, payment.gateway
    rows = reader.find(PaymentMethodFact, customer_number=number, gateway=gateway, token=payment.token)
    return rows[0] if rows else None


def customer_seen(store: Store, tenant_id: int, number: int) -> CustomerSeen | None:
    with store.reading(tenant_id) as reader:
        customers = reader.find(CustomerFact, number=number, deleted_at=None)
        if not customers:
            return None
        (tenant,) = reader.find(TenantFact)
        order = ("-created_at", "-payment_id")
        payments = reader.first(PaymentFact, PURCHASES_MAX, order=order, customer_number=number, state=SUCCEEDED)
        purchases = [PurchaseSeen(payment, detail_of(payment)) for payment in payments]
        return CustomerSeen(tenant, customers[0], _methods(reader, customers[0]), purchases)


def _methods(reader: Reader, customer: CustomerFact) -> list[MethodSeen]:
    """The default one first."""
    methods = sorted(methods_of(reader, customer.number), key=lambda method: -method.is_default)
    return [MethodSeen(method, details_of(reader, method)) for method in methods]
