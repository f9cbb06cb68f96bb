"""What was corrected: by our own administration, and by Beacon's negative amounts."""

from __future__ import annotations

from tollhouse.domain import money
from tollhouse.ledger.correcting import VOID
from tollhouse.ledger.explaining.step import Step
from tollhouse.ledger.facts import CorrectionFact, TransactionFact
from tollhouse.ledger.ports import Reader


def correction(reader: Reader, transaction: TransactionFact) -> Step:
    """What a refund or void of what was collected elsewhere takes back."""
    currency = transaction.currency
    amount = money.major_text(-transaction.gross_minor, currency)
    for kept in reader.find(CorrectionFact, transaction_id=transaction.transaction_id):
        (charge,) = reader.find(TransactionFact, transaction_id=kept.corrected_id)
        charged = money.major_text(charge.gross_minor, currency)
        says = (
            f"The charge {charge.transaction_id} of {charged} {currency} was a mistake and is void."
            if transaction.kind == VOID
            else f"{amount} of the {charged} {currency} of charge {charge.transaction_id} were paid back."
        )
        figures = {
            "charge": charge.transaction_id,
            "charged": charged,
            "amount": amount,
            "currency": currency,
            "reason": kept.reason,
        }
        return Step(transaction.kind, says, figures)
    says = f"{amount} {currency} of the customer's charges were paid back: a negative amount, which names no charge."
    return Step(transaction.kind, says, {"charge": None, "amount": amount, "currency": currency})


def corrections(reader: Reader, charge: TransactionFact) -> list[Step]:
    """What became of a charge that was collected elsewhere."""
    rows = reader.find(CorrectionFact, corrected_id=charge.transaction_id, order=("transaction_id",))
    ids = [row.transaction_id for row in rows]
    found = {t.transaction_id: t for t in reader.find(TransactionFact, transaction_id=ids)} if ids else {}
    return [_corrected(row, found[row.transaction_id]) for row in rows]


def _corrected(correction: CorrectionFact, transaction: TransactionFact) -> Step:
    amount = money.major_text(-transaction.gross_minor, transaction.currency)
    says = (
        "It was a mistake and is void."
        if correction.kind == VOID
        else f"{amount} {transaction.currency} of it were paid back."
    )
    figures = {
        "transaction": transaction.transaction_id,
        "amount": amount,
        "currency": transaction.currency,
        "reason": correction.reason,
        "recorded_at": transaction.recorded_at,
    }
    return Step(correction.kind, says, figures)
