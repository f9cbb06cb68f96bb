"""The desk: each kind of work has a bound of its own, and known keys are remembered for a short time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.harness import TestClock, record
from tollhouse.apis.desk import Bounded, Credential, Desk, hash_of_key
from tollhouse.config import Settings
from tollhouse.ledger.facts import KeyFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import CustomerUnknown, Overloaded, StoreUnavailable
from tollhouse.store.store import SqlStore


@pytest.fixture
def engine() -> str:
    return "sqlite"


@asynccontextmanager
async def open_desk(store: SqlStore, clock: TestClock, **settings: int) -> AsyncIterator[Desk]:
    desk = Desk(
        ledger=Ledger(store, clock),
        store=store,
        clock=clock,
        settings=Settings(**settings),  # type: ignore[arg-type]
        gateways={},
        observe_batch=lambda _commands: None,
    )
    desk.start()
    try:
        yield desk
    finally:
        await desk.stop()


def test_many_commands_at_once_are_all_answered(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    async def run() -> int:
        async with open_desk(store, clock) as desk:
            receipts = await asyncio.gather(*(desk.execute(record(tenant, n, key=f"k{n % 50}")) for n in range(50)))
            again = await asyncio.gather(*(desk.execute(record(tenant, n, key=f"k{n}")) for n in range(50)))
            assert not any(receipt.replayed for receipt in receipts)
            assert all(receipt.replayed for receipt in again)
            return desk.waiting_weight

    assert asyncio.run(run()) == 0


def test_a_refusal_is_raised_to_its_caller(
    store: SqlStore, tenant: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(Ledger):
        def execute_batch(self, tenant_id: int, commands: object) -> list[object]:  # type: ignore[override]
            return [CustomerUnknown()]

    monkeypatch.setattr("tests.apis.test_desk.Ledger", Refusing)

    async def run() -> None:
        async with open_desk(store, clock) as desk:
            with pytest.raises(CustomerUnknown):
                await desk.execute(record(tenant, 1))

    asyncio.run(run())


def test_a_caller_who_leaves_does_not_stop_his_command(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    async def run() -> None:
        async with open_desk(store, clock) as desk:
            leaving = asyncio.ensure_future(desk.execute(record(tenant, 1, key="k")))
            await asyncio.sleep(0)
            leaving.cancel()
            assert (await desk.execute(record(tenant, 1, key="k"))).replayed

    asyncio.run(run())


def test_nothing_is_accepted_after_stop(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    async def run() -> None:
        async with open_desk(store, clock) as desk:
            pass
        with pytest.raises(Overloaded):
            await desk.execute(record(tenant, 1))

    asyncio.run(run())


# API keys.


def test_a_key_names_its_tenant_and_kind(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    async def run() -> list[Credential | None]:
        async with open_desk(store, clock) as desk:
            return [await desk.credential(key) for key in ("sk_test_acme", "pk_test_acme", "sk_test", "", "\udcff")]

    secret, public, *unknown = asyncio.run(run())
    assert secret == Credential(tenant, "secret", "server")
    assert public == Credential(tenant, "public", "browser")
    assert unknown == [None, None, None]


@pytest.mark.parametrize(("key_cache_seconds", "still_known"), [(0, False), (300, True)])
def test_a_revoked_key_is_forgotten_when_its_time_is_up(
    store: SqlStore, tenant: TenantFact, clock: TestClock, key_cache_seconds: int, still_known: bool
) -> None:
    async def run() -> bool:
        async with open_desk(store, clock, key_cache_seconds=key_cache_seconds) as desk:
            assert await desk.credential("sk_test_acme") is not None
            with store.unit_of_work(tenant.tenant_id) as unit:
                unit.change(KeyFact, {"key_hash": hash_of_key("sk_test_acme")}, revoked_at=1)
            return await desk.credential("sk_test_acme") is not None

    assert asyncio.run(run()) is still_known


def test_an_unknown_key_is_not_remembered_as_unknown(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    """A key made a moment later works at once."""

    async def run() -> None:
        async with open_desk(store, clock) as desk:
            assert await desk.credential("sk_new") is None
            with store.unit_of_work(tenant.tenant_id) as unit:
                unit.insert([KeyFact(hash_of_key("sk_new"), tenant.tenant_id, "new", "secret", 1, None)])
            assert await desk.credential("sk_new") is not None

    asyncio.run(run())


def test_a_store_that_fails_is_not_an_unknown_key(
    store: SqlStore, tenant: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_key_hash: str) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(store, "key", fail)

    async def run() -> None:
        async with open_desk(store, clock) as desk:
            with pytest.raises(StoreUnavailable):
                await desk.credential("sk_test_acme")

    asyncio.run(run())


# Bounds.


def test_a_full_pool_refuses_at_once_and_goes_on_when_there_is_room() -> None:
    may_go_on = threading.Event()

    async def run() -> None:
        pool = Bounded("test", threads=1, calls_max=2)
        running = [asyncio.ensure_future(pool.run(may_go_on.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await pool.run(int)
        may_go_on.set()
        assert await asyncio.gather(*running) == [True, True]
        assert await pool.run(int) == 0
        pool.close()

    asyncio.run(run())


def test_what_a_pool_raises_makes_room_again() -> None:
    async def run() -> None:
        pool = Bounded("test", threads=1, calls_max=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 // 0)
        pool.close()

    asyncio.run(run())


def test_a_caller_who_leaves_does_not_stop_his_work() -> None:
    may_go_on, done = threading.Event(), threading.Event()

    def work() -> None:
        may_go_on.wait(60)
        done.set()

    async def run() -> None:
        pool = Bounded("test", threads=1, calls_max=1)
        leaving = asyncio.ensure_future(pool.run(work))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with pytest.raises(Overloaded):
            await pool.run(int)
        may_go_on.set()
        pool.close()

    asyncio.run(run())
    assert done.is_set()
