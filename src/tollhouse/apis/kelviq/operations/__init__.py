"""What this door serves, noun by noun: the routes, the OpenAPI document and the tests are made of these."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tollhouse.apis.kelviq.operations import (
    charges,
    checkout,
    customers,
    entitlements,
    offerings,
    orders,
    payment_methods,
    plans,
    products,
    refunds,
    subscriptions,
    webhooks,
)
from tollhouse.apis.kelviq.operations.operation import Operation

_NOUNS: tuple[ModuleType, ...] = (
    charges,
    checkout,
    customers,
    payment_methods,
    webhooks,
    products,
    plans,
    offerings,
    orders,
    refunds,
    entitlements,
    subscriptions,
)

OPERATIONS: tuple[Operation, ...] = tuple(operation for noun in _NOUNS for operation in noun.OPERATIONS)
SCHEMAS: dict[str, Any] = {name: schema for noun in _NOUNS for name, schema in noun.SCHEMAS.items()}
