"""The processors that money moves through, and where new cards are taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex

from tollhouse.apis.desk import Desk
from tollhouse.apis.pages.cards import NewCards
from tollhouse.clock import SystemClock
from tollhouse.config import BadSetting, Settings
from tollhouse.gateways.sandbox import SandboxGateway
from tollhouse.gateways.sandbox_cards import SandboxCards
from tollhouse.gateways.sandbox_events import Seal
from tollhouse.gateways.stripe import StripeGateway
from tollhouse.gateways.stripe_accounts import (
    Accounts,
    AccountsUnreadable,
    Secrets,
    accounts_from_toml,
    is_publishable,
)
from tollhouse.gateways.stripe_cards import StripeCards
from tollhouse.ledger.ports import Gateway
from tollhouse.store.sandbox_memory import SandboxMemory
from tollhouse.store.store import SqlStore


class Sandbox:
    """The sandbox's memory, and the seal of its events, which is the installation's."""

    def __init__(self, store: SqlStore) -> None:
        clock = SystemClock()
        self.memory = SandboxMemory(store.url, clock.now)
        fresh = token_hex(32)
        self.seal = Seal(store.installation_secret("sandbox_events", fresh, clock.now()), clock.now)

    def close(self) -> None:
        self.memory.close()


def open_gateways(sandbox: Sandbox, accounts: Accounts | None) -> dict[str, Gateway]:
    """The processors that can be called, by the name that payment methods know them by."""
    gateways: dict[str, Gateway] = {"sandbox": SandboxGateway(sandbox.memory, sandbox.seal)}
    if accounts is not None:
        gateways["stripe"] = StripeGateway(accounts)
    return gateways


def open_new_cards(desk: Desk, accounts: Accounts | None) -> NewCards:
    """Where the pages take new cards: at Stripe for the tenants that have it, else at the sandbox."""
    stripe_js = desk.settings.stripe_js
    hosted = None if accounts is None else ("stripe", StripeCards(accounts, stripe_js))
    return NewCards(desk, ("sandbox", SandboxCards()), hosted)


@contextmanager
def open_stripe_accounts(settings: Settings, store: SqlStore) -> Iterator[Accounts | None]:
    """None where nobody has one. Raises BadSetting."""
    by_slug = _accounts_of_tenants(settings)
    if not is_publishable(settings.stripe_publishable_key):
        raise BadSetting("TOLLHOUSE_STRIPE_PUBLISHABLE_KEY must be the key that may be shown to browsers: pk_….")
    installation = Secrets(settings.stripe_secret_key, settings.stripe_webhook_secret, settings.stripe_publishable_key)
    if not (by_slug or installation.secret_key):
        yield None
        return
    slugs: dict[int, str] = {}

    def slug_of(tenant_id: int) -> str:
        if tenant_id not in slugs:
            slugs.update({tenant.tenant_id: tenant.slug for tenant in store.tenants()})
        return slugs.get(tenant_id, "")

    shared = installation if installation.secret_key else None
    with closing(Accounts(shared, by_slug, settings.stripe_api_base, slug_of)) as accounts:
        yield accounts


def _accounts_of_tenants(settings: Settings) -> dict[str, Secrets]:
    """By their slugs, those that have accounts of their own."""
    if not settings.stripe_accounts:
        return {}
    try:
        return accounts_from_toml(Path(settings.stripe_accounts).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, AccountsUnreadable) as error:
        reason = str(error) if isinstance(error, AccountsUnreadable) else "it cannot be read"
        raise BadSetting(f"TOLLHOUSE_STRIPE_ACCOUNTS names a file that cannot be used: {reason}.") from error
