"""From which address a call comes: the peer's, or what a proxy that is trusted says of the one before it."""

from __future__ import annotations

from tollhouse.apis.places import parse_ip
from tollhouse.ledger.addresses import Address, Networks, is_within
from tollhouse.web import Request

FORWARDED = b"x-forwarded-for"


def address_of(request: Request, trusted_proxies: Networks) -> Address | None:
    """The last address that is no trusted proxy's; None where it is not told or cannot be read.

    What somebody untrusted says about those before it counts for nothing.
    """
    address = _parsed(request.client)
    if not trusted_proxies or not is_within(address, trusted_proxies):
        return address
    said = [item for value in request.header_values(FORWARDED) for item in value.split(",")]
    while said and is_within(address, trusted_proxies):
        address = _parsed(said.pop())
    return address


def _parsed(text: str) -> Address | None:
    """An address as servers and proxies write it: perhaps with a zone, in brackets, or with a port."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    return parse_ip(plain.partition("%")[0])
