"""From receipts, refusals and facts to Beacon's wire. The HTTP status is always the envelope's `code`."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.domain import summaries
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TenantFact, TransactionFact
from tollhouse.ledger.refusals import IdempotencyKeyReused, NegativeAmountRefused, Refusal, SumTooLarge
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Trouble

CORS: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Idempotency-Replayed, Retry-After, X-Request-Id"),
)
PREFLIGHT: Headers = (
    *CORS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key"),
    (b"access-control-max-age", b"86400"),
)
REPLAYED = (b"idempotency-replayed", b"true")

SUCCESS = Reply(200, b'{"success":true,"code":200,"data":null}', (JSON, *CORS))
SUCCESS_REPLAYED = Reply(200, SUCCESS.body, (JSON, *CORS, REPLAYED))

_REFUSALS: dict[type[Refusal], tuple[int, str]] = {
    IdempotencyKeyReused: (409, "idempotency_key"),
    SumTooLarge: (422, "amount"),
    NegativeAmountRefused: (422, "amount"),
}

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


def data_to_wire(data: Any, **more: Any) -> Reply:
    return Reply(200, msgspec.json.encode({"success": True, "code": 200, "data": data, **more}), (JSON, *CORS))


def error_to_wire(
    status: int, message: str, errors: dict[str, list[str]] | None = None, headers: Headers = ()
) -> Reply:
    body = {"success": False, "code": status, "data": None, "message": message, "errors": errors or {}}
    return Reply(status, msgspec.json.encode(body), (JSON, *CORS, *headers))


def refusal_to_wire(refusal: Refusal) -> Reply:
    status, field = _REFUSALS[type(refusal)]
    return error_to_wire(status, str(refusal), {field: [str(refusal)]})


def trouble_to_wire(what: str) -> Reply:
    status, message = _TROUBLES[what]
    return error_to_wire(status, message, headers=(RETRY_AFTER,) if status == 503 else ())


def summary_to_wire(summary: ChargeSummary) -> dict[str, int | None]:
    """Counts and minor units; times in UNIX seconds, null where nothing was charged."""
    return {
        "count": summary.count,
        "sum": summary.sum_minor,
        "average": summary.average_minor,
        "first_charged_at": seconds(summary.first_at),
        "last_charged_at": seconds(summary.last_at),
        "last_amount": summary.last_amount_minor,
    }


def customer_to_wire(customer: CustomerFact, rows: list[SummaryFact], tenant: TenantFact) -> dict[str, Any]:
    first_name, _, last_name = customer.name.strip().partition(" ")
    by_currency = {row.currency: summary_to_wire(summary_from_row(row)) for row in rows}
    return {
        "id": customer.uid,
        "project_id": tenant.slug,
        "user_id": customer.reference,
        "email": customer.email,
        "name": customer.name or None,
        "first_name": first_name or None,
        "last_name": last_name.strip() or None,
        "initials": (first_name[:1] + last_name.strip()[:1]).upper() or None,
        "charge_summary": by_currency.get(tenant.currency) or summary_to_wire(summaries.EMPTY),
        "charge_summaries": by_currency,
        "session": {
            "count": customer.sessions,
            "first_seen_at": seconds(customer.created_at),
            "last_seen_at": seconds(customer.last_seen_at),
        },
        "created_at": seconds(customer.created_at),
        "updated_at": seconds(customer.updated_at),
    }


def charge_to_wire(transaction: TransactionFact, customer_uid: str) -> dict[str, Any]:
    return {
        "id": str(transaction.transaction_id),
        "customer_id": customer_uid,
        "amount": transaction.gross_minor,
        "currency": transaction.currency,
        "source": transaction.origin,
        "created_at": seconds(transaction.effective_at),
        "updated_at": seconds(transaction.recorded_at),
    }


def seconds(instant: int | None) -> int | None:
    """UNIX seconds of an instant, its fraction dropped."""
    return None if instant is None else instant // SECOND
