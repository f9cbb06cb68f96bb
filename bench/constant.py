"""What Tollhouse is compared with: a plain ASGI application that reads the same body and always says the same.

A POST to /<n> is answered with n bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]

_starts: dict[str, Message] = {}
_bodies: dict[str, Message] = {}


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path not in _starts:
        _remember(path)
    message = await receive()
    chunks = [message.get("body", b"")]
    while message.get("more_body"):
        message = await receive()
        chunks.append(message.get("body", b""))
    await send(_starts[path])
    await send(_bodies[path])


def _remember(path: str) -> None:
    size = int(path[1:])
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"%d" % size)]
    _starts[path] = {"type": "http.response.start", "status": 200, "headers": headers}
    _bodies[path] = {"type": "http.response.body", "body": b"x" * size}
