"""The log of what was sent to webhook endpoints."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    DAYS,
    INSTANT,
    PAGING,
    UUID,
    Operation,
    a_list_of,
    an_object,
    nullable,
)

OPERATIONS = (
    Operation(
        method="GET",
        path="/webhook/logs",
        name="listWebhookEventLogs",
        summary="List attempts to deliver events within the last 30 days, the newest first",
        reply="WebhookEventLogListResponse",
        query=(*DAYS, *PAGING),
        errors=(404,),
    ),
)

SCHEMAS: dict[str, Any] = {
    "WebhookEventLogResponse": an_object(
        id=UUID,
        eventId=UUID,
        endpoint=UUID,
        eventType={"type": "string"},
        statusCode=nullable(type="integer", description="What the endpoint answered; null where no answer came."),
        isSuccess={"type": "boolean"},
        retryCount={"type": "integer", "minimum": 0},
        lastAttempt={**INSTANT, "description": "When this attempt was made."},
        createdOn={**INSTANT, "description": "When the event came about."},
        payload={"type": "object", "description": "The event as it was sent."},
        failure={"type": "string", "description": "In a word why it failed; empty for a success."},
    ),
    "WebhookEventLogListResponse": a_list_of("WebhookEventLogResponse"),
}
