"""A plan sold to a customer, paid with a payment method that it saved: asked for, rehearsed, done once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.apis.html import money
from tollhouse.apis.purchases import Purchases
from tollhouse.console import access
from tollhouse.console.attempts import SENT_BEFORE, afresh
from tollhouse.console.forms import Faults, Filled, NotThere, choice_of, currency_of, number_of, text_of
from tollhouse.console.pages.customer_rehearsals import Told
from tollhouse.console.pages.customer_seen import Method, live_customer, usable_methods, what_may_be
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.pricing import QUANTITY_MAX
from tollhouse.ledger.commands import StartPurchase
from tollhouse.ledger.facts import CustomerFact, PaymentFact, PlanFact
from tollhouse.ledger.purchase_details import DECLINED, PENDING, detail_of
from tollhouse.ledger.refusals import (
    CountryNotServed,
    CurrencyMismatch,
    FeatureUnknown,
    GatewayNotConfigured,
    IdempotencyKeyReused,
    NoPriceInCurrency,
    PaymentMethodMissing,
    PlanHasNoOneTimePrice,
    PlanIsFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    PriceChanged,
    QuantityRefused,
    Refusal,
)
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

_PLANS_SUGGESTED: Final = 100
_QUANTITIES_MAX: Final = 100
_QUANTITY: Final = re.compile(r"(\S+)[ =]([0-9]{1,16})")

#: At which field a refusal is told; any other stands above the form.
_FIELDS: Final[dict[type[Refusal], str]] = {
    PlanUnknown: "plan",
    PlanIsFree: "plan",
    PlanHasNoOneTimePrice: "plan",
    PlanWantsCustomAmount: "plan",
    CountryNotServed: "plan",
    FeatureUnknown: "quantities",
    QuantityRefused: "quantities",
    NoPriceInCurrency: "currency",
    CurrencyMismatch: "currency",
    PaymentMethodMissing: "method",
    GatewayNotConfigured: "method",
}
#: In place of a sentence that is meant for programs.
_SENTENCES: Final[dict[type[Refusal], str]] = {
    PlanIsFree: "This plan is free: there is nothing to charge.",
    PlanWantsCustomAmount: "This plan has no price of its own: it is sold by Kelviq's charges.",
}


class Seen(msgspec.Struct, frozen=True):
    """Whom it is sold to, what it may be paid with, and some of what is sold."""

    customer: CustomerFact
    methods: dict[str, str]
    plans: list[PlanFact]


class CustomerSale:
    def __init__(self, purchases: Purchases) -> None:
        self._purchases = purchases

    def routes(self) -> Routes:
        on = On(access.RECORD, self._answer)
        return {"/customers/{number}/sell": {"GET": on, "POST": on}}

    async def _answer(self, visit: Visit) -> Reply:
        seen, step = await visit.read(_seen, visit), visit.form.get("step", "")
        if not visit.form or step == "change":
            return _form(visit, seen)
        faults: Faults = {}
        command = _asked(visit, seen, faults)
        if faults:
            return _form(visit, seen, faults, status=422)
        try:
            if step == "confirm" and command.agreed is not None:
                return await self._bought(visit, seen, command)
            return await _rehearsal(visit, seen, replace(command, agreed=None))
        except PriceChanged:
            told = "The price is another by now: here it is as it stands. No money was moved."
            return await _rehearsal(afresh(visit), seen, replace(command, agreed=None), told, 409)
        except IdempotencyKeyReused:
            return _form(afresh(visit), seen, problem=SENT_BEFORE, status=409)
        except Refusal as refusal:
            return _refused(visit, seen, refusal)

    async def _bought(self, visit: Visit, seen: Seen, command: StartPurchase) -> Reply:
        """The gateway is asked outside any unit of work; what it does not say in time is found out later."""
        bought = await self._purchases.buy(replace(command, by=visit.guest.actor))
        payment = bought.payment
        if payment.state == DECLINED:
            problem = f"The payment was declined: {payment.decline_text or payment.decline_code} No money was moved."
            return _form(afresh(visit), seen, problem=problem, status=409)
        told = "done-before" if bought.replayed else "charged"
        if payment.state == PENDING:
            told = "payment-pending"
        return see_other(f"{PATH}/customers/{seen.customer.number}", {"told": told})


def _seen(snapshot: Snapshot, visit: Visit) -> Seen:
    """Raises NotThere where nothing can be sold to the customer."""
    customer = live_customer(snapshot, visit)
    methods = usable_methods(snapshot, customer.number)
    if not what_may_be(visit, customer).record or customer.reference is None or not methods:
        raise NotThere
    plans = snapshot.reader.first(PlanFact, _PLANS_SUGGESTED, order=("-number",), state="published")
    return Seen(customer, {str(method.number): _shown(method) for method in methods}, plans)


def _shown(method: Method) -> str:
    details = method.details
    name = (details.brand or details.method_type).replace("_", " ").capitalize() if details else "Payment method"
    ending = f" ending in {details.last4}" if details and details.last4 else ""
    return f"{name}{ending}{', the default' if method.is_default else ''}"


def _asked(visit: Visit, seen: Seen, faults: Faults) -> StartPurchase:
    form, settings = visit.form, visit.desk.settings
    method = choice_of(form, "method", seen.methods, faults, default=next(iter(seen.methods)))
    wants_currency = bool(form.get("currency", "").strip())
    agreed_minor = number_of(form, "agreed_minor", {})
    return StartPurchase(
        tenant_id=visit.tenant_id,
        idempotency=visit.idempotency,
        plan_identifier=text_of(form, "plan", faults, is_needed=True),
        customer_reference=seen.customer.reference or "",
        quantities=_quantities(form, faults),
        currency=currency_of(form, "currency", faults) if wants_currency else None,
        ip_address=None,
        country_of_ip=None,
        custom_amount=None,
        tax_behavior=None,
        gateways=frozenset(visit.desk.gateways),
        call_seconds=settings.gateway_timeout_seconds,
        resolve_after_seconds=settings.resolve_after_seconds,
        shows_features=bool(settings.kelviq_charge_features),
        payment_method_id=int(method),
        agreed=None if agreed_minor is None else (form.get("agreed_currency", ""), agreed_minor),
    )


def _quantities(form: Mapping[str, str], faults: Faults) -> tuple[tuple[str, int], ...]:
    """Such as `seats 5, storage 2`."""
    parts = [part.strip() for part in text_of(dict(form), "quantities", faults).split(",") if part.strip()]
    found: dict[str, int] = {}
    for part in parts[:_QUANTITIES_MAX]:
        matched = _QUANTITY.fullmatch(part)
        if matched is None or not 1 <= int(matched[2]) <= QUANTITY_MAX or matched[1] in found:
            faults["quantities"] = "Enter each feature once with how many, such as: seats 5, storage 2"
            return ()
        found[matched[1]] = int(matched[2])
    return tuple(found.items())


async def _rehearsal(visit: Visit, seen: Seen, command: StartPurchase, problem: str = "", status: int = 200) -> Reply:
    """What it would come to, decided by the ledger and rolled back. No gateway hears of it. Raises the refusal."""
    payment: PaymentFact = (await visit.rehearse(replace(command, idempotency=None))).result.payment
    filled = {name: text for name, text in visit.form.items() if name not in ("step", "attempt")}
    agreed = {"agreed_currency": payment.currency, "agreed_minor": str(payment.amount_minor)}
    return page(
        visit,
        "customer-rehearsal.html",
        status,
        customer=seen.customer,
        what="sell",
        told_what=_told(payment, seen.methods[str(command.payment_method_id)]),
        filled={**filled, **agreed},
        problem=problem,
    )


def _told(payment: PaymentFact, method: str) -> Told:
    detail, amount = detail_of(payment), money(payment.amount_minor, payment.currency)
    facts = [
        ("Plan", detail.plan_name or detail.plan_identifier),
        *((f"{label}, {quantity:,}" if quantity > 1 else label, text) for label, quantity, text in detail.lines),
        ("To pay", f"{amount} {payment.currency}"),
        ("Paid with", method),
        ("Gives", ", ".join(grant.identifier for grant in detail.grants if grant.has_access) or "nothing to use"),
    ]
    return Told(f"Charge {amount}", facts)


def _refused(visit: Visit, seen: Seen, refusal: Refusal) -> Reply:
    sentence = _SENTENCES.get(type(refusal), str(refusal))
    field = _FIELDS.get(type(refusal))
    if field is None:
        return _form(visit, seen, problem=f"{sentence} No money was moved.", status=409)
    return _form(visit, seen, {field: sentence}, status=422)


def _form(visit: Visit, seen: Seen, faults: Faults | None = None, problem: str = "", status: int = 200) -> Reply:
    return page(
        visit,
        "customer-sell.html",
        status,
        customer=seen.customer,
        methods=seen.methods,
        plans=seen.plans,
        faults=faults or {},
        problem=problem,
        filled=Filled(visit.form),
    )
