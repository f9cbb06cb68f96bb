"""What recorded charges should lead to, in plain Python: no batches, no store, one call after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

SUM_MAX = 2**63 - 1

WINDOW = 30 * 60 * 1_000_000


@dataclass(frozen=True)
class Call:
    reference: str | None
    email: str | None
    #: Pairs of amount and instant; the instant None is the moment of the call.
    items: tuple[tuple[int, int | None], ...]
    touch: bool
    key: str | None
    scope: str


@dataclass
class Customer:
    reference: str | None
    email: str | None
    is_guest: bool
    sessions: int = 0
    last_seen_at: int | None = None
    charges: list[tuple[int, int]] = field(default_factory=list)

    def has_email(self, email: str) -> bool:
        return self.email is not None and self.email.lower() == email.lower()

    def told(self) -> tuple[object, ...]:
        """All that can be seen of it."""
        summary: tuple[object, ...] = (0, 0, None, None, None)
        if self.charges:
            instants = [at for _, at in self.charges]
            last_amount = [amount for amount, at in self.charges if at == max(instants)][-1]
            total = sum(amount for amount, _ in self.charges)
            summary = (len(self.charges), total, min(instants), max(instants), last_amount)
        return (self.reference, self.email, self.sessions, self.last_seen_at, *summary)


class Model:
    def __init__(self) -> None:
        self.customers: list[Customer] = []
        self._kept: dict[tuple[str, str], object] = {}

    def apply(self, call: Call, now: int) -> str:
        """Do one call; `new`, `replay`, or why it is refused."""
        content = (call.reference, call.email, call.items, call.touch)
        if call.key is not None and (call.scope, call.key) in self._kept:
            return "replay" if self._kept[call.scope, call.key] == content else "key reused"
        customer = self._who(call)
        total = sum(amount for amount, _ in customer.charges) if customer else 0
        if total + sum(amount for amount, _ in call.items) > SUM_MAX:
            return "sum too large"
        if call.key is not None:
            self._kept[call.scope, call.key] = content
        if call.items:
            self._charge(customer or self._made(call), call, now)
        return "new"

    def _who(self, call: Call) -> Customer | None:
        for customer in self.customers:
            if call.reference is not None and customer.reference == call.reference:
                return customer
        for customer in self.customers:
            if call.email is not None and customer.has_email(call.email):
                adoptable = customer.is_guest and customer.reference is None
                if call.reference is None or adoptable:
                    return customer
        return None

    def _made(self, call: Call) -> Customer:
        self.customers.append(Customer(call.reference, call.email, is_guest=call.reference is None))
        return self.customers[-1]

    def _charge(self, customer: Customer, call: Call, now: int) -> None:
        if customer.reference is None:
            customer.reference = call.reference
        if customer.email is None:
            customer.email = call.email
        if call.touch:
            customer.sessions += customer.last_seen_at is None or now - customer.last_seen_at > WINDOW
            customer.last_seen_at = now
        customer.charges += [(amount, now - now % 1_000_000 if at is None else at) for amount, at in call.items]
