"""From charges to the wire."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tollhouse.domain.decimals import decimal_text, fraction_text
from tollhouse.domain.money import major_text
from tollhouse.ledger.charging.covering import Piece
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal, Sum
from tollhouse.ledger.charging.tariffs import Tariff
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import ChargeFact

#: One reply holds no more lines than this, and no more refusals.
LINES_MAX = 20_000
REFUSALS_MAX = 1_000


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


def rehearsal_to_wire(rehearsed: Iterable[Line], rehearsal: Rehearsal) -> dict[str, Any]:
    """The sums are those of all lines, once all have come."""
    lines: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    for line in rehearsed:
        if line.refusal is not None and len(refusals) < REFUSALS_MAX:
            refusals.append({"customer": line.customer.number, "message": str(line.refusal)})
        elif line.piece is not None and line.tariff is not None and len(lines) < LINES_MAX:
            lines.append(_line_to_wire(line.customer.number, line.piece, line.tariff))
    return {
        "digest": rehearsal.digest,
        "customers": rehearsal.charged,
        "not_billed": rehearsal.not_billed,
        "refused": rehearsal.refused,
        "sums": [
            {"currency": total.currency, "customers": total.customers, **_amounts_to_wire(total)}
            for total in rehearsal.sums.values()
        ],
        "taxes": [
            {
                "tax": total.tax_id,
                "name": total.name,
                "currency": total.currency,
                "amount": major_text(total.amount_minor, total.currency),
            }
            for total in rehearsal.taxes.values()
        ],
        "refusals": refusals,
        "lines": lines,
        "lines_left_out": rehearsal.charged - len(lines),
    }


def _line_to_wire(customer_number: int, piece: Piece, tariff: Tariff) -> dict[str, Any]:
    is_exchanged = tariff.exchange_from is not None
    return {
        "customer": customer_number,
        "occurrence": piece.key,
        "currency": tariff.currency,
        **_amounts_to_wire(tariff),
        "taxes": [
            {"tax": line.tax_id, "amount": major_text(line.amount_minor, tariff.currency)} for line in tariff.lines
        ],
        "exchange_rate": fraction_text(tariff.conversion.rate) if is_exchanged else "",
    }


def _amounts_to_wire(amounts: Sum | Tariff) -> dict[str, str]:
    """What is owed is positive here."""
    minor = {
        "net": amounts.net_minor,
        "tax": amounts.tax_minor,
        "gross": amounts.gross_minor,
        "buy": amounts.buy_minor,
        "margin": amounts.net_minor - amounts.buy_minor,
    }
    return {name: major_text(value, amounts.currency) for name, value in minor.items()}
