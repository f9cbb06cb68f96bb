"""The HTTP shell: one plain ASGI application in front of every door.

Hands each request to its door by path, turns what went wrong in our own house into that door's form, and adds what all
replies carry. Knows no wire and no rule; never redirects.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Protocol

import structlog

from tollhouse.ledger.refusals import Overloaded, StoreUnavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

JSON = (b"content-type", b"application/json; charset=utf-8")
RETRY_AFTER = (b"retry-after", b"1")
LAST_REPLY = (b"connection", b"close")

#: In the state of a scope: the request came after the server had begun to stop, and is refused.
REFUSED = "refused"
#: So much of a refused request is read, so that its sender hears the refusal.
_REFUSED_BYTES_MAX = 1 << 20

_LENGTH_DIGITS_MAX = 18
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_REPEATED_SLASHES = re.compile("//+")

log = structlog.get_logger("tollhouse.web")


def nobody_stops() -> bool:
    return False


class BodyTooLarge(Exception):
    """The body is larger than the setting allows."""


class Disconnected(Exception):
    """The client left before its request was whole."""


class Trouble:
    """What can go wrong before or behind a door's own rules; a door says it in its own form."""

    TOO_LARGE = "too_large"
    OVERLOADED = "overloaded"
    STOPPING = "stopping"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"


class Request:
    """One request. `path` has single slashes and no last one; `id` is for logs and the reply's X-Request-Id."""

    __slots__ = ("_headers", "_receive", "client", "id", "method", "path", "query", "scheme")

    def __init__(self, scope: Scope, receive: Receive, request_id: str) -> None:
        self.method: str = scope["method"]
        self.path: str = plain_path(scope["path"])
        self.query: bytes = scope["query_string"]
        self.scheme: str = scope.get("scheme", "http")
        self.client: str = (scope.get("client") or ("", 0))[0]
        self.id = request_id
        self._headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self._receive = receive

    def header(self, name: bytes) -> str | None:
        """The first header of this lower-case name."""
        for key, value in self._headers:
            if key == name:
                return value.decode("latin-1")
        return None

    def cookie(self, name: str) -> str:
        """The first cookie of this name, as it was sent; empty where there is none. What others of the same host have
        set beside it may look like anything."""
        for header in self.header_values(b"cookie"):
            for cookie in header.split(";"):
                key, _, value = cookie.partition("=")
                if key.strip() == name:
                    return value.strip()
        return ""

    @property
    def host(self) -> str:
        """Host and port as the client named them; `localhost` where it named none that can be one."""
        named = self.header(b"host") or ""
        return named if _HOST.fullmatch(named) else "localhost"

    def header_values(self, name: bytes) -> list[str]:
        """Every header of this lower-case name, in the order sent."""
        return [value.decode("latin-1") for key, value in self._headers if key == name]

    def key_header(self, name: bytes) -> str | None:
        """A header that must not be misread: UTF-8, and given once. Else it has a character that no text may have, so
        that whoever checks the text refuses it."""
        values = [value for key, value in self._headers if key == name]
        return b"\0".join(values).decode("utf-8", "surrogateescape") if values else None

    async def body(self, bytes_max: int) -> bytes:
        """The whole body; BodyTooLarge as soon as that is known."""
        declared = self.header(b"content-length")
        if declared is not None and _is_more(declared, bytes_max):
            raise BodyTooLarge
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(body) > bytes_max:
                raise BodyTooLarge
            return body
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > bytes_max:
                raise BodyTooLarge
        return b"".join(chunks)


class Reply:
    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: Headers = (JSON,)) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Door(Protocol):
    """One wire, or our own pages: answers every request on its paths."""

    name: str

    async def answer(self, request: Request) -> Reply: ...

    def trouble(self, what: str) -> Reply:
        """The reply for a Trouble, in this door's form."""
        ...


Observe = Callable[[str, int], None]


class Front:
    """The ASGI application. `doors` maps path prefixes to doors, the longest first; `""` takes the rest."""

    def __init__(
        self,
        doors: Sequence[tuple[str, Door]],
        *,
        observe: Observe,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
        log_every_request: bool = False,
        is_stopping: Callable[[], bool] = nobody_stops,
        store_unavailable: Callable[[], None] = lambda: None,
    ) -> None:
        """`is_stopping` tells whether each connection should end with its next reply; `store_unavailable` hears of each
        request that the store could not answer."""
        self._doors = doors
        self._observe = observe
        self._start = start
        self._stop = stop
        self._log_every_request = log_every_request
        self._is_stopping = is_stopping
        self._store_unavailable = store_unavailable
        self._process = os.urandom(5).hex()
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, f"{self._process}-{next(self._count)}")
        door = self._door(request.path)
        is_stopping = self._is_stopping()
        try:
            if is_stopping and scope["state"].get(REFUSED):
                await request.body(_REFUSED_BYTES_MAX)
                reply = door.trouble(Trouble.STOPPING)
            else:
                reply = await door.answer(request)
        except BodyTooLarge:
            reply = door.trouble(Trouble.TOO_LARGE)
        except Overloaded:
            reply = door.trouble(Trouble.OVERLOADED)
        except StoreUnavailable as error:
            log.error("store unavailable", request_id=request.id, door=door.name, reason=type(error.__cause__).__name__)
            self._store_unavailable()
            reply = door.trouble(Trouble.UNAVAILABLE)
        except Disconnected:
            return
        except Exception:
            log.exception("fault", request_id=request.id, door=door.name, method=request.method)
            reply = door.trouble(Trouble.FAULT)
        self._observe(door.name, reply.status)
        if self._log_every_request or reply.status >= 500:
            log.info("answered", request_id=request.id, door=door.name, method=request.method, status=reply.status)
        body = reply.body
        length = () if reply.status in (204, 304) else ((b"content-length", b"%d" % len(body)),)
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    *reply.headers,
                    *length,
                    (b"x-request-id", request.id.encode()),
                    *((LAST_REPLY,) if self._is_stopping() else ()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})

    def _door(self, path: str) -> Door:
        for prefix, door in self._doors:
            if path.startswith(prefix) and (not prefix or len(path) == len(prefix) or path[len(prefix)] == "/"):
                return door
        raise LookupError("no door takes the rest")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._start()
                except Exception as error:  # noqa: BLE001 - the server says why it cannot start
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _is_more(declared: str, bytes_max: int) -> bool:
    """Whether a Content-Length says more; what is no number says nothing."""
    if not (declared.isascii() and declared.isdigit()):
        return False
    return len(declared) > _LENGTH_DIGITS_MAX or int(declared) > bytes_max


def plain_path(path: str) -> str:
    """The path with single slashes and without a last one."""
    if "//" in path:
        path = _REPEATED_SLASHES.sub("/", path)
    return path[:-1] if len(path) > 1 and path[-1] == "/" else path
