"""From products to the wire."""

from __future__ import annotations

from typing import Any

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.facts import ProductFact, ProductTermsFact
from tollhouse.ledger.products import Offer, Product


def product_to_wire(found: Product) -> dict[str, Any]:
    terms = found.terms
    return {
        **_seen(found.product, terms, terms.owner_number),
        **_sold(terms, terms.create_fee, terms.period_fee, terms.currency),
        "create_buy": terms.create_buy,
        "period_buy": terms.period_buy,
    }


def offer_to_wire(offer: Offer) -> dict[str, Any]:
    """As its buyer sees it: with what it costs them. Whose it is they are not told."""
    fees = offer.fees
    sold = _sold(offer.terms, decimal_text(fees.create), decimal_text(fees.period), fees.currency)
    return {**_seen(offer.product, offer.terms, 0), **sold}


def _seen(product: ProductFact, terms: ProductTermsFact, owner_number: int) -> dict[str, Any]:
    return {
        "id": product.product_id,
        "name": product.name,
        "customer": owner_number,
        "allow": terms.allow,
        "amount": terms.amount,
    }


def _sold(terms: ProductTermsFact, create_fee: str, period_fee: str, currency: str) -> dict[str, Any]:
    return {
        "create_fee": create_fee,
        "currency": currency,
        "description": terms.description,
        "information": terms.information,
        "period": terms.period,
        "period_fee": period_fee,
        "shared": terms.shared,
        "type": terms.product_type,
    }
