"""Recording a charge that was collected elsewhere, by somebody who has its customer before them."""

from __future__ import annotations

import msgspec

from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger import recording
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import RecordedItem
from tollhouse.ledger.commands.by_hand import RecordByHand
from tollhouse.ledger.refusals import CustomerUnknown, TimeInFuture
from tollhouse.ledger.seeing import customer_ever_seen, customer_held


class RecordedByHand(msgspec.Struct, frozen=True):
    """`transaction_id` is 0 where the command was only to be decided: then the customer's summaries before and after
    are told."""

    transaction_id: int
    before: ChargeSummary | None = None
    after: ChargeSummary | None = None

    @property
    def fact_id(self) -> int:
        return self.transaction_id


def record(book: Book, command: RecordByHand) -> RecordedByHand:
    """Raises CustomerUnknown, TimeInFuture, or one of recording.REFUSED. The customer's session is not touched."""
    customer = customer_held(book, command.caller, command.customer_number)
    if customer is None:
        raise CustomerUnknown
    if command.effective_at is not None and command.effective_at > book.now:
        raise TimeInFuture
    before = book.summary(customer.number, book.tenant.currency)
    checked = recording.check(book, customer, [RecordedItem(command.amount_minor, command.effective_at)])
    after = checked[0][2]
    if command.validation:
        return RecordedByHand(0, before, after)
    by_hand = recording.ByHand(command.caller.person_id, command.description)
    return RecordedByHand(recording.record(book, customer, checked, by_hand))


def replay(book: Book, command: RecordByHand, fact_id: int) -> RecordedByHand:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, command.customer_number)
    return RecordedByHand(fact_id)
