"""A transaction, explained: how its amount came about, and what became of the money."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.answers import answered
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.desk import Desk
from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.explaining import Explanation, Step, explain, transaction_called
from tollhouse.web import Reply


class Transactions:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Routes:
        return {"transactions/{transaction}/explain": {"GET": self._explain}}

    async def _explain(self, call: Call) -> Reply:
        explanation = await self._desk.reads.run(self._explained, call.tenant_id, call.params["transaction"])
        return answered(explanation_to_wire(explanation))

    def _explained(self, tenant_id: int, name: str) -> Explanation:
        with self._desk.store.reading(tenant_id) as reader:
            return explain(reader, transaction_called(reader, name))


def explanation_to_wire(explanation: Explanation) -> dict[str, Any]:
    """Amounts are decimal text in major units, instants UNIX seconds."""
    transaction, customer = explanation.transaction, explanation.customer
    currency = transaction.currency
    return {
        "transaction": {
            "id": transaction.transaction_id,
            "kind": transaction.kind,
            "settlement": transaction.settlement,
            "origin": transaction.origin,
            "customer": {"number": customer.number, "reference": customer.reference, "name": customer.name},
            "description": transaction.description,
            "currency": currency,
            "net": major_text(transaction.net_minor, currency),
            "tax": major_text(transaction.tax_minor, currency),
            "gross": major_text(transaction.gross_minor, currency),
            "buy": major_text(transaction.buy_minor, currency),
            "effective_at": transaction.effective_at // SECOND,
            "recorded_at": transaction.recorded_at // SECOND,
        },
        "steps": [_step(step) for step in explanation.steps],
        "afterwards": [_step(step) for step in explanation.afterwards],
        "postings": [
            {"account": posting.account, "amount": major_text(posting.amount_minor, posting.currency)}
            for posting in explanation.postings
        ],
        "holds": explanation.holds,
    }


def _step(step: Step) -> dict[str, Any]:
    figures = {
        name: value // SECOND if name.endswith("_at") and value is not None else value
        for name, value in step.figures.items()
    }
    return {"step": step.what, "says": step.says, **figures}
