"""One call of Core, and what answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from tollhouse.apis.beacon.request.body import Invalid
from tollhouse.apis.desk import Credential
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.queries import Page
from tollhouse.web import Reply

PER_PAGE = 50
PER_PAGE_MAX = 100
DIGITS_MAX = 10
SEARCH_LENGTH_MAX = 255


class Asked(msgspec.Struct, frozen=True):
    """`params` are what the path's names stand for; `body` is empty where the call has none. `by` is who may be
    answerable for a change; a read has none."""

    credential: Credential
    params: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    by: Actor | None = None

    @property
    def tenant(self) -> TenantFact:
        return self.credential.tenant

    @property
    def tenant_id(self) -> int:
        return self.credential.tenant.tenant_id

    @property
    def is_of_tenant(self) -> bool:
        """Whether the project of the path is the key's own."""
        return self.params["slug"] == self.tenant.slug

    def page(self) -> Page:
        """The page wanted, from `page` and `per_page`. Raises Invalid."""
        number = self._positive("page", 1, 10**9)
        return Page(number, min(self._positive("per_page", PER_PAGE, 10**9), PER_PAGE_MAX))

    def search(self) -> str:
        """What is searched for, `q`. Raises Invalid."""
        search = self.query.get("q", "")
        if len(search) > SEARCH_LENGTH_MAX:
            raise Invalid({"q": [f"must have at most {SEARCH_LENGTH_MAX} characters"]})
        return search

    def _positive(self, name: str, default: int, most: int) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        if not (len(text) <= DIGITS_MAX and text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise Invalid({name: ["must be a whole number from 1"]})
        return int(text)


Answer = Callable[[Asked], Awaitable[Reply]]
#: What answers, by path below /v1 and method.
Answers = dict[str, dict[str, Answer]]


class Noun(Protocol):
    def answers(self) -> Answers: ...
