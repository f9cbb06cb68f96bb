"""Taxes and rates of exchange."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact


class TaxFact(ChangingFact):
    """A tax of one seller. `rate` is percent and `flat` major units of `currency`, both decimal text."""

    tenant_id: int
    tax_id: int
    owner_number: int
    name: str
    description: str
    rate: str
    flat: str
    currency: str
    accounts: int
    calls: int
    cardgroups: int
    charges: int
    features: int
    messages: int
    numbers: int
    products: int
    liable: int
    shared: int
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.tax_id,)


class LiabilityFact(ChangingFact):
    """Whether a charge, customer or product is liable to a tax, whatever the tax's own default says."""

    tenant_id: int
    tax_id: int
    object_type: str
    object_id: int
    liable: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.object_type, self.object_id, self.tax_id)


class ExchangeRateFact(ChangingFact):
    """One unit of `from_currency` is `rate` (decimal text) units of `to_currency` from `effective_at` on."""

    tenant_id: int
    from_currency: str
    to_currency: str
    effective_at: int
    rate: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.from_currency, self.to_currency, self.effective_at)
