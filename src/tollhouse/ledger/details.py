"""What is kept of a customer besides what charges read, as one value. No rule of ours depends on most of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tollhouse.ledger.facts import CustomerDetailsFact
from tollhouse.ledger.sight import Finds

BILL_TYPES: Final = ("callshop", "external", "none", "postpaid", "prepaid", "prepaid_calls", "prepaid_invoices")

#: Kept in columns of their own, so that customers can be searched and sorted by them.
_COLUMNS: Final = ("account", "description", "directory", "affiliate_customer")


class CustomerDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts are decimal text in major units of the customer's currency. -2 is "as the plan", -1 "no limit"; an
    `invoice_due_delay` of -1 is "as the plan"."""

    account: str = ""
    address1: str = ""
    address2: str = ""
    address3: str = ""
    address_city: str = ""
    address_code: str = ""
    address_other: str = ""
    address_state: str = ""
    affiliate_customer: int = 0
    affiliate_percentage: int = 0
    affiliate_type: str = ""
    auto_topup: str = "0.00"
    bank_account_name: str = ""
    bank_account_number: str = ""
    bank_code: str = ""
    bank_name: str = ""
    bill_ref: str = ""
    bulk_calls: int = -2
    call_maximum: str = "-2.00"
    credit_limit: str = "0.00"
    description: str = ""
    directory: int = 0
    email_low_balance: int = 0
    invoice_due_delay: int = -1
    locked: int = 0
    number_prefix: str = ""
    payment_type: str = ""
    region: str = ""
    tax_reference: str = ""


NAMES: Final = CustomerDetails.__struct_fields__


def details_of(facts: Finds, customer_number: int) -> CustomerDetails:
    rows = facts.find(CustomerDetailsFact, customer_number=customer_number)
    return details_from_fact(rows[0] if rows else None)


def details_from_fact(fact: CustomerDetailsFact | None) -> CustomerDetails:
    """The details of a row; of a customer without one, the defaults."""
    if fact is None:
        return CustomerDetails()
    values: dict[str, Any] = msgspec.json.decode(fact.details, type=dict[str, str | int])
    return CustomerDetails(
        account=fact.account,
        description=fact.description,
        directory=fact.directory,
        affiliate_customer=fact.affiliate_number,
        **values,
    )


def fact_from_details(tenant_id: int, customer_number: int, details: CustomerDetails) -> CustomerDetailsFact:
    rest = {name: getattr(details, name) for name in NAMES if name not in _COLUMNS}
    return CustomerDetailsFact(
        tenant_id=tenant_id,
        customer_number=customer_number,
        account=details.account,
        description=details.description,
        directory=details.directory,
        affiliate_number=details.affiliate_customer,
        details=msgspec.json.encode(rest).decode(),
    )
