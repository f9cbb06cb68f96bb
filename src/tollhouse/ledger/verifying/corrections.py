"""Checking refunds and voids of charges that were collected elsewhere, charge by charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from tollhouse.ledger.correcting import REFUND, VOID
from tollhouse.ledger.facts import CorrectionFact, TransactionFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.verifying.findings import Findings, chunks

Transactions = Mapping[int, TransactionFact]


def check_corrections(reader: Reader, findings: Findings) -> int:
    """Each is of a charge of the same customer, refunds come to no more than it, and a void is all that there is of
    one. How many there are."""
    count = 0
    for some in chunks(_by_charge(reader)):
        ids = {correction.transaction_id for those in some for correction in those}
        ids |= {those[0].corrected_id for those in some}
        found = {t.transaction_id: t for t in reader.find(TransactionFact, transaction_id=sorted(ids))}
        for those in some:
            _check(findings, those, found)
            count += len(those)
    return count


def _by_charge(reader: Reader) -> Iterator[list[CorrectionFact]]:
    rows = reader.stream(CorrectionFact, order=("corrected_id", "transaction_id"))
    return (list(those) for _, those in groupby(rows, key=lambda row: row.corrected_id))


def _check(findings: Findings, corrections: Sequence[CorrectionFact], found: Transactions) -> None:
    number = corrections[0].corrected_id
    charge = found.get(number)
    subject = f"charge {number}"
    is_recorded = charge is not None and (charge.kind, charge.settlement, charge.charge_id) == (
        "charge",
        "recorded",
        None,
    )
    findings.require("correction", subject, is_recorded, "is no charge that was collected elsewhere")
    if charge is None:
        return
    taken_minor = 0
    for correction in corrections:
        transaction = found.get(correction.transaction_id)
        wanted = (correction.kind, "recorded", charge.customer_number, charge.currency)
        of_one = f"transaction {correction.transaction_id}"
        findings.expect("correction", of_one, stored=_shown(transaction), computed=wanted)
        same = correction.customer_number == charge.customer_number
        findings.require("correction", of_one, same, "is not of its charge's customer")
        taken_minor -= transaction.gross_minor if transaction is not None else 0
    kinds = [correction.kind for correction in corrections]
    if VOID in kinds:
        findings.expect("void", subject, stored=(kinds, taken_minor), computed=([VOID], charge.gross_minor))
    else:
        are_refunds = set(kinds) == {REFUND}
        findings.require("correction", subject, are_refunds, "is corrected by what is neither refund nor void")
        findings.require("refunded", subject, taken_minor <= charge.gross_minor, "more is refunded than was charged")


def _shown(t: TransactionFact | None) -> tuple[object, ...] | None:
    return None if t is None else (t.kind, t.settlement, t.customer_number, t.currency)
