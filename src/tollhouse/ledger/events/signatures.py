"""How a webhook is signed, so that the vendor's SDKs can check it."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: over id, time and the exact bytes of the body, keyed by the whole secret."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
