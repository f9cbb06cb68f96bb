"""A webhook is signed as the vendor's SDKs check it."""

from __future__ import annotations

import kelviq_sdk
import pytest

from tollhouse.ledger.events.signatures import signature

SECRET = "kq_whsec_test"
ID = "3a7f1c2d-8e4b-4a9f-b123-0e5d6c7a8b9e"
BODY = (
    b'{"id":"3a7f1c2d-8e4b-4a9f-b123-0e5d6c7a8b9e","type":"order.created","created_at":"2026-04-01T17:36:41Z",'
    b'"data":{"object":{"id":"ORD-1"}}}'
)


def test_the_known_vector() -> None:
    expected = "v1,b65b1bde2286f3b20a6500ba7e882a564f3260326a2e0d073e56534a40d87f22"
    assert signature(SECRET, ID, 1775064001, BODY) == expected


@pytest.mark.parametrize("secret", [SECRET, "schlüssel-ß", "x" * 255])
def test_the_sdk_accepts_it(secret: str) -> None:
    headers = {"Webhook-Id": ID, "Webhook-Timestamp": "7", "Webhook-Signature": signature(secret, ID, 7, BODY)}
    assert kelviq_sdk.validate_event(BODY, headers, secret)["id"] == ID
    with pytest.raises(kelviq_sdk.WebhookVerificationError):
        kelviq_sdk.validate_event(BODY, headers, secret + "x")
