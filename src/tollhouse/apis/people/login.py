"""Who calls: a person by username and password or by a token, or, where no login is wanted, only whose system it is.

Person, role and customer are read on every call, so that a changed password, role or lock counts at once. Checking a
password is slow by design; a right one is remembered for a short time, by a keyed hash that no other process knows.

Where nobody may log in (an unknown name, a lock, an address that is not allowed or has failed too often), the password
is checked against one that nobody has: it takes as long, and tells nothing about the right one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from contextlib import suppress
from hashlib import blake2b
from typing import Final
from weakref import WeakValueDictionary

import msgspec
from msgspec.structs import replace

from tollhouse.apis.desk import Desk
from tollhouse.apis.people.person import Person, person_loaded
from tollhouse.apis.people.tokens import AUTHORISATION, SECOND_STEP, SECOND_STEP_SECONDS, Claims, Tokens
from tollhouse.ledger.addresses import Address, counted_as, may_call_from
from tollhouse.ledger.commands import Command, Receipt, RecordLogin, UseCode
from tollhouse.ledger.commands.people import LoginLimits
from tollhouse.ledger.facts import LoginAddressFact, TenantFact
from tollhouse.ledger.logins import STRANGERS, is_newly_good, is_refused
from tollhouse.ledger.one_time_codes import matching_step
from tollhouse.ledger.people import lower_of
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import CodeRefused, Overloaded, StoreUnavailable
from tollhouse.passwords import NOBODY, password_matches

REMEMBERED_MAX: Final = 10_000

#: In place of an address, for codes that confirm what somebody who is logged in changes.
CODES: Final = "codes"


class Credentials(msgspec.Struct, frozen=True):
    """A token, or a username and a password; the other is empty."""

    token: str = ""
    username: str = ""
    password: str = ""


class SecondStep(msgspec.Struct, frozen=True):
    """A one-time code, and what says whose it is where no password does; empty where they were not given."""

    code: str = ""
    token: str = ""


class BadLogin(Exception):
    """Whatever the reason: an unknown name, a wrong password, a locked person, a deleted customer, a token that is
    over, an address that is not allowed."""


class CodeWanted(Exception):
    """The password is right, and the person's one-time code is wanted besides; the token starts that step."""

    def __init__(self, token: str, username: str) -> None:
        super().__init__("A one-time code is wanted.")
        self.token = token
        self.username = username


class _Found(msgspec.Struct, frozen=True):
    """A person as whom somebody may log in from where they are, if they can."""

    person: Person
    is_newly_good: bool


class Login:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.tokens = Tokens(desk)
        self._limits = LoginLimits(desk.settings.login_failures_max, desk.settings.login_lock_seconds)
        self._secret = secrets.token_bytes(32)
        self._right_until: dict[bytes, float] = {}
        self._guessing: Counter[tuple[int, int, str]] = Counter()
        self._checking: dict[tuple[bytes, str], asyncio.Future[bool]] = {}
        self._noting: dict[tuple[int, int, str], asyncio.Future[None]] = {}
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    async def person(self, credentials: Credentials | None, address: Address | None) -> Person:
        """The person whose credentials these are: by a token, or by username and password of who needs no code.

        Raises BadLogin; an unknown username takes as long as any.
        """
        if credentials is None:
            raise BadLogin
        if credentials.token:
            return await self._bearer(credentials.token, address)
        found = await self._by_password(credentials, address)
        if found.person.fact.totp_secret:
            raise BadLogin
        return self._welcome(found, address)

    async def person_at_login(
        self, credentials: Credentials | None, step: SecondStep, address: Address | None
    ) -> Person:
        """The same where somebody logs in: with a one-time code, who needs one. Raises BadLogin, CodeWanted."""
        if credentials is not None and credentials.token:
            return await self._bearer(credentials.token, address)
        if step.token:
            found = await self._at_second_step(step.token, address)
        elif credentials is None:
            raise BadLogin
        else:
            found = await self._by_password(credentials, address)
            if not found.person.fact.totp_secret:
                return self._welcome(found, address)
            if not step.code:
                raise CodeWanted(await self._second_step(found.person), found.person.fact.username)
        await self._check_code(found.person, step.code, address)
        return self._welcome(found, address)

    async def execute_with_code(self, person: Person, command: Command) -> Receipt:
        """Execute what a person's one-time code confirms. Raises CodeRefused, also for a right one after too many that
        were wrong."""
        async with self._turn_of(person):
            if await self._desk.reads.run(self._is_refused, person, CODES):
                raise CodeRefused
            try:
                return await self._desk.execute(command)
            except CodeRefused:
                await self._record(person, CODES, succeeded=False)
                raise

    async def token_for(self, person: Person, switched_by: Person | None = None) -> tuple[str, int | None]:
        """A token that counts as this person's log-in, and when it ends, in UNIX seconds.

        One for somebody else tells who switched, and outlives neither that person's token nor their rights.
        """
        await self.tokens.ready()
        by = None
        if switched_by is not None:
            by = switched_by.switched_by or (switched_by.person_id, self.tokens.stamp(switched_by.fact))
        ends = self.tokens.expiry(None if switched_by is None else switched_by.token_ends)
        return self.tokens.signed(self._claims(AUTHORISATION, person, ends, by)), ends

    def system(self, host: str) -> int | None:
        """Whose system a call without a login means: the host name's (in lower case), else the only one."""
        tenants = self._desk.store.tenants()
        for tenant in tenants:
            if not {host, host.rpartition(":")[0]}.isdisjoint(_hosts(tenant)):
                return tenant.tenant_id
        return tenants[0].tenant_id if len(tenants) == 1 else None

    # By password.

    async def _by_password(self, credentials: Credentials, address: Address | None) -> _Found:
        found = await self._desk.reads.run(self._named, credentials.username, address)
        if not await self._is_right(credentials, found, address) or found is None:
            raise BadLogin
        return found

    def _named(self, username: str, address: Address | None) -> _Found | None:
        name = self._desk.store.login_name(username)
        if name is None:
            return None
        with self._desk.store.reading(name.tenant_id) as reader:
            return self._found(reader, name.person_id, address)

    async def _is_right(self, credentials: Credentials, found: _Found | None, address: Address | None) -> bool:
        """Whether the password is the person's; where nobody may log in it is checked all the same, and is not.

        Equal questions at one time are one question, and one failure.
        """
        password_hash = NOBODY if found is None else found.person.fact.password_hash
        facts = [credentials.username, credentials.password, password_hash]
        mark = blake2b(msgspec.json.encode(facts), key=self._secret).digest()
        if self._right_until.get(mark, 0.0) > time.monotonic():
            return True
        question = (mark, counted_as(address))
        checking = self._checking.get(question)
        if checking is None:
            work = self._checked(credentials.password, found, counted_as(address))
            checking = self._checking[question] = asyncio.ensure_future(work)
            checking.add_done_callback(lambda _: self._checking.pop(question, None))
        is_right = await asyncio.shield(checking)
        if is_right:
            self._remember(mark)
        return is_right

    async def _checked(self, password: str, found: _Found | None, counted: str) -> bool:
        """At one time no more are checked than may fail: any beyond these are refused as they would be after them."""
        if found is None:
            await self._desk.passwords.run(password_matches, NOBODY, password)
            return False
        person = found.person
        guess = (person.tenant_id, person.person_id, counted)
        if self._guessing[guess] >= self._limits.failures_max:
            return await self._checked(password, None, counted)
        self._guessing[guess] += 1
        try:
            is_right = await self._desk.passwords.run(password_matches, person.fact.password_hash, password)
            if not is_right:
                await self._record(person, counted, succeeded=False)
        finally:
            self._guessing[guess] -= 1
            if not self._guessing[guess]:
                del self._guessing[guess]
        return is_right

    def _remember(self, mark: bytes) -> None:
        self._right_until.pop(mark, None)
        if len(self._right_until) >= REMEMBERED_MAX:
            del self._right_until[next(iter(self._right_until))]
        self._right_until[mark] = time.monotonic() + self._desk.settings.password_cache_seconds

    # By one-time code.

    async def _second_step(self, person: Person) -> str:
        await self.tokens.ready()
        ends = self.tokens.now() + SECOND_STEP_SECONDS
        return self.tokens.signed(self._claims(SECOND_STEP, person, ends, None))

    async def _at_second_step(self, token: str, address: Address | None) -> _Found:
        claims = await self._opened(token, SECOND_STEP)
        found = await self._desk.reads.run(self._with_stamp, claims, address)
        if found is None or not found.person.fact.totp_secret:
            raise BadLogin
        return found

    def _with_stamp(self, claims: Claims, address: Address | None) -> _Found | None:
        with self._desk.store.reading(claims.tenant) as reader:
            found = self._found(reader, claims.person, address)
        return found if found is not None and self.tokens.is_stamp_of(found.person.fact, claims.stamp) else None

    async def _check_code(self, person: Person, code: str, address: Address | None) -> None:
        """Use the code up. One that is wrong counts as a wrong password does."""
        counted = counted_as(address)
        async with self._turn_of(person):
            # Asked once more: meanwhile those before may have failed too often.
            if await self._desk.reads.run(self._is_refused, person, counted, STRANGERS):
                raise BadLogin
            step = matching_step(person.fact.totp_secret, code, self._desk.clock.now())
            try:
                if step is None:
                    raise CodeRefused
                await self._desk.execute(UseCode(tenant_id=person.tenant_id, person_id=person.person_id, step=step))
            except CodeRefused as error:
                await self._record(person, counted, succeeded=False)
                raise BadLogin from error

    def _turn_of(self, person: Person) -> asyncio.Lock:
        """Codes of one person are looked at one after another: a code costs nothing to look at, so that at one time
        somebody could try more of them than may fail."""
        return self._turns.setdefault((person.tenant_id, person.person_id), asyncio.Lock())

    # By token.

    async def _bearer(self, token: str, address: Address | None) -> Person:
        claims = await self._opened(token, AUTHORISATION)
        person = await self._desk.reads.run(self._claimed, claims, address)
        if person is None:
            raise BadLogin
        return person

    async def _opened(self, token: str, use: str) -> Claims:
        await self.tokens.ready()
        claims = self.tokens.opened(token, use)
        if claims is None:
            raise BadLogin
        return claims

    def _claimed(self, claims: Claims, address: Address | None) -> Person | None:
        """Whom a token speaks for, as long as it does; to whom somebody switched may do what both may."""
        with self._desk.store.reading(claims.tenant) as reader:
            person = self._stamped(reader, claims.person, claims.stamp)
            if person is None or claims.by is None:
                return _calling_from(person, person, claims, address)
            switcher = self._stamped(reader, *claims.by)
        if switcher is None or not switcher.may_switch_to(person):
            return None
        allowed = lower_of(person.privileges, switcher.privileges)
        return _calling_from(replace(person, privileges=allowed), switcher, claims, address)

    def _stamped(self, reader: Reader, person_id: int, stamp: str) -> Person | None:
        person = person_loaded(reader, person_id)
        return person if person is not None and self.tokens.is_stamp_of(person.fact, stamp) else None

    def _claims(self, use: str, person: Person, ends: int | None, by: tuple[int, str] | None) -> Claims:
        return Claims(use, person.tenant_id, person.person_id, self.tokens.stamp(person.fact), ends, by)

    # From where.

    def _found(self, reader: Reader, person_id: int, address: Address | None) -> _Found | None:
        """The person, where somebody may log in as them from there now."""
        person = person_loaded(reader, person_id)
        if person is None or not may_call_from(person.fact.source, address):
            return None
        counted, now = counted_as(address), self._desk.clock.now()
        rows = reader.find(LoginAddressFact, person_id=person_id, address=[counted, STRANGERS])
        return None if is_refused(rows, counted, now) else _Found(person, is_newly_good(rows, counted, now))

    def _is_refused(self, person: Person, counted: str, *others: str) -> bool:
        """Whether no codes are taken from an address; besides a log-in it does not matter, for a token came first."""
        with self._desk.store.reading(person.tenant_id) as reader:
            rows = reader.find(LoginAddressFact, person_id=person.person_id, address=[counted, *others])
        return is_refused(rows, counted, self._desk.clock.now())

    def _welcome(self, found: _Found, address: Address | None) -> Person:
        """Note, beside the call, from where somebody logged in: there they pass whatever strangers do."""
        person = found.person
        noted = (person.tenant_id, person.person_id, counted_as(address))
        if found.is_newly_good and noted not in self._noting:
            noting = self._noting[noted] = asyncio.ensure_future(self._note(person, noted[2]))
            noting.add_done_callback(lambda _: self._noting.pop(noted, None))
        return person

    async def _note(self, person: Person, counted: str) -> None:
        with suppress(Overloaded, StoreUnavailable):
            await self._record(person, counted, succeeded=True)

    async def _record(self, person: Person, counted: str, *, succeeded: bool) -> None:
        await self._desk.execute(
            RecordLogin(
                tenant_id=person.tenant_id,
                person_id=person.person_id,
                address=counted,
                succeeded=succeeded,
                limits=self._limits,
            )
        )


def _calling_from(person: Person | None, who: Person | None, claims: Claims, address: Address | None) -> Person | None:
    """The person of a token, where the one who holds it may call from this address."""
    if person is None or who is None or not may_call_from(who.fact.source, address):
        return None
    return replace(person, token_ends=claims.exp, switched_by=claims.by)


def _hosts(tenant: TenantFact) -> list[str]:
    return msgspec.json.decode(tenant.hosts, type=list[str])
