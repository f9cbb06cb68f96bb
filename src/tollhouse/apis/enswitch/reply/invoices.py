"""From invoices to the wire, and to the document that people read."""

from __future__ import annotations

import base64
from typing import Any

from tollhouse.domain.money import major_text
from tollhouse.domain.schedule import local_day
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import InvoiceFact, TransactionFact
from tollhouse.ledger.invoicing import Invoice, status_at

_AMOUNT_WIDTH = 24


def invoice_to_wire(invoice: InvoiceFact, now: int) -> dict[str, Any]:
    currency = invoice.currency
    return {
        "id": invoice.invoice_id,
        "number": invoice.number,
        "customer": invoice.customer_number,
        "customer_name": invoice.customer_name,
        "start": invoice.start_at // SECOND,
        "end": -(-invoice.end_at // SECOND),
        "currency": currency,
        "net": major_text(invoice.net_minor, currency),
        "tax": major_text(invoice.tax_minor, currency),
        "total": major_text(invoice.total_minor, currency),
        "status": status_at(invoice, now),
        "created": invoice.created_at // SECOND,
        "due": invoice.due_at // SECOND,
    }


def made_to_wire(made: Invoice, encoding: str) -> dict[str, Any]:
    """The invoice as it was made, with what is on it and its document."""
    text = _document(made)
    return {
        **invoice_to_wire(made.invoice, made.invoice.created_at),
        "lines": [_line_to_wire(line) for line in made.lines],
        "data": base64.b64encode(text.encode()).decode() if encoding == "base64" else text,
    }


def _line_to_wire(line: TransactionFact) -> dict[str, Any]:
    return {
        "id": line.transaction_id,
        "time": line.effective_at // SECOND,
        "type": line.kind,
        "description": line.description,
        "charge": line.charge_id or 0,
        "net": major_text(line.net_minor, line.currency),
        "tax": major_text(line.tax_minor, line.currency),
        "total": major_text(line.gross_minor, line.currency),
    }


def _document(made: Invoice) -> str:
    """A plain text: days are the customer's."""
    invoice = made.invoice
    currency, timezone = invoice.currency, invoice.timezone
    name = f"Invoice {invoice.number}" if invoice.number else "Invoice (not kept)"
    lines = [
        name,
        f"Customer {invoice.customer_number}: {_plain(invoice.customer_name)}",
        f"Made on {local_day(invoice.created_at, timezone)}, due on {local_day(invoice.due_at, timezone)}",
        "",
        *(
            _row(str(local_day(t.effective_at, timezone)), t.description or t.kind, t.net_minor, currency)
            for t in made.lines
        ),
        "",
        *(
            f"{what:<12}{major_text(minor, currency):>{_AMOUNT_WIDTH}} {currency}"
            for what, minor in (("Net", invoice.net_minor), ("Tax", invoice.tax_minor), ("Total", invoice.total_minor))
        ),
    ]
    return "\n".join(lines) + "\n"


def _row(day: str, what: str, net_minor: int, currency: str) -> str:
    return f"{day}  {major_text(net_minor, currency):>{_AMOUNT_WIDTH}}  {_plain(what)}"


def _plain(text: str) -> str:
    """On one line."""
    return " ".join(text.split())
