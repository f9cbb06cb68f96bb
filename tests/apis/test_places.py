"""Where an IP address is."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.apis import places
from tollhouse.apis.places import country_of_ip, parse_ip


@pytest.mark.parametrize("text", ["103.154.35.20", "8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "::1"])
def test_an_address_is_read(text: str) -> None:
    assert parse_ip(text) == ip_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "8.8.8.8 ", " 8.8.8.8", "8.8.8.8\n", "8.8.8", "8.8.8.8.8", "8.8.8.256", "08.8.8.8", "1"],
        *["8.8.8.8/32", "8.8.8.8:80", "[::1]", "fe80::1%eth0", "::1::", "localhost", "8.8.8.٨", "0x8.8.8.8"],
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    assert parse_ip(text) is None


@given(st.ip_addresses())
def test_every_address_is_read_as_it_is_written(ip: IPv4Address | IPv6Address) -> None:
    assert parse_ip(str(ip)) == ip


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    parse_ip(text)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("103.154.35.20", "IN"),
        ("8.8.8.8", "US"),
        ("193.0.6.139", "NL"),
        ("1.0.16.1", "JP"),
        ("2001:4860:4860::8888", "US"),
        ("2001:200::1", "JP"),
        ("::ffff:1.0.16.1", "JP"),
    ],
)
def test_a_public_address_has_a_country(text: str, country: str) -> None:
    assert country_of_ip(ip_address(text)) == country


@pytest.mark.parametrize(
    "text",
    [
        *["10.0.0.1", "127.0.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "255.255.255.255"],
        *[
            "192.0.2.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
        ],
    ],
)
def test_a_private_or_reserved_address_has_none(text: str) -> None:
    assert country_of_ip(ip_address(text)) is None


@pytest.mark.parametrize("code", ["EU", "AP", "ZZ"])
def test_a_region_is_no_country(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "country_code", lambda _: code)
    assert country_of_ip(ip_address("8.8.8.8")) is None


def test_a_private_address_is_not_even_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "country_code", lambda _: "US")
    assert country_of_ip(ip_address("10.0.0.1")) is None
    assert country_of_ip(ip_address("::ffff:10.0.0.1")) is None


@given(st.ip_addresses())
def test_every_answer_is_two_capital_letters_or_none(ip: IPv4Address | IPv6Address) -> None:
    country = country_of_ip(ip)
    assert country is None or (len(country) == 2 and country.isascii() and country.isupper())
