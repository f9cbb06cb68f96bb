"""Cards by way of Stripe.js: they are typed into Stripe's own fields, and only the name of what was saved comes to us.

A SetupIntent names in its metadata whose it is. Browsers cannot change that, so it is what we go by.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from stripe import CardError, InvalidRequestError

from tollhouse.gateways.stripe_accounts import Account, Accounts
from tollhouse.gateways.stripe_declines import declined_by
from tollhouse.gateways.stripe_objects import CARD, CARD_SETUP, Card, read
from tollhouse.ledger.ports import CardRefused, CardScript, SavedCard

#: Under this name the customer's uid is in the metadata of its Stripe customer and SetupIntents.
OWNER: Final = "tollhouse_customer"

#: Where Stripe.js opens frames, also those in which a bank asks, and whom it talks to.
_FRAMES: Final = ("https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com")
_CONNECTIONS: Final = ("https://api.stripe.com",)
_SETUP: Final = re.compile(r"seti_[A-Za-z0-9_]{1,200}")

_NOT_SAVED: Final = "This card was not saved. Please enter it again."
_NOT_NOW: Final = "The card cannot be saved just now. Please try again in a moment."


class StripeCards:
    def __init__(self, accounts: Accounts, script_url: str) -> None:
        parts = urlsplit(script_url)
        self._accounts = accounts
        self._url = script_url
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def is_for(self, tenant_id: int) -> bool:
        return self._accounts.of(tenant_id) is not None

    def script(self, tenant_id: int) -> CardScript | None:
        account = self._accounts.of(tenant_id)
        if account is None or not account.publishable_key:
            return None
        return CardScript(self._url, self._origin, account.publishable_key, _FRAMES, _CONNECTIONS)

    def begin(self, tenant_id: int, owner: str, timeout_seconds: float) -> str:
        secret = self._accounts.asked(tenant_id, timeout_seconds, lambda account: _begun(account, owner), "")
        if not secret:
            raise CardRefused(_NOT_NOW)
        return secret

    def saved(self, tenant_id: int, owner: str, setup: str, timeout_seconds: float) -> SavedCard:
        if not _SETUP.fullmatch(setup):
            raise CardRefused(_NOT_SAVED)
        not_now: SavedCard | str = _NOT_NOW
        found = self._accounts.asked(tenant_id, timeout_seconds, lambda account: _saved(account, owner, setup), not_now)
        if isinstance(found, str):
            raise CardRefused(found)
        return found


def _begun(account: Account, owner: str) -> str:
    wanted: Any = {
        "customer": _customer(account, owner),
        "usage": "off_session",
        "payment_method_types": ["card"],
        "metadata": {OWNER: owner},
    }
    return read(account.client.v1.setup_intents.create(wanted), CARD_SETUP).client_secret


def _customer(account: Account, owner: str) -> str:
    """The owner's Stripe customer. Stripe finds what is a minute old, and remembers a key for a day: between the two
    there is no time in which a second one could be made."""
    customers = account.client.v1.customers
    try:
        found = customers.search({"query": f"metadata['{OWNER}']:'{owner}'", "limit": 1}).data
    except InvalidRequestError:
        found = []  # Stripe does not search everywhere
    if found:
        return found[0].id
    return customers.create({"metadata": {OWNER: owner}}, {"idempotency_key": f"tollhouse-customer-{owner}"}).id


def _saved(account: Account, owner: str, setup_id: str) -> SavedCard | str:
    """The card, or why there is none."""
    intents = account.client.v1.setup_intents
    try:
        setup = read(intents.retrieve(setup_id, {"expand": ["payment_method"]}), CARD_SETUP)
        is_owners = (setup.metadata or {}).get(OWNER) == owner and setup.customer is not None
        card = setup.payment_method
        if not is_owners or setup.status != "succeeded" or not isinstance(card, Card):
            return _NOT_SAVED
        if card.customer is None:  # Stripe has attached it; localstripe, a server for tests, leaves that to us
            attached = account.client.v1.payment_methods.attach(card.id, {"customer": setup.customer or ""})
            card = read(attached, CARD)
    except CardError as error:
        return declined_by(error.error.decline_code if error.error else None, error.code).decline_text
    except InvalidRequestError:
        return _NOT_SAVED
    return SavedCard(card.id, card.card.shown("card")) if card.customer == setup.customer else _NOT_SAVED
