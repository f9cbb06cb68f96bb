"""Beacon's bodies as commands: whatever JSON comes, it is a command or the caller's fault, never our own fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.apis.beacon.request.body import Invalid
from tollhouse.apis.beacon.request.charges import charge_from_wire, charges_from_wire
from tollhouse.apis.beacon.request.values import FUTURE_MAX, Reading
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import RecordCharges

NOW = 1_772_366_400_000_000
READING = Reading(currency="USD", now=NOW, items_max=3, negative_refunds=False)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "5", "a@b", "true", "USD", " 7", "1e5", 2**53, 1_772_366_400])
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
FIELDS = ["user_id", "email", "amount", "created_at", "update_session", "currency", "more"]
ITEM = st.dictionaries(st.sampled_from(FIELDS), JSON)
BULK = st.fixed_dictionaries(
    {}, optional={"charges": JSON | st.lists(ITEM | JSON, max_size=4), "user_id": JSON, "email": JSON}
)


@given(ITEM)
def test_any_charge_is_a_command_or_invalid(body: dict[str, Any]) -> None:
    check(lambda: charge_from_wire(body, READING, 1, None))


@given(BULK)
def test_any_bulk_is_a_command_or_invalid(body: dict[str, Any]) -> None:
    check(lambda: charges_from_wire(body, READING, 1, None))


def check(parse: Callable[[], RecordCharges]) -> None:
    faults: dict[str, list[str]] = {}
    try:
        command = parse()
    except Invalid as error:
        faults = error.errors
    if faults:
        assert all(faults.values())
        return
    assert command.identity.reference is not None or command.identity.email is not None
    for item in command.items:
        assert 0 <= item.amount_minor <= AMOUNT_MINOR_MAX
        assert item.effective_at is None or 0 < item.effective_at <= NOW + FUTURE_MAX
        assert item.effective_at is None or item.effective_at % 1_000_000 == 0


@pytest.mark.parametrize(("seconds_ahead", "is_refused"), [(-1, False), (0, False), (300, False), (301, True)])
def test_the_future_is_five_minutes(seconds_ahead: int, is_refused: bool) -> None:
    body = {"user_id": "u", "amount": 1, "created_at": NOW // 1_000_000 + seconds_ahead}
    if is_refused:
        with pytest.raises(Invalid, match="created_at must not be in the future"):
            charge_from_wire(body, READING, 1, None)
    else:
        (item,) = charge_from_wire(body, READING, 1, None).items
        assert item.effective_at == NOW + seconds_ahead * 1_000_000
