"""What is told of each class of facts, and which are not told at all.

Every class is in one of the two, and a test sees to that. Safe by default: a field whose name smells of a secret is
never told, whatever is said here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tollhouse.ledger import facts
from tollhouse.ledger.facts import Fact

#: A field named like this holds what opens something: of it is told that it was set, changed or removed.
SECRET: Final = re.compile(
    r"hash|secret|token|totp|passw|(^|_)stamp$|gateway_(key|reference)|(public|private|api)_?key|code$"
)
#: Such names that hold nothing of the kind.
NO_SECRET: Final = frozenset(
    {"tax_code", "decline_code", "failure_code", "status_code", "token_epoch", "public_keys_may_charge"}
)


class Told(msgspec.Struct, frozen=True):
    """`kind` and `key` name a fact of the class, `called` is the field that people call it by, if any.

    Of `masked` fields the first character is told. `opened` ones are JSON objects, told by their keys as
    `details.credit_limit`: of a masked one those that are `plain` are told as they are. What is `always` told
    says which of several it is.
    """

    kind: str
    key: Callable[[Any], str]
    called: str = ""
    masked: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()


#: Bookkeeping of every class: it says nothing about what was changed.
LEFT_OUT: Final = frozenset(
    {"tenant_id", "uid", "created_at", "updated_at", "modified_at", "changed_at", "recorded_at", "email_folded", "path"}
)


def _by(*fields: str) -> Callable[[Any], str]:
    return lambda fact: "/".join(str(getattr(fact, field)) for field in fields)


def _told(
    kind: str,
    *key: str,
    called: str = "",
    masked: tuple[str, ...] = (),
    opened: tuple[str, ...] = (),
    left_out: tuple[str, ...] = (),
    plain: tuple[str, ...] = (),
) -> Told:
    return Told(kind, _by(*key), called, frozenset(masked), frozenset(opened), frozenset(left_out), frozenset(plain))


_CUSTOMER = ("customer_number",)

#: Of a customer's details what is of money and says nothing of a person.
_TERMS = (
    *("affiliate_customer", "affiliate_percentage", "affiliate_type", "auto_topup", "bulk_calls", "call_maximum"),
    *("credit_limit", "directory", "email_low_balance", "invoice_due_delay", "locked", "payment_type"),
)

TOLD: Final[dict[type[Fact], Told]] = {
    # The tenant and who may come in.
    facts.TenantFact: _told("tenant", "slug", called="slug"),
    facts.ProjectDetailFact: _told("project detail", "name"),
    facts.KeyFact: Told("key", lambda key: key.key_hash[:12], "name", left_out=frozenset({"key_hash"})),
    facts.RoleFact: _told("role", "role_id", called="name", opened=("privileges",)),
    facts.PersonFact: _told(
        "person", "person_id", called="username", masked=("email", "forename", "surname"), left_out=("totp_step",)
    ),
    facts.ProfileFact: _told("profile", "person_id", masked=("details",), opened=("details",)),
    # Customers.
    facts.CustomerFact: _told(
        "customer",
        "number",
        masked=("reference", "email", "name"),
        left_out=("sessions", "last_seen_at", "is_guest", "origin"),
    ),
    facts.CustomerDetailsFact: _told(
        "customer details",
        *_CUSTOMER,
        masked=("account", "description", "details"),
        opened=("details",),
        plain=tuple(f"details.{name}" for name in _TERMS),
    ),
    facts.CustomerProfileFact: _told(
        "customer profile",
        *_CUSTOMER,
        masked=("metadata", "billing_address"),
        opened=("metadata", "billing_address"),
    ),
    facts.TrackedCustomerFact: _told(
        "customer profile",
        *_CUSTOMER,
        masked=("first_name", "last_name", "phone", "ip", "user_agent", "notes"),
    ),
    facts.CustomerTraitFact: _told("trait", "customer_number", "field", masked=("value",), left_out=("sort_key",)),
    facts.CustomerTagFact: _told("tag", "customer_number", "tag_id"),
    facts.TopupRequestFact: _told("topup request", "request_id"),
    # What is sold, and at which price.
    facts.ProductFact: _told("product", "product_id", called="identifier"),
    facts.ProductTermsFact: _told("product terms", "product_id"),
    facts.ProductDetailsFact: _told("product details", "product_id", opened=("settings",)),
    facts.FeatureFact: _told("feature", "feature_id", called="identifier"),
    facts.FeatureDetailsFact: _told("feature details", "feature_id", opened=("details",)),
    facts.PlanFact: _told("plan", "number", called="identifier"),
    facts.PlanDetailsFact: _told("plan details", "plan_number", opened=("settings",)),
    facts.PlanFeeFact: _told("plan fee", "plan_number", "feature", "occurs"),
    facts.PlanProductFact: _told("plan product", "plan_number", "product_id"),
    facts.PlanVersionFact: _told("plan version", "plan_number", "version", opened=("document",)),
    facts.PlanEntitlementFact: _told("plan entitlement", "plan_number", "position"),
    facts.PlanPriceFact: _told("plan price", "plan_number", "position"),
    facts.PriceFeatureFact: _told("price feature", "plan_number", "price_position", "position"),
    facts.TaxFact: _told("tax", "tax_id", called="name"),
    facts.LiabilityFact: _told("tax liability", "tax_id", "object_type", "object_id"),
    facts.ExchangeRateFact: Told(
        "exchange rate", _by("from_currency", "to_currency"), always=frozenset({"effective_at"})
    ),
    # Charges and money.
    facts.ChargeFact: _told(
        "charge", "charge_id", called="name", left_out=("plan_run_id", "enrolling_from", "enrolling_at", "origin")
    ),
    facts.ScheduleFact: _told("schedule", "charge_id", "customer_number", left_out=("tries",)),
    facts.PlanRunFact: _told("plan run", "plan_run_id", left_out=("lease_until", "fingerprint", "key_scope", "digest")),
    facts.TransactionFact: _told(
        "transaction", "transaction_id", left_out=("transaction_id", "description", "person_id", "origin")
    ),
    facts.CorrectionFact: _told("correction", "transaction_id", left_out=("figures",)),
    facts.InvoiceFact: _told("invoice", "invoice_id", masked=("customer_name",), left_out=("person_id",)),
    facts.PaymentMethodFact: _told("payment method", "payment_method_id"),
    facts.PaymentMethodDetailsFact: _told("card", "payment_method_id"),
    facts.PaymentFact: _told(
        "order",
        "order_id",
        left_out=("payment_id", "detail", "call_until_at", "look_up_at", "look_ups", "refund_reserved_minor"),
    ),
    facts.RefundFact: _told(
        "refund", "refund_id", masked=("internal_note",), left_out=("call_until_at", "look_up_at", "look_ups")
    ),
    facts.EntitlementFact: _told("entitlement", "customer_number", "identifier", left_out=("used", "used_at")),
    # What is told to others, and what is defined.
    facts.WebhookEndpointFact: _told("webhook endpoint", "uid", called="url"),
    facts.SegmentFact: _told("segment", "slug", called="slug"),
    facts.TagFact: _told("tag definition", "tag_id", called="name"),
    facts.TraitFact: _told("trait definition", "trait_id", called="field"),
    facts.EventDefinitionFact: _told("event definition", "event_id", called="action"),
    facts.ImportFact: _told("import", "digest"),
}

#: What follows from the above, is traffic, or is the machinery's own.
UNTOLD: Final[frozenset[type[Fact]]] = frozenset(
    {
        facts.AuditFact,
        facts.CheckoutSessionFact,
        facts.CustomerWordFact,
        facts.DayFigureFact,
        facts.DeliveryAttemptFact,
        facts.DeliveryFact,
        facts.EventFact,
        facts.EventSummaryFact,
        facts.InvoiceCounterFact,
        facts.InvoiceTransactionFact,
        facts.LoginAddressFact,
        facts.LoginNameFact,
        facts.OccurrenceFact,
        facts.PageVisitsFact,
        facts.PaymentAttemptFact,
        facts.PlanRunLineFact,
        facts.PlanRunTariffFact,
        facts.ReceiptFact,
        facts.RefundAttemptFact,
        facts.RefusedRowFact,
        facts.RetiredReferenceFact,
        facts.SandboxPaymentFact,
        facts.SandboxRefundFact,
        facts.SignInFact,
        facts.SummaryFact,
        facts.TotalFact,
        facts.TrackedEventFact,
        facts.TransactionTaxFact,
    }
)
