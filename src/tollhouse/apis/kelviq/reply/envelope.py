"""How this door says that something went wrong, and how it hands out pages.

Every error has a readable `detail`; beside it the faults of each field, or a `code` that stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tollhouse.apis.kelviq.call import Call
from tollhouse.ledger.queries import Found, Page
from tollhouse.ledger.refusals import (
    AlreadyArchived,
    AmountOutOfRange,
    CountryNotServed,
    CurrencyMismatch,
    CustomAmountRefused,
    CustomerInUse,
    CustomerUnknown,
    FeatureUnknown,
    FieldRefused,
    GatewayNotConfigured,
    IdempotencyKeyReused,
    NoPriceInCurrency,
    NotInCatalog,
    OrderNotPaid,
    OrderUnknown,
    PaymentMethodMissing,
    PlanAlreadyPublished,
    PlanHasNoOneTimePrice,
    PlanIsArchived,
    PlanIsFree,
    PlanIsNotFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    PlanWithoutPrice,
    QuantityRefused,
    RefundTooLarge,
    Refusal,
    SumTooLarge,
    TenantBlocked,
    VersionNotLatest,
)
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Trouble

NOT_FOUND = Reply(404, b'{"detail":"Not found.","code":"not_found"}')
UNAUTHORISED = Reply(
    401,
    b'{"detail":"A valid API key is required.","code":"not_authenticated"}',
    (JSON, (b"www-authenticate", b"Bearer")),
)
REPLAYED = (b"idempotency-replayed", b"true")
NO_CONTENT = Reply(204, b"", ())

#: Every refusal of a purchase, a refund or a change of the catalog: its status and its code.
REFUSALS: dict[type[Refusal], tuple[int, str]] = {
    IdempotencyKeyReused: (409, "idempotency_key_reused"),
    TenantBlocked: (400, "organization_blocked"),
    CustomerUnknown: (400, "customer_not_found"),
    CustomerInUse: (400, "customer_in_use"),
    PlanUnknown: (400, "plan_not_found"),
    PlanHasNoOneTimePrice: (400, "no_one_time_price"),
    PlanIsFree: (400, "plan_is_free"),
    PlanIsNotFree: (400, "plan_is_not_free"),
    PlanWantsCustomAmount: (400, "custom_amount_required"),
    FeatureUnknown: (400, "feature_not_found"),
    QuantityRefused: (400, "quantity_invalid"),
    CurrencyMismatch: (400, "currency_mismatch"),
    NoPriceInCurrency: (400, "no_price_in_currency"),
    CountryNotServed: (400, "country_not_served"),
    CustomAmountRefused: (400, "custom_amount_invalid"),
    AmountOutOfRange: (400, "amount_too_large"),
    SumTooLarge: (400, "total_too_large"),
    PaymentMethodMissing: (400, "payment_method_required"),
    GatewayNotConfigured: (400, "gateway_not_configured"),
    NotInCatalog: (404, "not_found"),
    AlreadyArchived: (400, "already_archived"),
    PlanIsArchived: (400, "plan_is_archived"),
    PlanWithoutPrice: (400, "plan_without_price"),
    PlanAlreadyPublished: (400, "plan_already_published"),
    VersionNotLatest: (400, "version_not_latest"),
    OrderUnknown: (404, "order_not_found"),
    OrderNotPaid: (400, "order_not_refundable"),
    RefundTooLarge: (400, "refund_too_large"),
}

_ENCODER = msgspec.json.Encoder(decimal_format="number")

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "body_too_large", "The body is too large."),
    Trouble.OVERLOADED: (503, "overloaded", "Too much is waiting. Nothing was charged; try again shortly."),
    Trouble.STOPPING: (503, "stopping", "The server is stopping. Nothing was charged; try again shortly."),
    Trouble.UNAVAILABLE: (503, "unavailable", "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "internal_error", "Something went wrong here."),
}


def error_to_wire(status: int, code: str, detail: str, headers: Headers = (), **more: Any) -> Reply:
    return Reply(status, msgspec.json.encode({"detail": detail, "code": code, **more}), (JSON, *headers))


def invalid_to_wire(errors: dict[str, list[str]]) -> Reply:
    """Faults by field, and the first of them as the readable detail."""
    field, sentences = next(iter(errors.items()))
    return Reply(400, msgspec.json.encode({"detail": f"{field}: {sentences[0]}", **errors}))


def refusal_to_wire(refusal: Refusal, **more: Any) -> Reply:
    if isinstance(refusal, FieldRefused):
        return invalid_to_wire({refusal.field: [str(refusal)]})
    return error_to_wire(*REFUSALS[type(refusal)], str(refusal), **more)


def trouble_to_wire(what: str) -> Reply:
    status, code, detail = _TROUBLES[what]
    return error_to_wire(status, code, detail, (RETRY_AFTER,) if status == 503 else ())


def answered(value: Any, status: int = 200, headers: Headers = ()) -> Reply:
    """Decimals become numbers, exactly."""
    return Reply(status, _ENCODER.encode(value), (JSON, *headers))


def page_to_wire(call: Call, page: Page, found: Found[Any], rows: Sequence[Any]) -> Reply:
    """One page of a list, and where those beside it are. A page past the end is not there, but the first always is."""
    if page.number > 1 and page.offset >= found.total:
        return error_to_wire(404, "page_not_found", "Invalid page.")
    has_next = page.offset + page.size < found.total
    return answered(
        {
            "count": found.total,
            "next": call.page_url(page.number + 1) if has_next else None,
            "previous": call.page_url(page.number - 1) if page.number > 1 else None,
            "results": rows,
        }
    )
