"""How the amount of a transaction came about, step by step, from what was kept with it.

Nothing is computed anew by today's prices, rates or taxes: a step is shown by the figures that counted then, and the
arithmetic between two steps is done again to see that it holds. What was not kept is left out, never guessed.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import fraction_text
from tollhouse.ledger.correcting import REFUND, VOID
from tollhouse.ledger.explaining.corrections import correction, corrections
from tollhouse.ledger.explaining.step import Step
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    OccurrenceFact,
    PaymentAttemptFact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.postings import Posting, postings
from tollhouse.ledger.purchase_details import PriceStep, PurchaseDetail, detail_of
from tollhouse.ledger.refusals import TransactionUnknown


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` lead to the gross amount, `afterwards` is what became of the money, `postings` where it is in the books.

    `holds` tells whether the steps, done again, come to the amounts that are kept; None where too little was kept.
    """

    transaction: TransactionFact
    customer: CustomerFact
    steps: tuple[Step, ...]
    afterwards: tuple[Step, ...]
    postings: tuple[Posting, ...]
    holds: bool | None


def explain(reader: Reader, transaction_id: int) -> Explanation:
    """Raises TransactionUnknown."""
    found = reader.find(TransactionFact, transaction_id=transaction_id)
    if not found:
        raise TransactionUnknown
    (transaction,) = found
    (customer,) = reader.find(CustomerFact, number=transaction.customer_number)
    amount_steps, net_holds = _amount(reader, transaction)
    tax_steps, tax_holds = _taxes(reader, transaction)
    return Explanation(
        transaction=transaction,
        customer=customer,
        steps=(*amount_steps, *tax_steps, _gross(transaction)),
        afterwards=_afterwards(reader, transaction),
        postings=postings(transaction),
        holds=None if net_holds is None else net_holds and tax_holds,
    )


def _amount(reader: Reader, transaction: TransactionFact) -> tuple[list[Step], bool | None]:
    """The steps to the net amount, and whether they come to it."""
    if transaction.payment_id is not None:
        return _of_payment(reader, transaction, transaction.payment_id)
    if transaction.charge_id:
        return _of_charge(reader, transaction, transaction.charge_id)
    if transaction.kind in (REFUND, VOID):
        return [correction(reader, transaction)], None
    return [_as_given(transaction), *_exchange(transaction)], None


# What was bought: Kelviq's way.


def _of_payment(reader: Reader, transaction: TransactionFact, payment_id: int) -> tuple[list[Step], bool | None]:
    (payment,) = reader.find(PaymentFact, payment_id=payment_id)
    if transaction.kind == "refund":
        return [_refunded(payment, transaction)], None
    detail = detail_of(payment)
    steps = [
        _price(detail, payment),
        *(step for line in detail.lines for step in _line(detail, line, payment.currency)),
    ]
    if not detail.exact:
        return [*steps, _as_given(transaction)], None
    holds = money.rounded_minor(Decimal(detail.exact), payment.currency) == transaction.net_minor
    return [*steps, _rounding(detail.exact, transaction)], holds


def _price(detail: PurchaseDetail, payment: PaymentFact) -> Step:
    chosen = detail.chosen
    says = f"The price of {detail.plan_name} in {payment.currency}: {detail.price_reason}"
    if chosen.custom_amount is not None:
        says += f" The amount {chosen.custom_amount} was given with the purchase and stands for the whole price."
    return Step(
        "price",
        says,
        {
            "plan": detail.plan_identifier,
            "plan_version": detail.plan_version,
            "price": chosen.price_uid,
            "price_type": chosen.price_type,
            "countries": list(chosen.countries),
            "currency": payment.currency,
            "currency_asked": chosen.currency_asked,
            "currency_locked": chosen.currency_locked,
            "ip_address": chosen.ip_address,
            "country_of_ip": chosen.country_of_ip,
            "country_of_billing": chosen.country_of_billing or None,
            "custom_amount": chosen.custom_amount,
            "tax_behavior": detail.tax_behavior,
        },
    )


def _line(detail: PurchaseDetail, line: tuple[str, int, str], currency: str) -> list[Step]:
    """The brackets that a line of the price comes from, where it has any, and the line."""
    label, quantity, amount = line
    figures = {"label": label, "quantity": quantity, "amount": amount, "currency": currency}
    brackets = [_bracket(step, currency) for step in detail.steps if step.line == label]
    return [*brackets, Step("line", f"{label}: {quantity} for {amount} {currency}.", figures)]


def _bracket(step: PriceStep, currency: str) -> Step:
    return Step(
        "bracket",
        f"{step.line}, {step.label}: {step.quantity} at {step.unit_amount} and {step.flat_amount} {currency} flat.",
        {
            "label": step.line,
            "bracket": step.label,
            "quantity": step.quantity,
            "unit_amount": step.unit_amount,
            "flat_amount": step.flat_amount,
        },
    )


def _refunded(payment: PaymentFact, transaction: TransactionFact) -> Step:
    paid = money.major_text(payment.amount_minor, payment.currency)
    given_back = money.major_text(-transaction.gross_minor, transaction.currency)
    return Step(
        "refund",
        f"{given_back} of the {paid} {payment.currency} of order {payment.order_id} were paid back.",
        {"order": payment.order_id, "paid": paid, "currency": payment.currency},
    )


# What was charged: ENSwitch's way.


def _of_charge(reader: Reader, transaction: TransactionFact, charge_id: int) -> tuple[list[Step], bool | None]:
    charges = reader.find(ChargeFact, charge_id=charge_id)
    occurrence = _occurrence(reader, transaction, charge_id)
    if occurrence is None or not occurrence.basis or not charges:
        return [_as_given(transaction), *_exchange(transaction)], None
    amount, currency, share = occurrence.basis.split(" ")
    steps = [
        Step(
            "charge",
            f"The charge {charges[0].name or charge_id} was {amount} {currency}.",
            {"charge": charge_id, "amount": amount, "currency": currency, "occurrence": occurrence.occurrence_key},
        )
    ]
    if share != "1":
        steps.append(Step("share", f"{share} of its period is owed.", {"share": share}))
    steps += _exchange(transaction)
    exact = Fraction(Decimal(amount)) * Fraction(share) * Fraction(transaction.exchange_rate or "1")
    steps.append(_rounding(fraction_text(exact), transaction))
    return steps, money.rounded_minor(exact, transaction.currency) == transaction.net_minor


def _occurrence(reader: Reader, transaction: TransactionFact, charge_id: int) -> OccurrenceFact | None:
    found = reader.find(
        OccurrenceFact,
        charge_id=charge_id,
        customer_number=transaction.customer_number,
        transaction_id=transaction.transaction_id,
    )
    return found[0] if found else None


# What all have in common.


def _as_given(transaction: TransactionFact) -> Step:
    net = money.major_text(transaction.net_minor, transaction.currency)
    how = "recorded elsewhere and is final" if transaction.settlement == "recorded" else "given as it is"
    return Step("given", f"The amount was {how}: {net} {transaction.currency}.", {"amount": net})


def _exchange(transaction: TransactionFact) -> list[Step]:
    if transaction.exchange_rate is None:
        return []
    says = f"1 {transaction.exchange_from} is {transaction.exchange_rate} {transaction.currency}."
    figures = {
        "from": transaction.exchange_from,
        "to": transaction.currency,
        "rate": transaction.exchange_rate,
        "rate_at": transaction.exchange_rate_at,
    }
    return [Step("exchange", says, figures)]


def _rounding(exact: str, transaction: TransactionFact) -> Step:
    net = money.major_text(transaction.net_minor, transaction.currency)
    places = money.exponent(transaction.currency)
    return Step(
        "rounding",
        f"{exact} {transaction.currency} is {net}, rounded once, half away from zero, to {places} decimals.",
        {"exact": exact, "rounded": net, "decimals": places},
    )


def _taxes(reader: Reader, transaction: TransactionFact) -> tuple[list[Step], bool]:
    """A step for each tax, and whether each is what it should be and all come to the tax that is kept."""
    rows = reader.find(TransactionTaxFact, transaction_id=transaction.transaction_id, order=("line_no",))
    steps: list[Step] = []
    holds = sum(row.amount_minor for row in rows) == transaction.tax_minor
    net = Fraction(money.major_from_minor(transaction.net_minor, transaction.currency))
    for row in rows:
        exact = net * Fraction(row.rate) / 100 + Fraction(row.flat)
        holds = holds and money.rounded_minor(exact, transaction.currency) == row.amount_minor
        steps.append(_tax(row, transaction, fraction_text(exact)))
    return steps, holds


def _tax(row: TransactionTaxFact, transaction: TransactionFact, exact: str) -> Step:
    amount = money.major_text(row.amount_minor, transaction.currency)
    flat = "" if Fraction(row.flat) == 0 else f" and {row.flat} {transaction.currency}"
    return Step(
        "tax",
        f"{row.name}: {row.rate} % of the net{flat} is {exact}, rounded {amount} {transaction.currency}.",
        {"tax": row.tax_id, "name": row.name, "rate": row.rate, "flat": row.flat, "exact": exact, "amount": amount},
    )


def _gross(transaction: TransactionFact) -> Step:
    currency = transaction.currency
    net, tax, gross = (
        money.major_text(minor, currency)
        for minor in (transaction.net_minor, transaction.tax_minor, transaction.gross_minor)
    )
    return Step("gross", f"Net {net} and tax {tax} are {gross} {currency}.", {"net": net, "tax": tax, "gross": gross})


# What became of the money.


def _afterwards(reader: Reader, transaction: TransactionFact) -> tuple[Step, ...]:
    if transaction.payment_id is None:
        return (_settlement(transaction), *corrections(reader, transaction))
    (payment,) = reader.find(PaymentFact, payment_id=transaction.payment_id)
    refunds = reader.find(RefundFact, payment_id=payment.payment_id, order=("refund_id",))
    if transaction.kind == "refund":
        mine = [refund for refund in refunds if refund.transaction_id == transaction.transaction_id]
        return tuple(step for refund in mine for step in _refund_attempts(reader, payment, refund))
    return (*_payment_attempts(reader, payment), *(_refund(refund) for refund in refunds))


def _settlement(transaction: TransactionFact) -> Step:
    how = {
        "recorded": _COLLECTED.get(transaction.kind, "The money was collected elsewhere."),
        "balance": "It is owed on account: the customer's balance was moved by it.",
        "gateway": "It was paid through a gateway.",
    }
    return Step("settlement", how[transaction.settlement], {"settlement": transaction.settlement})


_COLLECTED = {
    REFUND: "The money was paid back elsewhere, where it was collected.",
    VOID: "No money moved: what was recorded as collected elsewhere never was.",
}


def _payment_attempts(reader: Reader, payment: PaymentFact) -> list[Step]:
    rows = reader.find(PaymentAttemptFact, payment_id=payment.payment_id, order=("attempt_no",))
    if not payment.gateway:
        return [Step("settlement", "There was nothing to pay: no gateway was asked.", {})]
    return [_attempt(row, payment.gateway) for row in rows]


def _refund_attempts(reader: Reader, payment: PaymentFact, refund: RefundFact) -> list[Step]:
    rows = reader.find(RefundAttemptFact, refund_id=refund.refund_id, order=("attempt_no",))
    return [_refund(refund), *(_attempt(row, payment.gateway) for row in rows)]


def _attempt(row: PaymentAttemptFact | RefundAttemptFact, gateway: str) -> Step:
    return Step(
        "attempt",
        f"{gateway} was asked ({row.kind.replace('_', ' ')}) and the outcome was {row.outcome}.",
        {
            "gateway": gateway,
            "attempt": row.attempt_no,
            "kind": row.kind,
            "outcome": row.outcome,
            "started_at": row.started_at,
            "ended_at": row.ended_at,
        },
    )


def _refund(refund: RefundFact) -> Step:
    amount = money.major_text(refund.amount_minor, refund.currency)
    return Step(
        "refund",
        f"A refund of {amount} {refund.currency} ({refund.reason}): {refund.state}.",
        {"refund": refund.uid, "amount": amount, "currency": refund.currency, "state": refund.state},
    )
