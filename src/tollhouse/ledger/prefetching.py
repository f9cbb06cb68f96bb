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
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.imports import ImportCharges
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.commands.refunds import SettleRefund, StartRefund
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.commands.webhooks import SettleDelivery
from tollhouse.ledger.facts import PlanFact
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
    numbers = named.numbers | book.prefetch_charges(named.charge_ids) | book.customers_of_orders(named.order_ids)
    numbers |= book.customers_of_transactions(named.corrected)
    book.prefetch(named.keys, named.references | named.buyers, named.emails, numbers)
    book.prefetch_identities(named.imported)
    book.prefetch_payments(named.payment_ids)
    book.prefetch_payment_methods(named.buyers)
    telling.prefetch(book, named.tracks)


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
    PurchaseProduct: _of_a_number,
    CreateInvoice: _of_a_number,
}
