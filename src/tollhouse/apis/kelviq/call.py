"""One call of an operation: who calls, with what, and where answers point."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from tollhouse.apis.actors import actor_of_key, signed
from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.kelviq.fields import Fields, Invalid, body_from_wire
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import TENANT_SCOPE, Command, Idempotency, Receipt
from tollhouse.ledger.queries import Page
from tollhouse.web import Reply, Request

C = TypeVar("C", bound=Command)

PAGE_SIZE_MAX = 100
PAGE_MAX = 10**9
DIGITS_MAX = 18
KEY_LENGTH_MAX = 255
SEARCH_LENGTH_MAX = 255


class BadKey(ValueError):
    """The idempotency key cannot be kept."""


class Call:
    """`params` are what the path's names stand for; `query` the parameters of the query, each once."""

    def __init__(
        self, desk: Desk, request: Request, credential: Credential, params: dict[str, str], base_url: str
    ) -> None:
        self.desk = desk
        self.request = request
        self.credential = credential
        self.tenant = credential.tenant
        self.tenant_id = credential.tenant.tenant_id
        self.params = params
        self.base_url = base_url
        pairs = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True, errors="replace")
        self.query = dict(pairs)

    async def execute(self, command: Command) -> Receipt:
        """Do it on this key's word. Raises its Refusal."""
        return await self.desk.execute(self.signed(command))

    def signed(self, command: C) -> C:
        """The command on this key's word."""
        return signed(command, actor_of_key(self.credential, "kelviq", self.request, self.desk.trusted_proxies))

    @property
    def now(self) -> int:
        """The moment by the tenant's clock."""
        return self.desk.clock.now() if self.tenant.clock_at is None else self.tenant.clock_at

    async def fields(self) -> Fields:
        """The body. Raises Malformed, also when it is no JSON object."""
        return Fields(body_from_wire(await self.request.body(self.desk.settings.body_bytes_max)))

    async def fields_if_any(self) -> Fields:
        """The body, where none at all counts as an empty object."""
        body = await self.request.body(self.desk.settings.body_bytes_max)
        return Fields(body_from_wire(body) if body.strip() else {})

    def idempotency(self) -> Idempotency | None:
        """The caller's token. Raises BadKey."""
        header = self.request.key_header(b"idempotency-key")
        if header is None:
            return None
        if not 1 <= len(header) <= KEY_LENGTH_MAX:
            raise BadKey(f"The Idempotency-Key must have 1 to {KEY_LENGTH_MAX} characters.")
        return Idempotency(TENANT_SCOPE, header)

    def text(self, name: str) -> str | None:
        """A parameter that is not empty. One that no text in the store can equal is refused."""
        text = self.query.get(name, "").strip()
        if len(text) > SEARCH_LENGTH_MAX or not is_storable(text):
            raise Invalid({name: [f"Must have at most {SEARCH_LENGTH_MAX} characters that can be stored."]})
        return text or None

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        text = self.text(name)
        if text is not None and text not in choices:
            raise Invalid({name: [f"Must be one of {', '.join(choices)}."]})
        return text

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in ("true", "false", "1", "0"):
            raise Invalid({name: ["Must be true or false."]})
        return text.lower() in ("true", "1")

    def day(self, name: str) -> date | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise Invalid({name: ["Must be a day such as 2026-03-31."]}) from error

    def days(self) -> tuple[int | None, int | None]:
        """`start_date` and `end_date` as instants: from one on and before the other."""
        start, end = self.day("start_date"), self.day("end_date")
        day_after = None if end is None else end + timedelta(days=1) if end < date.max else None
        return _midnight(start), _midnight(day_after)

    def page(self, size: int = 10) -> Page:
        """The page asked for; `size` is how many are on one where nothing is said."""
        return Page(self._positive("page", 1), min(self._positive("page_size", size), PAGE_SIZE_MAX))

    def page_url(self, number: int) -> str:
        """The address of another page of the same list."""
        query = {**self.query, "page": str(number)}
        return f"{self.base_url}{self.request.path}/?{urlencode(query)}"

    def _positive(self, name: str, default: int) -> int:
        text = self.query.get(name, "").strip()
        if not text:
            return default
        is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
        if not is_number or not 1 <= int(text) <= PAGE_MAX:
            raise Invalid({name: ["Must be a whole number from 1."]})
        return int(text)

    def read(self, *arguments: Any) -> Any:
        """Run a read in the pool of reads."""
        return self.desk.reads.run(*arguments)


def _midnight(day: date | None) -> int | None:
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


#: What answers each operation, by its name.
Answers = dict[str, Callable[[Call], Awaitable[Reply]]]
