"""A batch: each command keeps its own yes or no, whatever happens to the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from tests.harness import TestClock, record
from tollhouse.ledger import ledger as module
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.facts import CustomerFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import TRIES, Handler, Ledger
from tollhouse.ledger.ports import StoreConflict
from tollhouse.ledger.refusals import CustomerUnknown, StoreUnavailable
from tollhouse.store.store import SqlStore


class Odd(Command, frozen=True, kw_only=True):
    """A command that does what the test wants when it is decided."""

    what: str
    decided: ClassVar[int] = 0


def decide_oddly(book: Book, command: Odd) -> str:
    Odd.decided += 1
    if command.what == "fault":
        raise ZeroDivisionError
    if command.what == "refusal":
        raise CustomerUnknown
    if command.what == "conflict once" and Odd.decided == 1:
        raise StoreConflict
    if command.what == "conflict always":
        raise StoreConflict
    if command.what == "slow conflict":
        time.sleep(0.2)
        raise StoreConflict
    if command.what == "unavailable":
        raise StoreUnavailable
    if command.what == "refused row":
        (root,) = book.unit.find(CustomerFact, number=1)
        root.number, root.uid, root.name = 10**6, "another", None  # type: ignore[assignment]
        book.add(root)
    return "done"


@pytest.fixture(autouse=True)
def _odd_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.HANDLERS, Odd, Handler(decide_oddly))
    monkeypatch.setattr(Odd, "decided", 0)


def outcomes(ledger: Ledger, tenant: TenantFact, *what: str | int) -> list[Any]:
    """Texts are odd commands, numbers charges. Receipts come back as `ok`."""
    commands: list[Command] = [
        record(tenant, w) if isinstance(w, int) else Odd(tenant_id=tenant.tenant_id, what=w) for w in what
    ]
    answers = ledger.execute_batch(tenant.tenant_id, commands)
    return ["ok" if isinstance(answer, Receipt) else type(answer) for answer in answers]


def charged(store: SqlStore, tenant: TenantFact) -> list[int]:
    with store.reading(tenant.tenant_id) as reader:
        return sorted(t.gross_minor for t in reader.find(TransactionFact))


def test_a_refusal_is_that_commands_answer(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    assert outcomes(ledger, tenant, 1, "refusal", 2) == ["ok", CustomerUnknown, "ok"]
    assert charged(store, tenant) == [1, 2]


def test_a_fault_is_answered_to_its_command_alone(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    answered = outcomes(ledger, tenant, 1, "fault", 2, "fault", "refusal", 4)
    assert answered == ["ok", ZeroDivisionError, "ok", ZeroDivisionError, CustomerUnknown, "ok"]
    assert charged(store, tenant) == [1, 2, 4]


def test_a_row_that_the_store_refuses_is_answered_to_its_command_alone(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    first, refused, last = outcomes(ledger, tenant, 1, "refused row", 2)
    assert (first, last) == ("ok", "ok")
    assert issubclass(refused, Exception)
    assert refused is not StoreUnavailable
    assert charged(store, tenant) == [1, 2]


def test_a_conflict_while_deciding_is_decided_again(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    assert outcomes(ledger, tenant, 1, "conflict once", 2) == ["ok", "ok", "ok"]
    assert charged(store, tenant) == [1, 2]


def test_conflicts_without_end_are_an_unavailable_store(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    assert outcomes(ledger, tenant, "conflict always") == [StoreUnavailable]
    assert Odd.decided == TRIES
    assert charged(store, tenant) == []


def test_conflicts_are_decided_again_within_a_budget_of_time(
    ledger: Ledger, tenant: TenantFact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUDGET_SECONDS", 0.1)
    assert outcomes(ledger, tenant, 1, "slow conflict", 2) == [StoreUnavailable] * 3
    assert Odd.decided == 1


def test_a_number_given_by_hand_within_a_block_that_is_held_refuses_nobody(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    """As when a tenant is provisioned anew beside a server."""
    ledger.execute(record(tenant, 1, reference="first"))
    with store.unit_of_work(tenant.tenant_id) as unit:
        (first,) = unit.find(CustomerFact, reference="first")
        numbers = range(first.number + 1, first.number + 31)
        unit.insert([replace(first, number=n, uid=f"u{n}", reference=f"by hand {n}") for n in numbers])
    store.advance_numbers(tenant.tenant_id, "customer", numbers[-1])
    ledger.execute(record(tenant, 2, reference="second"))
    with store.reading(tenant.tenant_id) as reader:
        assert reader.find(CustomerFact, reference="second")[0].number > numbers[-1]


def test_a_store_that_fails_while_deciding_is_unavailable_to_all(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    assert outcomes(ledger, tenant, 1, "unavailable", 2) == [StoreUnavailable] * 3
    assert Odd.decided == 1
    assert charged(store, tenant) == []


def test_execute_raises_what_its_command_met(ledger: Ledger, tenant: TenantFact) -> None:
    for what, error in (("fault", ZeroDivisionError), ("refusal", CustomerUnknown), ("unavailable", StoreUnavailable)):
        with pytest.raises(error):
            ledger.execute(Odd(tenant_id=tenant.tenant_id, what=what))
    assert ledger.execute(Odd(tenant_id=tenant.tenant_id, what="")).result == "done"


class Failing:
    """A store whose units of work end, or whose numbers come, with the given errors first."""

    def __init__(self, store: SqlStore, *errors: Exception | None, numbers_fail: bool = False) -> None:
        self._store = store
        self._errors = list(errors)
        self._numbers_fail = numbers_fail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def unit_of_work(self, tenant_id: int) -> Iterator[Any]:
        with self._store.unit_of_work(tenant_id) as unit:
            yield unit
            if self._errors and (error := self._errors.pop(0)):
                raise error

    def reserve_numbers(self, tenant_id: int, name: str, count: int) -> int:
        if self._numbers_fail:
            raise StoreUnavailable
        return self._store.reserve_numbers(tenant_id, name, count)


def test_a_conflict_at_the_commit_is_decided_again(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    ledger = Ledger(Failing(store, StoreConflict(), StoreConflict()), clock)
    assert outcomes(ledger, tenant, 1, "fault", 2) == ["ok", ZeroDivisionError, "ok"]
    assert charged(store, tenant) == [1, 2]


@pytest.mark.parametrize("numbers_fail", [False, True], ids=["at-the-commit", "before-it"])
def test_a_store_that_fails_is_unavailable_to_all(
    store: SqlStore, tenant: TenantFact, clock: TestClock, numbers_fail: bool
) -> None:
    ledger = Ledger(Failing(store, StoreUnavailable(), numbers_fail=numbers_fail), clock)
    assert outcomes(ledger, tenant, 1, 2) == [StoreUnavailable, StoreUnavailable]
    assert charged(store, tenant) == []


def test_a_batch_reads_the_clock_once(store: SqlStore, tenant: TenantFact) -> None:
    class Running(TestClock):
        def now(self) -> int:
            self.advance(1)
            return self.now_us

    ledger = Ledger(store, Running())
    assert outcomes(ledger, tenant, 1, 2, 4) == ["ok"] * 3
    with store.reading(tenant.tenant_id) as reader:
        assert len({t.recorded_at for t in reader.find(TransactionFact)}) == 1
