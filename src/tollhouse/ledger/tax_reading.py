"""Which taxes there are for whom, as they are shown: held by a seller, at its hand, owed by a customer.

Every list is by the tax's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tollhouse.domain.tax import NOBODY_LIABLE, is_liable
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, LiabilityFact, PlanFact, TaxFact
from tollhouse.ledger.refusals import PlanUnknown
from tollhouse.ledger.seeing import is_shared
from tollhouse.ledger.sight import Finds
from tollhouse.ledger.taxing import tax_from_row

#: The kinds of a signup's fees, and the flags of the taxes on them.
SIGNUP_KINDS = {"account": "accounts", "feature": "features"}


def taxes_held(facts: Finds, owner_number: int) -> list[TaxFact]:
    return _by_id(facts.find(TaxFact, owner_number=owner_number))


def taxes_at_hand(facts: Finds, seller_number: int) -> list[TaxFact]:
    """A seller's own taxes, and those that the root shares."""
    found = facts.find(TaxFact, owner_number=sorted({seller_number, ROOT_NUMBER}))
    return _by_id(row for row in found if row.owner_number == seller_number or is_shared(row))


def taxes_owed(facts: Finds, customer: CustomerFact) -> list[TaxFact]:
    """The taxes of a customer's seller to which the customer is liable, whatever they cover."""
    return _owed(facts, customer, lambda _: True, {})


def taxes_on_fee(facts: Finds, customer: CustomerFact, kind: str) -> list[TaxFact]:
    """The taxes that a customer owes on fees of a kind: accounts or features."""
    return _owed(facts, customer, lambda row: bool(getattr(row, kind)), {})


def taxes_on_product(facts: Finds, customer: CustomerFact, product_id: int) -> list[TaxFact]:
    """The taxes that a customer would owe on a product."""
    found = facts.find(LiabilityFact, object_type="product", object_id=product_id)
    return _owed(facts, customer, lambda row: bool(row.products), {row.tax_id: bool(row.liable) for row in found})


def taxes_on_signup(facts: Finds, plan_number: int, kind: str) -> list[TaxFact]:
    """The taxes that somebody who signs up to a plan will owe on fees of a kind (SIGNUP_KINDS). Raises PlanUnknown."""
    for plan in facts.find(PlanFact, number=plan_number):
        taxes = taxes_at_hand(facts, plan.owner_number)
        return [row for row in taxes if row.liable != NOBODY_LIABLE and getattr(row, SIGNUP_KINDS[kind])]
    raise PlanUnknown


def _owed(
    facts: Finds, customer: CustomerFact, covers: Callable[[TaxFact], bool], settings: Mapping[int, bool]
) -> list[TaxFact]:
    """Of the taxes of the customer's seller those that cover a thing, or are set to, and to which it is liable."""
    found = facts.find(LiabilityFact, object_type="customer", object_id=customer.number)
    of_customer = {row.tax_id: bool(row.liable) for row in found}
    return [
        row
        for row in taxes_at_hand(facts, customer.parent_number)
        if is_liable(
            tax_from_row(row),
            settings.get(row.tax_id, covers(row)),
            of_customer.get(row.tax_id),
            customer.created_at,
            row.created_at,
        )
    ]


def _by_id(rows: Iterable[TaxFact]) -> list[TaxFact]:
    return sorted(rows, key=lambda row: row.tax_id)
