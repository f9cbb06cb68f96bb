"""From receipts, refusals and facts to ENSwitch's wire.

What happened is told by the codes in the body; the HTTP status of a known function is 200, but for a body that is too
large and for overload.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tollhouse.apis.enswitch import functions
from tollhouse.apis.enswitch.functions import Function
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_NUMBER, ChargeFact, CustomerFact, LiabilityFact
from tollhouse.ledger.queries import StatementLine
from tollhouse.ledger.refusals import (
    AlreadyCharged,
    AmountOutOfRange,
    BuyOutOfRange,
    ChargeUnknown,
    CurrencyUnknown,
    CustomerUnknown,
    EndBeforeStart,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    LiabilityUnknown,
    NegativeAmountRefused,
    NotYetSupported,
    ObjectUnknown,
    OutsideWindow,
    PlanUnknown,
    Refusal,
    SelfChargeRefused,
    StatementTooLong,
    SumTooLarge,
    TaxUnknown,
)
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Trouble

ALLOW = (b"allow", b"GET, POST")
REPLAYED = (b"idempotency-replayed", b"true")

#: The code and key of each refusal.
REFUSALS: dict[type[Refusal], tuple[str, str]] = {
    AlreadyCharged: ("400", "id"),
    AmountOutOfRange: ("400", "amount"),
    BuyOutOfRange: ("400", "buy"),
    ChargeUnknown: ("404", "id"),
    CurrencyUnknown: ("400", "currency"),
    CustomerUnknown: ("404", "customer"),
    EndBeforeStart: ("400", "end"),
    ExchangeRateMissing: ("400", "currency"),
    IdempotencyKeyReused: ("409", "idempotency_key"),
    LiabilityUnknown: ("404", "tax"),
    NegativeAmountRefused: ("400", "amount"),
    NotYetSupported: ("400", "id"),
    ObjectUnknown: ("400", "number"),
    OutsideWindow: ("400", "id"),
    PlanUnknown: ("404", "plan"),
    SelfChargeRefused: ("400", "customer"),
    StatementTooLong: ("400", "start"),
    SumTooLarge: ("400", "id"),
    TaxUnknown: ("400", "tax"),
}

#: Where a function means something else by a refusal: its page lists no 404, or the fault is no parameter's.
REFUSALS_OF: dict[str, dict[type[Refusal], tuple[str, str]]] = {
    functions.LIST_CHARGES.path: {CustomerUnknown: ("400", "customer"), PlanUnknown: ("400", "plan")},
    functions.CHARGE_NOW.path: {AmountOutOfRange: ("400", "id"), ExchangeRateMissing: ("500", "")},
    functions.CREATE_TAX.path: {CustomerUnknown: ("400", "customer")},
    functions.LIST_TRANSACTIONS.path: {CustomerUnknown: ("400", "customer")},
    functions.GET_CUSTOMER.path: {CustomerUnknown: ("404", "id")},
}

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


def data_to_wire(data: Any, headers: Headers = ()) -> Reply:
    return _envelope(200, [("200", "", "OK")], headers, data=data)


def validated_to_wire() -> Reply:
    """Everything was checked and is good; nothing was changed."""
    return _envelope(200, [("201", "", "OK")])


def done_to_wire(headers: Headers = ()) -> Reply:
    return _envelope(200, [("204", "", "OK")], headers)


def faults_to_wire(faults: Sequence[tuple[str, str]]) -> Reply:
    return _envelope(200, [("400", key, sentence) for key, sentence in faults])


def unauthorised_to_wire() -> Reply:
    return _envelope(200, [("401", "", "The username or password is wrong.")])


def forbidden_to_wire() -> Reply:
    return _envelope(200, [("402", "", "Your role does not allow this.")])


def refusal_to_wire(function: Function, refusal: Refusal) -> Reply:
    own = REFUSALS_OF.get(function.path, {})
    code, key = own.get(type(refusal)) or REFUSALS[type(refusal)]
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


def charge_to_wire(charge: ChargeFact) -> dict[str, Any]:
    return {
        "id": charge.charge_id,
        "name": charge.name,
        "customer": charge.customer_number,
        "plan": charge.plan_number,
        "amount": decimal_text(Decimal(charge.amount)),
        "buy": decimal_text(Decimal(charge.buy)),
        "currency": charge.currency,
        "description": charge.description,
        "end": charge.end_at // SECOND,
        "number": charge.number_max,
        "period": charge.period,
        "start": charge.start_at // SECOND,
    }


def liability_to_wire(liability: LiabilityFact) -> dict[str, Any]:
    return {
        "tax": liability.tax_id,
        "type": liability.object_type,
        "number": liability.object_id,
        "liable": liability.liable,
    }


def statement_line_to_wire(line: StatementLine) -> dict[str, Any]:
    """What is owed lowers the balance: it is negative here. Tax is included."""
    transaction = line.transaction
    return {
        "id": transaction.transaction_id,
        "customer": transaction.customer_number,
        "person": transaction.person_id or 0,
        "type": transaction.kind,
        "reference": "",
        "time": transaction.effective_at // SECOND,
        "amount": major_text(-transaction.gross_minor, transaction.currency),
        "currency": transaction.currency,
        "description": transaction.description,
        "charge": transaction.charge_id or 0,
        "invoice": 0,
        "taxes": ",".join(map(str, line.tax_ids)),
    }


def customer_to_wire(customer: CustomerFact, caller: Caller) -> dict[str, Any]:
    """One's own parent is not told: nobody learns here whether that is the system's owner."""
    is_own = customer.number == caller.customer_number != ROOT_NUMBER
    return {
        "id": customer.number,
        "name": customer.name,
        "email": customer.email or "",
        "reference": customer.reference or "",
        "parent": 0 if is_own else customer.parent_number,
        "plan": customer.plan_number,
        "balance": major_text(customer.balance_minor, customer.currency),
        "currency": customer.currency,
        "bill_type": customer.bill_type,
        "timezone": customer.timezone,
        "country": customer.country,
        "created": customer.created_at // SECOND,
    }


def _envelope(status: int, responses: Sequence[tuple[str, str, str]], headers: Headers = (), **data: Any) -> Reply:
    entries = [{"code": code, "key": key, "message": message} for code, key, message in responses]
    return Reply(status, msgspec.json.encode({"responses": entries, **data}), (JSON, *headers))
