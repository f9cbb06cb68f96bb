"""Whether the books of a store say what the plain model of purchases says, and what gateways did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.machine.purchase_model import Customer, Model, Order, Refund
from tollhouse.ledger.facts import (
    CustomerFact,
    DeliveryFact,
    EntitlementFact,
    EventFact,
    PaymentAttemptFact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    SummaryFact,
    TransactionFact,
)
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.postings import postings
from tollhouse.ledger.purchase_details import detail_of, order_status


class Books:
    """`done` is what a gateway did under each key, and `uids` are the features'."""

    def __init__(self, model: Model, done: Mapping[str, str], uids: Mapping[str, str]) -> None:
        self.model = model
        self.done = done
        self.uids = uids

    def check(self, reader: Reader) -> None:
        kinds = (PaymentFact, RefundFact, TransactionFact, SummaryFact, CustomerFact, EntitlementFact)
        kinds += (PaymentAttemptFact, RefundAttemptFact, EventFact, DeliveryFact)
        rows: dict[type[Any], list[Any]] = {kind: reader.find(kind) for kind in kinds}
        self._check_moves(rows)
        self._check_transactions(rows[TransactionFact])
        self._check_customers(rows[CustomerFact], rows[SummaryFact])
        self._check_entitlements(rows[EntitlementFact])
        self._check_events(rows[EventFact], rows[DeliveryFact])

    def _check_moves(self, rows: dict[type[Any], list[Any]]) -> None:
        stored = {payment.payment_id: payment_shown(payment) for payment in rows[PaymentFact]}
        assert stored == {order.id: order_shown(order) for order in self.model.orders}
        refunds = {refund.refund_id: refund_shown(refund) for refund in rows[RefundFact]}
        assert refunds == {refund.id: refund_expected(refund) for refund in self.model.refunds}
        noted = {(a.payment_id, a.attempt_no): (a.kind, a.outcome, a.started_at) for a in rows[PaymentAttemptFact]}
        assert noted == {(o.id, number): call for o in self.model.orders for number, call in o.attempts.items()}
        noted = {(a.refund_id, a.attempt_no): (a.kind, a.outcome, a.started_at) for a in rows[RefundAttemptFact]}
        assert noted == {(r.id, number): call for r in self.model.refunds for number, call in r.attempts.items()}
        for order in self.model.orders:
            refunds_of = [refund for refund in self.model.refunds if refund.order is order]
            given = [r.amount for r in refunds_of if self.done.get(r.key) == "succeeded"]
            taken = order.amount if self.done.get(order.key) == "succeeded" else 0
            assert sum(given) <= taken, "more was given back than was taken"

    def _check_transactions(self, transactions: list[TransactionFact]) -> None:
        stored = sorted(
            (t.kind, t.payment_id, t.customer_number, t.currency, t.gross_minor, t.effective_at, t.recorded_at)
            for t in transactions
        )
        expected = [
            ("charge", o.id, o.customer.number, o.currency, o.amount, o.created_at, o.settled_at)
            for o in self.model.orders
            if o.state == "succeeded"
        ]
        expected += [
            ("refund", r.order.id, r.customer.number, r.currency, -r.amount, r.settled_at, r.settled_at)
            for r in self.model.refunds
            if r.state == "succeeded" and r.order is not None
        ]
        assert stored == sorted(expected)
        held: Counter[str] = Counter()
        for transaction in transactions:
            legs = postings(transaction)
            assert sum(leg.amount_minor for leg in legs) == 0
            held.update({leg.currency: leg.amount_minor for leg in legs if leg.account == "taken by gateways"})
        kept: Counter[str] = Counter()
        for move in (*self.model.orders, *self.model.refunds):
            if move.state == "succeeded" and move.amount:
                kept[move.currency] += move.amount if isinstance(move, Order) else -move.amount
                assert self.done[move.key] == "succeeded"
        assert {c: n for c, n in held.items() if n} == {c: n for c, n in kept.items() if n}

    def _check_customers(self, customers: list[CustomerFact], summaries: list[SummaryFact]) -> None:
        known = {customer.number: customer for customer in self.model.customers.values()}
        for row in customers:
            if row.number in known:
                customer = known.pop(row.number)
                shown = (row.reference, row.country, row.currency_lock, row.deleted_at is not None)
                assert shown == (customer.reference, customer.country, customer.lock, customer.is_archived)
        assert not known
        stored = {
            (s.customer_number, s.currency): (
                s.charge_count,
                s.sum_minor,
                s.refunded_minor,
                s.first_at,
                s.last_at,
                s.last_amount_minor,
            )
            for s in summaries
        }
        expected = {}
        for customer in self.model.customers.values():
            for currency, charges in customer.charges.items():
                instants = [at for _, at in charges]
                last = [amount for amount, at in charges if at == max(instants)][-1]
                total, back = sum(amount for amount, _ in charges), customer.refunded.get(currency, 0)
                assert back <= total
                figures = (len(charges), total, back, min(instants), max(instants), last)
                expected[customer.number, currency] = figures
        assert stored == expected

    def _check_entitlements(self, entitlements: list[EntitlementFact]) -> None:
        stored = [
            (
                *(e.payment_id, e.position, e.customer_number, e.identifier, e.feature_type, bool(e.has_access)),
                *(e.usage_limit, bool(e.hard_limit), e.reset, e.granted_at),
                *(e.used, e.used_at, e.revoked_at, e.feature_uid),
            )
            for e in entitlements
        ]
        expected = [
            (
                *(o.id, position, o.customer.number, g.feature, g.kind, g.has_access),
                *(g.limit, g.is_hard, g.reset, g.granted_at),
                *(g.used, g.used_at, g.revoked_at, self.uids[g.feature]),
            )
            for o in self.model.orders
            if o.state == "succeeded"
            for position, g in enumerate(o.grants)
        ]
        assert sorted(stored) == sorted(expected)

    def _check_events(self, events: list[EventFact], deliveries: list[DeliveryFact]) -> None:
        told = {(e.customer_number, e.customer_seq): (e.event_type, _whose(e)) for e in events}
        expected = {
            (customer.number, index): (kind, _id_told(kind, whose, customer))
            for customer in self.model.customers.values()
            for index, (kind, whose) in enumerate(customer.events, 1)
        }
        assert told == expected
        lanes: dict[tuple[int, int], list[tuple[int, str]]] = {}
        for d in deliveries:
            lanes.setdefault((d.endpoint_id, d.customer_number), []).append((d.customer_seq, d.state))
        wanted: dict[tuple[int, int], list[int]] = {}
        for endpoint in (*self.model.endpoints.values(), *self.model.former_endpoints):
            for customer, seq in endpoint.deliveries:
                wanted.setdefault((endpoint.id, customer.number), []).append(seq)
        for where, lane in lanes.items():
            lane.sort()
            assert [state for _, state in lane] == ["pending", *["waiting"] * (len(lane) - 1)], where
        assert {where: [seq for seq, _ in lane] for where, lane in lanes.items()} == wanted


def order_shown(order: Order) -> tuple[object, ...]:
    shown = (order.customer.number, order.plan, order.version, order.tax, order.currency, order.amount, order.state)
    shown += (order.created_at, order.settled_at, order.look_up_at, order.look_ups, order.refunded, order.reserved)
    return (*shown, order.revoked_at, order.status, tuple(order.quantities.items()))


def payment_shown(payment: PaymentFact) -> tuple[object, ...]:
    detail = detail_of(payment)
    return (
        payment.customer_number,
        detail.plan_identifier,
        detail.plan_version,
        detail.tax_behavior,
        payment.currency,
        payment.amount_minor,
        payment.state,
        payment.created_at,
        payment.settled_at,
        payment.look_up_at,
        payment.look_ups,
        payment.refunded_minor,
        payment.refund_reserved_minor,
        payment.revoked_at,
        order_status(payment),
        tuple((bought.identifier, bought.quantity) for bought in detail.features),
    )


def refund_expected(refund: Refund) -> tuple[object, ...]:
    shown = (refund.order.id if refund.order else 0, refund.currency, refund.amount, refund.state)
    return (*shown, refund.created_at, refund.settled_at, refund.look_up_at, refund.look_ups)


def refund_shown(refund: RefundFact) -> tuple[object, ...]:
    shown = (refund.payment_id, refund.currency, refund.amount_minor, refund.state)
    return (*shown, refund.created_at, refund.settled_at, refund.look_up_at, refund.look_ups)


def _whose(event: EventFact) -> str:
    """Which object an event tells of, by its id; empty for customers and payment methods."""
    told = msgspec.json.decode(event.body)["data"]["object"]
    return str(told["id"]) if told["object"] in ("order", "invoice", "subscription", "refund") else ""


def _id_told(kind: str, whose: object, customer: Customer) -> str:
    if isinstance(whose, Refund):
        return whose.uid
    if isinstance(whose, Order):
        noun = kind.partition(".")[0]
        return {"order": whose.order_id, "subscription": whose.uid}.get(noun, whose.order_id.replace("ORD-", "INV-"))
    return ""
