"""Payments: what a gateway took or was asked for, those first that have left no transaction."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import msgspec

from tollhouse.console import access
from tollhouse.console.forms import NotThere, number_in_path
from tollhouse.console.pages.transaction_filter import WITHOUT_TRANSACTION, place_of, place_text
from tollhouse.console.pages.transaction_seen import REASONS, plan_if_seen
from tollhouse.console.pages.transactions import REFRESH_MILLISECONDS
from tollhouse.console.rendering import page
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import Visit
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import (
    CustomerFact,
    PaymentAttemptFact,
    PaymentFact,
    PlanFact,
    RefundAttemptFact,
    RefundFact,
)
from tollhouse.ledger.purchase_details import PENDING, PurchaseDetail, detail_of
from tollhouse.ledger.queries.transaction_lists import LOOKED_AT, RefundRow, TransactionLists, sees_all
from tollhouse.ledger.seeing import sees_owner
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

#: Refunds of one payment that are shown, and attempts of each.
REFUNDS_MAX: Final = 50
ATTEMPTS_MAX: Final = 50


class RefundShown(msgspec.Struct, frozen=True):
    refund: RefundFact
    attempts: list[RefundAttemptFact]


class PaymentShown(msgspec.Struct, frozen=True):
    payment: PaymentFact
    detail: PurchaseDetail
    customer: CustomerFact
    plan: PlanFact | None
    attempts: list[PaymentAttemptFact]
    refunds: list[RefundShown]

    @property
    def is_open(self) -> bool:
        """Whether an outcome is waited for."""
        return self.payment.state == PENDING or any(each.refund.state == PENDING for each in self.refunds)


class Payments:
    def __init__(self, lists: TransactionLists) -> None:
        self._lists = lists

    def routes(self) -> Routes:
        return {
            "/payments": {"GET": On(access.TRANSACTIONS, self._list)},
            "/payments/{payment}": {"GET": On(access.TRANSACTIONS, self._show)},
        }

    async def _list(self, visit: Visit) -> Reply:
        state = visit.query.get("state", PENDING)
        if state not in WITHOUT_TRANSACTION:
            raise NotThere
        before = place_of(visit.query.get("before", ""))
        found = await visit.ask(self._lists.payments, visit.tenant_id, visit.caller, state, before)
        refunds: list[RefundRow] = []
        if state == PENDING and before is None:
            refunds = await visit.ask(self._lists.open_refunds, visit.tenant_id, visit.caller)
        older = urlencode({"state": state, "before": place_text(found.older)}) if found.older else ""
        return page(
            visit,
            "payments.html",
            state=state,
            found=found,
            refunds=refunds,
            older=f"?{older}" if older else "",
            newest=f"?state={state}" if before else "",
            looked_at=LOOKED_AT if sees_all(visit.caller) else 0,
        )

    async def _show(self, visit: Visit) -> Reply:
        shown = await visit.read(_payment_shown, visit.caller, number_in_path(visit.params["payment"]))
        return page(
            visit, "payment.html", shown=shown, payment=shown.payment, reasons=REASONS, refresh=REFRESH_MILLISECONDS
        )


def _payment_shown(snapshot: Snapshot, caller: Caller, payment_id: int) -> PaymentShown:
    """Raises NotThere."""
    for payment in snapshot.find(PaymentFact, payment_id=payment_id):
        if not sees_owner(snapshot, caller, payment.customer_number):
            break
        (customer,) = snapshot.find(CustomerFact, number=payment.customer_number)
        first = snapshot.reader.first
        attempts = first(PaymentAttemptFact, ATTEMPTS_MAX, order=("-attempt_no",), payment_id=payment_id)
        refunds = first(RefundFact, REFUNDS_MAX, order=("-refund_id",), payment_id=payment_id)
        return PaymentShown(
            payment,
            detail_of(payment),
            customer,
            plan_if_seen(snapshot, caller, payment.plan_number),
            attempts[::-1],
            _with_attempts(snapshot, refunds[::-1]),
        )
    raise NotThere


def _with_attempts(snapshot: Snapshot, refunds: list[RefundFact]) -> list[RefundShown]:
    if not refunds:
        return []
    ids = [refund.refund_id for refund in refunds]
    attempts = snapshot.reader.first(
        RefundAttemptFact, REFUNDS_MAX * ATTEMPTS_MAX, order=("refund_id", "attempt_no"), refund_id=ids
    )
    return [RefundShown(refund, [a for a in attempts if a.refund_id == refund.refund_id]) for refund in refunds]
