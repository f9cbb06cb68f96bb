"""Charges that are corrected, and transactions that are explained."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.charges import REASON_LENGTH_MAX
from tollhouse.apis.admin.openapi.operations import at, change, read
from tollhouse.apis.admin.openapi.rows import MAJOR
from tollhouse.apis.beacon.openapi.charges import SCHEMAS as BEACON_SCHEMAS
from tollhouse.apis.beacon.openapi.schemas import SECONDS, STRING, asked, list_of, nullable, ref, whole
from tollhouse.domain.money import AMOUNT_MINOR_MAX

_AMOUNT = nullable(
    type="integer",
    minimum=1,
    maximum=AMOUNT_MINOR_MAX,
    description="Minor units; all that remains where it is left out.",
)
_REASON = nullable(type="string", maxLength=REASON_LENGTH_MAX)
_CORRECTED = whole(
    {"correction": ref("Correction"), "charge": ref("CorrectedCharge"), "charge_summary": ref("ChargeSummary")}
)
_CHARGE = BEACON_SCHEMAS["Charge"]["properties"]

SCHEMAS: dict[str, Any] = {
    "Correction": whole(
        {
            "id": STRING,
            "kind": {"enum": ["refund", "void"]},
            "amount": {"type": "integer"},
            "currency": STRING,
            "reason": STRING,
            "created_at": SECONDS,
        }
    ),
    "CorrectedCharge": whole({**_CHARGE, "void": {"type": "boolean"}}),
    "ChargeSummary": BEACON_SCHEMAS["ChargeSummary"],
    "Step": {
        "type": "object",
        "description": "One step, with its figures beside these two.",
        "required": ["step", "says"],
        "properties": {"step": STRING, "says": {"type": "string", "description": "A sentence."}},
    },
    "Explanation": whole(
        {
            "transaction": whole(
                {
                    "id": {"type": "integer"},
                    "kind": STRING,
                    "settlement": STRING,
                    "origin": STRING,
                    "customer": whole(
                        {"number": {"type": "integer"}, "reference": nullable(type="string"), "name": STRING}
                    ),
                    "description": STRING,
                    "currency": STRING,
                    "net": MAJOR,
                    "tax": MAJOR,
                    "gross": MAJOR,
                    "buy": MAJOR,
                    "effective_at": SECONDS,
                    "recorded_at": SECONDS,
                }
            ),
            "steps": list_of(ref("Step")),
            "afterwards": list_of(ref("Step")),
            "postings": list_of(whole({"account": STRING, "amount": MAJOR})),
            "holds": nullable(type="boolean", description="Whether the arithmetic, done again, comes to what is kept."),
        }
    ),
}

PATHS: dict[str, Any] = {
    **at(
        "charges/{charge}/refund",
        change(
            "post",
            ("refundCharge", "Record that a charge was paid back, in part or whole"),
            _CORRECTED,
            *(404, 409),
            body={**asked({"amount": _AMOUNT, "reason": _REASON}), "additionalProperties": False},
            body_is_optional=True,
            idempotent=True,
        ),
    ),
    **at(
        "charges/{charge}/void",
        change(
            "post",
            ("voidCharge", "Take back a charge that was a mistake"),
            _CORRECTED,
            *(404, 409),
            body={**asked({"reason": _REASON}), "additionalProperties": False},
            body_is_optional=True,
            idempotent=True,
        ),
    ),
    **at(
        "transactions/{transaction}/explain",
        read("explainTransaction", "Explain how an amount came about", ref("Explanation"), 404),
    ),
}
