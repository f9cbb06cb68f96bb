"""What is at a path under /admin/v1, and who asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from tollhouse.apis.desk import Credential
from tollhouse.ledger.commands import Actor
from tollhouse.web import Reply, Request


class Call(msgspec.Struct, frozen=True):
    """One request of somebody who may administer; `params` are what the path's names stand for. `by` is who is
    answerable for what is changed."""

    request: Request
    credential: Credential
    params: dict[str, str]
    by: Actor

    @property
    def tenant_id(self) -> int:
        return self.credential.tenant.tenant_id


Handler = Callable[[Call], Awaitable[Reply]]
#: What answers, by path and method. A part of a path in braces is a name for whatever stands there.
Routes = dict[str, dict[str, Handler]]


class Noun(Protocol):
    def routes(self) -> Routes: ...
