"""The pages: made of the doors' descriptions when they are first asked for, and kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup, escape

from tollhouse.apis.docs.reading import description_of
from tollhouse.apis.html import HTML, NOSNIFF, asset, environment
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Request, Trouble

_HERE: Final = Path(__file__).parent

#: Nothing is loaded but our own style, and nothing runs.
_POLICY: Final = b"default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS: Final[Headers] = (
    HTML,
    (b"content-security-policy", _POLICY),
    (b"cache-control", b"no-cache"),
    (b"referrer-policy", b"no-referrer"),
    NOSNIFF,
)

STYLE_PATH: Final = "/docs/style.css"
_STYLE_URL, _STYLE = asset(_HERE / "style.css", "/docs", b"text/css; charset=utf-8")

_TROUBLES: Final = {
    Trouble.TOO_LARGE: 413,
    Trouble.OVERLOADED: 503,
    Trouble.STOPPING: 503,
    Trouble.UNAVAILABLE: 503,
    Trouble.FAULT: 500,
}


class DocsDoor:
    """/docs lists the doors, /docs/<name> is one door's page. Wants no key: it shows what /openapi tells."""

    name = "docs"

    def __init__(self, descriptions: Mapping[str, dict[str, Any]]) -> None:
        """`descriptions` are the OpenAPI documents by door."""
        self._descriptions = descriptions
        self._pages: dict[str, Reply] = {}
        self._making = asyncio.Lock()

    async def answer(self, request: Request) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return Reply(405, b'{"detail":"Use GET."}', (JSON, (b"allow", b"GET, HEAD")))
        if request.path == STYLE_PATH:
            return _STYLE
        name = request.path.removeprefix("/docs").removeprefix("/")
        if name and name not in self._descriptions:
            return Reply(404, _page("missing.html", doors=[*self._descriptions]), _HEADERS)
        async with self._making:
            if name not in self._pages:
                self._pages[name] = await asyncio.to_thread(self._made, name)
            return self._pages[name]

    def trouble(self, what: str) -> Reply:
        status = _TROUBLES[what]
        return Reply(
            status, b'{"detail":"The page cannot be shown."}', (JSON, RETRY_AFTER) if status == 503 else (JSON,)
        )

    def _made(self, name: str) -> Reply:
        if name:
            return Reply(200, _page("door.html", name=name, door=description_of(self._descriptions[name])), _HEADERS)
        doors = {name: description_of(document) for name, document in self._descriptions.items()}
        return Reply(200, _page("doors.html", doors=doors), _HEADERS)


def _page(template: str, **values: Any) -> bytes:
    return _ENVIRONMENT.get_template(template).render(style_url=_STYLE_URL, **values).encode()


def _prose(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


_ENVIRONMENT: Final = environment(_HERE / "templates", prose=_prose)
