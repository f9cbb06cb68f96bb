"""What purchases do to the checkout session on which they are made: one payment at a time, and one success."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import StartPurchase
from tollhouse.ledger.events.emitting import emit
from tollhouse.ledger.events.objects import checkout_session_object
from tollhouse.ledger.facts import CheckoutSessionFact, CustomerFact, PaymentFact
from tollhouse.ledger.purchase_details import detail_of
from tollhouse.ledger.refusals import SessionNotOpen, SessionUnknown

OPEN: Final = "open"
PROCESSING: Final = "processing"
SUCCESS: Final = "success"
EXPIRED: Final = "expired"

#: So often can a payment be tried on one session: nobody tries out cards on it.
ATTEMPTS_MAX: Final = 10


def state_at(session: CheckoutSessionFact, now: int) -> str:
    """An open session is expired once its time or its attempts are over."""
    is_over = session.expires_at <= now or session.attempts >= ATTEMPTS_MAX
    return EXPIRED if session.state == OPEN and is_over else session.state


def held_for(book: Book, command: StartPurchase) -> CheckoutSessionFact | None:
    """The session on which the purchase is made, locked; None where it is made on none. Raises SessionNotOpen."""
    if not command.session_uid:
        return None
    session = _held(book, command.session_uid)
    if state_at(session, book.now) != OPEN or session.attempts != command.attempt:
        raise SessionNotOpen
    return session


def begin(book: Book, session: CheckoutSessionFact, payment: PaymentFact) -> None:
    book.put(
        replace(
            session,
            state=PROCESSING,
            payment_id=payment.payment_id,
            attempts=session.attempts + 1,
            modified_at=book.now,
        )
    )


def paid(book: Book, customer: CustomerFact, payment: PaymentFact) -> None:
    """The end of the session, if the payment was made on one."""
    uid = detail_of(payment).session_uid
    if uid:
        session = replace(_held(book, uid), state=SUCCESS, modified_at=book.now)
        book.put(session)
        emit(book, "checkout.completed", customer, lambda: checkout_session_object(book, customer, session, payment))


def declined(book: Book, payment: PaymentFact) -> None:
    """The session, if there is one, is open for another attempt."""
    uid = detail_of(payment).session_uid
    if uid:
        book.put(replace(_held(book, uid), state=OPEN, modified_at=book.now))


def _held(book: Book, uid: str) -> CheckoutSessionFact:
    for session in book.find(CheckoutSessionFact, lock=True, uid=uid):
        return session
    raise SessionUnknown
