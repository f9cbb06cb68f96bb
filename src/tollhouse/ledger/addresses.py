"""Network addresses: which of them a person may call from, and as what one is counted."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

#: How much of an IPv6 address is one subscriber's: who has one of them has them all.
_IPV6_PREFIX: Final = 64
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_SEPARATORS = re.compile(r"[\s,]+")


@lru_cache(maxsize=1024)
def networks_from_text(text: str) -> Networks:
    """Addresses and CIDR ranges, separated by spaces and commas. Raises ValueError."""
    return tuple(_plain_network(ip_network(item, strict=False)) for item in _SEPARATORS.split(text) if item)


def is_source(text: str) -> bool:
    """Whether a text is a list of addresses and ranges, perhaps an empty one."""
    try:
        networks_from_text(text)
    except ValueError:
        return False
    return True


def is_within(address: Address | None, networks: Networks) -> bool:
    """Whether the address is in one of the networks; an IPv4 address inside an IPv6 one is the IPv4 address."""
    if address is None:
        return False
    plain = plain_address(address)
    return any(plain.version == network.version and plain in network for network in networks)


def may_call_from(source: str, address: Address | None) -> bool:
    """Whether somebody with these allowed addresses may call from one; an empty text allows any, known or not."""
    networks = networks_from_text(source)
    return not networks or is_within(address, networks)


def counted_as(address: Address | None) -> str:
    """As what an address is counted: whoever holds an IPv6 address holds its whole subnet."""
    if address is None:
        return "unknown"
    plain = plain_address(address)
    if isinstance(plain, IPv4Address):
        return str(plain)
    return str(IPv6Network((plain, _IPV6_PREFIX), strict=False))


def plain_address(address: Address) -> Address:
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _plain_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """A range of IPv4 addresses inside IPv6 is that range of IPv4."""
    if isinstance(network, IPv4Network) or not network.subnet_of(_MAPPED):
        return network
    mapped = network.network_address.ipv4_mapped
    return IPv4Network((int(mapped or 0), network.prefixlen - _MAPPED.prefixlen))
