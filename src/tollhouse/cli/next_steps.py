"""What somebody may do whose command was refused."""

from __future__ import annotations

from typing import Final

from tollhouse.ledger.refusals import (
    ChargeUnknown,
    CustomerUnknown,
    EndpointUnknown,
    EventUnknown,
    IdempotencyKeyReused,
    KeyUnknown,
    PersonUnknown,
    Refusal,
    RoleUnknown,
    TransactionUnknown,
)

_NEXT_STEPS: Final[dict[type[Refusal], str]] = {
    ChargeUnknown: "`tollhouse charges list` and `tollhouse charges transactions` show their numbers.",
    CustomerUnknown: "`tollhouse customers list --search TEXT` finds customers by name, e-mail or reference.",
    EndpointUnknown: "`tollhouse webhooks list` shows the endpoints.",
    EventUnknown: "`tollhouse webhooks attempts ENDPOINT` shows the events that were sent.",
    IdempotencyKeyReused: "Give another one with --key, or leave --key out.",
    KeyUnknown: "`tollhouse keys list` shows their ids.",
    PersonUnknown: "`tollhouse people list` shows who there is.",
    RoleUnknown: "`tollhouse people roles` shows the roles.",
    TransactionUnknown: "`tollhouse charges transactions` shows their numbers.",
}


def next_step(refusal: Refusal) -> str:
    """A sentence, or nothing."""
    return next((step for kind, step in _NEXT_STEPS.items() if isinstance(refusal, kind)), "")
