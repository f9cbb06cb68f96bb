"""Where an IP address is: offline, by what the regional registries assigned to which country."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from iptocc import country_code

_NOT_A_COUNTRY: Final = frozenset({"AP", "EU", "ZZ"})
"""Codes under which a registry files blocks of a whole region, or of nobody."""


def parse_ip(text: str) -> IPv4Address | IPv6Address | None:
    """The address that `text` spells, None if it is not exactly one: no blanks, port, prefix or zone."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def country_of_ip(ip: IPv4Address | IPv6Address) -> str | None:
    """The country of a public address as an upper-case ISO 3166-1 code; None if private or unlocatable.

    An IPv4 address inside an IPv6 one (::ffff:8.8.8.8) is located as the IPv4 address.
    """
    located = ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
    country = country_code(str(located)) if located.is_global else None
    return None if country in _NOT_A_COUNTRY else country
