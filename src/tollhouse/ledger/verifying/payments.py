"""Checking money that gateways moved, against transactions and against the sandbox's own books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tollhouse.ledger.facts import (
    PaymentAttemptFact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    SandboxPaymentFact,
    SandboxRefundFact,
    TransactionFact,
)
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.purchase_details import is_contradicted
from tollhouse.ledger.verifying.findings import Findings, Groups, chunks


class GatewayBooks:
    """What gateways took less what they gave back, by currency, and the transactions that tell of it."""

    def __init__(self, reader: Reader, findings: Findings) -> None:
        self.kept: Counter[str] = Counter()
        self.payment_count = 0
        self.refund_count = 0
        self._reader = reader
        self._findings = findings

    def check(self) -> None:
        """Succeeded payments and refunds match transactions one to one; what is pending or declined left none."""
        taken_by_sandbox = given_by_sandbox = 0
        refunds = Groups(
            self._reader.stream(RefundFact, order=("payment_id", "refund_id")), lambda refund: refund.payment_id
        )
        for chunk in chunks(self._reader.stream(PaymentFact, order=("payment_id",))):
            taken_by_sandbox += self._check_sandbox(chunk)
            found = self._transactions([p.transaction_id for p in chunk if p.transaction_id is not None])
            self._check_answers(chunk)
            for payment in chunk:
                self._check_payment(payment, found.get(payment.transaction_id or 0))
                theirs = list(refunds.take(payment.payment_id))
                self._check_sums(payment, theirs)
                for some in chunks(theirs):
                    given_by_sandbox += self._check_refunds(payment, some)
        self._findings.expect("payments", "all refunds", stored=refunds.strays(), computed=[])
        taken = self._reader.count(SandboxPaymentFact, outcome="succeeded")
        self._findings.expect("sandbox", "all payments", stored=taken_by_sandbox, computed=taken)
        given = self._reader.count(SandboxRefundFact, outcome="succeeded")
        self._findings.expect("sandbox", "all refunds", stored=given_by_sandbox, computed=given)

    def _check_payment(self, payment: PaymentFact, transaction: TransactionFact | None) -> None:
        subject = f"payment {payment.payment_id}"
        if payment.state != "succeeded":
            self._findings.require("payment", subject, payment.transaction_id is None, "left a transaction")
            return
        self.payment_count += 1
        self.kept[payment.currency] += payment.amount_minor
        wanted = ("charge", payment.payment_id, payment.customer_number, payment.currency, payment.amount_minor)
        self._findings.expect("payment", subject, stored=_shown(transaction), computed=wanted)

    def _check_sums(self, payment: PaymentFact, refunds: Sequence[RefundFact]) -> None:
        """Of a payment was paid back, and is reserved for that, what its refunds say; never more than it took."""
        subject = f"payment {payment.payment_id}"
        refunded_minor = sum(refund.amount_minor for refund in refunds if refund.state == "succeeded")
        pending_minor = sum(refund.amount_minor for refund in refunds if refund.state == "pending")
        stored = (payment.refunded_minor, payment.refund_reserved_minor)
        computed = (refunded_minor, refunded_minor + pending_minor)
        self._findings.expect("refunded", subject, stored=stored, computed=computed)
        taken_minor = payment.amount_minor if payment.state == "succeeded" else 0
        self._findings.require("refunded", subject, sum(computed[1:]) <= taken_minor, "more is refunded than was taken")

    def _check_refunds(self, payment: PaymentFact, refunds: Sequence[RefundFact]) -> int:
        """One payment's refunds; how many of them the sandbox paid."""
        found = self._transactions([r.transaction_id for r in refunds if r.transaction_id is not None])
        keys = [refund.gateway_key for refund in refunds]
        rows = self._reader.find(SandboxRefundFact, gateway_key=keys, outcome="succeeded")
        given = {row.gateway_key: row for row in rows}
        self._check_refund_answers(refunds)
        for refund in refunds:
            subject = f"refund {refund.refund_id}"
            of_payment = (refund.customer_number, refund.currency) == (payment.customer_number, payment.currency)
            self._findings.require("refund", subject, of_payment, "is not of its payment's customer and currency")
            self._check_refund(refund, found.get(refund.transaction_id or 0), subject)
            row = given.get(refund.gateway_key)
            if row is not None:
                self._findings.require("sandbox", subject, refund.state != "failed", "was paid though failed")
                stored, computed = (refund.currency, refund.amount_minor), (row.currency, row.amount_minor)
                self._findings.expect("sandbox", subject, stored=stored, computed=computed)
            elif payment.gateway == "sandbox":
                self._findings.require("sandbox", subject, refund.state != "succeeded", "was not paid")
        return len(given)

    def _check_refund(self, refund: RefundFact, transaction: TransactionFact | None, subject: str) -> None:
        if refund.state != "succeeded":
            self._findings.require("refund", subject, refund.transaction_id is None, "left a transaction")
            return
        self.refund_count += 1
        self.kept[refund.currency] -= refund.amount_minor
        wanted = ("refund", refund.payment_id, refund.customer_number, refund.currency, -refund.amount_minor)
        self._findings.expect("refund", subject, stored=_shown(transaction), computed=wanted)

    def _check_answers(self, payments: Sequence[PaymentFact]) -> None:
        """Nothing that a gateway ever said of a payment contradicts what was settled."""
        states = {payment.payment_id: payment.state for payment in payments}
        for attempt in self._reader.find(PaymentAttemptFact, payment_id=list(states)):
            subject = f"payment {attempt.payment_id}"
            self._check_answer(subject, states[attempt.payment_id], attempt.kind, attempt.outcome)

    def _check_refund_answers(self, refunds: Sequence[RefundFact]) -> None:
        states = {refund.refund_id: refund.state for refund in refunds}
        for attempt in self._reader.find(RefundAttemptFact, refund_id=list(states)):
            subject = f"refund {attempt.refund_id}"
            self._check_answer(subject, states[attempt.refund_id], attempt.kind, attempt.outcome)

    def _check_answer(self, subject: str, state: str, kind: str, outcome: str) -> None:
        sentence = f"is {state}, though the gateway said {outcome} ({kind})"
        self._findings.require("gateway's answers", subject, not is_contradicted(state, outcome), sentence)

    def _check_sandbox(self, payments: Sequence[PaymentFact]) -> int:
        """What the sandbox took is in the books, or will be once it is looked up; how many of these it took."""
        keys = [payment.gateway_key for payment in payments]
        rows = self._reader.find(SandboxPaymentFact, gateway_key=keys, outcome="succeeded")
        taken = {row.gateway_key: row for row in rows}
        for payment in payments:
            row = taken.get(payment.gateway_key)
            if row is not None:
                subject = f"payment {payment.payment_id}"
                self._findings.require("sandbox", subject, payment.state != "declined", "was taken though declined")
                stored, computed = (payment.currency, payment.amount_minor), (row.currency, row.amount_minor)
                self._findings.expect("sandbox", subject, stored=stored, computed=computed)
        return len(taken)

    def _transactions(self, ids: list[int]) -> dict[int, TransactionFact]:
        return {t.transaction_id: t for t in self._reader.find(TransactionFact, transaction_id=ids)} if ids else {}


def _shown(t: TransactionFact | None) -> tuple[object, ...] | None:
    return None if t is None else (t.kind, t.payment_id, t.customer_number, t.currency, t.gross_minor)
