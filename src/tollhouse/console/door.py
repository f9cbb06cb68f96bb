"""The console's door: who asks, whether they may, and which page answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from tollhouse.apis.desk import Desk
from tollhouse.apis.pages.forms import form_from
from tollhouse.apis.paths import Paths, is_keepable
from tollhouse.apis.peers import address_of
from tollhouse.apis.people.person import NotAllowed
from tollhouse.console.forms import NotThere
from tollhouse.console.menu import first_place
from tollhouse.console.rendering import ASSETS, message, not_allowed, not_found, see_other, trouble
from tollhouse.console.routing import Noun, On
from tollhouse.console.signing_in import SIGN_IN, SIGN_OUT, SigningIn
from tollhouse.console.visits import PATH, FormIncomplete, Guest, Visit, Visits
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.addresses import networks_from_text
from tollhouse.web import Reply, Request

_QUERY_FIELDS_MAX: Final = 40
#: What a browser says of a request that a page of ours made, or that somebody typed.
_OWN_SITES: Final = ("same-origin", "none")


class ConsoleDoor:
    name = "console"

    def __init__(self, desk: Desk, visits: Visits, signing_in: SigningIn, *nouns: Noun) -> None:
        self._desk = desk
        self._visits = visits
        self._signing_in = signing_in
        self._proxies = networks_from_text(desk.settings.trusted_proxies)
        self.routes: dict[str, Mapping[str, On]] = {}
        for noun in nouns:
            self.routes |= noun.routes()
        self._paths = Paths({path: methods for path, methods in self.routes.items() if path})

    def trouble(self, what: str) -> Reply:
        return trouble(what)

    async def answer(self, request: Request) -> Reply:
        if request.path in ASSETS:
            return ASSETS[request.path]
        address = address_of(request, self._proxies)
        if request.method == "POST" and not self._is_own(request):
            return message(403, "That did not come from here", "Nothing was changed. Use the console's own forms.")
        if request.path == SIGN_IN:
            return await self._signing_in.answer(request, address)
        guest = await self._visits.guest(request, address)
        if guest is None:
            return _sign_in_first(request)
        if request.path == SIGN_OUT:
            return await self._signing_in.sign_out(request, guest)
        return await self._answer(request, guest)

    def _is_own(self, request: Request) -> bool:
        """Whether a page of ours sent this, as far as the browser tells; older ones tell the origin alone."""
        site, origin = request.header(b"sec-fetch-site"), request.header(b"origin")
        if site is not None:
            return site in _OWN_SITES
        named = {request.host, self._desk.settings.public_url.partition("://")[2].partition("/")[0]} - {""}
        # One that a browser hides is `null`.
        return origin is None or origin.partition("://")[2] in named

    async def _answer(self, request: Request, guest: Guest) -> Reply:
        below = request.path.removeprefix(PATH)
        found = self._paths.found(below) if below else (self.routes[""], {})
        if found is None or not is_keepable(found[1]):
            return not_found(guest)
        methods, params = found
        on = methods.get("GET" if request.method == "HEAD" else request.method)
        if on is None:
            return message(405, "That does not work here", "Use the links and buttons.", guest, _allow(methods))
        form: dict[str, str] = {}
        if request.method == "POST":
            form = await form_from(request)
            if not guest.is_form_token(form.pop("form_token", "")):
                return message(
                    403, "That form is too old", "Nothing was changed. Reload the page and try again.", guest
                )
        if not below and not guest.may(on.opens):
            return see_other(first_place(guest))
        try:
            caller = guest.caller(on.opens)
            return await on.handler(Visit(self._desk, guest, caller, below, params, _fields(request.query), form))
        except NotAllowed:
            return not_allowed(guest)
        except NotThere:
            return not_found(guest)
        except FormIncomplete:
            return message(422, "The form was not complete", "Nothing was done. Open it again and fill it in.", guest)


def _sign_in_first(request: Request) -> Reply:
    if request.method not in ("GET", "HEAD"):
        return message(403, "You are signed out", "Nothing was changed. Sign in and try again.")
    wanted = request.path + (f"?{request.query.decode('latin-1')}" if request.query else "")
    return see_other(SIGN_IN, {} if wanted == PATH else {"next": wanted})


def _allow(methods: Mapping[str, On]) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"allow", ", ".join(methods).encode()),)


def _fields(query: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(query.decode("ascii"), errors="replace", max_num_fields=_QUERY_FIELDS_MAX)
    except ValueError:
        return {}
    return {name: text for name, text in pairs if is_storable(text)}
