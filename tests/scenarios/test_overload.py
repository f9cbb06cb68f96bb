"""When too much waits: refused at once and in the door's own form; what was accepted is carried out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.scenarios.conftest import Deployment, deployed


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_full_queue_refuses_and_loses_nothing(name: str, request: pytest.FixtureRequest) -> None:
    with deployed(name, request, queue_max="4") as deployment, deployment.client() as client:

        def post(amount: int) -> httpx.Response:
            body = {"user_id": "busy", "amount": amount}
            return client.post("/charges", json=body, headers={"Idempotency-Key": f"k{amount}"})

        assert post(1).status_code == 200
        with ThreadPoolExecutor(40) as pool:
            with deployment.held_up():
                waiting = [pool.submit(post, amount) for amount in range(2, 42)]
                refused = _wait_for_refusals(waiting, at_least=30)
            replies = [future.result() for future in waiting]
        assert {reply.status_code for reply in replies} == {200, 503}
        for reply in refused:
            assert reply.headers["Retry-After"] == "1"
            message = "Too much is waiting. Try again shortly."
            assert reply.json() == {"success": False, "code": 503, "data": None, "message": message, "errors": {}}
        accepted = [n for n, reply in enumerate(replies, start=2) if reply.status_code == 200]
        assert sorted(deployment.charges_of(reference="busy")) == [1, *accepted]
        again = [post(n) for n in range(1, 42)]
        assert {reply.status_code for reply in again} == {200}
        assert sorted(deployment.charges_of(reference="busy")) == list(range(1, 42))
        assert deployment.differences() == []


def _wait_for_refusals(waiting: list[object], at_least: int) -> list[httpx.Response]:
    """Those that were answered while nothing could be committed: each of them a refusal."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        answered = [future.result() for future in waiting if future.done()]  # type: ignore[attr-defined]
        if len(answered) >= at_least:
            assert {reply.status_code for reply in answered} == {503}
            return answered
        time.sleep(0.01)
    raise AssertionError("the queue has no bound")


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_server_that_is_stopped_answers_what_it_accepted(name: str, request: pytest.FixtureRequest) -> None:
    acknowledged: list[int] = []
    stopping = threading.Event()
    with deployed(name, request) as deployment:

        def post(worker: int) -> None:
            with deployment.client() as client:
                for n in range(worker * 1000, worker * 1000 + 1000):
                    try:
                        reply = client.post("/charges", json={"user_id": "stopping", "amount": n})
                    except httpx.TransportError:
                        return
                    assert reply.status_code in (200, 503)
                    if reply.status_code == 200:
                        acknowledged.append(n)
                    if len(acknowledged) > 100:
                        stopping.set()

        with ThreadPoolExecutor(8) as pool:
            posting = [pool.submit(post, worker) for worker in range(8)]
            assert stopping.wait(timeout=60)
            code = deployment.server.stop()
            for future in posting:
                future.result()
        assert code in (0, -15)
        assert _surplus(deployment, acknowledged) == 0
        assert deployment.differences() == []


def _surplus(deployment: Deployment, acknowledged: list[int]) -> int:
    """How many charges are stored of which no answer arrived; every acknowledged one is stored, once."""
    stored = deployment.charges_of(reference="stopping")
    assert len(set(stored)) == len(stored)
    assert set(acknowledged) <= set(stored)
    return len(stored) - len(acknowledged)
