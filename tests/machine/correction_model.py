"""What charges, refunds and voids should lead to, in plain Python: no batches, no store, one call after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Charged:
    """Amounts of one customer, each with an instant or None for now; a negative one is a refund."""

    reference: str
    items: tuple[tuple[int, int | None], ...]
    key: str | None = None


@dataclass(frozen=True)
class Refunded:
    """A refund of the charge with this place among all that were made; None is all that remains."""

    charge: int
    amount: int | None
    key: str | None = None


@dataclass(frozen=True)
class Voided:
    charge: int
    key: str | None = None


Call = Charged | Refunded | Voided


@dataclass
class Charge:
    reference: str
    amount: int
    at: int
    refunds: list[int] = field(default_factory=list)
    is_void: bool = False


class Model:
    def __init__(self) -> None:
        self.charges: list[Charge] = []
        self.negative_refunds = True
        #: Kind, instant and amount of all that was ever recorded.
        self.recorded: list[tuple[str, int, int]] = []
        self._unnamed: dict[str, int] = {}
        self._kept: dict[str, Call] = {}

    def apply(self, call: Call, now: int) -> str:
        """Do one call; `new`, `replay`, or why it is refused."""
        if call.key is not None and call.key in self._kept:
            return "replay" if self._kept[call.key] == call else "key reused"
        refusal = self._refusal(call)
        if refusal:
            return refusal
        if call.key is not None:
            self._kept[call.key] = call
        match call:
            case Charged(reference, items):
                for amount, given_at in items:
                    at = now - now % 1_000_000 if given_at is None else given_at
                    self.recorded.append(("refund" if amount < 0 else "charge", at, amount))
                    if amount < 0:
                        self._unnamed[reference] = self._unnamed.get(reference, 0) - amount
                    else:
                        self.charges.append(Charge(reference, amount, at))
            case Refunded(number, amount):
                charge = self.charges[number]
                charge.refunds.append(charge.amount - sum(charge.refunds) if amount is None else amount)
                self.recorded.append(("refund", now, -charge.refunds[-1]))
            case Voided(number):
                self.charges[number].is_void = True
                self.recorded.append(("void", now, -self.charges[number].amount))
        return "new"

    def _refusal(self, call: Call) -> str | None:
        match call:
            case Charged(reference, items):
                left = self.left(reference)
                for amount, _ in items:
                    if amount < 0 and not self.negative_refunds:
                        return "negative"
                    if -amount > left:
                        return "exceeds charges"
                    left += amount
            case Refunded(number, amount):
                charge = self.charges[number]
                if charge.is_void:
                    return "void"
                left = charge.amount - sum(charge.refunds)
                wanted = left if amount is None else amount
                if not 0 < wanted <= left:
                    return "exceeds charge"
                if wanted > self.left(charge.reference):
                    return "exceeds charges"
            case Voided(number):
                charge = self.charges[number]
                if charge.is_void:
                    return "void"
                if charge.refunds or charge.amount > self.left(charge.reference):
                    return "refunded"
        return None

    def left(self, reference: str) -> int:
        return sum(charge.amount for charge in self._standing(reference)) - self._refunded(reference)

    def _refunded(self, reference: str) -> int:
        named = sum(sum(charge.refunds) for charge in self.charges if charge.reference == reference)
        return named + self._unnamed.get(reference, 0)

    def _standing(self, reference: str) -> list[Charge]:
        return [charge for charge in self.charges if charge.reference == reference and not charge.is_void]

    # What can be seen.

    def days(self, timezone: str) -> dict[tuple[str, str], tuple[int, int]]:
        """By day and kind, how many were recorded and what they come to."""
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for kind, at, amount in self.recorded:
            day = (_EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(timezone)).date().isoformat()
            count, gross = found.get((day, kind), (0, 0))
            found[day, kind] = (count + 1, gross + amount)
        return found

    def references(self) -> list[str]:
        return sorted({charge.reference for charge in self.charges})

    def summary(self, reference: str) -> tuple[int | None, ...]:
        """Count, gross, refunded, first, last and the last amount."""
        standing = self._standing(reference)
        first = min((charge.at for charge in standing), default=None)
        last = max((charge.at for charge in standing), default=None)
        last_amount = next((charge.amount for charge in reversed(standing) if charge.at == last), None)
        gross = sum(charge.amount for charge in standing)
        return (len(standing), gross, self._refunded(reference), first, last, last_amount)

    def listed(self, reference: str) -> list[tuple[int, int, int]]:
        """Of each charge that is not void its instant, amount, and what was refunded of it; in no order."""
        return sorted((charge.at, charge.amount, sum(charge.refunds)) for charge in self._standing(reference))
