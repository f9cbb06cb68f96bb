"""Customers: made, listed, changed and archived."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    INSTANT,
    PAGING,
    SEARCH,
    TEXT,
    UUID,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    nullable_ref,
)
from tollhouse.apis.kelviq.request.customers import (
    ADDRESS_FIELDS,
    ADDRESS_LENGTH_MAX,
    METADATA_MAX,
    METADATA_TEXT_LENGTH_MAX,
    NAME_LENGTH_MAX,
)

OPERATIONS = (
    Operation(
        method="GET",
        path="/customers",
        name="listCustomers",
        summary="List customers",
        reply="CustomerListResponse",
        query=(SEARCH, a_query("customer_id", "The customer with exactly this customerId.", maxLength=255), *PAGING),
    ),
    Operation(
        method="POST",
        path="/customers",
        name="createCustomer",
        summary="Create a customer",
        success=201,
        body="CustomerCreateRequest",
        reply="CustomerResponse",
        idempotent=True,
    ),
    Operation(
        method="GET",
        path="/customers/{customerId}",
        name="retrieveCustomer",
        summary="Retrieve a customer",
        reply="CustomerResponse",
    ),
    Operation(
        method="PATCH",
        path="/customers/{customerId}",
        name="updateCustomer",
        summary="Update a customer",
        body="CustomerUpdateRequest",
        reply="CustomerResponse",
    ),
    Operation(
        method="DELETE",
        path="/customers/{customerId}",
        name="archiveCustomer",
        summary="Archive a customer",
        success=204,
    ),
)

_ADDRESS = {
    "type": "object",
    "properties": {
        name: nullable(type="string", maxLength=ADDRESS_LENGTH_MAX)
        if name != "country"
        else nullable(type="string", description="ISO 3166-1 alpha-2; prices go by it.")
        for name in ADDRESS_FIELDS
    },
}
_METADATA = {
    "type": "object",
    "additionalProperties": {"type": "string", "maxLength": METADATA_TEXT_LENGTH_MAX},
    "maxProperties": METADATA_MAX,
}
_CHANGEABLE = {
    "email": nullable(type="string", format="email"),
    "name": nullable(type="string", maxLength=NAME_LENGTH_MAX),
    "metadata": nullable(**_METADATA),
    "billingAddress": nullable_ref("BillingAddress"),
}

SCHEMAS: dict[str, Any] = {
    "BillingAddress": _ADDRESS,
    "CustomerCreateRequest": an_object(
        ("customerId",),
        customerId={**TEXT, "pattern": "^[^/]+$", "description": "Yours; never to be given again, also once archived."},
        **_CHANGEABLE,
    ),
    "CustomerUpdateRequest": an_object((), **_CHANGEABLE),
    "CustomerResponse": an_object(
        id=UUID,
        customerId=TEXT,
        name=nullable(type="string"),
        email=nullable(type="string"),
        details={"type": "object"},
        metadata={"type": "object"},
        billingAddress=nullable_ref("BillingAddress"),
        createdOn=INSTANT,
        modifiedOn=INSTANT,
    ),
    "CustomerListResponse": a_list_of("CustomerResponse"),
}
