"""Stripe, by its own library.

A payment takes two calls. The first makes a PaymentIntent under our key, which moves nothing; the second confirms it.
So what was never confirmed can take no money, and whatever became of a payment is found at Stripe by our key in the
PaymentIntent's metadata, before anything is sent again. What is found open is cancelled, and what is not found is made
under the same key and cancelled, so that a call that still travels finds it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import structlog
from stripe import CardError, InvalidRequestError

from tollhouse.gateways.stripe_accounts import Account, Accounts, Payer
from tollhouse.gateways.stripe_amounts import AmountRefused, stripe_amount
from tollhouse.gateways.stripe_declines import (
    AUTHENTICATION_REQUIRED,
    UNKNOWN_METHOD,
    WORDS,
    declined,
    declined_by,
)
from tollhouse.gateways.stripe_events import event_from_body
from tollhouse.gateways.stripe_objects import INTENT, KEY, PAID_BACK, Intent, PaidBack, read
from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge, GatewayEvent, GatewayMethod, GatewayRefund
from tollhouse.ledger.ports import EventRefused

ORDER = "tollhouse_order"

PAGE_SIZE = 100
#: So many pages are looked through for a payment; beyond that nothing is known of it.
PAGES_MAX = 50
#: A payment is looked for among those that were made from so long before its call's time on, until so long after.
CLOCKS_APART_SECONDS = 3600
FOUND_WITHIN_SECONDS = 86_400
_SECOND = 1_000_000

UNKNOWN = GatewayAnswer("unknown")
ABSENT = GatewayAnswer("absent")

log = structlog.get_logger("tollhouse.stripe")


class TooManyToLookThrough(Exception):
    """A payment was not found among as many as we look through; there are more."""


class StripeGateway:
    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def charge(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        if self._accounts.of(call.tenant_id) is None:
            return declined("gateway_not_configured")
        return self._accounts.asked(
            call.tenant_id, timeout_seconds, lambda account: _Payment(account, call).take(), UNKNOWN
        )

    def look_up(self, call: GatewayCharge, timeout_seconds: float) -> GatewayAnswer:
        return self._accounts.asked(
            call.tenant_id, timeout_seconds, lambda account: _Payment(account, call).find(), UNKNOWN
        )

    def refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        return self._accounts.asked(call.tenant_id, timeout_seconds, lambda account: _refunded(account, call), UNKNOWN)

    def look_up_refund(self, call: GatewayRefund, timeout_seconds: float) -> GatewayAnswer:
        """What Stripe knows nothing of is sent again under the same key: a refund is carried through, not given up."""
        return self._accounts.asked(
            call.tenant_id, timeout_seconds, lambda account: _refund_found(account, call), UNKNOWN
        )

    def method(self, tenant_id: int, token: str, timeout_seconds: float) -> GatewayMethod | None:
        return self._accounts.asked(tenant_id, timeout_seconds, lambda account: account.shown(token), None)

    def event(self, tenant_id: int, header: Callable[[bytes], str | None], body: bytes) -> GatewayEvent | None:
        account = self._accounts.of(tenant_id)
        if account is None or not account.webhook_secret:
            raise EventRefused("No secret for Stripe's events is set.")
        return event_from_body(header(b"stripe-signature"), body, account.webhook_secret)


class _Payment:
    """One payment at Stripe, within the time of one call."""

    def __init__(self, account: Account, call: GatewayCharge) -> None:
        self._account = account
        self._call = call
        self._intents = account.client.v1.payment_intents

    def take(self) -> GatewayAnswer:
        try:
            amount = stripe_amount(self._call.amount_minor, self._call.currency)
        except AmountRefused as refused:
            return declined(refused.code)
        try:
            payer = self._account.payer(self._call.token)
        except InvalidRequestError:
            return declined(UNKNOWN_METHOD)
        try:
            intent_id = self._made(payer, amount)
        except CardError as error:
            return _declined_for(error)
        except InvalidRequestError as error:
            return _refused(error, "payment_refused")
        return self._confirmed(intent_id)

    def find(self) -> GatewayAnswer:
        """What became of it; when this is final, it stays so whatever still travels."""
        try:
            payer = self._account.payer(self._call.token)
        except InvalidRequestError:
            # Stripe forgets no payment method: this is another account, which knows nothing of what the first one took.
            log.error("a pending payment's method is not in this Stripe account", order_id=self._call.order_id)
            return UNKNOWN
        for intent in self._candidates(payer.customer):
            if intent.key == self._call.key:
                return self._ended(intent)
        return self._forestalled(payer)

    def _made(self, payer: Payer, amount: int) -> str:
        """Its id at Stripe."""
        wanted: dict[str, Any] = {
            "amount": amount,
            "currency": self._call.currency.lower(),
            "payment_method": self._call.token,
            "payment_method_types": [payer.method_type],
            "metadata": {KEY: self._call.key, ORDER: self._call.order_id},
        }
        if payer.customer:
            wanted["customer"] = payer.customer
        made = self._intents.create(cast(Any, wanted), {"idempotency_key": self._call.key})
        return made.id

    def _confirmed(self, intent_id: str) -> GatewayAnswer:
        """Confirm it, unless the time is over: a look-up may then have found it already."""
        if self._account.http.left_seconds <= 0:
            return UNKNOWN
        try:
            return self._ended(self._confirm(intent_id))
        except CardError as error:
            return _declined_for(error)
        except InvalidRequestError:
            return self._ended(self._retrieved(intent_id))

    def _confirm(self, intent_id: str) -> Intent:
        options: Any = {"idempotency_key": f"{self._call.key}-confirm"}
        try:
            return read(self._intents.confirm(intent_id, {"off_session": True}, options), INTENT)
        except InvalidRequestError as error:
            if not _is_localstripes(error):
                raise
            return read(self._intents.confirm(intent_id, {}, options), INTENT)

    def _retrieved(self, intent_id: str) -> Intent:
        return read(self._intents.retrieve(intent_id), INTENT)

    def _ended(self, intent: Intent) -> GatewayAnswer:
        """What it has come to; what could still go on is cancelled first."""
        if intent.status in ("requires_action", "requires_confirmation", "requires_payment_method", "requires_capture"):
            try:
                cancelled = read(self._intents.cancel(intent.id), INTENT)
            except InvalidRequestError:
                cancelled = self._retrieved(intent.id)
            return _untaken(intent) if cancelled.status == "canceled" else self._as_it_is(cancelled)
        return self._as_it_is(intent)

    def _as_it_is(self, intent: Intent) -> GatewayAnswer:
        if intent.status == "canceled":
            return _untaken(intent)
        if intent.status != "succeeded":
            return UNKNOWN
        taken = (intent.amount, intent.currency)
        if taken != (stripe_amount(self._call.amount_minor, self._call.currency), self._call.currency.lower()):
            log.error("Stripe took another amount", order_id=self._call.order_id, intent=intent.id)
            return UNKNOWN
        return GatewayAnswer("succeeded", reference=intent.id)

    def _forestalled(self, payer: Payer) -> GatewayAnswer:
        """Take the key's place with a PaymentIntent that is cancelled, so that no later call makes one that is not."""
        try:
            intent_id = self._made(payer, stripe_amount(self._call.amount_minor, self._call.currency))
        except (CardError, InvalidRequestError, AmountRefused):
            return ABSENT  # as it would be made of any other call
        return self._ended(self._retrieved(intent_id))

    def _candidates(self, customer: str) -> Iterator[Intent]:
        """All PaymentIntents among which ours is, if it is there at all."""
        wanted: dict[str, Any] = {"customer": customer} if customer else {}
        until = self._call.call_until_at // _SECOND
        if until:
            wanted["created"] = {"gte": until - CLOCKS_APART_SECONDS, "lte": until + FOUND_WITHIN_SECONDS}
        after: dict[str, Any] = {}
        for _ in range(PAGES_MAX):
            try:
                page = self._intents.list(cast(Any, {"limit": PAGE_SIZE, **wanted, **after}))
            except InvalidRequestError as error:
                if not (wanted and _is_localstripes(error)):
                    raise
                wanted = {}
                page = self._intents.list({"limit": PAGE_SIZE})
            yield from (read(intent, INTENT) for intent in page.data)
            if not page.has_more or not page.data:
                return
            after = {"starting_after": page.data[-1].id}
        raise TooManyToLookThrough


def _is_localstripes(error: InvalidRequestError) -> bool:
    """Whether localstripe, a server for tests, says that it does not know a parameter. Stripe says so in other words:
    what is left out then is never left out there."""
    return (error.user_message or "").startswith("Unexpected ")


def _untaken(intent: Intent) -> GatewayAnswer:
    """Why a PaymentIntent that can take nothing any more took nothing."""
    if intent.last_payment_error is not None:
        return intent.last_payment_error.answer
    return declined(AUTHENTICATION_REQUIRED) if intent.status == "requires_action" else ABSENT


def _declined_for(error: CardError) -> GatewayAnswer:
    return declined_by(error.error.decline_code if error.error else None, error.code)


def _refused(error: InvalidRequestError, code: str) -> GatewayAnswer:
    """A decline for what Stripe does not take at all; `code` where it has no reason that we know."""
    return declined(error.code if error.code in WORDS else code)


# Refunds.


def _refunded(account: Account, call: GatewayRefund) -> GatewayAnswer:
    """Pay back, once under the key: whatever is sent again is answered as the first was."""
    try:
        amount = stripe_amount(call.amount_minor, call.currency)
        refund = account.client.v1.refunds.create(
            {
                "payment_intent": call.payment_reference,
                "amount": amount,
                "metadata": {KEY: call.key, "tollhouse_reason": call.reason},
            },
            {"idempotency_key": call.key},
        )
    except AmountRefused as refused:
        return declined(refused.code)
    except CardError as error:
        return _declined_for(error)
    except InvalidRequestError as error:
        return _refused(error, "refund_refused")
    return read(refund, PAID_BACK).answer


def _refund_found(account: Account, call: GatewayRefund) -> GatewayAnswer:
    for refund in _refunds(account, call.payment_reference):
        if refund.key == call.key:
            return refund.answer
    return _refunded(account, call)


def _refunds(account: Account, intent_id: str) -> Iterator[PaidBack]:
    after: dict[str, Any] = {}
    for _ in range(PAGES_MAX):
        wanted: Any = {"payment_intent": intent_id, "limit": PAGE_SIZE, **after}
        page = account.client.v1.refunds.list(wanted)
        yield from (read(refund, PAID_BACK) for refund in page.data)
        if not page.has_more or not page.data:
            return
        after = {"starting_after": page.data[-1].id}
    raise TooManyToLookThrough
