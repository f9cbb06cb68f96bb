"""Requests to change something, as frozen values: what a wire hands to the ledger.

Every command names its tenant. `idempotency` is the caller's token and the key space it lives in; `content` is what the
token stands for: the parsed request before any default was taken from a clock.
"""

from tollhouse.ledger.commands.charges import ChargeNow, CreateCharge, DeleteCharge, UpdateCharge
from tollhouse.ledger.commands.checkouts import CHECKOUT_SCOPE, OpenCheckout
from tollhouse.ledger.commands.command import (
    PUBLIC_SCOPE,
    TENANT_SCOPE,
    Actor,
    Caller,
    CheckableCommand,
    Command,
    Idempotency,
    Receipt,
    customer_scope,
)
from tollhouse.ledger.commands.customers import (
    CreateCustomer,
    DeleteCustomer,
    MoveCustomer,
    RequestTopup,
    UndeleteCustomer,
    UpdateCustomer,
)
from tollhouse.ledger.commands.invoices import CreateInvoice
from tollhouse.ledger.commands.payment_methods import (
    ConfirmPaymentMethod,
    RemovePaymentMethod,
    SavePaymentMethod,
    SetDefaultMethod,
)
from tollhouse.ledger.commands.people import (
    PRIVILEGES,
    CreatePerson,
    CreateRole,
    DeletePerson,
    RecordLogin,
    SetAccess,
    UnlockPerson,
    UpdatePerson,
    UseCode,
)
from tollhouse.ledger.commands.plans import CreatePlan, SetPlanFee, SetPlanProduct, UpdatePlan
from tollhouse.ledger.commands.products import PRODUCT_TYPES, CreateProduct, PurchaseProduct, UpdateProduct
from tollhouse.ledger.commands.purchases import (
    ClaimUnresolved,
    GatewayAnswer,
    GatewayCharge,
    GatewayEvent,
    GatewayMethod,
    GatewayRefund,
    SettlePurchase,
    StartPurchase,
    event_attempt_no,
)
from tollhouse.ledger.commands.recording import Identity, RecordCharges, RecordedItem
from tollhouse.ledger.commands.registering import ArchiveCustomer, ChangeRegistered, RegisterCustomer
from tollhouse.ledger.commands.taxes import TAXABLE, CreateTax, SetLiability, UpdateTax
from tollhouse.ledger.commands.tracking import (
    Browser,
    ChangeProject,
    EventTold,
    ForgetCustomer,
    PageTold,
    ProfileTold,
    TagCustomer,
    Told,
    Track,
    Unsubscribe,
    WriteNotes,
)
from tollhouse.ledger.commands.transactions import AddToBalance, CreateTransaction

__all__ = [
    "CHECKOUT_SCOPE",
    "PRIVILEGES",
    "PRODUCT_TYPES",
    "PUBLIC_SCOPE",
    "TAXABLE",
    "TENANT_SCOPE",
    "Actor",
    "AddToBalance",
    "ArchiveCustomer",
    "Browser",
    "Caller",
    "ChangeProject",
    "ChangeRegistered",
    "ChargeNow",
    "CheckableCommand",
    "ClaimUnresolved",
    "Command",
    "ConfirmPaymentMethod",
    "CreateCharge",
    "CreateCustomer",
    "CreateInvoice",
    "CreatePerson",
    "CreatePlan",
    "CreateProduct",
    "CreateRole",
    "CreateTax",
    "CreateTransaction",
    "DeleteCharge",
    "DeleteCustomer",
    "DeletePerson",
    "EventTold",
    "ForgetCustomer",
    "GatewayAnswer",
    "GatewayCharge",
    "GatewayEvent",
    "GatewayMethod",
    "GatewayRefund",
    "Idempotency",
    "Identity",
    "MoveCustomer",
    "OpenCheckout",
    "PageTold",
    "ProfileTold",
    "PurchaseProduct",
    "Receipt",
    "RecordCharges",
    "RecordLogin",
    "RecordedItem",
    "RegisterCustomer",
    "RemovePaymentMethod",
    "RequestTopup",
    "SavePaymentMethod",
    "SetAccess",
    "SetDefaultMethod",
    "SetLiability",
    "SetPlanFee",
    "SetPlanProduct",
    "SettlePurchase",
    "StartPurchase",
    "TagCustomer",
    "Told",
    "Track",
    "UndeleteCustomer",
    "UnlockPerson",
    "Unsubscribe",
    "UpdateCharge",
    "UpdateCustomer",
    "UpdatePerson",
    "UpdatePlan",
    "UpdateProduct",
    "UpdateTax",
    "UseCode",
    "WriteNotes",
    "customer_scope",
    "event_attempt_no",
]
