"""What Stripe's amounts, reasons, events and accounts are read as."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stripe import WebhookSignature

from tests.harness import migrated_sqlite, sqlite_copy
from tollhouse.app import check_startable
from tollhouse.config import BadSetting, Settings
from tollhouse.gateways.stripe import StripeGateway
from tollhouse.gateways.stripe_accounts import Accounts, AccountsUnreadable, Secrets, accounts_from_toml
from tollhouse.gateways.stripe_amounts import AmountRefused, stripe_amount
from tollhouse.gateways.stripe_declines import declined_by
from tollhouse.ledger.commands import GatewayEvent
from tollhouse.ledger.ports import EventRefused

SECRET = "whsec_test"


@pytest.mark.parametrize(
    ("currency", "amount_minor", "amount"),
    [
        ("USD", 4900, 4900),
        ("EUR", 1, 1),
        ("JPY", 500, 500),
        ("KRW", 99_999_999_999, 99_999_999_999),
        ("ISK", 5, 500),
        ("UGX", 5, 500),
        ("MGA", 500, 5),
        ("KWD", 5120, 5120),
        ("BHD", 10, 10),
        ("HUF", 1045, 1045),
        ("TWD", 1050, 1050),
        ("USD", 99_999_999, 99_999_999),
        ("IDR", 10_000_000_000, 10_000_000_000),
    ],
)
def test_amounts_as_stripe_counts_them(currency: str, amount_minor: int, amount: int) -> None:
    assert stripe_amount(amount_minor, currency) == amount


@pytest.mark.parametrize(
    ("currency", "amount_minor", "code"),
    [
        ("KWD", 5124, "amount_too_precise"),
        ("MGA", 501, "amount_too_precise"),
        ("USD", 100_000_000, "amount_too_large"),
        ("IDR", 10**12, "amount_too_large"),
        ("CLF", 10_000, "currency_not_supported"),
        ("IQD", 1000, "currency_not_supported"),
        ("XXX", 1, "currency_not_supported"),
    ],
)
def test_amounts_that_stripe_cannot_count(currency: str, amount_minor: int, code: str) -> None:
    with pytest.raises(AmountRefused) as refused:
        stripe_amount(amount_minor, currency)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        (("insufficient_funds", "card_declined"), "insufficient_funds"),
        ((None, "expired_card"), "expired_card"),
        (("generic_decline", "card_declined"), "card_declined"),
        (("do_not_honor", "authentication_required"), "authentication_required"),
        ((None, "payment_intent_authentication_failure"), "authentication_required"),
        ((None, None), "card_declined"),
        (("4242 4242", 7), "card_declined"),
    ],
)
def test_reasons(reasons: tuple[Any, ...], code: str) -> None:
    answer = declined_by(*reasons)
    assert (answer.outcome, answer.decline_code) == ("declined", code)
    assert answer.decline_text.endswith(".")


# Events.


def read(
    event_type: str, told: dict[str, Any], *, secret: str = SECRET, at: int = 0, spoil: bytes = b""
) -> GatewayEvent | None:
    body = msgspec.json.encode({"id": "evt_1", "object": "event", "type": event_type, "data": {"object": told}})
    signature = WebhookSignature.generate_signature_header(body.decode(), secret, at or int(time.time()))
    with closing(Accounts(Secrets("sk", SECRET), {}, "http://127.0.0.1:1", str)) as accounts:
        return StripeGateway(accounts).event(1, {b"stripe-signature": signature}.get, body + spoil)


def intent(**more: Any) -> dict[str, Any]:
    return {"id": "pi_1", "status": "x", "amount": 1, "currency": "usd", "metadata": {"tollhouse_key": "k"}, **more}


def refund(**more: Any) -> dict[str, Any]:
    return {"id": "re_1", "metadata": {"tollhouse_key": "r"}, **more}


@pytest.mark.parametrize(
    ("event_type", "told", "expected"),
    [
        ("payment_intent.succeeded", intent(), ("k", False, "succeeded", "", "pi_1")),
        ("payment_intent.payment_failed", intent(), ("k", False, "declined", "card_declined", "")),
        (
            "payment_intent.payment_failed",
            intent(last_payment_error={"code": "card_declined", "decline_code": "lost_card"}),
            ("k", False, "declined", "lost_card", ""),
        ),
        ("payment_intent.canceled", intent(), ("k", False, "absent", "", "")),
        (
            "payment_intent.canceled",
            intent(last_payment_error={"code": "expired_card"}),
            ("k", False, "declined", "expired_card", ""),
        ),
        ("refund.created", refund(status="succeeded"), ("r", True, "succeeded", "", "re_1")),
        ("refund.updated", refund(status="failed", failure_reason="declined"), ("r", True, "declined", "declined", "")),
        ("charge.refund.updated", refund(status="canceled"), ("r", True, "declined", "refund_refused", "")),
    ],
)
def test_events_of_ours(event_type: str, told: dict[str, Any], expected: tuple[Any, ...]) -> None:
    event = read(event_type, told)
    assert event is not None
    answer = event.answer
    assert event.event_id == "evt_1"
    assert (event.key, event.is_refund, answer.outcome, answer.decline_code, answer.reference) == expected


@pytest.mark.parametrize(
    ("event_type", "told"),
    [
        ("payment_intent.processing", intent()),
        ("payment_intent.requires_action", intent()),
        ("payment_intent.created", intent()),
        ("payment_intent.succeeded", intent(metadata={})),
        ("payment_intent.succeeded", intent(metadata=None)),
        ("refund.created", refund(status="pending")),
        ("refund.updated", {"id": "re_1", "status": "succeeded"}),
        ("customer.created", {"id": "cus_1"}),
        ("charge.succeeded", {"anything": [1, {}]}),
    ],
)
def test_what_says_nothing_to_us(event_type: str, told: dict[str, Any]) -> None:
    assert read(event_type, told) is None


def test_signatures() -> None:
    with pytest.raises(EventRefused):
        read("payment_intent.succeeded", intent(), secret="whsec_other")
    with pytest.raises(EventRefused):
        read("payment_intent.succeeded", intent(), spoil=b" ")
    with pytest.raises(EventRefused):
        read("payment_intent.succeeded", intent(), at=int(time.time()) - 301)
    with pytest.raises(EventRefused):
        read("payment_intent.succeeded", {"id": 5})
    with closing(Accounts(Secrets("sk"), {}, "http://127.0.0.1:1", str)) as accounts, pytest.raises(EventRefused):
        StripeGateway(accounts).event(1, lambda _name: None, b"{}")


# Accounts.


def test_no_secret_is_shown_with_the_settings() -> None:
    settings = Settings(stripe_secret_key="sk_x", stripe_webhook_secret="whsec_x")
    assert "sk_x" not in repr(settings)
    assert "whsec_x" not in repr(settings)


def test_a_file_of_accounts_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    url = sqlite_copy(migrated_sqlite(), tmp_path)
    file = tmp_path / "accounts.toml"
    with pytest.raises(BadSetting, match="cannot be read"):
        check_startable(Settings(database_url=url, stripe_accounts=str(file)), 1)
    file.write_text("[acme]\nsecret = 'sk_x'\n", encoding="utf-8")
    with pytest.raises(BadSetting, match="secret_key"):
        check_startable(Settings(database_url=url, stripe_accounts=str(file)), 1)
    file.write_text("[acme]\nsecret_key = 'sk_x'\n", encoding="utf-8")
    check_startable(Settings(database_url=url, stripe_accounts=str(file)), 1)


def test_accounts_from_a_file() -> None:
    text = '[acme]\nsecret_key = " sk_1 "\n[beta]\nsecret_key = "sk_2"\nwebhook_secret = "whsec_2"\n'
    text += '[shop]\nsecret_key = "sk_3"\npublishable_key = "pk_3"\n'
    assert accounts_from_toml(text) == {
        "acme": Secrets("sk_1"),
        "beta": Secrets("sk_2", "whsec_2"),
        "shop": Secrets("sk_3", "", "pk_3"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "a = 1",
        "[a]",
        '[a]\nsecret_key = ""',
        "[a]\nsecret_key = 5",
        '[a]\nsecret_key = "sk_x"\nmore = 1',
        '[a]\nsecret_key = "sk_x"\npublishable_key = "sk_x"',
    ],
)
def test_files_that_cannot_be_used(text: str) -> None:
    with pytest.raises(AccountsUnreadable) as refused:
        accounts_from_toml(text)
    assert "sk_x" not in str(refused.value)
