"""The reseller tree: customers made below a parent, changed, moved with all below them, deleted and undeleted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import TestClock
from tests.ledger.telco import NORA, NORTH, NORTH_ALONE, ROOT, ROOT_ALONE, SOUTH, Telco
from tollhouse.ledger.commands import (
    TENANT_SCOPE,
    Caller,
    CreateCustomer,
    DeleteCustomer,
    Idempotency,
    Identity,
    MoveCustomer,
    RecordCharges,
    RecordedItem,
    UndeleteCustomer,
    UpdateCustomer,
)
from tollhouse.ledger.customers import PATH_LENGTH_MAX
from tollhouse.ledger.details import CustomerDetails, details_of
from tollhouse.ledger.facts import CustomerDetailsFact, CustomerFact, PlanDetailsFact, PlanFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import (
    AffiliateUnknown,
    BalanceRefused,
    CurrencyFixed,
    CurrencyUnknown,
    CustomerInUse,
    CustomerUnknown,
    EmailTaken,
    IdempotencyKeyReused,
    ParentDecides,
    ParentIsBelow,
    ParentTooDeep,
    ParentUnknown,
    PlanUnknown,
    ReferenceReserved,
    ReferenceTaken,
    Refusal,
    SumTooLarge,
)
from tollhouse.ledger.totals import new_customers
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore

NORTHS_PLAN, ROOTS_PLAN = 70, 71
FAR_NORTH = Caller(9, 40, "1.10.40.", may_reach_below=True)
EVERYBODY = (1, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 40, 41)


def creation(telco: Telco, *, caller: Caller = ROOT, key: str | None = None, **more: Any) -> CreateCustomer:
    values: dict[str, Any] = {"parent_number": None, "name": "New", "plan_number": ROOTS_PLAN, "email": "new@x", **more}
    idempotency = None if key is None else Idempotency(TENANT_SCOPE, key)
    return CreateCustomer(tenant_id=telco.tenant_id, idempotency=idempotency, caller=caller, **values)


def create(telco: Telco, **more: Any) -> CustomerFact:
    return telco.customer(telco.do(creation(telco, **more)).number)


def change(telco: Telco, number: int = 11, *, caller: Caller = NORTH, **more: Any) -> UpdateCustomer:
    if "balance" in more:
        more["balance"] = Decimal(more["balance"])
    return UpdateCustomer(tenant_id=telco.tenant_id, caller=caller, customer_number=number, **more)


def delete(telco: Telco, number: int, *, caller: Caller = NORTH) -> DeleteCustomer:
    return DeleteCustomer(tenant_id=telco.tenant_id, caller=caller, customer_number=number)


def undelete(telco: Telco, number: int, *, caller: Caller = NORTH) -> UndeleteCustomer:
    return UndeleteCustomer(tenant_id=telco.tenant_id, caller=caller, customer_number=number)


def move(telco: Telco, number: int, parent: int, plan: int = ROOTS_PLAN, *, caller: Caller = ROOT) -> MoveCustomer:
    return MoveCustomer(
        tenant_id=telco.tenant_id, caller=caller, customer_number=number, parent_number=parent, plan_number=plan
    )


def details(telco: Telco, number: int) -> CustomerDetails:
    with telco.store.reading(telco.tenant_id) as reader:
        return details_of(reader, number)


def share(telco: Telco, plan: int, shared: int) -> None:
    settings = PlanDetailsFact(telco.tenant_id, plan, "", shared, 0, 0, 0, 0, "{}")
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.upsert([settings])


def refused(telco: Telco, command: Any, refusal: type[Refusal]) -> Refusal:
    """The refusal of a command that changes nothing."""
    before = [*telco.everything(), sorted(telco.find(CustomerDetailsFact), key=repr)]
    with pytest.raises(refusal) as caught:
        telco.do(command)
    assert [*telco.everything(), sorted(telco.find(CustomerDetailsFact), key=repr)] == before
    return caught.value


# Creating.


def test_a_new_customer_is_below_the_callers_own_unless_a_parent_is_given(telco: Telco) -> None:
    customer = create(telco, caller=NORTH, plan_number=NORTHS_PLAN)
    assert (customer.parent_number, customer.path) == (10, f"1.10.{customer.number}.")
    below = create(telco, caller=NORTH, plan_number=NORTHS_PLAN, parent_number=customer.number)
    assert below.path == f"{customer.path}{below.number}."
    assert create(telco, parent_number=21).path.startswith("1.20.21.")


def test_currency_and_time_zone_come_from_the_plan_and_the_parent(telco: Telco) -> None:
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.change(PlanFact, {"number": ROOTS_PLAN}, currency="JPY")
        unit.change(CustomerFact, {"number": 20}, timezone="Asia/Tokyo")
    customer = create(telco, parent_number=20, balance=Decimal(500))
    assert (customer.currency, customer.balance_minor, customer.opening_balance_minor) == ("JPY", 500, 500)
    assert customer.timezone == "Asia/Tokyo"
    assert create(telco, parent_number=10).timezone == "Europe/Berlin"
    given = create(telco, parent_number=20, currency="KWD", timezone="UTC", balance=Decimal("-1.234"))
    assert (given.currency, given.timezone, given.balance_minor) == ("KWD", "UTC", -1234)


def test_details_are_kept_only_where_they_say_something(telco: Telco) -> None:
    plain = create(telco)
    assert telco.find(CustomerDetailsFact, customer_number=plain.number) == []
    assert details(telco, plain.number) == CustomerDetails()
    given = (("account", "A"), ("credit_limit", "5.00"), ("directory", 1), ("affiliate_customer", 10))
    full = create(telco, details=given)
    assert details(telco, full.number) == CustomerDetails(**dict(given))


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"parent_number": 404}, ParentUnknown),
        ({"plan_number": 404}, PlanUnknown),
        ({"plan_number": 0}, PlanUnknown),
        ({"plan_number": NORTHS_PLAN}, PlanUnknown),
        ({"currency": "CHF"}, CurrencyUnknown),
        ({"balance": Decimal("0.001")}, BalanceRefused),
        ({"balance": Decimal("90071992547409.92")}, BalanceRefused),
        ({"details": (("affiliate_customer", 404),)}, AffiliateUnknown),
    ],
)
@pytest.mark.parametrize("validation", [False, True])
def test_what_a_customer_cannot_be_made_of(
    telco: Telco, given: dict[str, Any], refusal: type[Refusal], validation: bool
) -> None:
    refused(telco, creation(telco, validation=validation, **given), refusal)


def test_a_validation_makes_nothing(telco: Telco) -> None:
    before = telco.everything()
    assert telco.do(creation(telco, validation=True, details=(("account", "A"),))).number == 0
    assert telco.everything() == before
    assert telco.find(CustomerDetailsFact) == []


def test_a_reference_names_one_live_customer_and_is_the_system_owners_to_give(telco: Telco) -> None:
    customer = create(telco, reference="cust")
    refused(telco, creation(telco, reference="cust"), ReferenceTaken)
    refused(telco, creation(telco, caller=NORTH, plan_number=NORTHS_PLAN, reference="other"), ReferenceReserved)
    refused(telco, change(telco, reference="other"), ReferenceReserved)
    refused(telco, change(telco, caller=ROOT, reference="cust"), ReferenceTaken)
    telco.do(delete(telco, customer.number, caller=ROOT))
    again = create(telco, reference="cust")
    refused(telco, undelete(telco, customer.number, caller=ROOT), ReferenceTaken)
    telco.do(change(telco, again.number, caller=ROOT, reference=""))
    telco.do(undelete(telco, customer.number, caller=ROOT))
    assert telco.customer(customer.number).reference == "cust"


def test_two_at_once_with_one_reference_make_one(telco: Telco) -> None:
    outcomes = telco.ledger.execute_batch(
        telco.tenant_id, [creation(telco, reference="cust"), creation(telco, reference="cust")]
    )
    assert [isinstance(outcome, ReferenceTaken) for outcome in outcomes] == [False, True]


def test_the_same_key_makes_one_customer(telco: Telco) -> None:
    first = telco.ledger.execute(creation(telco, key="k"))
    again = telco.ledger.execute(creation(telco, key="k"))
    assert (again.replayed, again.result) == (True, first.result)
    refused(telco, creation(telco, key="k", name="Other"), IdempotencyKeyReused)
    telco.do(delete(telco, first.result.number, caller=ROOT))
    assert telco.do(creation(telco, key="k")) == first.result
    refused(telco, creation(telco, caller=SOUTH, key="k"), CustomerUnknown)


# Plans that a parent may give.


@pytest.mark.parametrize(
    ("caller", "parent", "plan", "shared", "may"),
    [
        (ROOT, 1, ROOTS_PLAN, 0, True),
        (ROOT, 10, ROOTS_PLAN, 0, True),
        (ROOT, 40, ROOTS_PLAN, 0, True),
        (ROOT, 1, NORTHS_PLAN, 0, False),
        (ROOT, 20, NORTHS_PLAN, 0, False),
        (ROOT, 10, NORTHS_PLAN, 0, True),
        (NORTH, 10, NORTHS_PLAN, 0, True),
        (NORTH, 40, NORTHS_PLAN, 0, True),
        (NORTH, 10, ROOTS_PLAN, 0, False),
        (NORTH, 10, ROOTS_PLAN, 1, True),
        (NORTH, 40, ROOTS_PLAN, 1, False),
        (NORTH, 40, ROOTS_PLAN, -1, True),
        (FAR_NORTH, 40, NORTHS_PLAN, 0, False),
        (FAR_NORTH, 40, NORTHS_PLAN, 1, True),
        (SOUTH, 20, NORTHS_PLAN, -1, False),
    ],
)
def test_a_parent_gives_its_own_plans_and_those_from_above_that_are_at_hand_or_shared(
    telco: Telco, caller: Caller, parent: int, plan: int, shared: int, may: bool
) -> None:
    share(telco, plan, shared)
    command = creation(telco, caller=caller, parent_number=parent, plan_number=plan)
    if may:
        assert telco.customer(telco.do(command).number).plan_number == plan
    else:
        refused(telco, command, PlanUnknown)


# Changing.


def test_what_is_left_out_stays(telco: Telco) -> None:
    telco.do(change(telco, details=(("account", "A"), ("bank_code", "B"))))
    before = telco.customer()
    telco.do(change(telco, name="N", details=(("account", "C"),)))
    after = telco.customer()
    assert after == replace(before, name="N", updated_at=after.updated_at)
    assert details(telco, 11) == CustomerDetails(account="C", bank_code="B")


def test_an_email_is_found_in_any_case(telco: Telco) -> None:
    telco.do(change(telco, email="NEW@Example.com"))
    assert (telco.customer().email, telco.customer().email_folded) == ("NEW@Example.com", "new@example.com")


def test_a_validation_changes_nothing(telco: Telco) -> None:
    before = telco.everything()
    telco.do(change(telco, name="N", balance="5", details=(("account", "C"),), validation=True))
    assert telco.everything() == before
    assert telco.find(CustomerDetailsFact) == []


def test_a_balance_that_is_set_leaves_a_transaction_of_the_difference(telco: Telco) -> None:
    telco.do(change(telco, balance="40.00"))
    telco.do(change(telco, balance="40"))
    (transaction,) = telco.find(TransactionFact)
    assert (transaction.kind, transaction.gross_minor, transaction.person_id) == ("adjustment", 6000, NORTH.person_id)
    telco.do(change(telco, balance="-1"))
    assert telco.balance() == -100
    assert telco.customer().opening_balance_minor == 10000


def test_a_balance_that_cannot_be_kept_is_refused(telco: Telco) -> None:
    refused(telco, change(telco, balance="0.001"), BalanceRefused)
    refused(telco, change(telco, balance="90071992547409.92"), BalanceRefused)
    telco.cook(CustomerFact, {"number": 11}, balance_minor=-(2**63) + 1)
    refused(telco, change(telco, balance="1"), SumTooLarge)


def test_a_currency_is_fixed_by_a_balance_or_a_transaction(telco: Telco) -> None:
    refused(telco, change(telco, currency="USD"), CurrencyFixed)
    telco.do(change(telco, 12, currency="EUR"))
    assert telco.customer(12).currency == "EUR"
    refused(telco, change(telco, 12, currency="CHF"), CurrencyUnknown)
    telco.charged(12, amount="1")
    telco.do(change(telco, 12, balance="0"))
    refused(telco, change(telco, 12, currency="JPY"), CurrencyFixed)
    telco.do(change(telco, 12, currency="EUR"))


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("plan_number", {"plan_number": ROOTS_PLAN}),
        ("balance", {"balance": "100.01"}),
        ("currency", {"currency": "USD"}),
        ("bill_type", {"bill_type": "none"}),
        ("country", {"country": "NO"}),
        ("reference", {"reference": "me"}),
        ("credit_limit", {"details": (("credit_limit", "9.00"),)}),
        ("locked", {"details": (("locked", 1),)}),
    ],
)
def test_terms_with_the_parent_are_not_ones_own_to_change(telco: Telco, field: str, given: dict[str, Any]) -> None:
    refusal = refused(telco, change(telco, caller=NORA, **given), ParentDecides)
    assert isinstance(refusal, ParentDecides)
    assert refusal.field == field
    same = {"plan_number": NORTHS_PLAN, "balance": "100", "currency": "EUR", "bill_type": "postpaid", "country": ""}
    telco.do(change(telco, caller=NORA, reference="", name="Mine", **same))


def test_the_roots_people_decide_themselves(telco: Telco) -> None:
    given = {"balance": "5", "bill_type": "prepaid", "plan_number": ROOTS_PLAN, "reference": "root"}
    telco.do(change(telco, 1, caller=ROOT_ALONE, **given))
    root = telco.customer(1)
    assert (root.balance_minor, root.bill_type, root.plan_number, root.reference) == (500, "prepaid", 71, "root")


def record(telco: Telco, email: str) -> CustomerFact:
    """A guest: a customer whom nothing but an e-mail names."""
    identity, items = Identity(None, email), (RecordedItem(100, None),)
    telco.do(
        RecordCharges(
            tenant_id=telco.tenant_id, operation="charges", identity=identity, items=items, touch_session=False
        )
    )
    (guest,) = telco.find(CustomerFact, email_folded=email, deleted_at=None)
    return guest  # type: ignore[no-any-return]


def test_of_guests_one_has_an_email(telco: Telco) -> None:
    one, other = record(telco, "one@x"), record(telco, "other@x")
    refused(telco, change(telco, one.number, caller=ROOT, email="OTHER@x"), EmailTaken)
    telco.do(change(telco, one.number, caller=ROOT, email="OTHER@x", reference="one"))
    refused(telco, change(telco, one.number, caller=ROOT, reference=""), EmailTaken)
    telco.do(delete(telco, other.number, caller=ROOT))
    telco.do(change(telco, one.number, caller=ROOT, reference=""))
    refused(telco, undelete(telco, other.number, caller=ROOT), EmailTaken)


def test_changes_that_wait_together_see_each_other(telco: Telco) -> None:
    """Each has a unit of work of its own, whatever else is in the batch."""
    commands: Sequence[Any] = [
        change(telco, name="A"),
        telco.creation(customer=11, caller=NORTH),
        delete(telco, 11),
        telco.creation(customer=11, caller=NORTH),
        change(telco, name="B"),
        undelete(telco, 11),
        change(telco, name="C"),
        move(telco, 11, 20),
        telco.creation(customer=11, caller=NORTH),
        telco.creation(customer=11, caller=SOUTH),
    ]
    outcomes = telco.ledger.execute_batch(telco.tenant_id, commands)
    unknown = [isinstance(outcome, CustomerUnknown) for outcome in outcomes]
    assert unknown == [False, False, False, True, True, False, False, False, True, False]
    assert not any(
        isinstance(outcome, Exception) for outcome, is_unknown in zip(outcomes, unknown, strict=True) if not is_unknown
    )
    assert telco.customer().name == "C"


# Deleting.


def test_who_is_above_others_stays(telco: Telco) -> None:
    refused(telco, delete(telco, 40), CustomerInUse)
    refused(telco, delete(telco, 10), CustomerInUse)
    refused(telco, delete(telco, 1, caller=ROOT), CustomerInUse)
    telco.do(delete(telco, 41))
    telco.do(delete(telco, 40))
    refused(telco, undelete(telco, 41), CustomerInUse)
    telco.do(undelete(telco, 40))
    telco.do(undelete(telco, 41))
    assert [telco.customer(number).deleted_at for number in (40, 41)] == [None, None]


def test_an_affiliate_stays_as_long_as_a_live_customer_names_it(telco: Telco) -> None:
    telco.do(change(telco, 12, details=(("affiliate_customer", 11),)))
    refused(telco, delete(telco, 11), CustomerInUse)
    telco.do(delete(telco, 12))
    telco.do(delete(telco, 11))
    refused(telco, change(telco, 13, details=(("affiliate_customer", 11),)), AffiliateUnknown)
    refused(telco, change(telco, 13, details=(("affiliate_customer", 13),)), AffiliateUnknown)
    refused(telco, change(telco, 13, details=(("affiliate_customer", 20),)), AffiliateUnknown)


def test_a_deleted_customer_is_not_there_and_keeps_its_account(telco: Telco) -> None:
    charge_id = telco.create(amount="1")
    telco.charge(charge_id)
    telco.do(delete(telco, 11))
    for command in (change(telco), delete(telco, 11), move(telco, 11, 20), creation(telco, parent_number=11)):
        refused(telco, command, Refusal)
    telco.do(undelete(telco, 11))
    telco.do(undelete(telco, 11))
    assert telco.balance() == 9900


# Moving.


def paths(telco: Telco) -> dict[int, str]:
    return {customer.number: customer.path for customer in telco.find(CustomerFact)}


def test_all_below_a_customer_moves_with_it_deleted_or_not(telco: Telco) -> None:
    deep = create(telco, caller=NORTH, parent_number=41, plan_number=NORTHS_PLAN)
    gone = create(telco, caller=NORTH, parent_number=41, plan_number=NORTHS_PLAN)
    telco.do(delete(telco, gone.number))
    before = paths(telco)
    telco.do(move(telco, 10, 21))
    after = paths(telco)
    for number, path in before.items():
        assert after[number] == (path.replace("1.10.", "1.20.21.10.") if path.startswith("1.10.") else path)
    assert after[deep.number] == f"1.20.21.10.40.41.{deep.number}."
    telco.do(move(telco, 10, 1))
    assert paths(telco) == before
    assert telco.customer(deep.number).plan_number == NORTHS_PLAN


def test_a_number_that_starts_with_another_does_not_move_with_it(telco: Telco) -> None:
    """1.1. is no part of 1.10., nor is 4 of 40."""
    like = replace(telco.customer(11), reference=None, name="")
    others = [
        replace(like, number=4, uid="u4", path="1.10.4."),
        replace(like, number=5, uid="u5", parent_number=4, path="1.10.4.5."),
    ]
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.insert(others)
        unit.add_totals(new_customers(telco.tenant_id, others))
    telco.do(move(telco, 4, 20))
    assert {n: p for n, p in paths(telco).items() if n in (4, 5, 40, 41)} == {
        4: "1.20.4.",
        5: "1.20.4.5.",
        40: "1.10.40.",
        41: "1.10.40.41.",
    }


def test_nobody_goes_below_itself_and_the_top_stays(telco: Telco) -> None:
    for parent in (10, 40, 41):
        refused(telco, move(telco, 10, parent), ParentIsBelow)
    refused(telco, move(telco, 1, 20), CustomerInUse)
    refused(telco, move(telco, 10, 40, NORTHS_PLAN, caller=NORTH), CustomerInUse)
    refused(telco, move(telco, 40, 404), ParentUnknown)
    refused(telco, move(telco, 40, 20, caller=NORTH), ParentUnknown)
    refused(telco, move(telco, 40, 11, NORTHS_PLAN, caller=SOUTH), CustomerUnknown)
    refused(telco, move(telco, 40, 20, NORTHS_PLAN), PlanUnknown)
    telco.do(delete(telco, 21, caller=ROOT))
    refused(telco, move(telco, 40, 21), ParentUnknown)


def test_a_tree_has_a_depth(telco: Telco) -> None:
    number, made = 40, []
    with pytest.raises(ParentTooDeep):  # noqa: PT012 - the last of many
        while True:
            customer = create(telco, parent_number=number)
            number, made = customer.number, [*made, customer.number]
    assert len(telco.customer(number).path) <= PATH_LENGTH_MAX
    assert len(made) > 100
    deep = 21
    for _ in range(4):
        deep = create(telco, parent_number=deep).number
    refused(telco, move(telco, 40, deep), ParentTooDeep)
    telco.do(move(telco, made[-1], deep))


def test_charges_of_a_moved_customer_are_the_new_parents(telco: Telco) -> None:
    charge_id = telco.create(amount="1", caller=NORTH)
    telco.do(move(telco, 11, 20))
    refused(telco, telco.charging(charge_id, caller=NORTH), Refusal)
    telco.charge(charge_id, caller=SOUTH)
    assert telco.balance() == 9900


def test_a_move_to_the_same_parent_changes_the_plan_alone(telco: Telco) -> None:
    before = paths(telco)
    telco.do(move(telco, 40, 10, NORTHS_PLAN))
    assert paths(telco) == before
    assert telco.customer(40).plan_number == NORTHS_PLAN


def test_trees_that_are_moved_built_and_charged_at_once_stay_whole(
    telco: Telco, store: SqlStore, clock: TestClock
) -> None:
    """Two processes: one moves two branches to and fro, others make customers below them and charge them."""
    other_store = SqlStore(store.url)
    mover, builder = Ledger(store, clock), Ledger(other_store, clock)
    charge_id = telco.create(customer=41, amount="1", number_max=1000)
    stop = threading.Event()

    def build() -> int:
        made = 0
        parents = [40, 41]
        while not stop.is_set():
            command = creation(telco, parent_number=parents[made // 3])
            parents.append(builder.execute(command).result.number)
            builder.execute(telco.charging(charge_id))
            made += 1
            stop.wait(0.002)
        return made

    with closing(other_store), ThreadPoolExecutor(1) as pool:
        building = pool.submit(build)
        try:
            for number, parent in [(40, 20), (40, 11), (11, 21), (40, 1), (11, 10), (40, 10)] * 3:
                mover.execute(move(telco, number, parent))
        finally:
            stop.set()
        made = building.result(timeout=60)
    assert made > 0
    assert telco.balance(41) == -100 * made
    assert verify(store).differences == []


# Who may reach whom.

CALLERS = {
    "root": (ROOT, set(EVERYBODY)),
    "root alone": (ROOT_ALONE, {1}),
    "north": (NORTH, {10, 11, 12, 13, 14, 15, 16, 17, 40, 41}),
    "north alone": (NORTH_ALONE, {10}),
    "nora": (NORA, {11}),
    "far north": (FAR_NORTH, {40, 41}),
    "south": (SOUTH, {20, 21}),
}


@pytest.mark.parametrize("who", CALLERS)
def test_each_reaches_its_own_branch_and_nobody_else(telco: Telco, who: str) -> None:
    caller, reached = CALLERS[who]
    for number in EVERYBODY:
        commands = [
            change(telco, number, caller=caller, name="x", validation=True),
            delete(telco, number, caller=caller),
            undelete(telco, number, caller=caller),
            move(telco, number, number, caller=caller),
        ]
        for command in commands:
            try:
                telco.ledger.execute(command)
                seen = True
            except CustomerUnknown:
                seen = False
            except Refusal:
                seen = True
            assert seen == (number in reached), (command, number)
            if isinstance(command, DeleteCustomer) and telco.customer(number).deleted_at is not None:
                telco.do(undelete(telco, number, caller=ROOT))
        with pytest.raises(PlanUnknown if number in reached else ParentUnknown):
            telco.do(creation(telco, caller=caller, parent_number=number, plan_number=404))
