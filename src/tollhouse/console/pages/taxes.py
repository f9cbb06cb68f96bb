"""Taxes: those a seller holds, made and changed. What was charged before stays as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tollhouse.console import access
from tollhouse.console.forms import (
    Faults,
    Filled,
    NotThere,
    choice_of,
    currency_of,
    decimal_of,
    is_ticked,
    number_in_path,
    text_of,
)
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import TAXABLE, Caller, CreateTax, UpdateTax
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, TaxFact
from tollhouse.ledger.refusals import Refusal, TaxUnknown
from tollhouse.ledger.seeing import sees_owner, tax_owned, tax_seen
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

ROWS: Final = 50
#: On a page of the list so many taxes are looked at, of which those of others are left out.
_LOOKED_AT: Final = 500

LIABLE: Final = {"2": "All customers", "1": "Customers made after the tax", "0": "Nobody, unless set for one"}
COVERED: Final = {
    "charges": "Charges",
    "products": "Products",
    "accounts": "Account fees",
    "features": "Features",
    "numbers": "Numbers",
    "calls": "Calls",
    "messages": "Messages",
    "cardgroups": "Card groups",
}


class Taxes:
    def routes(self) -> Routes:
        return {
            "/taxes": {"GET": On(access.TAXES, self._list)},
            "/taxes/new": {"GET": On(access.TAXES_CHANGE, self._new), "POST": On(access.TAXES_CHANGE, self._create)},
            "/taxes/{tax}": {"GET": On(access.TAXES, self._show), "POST": On(access.TAXES_CHANGE, self._change)},
        }

    async def _list(self, visit: Visit) -> Reply:
        least = number_in_path(visit.query.get("after", "0")) + 1
        rows, older = await visit.read(_taxes, visit.caller, least)
        may_change = visit.may(access.TAXES_CHANGE)
        return page(visit, "taxes.html", rows=rows, older=older, is_first=least == 1, may_change=may_change)

    async def _new(self, visit: Visit) -> Reply:
        standing = {"currency": visit.tenant.currency, "liable": "2", **dict.fromkeys(TAXABLE, "1")}
        return self._form(visit, Filled(standing), {})

    async def _create(self, visit: Visit) -> Reply:
        faults: Faults = {}
        given = _given(visit, faults)
        if not faults:
            command = CreateTax(
                tenant_id=visit.tenant_id,
                idempotency=visit.idempotency,
                caller=visit.caller,
                owner_number=None,
                covers=frozenset(kind for kind in TAXABLE if is_ticked(visit.form, kind)),
                liable=given.liable,
                shared=given.shared,
                name=given.name,
                description=given.description,
                rate=given.rate,
                flat=given.flat,
                currency=given.currency,
            )
            try:
                await visit.execute(command)
            except Refusal as refusal:
                return self._form(visit, Filled(visit.form), {}, problem=str(refusal), status=422)
            return see_other(f"{PATH}/taxes", {"told": "saved"})
        return self._form(visit, Filled(visit.form), faults, status=422)

    async def _show(self, visit: Visit) -> Reply:
        tax, is_own = await visit.read(_tax, visit.caller, number_in_path(visit.params["tax"]))
        return self._form(visit, _standing(tax), {}, tax=tax, is_own=is_own)

    async def _change(self, visit: Visit) -> Reply:
        tax, is_own = await visit.read(_tax, visit.caller, number_in_path(visit.params["tax"]))
        if not is_own:
            raise NotThere
        faults: Faults = {}
        given = _given(visit, faults)
        if faults:
            return self._form(visit, Filled(visit.form), faults, tax=tax, status=422)
        command = UpdateTax(
            tenant_id=visit.tenant_id,
            caller=visit.caller,
            tax_id=tax.tax_id,
            covers={kind: is_ticked(visit.form, kind) for kind in TAXABLE},
            liable=given.liable,
            shared=given.shared,
            name=given.name,
            description=given.description,
            rate=given.rate,
            flat=given.flat,
            currency=given.currency,
        )
        try:
            await visit.execute(command)
        except Refusal as refusal:
            return self._form(visit, Filled(visit.form), {}, tax=tax, problem=str(refusal), status=422)
        return see_other(f"{PATH}/taxes", {"told": "saved"})

    def _form(
        self,
        visit: Visit,
        filled: Filled,
        faults: Faults,
        *,
        tax: TaxFact | None = None,
        is_own: bool = True,
        problem: str = "",
        status: int = 200,
    ) -> Reply:
        return page(
            visit,
            "tax.html",
            status,
            tax=tax,
            filled=filled,
            faults=faults,
            problem=problem,
            liable=LIABLE,
            covered=COVERED,
            may_share=visit.caller.customer_number == ROOT_NUMBER,
            may_change=is_own and visit.may(access.TAXES_CHANGE),
        )


class _Given:
    """What every form of a tax has."""

    def __init__(self, form: dict[str, str], default_currency: str, faults: Faults) -> None:
        self.name = text_of(form, "name", faults, is_needed=True)
        self.description = text_of(form, "description", faults)
        self.rate = _not_negative(form, "rate", faults)
        self.flat = _not_negative(form, "flat", faults)
        self.currency = currency_of(form, "currency", faults, default=default_currency)
        self.liable = int(choice_of(form, "liable", LIABLE, faults, default="2"))
        self.shared = is_ticked(form, "shared")
        if not faults and not self.rate and not self.flat:
            faults["rate"] = "Enter a percentage, or a flat amount below."


def _given(visit: Visit, faults: Faults) -> _Given:
    return _Given(visit.form, visit.tenant.currency, faults)


def _not_negative(form: dict[str, str], name: str, faults: Faults) -> Decimal:
    number = decimal_of(form, name, faults, is_needed=False)
    if number < 0:
        faults[name] = "Enter a number from zero up."
    elif number.adjusted() >= 6:  # as many digits before the point as the wire takes
        faults[name] = "This is too large."
    return number


def _standing(tax: TaxFact) -> Filled:
    covers = {kind: "1" for kind in TAXABLE if getattr(tax, kind)}
    shared = {"shared": "1"} if tax.shared else {}
    return Filled(
        {
            "name": tax.name,
            "description": tax.description,
            "rate": tax.rate,
            "flat": tax.flat,
            "currency": tax.currency,
            "liable": str(tax.liable),
            **covers,
            **shared,
        }
    )


def _taxes(snapshot: Snapshot, caller: Caller, least: int) -> tuple[list[tuple[TaxFact, CustomerFact]], str]:
    """Taxes from an id on that the caller holds or reaches, with their owners, and where to go on."""
    found = snapshot.reader.page(TaxFact, "tax_id", least, _LOOKED_AT)
    numbers = sorted({tax.owner_number for tax in found})
    owners = {c.number: c for c in snapshot.find(CustomerFact, number=numbers)} if numbers else {}
    seen = [(tax, owners[tax.owner_number]) for tax in found if sees_owner(snapshot, caller, tax.owner_number)]
    shown = seen[:ROWS]
    if len(seen) > ROWS:
        return shown, f"?after={shown[-1][0].tax_id}"
    return shown, f"?after={found[-1].tax_id}" if len(found) == _LOOKED_AT else ""


def _tax(snapshot: Snapshot, caller: Caller, tax_id: int) -> tuple[TaxFact, bool]:
    """The tax, and whether it is the caller's to change. Raises NotThere."""
    try:
        tax = tax_seen(snapshot, caller, tax_id)
    except TaxUnknown:
        raise NotThere from None
    try:
        tax_owned(snapshot, caller, tax_id)
    except TaxUnknown:
        return tax, False
    return tax, True
