"""What one batch of one tenant knows, and what it is about to write.

Everything a decision reads comes through the book, and everything it decides goes into the book: a later command of the
batch sees what an earlier one decided. Nothing reaches the store before `append`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from typing import Any, Final

from tollhouse.domain import sessions, summaries
from tollhouse.domain.money import OutOfRange
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.clock import MINUTE, SECOND
from tollhouse.ledger.commands import Idempotency
from tollhouse.ledger.day_figures import DaySums
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    DayFigureFact,
    EventFact,
    ExchangeRateFact,
    LoginNameFact,
    ReceiptFact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
)
from tollhouse.ledger.numbers import Numbers
from tollhouse.ledger.ports import UnitOfWork
from tollhouse.ledger.refusals import SumTooLarge
from tollhouse.ledger.rows import Rows
from tollhouse.ledger.search_words import NO_WORDS, WORDED_BY, keep_words, search_words
from tollhouse.ledger.totals import Differences

#: What a session, a change kept elsewhere, and a new name change of a customer.
_SESSION: Final = frozenset({"sessions", "last_seen_at"})
_STAMP: Final = frozenset({"updated_at"})
_IDENTITY: Final = frozenset({"reference", "email", "email_folded", "updated_at"})


class Book(Rows):
    def __init__(self, unit: UnitOfWork, numbers: Numbers, system_now: int, lane: int = 0) -> None:
        """`now` is the moment by the tenant's clock, `system_now` by the system's: they differ for a test tenant.
        `lane` is that of the process, for what every commit adds to."""
        super().__init__(unit)
        self.tenant: TenantFact = unit.tenant()
        self.system_now = system_now
        self.now: int = system_now if self.tenant.clock_at is None else self.tenant.clock_at
        self.tenant_id = self.tenant.tenant_id
        self._numbers = numbers
        self._lane = lane
        self._session_window = self.tenant.session_window_minutes * MINUTE
        self._customers: dict[int, CustomerFact] = {}
        self._by_reference: dict[str, CustomerFact] = {}
        self._earliest_by_email: dict[str, CustomerFact] = {}
        self._guest_by_email: dict[str, CustomerFact] = {}
        self._summaries: dict[tuple[int, str], ChargeSummary] = {}
        self._summaries_known: set[int] = set()
        self._summaries_before: dict[tuple[int, str], ChargeSummary] = {}
        self._was_live: dict[int, bool] = {}
        self._receipts: dict[tuple[str, str], ReceiptFact] = {}
        self._new_customers: list[CustomerFact] = []
        self._new_numbers: set[int] = set()
        self._vacated: set[str] = set()
        self._changed_summaries: set[tuple[int, str]] = set()
        self._balance_deltas: dict[int, int] = {}
        self._changed_columns: dict[int, frozenset[str]] = {}
        self._moves: list[CustomerFact] = []
        self._event_seqs: dict[int, int] = {}

    @property
    def now_second(self) -> int:
        """The moment in whole seconds: Beacon's clock has no others."""
        return self.now - self.now % SECOND

    # What is known.

    def prefetch(
        self, keys: Iterable[Idempotency], references: set[str], emails_folded: set[str], numbers: set[int]
    ) -> None:
        """Look up, once for the whole batch, whatever its commands name."""
        pairs = [(key.scope, key_hash(key.key)) for key in keys]
        if pairs:
            for receipt in self.unit.receipts(pairs):
                self._receipts[receipt.scope, receipt.key_hash] = receipt
        if [bool(names) for names in (references, emails_folded, numbers)].count(True) > 1:
            # Named in several ways, they are locked in one order all the same: another process may name them otherwise.
            numbers = numbers.union(self.unit.numbers_to_lock(sorted(references), sorted(emails_folded)))
        if numbers:
            for customer in self.unit.find(CustomerFact, lock=True, order=("number",), number=sorted(numbers)):
                self._know(customer)
        if references:
            for customer in self.unit.customers_by_reference(sorted(references)):
                self._know(customer)
        if emails_folded:
            self._look_for_emails(emails_folded)
        unsummed = self._customers.keys() - self._summaries_known
        if unsummed:
            self._know_summaries(sorted(unsummed))

    def _look_for_emails(self, emails_folded: set[str]) -> None:
        """Know the earliest of each e-mail. Who lost it while their lock was waited for has left it to somebody else,
        perhaps: then it is looked for again."""
        is_stale = True
        while is_stale:
            found = self.unit.customers_by_email(sorted(emails_folded))
            is_stale = any(c.deleted_at is not None or c.email_folded not in emails_folded for c in found)
            for customer in found:
                self._know(customer)

    def receipt(self, idempotency: Idempotency) -> ReceiptFact | None:
        return self._receipts.get((idempotency.scope, key_hash(idempotency.key)))

    def newest_receipt(self, idempotency: Idempotency) -> ReceiptFact | None:
        """The receipt, also one that somebody else committed while this unit of work waited for its locks."""
        for receipt in self.unit.receipts([(idempotency.scope, key_hash(idempotency.key))]):
            self._receipts[receipt.scope, receipt.key_hash] = receipt
        return self.receipt(idempotency)

    def customer(self, number: int) -> CustomerFact | None:
        """The customer with this number, deleted or not, locked for this unit of work."""
        known = self._customers.get(number)
        if known is None:
            for row in self.unit.find(CustomerFact, lock=True, number=number):
                known = self._know(row)
        return known

    def customer_by_reference(self, reference: str) -> CustomerFact | None:
        known = self._by_reference.get(reference)
        if known is None:
            for row in self.unit.customers_by_reference([reference]):
                known = self._know(row)
        return known

    @property
    def references(self) -> Set[str]:
        """Those of the live customers that the batch looked up by them or made."""
        return self._by_reference.keys()

    def known_by_reference(self, reference: str) -> CustomerFact | None:
        """The live customer with this reference, if the batch looked it up or made it."""
        return self._by_reference.get(reference)

    def known_by_email(self, email_folded: str) -> CustomerFact | None:
        """The earliest live customer with this e-mail, as far as the batch looked it up or made it."""
        if email_folded in self._vacated:
            self._vacated.remove(email_folded)
            for row in self.unit.find(CustomerFact, lock=True, order=("number",), email_folded=email_folded):
                self._know(row)
        return self._earliest_by_email.get(email_folded)

    def known_guest(self, email_folded: str) -> CustomerFact | None:
        """The guest of this e-mail: made from the e-mail alone and not yet given a reference."""
        return self._guest_by_email.get(email_folded)

    def summary(self, customer_number: int, currency: str) -> ChargeSummary:
        if customer_number not in self._summaries_known:
            self._know_summaries([customer_number])
        return self._summaries.get((customer_number, currency), summaries.EMPTY)

    def exchange_rates(self, one_currency: str, other_currency: str) -> list[ExchangeRateFact]:
        """Of each direction between two currencies, the rate that counts now, if there is one."""
        return self.unit.exchange_rates(one_currency, other_currency, self.now)

    def know_customers(self, numbers: Iterable[int]) -> dict[int, CustomerFact]:
        """Customers by their number, locked, with their summaries: one look each for all that are not known yet."""
        missing = sorted(set(numbers) - self._customers.keys())
        if missing:
            for row in self.unit.find(CustomerFact, lock=True, order=("number",), number=missing):
                self._know(row)
        unsummed = sorted(number for number in set(numbers) - self._summaries_known if number in self._customers)
        if unsummed:
            self._know_summaries(unsummed)
        return {number: self._customers[number] for number in numbers if number in self._customers}

    def next_event_seq(self, customer_number: int) -> int:
        """The number of a customer's next event; the customer is locked."""
        seq = self._event_seqs.get(customer_number)
        if seq is None:
            newest = self.unit.first(EventFact, 1, order=("-customer_seq",), customer_number=customer_number)
            seq = newest[0].customer_seq if newest else 0
        self._event_seqs[customer_number] = seq + 1
        return seq + 1

    def login_name(self, username: str) -> LoginNameFact | None:
        """Where a username lives, whichever tenant's it is, as this batch leaves it."""
        for fact in self.added(LoginNameFact):
            if fact.username == username:
                return fact
        kept = self.unit.login_name(username)
        return None if kept is None or kept.key in self._removed.get(LoginNameFact, {}) else kept

    @property
    def new_customer_count(self) -> int:
        """How many customers this batch makes, as far as it is decided."""
        return len(self._new_customers)

    def next_number(self, name: str) -> int:
        return self._numbers.take(self.tenant_id, name)

    # What is decided.

    def add_customer(self, customer: CustomerFact) -> None:
        if self._notes is not None:
            self._notes.made(customer)
        self._new_customers.append(customer)
        self._new_numbers.add(customer.number)
        self._summaries_known.add(customer.number)
        self._was_live[customer.number] = False
        keep_words(self, customer, NO_WORDS)
        self._know(customer)

    def touch(self, customer: CustomerFact) -> None:
        """Count a session by the server's clock."""
        customer.sessions, customer.last_seen_at = sessions.touched(
            customer.sessions, customer.last_seen_at, self.now, self._session_window
        )
        self._note_columns(customer, _SESSION)

    def stamp(self, customer: CustomerFact) -> None:
        """Note that something of a customer was changed that is kept elsewhere."""
        customer.updated_at = self.now
        self._note_columns(customer, _STAMP)

    def identify(self, customer: CustomerFact, *, reference: str | None, email: str | None, folded: str | None) -> None:
        """Give a customer the reference or e-mail it has not had."""
        if self._notes is not None:
            self._notes.changing(customer)
        if customer.email_folded is not None and self._guest_by_email.get(customer.email_folded) is customer:
            del self._guest_by_email[customer.email_folded]
        words = search_words(customer)
        if reference is not None:
            customer.reference = reference
        if email is not None:
            customer.email, customer.email_folded = email, folded
        customer.updated_at = self.now
        self._note_columns(customer, _IDENTITY)
        keep_words(self, customer, words)
        self._know(customer)

    def rename_email(self, customer: CustomerFact, email: str, folded: str) -> None:
        """Give a customer another e-mail than it has: whoever else has the old one is the earliest of it now."""
        old = customer.email_folded
        self.change_customer(customer, email=email, email_folded=folded)
        if old is not None and self._earliest_by_email.get(old) is customer:
            del self._earliest_by_email[old]
            self._vacated.add(old)
            for other in self._customers.values():
                if other.email_folded == old:
                    self._know(other)
        self._know(customer)

    def check_sum(self, summary: ChargeSummary, amount_minor: int, effective_at: int) -> ChargeSummary:
        """The summary after one more charge; SumTooLarge when it cannot be kept exactly."""
        try:
            return summaries.after_charge(summary, amount_minor, effective_at)
        except OutOfRange as error:
            raise SumTooLarge from error

    def check_refunded(self, summary: ChargeSummary, amount_minor: int) -> ChargeSummary:
        """The summary with so much paid back of its charges; SumTooLarge when it cannot be kept exactly."""
        try:
            return summaries.after_refund(summary, amount_minor)
        except OutOfRange as error:
            raise SumTooLarge from error

    def record(self, transaction: TransactionFact, summary_after: ChargeSummary) -> None:
        """Append a charge's transaction together with the summary it leads to (from `check_sum`)."""
        self.add(transaction)
        where = (transaction.customer_number, transaction.currency)
        self._summaries[where] = summary_after
        self._changed_summaries.add(where)

    def add_to_balance(self, customer: CustomerFact, difference_minor: int) -> None:
        """Move a balance; the caller has checked that it stays within 64 bits."""
        if self._notes is not None:
            self._notes.changing(customer)
        customer.balance_minor += difference_minor
        self._balance_deltas[customer.number] = self._balance_deltas.get(customer.number, 0) + difference_minor

    def lock_currency(self, customer: CustomerFact, currency: str) -> None:
        """Hold a customer's gateway payments to a currency from now on."""
        self.change_customer(customer, currency_lock=currency)

    def change_customer(self, customer: CustomerFact, **values: Any) -> None:
        """Set columns of a customer that is locked; not those that have ways of their own, such as its balance."""
        if self._notes is not None:
            self._notes.changing(customer)
        values["updated_at"] = self.now
        self._was_live.setdefault(customer.number, customer.deleted_at is None)
        words = None if WORDED_BY.isdisjoint(values) else search_words(customer)
        for name, value in values.items():
            setattr(customer, name, value)
        if words is not None:
            keep_words(self, customer, words)
        self._note_columns(customer, frozenset(values))

    def move_customer(self, customer: CustomerFact, parent: CustomerFact) -> None:
        """Put a customer with all below it under another parent, who owns its charges from now on.

        Those below it are moved by the store alone: what the book knows of them stays as it was.
        """
        self.change_customer(customer, parent_number=parent.number)
        customer.path = f"{parent.path}{customer.number}."
        self._moves.append(customer)

    def change_tenant(self, **values: Any) -> None:
        """Set columns of the tenant, at once: what comes after it in the same batch is decided by them."""
        if self._notes is not None:
            self._notes.changing(self.tenant)
        self.unit.change(TenantFact, {}, **values)
        for name, value in values.items():
            setattr(self.tenant, name, value)

    def keep_receipt(self, idempotency: Idempotency, fingerprint: str, kind: str, fact_id: int) -> None:
        hashed = key_hash(idempotency.key)
        receipt = ReceiptFact(self.tenant_id, idempotency.scope, hashed, fingerprint, kind, fact_id, self.now)
        self._receipts[idempotency.scope, hashed] = receipt
        self.add(receipt)

    def append(self) -> None:
        """Hand all that was decided to the unit of work, one statement a table, receipts first."""
        differences, days = self._differences(), self._day_figures()
        for customer in self._moves:
            self.unit.move_customer(customer.number, customer.path)
            self.unit.change(ChargeFact, {"customer_number": customer.number}, owner_number=customer.parent_number)
        with self.unit.together():
            self._append_facts(self.unit)
            # Last, and in one order for all: whoever waits for a figure waits for one who only has to commit, or who
            # waits for a later figure; so no two wait for each other.
            if differences:
                self.unit.add_totals(differences)
            if days:
                self.unit.add_day_figures(days, self.tenant.timezone)

    def _append_facts(self, unit: UnitOfWork) -> None:
        if receipts := self._appended.pop(ReceiptFact, None):
            unit.insert(receipts)
        self._remove_rows(unit)
        self._append_customers(unit)
        if self._changed_summaries:
            unit.upsert([self._summary_fact(*where) for where in sorted(self._changed_summaries)])
        self._append_rows(unit)

    def _append_customers(self, unit: UnitOfWork) -> None:
        changed: dict[frozenset[str], list[CustomerFact]] = {}
        for number, columns in self._changed_columns.items():
            if number not in self._new_numbers:
                changed.setdefault(columns, []).append(self._customers[number])
        # First: who was a guest may leave its e-mail to a new one.
        for columns, customers in changed.items():
            unit.change_customers(customers, tuple(sorted(columns)))
        if self._new_customers:
            unit.insert(self._new_customers)
        if deltas := sorted((n, d) for n, d in self._balance_deltas.items() if n not in self._new_numbers and d):
            unit.add_to_balances(deltas)

    def _differences(self) -> list[TotalFact]:
        """What the customers that live come to after this batch, less what those that lived before it came to then."""
        differences = Differences(self.tenant_id, self._lane)
        changed = self._changed_summaries
        new = {customer.number for customer in self._new_customers}
        for number, was_live in self._was_live.items():
            if was_live != (self._customers[number].deleted_at is None):
                differences.count_customer(number, -1 if was_live else 1)
                # All that a new customer has was changed just now.
                changed = changed if number in new else changed | self._summaries_of(number)
        for where in changed:
            is_live = self._customers[where[0]].deleted_at is None
            before = self._summaries_before.get(where) if self._was_live.get(where[0], is_live) else None
            differences.count_charges(where, before, self._summaries[where] if is_live else None)
        return differences.facts()

    def _day_figures(self) -> list[DayFigureFact]:
        transactions = self.added(TransactionFact)
        if not transactions:
            return []
        sums = DaySums(self.tenant.timezone)
        sums.add(transactions)
        return sums.facts(self.tenant_id, self._lane)

    def _summaries_of(self, customer_number: int) -> set[tuple[int, str]]:
        if customer_number not in self._summaries_known:
            self._know_summaries([customer_number])
        return {where for where in self._summaries if where[0] == customer_number}

    # How it is kept.

    def _is_of_new(self, key: dict[str, Any]) -> bool:
        return key.get("customer_number") in self._new_numbers

    def _note_columns(self, customer: CustomerFact, columns: frozenset[str]) -> None:
        """These columns of a customer are to be written; all of a new one are."""
        known = self._changed_columns.get(customer.number)
        self._changed_columns[customer.number] = columns if known is None else known | columns

    def _know(self, customer: CustomerFact) -> CustomerFact:
        customer = self._customers.setdefault(customer.number, customer)
        if customer.deleted_at is not None:
            return customer
        if customer.reference is not None:
            self._by_reference[customer.reference] = customer
        folded = customer.email_folded
        if folded is not None:
            earliest = self._earliest_by_email.get(folded)
            if earliest is None or (customer.created_at, customer.number) < (earliest.created_at, earliest.number):
                self._earliest_by_email[folded] = customer
            if customer.is_guest and customer.reference is None:
                self._guest_by_email[folded] = customer
        return customer

    def _know_summaries(self, customer_numbers: list[int]) -> None:
        self._summaries_known.update(customer_numbers)
        for row in self.unit.summaries(customer_numbers):
            where = (row.customer_number, row.currency)
            self._summaries[where] = self._summaries_before[where] = summary_from_row(row)

    def _summary_fact(self, customer_number: int, currency: str) -> SummaryFact:
        s = self._summaries[customer_number, currency]
        return SummaryFact(
            self.tenant_id,
            customer_number,
            currency,
            s.count,
            s.sum_minor,
            s.refunded_minor,
            s.first_at,
            s.last_at,
            s.last_amount_minor,
        )


def summary_from_row(row: SummaryFact) -> ChargeSummary:
    return ChargeSummary(
        count=row.charge_count,
        sum_minor=row.sum_minor,
        refunded_minor=row.refunded_minor,
        first_at=row.first_at,
        last_at=row.last_at,
        last_amount_minor=row.last_amount_minor,
    )


def key_hash(key: str) -> str:
    """How an idempotency key is kept: never its text."""
    return hashlib.sha256(key.encode()).hexdigest()
