"""Checking that no event is left behind: wherever something is still to be delivered, one delivery's turn it is."""

from __future__ import annotations

from itertools import groupby

from tollhouse.ledger.events.endpoints import LIVE
from tollhouse.ledger.facts import DeliveryFact, WebhookEndpointFact
from tollhouse.ledger.lanes import OPEN, PENDING
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.verifying.findings import Findings

_ORDER = ("endpoint_id", "customer_number", "customer_seq")


def check_deliveries(reader: Reader, findings: Findings) -> None:
    """Of a customer's open deliveries to an endpoint exactly one is pending, and has a time."""
    live = {endpoint.endpoint_id for endpoint in reader.find(WebhookEndpointFact, state=list(LIVE))}
    rows = reader.stream(DeliveryFact, order=_ORDER, state=list(OPEN))
    for (endpoint_id, number), lane in groupby(rows, key=lambda row: (row.endpoint_id, row.customer_number)):
        pending = [row for row in lane if row.state == PENDING]
        if endpoint_id in live:
            subject = f"customer {number} to endpoint {endpoint_id}"
            findings.expect("deliveries", subject, stored=len(pending), computed=1)
            findings.require("deliveries", subject, all(row.due_at is not None for row in pending), "is never due")
