"""Invoices: what is on them, that no transaction is on two, and that they never change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import TestClock
from tests.ledger.telco import NORA, NORTH, NORTH_ALONE, ROOT, SOUTH, Telco
from tollhouse.ledger import invoicing
from tollhouse.ledger.commands import (
    TENANT_SCOPE,
    AddToBalance,
    Caller,
    CreateInvoice,
    CreateTransaction,
    Idempotency,
    UpdatePlan,
)
from tollhouse.ledger.commands.schedules import RunDue
from tollhouse.ledger.facts import InvoiceFact, InvoiceTransactionFact, TransactionFact
from tollhouse.ledger.invoicing import Invoice
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import (
    CustomerUnknown,
    EndBeforeStart,
    IdempotencyKeyReused,
    NothingToInvoice,
    Refusal,
    SelfInvoiceRefused,
    StatementTooLong,
    SumTooLarge,
)
from tollhouse.ledger.sight import Snapshot
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

DAY = 86_400_000_000


class Invoicing:
    """Invoices of the telco: one line a command and a question."""

    def __init__(self, telco: Telco) -> None:
        self.telco = telco

    def creation(
        self, customer: int = 11, *, caller: Caller = NORTH, key: str | None = None, **more: Any
    ) -> CreateInvoice:
        given = {"start_at": 0, "end_at": None, "resets_balance": False, **more}
        return CreateInvoice(
            tenant_id=self.telco.tenant_id,
            idempotency=None if key is None else Idempotency(TENANT_SCOPE, key),
            caller=caller,
            customer_number=customer,
            **given,
        )

    def make(self, *arguments: Any, **more: Any) -> Invoice:
        return self.telco.do(self.creation(*arguments, **more))  # type: ignore[no-any-return]

    def draft(self, customer: int = 11, *, caller: Caller = NORTH, start: int = 0, end: int | None = None) -> Invoice:
        with self.telco.store.reading(self.telco.tenant_id) as reader:
            snapshot = Snapshot(reader, self.telco.clock.now())
            return invoicing.draft(snapshot, caller, customer, start, end)

    def transact(self, amount: str, customer: int = 11, **more: Any) -> int:
        given = {"effective_at": None, "charge_id": 0, "invoice_id": 0, "tax_ids": (), **more}
        command = CreateTransaction(
            tenant_id=self.telco.tenant_id, caller=NORTH, customer_number=customer, amount=Decimal(amount), **given
        )
        return int(self.telco.do(command).transaction_id)

    def top_up(self, amount: str, kind: str = "topup") -> None:
        self.telco.do(
            AddToBalance(
                tenant_id=self.telco.tenant_id, caller=NORTH, customer_number=11, amount=Decimal(amount), kind=kind
            )
        )

    def links(self, invoice: Invoice) -> list[int]:
        found = self.telco.find(InvoiceTransactionFact, invoice_id=invoice.invoice.invoice_id)
        return sorted(link.transaction_id for link in found)


@pytest.fixture
def invoices(telco: Telco) -> Invoicing:
    return Invoicing(telco)


def test_an_invoice_is_the_sum_of_what_is_on_it(invoices: Invoicing) -> None:
    telco = invoices.telco
    telco.do(telco.tax("20"))
    first, second = telco.charged(name="Router", amount="49.90"), telco.charged(name="Cable", amount="3.33")
    credit = invoices.transact("5")
    made = invoices.make()
    assert made.invoice == InvoiceFact(
        tenant_id=telco.tenant_id,
        invoice_id=made.invoice.invoice_id,
        seller_number=10,
        number=1,
        customer_number=11,
        customer_name="Nora",
        timezone="Europe/Berlin",
        start_at=0,
        end_at=telco.clock.now() + 1,
        currency="EUR",
        net_minor=4990 + 333 - 500,
        tax_minor=998 + 67,
        total_minor=4990 + 333 - 500 + 998 + 67,
        status="due",
        created_at=telco.clock.now(),
        due_at=telco.clock.now(),
        overdue_at=0,
        person_id=NORTH.person_id,
        reset_transaction_id=None,
    )
    assert telco.find(InvoiceFact) == [made.invoice]
    assert [line.transaction_id for line in made.lines] == [first.transaction_id, second.transaction_id, credit]
    assert invoices.links(made) == [first.transaction_id, second.transaction_id, credit]
    assert telco.balance() == 10000 - made.invoice.total_minor


def test_a_draft_is_what_would_be_kept_and_keeps_nothing(invoices: Invoicing) -> None:
    invoices.telco.charged(amount="5")
    before = invoices.telco.everything()
    draft = invoices.draft()
    assert (draft.invoice.invoice_id, draft.invoice.number, draft.invoice.total_minor) == (0, 0, 500)
    assert invoices.make(validation=True).invoice.invoice_id == 0
    assert invoices.telco.everything() == before
    assert invoices.telco.find(InvoiceFact) == []
    made = invoices.make()
    again = replace(draft.invoice, invoice_id=made.invoice.invoice_id, number=1)
    assert made.invoice == again
    assert invoices.draft().lines == []


def test_no_transaction_is_on_two_invoices(invoices: Invoicing) -> None:
    telco = invoices.telco
    first = telco.charged(amount="5")
    assert invoices.links(invoices.make()) == [first.transaction_id]
    with pytest.raises(NothingToInvoice):
        invoices.make()
    second = telco.charged(amount="6")
    made = invoices.make()
    assert invoices.links(made) == [second.transaction_id]
    assert made.invoice.total_minor == 600
    assert (made.invoice.number, made.invoice.seller_number) == (2, 10)


def test_only_what_happened_in_its_time_is_on_it(invoices: Invoicing, clock: TestClock) -> None:
    start = clock.now()
    ids = []
    for _ in range(3):
        ids.append(invoices.telco.charged(amount="1").transaction_id)
        clock.advance(86_400)
    made = invoices.make(start_at=start + DAY, end_at=start + 2 * DAY)
    assert invoices.links(made) == [ids[1]]
    assert invoices.links(invoices.make()) == [ids[0], ids[2]]
    for end_at in (0, start, start - 1):
        with pytest.raises(EndBeforeStart):
            invoices.make(start_at=start, end_at=end_at)
        with pytest.raises(EndBeforeStart):
            invoices.draft(start=start, end=end_at)


def test_payments_and_corrections_are_on_no_invoice(invoices: Invoicing) -> None:
    invoices.top_up("50")
    invoices.top_up("7", kind="adjustment")
    with pytest.raises(NothingToInvoice):
        invoices.make()
    debit = invoices.transact("-2")
    assert invoices.links(invoices.make()) == [debit]


def test_what_does_not_settle_on_the_balance_is_on_none(invoices: Invoicing) -> None:
    telco = invoices.telco
    telco.charged(customer=15, amount="5")
    with pytest.raises(NothingToInvoice):
        invoices.make(15)
    invoices.transact("-2", moves_balance=False)
    with pytest.raises(NothingToInvoice):
        invoices.make()


def test_reset_moves_what_it_covers_off_the_balance_and_nothing_else(invoices: Invoicing) -> None:
    telco = invoices.telco
    telco.charged(amount="30")
    invoices.top_up("10")
    made = invoices.make(resets_balance=True)
    assert made.invoice.reset_transaction_id is not None
    reset = telco.transaction(made.invoice.reset_transaction_id)
    assert (reset.kind, reset.settlement, reset.gross_minor) == ("adjustment", "balance", -3000)
    assert telco.balance() == 10000 + 1000
    assert reset.transaction_id not in invoices.links(made)
    with pytest.raises(NothingToInvoice):
        invoices.make(resets_balance=True)
    telco.charged(amount="-5")
    credited = invoices.make(resets_balance=True)
    assert (credited.invoice.total_minor, credited.invoice.status) == (-500, "paid")
    assert telco.balance() == 11000


def test_reset_of_nothing_leaves_no_transaction(invoices: Invoicing) -> None:
    invoices.telco.charged(amount="5")
    invoices.telco.charged(amount="-5")
    made = invoices.make(resets_balance=True)
    assert (made.invoice.total_minor, made.invoice.reset_transaction_id) == (0, None)


def test_nobody_makes_invoices_for_their_own_customer_but_the_root(invoices: Invoicing) -> None:
    invoices.telco.charged(amount="5")
    with pytest.raises(SelfInvoiceRefused):
        invoices.make(caller=NORA)
    assert invoices.draft(caller=NORA).invoice.total_minor == 500
    for caller in (SOUTH, NORTH_ALONE):
        with pytest.raises(CustomerUnknown):
            invoices.make(caller=caller)
        with pytest.raises(CustomerUnknown):
            invoices.draft(caller=caller)
    invoices.telco.charged(customer=1, amount="7")
    made = invoices.make(1, caller=ROOT)
    assert (made.invoice.seller_number, made.invoice.number, made.invoice.total_minor) == (0, 1, 700)
    assert invoices.make(caller=ROOT).invoice.seller_number == 10


@pytest.mark.parametrize(
    ("customer", "amount", "currency", "total"),
    [(12, "160.4", "JPY", 160), (13, "1.2345", "KWD", 1235), (11, "0.005", "EUR", 1)],
)
def test_an_invoice_is_in_the_minor_units_of_the_customer(
    invoices: Invoicing, customer: int, amount: str, currency: str, total: int
) -> None:
    invoices.telco.charged(customer=customer, amount=amount, currency=currency)
    made = invoices.make(customer)
    assert (made.invoice.currency, made.invoice.total_minor) == (currency, total)


def test_each_seller_counts_without_a_gap(invoices: Invoicing) -> None:
    telco = invoices.telco
    numbers = []
    for customer in (11, 12, 21, 11):
        telco.charged(customer=customer, amount="1")
        made = invoices.make(customer, caller=ROOT)
        with pytest.raises(NothingToInvoice):
            invoices.make(customer, caller=ROOT)
        numbers.append((made.invoice.seller_number, made.invoice.number))
    assert numbers == [(10, 1), (10, 2), (20, 1), (10, 3)]


def test_it_is_due_as_the_customer_or_its_plan_says(invoices: Invoicing) -> None:
    telco = invoices.telco

    def days(customer: int = 11) -> tuple[int, int]:
        telco.charged(customer=customer, amount="1")
        invoice = invoices.make(customer, caller=ROOT).invoice
        return (invoice.due_at - invoice.created_at) // DAY, (invoice.overdue_at - invoice.due_at) // DAY

    telco.do(
        UpdatePlan(
            tenant_id=telco.tenant_id,
            caller=NORTH,
            plan_number=70,
            invoice_due_days=14,
            invoice_overdue_days=7,
            settings={},
        )
    )
    assert days() == (14, 7)
    telco.do(telco.customer_change(11, details=(("invoice_due_delay", 30),)))
    assert days() == (30, 7)
    telco.charged(customer=12, amount="1")
    assert invoices.make(12).invoice.overdue_at == 0


def test_it_is_overdue_by_its_time_alone(invoices: Invoicing) -> None:
    invoices.telco.charged(amount="1")
    invoice = invoices.make().invoice
    late = replace(invoice, overdue_at=invoice.due_at + 7 * DAY)
    assert invoicing.status_at(invoice, invoice.due_at + 1000 * DAY) == "due"
    assert invoicing.status_at(late, late.overdue_at - 1) == "due"
    assert invoicing.status_at(late, late.overdue_at) == "overdue"
    assert invoicing.status_at(replace(late, status="paid"), late.overdue_at) == "paid"


@pytest.mark.parametrize(
    ("bill_type", "status"),
    [("postpaid", "due"), ("prepaid", "prepaid"), ("prepaid_calls", "prepaid"), ("prepaid_invoices", "due")],
)
def test_prepaid_customers_have_paid_before(invoices: Invoicing, bill_type: str, status: str) -> None:
    telco = invoices.telco
    telco.do(telco.customer_change(11, bill_type=bill_type))
    telco.charged(amount="1")
    assert invoices.make().invoice.status == status


# Once.


def test_a_key_makes_one_invoice_and_tells_it_again(invoices: Invoicing) -> None:
    telco = invoices.telco
    telco.charged(amount="5")
    telco.charged(amount="6")
    first = telco.ledger.execute(invoices.creation(key="k", resets_balance=True))
    telco.charged(amount="7")
    again = telco.ledger.execute(invoices.creation(key="k", resets_balance=True))
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.result.invoice, list(again.result.lines)) == (first.result.invoice, list(first.result.lines))
    assert telco.balance() == 10000 - 700
    with pytest.raises(IdempotencyKeyReused):
        telco.do(invoices.creation(key="k"))


def test_of_many_at_once_one_has_each_transaction(invoices: Invoicing, ledger: Ledger) -> None:
    telco = invoices.telco
    for _ in range(3):
        telco.charged(amount="5")

    def attempt(_: int) -> Any:
        try:
            return ledger.execute(invoices.creation(resets_balance=True)).result
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    made = [outcome for outcome in outcomes if isinstance(outcome, Invoice)]
    assert len(made) == 1
    assert sum(isinstance(outcome, NothingToInvoice) for outcome in outcomes) == 15
    assert len(telco.find(InvoiceTransactionFact)) == 3
    assert telco.balance() == 10000


def test_two_servers_do_not_invoice_one_transaction_twice(
    invoices: Invoicing, ledger: Ledger, database_url: str, clock: TestClock
) -> None:
    for number in (11, 12, 13):
        invoices.telco.charged(customer=number, amount="5")
    with closing(SqlStore(store_url(database_url))) as other_store:
        ledgers = ledger, Ledger(other_store, clock)

        def attempt(n: int) -> bool:
            try:
                ledgers[n % 2].execute(invoices.creation((11, 12, 13)[n % 3]))
            except NothingToInvoice:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(attempt, range(18))) == 3
    assert sorted(invoice.number for invoice in invoices.telco.find(InvoiceFact)) == [1, 2, 3]


def test_a_batch_sees_what_it_charged_and_invoiced(invoices: Invoicing, ledger: Ledger) -> None:
    telco = invoices.telco
    charge_id = telco.create(amount="5")
    commands = [telco.charging(charge_id), invoices.creation(), invoices.creation(12), invoices.creation()]
    outcomes: list[Any] = ledger.execute_batch(telco.tenant_id, commands)
    assert [t.transaction_id for t in outcomes[1].result.lines] == [outcomes[0].result.transaction_id]
    assert [type(outcome) for outcome in outcomes[2:]] == [NothingToInvoice, NothingToInvoice]


# Bounds.


def test_an_invoice_has_so_many_lines_at_most(invoices: Invoicing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoicing, "LINES_MAX", 2)
    for _ in range(3):
        invoices.telco.charged(amount="1")
    for attempt in (invoices.make, invoices.draft):
        with pytest.raises(StatementTooLong):
            attempt()


def test_a_balance_stays_in_its_range(invoices: Invoicing) -> None:
    invoices.telco.charged(amount="5")
    invoices.telco.cook(type(invoices.telco.customer()), {"number": 11}, balance_minor=2**63 - 1)
    with pytest.raises(SumTooLarge):
        invoices.make(resets_balance=True)
    assert invoices.telco.find(InvoiceFact) == []


# The books.


def test_a_cooked_invoice_is_found(invoices: Invoicing, store: SqlStore) -> None:
    telco = invoices.telco
    telco.charged(amount="5")
    made = invoices.make()
    assert verify(store).differences == []
    telco.cook(InvoiceFact, {"invoice_id": made.invoice.invoice_id}, total_minor=499)
    assert any("invoice" in difference for difference in verify(store).differences)


def test_a_transaction_of_somebody_else_on_an_invoice_is_found(invoices: Invoicing, store: SqlStore) -> None:
    telco = invoices.telco
    made_of = telco.charged(amount="5")
    invoices.make()
    telco.cook(TransactionFact, {"transaction_id": made_of.transaction_id}, settlement="recorded")
    assert any("invoice" in difference for difference in verify(store).differences)


def test_an_invoice_tells_of_the_customer_as_it_was(invoices: Invoicing) -> None:
    invoices.telco.charged(amount="5")
    made = invoices.make(key="k")
    invoices.telco.do(invoices.telco.customer_change(11, name="Eleonora", timezone="Asia/Tokyo"))
    assert invoices.make(key="k").invoice == made.invoice
    invoices.telco.charged(amount="5")
    again = invoices.make().invoice
    assert (again.customer_name, again.timezone) == ("Eleonora", "Asia/Tokyo")


def test_what_falls_due_comes_onto_the_invoice(invoices: Invoicing, clock: TestClock) -> None:
    telco = invoices.telco
    telco.create(amount="30", period="monthly")
    clock.advance(31 * 86_400)
    assert telco.do(RunDue(tenant_id=telco.tenant_id, count=100, customer_number=12)).count == 0
    assert telco.do(RunDue(tenant_id=telco.tenant_id, count=100, customer_number=11)).charged == 1
    assert invoices.make().invoice.total_minor == 3000
