"""Page views."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.operations import listing, write
from tollhouse.apis.beacon.openapi.schemas import (
    COUNT,
    IDENTITY,
    SECONDS,
    STRING,
    TEXT,
    TOUCH,
    asked,
    nullable,
    ref,
    time_sent,
    whole,
)
from tollhouse.apis.beacon.request.pages import TITLE_LENGTH_MAX, URL_LENGTH_MAX

_OF_CUSTOMER = "/v1/customers/{id}/pages"

SCHEMAS: dict[str, Any] = {
    "PageSent": asked(
        {
            **IDENTITY,
            "url": {"type": "string", "pattern": "^https?://", "maxLength": URL_LENGTH_MAX},
            "title": nullable(type="string", maxLength=TITLE_LENGTH_MAX),
            "created_at": time_sent("When it was seen, in UNIX seconds; the server's time when absent."),
            **TOUCH,
        },
        "url",
    ),
    "Page": whole(
        {
            "title": TEXT,
            "url": whole(dict.fromkeys(("href", "protocol", "host", "pathname", "search", "hash"), STRING)),
            "count": COUNT,
            "first_visited_at": SECONDS,
            "last_visited_at": SECONDS,
        }
    ),
}
PATHS: dict[str, Any] = {
    "/pages": write("createPageView", "Count a page that a customer saw", "PageSent"),
    _OF_CUSTOMER: listing(
        "listPages", "List the pages that a customer saw, the latest first", _OF_CUSTOMER, ref("Page")
    ),
}
