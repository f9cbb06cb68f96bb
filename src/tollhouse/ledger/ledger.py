"""The path of every change: replay? → prefetch → decide → append → one commit.

A batch is of one tenant. Each command keeps its own yes or no: a refusal is that command's answer, and a fault in one
command is answered to it alone while the others are decided again without it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Protocol

import msgspec

from tollhouse import crash_points
from tollhouse.ledger import (
    checkouts,
    clocks,
    correcting,
    customers,
    enrolling,
    entitling,
    exchanging,
    importing,
    invoicing,
    keys,
    logins,
    payment_methods,
    people,
    products,
    rate_plans,
    recording,
    recording_by_hand,
    refunding,
    registering,
    roles,
    segments,
    selling,
    signing_in,
    taxing,
    transacting,
)
from tollhouse.ledger.auditing.entries import ENTRY, entry_of
from tollhouse.ledger.book import Book
from tollhouse.ledger.catalog import features as catalog_features
from tollhouse.ledger.catalog import plans as catalog_plans
from tollhouse.ledger.catalog import products as catalog_products
from tollhouse.ledger.catalog import publishing
from tollhouse.ledger.charging import definitions, now, once, plan_runs, running
from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import (
    AddToBalance,
    ArchiveCustomer,
    ChangeRegistered,
    ChargeNow,
    ClaimUnresolved,
    Command,
    ConfirmPaymentMethod,
    CreateCharge,
    CreateCustomer,
    CreateInvoice,
    CreatePerson,
    CreatePlan,
    CreateProduct,
    CreateRole,
    CreateTax,
    CreateTransaction,
    DeleteCharge,
    DeleteCustomer,
    DeletePerson,
    Idempotency,
    MoveCustomer,
    OpenCheckout,
    PurchaseProduct,
    Receipt,
    RecordCharges,
    RecordLogin,
    RegisterCustomer,
    RemovePaymentMethod,
    RequestTopup,
    SavePaymentMethod,
    SetAccess,
    SetDefaultMethod,
    SetLiability,
    SetPlanFee,
    SetPlanProduct,
    SettlePurchase,
    StartPurchase,
    UndeleteCustomer,
    UnlockPerson,
    UpdateCharge,
    UpdateCustomer,
    UpdatePerson,
    UpdatePlan,
    UpdateProduct,
    UpdateTax,
    UseCode,
)
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.commands.catalog import (
    ArchiveCatalogProduct,
    ArchiveFeature,
    ArchivePlan,
    ChangeCatalogProduct,
    ChangePlanEntitlement,
    CreateCatalogPlan,
    CreateCatalogProduct,
    CreateFeature,
    DiscardPlan,
    EditPlan,
    PublishPlan,
    RemovePlanEntitlement,
    SetPlanEntitlements,
    SetPlanPrices,
)
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.commands.imports import ImportCharges
from tollhouse.ledger.commands.keys import CreateKey, RevokeKey
from tollhouse.ledger.commands.people import EndSignIns, LockPerson, SignIn, SignOut
from tollhouse.ledger.commands.plan_runs import (
    ApplyPlanRun,
    DecidePlanRun,
    RefusePlanRun,
    StagePlanRun,
    StartPlanRun,
    SweepPlanRun,
)
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.commands.refunds import ClaimUnresolvedRefunds, SettleRefund, StartRefund
from tollhouse.ledger.commands.schedules import Enrol, MoveClock, RetryParked, RunDue
from tollhouse.ledger.commands.segments import PutSegment, RemoveSegment
from tollhouse.ledger.commands.tracking import (
    ChangeProject,
    ForgetCustomer,
    TagCustomer,
    Track,
    Unsubscribe,
    WriteNotes,
)
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.commands.webhooks import (
    ChangeEndpoint,
    ClaimDeliveries,
    ClearEndpoint,
    PutEndpoint,
    ReplayEvent,
    ReplayFailed,
    RotateSecret,
    SettleDelivery,
)
from tollhouse.ledger.events import delivering, endpoints
from tollhouse.ledger.numbers import Numbers
from tollhouse.ledger.ports import Store, StoreConflict
from tollhouse.ledger.prefetching import prefetch
from tollhouse.ledger.purchasing import settling, starting
from tollhouse.ledger.refusals import IdempotencyKeyReused, Refusal, StoreUnavailable
from tollhouse.ledger.tracking import keeping, telling

#: A conflict is decided again this often before it is answered as an unavailable store.
TRIES = 8
#: And only within so many seconds: whoever waits for an answer gets one, whatever somebody else keeps locked.
BUDGET_SECONDS = 5

Outcome = Receipt | Exception


class _Result(Protocol):
    @property
    def fact_id(self) -> int: ...


class Handler(msgspec.Struct, frozen=True):
    """How one kind of command is decided, and how its answer is told again from the fact it left."""

    decide: Callable[[Book, Any], Any]
    replay: Callable[[Book, Any, int], Any] | None = None


HANDLERS: dict[type[Command], Handler] = {
    RecordCharges: Handler(recording.decide, recording.replay),
    ImportCharges: Handler(importing.decide),
    StartPurchase: Handler(starting.start, starting.replay),
    StartFree: Handler(starting.start, starting.replay),
    SettlePurchase: Handler(settling.settle),
    ClaimUnresolved: Handler(settling.claim),
    StartRefund: Handler(refunding.start, refunding.replay),
    SettleRefund: Handler(refunding.settle),
    ClaimUnresolvedRefunds: Handler(refunding.claim),
    RefundCharge: Handler(correcting.refund, correcting.replay),
    VoidCharge: Handler(correcting.void, correcting.replay),
    ReportUsage: Handler(entitling.report_usage),
    CreateCharge: Handler(definitions.create, definitions.replay_create),
    UpdateCharge: Handler(definitions.update),
    DeleteCharge: Handler(definitions.delete),
    ChargeNow: Handler(now.charge_now, now.replay_charge_now),
    ChargeOnce: Handler(once.charge_once, once.replay),
    RecordByHand: Handler(recording_by_hand.record, recording_by_hand.replay),
    RunDue: Handler(running.run_due),
    RetryParked: Handler(running.retry_parked),
    Enrol: Handler(enrolling.enrol),
    MoveClock: Handler(clocks.move),
    StartPlanRun: Handler(plan_runs.start),
    StagePlanRun: Handler(plan_runs.stage),
    DecidePlanRun: Handler(plan_runs.decide),
    RefusePlanRun: Handler(plan_runs.refuse),
    SweepPlanRun: Handler(plan_runs.sweep),
    ApplyPlanRun: Handler(plan_runs.apply),
    CreatePerson: Handler(people.create),
    UpdatePerson: Handler(people.update),
    DeletePerson: Handler(people.delete),
    LockPerson: Handler(people.lock),
    UnlockPerson: Handler(people.unlock),
    CreateRole: Handler(roles.create),
    SetAccess: Handler(roles.set_access),
    RecordLogin: Handler(logins.record),
    UseCode: Handler(logins.use_code),
    SignIn: Handler(signing_in.sign_in),
    SignOut: Handler(signing_in.sign_out),
    EndSignIns: Handler(signing_in.end_all),
    Track: Handler(telling.decide, telling.replay),
    TagCustomer: Handler(keeping.tag_customer),
    WriteNotes: Handler(keeping.write_notes),
    Unsubscribe: Handler(keeping.unsubscribe),
    ForgetCustomer: Handler(keeping.forget),
    ChangeProject: Handler(keeping.change_project),
    CreateTax: Handler(taxing.create),
    SetLiability: Handler(taxing.set_liability),
    UpdateTax: Handler(taxing.update),
    CreatePlan: Handler(rate_plans.create),
    UpdatePlan: Handler(rate_plans.update),
    SetPlanFee: Handler(rate_plans.set_fee),
    SetPlanProduct: Handler(rate_plans.set_product),
    CreateProduct: Handler(products.create),
    UpdateProduct: Handler(products.update),
    PurchaseProduct: Handler(selling.purchase, selling.replay_purchase),
    CreateCatalogProduct: Handler(catalog_products.create, catalog_products.replay_create),
    ChangeCatalogProduct: Handler(catalog_products.change),
    ArchiveCatalogProduct: Handler(catalog_products.archive),
    CreateFeature: Handler(catalog_features.create, catalog_features.replay_create),
    ArchiveFeature: Handler(catalog_features.archive),
    CreateCatalogPlan: Handler(catalog_plans.create, catalog_plans.replay_create),
    EditPlan: Handler(catalog_plans.edit),
    SetPlanPrices: Handler(catalog_plans.set_prices),
    SetPlanEntitlements: Handler(catalog_plans.set_entitlements),
    ChangePlanEntitlement: Handler(catalog_plans.change_entitlement),
    RemovePlanEntitlement: Handler(catalog_plans.remove_entitlement),
    PublishPlan: Handler(publishing.publish),
    DiscardPlan: Handler(publishing.discard),
    ArchivePlan: Handler(publishing.archive),
    CreateInvoice: Handler(invoicing.create, invoicing.replay_create),
    CreateCustomer: Handler(customers.create, customers.replay_create),
    UpdateCustomer: Handler(customers.update),
    DeleteCustomer: Handler(customers.delete),
    UndeleteCustomer: Handler(customers.undelete),
    MoveCustomer: Handler(customers.move),
    RegisterCustomer: Handler(registering.register, registering.replay_register),
    ChangeRegistered: Handler(registering.change),
    ArchiveCustomer: Handler(registering.archive),
    OpenCheckout: Handler(checkouts.open_session, checkouts.replay_open),
    SavePaymentMethod: Handler(payment_methods.save),
    SetDefaultMethod: Handler(payment_methods.set_default),
    RemovePaymentMethod: Handler(payment_methods.remove),
    ConfirmPaymentMethod: Handler(payment_methods.confirm),
    AddToBalance: Handler(transacting.add_to_balance, transacting.replay_add_to_balance),
    RequestTopup: Handler(transacting.request_topup),
    CreateTransaction: Handler(transacting.create, transacting.replay_create),
    CreateKey: Handler(keys.create),
    RevokeKey: Handler(keys.revoke),
    PutExchangeRate: Handler(exchanging.put),
    PutEndpoint: Handler(endpoints.put),
    ChangeEndpoint: Handler(endpoints.change),
    RotateSecret: Handler(endpoints.rotate),
    PutSegment: Handler(segments.put),
    RemoveSegment: Handler(segments.remove),
    ClaimDeliveries: Handler(delivering.claim),
    SettleDelivery: Handler(delivering.settle),
    ClearEndpoint: Handler(delivering.clear),
    ReplayEvent: Handler(delivering.replay_event),
    ReplayFailed: Handler(delivering.replay_failed),
}


class Ledger:
    """Decides and commits batches. Safe for threads; the store lets one unit of work at a time write where it must."""

    def __init__(self, store: Store, clock: Clock, lane: int = 0) -> None:
        """`lane`, below `figures.LANES`: where it differs, ledgers of one store seldom wait for each other."""
        self._store = store
        self._lane = lane
        self._clock = clock
        self._numbers = Numbers(store)
        self._deciding = threading.Lock()

    def execute(self, command: Command) -> Receipt:
        """Decide and commit one command; raises its Refusal, StoreUnavailable, or the fault it ran into."""
        (outcome,) = self.execute_batch(command.tenant_id, [command])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def rehearse(self, command: Command) -> Receipt:
        """Decide one command as `execute` would now, and roll everything back; raises its Refusal, StoreConflict or
        StoreUnavailable."""
        with self._deciding:
            self._ensure_numbers(command.tenant_id, [command])
            try:
                with self._store.unit_of_work(command.tenant_id) as unit:
                    book = Book(unit, self._numbers, self._clock.now(), self._lane)
                    prefetch(book, [command])
                    raise _Rehearsed(_answer(book, command))
            except _Rehearsed as rehearsed:
                return rehearsed.receipt

    def execute_batch(self, tenant_id: int, commands: Sequence[Command]) -> list[Outcome]:
        """Decide and commit commands of one tenant in their order; one outcome each. Durable when this returns."""
        with self._deciding:
            outcomes: list[Outcome] = []
            for together in _together(commands):
                outcomes += self._execute_batch(tenant_id, together, time.monotonic() + BUDGET_SECONDS)
            return outcomes

    def _execute_batch(self, tenant_id: int, commands: Sequence[Command], until: float) -> list[Outcome]:
        faults: dict[int, Exception] = {}
        conflicts = 0
        while conflicts < TRIES and time.monotonic() < until:
            try:
                self._ensure_numbers(tenant_id, commands)
                return self._attempt(tenant_id, commands, faults)
            except StoreConflict:
                conflicts += 1
                # It may be that numbers of ours were given by hand: take others, from beyond those.
                self._numbers.drop(tenant_id)
            except _Fault as fault:
                faults[fault.index] = fault.error
            except StoreUnavailable as error:
                return [error] * len(commands)
            except Exception as error:  # noqa: BLE001 - the answer to one command alone
                # The store refused what one command wrote: find out which, by giving each a commit of its own.
                if len(commands) == 1:
                    return [error]
                return [outcome for c in commands for outcome in self._execute_batch(tenant_id, [c], until)]
        return [StoreUnavailable("The store stayed busy.")] * len(commands)

    def _attempt(self, tenant_id: int, commands: Sequence[Command], faults: dict[int, Exception]) -> list[Outcome]:
        with self._store.unit_of_work(tenant_id) as unit:
            book = Book(unit, self._numbers, self._clock.now(), self._lane)
            prefetch(book, commands)
            outcomes: list[Outcome] = []
            for index, command in enumerate(commands):
                if index in faults:
                    outcomes.append(faults[index])
                    continue
                try:
                    outcomes.append(_answer(book, command))
                except Refusal as refusal:
                    outcomes.append(refusal)
                except (StoreConflict, StoreUnavailable):
                    raise
                except Exception as error:
                    raise _Fault(index, error) from error
            book.append()
            crash_points.reach(crash_points.BEFORE_COMMIT)
        crash_points.reach(crash_points.AFTER_COMMIT)
        return outcomes

    def _ensure_numbers(self, tenant_id: int, commands: Sequence[Command]) -> None:
        wanted: dict[str, int] = {}
        for command in commands:
            for name, count in command.numbers_wanted().items():
                wanted[name] = wanted.get(name, 0) + count
            if command.by is not None:
                wanted[ENTRY] = wanted.get(ENTRY, 0) + 1
        for name, count in wanted.items():
            self._numbers.ensure(tenant_id, name, count)


def _together(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    """The commands in their order, as those that may share a unit of work."""
    if not any(command.alone for command in commands):
        yield commands
        return
    for alone, some in groupby(commands, key=lambda command: command.alone):
        if alone:
            yield from ([command] for command in some)
        else:
            yield list(some)


class _Fault(Exception):
    """A command ran into an error of ours: decide the batch again without it."""

    def __init__(self, index: int, error: Exception) -> None:
        super().__init__(str(error))
        self.index = index
        self.error = error


class _Rehearsed(Exception):
    """Ends a unit of work that is not to be committed."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


def _answer(book: Book, command: Command) -> Receipt:
    handler = HANDLERS[type(command)]
    idempotency = command.idempotency
    if idempotency is None or handler.replay is None:
        return Receipt(_decided(book, handler, command))
    fingerprint = fingerprint_of(command)
    kept = book.receipt(idempotency)
    if kept is None:
        try:
            return _first_answer(book, handler, command, idempotency, fingerprint)
        except Refusal:
            # Another process may just have committed this very command; what it changed is no reason to refuse.
            kept = book.newest_receipt(idempotency)
            if kept is None:
                raise
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    if not command.writes:
        return Receipt(handler.decide(book, command))
    return Receipt(handler.replay(book, command, kept.fact_id), replayed=True)


def _first_answer(
    book: Book, handler: Handler, command: Command, idempotency: Idempotency, fingerprint: str
) -> Receipt:
    result: _Result = _decided(book, handler, command)
    if command.writes:
        book.keep_receipt(idempotency, fingerprint, type(command).__name__, result.fact_id)
    return Receipt(result)


def _decided(book: Book, handler: Handler, command: Command) -> Any:
    """Decide; where somebody is answerable for it, what was changed is in the audit log."""
    by = command.by
    if by is None or not command.writes:
        return handler.decide(book, command)
    with book.noted() as notes:
        result = handler.decide(book, command)
    entry = entry_of(
        command, by, result, notes, tenant=book.tenant, take=lambda: book.next_number(ENTRY), now=book.system_now
    )
    if entry is not None:
        book.add(entry)
    return result


def fingerprint_of(command: Command) -> str:
    """A versioned hash of the parsed content, before clock defaults: equal content, equal fingerprint, for ever."""
    return "1:" + hashlib.sha256(msgspec.json.encode(command.content())).hexdigest()
