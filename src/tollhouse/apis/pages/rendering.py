"""From what a page shows to HTML, with the headers that every page has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tollhouse.apis.html import ALONE, HTML, PRIVATE, asset, environment, exact, money
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.ports import CardScript
from tollhouse.web import RETRY_AFTER, Headers, Reply, Trouble

_HERE: Final = Path(__file__).parent

#: Nothing is loaded but our own style; nothing is framed, kept or told to the next site.
_POLICY: Final = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_HEADERS: Final[Headers] = (
    *PRIVATE,
    (b"referrer-policy", b"no-referrer"),
    *ALONE,
)


STYLE_URL, _STYLE = asset(_HERE / "style.css", "/checkout", b"text/css; charset=utf-8")
SCRIPT_URL, _SCRIPT = asset(_HERE / "card.js", "/checkout", b"text/javascript; charset=utf-8")
#: By path.
ASSETS: Final = {"/checkout/style.css": _STYLE, "/checkout/card.js": _SCRIPT}

_TROUBLES: Final = {
    Trouble.TOO_LARGE: (413, "That was too much", "The form was larger than it can be."),
    Trouble.OVERLOADED: (503, "Too busy just now", "Nothing was paid. Please go back and try again in a moment."),
    Trouble.STOPPING: (503, "Not available just now", "Nothing was paid. Please go back and try again in a moment."),
    Trouble.UNAVAILABLE: (503, "Not available just now", "Please reload the page in a moment to see how things stand."),
    Trouble.FAULT: (500, "Something went wrong here", "Please reload the page to see how things stand."),
}


def page(
    template: str,
    status: int = 200,
    headers: Headers = (),
    *,
    leads_on: bool = False,
    script: CardScript | None = None,
    **shown: Any,
) -> Reply:
    """`leads_on` is whether sending its form may end at another site; `script` is the gateway's that takes a card."""
    scripts = [] if script is None else [script.url, SCRIPT_URL]
    html = _ENVIRONMENT.get_template(template).render(style_url=STYLE_URL, scripts=scripts, **shown)
    policy = (b"content-security-policy", _policy(leads_on, script).encode())
    return Reply(status, html.encode(), (HTML, policy, *_HEADERS, *headers))


def _policy(leads_on: bool, script: CardScript | None) -> str:
    policy = _POLICY
    if leads_on:
        # The form ends on a seller's page: browsers hold every redirect after a form to the same list.
        policy += " https: http:"
    if script is not None:
        frames = " ".join(dict.fromkeys((script.origin, *script.frames)))
        connections = " ".join((script.origin, *script.connections))
        policy += f"; script-src 'self' {script.origin}; frame-src {frames}; connect-src 'self' {connections}"
    return policy


def message(status: int, title: str, text: str, headers: Headers = (), seller: str = "") -> Reply:
    return page("message.html", status, headers, title=title, text=text, seller=seller)


def see_other(address: str) -> Reply:
    """On to another page."""
    return Reply(303, b"", ((b"location", address.encode()), *_HEADERS))


def not_found() -> Reply:
    return message(404, "There is no such page", "The link may be incomplete, or what it led to is gone.")


def not_allowed(allow: bytes) -> Reply:
    return message(405, "That does not work here", "Please use the links and buttons.", ((b"allow", allow),))


def trouble(what: str) -> Reply:
    status, title, text = _TROUBLES[what]
    return message(status, title, text, (RETRY_AFTER,) if status == 503 else ())


def _day(instant: int) -> str:
    moment = datetime.fromtimestamp(instant // SECOND, UTC)
    return f"{moment.day} {moment:%B %Y}"


def _brand(brand: str) -> str:
    return {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}.get(brand, brand.title() or "Card")


_ENVIRONMENT: Final = environment(_HERE / "templates", money=money, exact=exact, day=_day, brand=_brand)
