"""What sellers offer to those below them: which plans and products these may use without owning them, at what cost.

The same rules hold for a decision (over the book) and for a read (over a snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import EXACT
from tollhouse.ledger.exchanging import conversion_at_hand
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    CustomerFact,
    PlanDetailsFact,
    PlanFact,
    PlanProductFact,
    ProductFact,
    ProductTermsFact,
)
from tollhouse.ledger.sight import Finds, Sight

NOBODY = 0
DIRECT = 1
EVERYBODY_BELOW = -1

#: More than so many are not looked up by their numbers: all are read.
LOOK_UP_MAX = 1000

#: A plan inherits from a plan that inherits … at most so often.
INHERITANCE_MAX = 32

_NOTHING = "0.00"


# Plans.


def details_of(facts: Finds, plan: PlanFact) -> PlanDetailsFact:
    """What is said of a plan; of one that nobody said anything of, that it is its owner's alone."""
    return details_of_all(facts, [plan])[plan.number]


def details_of_all(facts: Finds, plans: Sequence[PlanFact]) -> dict[int, PlanDetailsFact]:
    """What is said of many plans, by their numbers."""
    named: dict[str, Any] = {"plan_number": [plan.number for plan in plans]} if len(plans) <= LOOK_UP_MAX else {}
    found = {row.plan_number: row for row in facts.find(PlanDetailsFact, **named)} if plans else {}
    return {plan.number: found.get(plan.number) or _nothing_said(plan) for plan in plans}


def _nothing_said(plan: PlanFact) -> PlanDetailsFact:
    return PlanDetailsFact(
        tenant_id=plan.tenant_id,
        plan_number=plan.number,
        description="",
        shared=NOBODY,
        inheritable=0,
        inherit_number=0,
        invoice_due_days=0,
        invoice_overdue_days=0,
        settings="{}",
    )


def is_shared_with(plan: PlanFact, details: PlanDetailsFact, customer: CustomerFact) -> bool:
    """Whether this customer may give the plan to customers of its own: it does not own it."""
    return _is_offered(details.shared, plan.owner_number, customer)


def may_inherit_from(plan: PlanFact, details: PlanDetailsFact, customer: CustomerFact) -> bool:
    """Whether plans of this customer may inherit from the plan: its own, or an inheritable one from above."""
    if plan.owner_number == customer.number:
        return True
    return bool(details.inheritable) and plan.owner_number in above(customer)


def with_inherited(facts: Finds, plan_number: int) -> Iterator[PlanFact]:
    """The plan, the one it inherits from, and so on: of the plans with this number, none for 0."""
    for _ in range(INHERITANCE_MAX):
        found = facts.find(PlanFact, number=plan_number) if plan_number else []
        if not found:
            return
        yield found[0]
        plan_number = details_of(facts, found[0]).inherit_number


# Products.


def terms_of(sight: Sight, product: ProductFact) -> ProductTermsFact:
    """How a product is sold; one without terms is the root's, and nobody may purchase it."""
    found = sight.find(ProductTermsFact, product_id=product.product_id)
    return found[0] if found else _without_terms(sight, product)


def _without_terms(sight: Sight, product: ProductFact) -> ProductTermsFact:
    return ProductTermsFact(
        tenant_id=product.tenant_id,
        product_id=product.product_id,
        owner_number=ROOT_NUMBER,
        description="",
        information="",
        product_type="product",
        amount=0,
        allow=NOBODY,
        shared=0,
        currency=sight.tenant.currency,
        create_fee=_NOTHING,
        create_buy=_NOTHING,
        period="",
        period_fee=_NOTHING,
        period_buy=_NOTHING,
        created_at=0,
    )


def with_terms_of(sight: Sight, owner_numbers: Sequence[int]) -> list[tuple[ProductFact, ProductTermsFact]]:
    """The products that these customers sell, and how, by id. Those without terms are not among them."""
    terms = sorted(sight.find(ProductTermsFact, owner_number=list(owner_numbers)), key=lambda row: row.product_id)
    named: dict[str, Any] = {"product_id": [row.product_id for row in terms]} if len(terms) <= LOOK_UP_MAX else {}
    products = {row.product_id: row for row in sight.find(ProductFact, **named)} if terms else {}
    return [(products[row.product_id], row) for row in terms]


def with_terms_of_root(sight: Sight) -> list[tuple[ProductFact, ProductTermsFact]]:
    """The products of the root, and how they are sold, by id: also those without terms."""
    terms = {row.product_id: row for row in sight.find(ProductTermsFact)}
    pairs = [(p, terms.get(p.product_id) or _without_terms(sight, p)) for p in sight.find(ProductFact)]
    return sorted((pair for pair in pairs if pair[1].owner_number == ROOT_NUMBER), key=lambda pair: pair[0].product_id)


def is_for_sale_to(terms: ProductTermsFact, customer: CustomerFact) -> bool:
    """Whether this customer may purchase the product."""
    allow = EVERYBODY_BELOW if terms.shared and terms.allow != NOBODY else terms.allow
    return _is_offered(allow, terms.owner_number, customer)


def is_shown_to(terms: ProductTermsFact, customer: CustomerFact) -> bool:
    """Whether this customer knows of the product without owning it: it is shared, or for sale to the customer."""
    return is_for_sale_to(terms, customer) or (bool(terms.shared) and terms.owner_number in above(customer))


class Fees(msgspec.Struct, frozen=True):
    """What one piece costs a customer: exact major units of `currency`, at the purchase and in each period."""

    currency: str
    create: Decimal
    period: Decimal


def fees_for(sight: Sight, terms: ProductTermsFact, customer: CustomerFact) -> Fees:
    """What the customer's plan, or one it inherits from, says of the product; else what the product says itself.

    A percentage and a margin are added to the product's fee in the product's currency; a margin in another one is
    converted now, and the fee with it rounded to the minor unit. Raises ExchangeRateMissing, and OutOfRange for that.
    """
    for plan in with_inherited(sight, customer.plan_number):
        for own in sight.find(PlanProductFact, plan_number=plan.number, product_id=terms.product_id):
            if not own.use_markups:
                return Fees(own.currency, Decimal(own.create_fee), Decimal(own.period_fee))
            rate = conversion_at_hand(sight, own.currency, terms.currency).rate
            create = _marked_up(terms.create_fee, own.create_markup), Decimal(own.create_margin)
            period = _marked_up(terms.period_fee, own.period_markup), Decimal(own.period_margin)
            return Fees(terms.currency, *(_with_margin(*marked, rate, terms.currency) for marked in (create, period)))
    return Fees(terms.currency, Decimal(terms.create_fee), Decimal(terms.period_fee))


def _marked_up(fee: str, markup: str) -> Decimal:
    return EXACT.multiply(Decimal(fee), EXACT.scaleb(EXACT.add(Decimal(100), Decimal(markup)), Decimal(-2)))


def _with_margin(fee: Decimal, margin: Decimal, rate: Fraction, currency: str) -> Decimal:
    if rate == 1 or not margin:
        return EXACT.add(fee, margin)
    return money.major_from_minor(money.rounded_minor(Fraction(fee) + Fraction(margin) * rate, currency), currency)


# Who is where.


def above(customer: CustomerFact) -> list[int]:
    """The numbers of everybody above a customer, the root first."""
    return [int(number) for number in customer.path.split(".")[:-2]]


def _is_offered(reach: int, owner_number: int, customer: CustomerFact) -> bool:
    if reach == DIRECT:
        return customer.parent_number == owner_number and customer.number != owner_number
    return reach == EVERYBODY_BELOW and owner_number in above(customer)
