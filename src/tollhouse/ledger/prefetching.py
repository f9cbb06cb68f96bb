"""What the commands of a batch name, looked up once for all of them and locked in one order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import (
    AddToBalance,
    ChargeNow,
    Command,
    ConfirmPaymentMethod,
    CreateInvoice,
    CreateTransaction,
    Idempotency,
    Identity,
    OpenCheckout,
    PurchaseProduct,
    RecordCharges,
    RemovePaymentMethod,
    SavePaymentMethod,
    SetDefaultMethod,
    SettlePurchase,
    StartPurchase,
    Track,
)
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.imports import ImportCharges
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.commands.refunds import SettleRefund, StartRefund
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.commands.webhooks import SettleDelivery
from tollhouse.ledger.facts import (
    ChargeFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PlanFact,
    TransactionFact,
)
from tollhouse.ledger.payment_methods import DEFAULT_METHOD
from tollhouse.ledger.tracking import telling


class _Named:
    """What a batch names so far."""

    def __init__(self) -> None:
        self.keys: list[Idempotency] = []
        self.references: set[str] = set()
        self.emails: set[str] = set()
        self.numbers: set[int] = set()
        self.charge_ids: set[int] = set()
        self.order_ids: set[str] = set()
        self.payment_ids: set[int] = set()
        self.plans: set[str] = set()
        self.buyers: set[str] = set()
        self.corrected: set[int] = set()
        self.imported: list[Identity] = []
        self.tracks: list[Track] = []

    def identity(self, identity: Identity) -> None:
        if identity.reference is not None:
            self.references.add(identity.reference)
        if identity.email is not None:
            self.emails.add(folded_email(identity.email))


def prefetch(book: Book, commands: Sequence[Command]) -> None:
    named = _Named()
    for command in commands:
        if command.idempotency is not None:
            named.keys.append(command.idempotency)
        name = _NAMES.get(type(command))
        if name is not None:
            name(named, command)
    # Plans come before customers, in the order in which a provisioning file has them.
    book.hold(PlanFact, "identifier", named.plans)
    numbers = named.numbers | _look_up_charges(book, named.charge_ids) | _customers_of_orders(book, named.order_ids)
    numbers |= _customers_of_transactions(book, named.corrected)
    book.prefetch(named.keys, named.references | named.buyers, named.emails, numbers)
    _look_up_identities(book, named.imported)
    _look_up_payments(book, named.payment_ids)
    _look_up_payment_methods(book, named.buyers)
    telling.prefetch(book, named.tracks)


def _look_up_identities(book: Book, identities: Sequence[Identity]) -> None:
    """Look up, once for all, whom these names may mean. An e-mail that comes with a known reference decides
    nothing, and is passed over."""
    if not identities:
        return
    named = [(i.reference, folded_email(i.email) if i.email is not None else None) for i in identities]
    references = {reference for reference, _ in named if reference is not None}
    emails = {email for _, email in named if email is not None}
    book.prefetch([], set(), set(), set(book.unit.numbers_to_lock(sorted(references), sorted(emails))))
    book.prefetch([], references - book.references, set(), set())
    book.prefetch([], set(), {e for r, e in named if e is not None and r not in book.references}, set())


def _look_up_charges(book: Book, charge_ids: set[int]) -> set[int]:
    """Look up and lock charges, once for the whole batch and in one order; the numbers of their customers."""
    if not charge_ids:
        return set()
    rows = book.unit.find(ChargeFact, lock=True, order=("charge_id",), charge_id=sorted(charge_ids))
    book.remember(ChargeFact, "charge_id", charge_ids, rows, lock=True)
    return {row.customer_number for row in rows if row.customer_number}


def _customers_of_transactions(book: Book, transaction_ids: set[int]) -> set[int]:
    """The numbers of the customers of these transactions, which never change. Whoever corrects one locks its
    customer first."""
    if not transaction_ids:
        return set()
    rows = book.unit.find(TransactionFact, transaction_id=sorted(transaction_ids))
    book.remember(TransactionFact, "transaction_id", transaction_ids, rows)
    return {row.customer_number for row in rows}


def _look_up_payments(book: Book, payment_ids: set[int]) -> None:
    """Look up and lock payments, once for the whole batch and in one order; after their customers."""
    if payment_ids:
        rows = book.unit.find(PaymentFact, lock=True, order=("payment_id",), payment_id=sorted(payment_ids))
        book.remember(PaymentFact, "payment_id", payment_ids, rows, lock=True)


def _look_up_payment_methods(book: Book, references: set[str]) -> None:
    """Look up, once for the whole batch, what customers pay with who are known by these references."""
    known = map(book.known_by_reference, references)
    numbers = {customer.number for customer in known if customer is not None}
    if not numbers:
        return
    methods = book.unit.find(PaymentMethodFact, customer_number=sorted(numbers), **DEFAULT_METHOD)
    book.remember(PaymentMethodFact, "customer_number", numbers, methods, **DEFAULT_METHOD)
    ids = {method.payment_method_id for method in methods}
    if ids:
        details = book.unit.find(PaymentMethodDetailsFact, payment_method_id=sorted(ids))
        book.remember(PaymentMethodDetailsFact, "payment_method_id", ids, details)


def _customers_of_orders(book: Book, order_ids: set[str]) -> set[int]:
    """The numbers of the customers of these orders. Whoever changes an order's payment locks its customer first."""
    if not order_ids:
        return set()
    return {payment.customer_number for payment in book.unit.find(PaymentFact, order_id=sorted(order_ids))}


def _recording(named: _Named, command: RecordCharges) -> None:
    named.identity(command.identity)


def _tracking(named: _Named, command: Track) -> None:
    named.tracks.append(command)
    for told in command.people:
        named.identity(told.identity)


def _importing(named: _Named, command: ImportCharges) -> None:
    named.imported += [row.identity for row in command.charges]


def _usage(named: _Named, command: ReportUsage) -> None:
    named.references.add(command.customer_reference)


def _buying(named: _Named, command: StartPurchase | OpenCheckout) -> None:
    named.buyers.update({command.customer_reference or ""} - {""})
    named.plans.add(command.plan_identifier)


def _of_a_number(named: _Named, command: Any) -> None:
    named.numbers.add(command.customer_number)


def _settling(named: _Named, command: SettlePurchase) -> None:
    named.numbers.add(command.customer_number)
    named.payment_ids.add(command.payment_id)


def _transacting(named: _Named, command: CreateTransaction) -> None:
    named.numbers.add(command.customer_number)
    named.charge_ids.update({command.charge_id} - {0})


def _charging(named: _Named, command: ChargeNow) -> None:
    named.charge_ids.add(command.charge_id)


def _refunding(named: _Named, command: StartRefund) -> None:
    named.order_ids.add(command.order_id)


def _correcting(named: _Named, command: RefundCharge | VoidCharge) -> None:
    named.corrected.add(command.charge_transaction_id)


_NAMES: dict[type[Command], Callable[[_Named, Any], None]] = {
    RecordCharges: _recording,
    Track: _tracking,
    ImportCharges: _importing,
    ReportUsage: _usage,
    StartPurchase: _buying,
    StartFree: _buying,
    OpenCheckout: _buying,
    SettlePurchase: _settling,
    CreateTransaction: _transacting,
    ChargeNow: _charging,
    StartRefund: _refunding,
    RefundCharge: _correcting,
    VoidCharge: _correcting,
    SettleRefund: _of_a_number,
    SettleDelivery: _of_a_number,
    SavePaymentMethod: _of_a_number,
    SetDefaultMethod: _of_a_number,
    RemovePaymentMethod: _of_a_number,
    ConfirmPaymentMethod: _of_a_number,
    AddToBalance: _of_a_number,
    ChargeOnce: _of_a_number,
    RecordByHand: _of_a_number,
    PurchaseProduct: _of_a_number,
    CreateInvoice: _of_a_number,
}
