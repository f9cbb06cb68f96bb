"""The fields that say who a customer is: what a form stands at, and what it says."""

from __future__ import annotations

from typing import Any, Final

from tollhouse.console.forms import NUMBER_MAX, Faults, Filled, choice_of, currency_of, text_of
from tollhouse.console.visits import Visit
from tollhouse.domain.identity import EMAIL_LENGTH_MAX, REFERENCE_LENGTH_MAX, is_email, reference_ok
from tollhouse.domain.places import is_country, is_timezone
from tollhouse.ledger.details import BILL_TYPES
from tollhouse.ledger.facts import CustomerFact, PlanFact
from tollhouse.ledger.seeing import sees_owner
from tollhouse.ledger.sight import Snapshot

BILL_TYPES_SHOWN: Final = {
    "postpaid": "Afterwards",
    "prepaid": "Prepaid",
    "prepaid_calls": "Calls prepaid",
    "prepaid_invoices": "Invoices prepaid",
    "callshop": "Call shop",
    "external": "Elsewhere",
    "none": "Not at all",
}
#: Plans that a form suggests.
_PLANS_SUGGESTED: Final = 100


def filled_from(customer: CustomerFact) -> Filled:
    return Filled(
        {
            "name": customer.name,
            "email": customer.email or "",
            "reference": customer.reference or "",
            "plan": str(customer.plan_number or ""),
            "currency": customer.currency,
            "bill_type": customer.bill_type,
            "timezone": customer.timezone,
            "country": customer.country,
        }
    )


async def fields_given(visit: Visit, faults: Faults, *, is_new: bool) -> dict[str, Any]:
    """What the form says of a customer; None where it says nothing. A new one needs a name, a plan and an e-mail."""
    form = visit.form
    email = text_of(form, "email", faults, is_needed=is_new, length_max=EMAIL_LENGTH_MAX)
    if email and "email" not in faults and not is_email(email):
        faults["email"] = "Enter an e-mail address."
    reference = text_of(form, "reference", faults, length_max=REFERENCE_LENGTH_MAX)
    if reference and "reference" not in faults and not reference_ok(reference):
        faults["reference"] = "Use other characters."
    timezone = text_of(form, "timezone", faults)
    if timezone and not is_timezone(timezone):
        faults["timezone"] = "Enter an IANA time zone such as Europe/Berlin."
    country = text_of(form, "country", faults).upper()
    if country and not is_country(country):
        faults["country"] = "Enter the two letters of a country, such as DE."
    plan_number = await plan_named(visit, faults)
    if is_new and plan_number is None and "plan" not in faults:
        faults["plan"] = "Fill this in."
    return {
        "name": text_of(form, "name", faults, is_needed=is_new),
        "email": email or None,
        "reference": reference if "reference" in form else None,
        "plan_number": plan_number,
        "currency": currency_of(form, "currency", faults) if form.get("currency", "").strip() else None,
        "bill_type": choice_of(form, "bill_type", BILL_TYPES, faults) or None,
        "timezone": timezone or None,
        "country": country,
    }


def differing(customer: CustomerFact, given: dict[str, Any]) -> dict[str, Any]:
    """What is to become other than it is: what the form leaves as it stands is not the person's to change."""
    return {
        name: value
        for name, value in given.items()
        if value is not None and value != (getattr(customer, name) or (0 if name == "plan_number" else ""))
    }


async def plan_named(visit: Visit, faults: Faults) -> int | None:
    """The plan that is named by its number or identifier; None where none is."""
    text = text_of(visit.form, "plan", faults)
    return None if not text or "plan" in faults else await visit.read(_numbered, text)


def _numbered(snapshot: Snapshot, text: str) -> int:
    """A number is taken as it is, and no plan has the one of an identifier that is not there: the ledger says whether
    it may be given, and of somebody else's plan and of none the same."""
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    found = snapshot.find(PlanFact, identifier=text)
    return found[0].number if found else NUMBER_MAX


def plans_suggested(snapshot: Snapshot, visit: Visit) -> list[PlanFact]:
    """Some to choose from, of those whom whoever asks sees: any other is named by its number."""
    plans = snapshot.reader.page(PlanFact, "number", 1, _PLANS_SUGGESTED)
    owners = {number: sees_owner(snapshot, visit.caller, number) for number in {plan.owner_number for plan in plans}}
    return [plan for plan in plans if owners[plan.owner_number]]
