"""Who calls: a person by username and password, or, where no login is wanted, only whose system it is.

Person, role and customer are read on every call, so that a changed password, role or lock counts at once. Checking a
password is slow by design; a right one is remembered for a short time, by a keyed hash that no other process knows.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from hashlib import blake2b
from typing import Final

import msgspec

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.ledger.commands import TENANT_SCOPE, Caller, customer_scope
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, PersonFact, RoleFact, TenantFact
from tollhouse.passwords import NOBODY, password_matches

REMEMBERED_MAX: Final = 10_000

_YES = 1
_READ_ONLY = 2


class BadLogin(Exception):
    """Whatever the reason: an unknown name, a wrong password, a locked person, a deleted customer."""


class NotAllowed(Exception):
    """The caller's role has none of the privileges that the function wants."""


class Person(msgspec.Struct, frozen=True):
    """Somebody who has logged in."""

    tenant_id: int
    person_id: int
    customer_number: int
    path: str
    privileges: dict[str, int]

    def caller_of(self, function: Function) -> Caller:
        """The person as the caller of a function. Raises NotAllowed."""
        if not self._may(function.privileges, function):
            raise NotAllowed
        return Caller(self.person_id, self.customer_number, self.path, self._may(function.below, function))

    @property
    def key_scope(self) -> str:
        """The key space of the person's idempotency keys."""
        return TENANT_SCOPE if self.customer_number == ROOT_NUMBER else customer_scope(self.customer_number)

    def _may(self, privileges: tuple[str, ...], function: Function) -> bool:
        wanted = (_YES,) if function.is_change else (_YES, _READ_ONLY)
        return any(self.privileges.get(privilege) in wanted for privilege in privileges)


class Login:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._secret = secrets.token_bytes(32)
        self._right_until: dict[bytes, float] = {}
        self._checking: dict[bytes, asyncio.Future[bool]] = {}

    async def person(self, login: tuple[str, str] | None) -> Person:
        """The person with this username and password. Raises BadLogin; an unknown username takes as long as any."""
        if login is None:
            raise BadLogin
        username, password = login
        found = await self._desk.reads.run(self._find, username)
        password_hash, person = (NOBODY, None) if found is None else found
        is_right = await self._is_right(username, password, password_hash)
        if person is None or not is_right:
            raise BadLogin
        return person

    def system(self, host: str) -> int | None:
        """Whose system a call without a login means: the host name's (in lower case), else the only one."""
        tenants = self._desk.store.tenants()
        for tenant in tenants:
            if not {host, host.rpartition(":")[0]}.isdisjoint(_hosts(tenant)):
                return tenant.tenant_id
        return tenants[0].tenant_id if len(tenants) == 1 else None

    def _find(self, username: str) -> tuple[str, Person | None] | None:
        """The kept hash and the person; without a person where nobody may log in by this name."""
        name = self._desk.store.login_name(username)
        if name is None:
            return None
        with self._desk.store.reading(name.tenant_id) as reader:
            (person,) = reader.find(PersonFact, person_id=name.person_id)
            (role,) = reader.find(RoleFact, role_id=person.role_id)
            (customer,) = reader.find(CustomerFact, number=person.customer_number)
        if person.locked or customer.deleted_at is not None:
            return person.password_hash, None
        privileges = msgspec.json.decode(role.privileges, type=dict[str, int])
        return person.password_hash, Person(
            name.tenant_id, person.person_id, customer.number, customer.path, privileges
        )

    async def _is_right(self, username: str, password: str, password_hash: str) -> bool:
        """Whether the password is the hash's; equal questions at one time are one question."""
        mark = blake2b(msgspec.json.encode([username, password, password_hash]), key=self._secret).digest()
        if self._right_until.get(mark, 0.0) > time.monotonic():
            return True
        checking = self._checking.get(mark)
        if checking is None:
            work = self._desk.passwords.run(password_matches, password_hash, password)
            checking = self._checking[mark] = asyncio.ensure_future(work)
            checking.add_done_callback(lambda _: self._checking.pop(mark, None))
        is_right = await asyncio.shield(checking)
        if is_right:
            self._remember(mark)
        return is_right

    def _remember(self, mark: bytes) -> None:
        self._right_until.pop(mark, None)
        if len(self._right_until) >= REMEMBERED_MAX:
            del self._right_until[next(iter(self._right_until))]
        self._right_until[mark] = time.monotonic() + self._desk.settings.password_cache_seconds


def _hosts(tenant: TenantFact) -> list[str]:
    return msgspec.json.decode(tenant.hosts, type=list[str])
