"""Sign-ins at the console: each one's own, ended by signing out, by time, or by whatever ends the person's tokens."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands.people import EndSignIns, SignIn, SignOut
from tollhouse.ledger.facts import PersonFact, SignInFact
from tollhouse.ledger.people import check_no_higher
from tollhouse.ledger.seeing import person_seen

#: So many at once for each person; one more ends the oldest.
SIGN_INS_MAX: Final = 20


class SignedIn(msgspec.Struct, frozen=True, gc=False):
    ends_at: int


class SignedOut(msgspec.Struct, frozen=True, gc=False):
    pass


def sign_in(book: Book, command: SignIn) -> SignedIn:
    """Begin one, and forget those of the same person that are over."""
    # The person is locked first: of two processes that sign the same person in, one waits for the other.
    book.find(PersonFact, lock=True, person_id=command.person_id)
    now = book.system_now
    mine = sorted(book.find(SignInFact, person_id=command.person_id), key=lambda row: -row.began_at)
    going_on = [row for row in mine if row.ends_at > now]
    for row in [row for row in mine if row.ends_at <= now] + going_on[SIGN_INS_MAX - 1 :]:
        book.remove(row, "sign_in_hash")
    ends_at = now + command.seconds * SECOND
    book.add(
        SignInFact(
            book.tenant_id, command.sign_in_hash, command.person_id, command.stamp, command.address, now, ends_at
        )
    )
    return SignedIn(ends_at)


def sign_out(book: Book, command: SignOut) -> SignedOut:
    """End it, or all of the person's; one that is not there is ended already."""
    for row in book.find(SignInFact, person_id=command.person_id):
        if command.everywhere or row.sign_in_hash == command.sign_in_hash:
            book.remove(row, "sign_in_hash")
    return SignedOut()


def end_all(book: Book, command: EndSignIns) -> SignedOut:
    """End those of somebody who may do no more than the caller, and their tokens on the wire with them."""
    person = person_seen(book, command.caller, command.person_id, lock=True)
    check_no_higher(book, person.role_id, command.privileges)
    book.put(replace(person, token_epoch=person.token_epoch + 1))
    for row in book.find(SignInFact, person_id=person.person_id):
        book.remove(row, "sign_in_hash")
    return SignedOut()
