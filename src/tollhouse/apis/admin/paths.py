"""What is at a path under /admin/v1, and who asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from tollhouse.apis.desk import Credential
from tollhouse.web import Reply, Request


class Call(msgspec.Struct, frozen=True):
    """One request of somebody who may administer; `params` are what the path's names stand for."""

    request: Request
    credential: Credential
    params: dict[str, str]

    @property
    def tenant_id(self) -> int:
        return self.credential.tenant.tenant_id


Handler = Callable[[Call], Awaitable[Reply]]
#: What answers, by path and method. A part of a path in braces is a name for whatever stands there.
Routes = dict[str, dict[str, Handler]]


class Noun(Protocol):
    def routes(self) -> Routes: ...


def found_at(routes: Routes, path: str) -> tuple[dict[str, Handler], dict[str, str]] | None:
    """The methods of a path, and what stands where it varies."""
    parts = path.split("/")
    for pattern, methods in routes.items():
        params = _params(pattern.split("/"), parts)
        if params is not None:
            return methods, params
    return None


def _params(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    params = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{") and part:
            params[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return params
