"""Which events told of a payment: found by its moment among all that a customer has, however many these are."""

from __future__ import annotations

from typing import Any

from tests.harness import prepared
from tollhouse.ledger.clock import MINUTE
from tollhouse.ledger.events.told_of import told_of
from tollhouse.ledger.facts import EventFact, PaymentFact, TransactionFact
from tollhouse.ledger.sight import Snapshot
from tollhouse.store.store import SqlStore

CUSTOMER = 123
SINCE = 1_772_366_400_000_000
EVENTS = 700


def fact_with(kind: Any, **values: Any) -> Any:
    """A fact of which nothing else matters."""
    return kind(**dict.fromkeys(kind.__struct_fields__, 0) | values)


def test_those_of_its_moment_are_found_and_no_others(kept_store: SqlStore) -> None:
    tenant_id = prepared(kept_store).tenant_id
    events = [
        EventFact(
            tenant_id=tenant_id,
            customer_number=CUSTOMER,
            customer_seq=place + 1,
            uid=f"event-{place}",
            event_type="refund.created" if place == 41 else "order.created",
            body=f'{{"id":"ORD-{place // 2}"}}',
            created_at=SINCE + place * 5 * MINUTE,
        )
        for place in range(EVENTS)
    ]
    with kept_store.unit_of_work(tenant_id) as unit:
        unit.insert(events)
    with kept_store.reading(tenant_id) as reader:
        snapshot = Snapshot(reader, SINCE)
        for order in (0, 1, 20, 211, EVENTS // 2 - 1):
            payment = fact_with(PaymentFact, order_id=f"ORD-{order}", uid="-")
            moment = SINCE + order * 10 * MINUTE
            transaction = fact_with(TransactionFact, customer_number=CUSTOMER, recorded_at=moment)
            found = [told.event.customer_seq for told in told_of(snapshot, transaction, payment, None)]
            # What is told of a refund is told of the refund.
            assert found == ([41] if order == 20 else [2 * order + 1, 2 * order + 2])
        later = fact_with(TransactionFact, customer_number=CUSTOMER, recorded_at=SINCE + EVENTS * 10 * MINUTE)
        assert told_of(snapshot, later, fact_with(PaymentFact, order_id="ORD-0", uid="-"), None) == []
        nobody = fact_with(TransactionFact, customer_number=1, recorded_at=SINCE)
        assert told_of(snapshot, nobody, fact_with(PaymentFact, order_id="ORD-0", uid="-"), None) == []
        assert told_of(snapshot, later, None, None) == []
