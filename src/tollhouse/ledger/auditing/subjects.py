"""What each command is about, as its entry names it: told by the command itself or by what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tollhouse.ledger import commands
from tollhouse.ledger.auditing.noting import Notes
from tollhouse.ledger.auditing.told import TOLD
from tollhouse.ledger.commands import Command, catalog
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.commands.imports import ImportCharges
from tollhouse.ledger.commands.keys import CreateKey, RevokeKey
from tollhouse.ledger.commands.people import EndSignIns, LockPerson, SignIn, SignOut
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.commands.schedules import MoveClock, RetryParked
from tollhouse.ledger.commands.segments import PutSegment, RemoveSegment
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, PutEndpoint, ReplayEvent, ReplayFailed, RotateSecret
from tollhouse.ledger.facts import Fact, TenantFact

#: What came with every request of a product that counts and charges, given by a key: each left its own record.
TRAFFIC: Final[frozenset[type[Command]]] = frozenset(
    {
        commands.OpenCheckout,
        commands.RecordCharges,
        commands.StartPurchase,
        commands.Track,
        ImportCharges,
        ReportUsage,
        StartFree,
    }
)


class Subject(msgspec.Struct, frozen=True):
    """`name` is what people call it; empty where it has no name, or a customer's, which no entry holds."""

    kind: str = ""
    key: str = ""
    name: str = ""


_Named = Callable[[Any, Any], Any]


def subject_of(command: Command, result: Any, notes: Notes, tenant: TenantFact) -> Subject:
    kind, named = SUBJECTS.get(type(command), ("", _nothing))
    found = named(command, result)
    if kind == "tenant":
        return Subject(kind, tenant.slug, tenant.slug)
    if isinstance(found, Fact):
        return Subject(kind, TOLD[type(found)].key(found), _called(found))
    key = "" if found in (None, 0) else str(found)
    return Subject(kind, key, next((_called(fact) for fact in _noted(notes) if _is(fact, kind, key)), ""))


def _noted(notes: Notes) -> list[Fact]:
    return [fact for change in notes.changes for fact in (change.after, change.before) if fact is not None]


def _is(fact: Fact, kind: str, key: str) -> bool:
    return TOLD[type(fact)].kind == kind and TOLD[type(fact)].key(fact) == key


def _called(fact: Fact) -> str:
    called = TOLD[type(fact)].called
    return str(getattr(fact, called)) if called else ""


def _nothing(_command: Any, _result: Any) -> None:
    return None


def _given(field: str) -> _Named:
    """What the command itself names."""
    return lambda command, _result: getattr(command, field)


def _came(*fields: str) -> _Named:
    """What came of it: a field of the result, or of a field of it."""

    def named(_command: Any, result: Any) -> Any:
        for field in fields:
            result = getattr(result, field)
        return result

    return named


def _result(_command: Any, result: Any) -> Any:
    return result


SUBJECTS: Final[dict[type[Command], tuple[str, _Named]]] = {
    # The tenant and who may come in.
    commands.ChangeProject: ("tenant", _nothing),
    MoveClock: ("tenant", _nothing),
    CreateKey: ("key", _came("key")),
    RevokeKey: ("key", _came("key")),
    commands.CreatePerson: ("person", _came("person_id")),
    commands.UpdatePerson: ("person", _came("person_id")),
    commands.DeletePerson: ("person", _came("person_id")),
    commands.UnlockPerson: ("person", _came("person_id")),
    LockPerson: ("person", _came("person_id")),
    EndSignIns: ("person", _given("person_id")),
    SignIn: ("person", _given("person_id")),
    SignOut: ("person", _given("person_id")),
    commands.CreateRole: ("role", _came("role_id")),
    commands.SetAccess: ("role", _came("role_id")),
    # Customers.
    commands.CreateCustomer: ("customer", _came("number")),
    commands.UpdateCustomer: ("customer", _came("number")),
    commands.DeleteCustomer: ("customer", _came("number")),
    commands.UndeleteCustomer: ("customer", _came("number")),
    commands.MoveCustomer: ("customer", _came("number")),
    commands.RegisterCustomer: ("customer", _came("customer")),
    commands.ChangeRegistered: ("customer", _came("customer")),
    commands.ArchiveCustomer: ("customer", _came("customer")),
    commands.TagCustomer: ("customer", _came("number")),
    commands.WriteNotes: ("customer", _came("number")),
    commands.Unsubscribe: ("customer", _came("number")),
    commands.ForgetCustomer: ("customer", _came("number")),
    commands.SavePaymentMethod: ("customer", _given("customer_number")),
    commands.SetDefaultMethod: ("customer", _given("customer_number")),
    commands.RemovePaymentMethod: ("customer", _given("customer_number")),
    commands.ConfirmPaymentMethod: ("customer", _given("customer_number")),
    commands.AddToBalance: ("customer", _given("customer_number")),
    commands.RequestTopup: ("customer", _given("customer_number")),
    commands.CreateTransaction: ("customer", _given("customer_number")),
    commands.PurchaseProduct: ("customer", _given("customer_number")),
    # What is sold, and at which price.
    commands.CreateTax: ("tax", _came("tax_id")),
    commands.UpdateTax: ("tax", _came("tax_id")),
    commands.SetLiability: ("tax", _came("tax_id")),
    PutExchangeRate: ("exchange rate", _came("rate")),
    commands.CreatePlan: ("plan", _came("plan_number")),
    commands.UpdatePlan: ("plan", _came("plan_number")),
    commands.SetPlanFee: ("plan", _came("plan_number")),
    commands.SetPlanProduct: ("plan", _came("plan_number")),
    commands.CreateProduct: ("product", _came("product_id")),
    commands.UpdateProduct: ("product", _came("product_id")),
    catalog.CreateCatalogProduct: ("product", _came("product")),
    catalog.ChangeCatalogProduct: ("product", _came("product")),
    catalog.ArchiveCatalogProduct: ("product", _came("product")),
    catalog.CreateFeature: ("feature", _came("feature")),
    catalog.ArchiveFeature: ("feature", _came("feature")),
    catalog.CreateCatalogPlan: ("plan", _came("plan")),
    catalog.EditPlan: ("plan", _came("plan")),
    catalog.SetPlanPrices: ("plan", _came("plan")),
    catalog.SetPlanEntitlements: ("plan", _came("plan")),
    catalog.ChangePlanEntitlement: ("plan", lambda _command, result: result[0].plan),
    catalog.RemovePlanEntitlement: ("plan", _came("plan")),
    catalog.PublishPlan: ("plan", _came("plan")),
    catalog.DiscardPlan: ("plan", _result),
    catalog.ArchivePlan: ("plan", _result),
    # Charges and money.
    commands.CreateCharge: ("charge", _came("charge_id")),
    commands.UpdateCharge: ("charge", _came("charge_id")),
    commands.DeleteCharge: ("charge", _came("charge_id")),
    commands.ChargeNow: ("charge", _given("charge_id")),
    ChargeOnce: ("charge", _came("charge_id")),
    RecordByHand: ("customer", _given("customer_number")),
    StartPlanRun: ("charge", _given("charge_id")),
    RetryParked: ("charge", _given("charge_id")),
    RefundCharge: ("transaction", _given("charge_transaction_id")),
    VoidCharge: ("transaction", _given("charge_transaction_id")),
    commands.CreateInvoice: ("invoice", _came("invoice")),
    StartRefund: ("order", _given("order_id")),
    # What is traffic where a key gives it.
    commands.RecordCharges: ("transaction", _came("first_transaction_id")),
    commands.StartPurchase: ("order", _came("payment")),
    StartFree: ("order", _came("payment")),
    commands.OpenCheckout: ("customer", _came("session", "customer_number")),
    commands.Track: ("customer", _came("first_customer")),
    ImportCharges: ("import", _given("digest")),
    ReportUsage: ("customer", _nothing),
    # What is told to others.
    PutEndpoint: ("webhook endpoint", _came("endpoint")),
    ChangeEndpoint: ("webhook endpoint", _result),
    RotateSecret: ("webhook endpoint", _result),
    ReplayFailed: ("webhook endpoint", _given("endpoint_uid")),
    ReplayEvent: ("event", _given("event_uid")),
    PutSegment: ("segment", _came("segment")),
    RemoveSegment: ("segment", _result),
}
