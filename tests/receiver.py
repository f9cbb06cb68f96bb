"""A merchant's server that events are sent to: a real one, in a thread of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import kelviq_sdk
import msgspec

#: A certificate of hooks.example's, signed by itself, and its key.
CERTIFICATE = Path(__file__).parent / "workers" / "hooks.example.pem"


class Received(msgspec.Struct, frozen=True):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return msgspec.json.decode(self.body)

    def is_signed_with(self, secret: str) -> bool:
        try:
            return bool(kelviq_sdk.validate_event(self.body, self.headers, secret) == self.event)
        except kelviq_sdk.WebhookVerificationError:
            return False


class Receiver:
    """What was received, in order. `answer` says what to answer: a status, which 200 is unless it is set."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.url = f"{scheme}://127.0.0.1:{port}/hook"
        self.port = port
        self.received: list[Received] = []
        self.answer: Callable[[Received], int] = lambda _received: 200
        self.headers: dict[str, str] = {}
        self.at_once = 0
        self.at_once_most = 0
        self._changed = threading.Condition()

    @property
    def types(self) -> list[str]:
        return [received.event["type"] for received in self.received]

    def wait_for(self, count: int, seconds: float = 60) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, seconds), self.types

    def take(self, received: Received) -> int:
        with self._changed:
            self.received.append(received)
            self.at_once += 1
            self.at_once_most = max(self.at_once, self.at_once_most)
            self._changed.notify_all()
        try:
            return self.answer(received)
        finally:
            with self._changed:
                self.at_once -= 1


@contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take(Received(self.path, dict(self.headers), body))
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            if "content-length" not in receiver.headers:
                self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_said: Any) -> None:
            """Nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_request: Any) -> None:
            """A sender that does not read is none of the test's business."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        receiver = Receiver(server.server_address[1], "https" if tls else "http")
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
