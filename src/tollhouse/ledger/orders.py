"""Orders as they are shown: a payment with its customer, and with its product and plan as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from tollhouse.ledger.catalog.products import ProductShown, shown_as
from tollhouse.ledger.catalog.versions import Version, published_of
from tollhouse.ledger.facts import (
    CustomerFact,
    CustomerProfileFact,
    Fact,
    PaymentFact,
    PlanFact,
    ProductDetailsFact,
    ProductFact,
)
from tollhouse.ledger.profiles import Profile, profile_from
from tollhouse.ledger.purchase_details import PurchaseDetail, detail_of
from tollhouse.ledger.purchasing.prices import plan_as_product
from tollhouse.ledger.refusals import OrderUnknown
from tollhouse.ledger.sight import Sight

F = TypeVar("F", bound=Fact)


class OrderSeen(msgspec.Struct, frozen=True):
    payment: PaymentFact
    detail: PurchaseDetail
    customer: CustomerFact
    profile: Profile
    product: ProductShown
    plan: Version


def orders_seen(sight: Sight, payments: Sequence[PaymentFact]) -> list[OrderSeen]:
    """Each payment as an order, in the same order; one look a kind for all of them."""
    customers = _found(sight, CustomerFact, "number", [payment.customer_number for payment in payments])
    profiles = _found(sight, CustomerProfileFact, "customer_number", list(customers))
    plans = _found(sight, PlanFact, "number", [payment.plan_number for payment in payments])
    versions = published_of(sight, sight.tenant, list(plans.values()))
    products = _products(sight, list(plans.values()))
    return [
        OrderSeen(
            payment,
            detail_of(payment),
            customers[payment.customer_number],
            profile_from(customers[payment.customer_number], profiles.get(payment.customer_number)),
            products[payment.plan_number],
            versions[payment.plan_number],
        )
        for payment in payments
    ]


def order_seen(sight: Sight, order_id: str) -> OrderSeen:
    """The order with this id. Raises OrderUnknown, also for one whose outcome is open."""
    for payment in sight.find(PaymentFact, order_id=order_id):
        if payment.settled_at is not None:
            return orders_seen(sight, [payment])[0]
    raise OrderUnknown


def _products(sight: Sight, plans: Sequence[PlanFact]) -> dict[int, ProductShown]:
    """The product of each plan, by the plan's number."""
    products = _found(sight, ProductFact, "product_id", [plan.product_id for plan in plans if plan.product_id])
    details = _found(sight, ProductDetailsFact, "product_id", list(products))
    return {
        plan.number: shown_as(
            sight.tenant,
            products.get(plan.product_id) or plan_as_product(sight.tenant, plan),
            details.get(plan.product_id),
        )
        for plan in plans
    }


def _found(sight: Sight, kind: type[F], column: str, values: Sequence[int]) -> dict[int, F]:
    """Facts by a column that is theirs alone."""
    if not values:
        return {}
    wanted: dict[str, Any] = {column: sorted(set(values))}
    return {getattr(row, column): row for row in sight.find(kind, **wanted)}
