"""Rate plans as resellers make them: what they are called, whom they are shared with, what they ask for.

A plan is changed by its owner's people and those above. What it asks for features is only kept and shown: nothing here
charges it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.money import OutOfRange
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Caller, CreatePlan, SetPlanFee, SetPlanProduct, UpdatePlan
from tollhouse.ledger.exchanging import check_known, conversion_at_hand
from tollhouse.ledger.facts import (
    CustomerFact,
    PlanDetailsFact,
    PlanFact,
    PlanFeeFact,
    PlanProductFact,
    ProductFact,
)
from tollhouse.ledger.offering import (
    INHERITANCE_MAX,
    above,
    details_of,
    details_of_all,
    is_shared_with,
    is_shown_to,
    may_inherit_from,
    terms_of,
    with_inherited,
)
from tollhouse.ledger.refusals import AmountOutOfRange, InheritanceRefused, PlanUnknown, ProductUnknown
from tollhouse.ledger.seeing import customer_seen, plan_seen, sees_owner
from tollhouse.ledger.sight import Finds, Sight
from tollhouse.ledger.tax_reading import taxes_on_fee
from tollhouse.ledger.taxing import assess

#: Kelviq sells what is published: a plan made here is not.
STATE = "draft"


class PlanMade(msgspec.Struct, frozen=True, gc=False):
    """`plan_number` is 0 where the command was only to be decided."""

    plan_number: int


class PlanChanged(msgspec.Struct, frozen=True, gc=False):
    plan_number: int


# Making and changing.


def create(book: Book, command: CreatePlan) -> PlanMade:
    caller = command.caller
    currency = command.currency or book.tenant.currency
    check_known(book, currency)
    number = caller.customer_number if command.owner_number is None else command.owner_number
    owner = customer_seen(book, caller, number)
    _check_inheritance(book, caller, owner, 0, command.inherit_number)
    if command.validation:
        return PlanMade(0)
    plan = _new_plan(book, command, currency, owner)
    book.add(plan)
    book.put(replace(details_of(book, plan), **_details(command), settings=_settings("{}", command.settings)))
    return PlanMade(plan.number)


def update(book: Book, command: UpdatePlan) -> PlanChanged:
    if command.currency is not None:
        check_known(book, command.currency)
    plan = _changeable(book, command.caller, command.plan_number)
    details = details_of(book, plan)
    if command.inherit_number is not None:
        (owner,) = book.find(CustomerFact, number=plan.owner_number)
        _check_inheritance(book, command.caller, owner, plan.number, command.inherit_number)
    if not command.validation:
        named = {"name": command.name, "currency": command.currency}
        book.put(replace(plan, **{name: value for name, value in named.items() if value is not None}))
        settings = _settings(details.settings, command.settings)
        book.put(replace(details, **_details(command), settings=settings))
    return PlanChanged(plan.number)


def set_fee(book: Book, command: SetPlanFee) -> PlanChanged:
    plan = plan_seen(book, command.caller, command.plan_number)
    _check_amounts(plan.currency, [command.fee])
    book.put(
        PlanFeeFact(
            tenant_id=book.tenant_id,
            plan_number=plan.number,
            feature=command.feature,
            occurs=command.occurs,
            fee=decimal_text(command.fee),
            currency=plan.currency,
        )
    )
    return PlanChanged(plan.number)


def set_product(book: Book, command: SetPlanProduct) -> PlanChanged:
    currency = command.currency or book.tenant.currency
    check_known(book, currency)
    amounts = (command.create_fee, command.create_margin, command.period_fee, command.period_margin)
    _check_amounts(currency, amounts)
    plan = plan_seen(book, command.caller, command.plan_number)
    _check_sells(book, command.caller, plan, command.product_id)
    if not command.validation:
        book.put(
            PlanProductFact(
                tenant_id=book.tenant_id,
                plan_number=plan.number,
                product_id=command.product_id,
                currency=currency,
                use_markups=int(command.use_markups),
                create_fee=decimal_text(command.create_fee),
                create_markup=decimal_text(command.create_markup),
                create_margin=decimal_text(command.create_margin),
                period_fee=decimal_text(command.period_fee),
                period_markup=decimal_text(command.period_markup),
                period_margin=decimal_text(command.period_margin),
            )
        )
    return PlanChanged(plan.number)


def _new_plan(book: Book, command: CreatePlan, currency: str, owner: CustomerFact) -> PlanFact:
    number = book.next_number("plan")
    return PlanFact(
        tenant_id=book.tenant_id,
        number=number,
        identifier=f"plan-{number}",
        name=command.name,
        product_id=0,
        owner_number=owner.number,
        currency=currency,
        state=STATE,
        features="[]",
        created_at=book.now,
    )


def _changeable(book: Book, caller: Caller, number: int) -> PlanFact:
    """The plan, locked, where the caller may change it: what it inherits by being shared it may not."""
    plan_seen(book, caller, number)
    (plan,) = book.find(PlanFact, lock=True, number=number)
    return plan


def _details(command: CreatePlan | UpdatePlan) -> dict[str, Any]:
    names = ("description", "shared", "inheritable", "inherit_number", "invoice_due_days", "invoice_overdue_days")
    given = {name: getattr(command, name) for name in names}
    return {name: int(v) if isinstance(v, bool) else v for name, v in given.items() if v is not None}


def _settings(kept: str, given: dict[str, str | int]) -> str:
    """The kept settings with those that were given over them."""
    settings = {**msgspec.json.decode(kept, type=dict[str, str | int]), **given}
    return msgspec.json.encode(settings).decode()


def _check_inheritance(book: Book, caller: Caller, owner: CustomerFact, plan_number: int, inherit_number: int) -> None:
    """From a plan of one's own, or one from above that is inheritable or the caller's to see; never in a circle."""
    if not inherit_number:
        return
    chain = list(with_inherited(book, inherit_number))
    if not chain or len(chain) == INHERITANCE_MAX or plan_number in {plan.number for plan in chain}:
        raise InheritanceRefused
    first = chain[0]
    is_above_and_seen = first.owner_number in above(owner) and sees_owner(book, caller, first.owner_number)
    if not is_above_and_seen and not may_inherit_from(first, details_of(book, first), owner):
        raise InheritanceRefused


def _check_amounts(currency: str, amounts: Iterable[Decimal]) -> None:
    try:
        for amount in amounts:
            money.rounded_minor(amount, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error


def _check_sells(book: Book, caller: Caller, plan: PlanFact, product_id: int) -> None:
    """Customers on the plan can be sold the product: it is the caller's to see, or shown to the plan's owner."""
    for product in book.find(ProductFact, product_id=product_id):
        terms = terms_of(book, product)
        owners = book.find(CustomerFact, number=plan.owner_number)
        if sees_owner(book, caller, terms.owner_number) or any(is_shown_to(terms, owner) for owner in owners):
            return
    raise ProductUnknown


# Reading.


class PlanShown(msgspec.Struct, frozen=True, gc=False):
    """A plan and what is said of it, as far as somebody sees it: `is_whole`, or only what everybody may know.

    `owner_number` is 0 where the owner is not theirs to see.
    """

    plan: PlanFact
    details: PlanDetailsFact
    is_whole: bool
    owner_number: int


def plan_for_strangers(facts: Finds, number: int) -> PlanShown:
    """Raises PlanUnknown."""
    for plan in facts.find(PlanFact, number=number):
        return PlanShown(plan, details_of(facts, plan), is_whole=False, owner_number=0)
    raise PlanUnknown


def plan_shown(facts: Finds, caller: Caller, number: int) -> PlanShown:
    """The plan with this number, 0 being the one that the caller's own customer is on. Raises PlanUnknown.

    Whole for its owner's people and those above, for those whom it is shared with, and for those who are on it.
    """
    (own,) = facts.find(CustomerFact, number=caller.customer_number)
    for shown in _shown(facts, caller, own, facts.find(PlanFact, number=number or own.plan_number)):
        if shown.is_whole:
            return shown
    raise PlanUnknown


class PlansWanted(msgspec.Struct, frozen=True):
    """Which plans. `mode` is empty for those that the customer owns; parent for those that it can be given; inheritable
    for those that plans of its own can inherit from; reseller for those that it can give, with `own` also the one it
    is on; signup for those that somebody can sign up to, of which `only` is one if it is not 0; system for all.

    `name` is part of the name. `sort` is name or description.
    """

    customer_number: int
    mode: str = ""
    name: str = ""
    own: bool = False
    only: int = 0
    sort: str = "name"
    descending: bool = False


def plans_for_strangers(facts: Finds, wanted: PlansWanted) -> list[PlanShown]:
    """Plans to sign up to. Raises CustomerUnknown."""
    everybody = Caller(person_id=0, customer_number=0, path="", may_reach_below=True)
    customer = customer_seen(facts, everybody, wanted.customer_number)
    plans = [p for p in facts.find(PlanFact, owner_number=customer.number) if wanted.only in (0, p.number)]
    details = details_of_all(facts, plans)
    return _sorted([PlanShown(p, details[p.number], is_whole=False, owner_number=0) for p in plans], wanted)


def plans_listed(facts: Finds, caller: Caller, wanted: PlansWanted) -> list[PlanShown]:
    """Raises CustomerUnknown."""
    customer = customer_seen(facts, caller, wanted.customer_number)
    (own,) = facts.find(CustomerFact, number=caller.customer_number)
    return _sorted(_shown(facts, caller, own, _plans(facts, caller, customer, wanted)), wanted)


def _shown(facts: Finds, caller: Caller, own: CustomerFact, plans: list[PlanFact]) -> list[PlanShown]:
    """Plans as this caller, whose own customer is given, sees them."""
    details = details_of_all(facts, plans)
    seen = {number: sees_owner(facts, caller, number) for number in {plan.owner_number for plan in plans}}
    shown = []
    for plan in plans:
        is_seen = seen[plan.owner_number]
        is_whole = is_seen or plan.number == own.plan_number or is_shared_with(plan, details[plan.number], own)
        shown.append(PlanShown(plan, details[plan.number], is_whole, plan.owner_number if is_seen else 0))
    return shown


def _plans(facts: Finds, caller: Caller, customer: CustomerFact, wanted: PlansWanted) -> list[PlanFact]:
    if wanted.mode == "":
        return facts.find(PlanFact, owner_number=customer.number)
    if wanted.mode == "system":
        everything = facts.find(PlanFact)
        seen = {number for number in {plan.owner_number for plan in everything} if sees_owner(facts, caller, number)}
        return [plan for plan in everything if plan.owner_number in seen]
    if wanted.mode == "inheritable":
        plans, details = _plans_of_all_above(facts, customer)
        return [plan for plan in plans if may_inherit_from(plan, details[plan.number], customer)]
    if wanted.mode == "reseller":
        own = facts.find(PlanFact, number=customer.plan_number) if wanted.own and customer.plan_number else []
        return _to_give(facts, customer) + own
    parents = facts.find(CustomerFact, number=customer.parent_number)
    return [plan for parent in parents for plan in _to_give(facts, parent)]


def _to_give(facts: Finds, giver: CustomerFact) -> list[PlanFact]:
    """The plans on which this customer may put customers of its own."""
    plans, details = _plans_of_all_above(facts, giver)
    return [p for p in plans if p.owner_number == giver.number or is_shared_with(p, details[p.number], giver)]


def _plans_of_all_above(facts: Finds, customer: CustomerFact) -> tuple[list[PlanFact], dict[int, PlanDetailsFact]]:
    """The plans of a customer and of everybody above it."""
    plans = facts.find(PlanFact, owner_number=[*above(customer), customer.number])
    return plans, details_of_all(facts, plans)


def _sorted(shown: list[PlanShown], wanted: PlansWanted) -> list[PlanShown]:
    def key(one: PlanShown) -> tuple[str, int]:
        return (one.plan.name if wanted.sort == "name" else one.details.description, one.plan.number)

    part = wanted.name.casefold()
    by_number = {one.plan.number: one for one in shown if part in one.plan.name.casefold()}
    return sorted(by_number.values(), key=key, reverse=wanted.descending)


# What it asks for features.


class FeeWanted(msgspec.Struct, frozen=True):
    """`currency` empty is the customer's or, without one, the tenant's."""

    plan_number: int
    feature: str
    occurs: str
    currency: str
    with_taxes: bool


class FeeShown(msgspec.Struct, frozen=True):
    plan_number: int
    fee: str
    currency: str


def fee_shown(sight: Sight, wanted: FeeWanted, customer: CustomerFact | None) -> FeeShown:
    """What a plan, or one it inherits from, asks for a feature; nothing where none says anything.

    Exact as it was set; one that is converted or taxed is rounded to the minor unit. Raises PlanUnknown,
    ExchangeRateMissing and AmountOutOfRange.
    """
    plans = list(with_inherited(sight, wanted.plan_number))
    if not plans:
        raise PlanUnknown
    fee, fee_currency = _fee_set(sight, plans, wanted)
    currency = wanted.currency or (sight.tenant.currency if customer is None else customer.currency)
    taxed = customer if wanted.with_taxes else None
    if fee_currency == currency and taxed is None:
        return FeeShown(plans[0].number, decimal_text(fee), currency)
    try:
        rate = conversion_at_hand(sight, fee_currency, currency).rate
        net_minor = money.rounded_minor(Fraction(fee) * rate, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error
    kind = "accounts" if wanted.feature == "account" else "features"
    taxes = [] if taxed is None else taxes_on_fee(sight, taxed, kind)
    lines = assess(sight, taxes, net_minor, currency)
    gross_minor = net_minor + sum(line.amount_minor for line in lines)
    return FeeShown(plans[0].number, money.major_text(gross_minor, currency), currency)


def _fee_set(facts: Finds, plans: list[PlanFact], wanted: FeeWanted) -> tuple[Decimal, str]:
    for plan in plans:
        for row in facts.find(PlanFeeFact, plan_number=plan.number, feature=wanted.feature, occurs=wanted.occurs):
            return Decimal(row.fee), row.currency
    return Decimal(0), plans[0].currency
