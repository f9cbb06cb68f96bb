"""Our own load generator, where there is no wrk: keep-alive connections, no pipelining, in a process of its own.

`python -m bench.driver PORT CLIENTS SECONDS FILE PATH CONTENT_TYPE KEY` prints what came of it as one line of JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import uvloop


class Tally:
    def __init__(self, seconds: float) -> None:
        self.until = time.perf_counter() + seconds
        self.latencies: list[float] = []
        self.errors = 0


class Client(asyncio.Protocol):
    """One connection: sends a request as soon as the reply to the last one is whole."""

    def __init__(self, requests: Iterator[bytes], tally: Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._received = b""
        self._sent_at = 0.0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        now = time.perf_counter()
        self._received = b""
        self._tally.latencies.append(now - self._sent_at)
        self._tally.errors += not head.startswith(b"HTTP/1.1 2")
        if now < self._tally.until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._tally.errors += error is not None or time.perf_counter() < self._tally.until
        self.finished.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def _content_length(head: bytes) -> int:
    after = head.lower().partition(b"content-length:")[2]
    return int(after.partition(b"\r\n")[0])


async def drive(port: int, clients: int, seconds: float, requests: Iterator[bytes]) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    started_at = time.perf_counter()
    tally = Tally(seconds)
    made = [await loop.create_connection(lambda: Client(requests, tally), "127.0.0.1", port) for _ in range(clients)]
    await asyncio.gather(*(client.finished for _, client in made))
    latencies = sorted(tally.latencies)
    return {
        "requests": len(latencies),
        "seconds": time.perf_counter() - started_at,
        "p50_ms": latencies[len(latencies) // 2] * 1e3,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
        "errors": tally.errors,
    }


def request_bytes(path: str, content_type: str, key: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def main() -> None:
    port, clients, seconds, file, path, content_type, key = sys.argv[1:]
    bodies = Path(file).read_text().splitlines()
    requests = itertools.cycle([request_bytes(path, content_type, key, body) for body in bodies])
    print(json.dumps(uvloop.run(drive(int(port), int(clients), float(seconds), requests))))


if __name__ == "__main__":
    main()
