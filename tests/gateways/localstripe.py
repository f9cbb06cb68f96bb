"""localstripe as a server of its own, and a wire to it that can be cut where a test wants it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import stripe

from tests.harness import START_SECONDS, free_port

SECRET_KEY = "sk_test_tollhouse"
WEBHOOK_SECRET = "whsec_tollhouse"

GOOD = "4242424242424242"
DECLINED = "4000000000000341"
WANTS_3DS = "4000002500003155"


class Localstripe:
    """A running localstripe with nothing in it."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
        with (folder / "localstripe.log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": self.base})
        self._wait_until_ready()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def card(self, number: str = GOOD) -> str:
        """The payment method of a new customer's card."""
        customer = self.client.v1.customers.create({"name": "Ada"})
        card: Any = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
        method = self.client.v1.payment_methods.create({"type": "card", "card": card})
        self.client.v1.payment_methods.attach(method.id, {"customer": customer.id})
        return method.id

    def intents(self, key: str) -> list[Any]:
        """Every PaymentIntent that was made under a key of ours."""
        found = self.client.v1.payment_intents.list({"limit": 1000}).data
        return [intent for intent in found if intent.metadata.to_dict().get("tollhouse_key") == key]

    def states(self, key: str) -> list[str]:
        return [intent.status for intent in self.intents(key)]

    def taken(self, key: str) -> int:
        """How often money was taken under a key of ours."""
        return self.states(key).count("succeeded")

    def refunds(self, intent_id: str) -> list[Any]:
        return list(self.client.v1.refunds.list({"payment_intent": intent_id, "limit": 1000}).data)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() < until and self.process.poll() is None:
                try:
                    client.get(self.base + "/")
                except httpx.TransportError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("localstripe did not start")


#: What becomes of a request: passed on and answered; passed on and, if it was carried out, not answered (localstripe
#: refuses a first confirmation, for it does not know `off_session`); not even passed on; or answered so.
PASS, DROP_ANSWER, SWALLOW = "pass", "drop answer", "swallow"
Answer = tuple[int, bytes]
Rule = Callable[[str, str], str | Answer]


def on(ending: str, what: str | Answer, *, method: str = "POST") -> Rule:
    """What becomes of the requests whose path ends so; all others pass."""
    return lambda asked, path: what if asked == method and path.partition("?")[0].endswith(ending) else PASS


class Wire:
    """An address that leads to localstripe by way of the test's rule."""

    def __init__(self, target: str) -> None:
        self.rule: Rule = lambda _method, _path: PASS
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self._target = target
        self._client = httpx.Client(trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        self.requests.append((method, path))
        self.headers.append(headers)
        self.bodies.append(body)
        what = self.rule(method, path)
        if isinstance(what, tuple):
            return what
        if what == SWALLOW:
            return None
        kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection")}
        said = self._client.request(method, self._target + path, headers=kept, content=body)
        is_done = said.status_code != 400
        return None if what == DROP_ANSWER and is_done else (said.status_code, said.content)

    def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                answer = wire.answer(self.command, self.path, dict(self.headers.items()), body)
                if answer is not None:
                    self.send_response(answer[0])
                    self.send_header("content-length", str(len(answer[1])))
                    self.end_headers()
                    self.wfile.write(answer[1])
                self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_what: Any) -> None:
                pass

        return Handler
