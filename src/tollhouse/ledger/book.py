"""What one batch of one tenant knows, and what it is about to write.

Everything a decision reads comes through the book, and everything it decides goes into the book: a later command of the
batch sees what an earlier one decided. Nothing reaches the store before `append`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from tollhouse.domain import sessions, summaries
from tollhouse.domain.identity import folded_email
from tollhouse.domain.money import OutOfRange
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger import key_sets
from tollhouse.ledger.clock import MINUTE, SECOND
from tollhouse.ledger.commands import Idempotency, Identity
from tollhouse.ledger.facts import (
    ChangingFact,
    ChargeFact,
    CustomerFact,
    EventFact,
    ExchangeRateFact,
    Fact,
    LoginNameFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    ReceiptFact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
)
from tollhouse.ledger.lanes import Lanes
from tollhouse.ledger.numbers import Numbers
from tollhouse.ledger.ports import UnitOfWork
from tollhouse.ledger.refusals import SumTooLarge
from tollhouse.ledger.search_words import NO_WORDS, WORDED_BY, keep_words, search_words
from tollhouse.ledger.totals import Differences

#: What a purchase is paid with where nothing else was chosen.
DEFAULT_METHOD: Final[dict[str, Any]] = {"is_default": 1, "state": "succeeded"}

F = TypeVar("F", bound=Fact)
C = TypeVar("C", bound=ChangingFact)


class Book:
    def __init__(self, unit: UnitOfWork, numbers: Numbers, system_now: int, lane: int = 0) -> None:
        """`now` is the moment by the tenant's clock, `system_now` by the system's: they differ for a test tenant.
        `lane` is that of the process, for what every commit adds to."""
        self.unit = unit
        self.tenant: TenantFact = unit.tenant()
        self.system_now = system_now
        self.now: int = system_now if self.tenant.clock_at is None else self.tenant.clock_at
        self.tenant_id = self.tenant.tenant_id
        self._numbers = numbers
        self._lane = lane
        self.lanes = Lanes(unit)
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
        self._touched: dict[int, CustomerFact] = {}
        self._stamped: dict[int, CustomerFact] = {}
        self._identified: dict[int, CustomerFact] = {}
        self._changed_summaries: set[tuple[int, str]] = set()
        self._balance_deltas: dict[int, int] = {}
        self._customer_changes: dict[int, set[str]] = {}
        self._moves: list[CustomerFact] = []
        self._appended: dict[type[Fact], list[Fact]] = {}
        self._added: dict[tuple[type[Fact], tuple[Any, ...]], ChangingFact] = {}
        self._found: dict[tuple[Any, ...], list[Any]] = {}
        self._put: dict[type[Fact], dict[tuple[Any, ...], ChangingFact]] = {}
        self._event_seqs: dict[int, int] = {}
        self._removed: dict[type[Fact], dict[tuple[Any, ...], dict[str, Any]]] = {}
        self._held: set[tuple[Any, ...]] = set()

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

    def prefetch_identities(self, identities: Sequence[Identity]) -> None:
        """Look up, once for all, whom these names may mean. An e-mail that comes with a known reference decides
        nothing, and is passed over."""
        if not identities:
            return
        named = [(i.reference, folded_email(i.email) if i.email is not None else None) for i in identities]
        references = {reference for reference, _ in named if reference is not None}
        emails = {email for _, email in named if email is not None}
        self.prefetch([], set(), set(), set(self.unit.numbers_to_lock(sorted(references), sorted(emails))))
        self.prefetch([], references - self._by_reference.keys(), set(), set())
        self.prefetch([], set(), {e for r, e in named if e is not None and r not in self._by_reference}, set())

    def prefetch_charges(self, charge_ids: set[int]) -> set[int]:
        """Look up and lock charges, once for the whole batch and in one order; the numbers of their customers."""
        if not charge_ids:
            return set()
        rows = self.unit.find(ChargeFact, lock=True, order=("charge_id",), charge_id=sorted(charge_ids))
        found = {row.charge_id: [row] for row in rows}
        for charge_id in charge_ids:
            self._found[_asked(ChargeFact, True, {"charge_id": charge_id})] = found.get(charge_id, [])
        return {row.customer_number for row in rows if row.customer_number}

    def customers_of_transactions(self, transaction_ids: set[int]) -> set[int]:
        """The numbers of the customers of these transactions, which never change. Whoever corrects one locks its
        customer first."""
        if not transaction_ids:
            return set()
        rows = self.unit.find(TransactionFact, transaction_id=sorted(transaction_ids))
        self._remember(TransactionFact, "transaction_id", transaction_ids, rows)
        return {row.customer_number for row in rows}

    def prefetch_payments(self, payment_ids: set[int]) -> None:
        """Look up and lock payments, once for the whole batch and in one order; after their customers."""
        if payment_ids:
            rows = self.unit.find(PaymentFact, lock=True, order=("payment_id",), payment_id=sorted(payment_ids))
            self._remember(PaymentFact, "payment_id", payment_ids, rows, lock=True)

    def prefetch_payment_methods(self, references: set[str]) -> None:
        """Look up, once for the whole batch, what customers pay with who are known by these references."""
        numbers = {self._by_reference[reference].number for reference in references & self._by_reference.keys()}
        if not numbers:
            return
        methods = self.unit.find(PaymentMethodFact, customer_number=sorted(numbers), **DEFAULT_METHOD)
        self._remember(PaymentMethodFact, "customer_number", numbers, methods, **DEFAULT_METHOD)
        ids = {method.payment_method_id for method in methods}
        if ids:
            details = self.unit.find(PaymentMethodDetailsFact, payment_method_id=sorted(ids))
            self._remember(PaymentMethodDetailsFact, "payment_method_id", ids, details)

    def customers_of_orders(self, order_ids: set[str]) -> set[int]:
        """The numbers of the customers of these orders. Whoever changes an order's payment locks its customer first."""
        if not order_ids:
            return set()
        return {payment.customer_number for payment in self.unit.find(PaymentFact, order_id=sorted(order_ids))}

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

    def find(self, kind: type[F], /, *, lock: bool = False, **equals: Any) -> list[F]:
        """Rows as this batch leaves them: the store's, and over them what was added or put so far, in no order.

        What was asked once is remembered. Change a found fact by putting another over it.
        """
        put = self._put.get(kind, {})
        asked = _asked(kind, lock, equals)
        found = self._found.get(asked)
        if found is None:
            found = self._found[asked] = self.unit.find(kind, lock=lock, **equals)
        removed = self._removed.get(kind, {})
        rows = [row for row in found if not (removed and isinstance(row, ChangingFact) and row.key in removed)]
        rows += [fact for fact in self.added(kind) if _matches(fact, equals)]
        if put:
            rows = [row for row in rows if not (isinstance(row, ChangingFact) and row.key in put)]
            rows += [fact for fact in put.values() if isinstance(fact, kind) and _matches(fact, equals)]
        return rows

    def look_up(self, kind: type[F], names: tuple[str, ...], wanted: set[tuple[Any, ...]]) -> None:
        """Find rows by the values of these columns, once for the whole batch, of which there is one at most each."""
        if not wanted:
            return
        rows: dict[tuple[Any, ...], F] = {}
        for part in key_sets.looks(wanted):
            among: dict[str, Any] = {n: sorted({values[place] for values in part}) for place, n in enumerate(names)}
            rows |= {tuple(getattr(row, name) for name in names): row for row in self.unit.find(kind, **among)}
        for values in wanted:
            asked = _asked(kind, False, dict(zip(names, values, strict=True)))
            self._found[asked] = [rows[values]] if values in rows else []

    def kept(self, kind: type[C], **key: Any) -> C | None:
        """The fact with this key, all of it in its order, as this batch leaves it. Of a customer whom the batch has
        made the store is not asked."""
        values = tuple(key.values())
        put = self._put.get(kind, {}).get(values)
        if isinstance(put, kind):
            return put
        if values in self._removed.get(kind, {}):
            return None
        added = self._added.get((kind, values))
        if isinstance(added, kind):
            return added
        asked = _asked(kind, False, key)
        if asked not in self._found:
            is_of_new = key.get("customer_number") in self._new_numbers
            self._found[asked] = [] if is_of_new else self.unit.find(kind, **key)
        return next(iter(self._found[asked]), None)

    def hold(self, kind: type[Fact], name: str, values: Iterable[Any]) -> None:
        """Have rows with these values of a column stay as they are until this is written; others may hold them too."""
        missing = sorted({value for value in values if (kind, name, value) not in self._held})
        if missing:
            self.unit.hold(kind, **{name: missing})
            self._held.update((kind, name, value) for value in missing)

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

    def added(self, kind: type[F]) -> list[F]:
        """The facts of this class that the batch has decided to append so far."""
        return [fact for fact in self._appended.get(kind, ()) if isinstance(fact, kind)]

    def newest(self, fact: C) -> C:
        """The fact as this batch leaves it so far."""
        put = self._put.get(type(fact), {}).get(fact.key)
        return put if isinstance(put, type(fact)) else fact

    @property
    def new_customer_count(self) -> int:
        """How many customers this batch makes, as far as it is decided."""
        return len(self._new_customers)

    def next_number(self, name: str) -> int:
        return self._numbers.take(self.tenant_id, name)

    # What is decided.

    def add_customer(self, customer: CustomerFact) -> None:
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
        self._touched[customer.number] = customer

    def stamp(self, customer: CustomerFact) -> None:
        """Note that something of a customer was changed that is kept elsewhere."""
        customer.updated_at = self.now
        self._stamped[customer.number] = customer

    def identify(self, customer: CustomerFact, *, reference: str | None, email: str | None, folded: str | None) -> None:
        """Give a customer the reference or e-mail it has not had."""
        if customer.email_folded is not None and self._guest_by_email.get(customer.email_folded) is customer:
            del self._guest_by_email[customer.email_folded]
        words = search_words(customer)
        if reference is not None:
            customer.reference = reference
        if email is not None:
            customer.email, customer.email_folded = email, folded
        customer.updated_at = self.now
        self._identified[customer.number] = customer
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
        customer.balance_minor += difference_minor
        self._balance_deltas[customer.number] = self._balance_deltas.get(customer.number, 0) + difference_minor

    def lock_currency(self, customer: CustomerFact, currency: str) -> None:
        """Hold a customer's gateway payments to a currency from now on."""
        self.change_customer(customer, currency_lock=currency)

    def change_customer(self, customer: CustomerFact, **values: Any) -> None:
        """Set columns of a customer that is locked; not those that have ways of their own, such as its balance."""
        values["updated_at"] = self.now
        self._was_live.setdefault(customer.number, customer.deleted_at is None)
        words = None if WORDED_BY.isdisjoint(values) else search_words(customer)
        for name, value in values.items():
            setattr(customer, name, value)
        if words is not None:
            keep_words(self, customer, words)
        self._customer_changes.setdefault(customer.number, set()).update(values)

    def move_customer(self, customer: CustomerFact, parent: CustomerFact) -> None:
        """Put a customer with all below it under another parent, who owns its charges from now on.

        Those below it are moved by the store alone: what the book knows of them stays as it was.
        """
        self.change_customer(customer, parent_number=parent.number)
        customer.path = f"{parent.path}{customer.number}."
        self._moves.append(customer)

    def add(self, fact: Fact) -> None:
        self._appended.setdefault(type(fact), []).append(fact)
        if isinstance(fact, ChangingFact):
            self._added[type(fact), fact.key] = fact

    def put(self, fact: ChangingFact) -> None:
        """Write a fact over the one with its key, whether that is in the store, decided in this batch, or nowhere."""
        self._put.setdefault(type(fact), {})[fact.key] = fact

    def remove(self, fact: ChangingFact, *key: str) -> None:
        """Take a fact away, which `key` (names of fields) is enough to find; another may be put in its place."""
        kind = type(fact)
        self._put.get(kind, {}).pop(fact.key, None)
        added = self._added.pop((kind, fact.key), None)
        if added is not None:
            self._appended[kind].remove(added)
            return
        self._removed.setdefault(kind, {})[fact.key] = {name: getattr(fact, name) for name in key}

    def keep_receipt(self, idempotency: Idempotency, fingerprint: str, kind: str, fact_id: int) -> None:
        hashed = key_hash(idempotency.key)
        receipt = ReceiptFact(self.tenant_id, idempotency.scope, hashed, fingerprint, kind, fact_id, self.now)
        self._receipts[idempotency.scope, hashed] = receipt
        self.add(receipt)

    def append(self) -> None:
        """Hand all that was decided to the unit of work, one statement a table, receipts first."""
        differences = self._differences()
        for customer in self._moves:
            self.unit.move_customer(customer.number, customer.path)
            self.unit.change(ChargeFact, {"customer_number": customer.number}, owner_number=customer.parent_number)
        with self.unit.together():
            self._append_facts(self.unit)
            # Last, and in one order for all: whoever waits for a figure waits for one who only has to commit, or who
            # waits for a later figure; so no two wait for each other.
            if differences:
                self.unit.add_totals(differences)

    def _append_facts(self, unit: UnitOfWork) -> None:
        if receipts := self._appended.pop(ReceiptFact, None):
            unit.insert(receipts)
        for kind, gone in self._removed.items():
            for equals in key_sets.conditions([gone[key] for key in sorted(gone)]):
                unit.remove(kind, **equals)
        self._append_customers(unit)
        if self._changed_summaries:
            unit.upsert([self._summary_fact(*where) for where in sorted(self._changed_summaries)])
        for facts in filter(None, self._appended.values()):
            unit.insert(facts)
        for changed_facts in filter(None, self._put.values()):
            unit.upsert([changed_facts[key] for key in sorted(changed_facts)])
        if deliveries := self.lanes.changed():
            unit.upsert(deliveries)

    def _append_customers(self, unit: UnitOfWork) -> None:
        new = {customer.number for customer in self._new_customers}
        # First: who was a guest may leave its e-mail to a new one.
        if identified := [c for number, c in self._identified.items() if number not in new]:
            unit.identify_customers(identified)
        if self._new_customers:
            unit.insert(self._new_customers)
        if touched := [c for number, c in self._touched.items() if number not in new]:
            unit.touch_customers(touched)
        if stamped := [c for number, c in self._stamped.items() if number not in new]:
            unit.stamp_customers(stamped)
        if deltas := sorted((n, d) for n, d in self._balance_deltas.items() if n not in new and d):
            unit.add_to_balances(deltas)
        changed: dict[tuple[str, ...], list[CustomerFact]] = {}
        for number, names in sorted(self._customer_changes.items()):
            if number not in new:
                changed.setdefault(tuple(sorted(names)), []).append(self._customers[number])
        for columns, customers in changed.items():
            unit.change_customers(customers, columns)

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

    def _summaries_of(self, customer_number: int) -> set[tuple[int, str]]:
        if customer_number not in self._summaries_known:
            self._know_summaries([customer_number])
        return {where for where in self._summaries if where[0] == customer_number}

    # How it is kept.

    def _remember(
        self, kind: type[F], name: str, values: Iterable[Any], rows: Iterable[F], *, lock: bool = False, **equals: Any
    ) -> None:
        """Answer later finds by one value of a column from rows that were found for several."""
        found: dict[Any, list[Any]] = {value: [] for value in values}
        for row in rows:
            found[getattr(row, name)].append(row)
        for value, those in found.items():
            self._found[_asked(kind, lock, {name: value, **equals})] = those

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


def _asked(kind: type[Fact], lock: bool, equals: dict[str, Any]) -> tuple[Any, ...]:
    return (kind, lock, *((name, tuple(v) if isinstance(v, list) else v) for name, v in equals.items()))


def _matches(fact: Fact, equals: dict[str, Any]) -> bool:
    for name, wanted in equals.items():
        value = getattr(fact, name)
        if value not in wanted if isinstance(wanted, list | tuple) else value != wanted:
            return False
    return True


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
