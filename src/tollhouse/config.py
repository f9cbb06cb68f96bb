"""Settings: every one is an environment variable `TOLLHOUSE_…`, read once at start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from typing import Any

PREFIX = "TOLLHOUSE_"
#: Gaps between attempts, and how long one may be.
GAPS_MAX = 32
GAP_SECONDS_MAX = 604_800
DIGITS_MAX = 9
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


class BadSetting(ValueError):
    """A setting that cannot be used; the sentence names it and says what is wanted."""


def _setting(
    default: Any,
    about: str,
    *,
    least: int | None = None,
    most: int | None = None,
    networks: bool = False,
    gaps: bool = False,
    address: bool = False,
    secret: bool = False,
) -> Any:
    """A `secret` is left out where all settings are shown."""
    bounds = {"least": least, "most": most, "networks": networks, "gaps": gaps, "address": address}
    return field(default=default, repr=not secret, metadata={"about": about, **bounds})


@dataclass(frozen=True, slots=True)
class Settings:
    database_url: str = _setting("sqlite:///tollhouse.db", "The store: sqlite:///FILE or postgresql://…")
    log_level: str = _setting("info", "debug, info, warning or error.")
    access_log: int = _setting(0, "1 writes a log line for every request, also the successful ones.", least=0, most=1)
    queue_max: int = _setting(
        20_000, "Facts that may wait for a commit; beyond it a request is answered 503.", least=1, most=1_000_000
    )
    reads_max: int = _setting(256, "Reads that may wait or run at once; beyond it 503.", least=1, most=100_000)
    read_threads: int = _setting(8, "Threads, and store connections, for reads.", least=1, most=64)
    password_threads: int = _setting(1, "Threads that check passwords.", least=1, most=64)
    passwords_max: int = _setting(64, "Password checks that may wait; beyond it 503.", least=1, most=100_000)
    gateway_threads: int = _setting(64, "Calls to payment gateways at once.", least=1, most=1000)
    gateway_calls_max: int = _setting(256, "Gateway calls that may wait; beyond it 503.", least=1, most=100_000)
    gateway_timeout_seconds: int = _setting(
        8, "How long a gateway may take; an unknown outcome is answered within one second more.", least=1, most=8
    )
    resolve_after_seconds: int = _setting(
        30, "How long after an unknown outcome the gateway is asked what became of it.", least=0, most=86_400
    )
    webhook_timeout_seconds: int = _setting(10, "How long an endpoint may take to answer an event.", least=1, most=60)
    webhook_retry_seconds: str = _setting(
        "60,60,60,300,1800,7200,28800,86400",
        "The gaps before each further attempt to send an event; after the last it is given up.",
        gaps=True,
    )
    webhook_sends: int = _setting(64, "Events that are sent at once.", least=1, most=1000)
    stripe_secret_key: str = _setting(
        "", "The secret key of the installation's Stripe account; with it the gateway `stripe` is there.", secret=True
    )
    stripe_webhook_secret: str = _setting("", "What Stripe signs its events to us with: whsec_…", secret=True)
    stripe_publishable_key: str = _setting(
        "", "The publishable key of that account: pk_…; with it the pages take new cards."
    )
    stripe_api_base: str = _setting("https://api.stripe.com", "Where Stripe's API is.")
    stripe_js: str = _setting("https://js.stripe.com/v3/", "Where browsers find Stripe.js.", address=True)
    stripe_accounts: str = _setting("", "A TOML file of Stripe accounts that tenants have for themselves.")
    body_bytes_max: int = _setting(1_048_576, "The largest request body.", least=1024, most=104_857_600)
    bulk_items_max: int = _setting(1000, "The most items in one bulk call.", least=1, most=100_000)
    key_cache_seconds: int = _setting(5, "How long a known API key is remembered.", least=0, most=300)
    password_cache_seconds: int = _setting(60, "How long a checked password is remembered.", least=0, most=3600)
    public_url: str = _setting(
        "", "Where clients and browsers reach the server, such as https://pay.example.com; empty: as each request says."
    )
    kelviq_charge_features: int = _setting(
        1, "0 answers Kelviq charges with features [], as the published sample does.", least=0, most=1
    )
    kelviq_refund_revokes: int = _setting(
        0, "1 takes back what a purchase gave when it is refunded whole; else the customer keeps it.", least=0, most=1
    )
    checkout_seconds: int = _setting(86_400, "How long a checkout page may be paid on.", least=60, most=31_536_000)
    portal_seconds: int = _setting(
        3600, "How long a link to the portal counts, and how long one who followed it stays.", least=60, most=31_536_000
    )
    self_charges: int = _setting(1, "0 forbids a customer's own people to create charges on it.", least=0, most=1)

    token_seconds: int = _setting(
        3600, "How long a token of user/login counts; 0 is for ever.", least=0, most=31_536_000
    )
    console_seconds: int = _setting(
        43_200, "How long somebody stays signed in at the console.", least=300, most=31_536_000
    )
    login_failures_max: int = _setting(
        10, "Failed log-ins in 15 minutes after which an address is refused for that person.", least=1, most=10_000
    )
    login_lock_seconds: int = _setting(900, "How long it is then refused.", least=1, most=86_400)
    trusted_proxies: str = _setting(
        "", "Proxies whose X-Forwarded-For is believed: addresses and CIDR ranges.", networks=True
    )

    stop_seconds: int = _setting(
        20, "How long requests that were begun may take to end when the server is asked to stop.", least=1, most=3600
    )
    drain_seconds: int = _setting(
        0,
        "How long a server that is asked to stop goes on taking requests, while /readyz says that it will not be.",
        least=0,
        most=3600,
    )
    backup_directory: str = _setting("", "Where the server keeps backups that it makes by itself; for SQLite alone.")
    backup_every_hours: int = _setting(24, "How old the newest of them may become.", least=1, most=8760)
    backups_kept: int = _setting(7, "How many of them are kept.", least=1, most=10_000)

    @property
    def webhook_gaps(self) -> tuple[int, ...]:
        """`webhook_retry_seconds` as numbers."""
        return tuple(map(int, _items(self.webhook_retry_seconds)))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read every `TOLLHOUSE_…` variable that is a setting; BadSetting names one that cannot be used."""
        given = {}
        for setting in fields(cls):
            text = environment.get(PREFIX + setting.name.upper())
            if text is not None and text != "":
                given[setting.name] = _read(PREFIX + setting.name.upper(), text, setting.default, setting.metadata)
        return cls(**given)


def _read(name: str, text: str, default: Any, bounds: Mapping[str, Any]) -> Any:
    if isinstance(default, str):
        if bounds["networks"] and not _are_networks(text):
            raise BadSetting(f"{name} must be IP addresses or CIDR ranges, separated by spaces or commas.")
        if bounds["gaps"] and not _are_gaps(text):
            raise BadSetting(f"{name} must be up to {GAPS_MAX} whole numbers up to {GAP_SECONDS_MAX}, with commas.")
        if bounds["address"] and not _ADDRESS.fullmatch(text):
            raise BadSetting(f"{name} must be an address such as https://example.com/script.js.")
        return text
    if not text.isascii() or not text.isdigit():
        raise BadSetting(f"{name} must be a whole number.")
    number = int(text)
    least, most = bounds["least"], bounds["most"]
    if not least <= number <= most:
        raise BadSetting(f"{name} must be between {least} and {most}.")
    return number


def _items(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _are_gaps(text: str) -> bool:
    items = _items(text)
    digits = all(item.isascii() and item.isdigit() and len(item) <= DIGITS_MAX for item in items)
    return 1 <= len(items) <= GAPS_MAX and digits and all(int(item) <= GAP_SECONDS_MAX for item in items)


def _are_networks(text: str) -> bool:
    try:
        return all(ip_network(item, strict=False) for item in _items(text))
    except ValueError:
        return False
