"""Which URLs are taken, and which addresses are the public's."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tollhouse.ledger.events.outbound import Target, UrlRefused, is_plainly_private, is_public, is_public_port, target

PUBLIC = """
    8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 100.63.255.255 100.128.0.1 192.0.1.1 198.17.0.1 223.255.255.255
    2606:4700::1111 2001:4860:4860::8888 2a00::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
"""
PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.255 169.254.0.1
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1
    198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::8.8.8.8 2002:7f00:1:: 2002:a00:1::1 2001::1 2001:0:4136::1
    2001:db8::1 100::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 2606:4700::1%1 fec0::1 ff02::1
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_the_publics_addresses(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_the_publics(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "found", "authority"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/"), "example.com"),
        ("http://Example.com:8080/a/b?c=d&e", Target("http", "example.com", 8080, "/a/b?c=d&e"), "example.com:8080"),
        ("https://example.com:443/", Target("https", "example.com", 443, "/"), "example.com"),
        ("http://example.com:443/", Target("http", "example.com", 443, "/"), "example.com:443"),
        ("http://[2606:4700::1]/", Target("http", "2606:4700::1", 80, "/"), "[2606:4700::1]"),
        ("https://example.com?x", Target("https", "example.com", 443, "/?x"), "example.com"),
    ],
)
def test_where_a_url_leads(url: str, found: Target, authority: str) -> None:
    assert (target(url), target(url).authority) == (found, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://",
        "http:///path",
        "http://:80/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:port/",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://8.8.8.8\\@127.0.0.1/",
        "http://example.com/#fragment",
        "http://example.com/with space",
        "http://example.com/\r\nHost: other",
        "http://example.com/\x00",
        "http://exämple.com/",
        "http://[::1/",
        "http://[nonsense]/",
        "http://exa$mple.com/",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_what_is_no_url_of_an_endpoint(url: str) -> None:
    with pytest.raises(UrlRefused):
        target(url)


@pytest.mark.parametrize(
    "host", ["localhost", "a.localhost", "localhost.", "x.internal", "printer.local", "10.0.0.1", "::1"]
)
def test_hosts_that_are_plainly_private(host: str) -> None:
    assert is_plainly_private(host)


@pytest.mark.parametrize("host", ["example.com", "local.example.com", "8.8.8.8", "2130706433", "127.1"])
def test_hosts_of_which_one_has_to_ask(host: str) -> None:
    assert not is_plainly_private(host)


def test_ports() -> None:
    assert [port for port in (22, 25, 80, 443, 465, 1023, 1024, 8080, 65535) if is_public_port(port)] == [
        80,
        443,
        1024,
        8080,
        65535,
    ]
