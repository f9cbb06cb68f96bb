"""The portal: a customer's own purchases and payment methods.

A signed link lets the customer in; it is exchanged at once for a cookie, so that it stays in no address.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from tollhouse.apis.desk import Desk
from tollhouse.apis.pages.cards import NewCards, told
from tollhouse.apis.pages.forms import Faults, form_from
from tollhouse.apis.pages.rendering import message, not_allowed, not_found, page, see_other, trouble
from tollhouse.apis.pages.sights import CustomerSeen, customer_seen
from tollhouse.apis.pages.tickets import LINK, VISIT, Claims, Tickets
from tollhouse.ledger.commands import RemovePaymentMethod, SavePaymentMethod, SetDefaultMethod
from tollhouse.ledger.ports import CardRefused
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

PATH: Final = "/portal"
CARD_PATH: Final = "/portal/card"
COOKIE: Final = "tollhouse_portal"
TOKEN_LENGTH_MAX: Final = 2000

_OVER: Final = (
    403,
    "Please ask for a new link",
    "This link or visit is over, or the address is not complete. The shop can send you a new link.",
)


class PortalDoor:
    name = "portal"

    def __init__(self, desk: Desk, tickets: Tickets, cards: NewCards) -> None:
        self._desk = desk
        self._tickets = tickets
        self._cards = cards

    def trouble(self, what: str) -> Reply:
        return trouble(what)

    async def answer(self, request: Request) -> Reply:
        if request.path == CARD_PATH:
            return await self._begin_card(request)
        if request.path != PATH:
            return not_found()
        if request.method not in ("GET", "HEAD", "POST"):
            return not_allowed(b"GET, POST")
        token = _token_in(request.query)
        if token and request.method != "POST":
            return await self._let_in(request, token)
        claims = await self._tickets.opened(VISIT, request.cookie(COOKIE))
        seen = await self._seen(claims)
        if claims is None or seen is None:
            return message(*_OVER, headers=(_without_cookie(),))
        if request.method != "POST":
            return await self._show(claims, seen)
        form = await form_from(request)
        if not self._tickets.is_form_token(claims, form.get("form", "")):
            return await self._show(claims, seen, problem="That did not work. Please try again.", status=403)
        return await self._do(claims, seen, form)

    async def _begin_card(self, request: Request) -> Reply:
        """Let the gateway's script save a card. What is wrong is told when the form itself is sent."""
        if request.method != "POST":
            return not_allowed(b"POST")
        claims = await self._tickets.opened(VISIT, request.cookie(COOKIE))
        seen = await self._seen(claims)
        if claims is None or seen is None:
            return told(403)
        form = await form_from(request)
        if not self._tickets.is_form_token(claims, form.get("form", "")):
            return told(403)
        way = await self._cards.way(seen.tenant.tenant_id)
        return not_found() if way.script is None else await self._cards.begin(seen.customer)

    async def _let_in(self, request: Request, token: str) -> Reply:
        """Exchange the link for a cookie. The next page is asked for by this one: a browser that comes from another
        site would not send the cookie along with a redirect."""
        seen = await self._seen(await self._tickets.opened(LINK, token))
        if seen is None:
            return message(*_OVER)
        visit = await self._tickets.issued(VISIT, seen.customer)
        return page("welcome.html", headers=(self._cookie(request, visit),), seller=seen.tenant.name)

    async def _seen(self, claims: Claims | None) -> CustomerSeen | None:
        if claims is None:
            return None
        seen: CustomerSeen | None = await self._desk.reads.run(
            customer_seen, self._desk.store, claims.tenant, claims.customer
        )
        return seen if seen is not None and self._tickets.fits(claims, seen.customer) else None

    async def _show(
        self, claims: Claims, seen: CustomerSeen, faults: Faults | None = None, problem: str = "", status: int = 200
    ) -> Reply:
        way = await self._cards.way(seen.tenant.tenant_id)
        return page(
            "portal.html",
            status,
            script=way.script,
            way=way,
            seen=seen,
            seller=seen.tenant.name,
            faults=faults or {},
            problem=problem,
            form_token=self._tickets.form_token(claims),
        )

    async def _do(self, claims: Claims, seen: CustomerSeen, form: dict[str, str]) -> Reply:
        what, _, which = form.get("do", "").partition(" ")
        known = {str(each.method.payment_method_id): each.method.payment_method_id for each in seen.methods}
        if what == "leave":
            text = "You can close this page now."
            return message(200, "You are signed out", text, (_without_cookie(),), seller=seen.tenant.name)
        if what == "add":
            return await self._add(claims, seen, form)
        if which not in known or what not in ("default", "remove"):
            return see_other(PATH)
        command = SetDefaultMethod if what == "default" else RemovePaymentMethod
        try:
            await self._desk.execute(
                command(
                    tenant_id=seen.tenant.tenant_id,
                    customer_number=seen.customer.number,
                    payment_method_id=known[which],
                )
            )
        except Refusal as refusal:
            return await self._show(claims, seen, problem=str(refusal), status=409)
        return see_other(PATH)

    async def _add(self, claims: Claims, seen: CustomerSeen, form: dict[str, str]) -> Reply:
        faults: Faults = {}
        way = await self._cards.way(seen.tenant.tenant_id)
        card = self._cards.given(way, form, faults)
        if card is None or faults:
            return await self._show(claims, seen, faults, status=422)
        try:
            saved = await self._cards.saved(seen.customer, card)
        except CardRefused as error:
            return await self._show(claims, seen, {way.field: str(error)}, status=422)
        await self._desk.execute(
            SavePaymentMethod(
                tenant_id=seen.tenant.tenant_id,
                customer_number=seen.customer.number,
                gateway=way.gateway,
                token=saved.token,
                shown=saved.shown,
                is_default=True if form.get("default") == "1" else None,
            )
        )
        return see_other(PATH)

    def _cookie(self, request: Request, visit: str) -> tuple[bytes, bytes]:
        settings = self._desk.settings
        is_https = (settings.public_url or f"{request.scheme}:").startswith("https:")
        value = f"{COOKIE}={visit}; Path={PATH}; Max-Age={settings.portal_seconds}; HttpOnly; SameSite=Strict"
        return b"set-cookie", (value + ("; Secure" if is_https else "")).encode()


def _without_cookie() -> tuple[bytes, bytes]:
    return b"set-cookie", f"{COOKIE}=; Path={PATH}; Max-Age=0; HttpOnly; SameSite=Strict".encode()


def _token_in(query: bytes) -> str:
    try:
        found = parse_qs(query.decode("ascii"), max_num_fields=20).get("token", [""])
    except ValueError:
        return ""
    return found[0] if len(found[0]) <= TOKEN_LENGTH_MAX else ""
