"""Where events may be sent: which URLs are taken, and which network addresses are the public's.

Whoever names an endpoint chooses where this server connects to: nothing but public addresses is reached, unless the
tenant is allowed private ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

URL_LENGTH_MAX: Final = 2048
_PORTS: Final = {"http": 80, "https": 443}
_PRINTABLE: Final = re.compile(r"[!-~]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+")
#: Names that never mean a host of the public's.
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "localdomain", "home.arpa")

#: An IPv4 address inside an IPv6 one, with the bits that are behind it: mapped, translated (NAT64), compatible, 6to4.
_EMBEDDING: Final = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)
_UNICAST: Final = IPv6Network("2000::/3")
#: What Python's versions do not all know as special: protocols, tunnels, relays, documentation, a cloud's own service.
_SPECIAL_4: Final = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
_SPECIAL_6: Final = tuple(map(IPv6Network, ("2001::/23", "3fff::/20")))
#: Below this, the ports at which HTTP is spoken: no other service is sent what it may take for its own.
_PORT_MIN: Final = 1024


class UrlRefused(ValueError):
    """The URL cannot be sent to; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: `path` begins with a slash and has the query; `host` has no brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Where a URL leads. Raises UrlRefused."""
    if len(url) > URL_LENGTH_MAX or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise UrlRefused(f"must be a URL of at most {URL_LENGTH_MAX} ASCII characters, without spaces.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused("is not a URL.") from error
    if parts.scheme not in _PORTS:
        raise UrlRefused("must begin with https:// or http://.")
    if "@" in parts.netloc:
        raise UrlRefused("must have no user name or password.")
    if "#" in url:
        raise UrlRefused("must have no fragment.")
    host = parts.hostname or ""
    if not _is_host(host) or port == 0:
        raise UrlRefused("must name a host.")
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], (parts.path or "/") + query)


def is_plainly_private(host: str) -> bool:
    """Whether it can be told without asking anybody that a host is not the public's."""
    address = _address(host)
    if address is not None:
        return not is_public(address)
    name = host.rstrip(".")
    return any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet's, also where it holds another one."""
    if isinstance(address, IPv6Address):
        for network, shift in _EMBEDDING:
            if address in network:
                return is_public(IPv4Address(int(address) >> shift & 0xFFFFFFFF))
        if address.scope_id is not None or address not in _UNICAST:
            return False
        return address.is_global and not any(address in network for network in _SPECIAL_6)
    if address.is_multicast or address.is_reserved:
        return False
    return address.is_global and not any(address in network for network in _SPECIAL_4)


def is_public_port(port: int) -> bool:
    return port in _PORTS.values() or port >= _PORT_MIN


def _is_host(host: str) -> bool:
    return bool(_HOST.fullmatch(host)) or _address(host) is not None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
