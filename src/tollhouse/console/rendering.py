"""From what a page shows to HTML, with the headers that every page has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tollhouse.apis.html import ALONE, HTML, PRIVATE, asset, environment, exact, money
from tollhouse.console import access
from tollhouse.console.attempts import new_attempt
from tollhouse.console.menu import menu
from tollhouse.console.told import TOLD
from tollhouse.console.visits import PATH, Guest, Visit
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import TenantFact
from tollhouse.web import RETRY_AFTER, Headers, Reply, Trouble

_HERE: Final = Path(__file__).parent

#: Nothing is loaded but our own style and script; nothing is framed, kept or told to the next site.
_POLICY: Final = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
)
_HEADERS: Final[Headers] = (
    HTML,
    _POLICY,
    *PRIVATE,
    (b"referrer-policy", b"same-origin"),
    *ALONE,
)

_TROUBLES: Final = {
    Trouble.TOO_LARGE: (413, "That was too much", "The form was larger than it can be. Nothing was changed."),
    Trouble.OVERLOADED: (503, "Too busy just now", "Nothing was changed. Go back and try again in a moment."),
    Trouble.STOPPING: (503, "The server is stopping", "Nothing was changed. Go back and try again in a moment."),
    Trouble.UNAVAILABLE: (503, "The store does not answer", "Reload the page in a moment to see how things stand."),
    Trouble.FAULT: (500, "Something went wrong here", "Reload the page to see how things stand."),
}


_STYLE_URL, _STYLE = asset(_HERE / "console.css", PATH, b"text/css; charset=utf-8")
_SCRIPT_URL, _SCRIPT = asset(_HERE / "console.js", PATH, b"text/javascript; charset=utf-8")
_ICON_URL, _ICON = asset(_HERE / "icon.svg", PATH, b"image/svg+xml")
#: By path.
ASSETS: Final = {f"{PATH}/console.css": _STYLE, f"{PATH}/console.js": _SCRIPT, f"{PATH}/icon.svg": _ICON}


def page(visit: Visit, template: str, status: int = 200, headers: Headers = (), **shown: Any) -> Reply:
    """A page of somebody who has signed in. Templates have besides what is `shown`: `visit`, the `menu`, `moment` and
    `day` (an instant by the tenant's clock on the wall), and `attempt`, a new one for each form that moves money."""
    return _rendered(
        template,
        status,
        headers,
        guest=visit.guest,
        visit=visit,
        menu=menu(visit.guest, visit.path),
        told=TOLD.get(visit.query.get("told", ""), ""),
        attempt=visit.form.get("attempt") or new_attempt(),
        **_times(visit.tenant),
        **shown,
    )


def plain_page(template: str, status: int = 200, headers: Headers = (), **shown: Any) -> Reply:
    """A page for somebody who has not signed in."""
    return _rendered(template, status, headers, guest=None, menu=[], told="", **shown)


def message(status: int, title: str, text: str, guest: Guest | None = None, headers: Headers = ()) -> Reply:
    """A page that only says something."""
    items = [] if guest is None else menu(guest, "/-")
    return _rendered("message.html", status, headers, guest=guest, menu=items, told="", title=title, text=text)


def see_other(path: str, query: Mapping[str, str] | None = None, headers: Headers = ()) -> Reply:
    """On to another of our pages, with GET. `told` in the query names a sentence of TOLD."""
    address = f"{path}?{urlencode(query)}" if query else path
    return Reply(303, b"", ((b"location", address.encode()), *_HEADERS[1:], *headers))


def not_found(guest: Guest | None = None) -> Reply:
    return message(404, "There is no such page", "The address may be incomplete, or what it led to is gone.", guest)


def not_allowed(guest: Guest) -> Reply:
    text = "Your role does not allow it. Ask whoever administers Tollhouse."
    return message(403, "This is not open to you", text, guest)


def trouble(what: str) -> Reply:
    status, title, text = _TROUBLES[what]
    return message(status, title, text, headers=(RETRY_AFTER,) if status == 503 else ())


def _rendered(template: str, status: int, headers: Headers, **shown: Any) -> Reply:
    assets = {"style_url": _STYLE_URL, "script_url": _SCRIPT_URL, "icon_url": _ICON_URL}
    html = _ENVIRONMENT.get_template(template).render(home=PATH, **assets, **shown)
    return Reply(status, html.encode(), (*_HEADERS, *headers))


def _times(tenant: TenantFact) -> dict[str, Any]:
    zone = ZoneInfo(tenant.timezone)

    def moment(instant: int) -> str:
        return f"{datetime.fromtimestamp(instant // SECOND, zone):%Y-%m-%d %H:%M}"

    def day(instant: int) -> str:
        return f"{datetime.fromtimestamp(instant // SECOND, zone):%Y-%m-%d}"

    return {"moment": moment, "day": day, "zone": tenant.timezone}


def utc(instant: int) -> str:
    """An instant for machines, as a <time> has it."""
    return f"{datetime.fromtimestamp(instant // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"


_ENVIRONMENT: Final = environment(_HERE / "templates", money=money, exact=exact, utc=utc, number="{:,}".format)
_ENVIRONMENT.globals["access"] = access
