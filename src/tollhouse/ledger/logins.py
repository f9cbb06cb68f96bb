"""Who fails to log in too often is refused for a while, at the address from which it was tried.

Each address has a count of its own for each person, so that a stranger's failures lock nobody else out. All addresses
from which nobody ever logged in as a person are counted together as well: however many of them somebody has, guesses
stay few, and the person still passes from where they passed before. Nothing of it is for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import MINUTE, SECOND
from tollhouse.ledger.commands import RecordLogin, UseCode
from tollhouse.ledger.commands.people import LoginLimits
from tollhouse.ledger.facts import LoginAddressFact, PersonFact
from tollhouse.ledger.refusals import CodeRefused

#: All addresses together from which nobody ever logged in as the person.
STRANGERS: Final = ""

WINDOW: Final = 15 * MINUTE

#: Together strangers may fail this many times as often as one address.
STRANGERS_FACTOR: Final = 10

#: An address stays known as a good one; so many of them for each person, the latest.
GOOD_ADDRESSES_MAX: Final = 100

#: A good address is noted again after so long.
GOOD_AGAIN_AFTER: Final = 24 * 60 * MINUTE


class LoginRecorded(msgspec.Struct, frozen=True, gc=False):
    pass


class CodeUsed(msgspec.Struct, frozen=True, gc=False):
    pass


def is_refused(rows: Iterable[LoginAddressFact], address: str, now: int) -> bool:
    """Whether an address may not log in as a person now, whatever the password. `rows` are its own and STRANGERS'."""
    known = {row.address: row for row in rows}
    own, strangers = known.get(address), known.get(STRANGERS)
    if own is not None and (own.refused_until > now or own.good_at):
        return own.refused_until > now
    return strangers is not None and strangers.refused_until > now


def is_newly_good(rows: Iterable[LoginAddressFact], address: str, now: int) -> bool:
    """Whether a success from this address is worth noting."""
    return not any(row.address == address and row.good_at + GOOD_AGAIN_AFTER > now for row in rows)


def record(book: Book, command: RecordLogin) -> LoginRecorded:
    # The person is locked first: of two processes that count, one waits for the other.
    if not book.find(PersonFact, lock=True, person_id=command.person_id, deleted_at=None):
        return LoginRecorded()
    rows = {row.address: row for row in book.find(LoginAddressFact, person_id=command.person_id)}
    own = rows.get(command.address) or _fresh(book, command.person_id, command.address)
    if command.succeeded:
        book.put(replace(own, good_at=book.system_now))
    else:
        book.put(_after_failure(own, book.system_now, command.limits))
        if not own.good_at:
            strangers = rows.get(STRANGERS) or _fresh(book, command.person_id, STRANGERS)
            book.put(_after_failure(strangers, book.system_now, command.limits, STRANGERS_FACTOR))
    others = [row for row in rows.values() if row.address not in (command.address, STRANGERS)]
    _prune(book, others, GOOD_ADDRESSES_MAX - int(command.succeeded or own.good_at > 0))
    return LoginRecorded()


def use_code(book: Book, command: UseCode) -> CodeUsed:
    """Raises CodeRefused for a code that was used before, or one older than the last that was."""
    for person in book.find(PersonFact, lock=True, person_id=command.person_id, deleted_at=None):
        if command.step > person.totp_step:
            book.put(replace(person, totp_step=command.step))
            return CodeUsed()
    raise CodeRefused


def forget_failures(book: Book, person_id: int) -> None:
    """Count from nothing again, and refuse no address; the good ones stay known."""
    for row in book.find(LoginAddressFact, person_id=person_id):
        if row.good_at:
            book.put(replace(row, failures=0, since_at=0, refused_until=0))
        else:
            book.remove(row, "person_id", "address")


def _fresh(book: Book, person_id: int, address: str) -> LoginAddressFact:
    return LoginAddressFact(book.tenant_id, person_id, address, failures=0, since_at=0, refused_until=0, good_at=0)


def _after_failure(row: LoginAddressFact, now: int, limits: LoginLimits, factor: int = 1) -> LoginAddressFact:
    if row.since_at + WINDOW <= now:
        row = replace(row, failures=0, since_at=now)
    failures = row.failures + 1
    if failures < limits.failures_max * factor:
        return replace(row, failures=failures)
    return replace(row, failures=0, since_at=0, refused_until=now + limits.refused_seconds * SECOND)


def _prune(book: Book, rows: list[LoginAddressFact], good_max: int) -> None:
    """Forget what no longer counts, and of the good addresses the oldest beyond so many."""
    over = book.system_now - WINDOW
    stale = [row for row in rows if not row.good_at and row.since_at <= over and row.refused_until <= book.system_now]
    good = sorted((row for row in rows if row.good_at), key=lambda row: row.good_at, reverse=True)
    for row in stale + good[good_max:]:
        book.remove(row, "person_id", "address")
