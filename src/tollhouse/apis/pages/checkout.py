"""The checkout page: what is bought, who buys it and with what, and what became of the payment.

Every step that changes something is a form that is answered with a redirect, so that reloading a page never repeats it.
A payment is bound to its session and attempt: sent twice, it is made once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from tollhouse.apis.desk import Desk
from tollhouse.apis.pages.cards import Given, NewCards, Way, told
from tollhouse.apis.pages.forms import Faults, country_from, email_from, form_from, name_from
from tollhouse.apis.pages.rendering import ASSETS, message, not_allowed, not_found, page, see_other, trouble
from tollhouse.apis.pages.sights import SessionSeen, session_seen
from tollhouse.apis.purchases import Purchases
from tollhouse.domain.identity import is_storable
from tollhouse.domain.places import COUNTRIES
from tollhouse.ledger.checkouts import purchase_on
from tollhouse.ledger.commands import (
    CHECKOUT_SCOPE,
    ChangeRegistered,
    ConfirmPaymentMethod,
    Idempotency,
    SavePaymentMethod,
)
from tollhouse.ledger.facts import PaymentFact, PaymentMethodFact
from tollhouse.ledger.ports import CardRefused
from tollhouse.ledger.purchase_details import DECLINED, SUCCEEDED
from tollhouse.ledger.purchasing.offers import Priced
from tollhouse.ledger.purchasing.sessions import EXPIRED, OPEN, PROCESSING, SUCCESS
from tollhouse.ledger.refusals import IdempotencyKeyReused, PriceChanged, Refusal, SessionNotOpen
from tollhouse.web import Reply, Request

PREFIX: Final = "/checkout"

NEW: Final = "new"
WANTS_BANK: Final = "authentication_required"

_OTHER_PRICE: Final = "The price is another one now. Please look at it, and confirm."

#: What the page says of a decline in its own words; of any other it says the gateway's.
_DECLINED_IN_WORDS: Final = {
    WANTS_BANK: "Your bank wants you to confirm this payment, and that has not happened.",
    "payment_not_completed": "The payment was not completed.",
}


class Filled(NamedTuple):
    """The form as it was filled in. `method` is the id of a saved payment method, or 0 for the card that was given."""

    email: str = ""
    name: str = ""
    country: str = ""
    method: int = 0
    card: Given | None = None


class Line(NamedTuple):
    """`quantity` is 0 where there is nothing to count, `amount` in major units and None for what costs nothing."""

    name: str
    quantity: int
    amount: Decimal | None


class CheckoutDoor:
    name = "checkout"

    def __init__(self, desk: Desk, purchases: Purchases, cards: NewCards) -> None:
        self._desk = desk
        self._purchases = purchases
        self._cards = cards

    def trouble(self, what: str) -> Reply:
        return trouble(what)

    async def answer(self, request: Request) -> Reply:
        if request.path in ASSETS:
            return ASSETS[request.path]
        slug, _, rest = request.path.removeprefix(PREFIX + "/").partition("/")
        uid, _, step = rest.partition("/")
        method = "GET" if request.method == "HEAD" else request.method
        if not uid or step not in ("", "bank", "card") or not is_storable(request.path):
            return not_found()
        if method not in ("GET", "POST") or (step, method) == ("card", "GET"):
            return not_allowed(b"GET, POST" if step != "card" else b"POST")
        form = await form_from(request) if method == "POST" else {}
        seen = await self._seen(slug, uid, form.get("country", "") if step != "bank" else "")
        if seen is None:
            return not_found()
        if step == "bank":
            return await self._bank(seen, form) if method == "POST" else self._ask_bank(seen)
        if step == "card":
            return await self._begin_card(seen, form)
        return await self._pay(seen, form) if method == "POST" else await self._show(seen)

    async def _seen(self, slug: str, uid: str, country: str) -> SessionSeen | None:
        known = country if country in COUNTRIES else ""
        return await self._desk.reads.run(session_seen, self._desk.store, self._desk.clock.now(), slug, uid, known)

    # Showing.

    async def _show(self, seen: SessionSeen) -> Reply:
        """The page as the session stands."""
        if seen.state == SUCCESS:
            return see_other(seen.asked.success_url)
        if seen.state == PROCESSING:
            return page("processing.html", seen=seen, seller=seen.tenant.name)
        if seen.state == EXPIRED:
            text = "Nothing can be paid here any more. Please start again where you came from."
            return message(410, "This checkout is over", text, seller=seen.tenant.name)
        return await self._form(seen, _known_of(seen), {}, _problem(seen.payment) if seen.payment else "")

    async def _form(
        self, seen: SessionSeen, filled: Filled, faults: Faults, problem: str = "", status: int = 200
    ) -> Reply:
        """The page to be filled in; of a card nothing is filled in again."""
        if seen.priced is None:
            return message(409, "This cannot be bought now", str(seen.refusal), seller=seen.tenant.name)
        way = await self._cards.way(seen.tenant.tenant_id)
        return page(
            "checkout.html",
            status,
            leads_on=True,
            script=way.script if seen.priced.quote.net_minor else None,
            way=way,
            seen=seen,
            seller=seen.tenant.name,
            priced=seen.priced,
            quote=seen.priced.quote,
            lines=_lines(seen.priced),
            filled=filled,
            faults=faults,
            problem=problem,
            countries=COUNTRIES,
            is_email_locked=_is_email_locked(seen),
            is_bank_asking=self._to_confirm(seen) is not None,
            shown_price=_price_text(seen),
        )

    # Paying.

    async def _pay(self, seen: SessionSeen, form: dict[str, str]) -> Reply:
        if seen.state != OPEN or form.get("attempt") != str(seen.session.attempts):
            return see_other(seen.path)
        way = await self._cards.way(seen.tenant.tenant_id)
        filled, faults = self._filled(seen, way, form)
        if seen.priced is None or faults:
            return await self._form(seen, filled, faults, status=422)
        if form.get("price") != _price_text(seen):
            return await self._form(seen, filled, {}, _OTHER_PRICE, 422)
        method_id = filled.method
        if filled.card is not None:
            try:
                method_id = await self._save(seen, way, filled.card)
            except CardRefused as error:
                return await self._form(seen, filled, {way.field: str(error)}, status=422)
        return await self._buy(await self._identified(seen, filled), filled, method_id)

    async def _begin_card(self, seen: SessionSeen, form: dict[str, str]) -> Reply:
        """Let the gateway's script save a card, where nothing else is missing; else the form is to be sent as it is."""
        way = await self._cards.way(seen.tenant.tenant_id)
        if way.script is None:
            return not_found()
        _, faults = self._filled(seen, way, form)
        is_ready = seen.state == OPEN and form.get("attempt") == str(seen.session.attempts)
        if not is_ready or form.get("price") != _price_text(seen) or faults.keys() != {way.field}:
            return told(409)
        return await self._cards.begin(seen.customer)

    def _filled(self, seen: SessionSeen, way: Way, form: dict[str, str]) -> tuple[Filled, Faults]:
        faults: Faults = {}
        email = (seen.customer.email or seen.asked.email) if _is_email_locked(seen) else email_from(form, faults)
        name = name_from(form, faults)
        chosen_country = country_from(form, faults, is_needed=seen.is_country_needed)
        country = chosen_country or seen.customer.country or seen.asked.country
        if seen.priced is not None and not seen.priced.quote.net_minor:
            return Filled(email, name, country), faults
        chosen = form.get("method", NEW)
        known = {str(each.method.payment_method_id): each.method.payment_method_id for each in seen.methods}
        if chosen in known:
            return Filled(email, name, country, known[chosen]), faults
        return Filled(email, name, country, 0, self._cards.given(way, form, faults)), faults

    async def _save(self, seen: SessionSeen, way: Way, card: Given) -> int:
        """Exchange the card for a token at its gateway, and keep that. Raises CardRefused."""
        saved = await self._cards.saved(seen.customer, card)
        command = SavePaymentMethod(
            tenant_id=seen.tenant.tenant_id,
            customer_number=seen.customer.number,
            gateway=way.gateway,
            token=saved.token,
            shown=saved.shown,
            is_proven=False,
        )
        receipt = await self._desk.execute(command)
        return int(receipt.result.method.payment_method_id)

    async def _identified(self, seen: SessionSeen, filled: Filled) -> SessionSeen:
        """The session with its customer as the form says it."""
        address = {**seen.address, **({"country": filled.country} if filled.country else {})}
        customer = seen.customer
        if (customer.email, customer.name, seen.address) == (filled.email, filled.name, address):
            return seen
        command = ChangeRegistered(
            tenant_id=seen.tenant.tenant_id,
            reference=customer.reference or "",
            email=filled.email,
            name=filled.name,
            billing_address=tuple(address.items()),
        )
        receipt = await self._desk.execute(command)
        return seen._replace(customer=receipt.result.customer, address=address)

    async def _buy(self, seen: SessionSeen, filled: Filled, method_id: int) -> Reply:
        settings, quote = self._desk.settings, seen.priced.quote if seen.priced else None
        session = seen.session
        command = purchase_on(
            session,
            seen.customer,
            idempotency=Idempotency(CHECKOUT_SCOPE, f"{session.uid}:{session.attempts}"),
            gateways=frozenset(self._desk.gateways),
            call_seconds=settings.gateway_timeout_seconds,
            resolve_after_seconds=settings.resolve_after_seconds,
            shows_features=bool(settings.kelviq_charge_features),
            payment_method_id=method_id,
            attempt=session.attempts,
            agreed=None if quote is None else (quote.currency, quote.net_minor),
        )
        try:
            bought = await self._purchases.buy(command)
        except (SessionNotOpen, IdempotencyKeyReused):
            return see_other(seen.path)
        except PriceChanged:
            again = await self._seen(seen.tenant.slug, session.uid, filled.country) or seen
            return await self._form(again, filled, {}, _OTHER_PRICE, 422)
        except Refusal as refusal:
            return await self._form(seen, filled, {}, str(refusal), 422)
        if bought.payment.state == SUCCEEDED:
            return see_other(seen.asked.success_url)
        return see_other(f"{seen.path}/bank" if _is_bank_asking(bought.payment) else seen.path)

    # The sandbox's bank.

    def _ask_bank(self, seen: SessionSeen) -> Reply:
        """The page on which a bank would have its customer confirm the payment."""
        if seen.state != OPEN or self._to_confirm(seen) is None:
            return see_other(seen.path)
        return page("bank.html", leads_on=True, seen=seen, seller=seen.tenant.name, payment=seen.payment)

    async def _bank(self, seen: SessionSeen, form: dict[str, str]) -> Reply:
        """With a yes the gateway knows the card by another token, and the payment is tried again with that."""
        method, payment = self._to_confirm(seen), seen.payment
        is_same = form.get("attempt") == str(seen.session.attempts) and seen.state == OPEN
        token = self._cards.confirmed(method.gateway, method.token) if method else None
        if form.get("answer") != "yes" or not is_same or method is None or token is None or payment is None:
            return see_other(seen.path)
        quote = seen.priced.quote if seen.priced else None
        if quote is None or (quote.currency, quote.net_minor) != (payment.currency, payment.amount_minor):
            return see_other(seen.path)
        command = ConfirmPaymentMethod(
            tenant_id=seen.tenant.tenant_id,
            customer_number=seen.customer.number,
            payment_method_id=method.payment_method_id,
            token=token,
        )
        receipt = await self._desk.execute(command)
        return await self._buy(seen, _known_of(seen), receipt.result.payment_method_id)

    def _to_confirm(self, seen: SessionSeen) -> PaymentMethodFact | None:
        """The payment method whose bank asks, where that can be answered here."""
        method = seen.paid_with
        if method is None or not _is_bank_asking(seen.payment):
            return None
        return method if self._cards.confirmed(method.gateway, method.token) else None


def _lines(priced: Priced) -> list[Line]:
    """What the price is made of, and what is had besides."""
    features = {feature.identifier: feature for feature in priced.features}
    lines = []
    for line in priced.quote.lines:
        feature = features.pop(line.label, None)
        name, quantity = (feature.name, line.quantity) if feature else (priced.plan.name, 0)
        lines.append(Line(name, quantity, line.amount))
    return lines + [Line(feature.name, feature.quantity, None) for feature in features.values()]


def _known_of(seen: SessionSeen) -> Filled:
    """What the form starts with."""
    return Filled(
        email=seen.customer.email or seen.asked.email,
        name=seen.customer.name,
        country=seen.customer.country or seen.asked.country,
        method=seen.methods[0].method.payment_method_id if seen.methods else 0,
    )


def _problem(payment: PaymentFact) -> str:
    """Why the latest payment on the session failed; empty if it did not."""
    if payment.state != DECLINED:
        return ""
    words = _DECLINED_IN_WORDS.get(payment.decline_code, payment.decline_text)
    return f"{words} Nothing was taken: you can try again, or pay with another card."


def _is_bank_asking(payment: PaymentFact | None) -> bool:
    return payment is not None and payment.state == DECLINED and payment.decline_code == WANTS_BANK


def _is_email_locked(seen: SessionSeen) -> bool:
    return seen.asked.locks_email and bool(seen.customer.email or seen.asked.email)


def _price_text(seen: SessionSeen) -> str:
    """The price as the form carries it, to be sure that what is paid was shown."""
    quote = seen.priced.quote if seen.priced else None
    return "" if quote is None else f"{quote.currency} {quote.net_minor}"
