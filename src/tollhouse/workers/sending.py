"""Sends one event to one endpoint: finds the address, sees whether it may be called, signs, posts, reads the status.

Nothing of an answer counts but its status: no redirect is followed, no body is read. What is connected to is the very
address that was checked, so a name that means another one a moment later leads nowhere else.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import cached_property
from ipaddress import ip_address

import httpx
import msgspec

from tollhouse import __version__
from tollhouse.ledger.clock import SECOND, Clock
from tollhouse.ledger.events.delivering import Claimed
from tollhouse.ledger.events.endpoints import secret_at
from tollhouse.ledger.events.outbound import Target, UrlRefused, is_public, is_public_port, target
from tollhouse.ledger.events.signatures import signature

#: Gives every address of a host; OSError where there is none.
Resolve = Callable[[str, int], Awaitable[list[str]]]

#: Names that are looked up at once: one that takes long keeps a thread for as long as the system's resolver waits.
LOOK_UPS_AT_ONCE = 64
#: How long whoever names an endpoint waits to hear what its name leads to.
LOOK_SECONDS = 2.0
#: Of a host's addresses so many are tried, one after another, until one can be connected to.
ADDRESSES_MAX = 4


class Sent(msgspec.Struct, frozen=True):
    """What came of it: a status, or None and in a word why there is none."""

    status_code: int | None
    failure: str = ""

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


class AddressRefused(Exception):
    """The host has an address that may not be called."""


class Names:
    """Looks up names in threads of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(LOOK_UPS_AT_ONCE, thread_name_prefix="name")

    async def resolve(self, host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(self._pool, _addresses, host, port)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def checked_addresses(resolve: Resolve, where: Target, is_private_allowed: bool) -> list[str]:
    """The addresses to connect to. Raises AddressRefused if any may not be called, OSError where there is none."""
    addresses = await resolve(where.host, where.port)
    if not addresses:
        raise OSError("the name has no address")
    if not (is_private_allowed or _is_public(where, addresses)):
        raise AddressRefused
    return addresses[:ADDRESSES_MAX]


def _is_public(where: Target, addresses: list[str]) -> bool:
    return is_public_port(where.port) and all(is_public(ip_address(address)) for address in addresses)


async def is_refused(resolve: Resolve, url: str) -> bool:
    """Whether it is known now that only private addresses are behind a URL. Of a name that does not resolve nothing
    is known: it may come to."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await checked_addresses(resolve, target(url), is_private_allowed=False)
    except AddressRefused:
        return True
    except (UrlRefused, OSError, UnicodeError):
        return False
    return False


class Sender:
    def __init__(
        self, *, clock: Clock, timeout_seconds: float, resolve: Resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        """`timeout_seconds` bounds everything from looking up the name to the status."""
        self._clock = clock
        self.timeout_seconds = timeout_seconds
        self._resolve = resolve
        self._ssl_context = ssl_context
        self._resources = AsyncExitStack()

    async def close(self) -> None:
        await self._resources.aclose()

    async def send(self, claimed: Claimed) -> Sent:
        """Never raises: what goes wrong is an answer too."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return Sent(await self._post(claimed))
        except (AddressRefused, UrlRefused):
            return Sent(None, "address_refused")
        except (TimeoutError, httpx.TimeoutException):
            return Sent(None, "timeout")
        except (OSError, UnicodeError):
            return Sent(None, "not_resolved")
        except httpx.ConnectError as error:
            return Sent(None, "tls_failed" if isinstance(_root(error), ssl.SSLError) else "connection_failed")
        except httpx.HTTPError:
            return Sent(None, "no_answer")
        except Exception as error:  # noqa: BLE001 - one endpoint's trouble is not the others'
            return Sent(None, f"fault_{type(error).__name__}")

    async def _post(self, claimed: Claimed) -> int:
        where = target(claimed.endpoint.url)
        addresses = await checked_addresses(self._resolve, where, claimed.is_private_allowed)
        connect_seconds = self.timeout_seconds / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, where, claimed, connect_seconds)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._post_to(addresses[-1], where, claimed, connect_seconds)

    async def _post_to(self, address: str, where: Target, claimed: Claimed, connect_seconds: float) -> int:
        request = self._client.build_request(
            "POST",
            httpx.URL(scheme=where.scheme, host=address, port=where.port, raw_path=where.path.encode()),
            content=claimed.event.body.encode(),
            headers=self._headers(claimed, where),
            timeout=httpx.Timeout(self.timeout_seconds, connect=connect_seconds),
            extensions={"sni_hostname": where.host},
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code

    def _headers(self, claimed: Claimed, where: Target) -> dict[str, str]:
        now = self._clock.now()
        event, timestamp = claimed.event, now // SECOND
        secret = secret_at(claimed.endpoint, now)
        return {
            "Host": where.authority,
            "Content-Type": "application/json",
            "User-Agent": f"Tollhouse/{__version__}",
            "Connection": "close",
            "webhook-id": event.uid,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, event.uid, timestamp, event.body.encode()),
        }

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        """No connection is kept: one that was checked against one name must not serve another at the same address."""
        context = self._ssl_context or _ssl_context()
        client = httpx.AsyncClient(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )
        self._resources.push_async_callback(client.aclose)
        return client


def _ssl_context() -> ssl.SSLContext:
    """Trusts whom Mozilla trusts and whom this machine does."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return error
