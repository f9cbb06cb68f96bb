"""What a page says of what was just done. An address names the sentence and cannot bring one of its own."""

from __future__ import annotations

from typing import Final

#: By what a redirect says in `told`.
TOLD: Final[dict[str, str]] = {
    "saved": "Saved.",
    "done-before": "This was done before, with this very form: nothing more was done.",
    "refunded": "Refunded.",
    "refund-pending": "The gateway was asked and has not said yet what became of it: this page shows it when it does.",
    "voided": "The charge is void.",
    "charged": "Charged.",
    "recorded": "Recorded.",
    "payment-pending": "The gateway has not said yet whether it took the money: the timeline shows it when it does.",
    "scheduled": "Scheduled.",
    "credited": "The balance was moved.",
    "customer-made": "The customer is made.",
    "customer-moved": "The customer is moved, with all that is below it.",
    "customer-deleted": "The customer is deleted. Its transactions stay.",
    "customer-undeleted": "The customer is back.",
    "charge-deleted": "The charge is deleted. What it charged stays.",
    "nothing-parked": "Nothing of it was parked.",
    "key-revoked": "The key is revoked: it opens nothing any more.",
    "key-revoked-before": "The key was revoked before: nothing more was done.",
    "person-made": "The person is made, and can sign in.",
    "person-removed": "The person is removed. What they did stays.",
    "person-locked": "Locked: signed out everywhere, and let in no more until somebody unlocks it.",
    "person-unlocked": "Unlocked: failures are forgotten, and the person can sign in.",
    "person-signed-out": "Signed out everywhere. The password still counts.",
    "password-set": "The password is another one now, and every sign-in with the old one is over.",
    "codes-off": "One-time codes are off: username and password are enough.",
    "role-made": "The role is made. It allows nothing yet.",
    "endpoint-enabled": "Enabled: what waits is sent now.",
    "endpoint-disabled": "Disabled: what is still to come waits.",
    "endpoint-removed": "Removed: nothing is sent there any more.",
    "replayed": "It is sent again, in its turn.",
    "not-replayed": "Nothing to send again: it is under way, or waits for its turn.",
    "retried": "What was parked falls due again, and is charged in a moment.",
}
