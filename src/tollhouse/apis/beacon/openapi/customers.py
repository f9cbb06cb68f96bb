"""Customers: who they are, and what is known of them."""

from __future__ import annotations

from typing import Any, Final

from tollhouse.apis.beacon.openapi.operations import change, listing, read, search, write
from tollhouse.apis.beacon.openapi.schemas import (
    COUNT,
    ID,
    IDENTITY,
    NULL,
    SECONDS,
    STRING,
    TEXT,
    TIME,
    TOUCH,
    UUID,
    Schema,
    asked,
    list_of,
    nullable,
    ref,
    time_sent,
    whole,
)
from tollhouse.apis.beacon.request.customers import (
    NAME_LENGTH_MAX,
    NOTES_LENGTH_MAX,
    PHONE_LENGTH_MAX,
    TRAIT_LENGTH_MAX,
    TRAITS_MAX,
)
from tollhouse.apis.beacon.request.tags import TAG_LENGTH_MAX
from tollhouse.domain.identity import EMAIL_LENGTH_MAX

_NAME: Final = nullable(type="string", maxLength=NAME_LENGTH_MAX)

#: What an identify call says of a customer; what it leaves out stays as it was.
PROFILE: dict[str, Schema] = {
    "name": {**_NAME, "description": "Split at its first blank into first and last name."},
    "first_name": {**_NAME, "description": "Wins over the name."},
    "last_name": {**_NAME, "description": "Wins over the name."},
    "phone": {
        "description": "Kept in E.164 where it names its country, else as it is.",
        "anyOf": [{"type": "string", "maxLength": PHONE_LENGTH_MAX}, {"type": "integer"}, {"type": "null"}],
    },
    "signed_up_at": time_sent("When they signed up with the caller, in UNIX seconds. Not in the future."),
    "ip": nullable(type="string", description="The customer's address, of which the country is kept too."),
    "custom_attributes": {
        "description": "Traits by their fields; null takes the value away.",
        "anyOf": [
            {
                "type": "object",
                "maxProperties": TRAITS_MAX,
                "propertyNames": {"pattern": r"^[\w-]{1,50}$"},
                "additionalProperties": {
                    "anyOf": [
                        {"type": "string", "maxLength": TRAIT_LENGTH_MAX},
                        {"type": "number"},
                        {"type": "boolean"},
                        {"type": "null"},
                    ]
                },
            },
            {"type": "null"},
        ],
    },
}

_LISTED: dict[str, Schema] = {
    "id": UUID,
    "project_id": STRING,
    "user_id": TEXT,
    "email": TEXT,
    "phone": TEXT,
    "name": TEXT,
    "first_name": TEXT,
    "last_name": TEXT,
    "initials": TEXT,
    "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
    "link": {**TEXT, "description": "Its page in the console; null where TOLLHOUSE_PUBLIC_URL is not set."},
    "charge_summary": {**ref("ChargeSummary"), "description": "In the project's currency."},
    "charge_summaries": {
        "type": "object",
        "description": "By currency.",
        "additionalProperties": ref("ChargeSummary"),
    },
    "stripe": list_of({}, maxItems=0),
    "session": whole({"count": COUNT, "first_seen_at": SECONDS, "last_seen_at": TIME}),
    "device": whole({"user_agent": TEXT}),
    "location": whole({"country": nullable(type="string", pattern="^[A-Z]{2}$"), "country_name": TEXT}),
    "has_push_notifications": {"const": False},
    "custom_attributes": list_of(ref("Attribute")),
    "notes": TEXT,
    "created_at": SECONDS,
    "updated_at": SECONDS,
}
_READ: dict[str, Schema] = {
    "gravatar": TEXT,
    "product_summaries": list_of({}, maxItems=0),
    "event_summaries": list_of(ref("EventSummary")),
    "page_summaries": list_of(ref("Page")),
    "ip": TEXT,
    "tags": list_of(whole({"id": ID, "name": STRING})),
    "segments": list_of(whole({"id": ID, "name": STRING, "slug": STRING})),
    "unsub_groups": list_of({}, maxItems=0),
    "signed_up_at": TIME,
    "last_messaged_at": NULL,
    "unsubscribed_at": TIME,
    "unsubscribed_sms_at": NULL,
}

SCHEMAS: dict[str, Any] = {
    "CustomerSent": {
        **asked({**IDENTITY, **PROFILE, **TOUCH}),
        "example": {"user_id": "cust_789", "name": "Ada Lovelace", "custom_attributes": {"seats": 5}},
    },
    "CustomersSent": asked({**TOUCH, "customers": list_of(ref("CustomerSent"))}, "customers"),
    "ListedCustomer": whole(_LISTED),
    "Customer": whole({**_LISTED, **_READ}),
    "Attribute": whole(
        {
            "id": ID,
            "field": STRING,
            "name": STRING,
            "type": {"enum": ["string", "number", "boolean", "date"]},
            "format": STRING,
            "value": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]},
        }
    ),
}

_ALL, _ONE = "/v1/projects/{slug}/customers", "/v1/customers/{id}"
_TAGS, _NOTES, _UNSUBSCRIBE = f"{_ONE}/tags", f"{_ONE}/notes", f"{_ONE}/unsubscribe"
_WHOLE = ref("Customer")
_TAG_NAMED = asked({"name": {"type": "string", "minLength": 1, "maxLength": TAG_LENGTH_MAX}}, "name")
_NOTES_SENT = asked({"notes": nullable(type="string", maxLength=NOTES_LENGTH_MAX)}, "notes")
_EMAIL_SENT = asked({"email": {"type": "string", "maxLength": EMAIL_LENGTH_MAX}}, "email")

PATHS: dict[str, Any] = {
    "/customers": write("identifyCustomer", "Say who a customer is; one who is new is made", "CustomerSent"),
    "/customers/bulk": write("identifyCustomers", "Say who customers are, all or none", "CustomersSent"),
    _ALL: {
        **listing(
            "listCustomers", "List customers", _ALL, ref("ListedCustomer"), search("Finds by user_id, email and name.")
        ),
        **change(
            "post", ("createCustomer", "The customer with an e-mail, made if new"), _ALL, _WHOLE, body=_EMAIL_SENT
        ),
    },
    _ONE: {
        **read("readCustomer", "Read a customer", _ONE, _WHOLE),
        **change("delete", ("deleteCustomer", "Delete a customer who has none below"), _ONE, NULL, errors=("409",)),
    },
    _TAGS: {
        **change("post", ("addTag", "Give a customer a tag"), _TAGS, _WHOLE, body=_TAG_NAMED),
        **change("delete", ("removeTag", "Take a tag from a customer"), _TAGS, _WHOLE, body=_TAG_NAMED),
    },
    _NOTES: change("put", ("writeNotes", "Write what is noted of a customer"), _NOTES, _WHOLE, body=_NOTES_SENT),
    _UNSUBSCRIBE: change("put", ("unsubscribe", "Note that no more e-mail is wanted"), _UNSUBSCRIBE, _WHOLE),
}
