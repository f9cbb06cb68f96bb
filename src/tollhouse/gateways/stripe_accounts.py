"""Whose Stripe account takes a tenant's money: its own, where it has one, else the installation's."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
import stripe

from tollhouse.gateways.stripe_client import BoundedClient
from tollhouse.gateways.stripe_objects import Details
from tollhouse.ledger.commands import GatewayMethod

#: So many payment methods are remembered with the customer whose they are.
PAYERS_MAX = 10_000


class AccountsUnreadable(ValueError):
    """The file of accounts cannot be used; the sentence says why, without a secret."""


class Secrets(NamedTuple):
    secret_key: str
    webhook_secret: str = ""


class Payer(NamedTuple):
    """Whose a payment method is at Stripe, "" being nobody's, and of what kind."""

    customer: str
    method_type: str


class Account:
    """One Stripe account. Safe for threads."""

    def __init__(self, secrets: Secrets, api_base: str, http: BoundedClient) -> None:
        self.webhook_secret = secrets.webhook_secret
        self.http = http
        self.client = stripe.StripeClient(
            secrets.secret_key,
            base_addresses={"api": api_base.rstrip("/")},
            max_network_retries=0,
            http_client=http,
        )
        self._payers: dict[str, Payer] = {}
        self._lock = threading.Lock()

    def payer(self, token: str) -> Payer:
        """Whose a payment method is; remembered, for it stays so while it can be charged."""
        payer = self._payers.get(token)
        if payer is None:
            method = self.client.v1.payment_methods.retrieve(token)
            customer = method.customer
            payer = Payer(customer if isinstance(customer, str) else getattr(customer, "id", ""), method.type)
            if payer.customer:
                self._remember(token, payer)
        return payer

    def shown(self, token: str) -> GatewayMethod:
        method = self.client.v1.payment_methods.retrieve(token)
        details = msgspec.convert(method.to_dict().get(method.type) or {}, Details)
        return GatewayMethod(
            method.type,
            brand=details.brand or "",
            last4=details.last4 or "",
            exp_month=details.exp_month or 0,
            exp_year=details.exp_year or 0,
            funding=details.funding or "",
            country=details.country or "",
        )

    def _remember(self, token: str, payer: Payer) -> None:
        with self._lock:
            if len(self._payers) >= PAYERS_MAX:
                self._payers.clear()
            self._payers[token] = payer


class Accounts:
    def __init__(
        self,
        installation: Secrets | None,
        by_slug: Mapping[str, Secrets],
        api_base: str,
        slug_of: Callable[[int], str],
    ) -> None:
        """`installation` is for all tenants that `by_slug` does not name; `slug_of` names a tenant."""
        self._http = BoundedClient()
        self._slug_of = slug_of
        self._installation = Account(installation, api_base, self._http) if installation else None
        self._by_slug = {slug: Account(secrets, api_base, self._http) for slug, secrets in by_slug.items()}

    def of(self, tenant_id: int) -> Account | None:
        if not self._by_slug:
            return self._installation
        return self._by_slug.get(self._slug_of(tenant_id), self._installation)

    def close(self) -> None:
        self._http.close()


def accounts_from_toml(text: str) -> dict[str, Secrets]:
    """`[slug]` tables with `secret_key` and perhaps `webhook_secret`; raises AccountsUnreadable."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AccountsUnreadable("it is no TOML") from error
    return {slug: _secrets(slug, table) for slug, table in tables.items()}


def _secrets(slug: str, table: Any) -> Secrets:
    if not isinstance(table, dict) or not {"secret_key"} <= table.keys() <= {"secret_key", "webhook_secret"}:
        raise AccountsUnreadable(f"[{slug}] must have a secret_key, perhaps a webhook_secret, and nothing else")
    secret_key, webhook_secret = table["secret_key"], table.get("webhook_secret", "")
    if not (isinstance(secret_key, str) and secret_key.strip() and isinstance(webhook_secret, str)):
        raise AccountsUnreadable(f"[{slug}] must have texts for its secrets")
    return Secrets(secret_key.strip(), webhook_secret.strip())
