"""Whose Stripe account takes a tenant's money: its own, where it has one, else the installation's."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import stripe
import structlog

from tollhouse.gateways.stripe_client import BoundedClient
from tollhouse.gateways.stripe_objects import DETAILS
from tollhouse.ledger.commands import GatewayMethod

#: So many payment methods are remembered with the customer whose they are.
PAYERS_MAX = 10_000

_SECRETS = {"secret_key", "webhook_secret", "publishable_key"}

T = TypeVar("T")

log = structlog.get_logger("tollhouse.stripe")


class AccountsUnreadable(ValueError):
    """The file of accounts cannot be used; the sentence says why, without a secret."""


class Secrets(NamedTuple):
    secret_key: str
    webhook_secret: str = ""
    publishable_key: str = ""


class Payer(NamedTuple):
    """Whose a payment method is at Stripe, "" being nobody's, and of what kind."""

    customer: str
    method_type: str


class Account:
    """One Stripe account. Safe for threads."""

    def __init__(self, secrets: Secrets, api_base: str, http: BoundedClient) -> None:
        self.webhook_secret = secrets.webhook_secret
        self.publishable_key = secrets.publishable_key
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
        return DETAILS.from_value(method.to_dict().get(method.type) or {}).shown(method.type)

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

    def asked(self, tenant_id: int, seconds: float, ask: Callable[[Account], T], unknown: T) -> T:
        """What the tenant's account says within this time; `unknown` for whatever goes wrong."""
        account = self.of(tenant_id)
        if account is None:
            log.error("a tenant has no Stripe account", tenant_id=tenant_id)
            return unknown
        try:
            with account.http.within(seconds):
                return ask(account)
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            log.error("Stripe refuses our secret key", tenant_id=tenant_id, **_named(error))
        except stripe.StripeError as error:
            log.warning("Stripe gave no answer to go by", tenant_id=tenant_id, **_named(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, whether money moved is not known
            log.error("Stripe was not understood", tenant_id=tenant_id, reason=type(error).__name__)
        return unknown

    def close(self) -> None:
        self._http.close()


def _named(error: stripe.StripeError) -> dict[str, Any]:
    """What may be told of an error: never its text, which may name a key or a card."""
    return {"reason": type(error).__name__, "status": error.http_status, "request": error.request_id}


def accounts_from_toml(text: str) -> dict[str, Secrets]:
    """`[slug]` tables with `secret_key`, perhaps `webhook_secret` and `publishable_key`; raises AccountsUnreadable."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AccountsUnreadable("it is no TOML") from error
    return {slug: _secrets(slug, table) for slug, table in tables.items()}


def is_publishable(key: str) -> bool:
    """Whether a key may be shown to browsers, as a secret key may not; or is none."""
    return not key or key.startswith("pk_")


def _secrets(slug: str, table: Any) -> Secrets:
    if not isinstance(table, dict) or not {"secret_key"} <= table.keys() <= _SECRETS:
        raise AccountsUnreadable(
            f"[{slug}] must have a secret_key, perhaps a webhook_secret and a publishable_key, and nothing else"
        )
    if not all(isinstance(value, str) for value in table.values()) or not table["secret_key"].strip():
        raise AccountsUnreadable(f"[{slug}] must have texts for its secrets")
    secrets = Secrets(**{name: value.strip() for name, value in table.items()})
    if not is_publishable(secrets.publishable_key):
        raise AccountsUnreadable(f"[{slug}] must have a publishable_key that begins with pk_")
    return secrets
