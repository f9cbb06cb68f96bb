"""From taxes to the wire."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts import LiabilityFact


def liability_to_wire(liability: LiabilityFact) -> dict[str, Any]:
    return {
        "tax": liability.tax_id,
        "type": liability.object_type,
        "number": liability.object_id,
        "liable": liability.liable,
    }
