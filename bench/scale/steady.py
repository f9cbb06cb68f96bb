"""Others who charge meanwhile: a steady pace of single charges, each timed from the moment at which it was due.

`python -m bench.scale.steady PORT KEY` prints a line once it is under way, goes on until its standard input is closed,
and prints what came of it as one line of JSON. It is due, not sent, that counts: who waits behind a late reply is late
too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from bench.driver import request_bytes
from bench.traffic import JSON

CLIENTS = 40
A_SECOND = 200
CUSTOMERS = 1000


class Client:
    def __init__(self, number: int, port: int, key: str) -> None:
        self._number = number
        self._port = port
        self._key = key
        self._sent = 0
        self.latencies: list[float] = []
        self.errors = 0

    async def connect(self) -> None:
        """The first charge is not counted."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._charge()

    async def go_on(self, over: asyncio.Event) -> None:
        every = CLIENTS / A_SECOND
        due_at = time.perf_counter() + every * self._number / CLIENTS
        while not (over.is_set() and self.latencies):
            await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
            await self._charge()
            self.latencies.append(time.perf_counter() - due_at)
            due_at += every
        self._writer.close()

    async def _charge(self) -> None:
        self._sent += CLIENTS
        body = f'{{"user_id":"u{(self._sent + self._number) % CUSTOMERS}","amount":1999}}'
        self._writer.write(request_bytes("/charges", JSON, self._key, body))
        head = await self._reader.readuntil(b"\r\n\r\n")
        await self._reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]))
        self.errors += not head.startswith(b"HTTP/1.1 2")


async def steady(port: int, key: str) -> dict[str, float]:
    over = asyncio.Event()
    clients = [Client(number, port, key) for number in range(CLIENTS)]
    for client in clients:
        await client.connect()
    print("under way", flush=True)
    going = asyncio.gather(*(client.go_on(over) for client in clients))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    over.set()
    await going
    ordered = sorted(latency for client in clients for latency in client.latencies)
    return {
        "requests": len(ordered),
        "errors": sum(client.errors for client in clients),
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
        "max_ms": ordered[-1] * 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(steady(int(sys.argv[1]), sys.argv[2]))))
