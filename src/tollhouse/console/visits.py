"""Who asks: somebody who has signed in, known by a cookie that holds a random secret.

The store keeps the secret's hash, so that signing out counts everywhere at once. Person, role and customer are read for
every page: a changed password, role or lock counts with the next one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from tollhouse.apis.desk import Desk
from tollhouse.apis.people.login import Login
from tollhouse.apis.people.person import NotAllowed, Person, person_loaded
from tollhouse.console.access import SELF, Opens
from tollhouse.ledger.addresses import Address, may_call_from
from tollhouse.ledger.commands import Actor, Caller, Command, Idempotency, Receipt
from tollhouse.ledger.commands.people import SignIn, SignOut
from tollhouse.ledger.facts import ROOT_NUMBER, SignInFact, TenantFact
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply, Request

T = TypeVar("T")

COOKIE: Final = "tollhouse_console"
PATH: Final = "/console"
_SECRET_BYTES: Final = 32


class FormIncomplete(Exception):
    """A form that does not say which attempt it is: sent twice, it would be done twice."""


class Guest(msgspec.Struct, frozen=True):
    """Somebody who has signed in, before it is known what they want."""

    tenant: TenantFact
    person: Person
    secret: str
    address: str

    @property
    def form_token(self) -> str:
        """What every form of this sign-in carries, and no other site can know."""
        return hashlib.sha256(f"form:{self.secret}".encode()).hexdigest()

    def is_form_token(self, token: str) -> bool:
        return hmac.compare_digest(self.form_token.encode(), token.encode("utf-8", "replace"))

    def may(self, opens: Opens) -> bool:
        if opens.of_root and self.person.customer_number != ROOT_NUMBER:
            return False
        return self.person.may(opens.privileges, opens)

    def caller(self, opens: Opens) -> Caller:
        """Raises NotAllowed."""
        if not self.may(opens):
            raise NotAllowed
        return self.person.caller_of(opens)

    @property
    def network_address(self) -> Address | None:
        """From where the person calls, as far as that is known."""
        return ip_address(self.address) if self.address else None

    def reaches(self, opens: Opens, path: str) -> bool:
        """Whether what wants this opens to the person for the customer with this path."""
        return self.may(opens) and self.caller(opens).reaches(path)

    @property
    def actor(self) -> Actor:
        person = self.person
        return Actor(
            kind="person",
            person_id=person.person_id,
            name=person.fact.username,
            customer_number=person.customer_number,
            path=person.path,
            door="console",
            address=self.address,
        )


class Visit(msgspec.Struct, frozen=True):
    """One request of somebody who may make it.

    `caller` is the person as the page's access lets them act. `params` are what stands where the path varies, `query`
    and `form` the fields that were sent, each once; `form` is empty but for a POST whose token was right.
    """

    desk: Desk
    guest: Guest
    caller: Caller
    path: str
    params: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]

    @property
    def tenant(self) -> TenantFact:
        return self.guest.tenant

    @property
    def tenant_id(self) -> int:
        return self.guest.tenant.tenant_id

    @property
    def now(self) -> int:
        """The moment by the tenant's clock."""
        clock_at = self.tenant.clock_at
        return self.desk.clock.now() if clock_at is None else clock_at

    def may(self, opens: Opens) -> bool:
        return self.guest.may(opens)

    async def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` makes of a Snapshot of the tenant, and of the arguments, in a thread for reads."""
        return await self.desk.reads.run(self._read, work, arguments)

    async def ask(self, work: Callable[..., T], *arguments: Any) -> T:
        """What a query that opens the store itself answers, in a thread for reads."""
        return await self.desk.reads.run(work, *arguments)

    async def execute(self, command: Command) -> Receipt:
        """Do it on this person's word. Raises its Refusal."""
        return await self.desk.execute(self.signed(command))

    async def rehearse(self, command: Command) -> Receipt:
        """What `execute` would answer now, with nothing done. Raises its Refusal."""
        return await self.desk.rehearse(self.signed(command))

    def signed(self, command: Command) -> Command:
        """The command on this person's word."""
        return replace(command, by=self.guest.actor)

    @property
    def idempotency(self) -> Idempotency:
        """Of a form that must be done once, however often it is sent: each carries an `attempt`. Raises FormIncomplete
        for one without."""
        attempt = self.form.get("attempt", "")
        if not (attempt.isascii() and attempt.isalnum() and 16 <= len(attempt) <= 64):
            raise FormIncomplete
        return Idempotency(self.guest.person.key_scope, f"console:{attempt}")

    def _read(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        with self.desk.store.reading(self.tenant_id) as reader:
            return work(Snapshot(reader, self.desk.clock.now()), *arguments)


Handler = Callable[[Visit], Awaitable[Reply]]


class Visits:
    """Signs people in and out, and knows who has."""

    def __init__(self, desk: Desk, login: Login, seconds: int) -> None:
        self._desk = desk
        self._login = login
        self._seconds = seconds

    async def begin(
        self, request: Request, person: Person, address: Address | None
    ) -> tuple[Guest, tuple[bytes, bytes]]:
        """Sign a person in; with the header that gives the browser its cookie."""
        await self._login.tokens.ready()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with_tenant = f"{person.tenant_id}.{secret}"
        tenant = await self._desk.reads.run(self._tenant, person.tenant_id)
        guest = Guest(tenant, person, with_tenant, str(address or ""))
        await self._desk.execute(
            SignIn(
                tenant_id=person.tenant_id,
                person_id=person.person_id,
                sign_in_hash=_hash_of(with_tenant),
                stamp=self._login.tokens.stamp(person.fact),
                address=guest.address,
                seconds=self._seconds,
                by=guest.actor,
            )
        )
        return guest, self._cookie(request, with_tenant, self._seconds)

    async def end(self, request: Request, guest: Guest, *, everywhere: bool) -> tuple[bytes, bytes]:
        """Sign somebody out; the header that takes the cookie away."""
        person = guest.person
        await self._desk.execute(
            SignOut(
                tenant_id=person.tenant_id,
                person_id=person.person_id,
                sign_in_hash=_hash_of(guest.secret),
                everywhere=everywhere,
                by=guest.actor,
            )
        )
        return self._cookie(request, "", 0)

    async def guest(self, request: Request, address: Address | None) -> Guest | None:
        """Who asks; None for somebody who has not signed in, or no longer counts as it."""
        secret = request.cookie(COOKIE)
        tenant_text, _, random = secret.partition(".")
        if not (random and tenant_text.isascii() and tenant_text.isdigit() and len(tenant_text) <= 18):
            return None
        await self._login.tokens.ready()
        return await self._desk.reads.run(self._find, int(tenant_text), secret, address)

    def _find(self, tenant_id: int, secret: str, address: Address | None) -> Guest | None:
        with self._desk.store.reading(tenant_id) as reader:
            for row in reader.find(SignInFact, sign_in_hash=_hash_of(secret)):
                person = person_loaded(reader, row.person_id)
                if person is None or row.ends_at <= self._desk.clock.now():
                    return None
                if not self._login.tokens.is_stamp_of(person.fact, row.stamp):
                    return None
                if not (may_call_from(person.fact.source, address) and person.may(SELF.privileges, SELF)):
                    return None
                (tenant,) = reader.find(TenantFact)
                return Guest(tenant, person, secret, str(address or ""))
        return None

    def _tenant(self, tenant_id: int) -> TenantFact:
        with self._desk.store.reading(tenant_id) as reader:
            (tenant,) = reader.find(TenantFact)
            return tenant

    def _cookie(self, request: Request, value: str, seconds: int) -> tuple[bytes, bytes]:
        is_https = (self._desk.settings.public_url or f"{request.scheme}:").startswith("https:")
        cookie = f"{COOKIE}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        return b"set-cookie", (cookie + ("; Secure" if is_https else "")).encode()


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
