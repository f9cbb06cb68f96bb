"""Serves the script, to pages of any origin."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Final

from tollhouse.web import JSON, RETRY_AFTER, Reply, Request, Trouble

PATH: Final = "/js/app.js"
SCRIPT: Final = (Path(__file__).parent / "app.js").read_bytes()

#: Read by every origin, also by pages that ask for its consent (COEP) or check it (SRI); asked for again after an hour.
_SHARED: Final = (
    (b"cache-control", b"public, max-age=3600"),
    (b"vary", b"accept-encoding"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_SCRIPT_TYPE: Final = (b"content-type", b"text/javascript; charset=utf-8")


class _Form:
    """The script in one of its encodings, with an entity tag of its own."""

    def __init__(self, body: bytes, *encoding: tuple[bytes, bytes]) -> None:
        self.tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = ((b"etag", self.tag.encode()), *_SHARED)
        self.whole = Reply(200, body, (_SCRIPT_TYPE, *encoding, *headers))
        self.unchanged = Reply(304, b"", headers)


_PLAIN: Final = _Form(SCRIPT)
_ZIPPED: Final = _Form(gzip.compress(SCRIPT, 9, mtime=0), (b"content-encoding", b"gzip"))


class TagDoor:
    name = "tag"

    async def answer(self, request: Request) -> Reply:
        if request.path != PATH:
            return Reply(404, b'{"detail":"There is nothing at this path."}')
        if request.method not in ("GET", "HEAD"):
            return Reply(405, b'{"detail":"Use GET."}', (JSON, (b"allow", b"GET, HEAD")))
        form = _ZIPPED if _takes_gzip(request.header_values(b"accept-encoding")) else _PLAIN
        return form.unchanged if _has(form.tag, request.header_values(b"if-none-match")) else form.whole

    def trouble(self, what: str) -> Reply:
        if what == Trouble.STOPPING:
            return Reply(503, b'{"detail":"The server is stopping."}', (JSON, RETRY_AFTER))
        return Reply(500, b'{"detail":"The script cannot be served."}')


def _takes_gzip(given: list[str]) -> bool:
    """Whether Accept-Encoding names gzip with a weight above zero."""
    for entry in ",".join(given).lower().split(","):
        coding, _, weight = entry.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or weight == ""
    return False


def _has(tag: str, given: list[str]) -> bool:
    """Whether If-None-Match names this tag; a weak one is as good here (RFC 9110, 13.1.2)."""
    named = [entry.strip().removeprefix("W/") for entry in ",".join(given).split(",")]
    return tag in named or "*" in named
