"""From taxes to the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.commands import TAXABLE
from tollhouse.ledger.facts import LiabilityFact, TaxFact


def tax_to_wire(tax: TaxFact, *, shows_owner: bool) -> dict[str, Any]:
    return {
        "id": tax.tax_id,
        "name": tax.name,
        "customer": tax.owner_number if shows_owner else 0,
        "amount": decimal_text(Decimal(tax.flat)),
        "currency": tax.currency,
        "description": tax.description,
        "liable": tax.liable,
        "rate": decimal_text(Decimal(tax.rate)),
        "shared": tax.shared,
        **{kind: getattr(tax, kind) for kind in TAXABLE},
    }


def liability_to_wire(liability: LiabilityFact) -> dict[str, Any]:
    return {
        "tax": liability.tax_id,
        "type": liability.object_type,
        "number": liability.object_id,
        "liable": liability.liable,
    }
