"""A command decided as it would be, with nothing written: over both engines."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import record
from tollhouse.ledger.commands import Idempotency
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.facts import CorrectionFact, CustomerFact, ReceiptFact, SummaryFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import IdempotencyKeyReused, RefundExceedsCharge
from tollhouse.store.store import SqlStore

KINDS: tuple[Any, ...] = (CorrectionFact, CustomerFact, ReceiptFact, SummaryFact, TransactionFact)


def everything(store: SqlStore, tenant: TenantFact) -> list[list[Any]]:
    with store.reading(tenant.tenant_id) as reader:
        return [sorted(reader.find(kind), key=str) for kind in KINDS]


def refund(tenant: TenantFact, transaction: int, amount_minor: int | None, key: str = "k") -> RefundCharge:
    return RefundCharge(
        tenant_id=tenant.tenant_id,
        idempotency=Idempotency("tenant", key),
        charge_transaction_id=transaction,
        amount_minor=amount_minor,
        reason="late",
    )


def test_a_rehearsal_gives_what_doing_it_gives_and_writes_nothing(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    transaction = ledger.execute(record(tenant, 1000)).result.first_transaction_id
    before = everything(store, tenant)
    for command in (
        refund(tenant, transaction, 300),
        VoidCharge(tenant_id=tenant.tenant_id, charge_transaction_id=transaction, reason=""),
        record(tenant, 5, reference="nobody yet", key="new"),
    ):
        rehearsed = ledger.rehearse(command)
        assert not rehearsed.replayed
        assert everything(store, tenant) == before
    rehearsed = ledger.rehearse(refund(tenant, transaction, 300))
    done = ledger.execute(refund(tenant, transaction, 300))
    assert rehearsed.result.summary == done.result.summary
    assert rehearsed.result.refunded_minor == done.result.refunded_minor == 300


def test_a_rehearsal_is_refused_as_doing_it_would_be(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    transaction = ledger.execute(record(tenant, 1000)).result.first_transaction_id
    ledger.execute(refund(tenant, transaction, 300))
    before = everything(store, tenant)
    with pytest.raises(RefundExceedsCharge):
        ledger.rehearse(refund(tenant, transaction, 701, key="other"))
    with pytest.raises(IdempotencyKeyReused):
        ledger.rehearse(replace(refund(tenant, transaction, 300), reason="early"))
    assert everything(store, tenant) == before


def test_what_was_done_under_the_key_is_told_again(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    transaction = ledger.execute(record(tenant, 1000)).result.first_transaction_id
    done = ledger.execute(refund(tenant, transaction, 300))
    before = everything(store, tenant)
    again = ledger.rehearse(refund(tenant, transaction, 300))
    assert again.replayed
    assert again.result.transaction == done.result.transaction
    assert everything(store, tenant) == before


def test_after_a_rehearsal_the_ledger_goes_on(ledger: Ledger, tenant: TenantFact) -> None:
    transaction = ledger.execute(record(tenant, 1000)).result.first_transaction_id
    ledger.rehearse(refund(tenant, transaction, 300))
    ledger.execute(record(tenant, 7, reference="next"))
    assert ledger.execute(refund(tenant, transaction, None)).result.refunded_minor == 1000
