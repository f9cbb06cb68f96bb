"""Which transactions a list is asked for: from the fields of its filter to what the store is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from tollhouse.console.forms import (
    NUMBER_MAX,
    Faults,
    Filled,
    NotThere,
    beginning_of,
    choice_of,
    day_of,
    decimal_of,
    number_in_path,
    text_of,
)
from tollhouse.domain.money import OutOfRange, TooPrecise, is_currency, minor_from_major
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerFact, PlanFact
from tollhouse.ledger.queries.transaction_lists import STATES, Place, TransactionsWanted
from tollhouse.ledger.refusals import CustomerUnknown, PlanUnknown
from tollhouse.ledger.seeing import customer_ever_seen, plan_seen
from tollhouse.ledger.sight import Snapshot

KINDS: Final = ("charge", "refund", "void", "credit", "topup", "debit", "adjustment")
DOORS: Final = {"beacon": "Beacon", "enswitch": "ENSwitch", "kelviq": "Kelviq", "admin": "Administration"}
#: Payments that have left no transaction: the list of payments has them.
WITHOUT_TRANSACTION: Final = {"pending": "payment pending", "declined": "payment declined"}

#: No place in a list lies later: the year 9999.
_INSTANT_MAX: Final = 253_370_764_800 * SECOND

#: The fields of the filter, in the order in which an address has them.
FIELDS: Final = ("from", "to", "door", "kind", "state", "customer", "plan", "currency", "amount", "amount_to", "charge")


class Asked(msgspec.Struct, frozen=True):
    """The filter as it stands: what is wanted, None where something of it cannot be."""

    filled: Filled
    faults: Faults
    wanted: TransactionsWanted | None

    @property
    def query(self) -> dict[str, str]:
        """The fields that were filled in, for an address."""
        return {name: self.filled[name] for name in FIELDS if self.filled[name]}


def asked(snapshot: Snapshot, caller: Caller, fields: Mapping[str, str]) -> Asked:
    """Raises NotThere for a place in the list that can be none."""
    filled = Filled({name: fields.get(name, "").strip() for name in FIELDS})
    faults: Faults = {}
    days = _days(snapshot, filled, faults)
    amounts = _amounts(snapshot, filled, faults)
    wanted = TransactionsWanted(
        caller=caller,
        kind=choice_of(filled, "kind", KINDS, faults),
        state=choice_of(filled, "state", STATES, faults),
        origin=choice_of(filled, "door", DOORS, faults),
        currency=_currency(filled, faults),
        customer_number=customer_named(snapshot, caller, filled, faults),
        plan_number=plan_named(snapshot, caller, filled, faults),
        charge_id=number_in_path(filled["charge"]) if filled["charge"] else 0,
        start_at=days[0],
        end_at=days[1],
        least_minor=amounts[0],
        most_minor=amounts[1],
        before=place_of(fields.get("before", "")),
    )
    return Asked(filled, faults, None if faults else wanted)


def place_of(text: str) -> Place | None:
    """Where a list goes on, as an address says it. Raises NotThere."""
    if not text:
        return None
    at, _, number = text.partition("-")
    if not (at.isascii() and at.isdigit() and len(at) <= 18 and int(at) < _INSTANT_MAX):
        raise NotThere
    return Place(int(at), number_in_path(number))


def place_text(place: Place) -> str:
    return f"{place.at}-{place.number}"


def _days(snapshot: Snapshot, filled: Filled, faults: Faults) -> tuple[int | None, int | None]:
    first, last = day_of(filled, "from", faults), day_of(filled, "to", faults)
    if first and last and last < first:
        faults["to"] = "The last day must not come before the first."
    zone = snapshot.tenant.timezone
    return _beginning(first, zone), _beginning(last, zone, days_later=1)


def _beginning(day: date | None, zone: str, *, days_later: int = 0) -> int | None:
    return None if day is None else beginning_of(day, zone, days_later=days_later)


def _currency(filled: Filled, faults: Faults) -> str:
    code = filled["currency"].upper()
    if code and not (code.isascii() and is_currency(code)):
        faults["currency"] = "Enter the code of a currency, such as USD."
        return ""
    filled["currency"] = code
    return code


def _amounts(snapshot: Snapshot, filled: Filled, faults: Faults) -> tuple[int | None, int | None]:
    """From and to in minor units; one amount alone is meant exactly. They are of one currency: the tenant's where none
    is chosen."""
    if not filled["amount"] and not filled["amount_to"]:
        return None, None
    if not filled["currency"]:
        filled["currency"] = snapshot.tenant.currency
    currency = _currency(filled, faults)
    least, most = (_minor(filled, name, currency, faults) for name in ("amount", "amount_to"))
    if least is not None and most is not None and most < least:
        faults["amount_to"] = "The second amount must not be below the first."
    return least, least if most is None else most


def _minor(filled: Filled, name: str, currency: str, faults: Faults) -> int | None:
    if not filled[name]:
        return None
    amount = abs(decimal_of(filled, name, faults))
    if name in faults or not currency:
        return None
    try:
        return minor_from_major(amount, currency)
    except TooPrecise as error:
        faults[name] = str(error)
    except OutOfRange:
        faults[name] = "This amount is too large."
    return None


def customer_named(snapshot: Snapshot, caller: Caller, filled: Filled, faults: Faults) -> int:
    """The number of the customer that the field names, by number or reference; 0 where it is empty or has a fault."""
    name = text_of(filled, "customer", faults)
    if not name or "customer" in faults:
        return 0
    numbers = [int(name)] if _is_number(name) else []
    numbers += [customer.number for customer in snapshot.find(CustomerFact, reference=name, deleted_at=None)]
    for number in numbers:
        try:
            return customer_ever_seen(snapshot, caller, number).number
        except CustomerUnknown:
            continue
    faults["customer"] = "There is no customer with this number or reference."
    return 0


def plan_named(snapshot: Snapshot, caller: Caller, filled: Filled, faults: Faults) -> int:
    """The number of the plan that the field names, by number or identifier; 0 where it is empty or has a fault."""
    name = text_of(filled, "plan", faults)
    if not name or "plan" in faults:
        return 0
    numbers = [int(name)] if _is_number(name) else []
    numbers += [plan.number for plan in snapshot.find(PlanFact, identifier=name)]
    for number in numbers:
        try:
            return plan_seen(snapshot, caller, number).number
        except PlanUnknown:
            continue
    faults["plan"] = "There is no plan with this number or identifier."
    return 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= NUMBER_MAX
