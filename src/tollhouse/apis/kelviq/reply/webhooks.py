"""Attempts to deliver events → wire."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.ledger.events.objects import instant_text
from tollhouse.ledger.queries import ListedAttempt


def attempt_to_wire(row: ListedAttempt) -> dict[str, Any]:
    attempt = row.attempt
    return {
        "id": attempt.uid,
        "eventId": attempt.event_uid,
        "endpoint": attempt.endpoint_uid,
        "eventType": attempt.event_type,
        "statusCode": attempt.status_code,
        "isSuccess": bool(attempt.is_success),
        "retryCount": attempt.attempt_no - 1,
        "lastAttempt": instant_text(attempt.started_at),
        "createdOn": instant_text(attempt.event_created_at),
        "payload": msgspec.Raw(row.body.encode()),
        "failure": attempt.failure,
    }
