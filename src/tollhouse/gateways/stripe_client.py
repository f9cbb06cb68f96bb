"""How Stripe's library reaches Stripe: within a time that is ours, once, and telling nothing about this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import stripe

#: The most that an answer of Stripe's may hold.
ANSWER_BYTES_MAX = 8 * 1024 * 1024
CONNECTIONS_MAX = 64

# A setting of the library's as a whole: with it on, it would also make an identity for this machine.
stripe.enable_telemetry = False


class BoundedClient(stripe.HTTPClient):
    """An HTTP client for StripeClient; every request is made inside `within`. Safe for threads."""

    name = "httpx"

    def __init__(self) -> None:
        super().__init__()
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=16)
        self._client = httpx.Client(follow_redirects=False, limits=limits)
        self._times = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """This thread's requests end within so many seconds, all together."""
        self._times.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._times.until = 0.0

    @property
    def left_seconds(self) -> float:
        until: float = getattr(self._times, "until", 0.0)
        return until - time.monotonic()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_usage: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        if self.left_seconds <= 0:
            raise _failed("no time is left")
        try:
            return self._answer(method, url, _plain(headers or {}), post_data)
        except httpx.HTTPError as error:
            # Its own words may hold the address; its kind says enough.
            raise _failed(type(error).__name__) from None

    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        sent = post_data.encode() if isinstance(post_data, str) else post_data
        body = bytearray()
        timeout = httpx.Timeout(self.left_seconds)
        with self._client.stream(method.upper(), url, headers=headers, content=sent, timeout=timeout) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX or self.left_seconds <= 0:
                    raise _failed("the answer is too long")
        return body.decode("utf-8", "replace"), response.status_code, dict(response.headers)

    def close(self) -> None:
        self._client.close()


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("x-stripe-client")}
    return {**kept, "User-Agent": f"Stripe/v1 PythonBindings/{stripe.VERSION} Tollhouse"}


def _failed(reason: str) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(f"Stripe was not reached: {reason}")  # type: ignore[no-untyped-call]
