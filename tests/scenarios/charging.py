"""Clients who go on charging one customer, `steady`, whatever happens to the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

PATIENCE_SECONDS = 60


class Charging:
    """Clients who charge on connections that they keep, until they are told to end; every answer must be a 200."""

    def __init__(self, open_client: Callable[[], httpx.Client], clients: int) -> None:
        self._open_client = open_client
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self.charged: list[int] = []
        self._answered = [0] * clients
        self._pool = ThreadPoolExecutor(clients)
        self._calling = [self._pool.submit(self._charge, number) for number in range(clients)]

    def _charge(self, number: int) -> None:
        amount = number * 1_000_000
        with self._open_client() as client:
            while not self._ending.is_set():
                amount += 1
                reply = client.post("/charges", json={"user_id": "steady", "amount": amount})
                assert reply.status_code == 200, reply.text
                with self._lock:
                    self.charged.append(amount)
                    self._answered[number] += 1

    def wait_for_more(self, count: int) -> None:
        """Until each of them has been answered so often once more."""
        goals = [answered + count for answered in self._answered]
        until = time.monotonic() + PATIENCE_SECONDS
        while any(answered < goal for answered, goal in zip(self._answered, goals, strict=True)):
            assert not any(calling.done() for calling in self._calling), [call.exception() for call in self._calling]
            assert time.monotonic() < until
            time.sleep(0.005)

    def close(self) -> None:
        """End in any case, also after a failure."""
        self._ending.set()
        self._pool.shutdown()

    def end(self) -> None:
        """Raises what any of them met with."""
        self._ending.set()
        for calling in self._calling:
            calling.result()
        self._pool.shutdown()
