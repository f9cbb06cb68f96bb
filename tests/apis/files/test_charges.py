"""Rows of a file as charges: each is what the same fields are as the body of a call to `POST /charges`."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.apis.beacon.request.body import Invalid
from tollhouse.apis.beacon.request.charges import charge_from_wire
from tollhouse.apis.beacon.request.values import Reading
from tollhouse.apis.files.charges import charges_from_file
from tollhouse.apis.files.lines import JSON_LINES
from tollhouse.apis.strict_json import parse
from tollhouse.ledger.commands import RecordCharges
from tollhouse.ledger.commands.imports import ImportedCharge, RefusedRow
from tollhouse.ledger.facts import TenantFact

NOW = 1_772_366_400_000_000
TENANT = TenantFact(1, "acme", "Acme", "USD", "UTC", 30, 0, "calendar", 60, 1, 0, "[]", 0)

NAMES = st.one_of(st.none(), st.sampled_from(["", "u1", "a@b", " a@b ", 5, True, 1.5, [], "x" * 300, "\0", "a@b@c"]))
AMOUNTS = st.one_of(st.none(), st.sampled_from([0, 5, -5, "5", "5.0", 5.0, 5.5, 2**53, True, "", [], "1e3"]))
TIMES = st.one_of(st.none(), st.sampled_from([0, 1, "1", 1.9, 1_772_366_700, 1_772_366_701, 10**12, "", "now"]))


@given(NAMES, NAMES, AMOUNTS, TIMES, st.sampled_from([None, "USD", "usd", "EUR", 5]))
def test_a_row_is_what_the_same_call_would_be(user_id: Any, email: Any, amount: Any, at: Any, currency: Any) -> None:
    line = json.dumps({"user_id": user_id, "email": email, "amount": amount, "created_at": at, "currency": currency})
    (row,) = charges_from_file(io.BytesIO(line.encode()), JSON_LINES, TENANT, NOW)
    called = call(parse(line.encode()))
    if isinstance(called, Invalid):
        assert isinstance(row, RefusedRow)
        assert row.reason == "; ".join(f"{field} {text}" for field, texts in called.errors.items() for text in texts)
    else:
        (item,) = called.items
        assert isinstance(row, ImportedCharge)
        assert row.identity == called.identity
        assert (row.item.amount_minor, row.item.effective_at) == (item.amount_minor, item.effective_at or NOW)


def call(body: dict[str, Any]) -> RecordCharges | Invalid:
    try:
        return charge_from_wire(body, Reading("USD", NOW, 1000, negative_refunds=False), 1, None)
    except Invalid as invalid:
        return invalid


@pytest.mark.parametrize("refunds", [0, 1])
def test_a_negative_amount_is_for_tenants_who_have_it_as_a_refund(refunds: int) -> None:
    tenant = TenantFact(1, "acme", "Acme", "USD", "UTC", 30, 0, "calendar", 60, 1, 0, "[]", 0, None, refunds)
    (row,) = charges_from_file(io.BytesIO(b'{"user_id": "u1", "amount": -5}'), JSON_LINES, tenant, NOW)
    assert isinstance(row, ImportedCharge if refunds else RefusedRow)
