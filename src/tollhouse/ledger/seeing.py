"""Who sees what: a caller sees what is its own customer's and, where it reaches below, what is of those under it.

What exists and may not be seen is refused exactly as what does not exist. The same rules hold for a decision (over the
book) and for a read (over a snapshot).
"""

from __future__ import annotations

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ROOT_PATH,
    ChargeFact,
    CustomerFact,
    LiabilityFact,
    PersonFact,
    PlanFact,
    ProductFact,
    ProductTermsFact,
    TaxFact,
    TransactionFact,
)
from tollhouse.ledger.offering import details_of, is_shared_with
from tollhouse.ledger.refusals import (
    ChargeUnknown,
    CustomerUnknown,
    LiabilityUnknown,
    ObjectUnknown,
    PersonUnknown,
    PlanUnknown,
    SeveralPeople,
    TaxUnknown,
    TransactionUnknown,
)
from tollhouse.ledger.sight import Finds

LIABLE_OBJECTS = ("cardgroup", "charge", "customer", "product")


def customer_seen(facts: Finds, caller: Caller, number: int) -> CustomerFact:
    """The live customer with this number. Raises CustomerUnknown."""
    for customer in facts.find(CustomerFact, number=number, deleted_at=None):
        if caller.reaches(customer.path):
            return customer
    raise CustomerUnknown


def customer_held(book: Book, caller: Caller, number: int) -> CustomerFact | None:
    """The live customer with this number that the caller sees, locked until this unit of work ends."""
    customer = book.customer(number)
    is_seen = customer is not None and customer.deleted_at is None and caller.reaches(customer.path)
    return customer if is_seen else None


def customer_ever_seen(facts: Finds, caller: Caller, number: int) -> CustomerFact:
    """The customer with this number, deleted or not. Raises CustomerUnknown."""
    for customer in facts.find(CustomerFact, number=number):
        if caller.reaches(customer.path):
            return customer
    raise CustomerUnknown


def plan_to_give(facts: Finds, caller: Caller, parent: CustomerFact, number: int) -> PlanFact:
    """The plan with this number, where this parent may put a customer of its own on it. Raises PlanUnknown.

    It may give a plan of its own and one of those above it that either the caller owns or sees, or that is shared with
    the parent.
    """
    for plan in facts.find(PlanFact, number=number):
        for owner in facts.find(CustomerFact, number=plan.owner_number):
            is_at_hand = owner.number == parent.number or caller.reaches(owner.path)
            is_above = parent.path.startswith(owner.path)
            if is_above and (is_at_hand or is_shared_with(plan, details_of(facts, plan), parent)):
                return plan
    raise PlanUnknown


def plan_seen(facts: Finds, caller: Caller, number: int) -> PlanFact:
    """The plan with this number, of a customer that the caller sees. Raises PlanUnknown."""
    for plan in facts.find(PlanFact, number=number):
        if sees_owner(facts, caller, plan.owner_number):
            return plan
    raise PlanUnknown


def charge_seen(facts: Finds, caller: Caller, charge_id: int, *, lock: bool = False) -> ChargeFact:
    """The live charge with this id. Raises ChargeUnknown."""
    charge = charge_ever_seen(facts, caller, charge_id, lock=lock)
    if charge.deleted_at is not None:
        raise ChargeUnknown
    return charge


def charge_ever_seen(facts: Finds, caller: Caller, charge_id: int, *, lock: bool = False) -> ChargeFact:
    """The charge with this id, deleted or not: its owner's to see, not the charged customer's. Raises ChargeUnknown."""
    for charge in facts.find(ChargeFact, lock=lock, charge_id=charge_id):
        if sees_owner(facts, caller, charge.owner_number):
            return charge
    raise ChargeUnknown


def charges_seen(facts: Finds, caller: Caller, *, customer_number: int, plan_number: int) -> list[ChargeFact]:
    """The live charges of one customer, or of one plan (the other number is 0), by id.

    Raises CustomerUnknown or PlanUnknown.
    """
    if plan_number:
        plan_seen(facts, caller, plan_number)
    else:
        customer_seen(facts, caller, customer_number)
    found = facts.find(ChargeFact, customer_number=customer_number, plan_number=plan_number, deleted_at=None)
    owners = {number: sees_owner(facts, caller, number) for number in {charge.owner_number for charge in found}}
    return sorted((c for c in found if owners[c.owner_number]), key=lambda c: c.charge_id)


def transaction_seen(facts: Finds, caller: Caller, transaction_id: int) -> TransactionFact:
    """The transaction with this id, of a customer that the caller sees. Customers are not shown their own adjustments,
    but the root. Raises TransactionUnknown."""
    for transaction in facts.find(TransactionFact, transaction_id=transaction_id):
        is_hidden = transaction.kind == "adjustment" and not is_seller(caller, transaction.customer_number)
        if sees_owner(facts, caller, transaction.customer_number) and not is_hidden:
            return transaction
    raise TransactionUnknown


def is_seller(caller: Caller, customer_number: int) -> bool:
    """Whether a customer that the caller sees is below it: cost and margin are for those above the customer alone."""
    return customer_number != caller.customer_number or customer_number == ROOT_NUMBER


def liability_seen(facts: Finds, caller: Caller, tax_id: int, object_type: str, object_id: int) -> LiabilityFact:
    """What is stored about one object and one tax. Raises TaxUnknown, ObjectUnknown or LiabilityUnknown."""
    tax_seen(facts, caller, tax_id)
    check_object_seen(facts, caller, object_type, object_id)
    for liability in facts.find(LiabilityFact, tax_id=tax_id, object_type=object_type, object_id=object_id):
        return liability
    raise LiabilityUnknown


def tax_seen(facts: Finds, caller: Caller, tax_id: int) -> TaxFact:
    """The tax with this id: of a customer that the caller sees, or shared by the root. Raises TaxUnknown."""
    for tax in facts.find(TaxFact, tax_id=tax_id):
        if is_shared(tax) or sees_owner(facts, caller, tax.owner_number):
            return tax
    raise TaxUnknown


def tax_owned(facts: Finds, caller: Caller, tax_id: int, *, lock: bool = False) -> TaxFact:
    """The tax with this id, of a customer that the caller sees: a shared one is not theirs to change. Raises
    TaxUnknown."""
    for tax in facts.find(TaxFact, lock=lock, tax_id=tax_id):
        if sees_owner(facts, caller, tax.owner_number):
            return tax
    raise TaxUnknown


def is_shared(tax: TaxFact) -> bool:
    """Whether a tax is everybody's: only the root's own can be."""
    return bool(tax.shared) and tax.owner_number == ROOT_NUMBER


def check_object_seen(facts: Finds, caller: Caller, object_type: str, object_id: int) -> None:
    """Raises ObjectUnknown where a tax's object is not there or not the caller's to see. Card groups there are none."""
    try:
        if object_type == "customer":
            customer_seen(facts, caller, object_id)
        elif object_type == "charge":
            charge_seen(facts, caller, object_id)
        elif object_type != "product" or not _sees_product(facts, caller, object_id):
            raise ObjectUnknown(object_type)
    except (CustomerUnknown, ChargeUnknown) as error:
        raise ObjectUnknown(object_type) from error


def person_seen(facts: Finds, caller: Caller, person_id: int, *, lock: bool = False) -> PersonFact:
    """The live person with this id, of a customer that the caller sees. Raises PersonUnknown."""
    return _one_person(facts, caller, facts.find(PersonFact, lock=lock, person_id=person_id, deleted_at=None))


def person_called(facts: Finds, caller: Caller, *, username: str = "", email: str = "") -> PersonFact:
    """The live person with this username, else with this e-mail, whom the caller sees.

    Raises PersonUnknown, and SeveralPeople where the e-mail is that of more than one.
    """
    if username:
        return _one_person(facts, caller, facts.find(PersonFact, username=username, deleted_at=None))
    return _one_person(facts, caller, facts.find(PersonFact, email_folded=folded_email(email), deleted_at=None))


def _one_person(facts: Finds, caller: Caller, found: list[PersonFact]) -> PersonFact:
    seen = [person for person in found if sees_owner(facts, caller, person.customer_number)]
    if len(seen) > 1:
        raise SeveralPeople
    if not seen:
        raise PersonUnknown
    return seen[0]


def _sees_product(facts: Finds, caller: Caller, product_id: int) -> bool:
    """Of a customer that the caller sees, or shared by one above it. One without terms is the root's."""
    if not facts.find(ProductFact, product_id=product_id):
        return False
    for terms in facts.find(ProductTermsFact, product_id=product_id):
        return sees_owner(facts, caller, terms.owner_number) or (
            bool(terms.shared) and f".{terms.owner_number}." in f".{caller.path}"
        )
    return caller.reaches(ROOT_PATH)


def sees_owner(facts: Finds, caller: Caller, owner_number: int) -> bool:
    """Whether what belongs to this customer is the caller's to see: its own, or that of somebody it reaches."""
    if owner_number == caller.customer_number:
        return True
    return any(caller.reaches(owner.path) for owner in facts.find(CustomerFact, number=owner_number))
