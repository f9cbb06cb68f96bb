"""From refusals and data to ENSwitch's envelope.

What happened is told by the codes in the body; the HTTP status of a known function is 200, but for a body that is too
large and for overload.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.ledger.refusals import (
    AffiliateUnknown,
    AlreadyCharged,
    AmountOutOfRange,
    AmountTooPrecise,
    BalanceRefused,
    BuyOutOfRange,
    ChargeUnderWay,
    ChargeUnknown,
    CodeRefused,
    CurrencyFixed,
    CurrencyUnknown,
    CustomerInUse,
    CustomerUnknown,
    DigestStale,
    EmailTaken,
    EndBeforeStart,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    InheritanceRefused,
    InvoiceUnknown,
    LiabilityUnknown,
    ListTooLong,
    NegativeAmountRefused,
    NotBilled,
    NotForOneCustomer,
    NothingToInvoice,
    ObjectUnknown,
    OutsideWindow,
    OwnDeletionRefused,
    OwnSystemAccessRefused,
    ParentDecides,
    ParentIsBelow,
    ParentTooDeep,
    ParentUnknown,
    PasswordNotCopied,
    PersonUnknown,
    PlanRunLost,
    PlanRunRefused,
    PlanUnknown,
    PrivilegeLacking,
    ProductNotForSale,
    ProductUnknown,
    ReferenceReserved,
    ReferenceTaken,
    Refusal,
    RoleNameTaken,
    RoleUnknown,
    SelfChargeRefused,
    SelfCreditRefused,
    SelfInvoiceRefused,
    SeveralPeople,
    StatementTooLong,
    SumTooLarge,
    TaxUnknown,
    TimeInFuture,
    UsernameTaken,
)
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Trouble

ALLOW = (b"allow", b"GET, POST")
REPLAYED = (b"idempotency-replayed", b"true")

#: The code and key of each refusal.
REFUSALS: dict[type[Refusal], tuple[str, str]] = {
    AlreadyCharged: ("400", "id"),
    AffiliateUnknown: ("400", "affiliate_customer"),
    AmountOutOfRange: ("400", "amount"),
    AmountTooPrecise: ("400", "amount"),
    BalanceRefused: ("400", "balance"),
    BuyOutOfRange: ("400", "buy"),
    ChargeUnknown: ("404", "id"),
    CodeRefused: ("400", "auth_code"),
    CurrencyFixed: ("400", "currency"),
    CurrencyUnknown: ("400", "currency"),
    CustomerInUse: ("400", "id"),
    CustomerUnknown: ("404", "customer"),
    EmailTaken: ("400", "email"),
    EndBeforeStart: ("400", "end"),
    ExchangeRateMissing: ("400", "currency"),
    IdempotencyKeyReused: ("409", "idempotency_key"),
    InheritanceRefused: ("400", "inherit"),
    InvoiceUnknown: ("400", "invoice"),
    LiabilityUnknown: ("404", "tax"),
    ListTooLong: ("400", "limit"),
    NegativeAmountRefused: ("400", "amount"),
    NotForOneCustomer: ("400", "id"),
    ChargeUnderWay: ("400", "id"),
    DigestStale: ("409", "digest"),
    PlanRunLost: ("500", ""),
    PlanRunRefused: ("400", "id"),
    NotBilled: ("400", "customer"),
    NothingToInvoice: ("400", "customer"),
    ObjectUnknown: ("400", "number"),
    OutsideWindow: ("400", "id"),
    OwnDeletionRefused: ("400", "id"),
    OwnSystemAccessRefused: ("400", "access"),
    ParentDecides: ("400", ""),
    ParentIsBelow: ("400", "parent"),
    ParentTooDeep: ("400", "parent"),
    ParentUnknown: ("400", "parent"),
    PasswordNotCopied: ("400", "copy_password"),
    PersonUnknown: ("404", "id"),
    PlanUnknown: ("404", "plan"),
    PrivilegeLacking: ("402", ""),
    ProductNotForSale: ("400", "id"),
    ProductUnknown: ("400", "product"),
    ReferenceReserved: ("400", "reference"),
    ReferenceTaken: ("400", "reference"),
    RoleNameTaken: ("400", "name"),
    RoleUnknown: ("404", "role"),
    SelfChargeRefused: ("400", "customer"),
    SelfCreditRefused: ("400", "customer"),
    SelfInvoiceRefused: ("400", "customer"),
    SeveralPeople: ("409", "email"),
    StatementTooLong: ("400", "start"),
    SumTooLarge: ("400", "id"),
    TaxUnknown: ("400", "tax"),
    TimeInFuture: ("400", "time"),
    UsernameTaken: ("400", "username"),
}

#: Parameters that are called otherwise in the ledger.
_FIELDS = {"plan_number": "plan"}

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.STOPPING: (503, "The server is stopping. Nothing was done; try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


def data_to_wire(data: Any, headers: Headers = ()) -> Reply:
    return _envelope(200, [("200", "", "OK")], headers, data=data)


def code_wanted_to_wire(data: Any) -> Reply:
    """The password is right, and a one-time code is wanted."""
    return _envelope(200, [("202", "", "OK")], data=data)


def validated_to_wire(**data: Any) -> Reply:
    """Everything was checked and is good; nothing was changed."""
    return _envelope(200, [("201", "", "OK")], **data)


def done_to_wire(headers: Headers = ()) -> Reply:
    return _envelope(200, [("204", "", "OK")], headers)


def faults_to_wire(faults: Sequence[tuple[str, str]]) -> Reply:
    return _envelope(200, [("400", key, sentence) for key, sentence in faults])


def unauthorised_to_wire() -> Reply:
    return _envelope(200, [("401", "", "The username or password is wrong.")])


def forbidden_to_wire() -> Reply:
    return _envelope(200, [("402", "", "Your role does not allow this.")])


def refusal_to_wire(function: Function, refusal: Refusal) -> Reply:
    code, key = function.refusals.get(type(refusal)) or REFUSALS[type(refusal)]
    if isinstance(refusal, ParentDecides):
        key = _FIELDS.get(refusal.field, refusal.field)
    return _envelope(200, [(code, key, str(refusal))])


def unknown_path_to_wire() -> Reply:
    return _envelope(404, [("404", "", "There is no such function.")])


def method_to_wire() -> Reply:
    return _envelope(405, [("405", "", "Use GET or POST.")], (ALLOW,))


def trouble_to_wire(what: str) -> Reply:
    """A fault of ours is told as the others are; only what the transport refuses has an HTTP status of its own."""
    status, sentence = _TROUBLES[what]
    headers = (RETRY_AFTER,) if status == 503 else ()
    return _envelope(200 if status == 500 else status, [(str(status), "", sentence)], headers)


def created_to_wire(number: int) -> dict[str, Any]:
    return {"id": number}


def _envelope(status: int, responses: Sequence[tuple[str, str, str]], headers: Headers = (), **data: Any) -> Reply:
    entries = [{"code": code, "key": key, "message": message} for code, key, message in responses]
    return Reply(status, msgspec.json.encode({"responses": entries, **data}), (JSON, *headers))
