"""Requests to change something, as frozen values: what a wire hands to the ledger.

Every command names its tenant. `idempotency` is the caller's token and the key space it lives in; `content` is what the
token stands for: the parsed request before any default was taken from a clock.
"""

from tollhouse.ledger.commands.charges import ChargeNow, CreateCharge, DeleteCharge, UpdateCharge
from tollhouse.ledger.commands.command import (
    PUBLIC_SCOPE,
    TENANT_SCOPE,
    Caller,
    CheckableCommand,
    Command,
    Idempotency,
    Receipt,
    customer_scope,
)
from tollhouse.ledger.commands.purchases import ClaimUnresolved, GatewayAnswer, SettlePurchase, StartPurchase
from tollhouse.ledger.commands.recording import Identity, RecordCharges, RecordedItem
from tollhouse.ledger.commands.taxes import TAXABLE, CreateTax, SetLiability

__all__ = [
    "PUBLIC_SCOPE",
    "TAXABLE",
    "TENANT_SCOPE",
    "Caller",
    "ChargeNow",
    "CheckableCommand",
    "ClaimUnresolved",
    "Command",
    "CreateCharge",
    "CreateTax",
    "DeleteCharge",
    "GatewayAnswer",
    "Idempotency",
    "Identity",
    "Receipt",
    "RecordCharges",
    "RecordedItem",
    "SetLiability",
    "SettlePurchase",
    "StartPurchase",
    "UpdateCharge",
    "customer_scope",
]
