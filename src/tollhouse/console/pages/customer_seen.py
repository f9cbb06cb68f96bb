"""What the page of one customer shows, as far as whoever opens it may see it. Each part of it is bounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from tollhouse.console import access
from tollhouse.console.access import PLANS, Opens
from tollhouse.console.forms import NotThere, number_in_path
from tollhouse.console.visits import Visit
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.details import CustomerDetails, details_of
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CustomerFact,
    CustomerTagFact,
    CustomerTraitFact,
    EntitlementFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PlanFact,
    ScheduleFact,
    SummaryFact,
    TagFact,
    TrackedCustomerFact,
)
from tollhouse.ledger.facts.schedules import ACTIVE, PARKED
from tollhouse.ledger.payment_methods import REMOVED, USABLE
from tollhouse.ledger.refusals import CustomerUnknown
from tollhouse.ledger.seeing import customer_ever_seen, customer_seen, sees_owner
from tollhouse.ledger.sight import Snapshot

#: Rows of each part of the page.
SHOWN: Final = 6
TRAITS_SHOWN: Final = 50


class May(msgspec.Struct, frozen=True):
    """What whoever opens the page may see and do."""

    see_kept: bool
    see_charges: bool
    see_transactions: bool
    see_webhooks: bool
    edit: bool
    move: bool
    delete: bool
    charge: bool
    record: bool
    schedule: bool
    credit: bool


class DueNext(NamedTuple):
    charge: ChargeFact
    schedule: ScheduleFact

    @property
    def amount(self) -> Decimal:
        """Before taxes, in the charge's currency."""
        return Decimal(self.charge.amount)


class Method(NamedTuple):
    """A payment method as it may be shown: never its token."""

    number: int
    is_default: bool
    state: str
    gateway: str
    details: PaymentMethodDetailsFact | None


class Kept(msgspec.Struct, frozen=True):
    """What the tenant's keys keep of a customer: its profile, traits and tags, how it pays, what it bought."""

    tracked: TrackedCustomerFact | None
    traits: list[CustomerTraitFact]
    tags: list[str]
    methods: list[Method]
    orders: list[tuple[PaymentFact, PlanFact | None]]
    entitlements: list[EntitlementFact]


class CustomerShown(msgspec.Struct, frozen=True):
    customer: CustomerFact
    details: CustomerDetails
    parent: CustomerFact | None
    plan: PlanFact | None
    #: Whether the plan's own page is open to whoever asks.
    sees_plan: bool
    summaries: list[tuple[str, ChargeSummary]]
    due: list[DueNext]
    kept: Kept | None
    may: May

    @property
    def can_be_sold_to(self) -> bool:
        """Whether a plan can be sold to it now, paid with what it saved."""
        methods = self.kept.methods if self.kept else []
        return (
            self.may.record
            and self.customer.reference is not None
            and any(method.state == USABLE for method in methods)
        )


def customer_shown(snapshot: Snapshot, visit: Visit, number: int) -> CustomerShown:
    """A customer, deleted or not. Raises NotThere."""
    caller = visit.caller
    customer = ever_seen(snapshot, caller, number)
    may = what_may_be(visit, customer)
    plan = plan_numbered(snapshot, customer.plan_number)
    rows = sorted(snapshot.find(SummaryFact, customer_number=number), key=lambda row: row.currency)
    return CustomerShown(
        customer=customer,
        details=details_of(snapshot, number),
        parent=_parent(snapshot, caller, customer),
        plan=plan,
        sees_plan=plan is not None and sees_plan(snapshot, visit, plan),
        summaries=[(row.currency, summary_from_row(row)) for row in rows],
        due=_due(snapshot, visit, number) if may.see_charges else [],
        kept=_kept(snapshot, number) if may.see_kept else None,
        may=may,
    )


def ever_seen(snapshot: Snapshot, caller: Caller, number: int) -> CustomerFact:
    """The customer that the caller sees, deleted or not. Raises NotThere."""
    try:
        return customer_ever_seen(snapshot, caller, number)
    except CustomerUnknown:
        raise NotThere from None


def live_customer(snapshot: Snapshot, visit: Visit) -> CustomerFact:
    """The customer that the path names. Raises NotThere."""
    try:
        return customer_seen(snapshot, visit.caller, number_in_path(visit.params["number"]))
    except CustomerUnknown:
        raise NotThere from None


def plan_numbered(snapshot: Snapshot, number: int) -> PlanFact | None:
    found = snapshot.find(PlanFact, number=number) if number else []
    return found[0] if found else None


def sees_plan(snapshot: Snapshot, visit: Visit, plan: PlanFact) -> bool:
    """Whether the plan's own page is open to whoever asks."""
    return visit.may(PLANS) and sees_owner(snapshot, visit.guest.caller(PLANS), plan.owner_number)


def reaches(visit: Visit, opens: Opens, customer: CustomerFact) -> bool:
    """Whether whoever asks has this access, and as far as this customer."""
    return visit.may(opens) and visit.guest.caller(opens).reaches(customer.path)


def is_own(visit: Visit, customer: CustomerFact) -> bool:
    """Whether it is the customer of whoever asks, so that its parent decides of it; the root decides for itself."""
    return customer.number == visit.caller.customer_number and customer.number != ROOT_NUMBER


def what_may_be(visit: Visit, customer: CustomerFact) -> May:
    def has(opens: Opens) -> bool:
        return reaches(visit, opens, customer)

    is_live = customer.deleted_at is None
    is_top = customer.number in (ROOT_NUMBER, visit.caller.customer_number)
    may_define = is_live and has(access.CHARGES_CHANGE)
    return May(
        see_kept=has(access.CUSTOMERS_KEPT),
        see_charges=has(access.CHARGES),
        see_transactions=has(access.TRANSACTIONS),
        see_webhooks=has(access.WEBHOOKS),
        edit=is_live and has(access.CUSTOMERS_EDIT),
        move=is_live and has(access.CUSTOMERS_MOVE) and not is_top,
        delete=has(access.CUSTOMERS_CHANGE) and not is_top,
        charge=may_define and has(access.MONEY) and customer.bill_type != "none",
        record=is_live and has(access.RECORD),
        schedule=may_define,
        credit=is_live and has(access.MONEY) and not is_own(visit, customer),
    )


def usable_methods(snapshot: Snapshot, number: int) -> list[Method]:
    """What a customer can be charged with while it is not there, its default first."""
    return [method for method in _methods(snapshot, number) if method.state == USABLE]


def _parent(snapshot: Snapshot, caller: Caller, customer: CustomerFact) -> CustomerFact | None:
    found = snapshot.find(CustomerFact, number=customer.parent_number) if customer.parent_number else []
    return next((parent for parent in found if caller.reaches(parent.path)), None)


def _due(snapshot: Snapshot, visit: Visit, number: int) -> list[DueNext]:
    """What falls due next, and before it what was due and could not be charged."""
    reader = snapshot.reader
    rows = [
        row
        for state in (PARKED, ACTIVE)
        for row in reader.first(ScheduleFact, SHOWN, order=("due_at",), customer_number=number, state=state)
    ]
    ids = sorted({row.charge_id for row in rows})
    charges = {charge.charge_id: charge for charge in snapshot.find(ChargeFact, charge_id=ids)} if ids else {}
    caller = visit.guest.caller(access.CHARGES)
    owners = {owner: sees_owner(snapshot, caller, owner) for owner in {c.owner_number for c in charges.values()}}
    return [
        DueNext(charges[row.charge_id], row)
        for row in rows
        if row.charge_id in charges and owners[charges[row.charge_id].owner_number]
    ]


def _kept(snapshot: Snapshot, number: int) -> Kept:
    reader = snapshot.reader
    tracked = snapshot.find(TrackedCustomerFact, customer_number=number)
    payments = reader.first(PaymentFact, SHOWN, order=("-created_at", "-payment_id"), customer_number=number)
    numbers = sorted({payment.plan_number for payment in payments})
    plans = {plan.number: plan for plan in snapshot.find(PlanFact, number=numbers)} if numbers else {}
    return Kept(
        tracked=tracked[0] if tracked else None,
        traits=reader.first(CustomerTraitFact, TRAITS_SHOWN, order=("field",), customer_number=number),
        tags=_tags(snapshot, number),
        methods=_methods(snapshot, number),
        orders=[(payment, plans.get(payment.plan_number)) for payment in payments],
        entitlements=reader.first(
            EntitlementFact, SHOWN, order=("-payment_id", "-position"), customer_number=number, revoked_at=None
        ),
    )


def _tags(snapshot: Snapshot, number: int) -> list[str]:
    rows = snapshot.reader.first(CustomerTagFact, TRAITS_SHOWN, order=("tag_id",), customer_number=number)
    ids = [row.tag_id for row in rows]
    return sorted(tag.name for tag in snapshot.find(TagFact, tag_id=ids)) if ids else []


def _methods(snapshot: Snapshot, number: int) -> list[Method]:
    rows = snapshot.reader.first(PaymentMethodFact, TRAITS_SHOWN, order=("gateway", "token"), customer_number=number)
    rows = [row for row in rows if row.state != REMOVED]
    ids = [row.payment_method_id for row in rows]
    found = snapshot.find(PaymentMethodDetailsFact, payment_method_id=ids) if ids else []
    details = {row.payment_method_id: row for row in found}
    rows.sort(key=lambda row: (-row.is_default, row.created_at, row.payment_method_id))
    return [
        Method(r.payment_method_id, bool(r.is_default), r.state, r.gateway, details.get(r.payment_method_id))
        for r in rows
    ]
