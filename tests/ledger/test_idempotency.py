"""One key, one effect, for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.harness import TestClock, record
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import Receipt, RecordCharges
from tollhouse.ledger.facts import ReceiptFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger, fingerprint_of
from tollhouse.ledger.refusals import IdempotencyKeyReused, SumTooLarge
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore


def amounts(store: SqlStore, tenant: TenantFact) -> list[int]:
    with store.reading(tenant.tenant_id) as reader:
        return [t.gross_minor for t in reader.find(TransactionFact, order=("transaction_id",))]


def test_a_replay_answers_from_what_was_committed(
    ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact
) -> None:
    command = record(tenant, 5, 6, key="k")
    first = ledger.execute(command)
    clock.advance(365 * 86_400)
    again = ledger.execute(command)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result == first.result
    assert amounts(store, tenant) == [5, 6]


def test_of_many_in_one_batch_one_is_not_a_replay(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    outcomes = ledger.execute_batch(tenant.tenant_id, [record(tenant, 5, key="k")] * 10)
    assert [isinstance(o, Receipt) and o.replayed for o in outcomes] == [False] + [True] * 9
    assert amounts(store, tenant) == [5]


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "one-batch"])
@pytest.mark.parametrize(
    "other",
    [
        {"reference": "other"},
        {"reference": None, "email": "a@b"},
        {"email": "a@b"},
        {"touch": False},
        {"amounts": (6,)},
        {"amounts": (5, 5)},
        {"amounts": ((5, 100),)},
        {"amounts": ()},
    ],
    ids=str,
)
def test_other_content_is_refused(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, other: dict[str, object], in_one_batch: bool
) -> None:
    given = dict(other)
    sent = given.pop("amounts", (5,))
    commands = [record(tenant, 5, key="k"), record(tenant, *sent, key="k", **given)]  # type: ignore[misc, arg-type]
    batches = [commands] if in_one_batch else [[command] for command in commands]
    first, second = (outcome for batch in batches for outcome in ledger.execute_batch(tenant.tenant_id, batch))
    assert isinstance(first, Receipt)
    assert isinstance(second, IdempotencyKeyReused)
    assert amounts(store, tenant) == [5]


def test_a_refused_command_leaves_its_key_as_it_was(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    too_much = record(tenant, *[AMOUNT_MINOR_MAX] * 1025, key="k")
    for _ in range(2):
        with pytest.raises(SumTooLarge):
            ledger.execute(too_much)
    assert not ledger.execute(record(tenant, 5, key="k")).replayed
    with pytest.raises(IdempotencyKeyReused):
        ledger.execute(too_much)


def test_key_spaces_are_apart(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    for scope in ("tenant", "public", "customer:5"):
        assert not ledger.execute(record(tenant, 5, key="k", scope=scope)).replayed
        assert ledger.execute(record(tenant, 5, key="k", scope=scope)).replayed
    assert amounts(store, tenant) == [5, 5, 5]


def test_commands_without_a_key_are_never_replays(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    for _ in range(2):
        assert not ledger.execute(record(tenant, 5)).replayed
    assert amounts(store, tenant) == [5, 5]


def test_an_empty_call_keeps_its_key(ledger: Ledger, tenant: TenantFact) -> None:
    assert not ledger.execute(record(tenant, key="k")).replayed
    assert ledger.execute(record(tenant, key="k")).replayed


def test_the_text_of_a_key_is_nowhere_kept(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    ledger.execute(record(tenant, 5, key="a-key-that-is-a-secret"))
    with store.reading(tenant.tenant_id) as reader:
        (receipt,) = reader.find(ReceiptFact)
    assert "secret" not in repr(receipt)
    assert len(receipt.key_hash) == 64


def test_fingerprints_stay_what_they_are() -> None:
    """A stored fingerprint is compared for ever: a new way to make one needs a new number in front."""
    tenant = TenantFact(1, "t", "T", "USD", "UTC", 30, 0, "calendar", 60, 1, 0, "[]", 0)
    command = record(tenant, (5, 100), 7, reference="u-1", email="ä@b", key="k")
    assert fingerprint_of(command) == "1:3d3dd5e66a38f9293dfcb94137aa5c0f207f935691c628a1f6182f13ef75c89c"
    assert fingerprint_of(record(tenant, (5, 100), 7, reference="u-1", email="ä@b", key="other", scope="public")) == (
        fingerprint_of(command)
    )


def test_many_processes_with_one_key_make_one_charge(
    database_url: str, store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    """Stores of their own are what processes are to each other."""
    command = record(tenant, 5, key="k")
    with closing(SqlStore(store_url(database_url))) as second:
        ledgers = [Ledger(store, clock), Ledger(second, clock)]

        def execute(index: int) -> Receipt:
            return ledgers[index % 2].execute(command)

        with ThreadPoolExecutor(8) as pool:
            receipts = list(pool.map(execute, range(24)))
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * 23
    assert len({receipt.result for receipt in receipts}) == 1
    assert amounts(store, tenant) == [5]


def test_many_processes_with_many_keys_in_crossing_orders(
    database_url: str, store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    """Batches that meet in several keys, references and e-mails at once lose nothing and charge nothing twice."""
    commands: list[RecordCharges] = [
        record(tenant, n, reference=f"u{n % 5}" if n % 3 else None, email=f"e{n % 4}@x", key=f"k{n}")
        for n in range(1, 25)
    ]
    with closing(SqlStore(store_url(database_url))) as second:
        ledgers = [Ledger(store, clock), Ledger(second, clock)]

        def execute(index: int) -> list[object]:
            mine = commands if index % 2 else list(reversed(commands))
            return list(ledgers[index % 2].execute_batch(tenant.tenant_id, mine))

        with ThreadPoolExecutor(2) as pool:
            outcomes = [outcome for batch in pool.map(execute, range(4)) for outcome in batch]
    assert {type(outcome) for outcome in outcomes} == {Receipt}
    assert sum(not outcome.replayed for outcome in outcomes if isinstance(outcome, Receipt)) == len(commands)
    assert sorted(amounts(store, tenant)) == list(range(1, 25))
