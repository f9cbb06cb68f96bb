"""What Beacon's calls should lead to, in plain Python: no batches, no store, one call after the other.

Instants are whole UNIX seconds here, as on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

WINDOW = 30 * 60
#: The most that the sum of a customer's charges may be.
SUM_MAX = 2**63 - 1

Value = str | bool | int | Decimal | None


@dataclass(frozen=True)
class Profile:
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    signed_up_at: int | None = None
    ip: str | None = None
    traits: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Said:
    """What a call says of one customer. Events are action, properties and instant, pages address, title and instant,
    charges amount and instant: None is the moment of the call."""

    user_id: str | None
    email: str | None
    profile: Profile | None = None
    events: tuple[tuple[str, str, int | None], ...] = ()
    charges: tuple[tuple[int, int | None], ...] = ()
    tags: tuple[str, ...] = ()
    pages: tuple[tuple[str, str | None, int | None], ...] = ()
    touch: bool = True

    @property
    def is_empty(self) -> bool:
        return self.profile is None and not (self.events or self.charges or self.tags or self.pages)


@dataclass(frozen=True)
class Call:
    """A call of Beacon by a key of some kind. `key` is the idempotency key."""

    path: str
    said: tuple[Said, ...]
    kind: str = "secret"
    key: str | None = None


@dataclass(frozen=True)
class CoreCall:
    """A call of Core: what is done, to whom (an id, or an e-mail for who is to be made), with what."""

    what: str
    whom: str = ""
    text: str = ""


@dataclass
class Page:
    url: str
    title: str | None
    count: int
    first_at: int
    last_at: int


@dataclass
class Customer:
    user_id: str | None
    email: str | None
    created_at: int
    #: Made by Beacon from an e-mail alone.
    is_guest: bool
    #: Made by Beacon at all.
    is_beacons: bool = True
    uid: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str | None = None
    signed_up_at: int | None = None
    ip: str | None = None
    user_agent: str | None = None
    notes: str | None = None
    unsubscribed_at: int | None = None
    sessions: int = 0
    last_seen_at: int | None = None
    traits: dict[str, Value] = field(default_factory=dict)
    charges: list[tuple[int, int]] = field(default_factory=list)
    refunded: int = 0
    events: list[tuple[str, str, int]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    pages: dict[str, Page] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def summary(self) -> dict[str, int | None]:
        instants = [at for _, at in self.charges]
        last_amounts = [amount for amount, at in self.charges if at == max(instants)]
        remaining = sum(amount for amount, _ in self.charges) - self.refunded
        count = len(self.charges)
        average = Decimal(remaining) / count if count else None
        return {
            "count": count,
            "sum": remaining,
            "refunded": self.refunded,
            "average": None if average is None else int(average.quantize(Decimal(1), ROUND_HALF_UP)),
            "first_charged_at": min(instants, default=None),
            "last_charged_at": max(instants, default=None),
            "last_amount": last_amounts[-1] if last_amounts else None,
        }

    def has_email(self, email: str) -> bool:
        return self.email is not None and self.email.casefold() == email.casefold()


class Refused(Exception):
    """The status of the answer to a call that changes nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Model:
    def __init__(self, customers: list[Customer], now: int, address: str, *, negative_refunds: bool) -> None:
        """`address` is from where browsers call."""
        self.now = now
        self.customers = customers
        self.name, self.website = "machine", ""
        self.traits: dict[str, str] = {}
        self.actions: set[str] = set()
        self.tags: set[str] = set()
        self._address = address
        self._negative_refunds = negative_refunds
        self._kept: dict[tuple[bool, str], Call] = {}

    # Beacon.

    def call(self, call: Call) -> bool:
        """Do one call; whether it was the repeat of one. Raises Refused."""
        amounts = [amount for said in call.said for amount, _ in said.charges]
        if min(amounts, default=0) < 0 and not self._negative_refunds:
            raise Refused(422)
        kept = self._kept.get((call.kind == "public", call.key)) if call.key else None
        if kept is not None:
            if replace(kept, kind="") != replace(call, kind=""):
                raise Refused(409)
            return True
        for said in call.said:
            self._check(said)
        if call.key:
            self._kept[call.kind == "public", call.key] = call
        for said in call.said:
            if not said.is_empty:
                self._take_down(said, is_public=call.kind == "public")
        return False

    def _check(self, said: Said) -> None:
        """Amounts alone are refused for what is known of the customer; calls with charges tell of one."""
        customer = self._who(said.user_id, said.email)
        total = sum(amount for amount, _ in customer.charges) if customer else 0
        refunded = customer.refunded if customer else 0
        for amount, _ in said.charges:
            if amount >= 0:
                total += amount
            elif -amount > total - refunded:
                raise Refused(422)
            else:
                refunded -= amount
            if total > SUM_MAX:
                raise Refused(422)

    def _who(self, user_id: str | None, email: str | None) -> Customer | None:
        """Customers stand in the order in which they were made."""
        if user_id is not None:
            for customer in self.customers:
                if customer.user_id == user_id:
                    return customer
        for customer in self.customers:
            if email is not None and customer.has_email(email):
                is_adoptable = customer.is_guest and customer.user_id is None
                if user_id is None or is_adoptable:
                    return customer
        return None

    def _met(self, user_id: str | None, email: str | None) -> Customer:
        customer = self._who(user_id, email)
        if customer is None:
            customer = Customer(user_id, email, self.now, is_guest=user_id is None)
            self.customers.append(customer)
        customer.user_id = customer.user_id or user_id
        customer.email = customer.email or email
        return customer

    def _take_down(self, said: Said, *, is_public: bool) -> None:
        customer = self._met(said.user_id, said.email)
        if said.profile is not None:
            self._identify(customer, said, said.profile, is_public=is_public)
        if said.touch:
            last = customer.last_seen_at
            customer.sessions += last is None or self.now - last > WINDOW
            customer.last_seen_at = self.now
        for action, properties, at in said.events:
            self.actions.add(action)
            customer.events.append((action, properties, self.now if at is None else at))
        for amount, at in said.charges:
            if amount < 0:
                customer.refunded -= amount
            else:
                customer.charges.append((amount, self.now if at is None else at))
        self.tags.update(said.tags)
        customer.tags.update(said.tags)
        for url, title, at in said.pages:
            self._visit(customer, url, title, self.now if at is None else at)

    def _identify(self, customer: Customer, said: Said, profile: Profile, *, is_public: bool) -> None:
        """Names and e-mails that another door knows are not changed by anybody's word alone."""
        is_trusted = customer.is_beacons or not is_public
        if is_trusted and said.email is not None and not customer.has_email(said.email):
            customer.email = said.email
        if is_trusted or not customer.name:
            if profile.name is not None:
                customer.first_name, customer.last_name = _split(profile.name)
            customer.first_name = profile.first_name or customer.first_name
            customer.last_name = profile.last_name or customer.last_name
        customer.phone = profile.phone or customer.phone
        customer.signed_up_at = profile.signed_up_at or customer.signed_up_at
        customer.ip = profile.ip or (self._address if is_public else customer.ip)
        customer.user_agent = "Machine/1" if is_public else customer.user_agent
        for name, value in profile.traits:
            if value is None:
                customer.traits.pop(name, None)
            else:
                self.traits.setdefault(name, _kind(name, value))
                customer.traits[name] = value

    def _visit(self, customer: Customer, url: str, title: str | None, at: int) -> None:
        """A page is its address without query and fragment; it is shown as it was seen last."""
        page = url.partition("#")[0].partition("?")[0]
        known = customer.pages.get(page)
        if known is None:
            customer.pages[page] = Page(url, title, 1, at, at)
            return
        if at >= known.last_at:
            known.url, known.title = url, title
        known.count += 1
        known.first_at, known.last_at = min(known.first_at, at), max(known.last_at, at)

    # Core.

    def core(self, call: CoreCall) -> Customer | None:
        """Do one call; the customer whom it answers with, None where it answers with none. Raises Refused."""
        if call.what == "project":
            self.name, self.website = call.text or self.name, call.whom or self.website
            return None
        if call.what == "create":
            return self._met(None, call.whom)
        customer = next((c for c in self.customers if c.uid == call.whom), None)
        if customer is None:
            raise Refused(404)
        match call.what:
            case "delete":
                self.customers.remove(customer)
                return None
            case "tag":
                self.tags.add(call.text)
                customer.tags.add(call.text)
            case "untag":
                customer.tags.discard(call.text)
            case "notes":
                customer.notes = call.text or None
            case "unsubscribe":
                customer.unsubscribed_at = customer.unsubscribed_at or self.now
        return customer


def _split(name: str) -> tuple[str, str]:
    first, _, last = name.strip().partition(" ")
    return first, last.strip()


def _kind(name: str, value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) and name.endswith("_at"):
        return "date"
    return "string" if isinstance(value, str) else "number"
