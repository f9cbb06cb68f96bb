"""What buying plans should lead to, in plain Python: prices unit by unit, no batches, no store, one thing at a time.

It knows plans in versions, customers, orders, refunds, meters and who is told what. Instants are microseconds. A
refusal is known by its name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

SECOND = 1_000_000
DAY = 86_400 * SECOND
AMOUNT_MAX = 2**53 - 1
QUANTITY_MAX = 10**9
CALL_SECONDS = 8
RESOLVE_SECONDS = 30
LEASE_SECONDS = 60

DECIMALS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4}
MONEY_OF = {"US": "USD", "DE": "EUR", "JP": "JPY", "KW": "KWD", "CL": "CLP", "IN": "INR"}
FEATURES = {"seats": "METER", "calls": "METER", "space": "CUSTOMIZABLE", "help": "BOOLEAN", "other": "METER"}
GATEWAY = "double"
NOWHERE = None

#: The events of a purchase and of what becomes of a refund.
BOUGHT = ("order.created", "invoice.created", "invoice.paid", "subscription.created")


class Refused(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


# What is sold.


@dataclass(frozen=True)
class Rate:
    """What a quantity of a feature costs. `tiers` are their last quantity (None: no end), unit amount, flat amount."""

    feature: str
    model: str
    amount: str = "0"
    block: int = 1
    tiers: tuple[tuple[int | None, str, str], ...] = ()
    least: int | None = None
    most: int | None = None
    is_in_advance: bool = True

    def cost(self, quantity: int) -> Fraction:
        units = range(1, quantity + 1)
        match self.model:
            case "FLAT":
                return Fraction(self.amount) * quantity
            case "PACKAGE":
                return Fraction(self.amount) * len({(unit - 1) // self.block for unit in units})
            case "TIERED":
                rates = [self._tier(unit) for unit in units]
                flats = {up_to: flat for up_to, _, flat in rates}
                return sum((Fraction(each) for _, each, _ in rates), sum(map(Fraction, flats.values()), Fraction(0)))
            case "VOLUME":
                _, each, flat = self._tier(quantity)
                return quantity * Fraction(each) + Fraction(flat)
        return Fraction(self._tier(quantity)[2])

    def _tier(self, unit: int) -> tuple[int | None, str, str]:
        return next(tier for tier in self.tiers if tier[0] is None or unit <= tier[0])

    def takes(self, quantity: int) -> bool:
        return (self.least or 1) <= quantity <= min(self.most or QUANTITY_MAX, QUANTITY_MAX)


@dataclass(frozen=True)
class Price:
    kind: str
    currency: str
    base: str | None
    rates: tuple[Rate, ...] = ()
    countries: tuple[str, ...] = ()
    tax: str = "UNSPECIFIED"
    is_enabled: bool = True
    period: str = "ONE_TIME"

    @property
    def is_bought(self) -> bool:
        """In which period: what says nothing is bought once, unless it is to be paid."""
        return self.kind != "PAID" or self.base is not None or bool(self.rates)

    @property
    def is_once(self) -> bool:
        return self.period == "ONE_TIME" or (self.base is None and not self.rates)

    @property
    def priced(self) -> dict[str, Rate]:
        return {rate.feature: rate for rate in self.rates if rate.is_in_advance}


@dataclass(frozen=True)
class Entitled:
    feature: str
    value: bool | int | None = None
    is_unlimited: bool = False
    is_hard: bool = False
    reset: str = "NEVER"


@dataclass(frozen=True)
class Document:
    prices: tuple[Price, ...] = ()
    entitled: tuple[Entitled, ...] = ()
    countries: tuple[str, ...] = ()

    def sold(self) -> list[Price]:
        """The prices that can be bought somewhere, each for the countries where it can."""
        served = [(price, self._where(price)) for price in self._in_order() if price.is_enabled and price.is_bought]
        return [replace(price, countries=countries) for price, countries in served if countries is not NOWHERE]

    def _in_order(self) -> list[Price]:
        """Of a plan for some countries, prices for everywhere come first in their currency."""
        if not self.countries:
            return list(self.prices)
        first = {price.currency: at for at, price in reversed(list(enumerate(self.prices)))}
        return sorted(self.prices, key=lambda price: (first[price.currency], bool(price.countries)))

    def _where(self, price: Price) -> tuple[str, ...] | None:
        """Of a plan for some countries, a price for everywhere is for those that have no other in its currency."""
        if not self.countries:
            return price.countries
        if price.countries:
            return tuple(c for c in price.countries if c in self.countries) or NOWHERE
        taken = {
            country
            for other in self.prices
            if other.is_enabled and other.currency == price.currency and other.is_once == price.is_once
            for country in other.countries
        }
        return tuple(country for country in self.countries if country not in taken) or NOWHERE


def faulty(prices: Sequence[Price]) -> bool:
    """Whether two paid prices are for the same buyers."""
    paid = [price for price in prices if price.kind == "PAID"]
    for index, one in enumerate(paid):
        for other in paid[:index]:
            is_same_place = bool(set(one.countries) & set(other.countries)) or not (one.countries or other.countries)
            if one.currency == other.currency and is_same_place:
                return True
    return False


@dataclass
class Plan:
    name: str
    draft: Document | None
    live: Document | None = None
    #: The number of the version in force, and of the newest.
    version: int = 0
    newest: int = 1
    is_archived: bool = False
    is_gone: bool = False


# Who buys.


@dataclass(eq=False)
class Customer:
    reference: str
    country: str
    lock: str | None = None
    gateway: str = ""
    is_archived: bool = False
    number: int = 0
    #: What is told of the customer: type, and whose: an order's, a refund's or nobody's.
    events: list[tuple[str, object]] = field(default_factory=list)
    #: By currency: amount and instant of each charge as it was stored.
    charges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)


@dataclass
class Meter:
    """What a purchase gave of a feature."""

    feature: str
    has_access: bool
    limit: int | None
    is_hard: bool
    reset: str
    granted_at: int = 0
    used: int = 0
    used_at: int | None = None
    revoked_at: int | None = None

    @property
    def kind(self) -> str:
        return FEATURES[self.feature]

    def used_now(self, now: int) -> int:
        return self.used if self.used_at is not None and self.used_at >= self._since(now) else 0

    def _since(self, now: int) -> int:
        """When it last began again: windows are days from the day on which it was given."""
        days = {"EVERY_DAY": 1, "EVERY_28_DAYS": 28}.get(self.reset)
        if days is None:
            return self.granted_at
        first = self.granted_at // DAY
        return max(self.granted_at, ((now // DAY - first) // days * days + first) * DAY)


@dataclass(frozen=True)
class Ask:
    """A purchase as it is asked for; `is_free` is a subscription to a free plan."""

    plan: str
    customer: str
    quantities: tuple[tuple[str, int], ...] = ()
    currency: str | None = None
    country: str | None = None
    custom: Decimal | None = None
    tax: str | None = None
    is_free: bool = False

    @property
    def content(self) -> object:
        if self.is_free:
            return ("free", self.plan, self.customer, self.quantities, self.country)
        return ("buy", self.plan, self.customer, self.quantities, self.currency, self.country, self.custom, self.tax)


@dataclass(frozen=True)
class RefundAsk:
    order: str
    minor: int | None = None
    major: Decimal | None = None

    @property
    def content(self) -> object:
        return ("refund", self.order, self.minor, self.major)


@dataclass(eq=False)
class Move:
    """Money on its way: pending, succeeded, declined or failed."""

    customer: Customer
    currency: str
    amount: int
    created_at: int
    look_up_at: int | None
    state: str = "pending"
    settled_at: int | None = None
    look_ups: int = 0
    #: What was noted of each call: its kind, what it said and when; of an event, when it first came.
    attempts: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    #: What the machine knows it by.
    id: int = 0
    uid: str = ""
    key: str = ""


@dataclass(eq=False)
class Order(Move):
    plan: str = ""
    version: int = 0
    tax: str = ""
    is_free: bool = False
    quantities: dict[str, int] = field(default_factory=dict)
    grants: list[Meter] = field(default_factory=list)
    refunded: int = 0
    reserved: int = 0
    revoked_at: int | None = None
    order_id: str = ""

    @property
    def status(self) -> str:
        if self.state != "succeeded":
            return {"pending": "PENDING", "declined": "FAILED"}[self.state]
        if self.refunded == 0:
            return "COMPLETE"
        return "REFUNDED" if self.refunded == self.amount else "PARTIAL_REFUND"


@dataclass(eq=False)
class Refund(Move):
    order: Order | None = None


@dataclass(eq=False)
class Endpoint:
    url: str
    types: tuple[str, ...]
    is_enabled: bool = True
    uid: str = ""
    id: int = 0
    deliveries: list[tuple[Customer, int]] = field(default_factory=list)

    def wants(self, kind: str) -> bool:
        return self.is_enabled and ("*" in self.types or kind in self.types)


class Model:
    def __init__(self, now: int) -> None:
        self.now = now
        self.plans: dict[str, Plan] = {}
        self.customers: dict[str, Customer] = {}
        self.orders: list[Order] = []
        self.refunds: list[Refund] = []
        self.endpoints: dict[str, Endpoint] = {}
        self.former_endpoints: list[Endpoint] = []
        self._kept: dict[str, tuple[object, Order | Refund]] = {}

    # The catalog.

    def _plan(self, name: str) -> Plan:
        plan = self.plans[name]
        if plan.is_gone:
            raise Refused("NotInCatalog")
        if plan.is_archived:
            raise Refused("PlanIsArchived")
        return plan

    def edit(self, name: str, **changes: object) -> None:
        plan = self._plan(name)
        prices = changes.get("prices", ())
        if faulty(prices):  # type: ignore[arg-type]
            raise Refused("FieldRefused")
        if plan.draft is None:
            plan.newest += 1
        plan.draft = replace(plan.draft or plan.live or Document(), **changes)  # type: ignore[arg-type]

    def publish(self, name: str) -> None:
        plan = self._plan(name)
        if plan.draft is None:
            raise Refused("PlanAlreadyPublished")
        if not plan.draft.sold():
            raise Refused("PlanWithoutPrice")
        plan.live, plan.draft, plan.version = plan.draft, None, plan.newest

    def discard(self, name: str) -> None:
        plan = self._plan(name)
        if plan.draft is None:
            raise Refused("PlanAlreadyPublished")
        plan.draft = None
        if plan.live is None:
            plan.is_gone = True
        else:
            plan.newest = plan.version

    def archive_plan(self, name: str) -> None:
        plan = self.plans[name]
        if plan.is_archived or plan.is_gone:
            raise Refused("NotInCatalog" if plan.is_gone else "AlreadyArchived")
        plan.is_archived = True

    # Customers and those who are told of them.

    def register(self, reference: str, country: str) -> Customer:
        if reference in self.customers:
            raise Refused("ReferenceTaken")
        customer = self.customers[reference] = Customer(reference, country)
        self._tell(customer, "customer.created", None)
        return customer

    def relocate(self, reference: str, country: str) -> None:
        customer = self._live(reference)
        if customer.country != country:
            customer.country = country
            self._tell(customer, "customer.updated", None)

    def archive(self, reference: str) -> None:
        self._live(reference).is_archived = True

    def save_method(self, reference: str, gateway: str) -> None:
        """A method of a gateway, from now on the default one: each customer has one a gateway."""
        customer = self._live(reference)
        if customer.gateway == gateway:
            return
        if customer.gateway:
            raise NotImplementedError
        customer.gateway = gateway
        self._tell(customer, "payment_method.created", None)

    def _live(self, reference: str) -> Customer:
        customer = self.customers.get(reference)
        if customer is None or customer.is_archived:
            raise Refused("CustomerUnknown")
        return customer

    def subscribe(self, url: str, types: tuple[str, ...]) -> Endpoint:
        endpoint = self.endpoints.setdefault(url, Endpoint(url, types))
        endpoint.types = types
        return endpoint

    def switch(self, endpoint: Endpoint, state: str) -> None:
        if self.endpoints.get(endpoint.url) is not endpoint:
            raise Refused("EndpointUnknown")
        endpoint.is_enabled = state == "enabled"
        if state == "removing":
            self.former_endpoints.append(self.endpoints.pop(endpoint.url))

    def _tell(self, customer: Customer, kind: str, whose: object) -> None:
        wanting = [endpoint for endpoint in self.endpoints.values() if endpoint.wants(kind)]
        if wanting:
            customer.events.append((kind, whose))
        for endpoint in wanting:
            endpoint.deliveries.append((customer, len(customer.events)))

    # Buying.

    def _once(self, key: str | None, content: object, start: Callable[[], Order | Refund]) -> tuple[str, Move]:
        """`new` or `replay`, and what the key stands for."""
        if key is not None and key in self._kept:
            kept, move = self._kept[key]
            if kept != content:
                raise Refused("IdempotencyKeyReused")
            return "replay", move
        move = start()
        if key is not None:
            self._kept[key] = (content, move)
        return "new", move

    def buy(self, ask: Ask, key: str | None) -> tuple[str, Move]:
        return self._once(key, ask.content, lambda: self._buy(ask))

    def _buy(self, ask: Ask) -> Order:
        customer = self._live(ask.customer)
        plan = self.plans[ask.plan]
        if plan.live is None or plan.is_archived:
            raise Refused("PlanUnknown")
        price = self._price(customer, plan.live, ask)
        bought, amount = self._amount(price, ask)
        if amount > AMOUNT_MAX:
            raise Refused("AmountOutOfRange")
        if amount and not customer.gateway:
            raise Refused("PaymentMethodMissing")
        if amount and customer.gateway != GATEWAY:
            raise Refused("GatewayNotConfigured")
        tax = (ask.tax if ask.custom is not None else None) or price.tax
        order = Order(
            customer,
            price.currency,
            amount,
            self.now,
            self.now + (CALL_SECONDS + RESOLVE_SECONDS) * SECOND,
            plan=ask.plan,
            version=plan.version,
            tax="EXCLUSIVE" if tax == "UNSPECIFIED" else tax,
            is_free=ask.is_free,
            quantities=bought,
            grants=_grants(plan.live, price, bought),
        )
        self.orders.append(order)
        if amount == 0:
            self._taken(order)
        return order

    def _price(self, customer: Customer, document: Document, ask: Ask) -> Price:
        prices = _chargeable(document)
        if not prices:
            raise Refused("PlanHasNoOneTimePrice")
        free = [price for price in prices if price.kind == "FREE"]
        if ask.is_free and not free:
            raise Refused("PlanIsNotFree")
        if not ask.is_free and free == prices:
            raise Refused("PlanIsFree")
        prices = free if ask.is_free else prices
        known = {e.feature for e in document.entitled} | {name for price in prices for name in price.priced}
        for price in document.prices:
            known |= {rate.feature for rate in price.rates if price.is_enabled and not rate.is_in_advance}
        if any(name not in known for name, _ in ask.quantities):
            raise Refused("FeatureUnknown")
        price = _chosen(prices, ask.currency, customer.lock, ask.country, customer.country)
        if price.kind == "FREE" and not ask.is_free:
            raise Refused("PlanIsFree")
        return price

    def offered(self, name: str, reference: str, country: str | None) -> tuple[Price, int | None] | None:
        """The price at which a plan is offered once, and the minor units that it comes to where nothing is said of
        quantities. None where there is no price for the customer."""
        customer, plan = self._live(reference), self.plans[name]
        prices = _chargeable(plan.live) if plan.live is not None and not plan.is_archived else []
        try:
            price = _chosen(prices, None, customer.lock, country, customer.country)
        except Refused:
            return None
        try:
            _, amount = self._amount(price, Ask(name, reference, is_free=price.kind == "FREE"))
        except Refused:
            return price, None
        return price, amount if amount <= AMOUNT_MAX else None

    def _amount(self, price: Price, ask: Ask) -> tuple[dict[str, int], int]:
        """What is bought, and the minor units that it comes to."""
        whole: Fraction | None = None
        if ask.custom is not None:
            minor = Fraction(ask.custom) * 10 ** DECIMALS[price.currency]
            if _rounded(minor) > AMOUNT_MAX:
                raise Refused("AmountOutOfRange")
            if minor.denominator != 1 or minor <= 0:
                raise Refused("CustomAmountRefused")
            whole = Fraction(ask.custom)
        elif price.kind == "FREE":
            whole = Fraction(0)
        elif price.kind == "CUSTOM":
            raise Refused("PlanWantsCustomAmount")
        rates, bought = price.priced, dict(ask.quantities)
        for name, quantity in bought.items():
            if not rates.get(name, Rate(name, "FLAT")).takes(quantity):
                raise Refused("QuantityRefused")
        for name, rate in rates.items():
            if name not in bought and rate.least is not None:
                bought[name] = rate.least
            elif name not in bought and whole is None and price.base is None:
                raise Refused("QuantityRefused")
        if whole is None:
            whole = Fraction(price.base or 0)
            whole += sum(rates[name].cost(quantity) for name, quantity in bought.items() if name in rates)
        return bought, _rounded(whole * 10 ** DECIMALS[price.currency])

    def _taken(self, order: Order) -> None:
        order.state, order.settled_at, order.look_up_at = "succeeded", self.now, None
        customer = order.customer
        customer.charges.setdefault(order.currency, []).append((order.amount, order.created_at))
        if not order.is_free:
            customer.lock = customer.lock or order.currency
        for grant in order.grants:
            grant.granted_at = self.now
        for kind in BOUGHT:
            self._tell(customer, kind, order)

    def settle(self, order: Order, kind: str, attempt: int, outcome: str) -> None:
        if not self._is_news(order, kind, attempt, outcome):
            return
        if outcome == "succeeded":
            self._taken(order)
        elif outcome == "unknown":
            order.look_up_at = self.now + _gap(order.look_ups)
        else:
            order.state, order.settled_at, order.look_up_at = "declined", self.now, None

    def _is_news(self, move: Move, kind: str, attempt: int, outcome: str) -> bool:
        """Note a call; whether it is about a move that is open."""
        if kind == "event" and attempt in move.attempts:
            return False
        move.attempts[attempt] = (kind, outcome, self.now)
        return move.state == "pending"

    def claim(self, moves: Sequence[Move]) -> list[int]:
        due = [move for move in moves if move.look_up_at is not None and move.look_up_at <= self.now]
        for move in due:
            move.look_ups += 1
            move.look_up_at = self.now + max(LEASE_SECONDS * SECOND, _gap(move.look_ups))
        return sorted(move.id for move in due)

    # Giving back.

    def refund(self, ask: RefundAsk, key: str | None) -> tuple[str, Move]:
        return self._once(key, ask.content, lambda: self._refund(ask))

    def _refund(self, ask: RefundAsk) -> Refund:
        order = next((order for order in self.orders if order.order_id == ask.order), None)
        if order is None or order.state == "pending":
            raise Refused("OrderUnknown")
        if order.state == "declined" or order.amount == 0:
            raise Refused("OrderNotPaid")
        left = order.amount - order.reserved
        amount = ask.minor
        if amount is None and ask.major is not None:
            minor = Fraction(ask.major) * 10 ** DECIMALS[order.currency]
            if minor.denominator != 1:
                raise Refused("RefundAmountRefused")
            amount = int(minor)
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise Refused("RefundTooLarge")
        order.reserved += amount
        look_up_at = self.now + (CALL_SECONDS + RESOLVE_SECONDS) * SECOND
        refund = Refund(order.customer, order.currency, amount, self.now, look_up_at, order=order)
        self.refunds.append(refund)
        self._tell(order.customer, "refund.created", refund)
        return refund

    def settle_refund(self, refund: Refund, kind: str, attempt: int, outcome: str, *, revokes: bool) -> None:
        if not self._is_news(refund, kind, attempt, outcome):
            return
        if outcome == "unknown":
            refund.look_up_at = self.now + _gap(refund.look_ups)
            return
        order = refund.order
        assert order is not None
        refund.settled_at, refund.look_up_at = self.now, None
        self._tell(order.customer, "refund.updated", refund)
        if outcome != "succeeded":
            refund.state = "failed"
            order.reserved -= refund.amount
            return
        refund.state = "succeeded"
        order.refunded += refund.amount
        order.customer.refunded[order.currency] = order.customer.refunded.get(order.currency, 0) + refund.amount
        self._tell(order.customer, "order.refunded", order)
        if revokes and order.refunded == order.amount:
            order.revoked_at = self.now
            for grant in order.grants:
                grant.revoked_at = self.now
            self._tell(order.customer, "subscription.cancelled", order)

    # Using.

    def report(self, reference: str, feature: str, value: int, *, is_delta: bool) -> int:
        """How much is used now in all."""
        customer = self._live(reference)
        paid = [o for o in self.orders if o.customer is customer and o.state == "succeeded" and o.revoked_at is None]
        paid.sort(key=lambda order: (order.settled_at, order.id))
        meters = [g for order in paid for g in order.grants if g.feature == feature and g.kind == "METER"]
        if not meters:
            raise Refused("MeterUnknown")
        used = value + (sum(meter.used_now(self.now) for meter in meters) if is_delta else 0)
        if used < 0:
            raise Refused("UsageRefused")
        shares, left = [0] * len(meters), used
        for index, meter in enumerate(meters):
            shares[index] = left if meter.limit is None else min(left, meter.limit)
            left -= shares[index]
        soft = [index for index, meter in enumerate(meters) if not meter.is_hard]
        if left and not soft:
            raise Refused("UsageRefused")
        if left:
            shares[soft[-1]] += left
        for meter, share in zip(meters, shares, strict=True):
            meter.used, meter.used_at = share, self.now
        return used


def _chargeable(document: Document) -> list[Price]:
    """What can be bought once, and asks for something at once if it is to be paid."""
    sold = [price for price in document.sold() if price.is_once]
    return [price for price in sold if price.kind != "PAID" or price.base is not None or price.priced]


def _chosen(prices: Sequence[Price], asked: str | None, lock: str | None, ip: str | None, home: str) -> Price:
    """The price that a buyer gets; `prices` are in the plan's order."""
    place = ip or home

    def best(currency: str) -> Price | None:
        ranked: dict[int, Price] = {}
        for price in prices:
            if price.currency != currency:
                continue
            if place:
                rank = 0 if place in price.countries else 1 if not price.countries else 9
            else:
                rank = 1 if price.countries else 0
            ranked.setdefault(rank, price)
        return ranked.get(0) or ranked.get(1)

    if asked and lock and asked != lock:
        raise Refused("CurrencyMismatch")
    wanted = asked or lock
    if wanted:
        price = best(wanted)
        if price is not None:
            return price
        is_elsewhere = place and any(price.currency == wanted for price in prices)
        raise Refused("CountryNotServed" if is_elsewhere else "NoPriceInCurrency")
    derived = [MONEY_OF[country] for country in (ip, home) if country]
    for currency in [*derived, *(price.currency for price in prices)]:
        price = best(currency)
        if price is not None:
            return price
    raise Refused("CountryNotServed")


def _grants(document: Document, price: Price, bought: dict[str, int]) -> list[Meter]:
    """What the plan says of its features, and what was bought of those and of others."""
    said = {entitled.feature: entitled for entitled in document.entitled}
    as_used = [r.feature for p in document.prices if p.is_enabled for r in p.rates if not r.is_in_advance]
    grants = []
    for name in dict.fromkeys([*said, *as_used, *bought]):
        entitled = said.get(name, Entitled(name))
        limit = entitled.value if type(entitled.value) is int else None
        is_paid_for = name in price.priced
        if FEATURES[name] == "METER" and name in bought and (is_paid_for or limit is None):
            limit = bought[name]
        grants.append(
            Meter(
                name,
                entitled.value is not False,
                None if entitled.is_unlimited else limit,
                entitled.is_hard,
                entitled.reset,
            )
        )
    return grants


def _rounded(value: Fraction) -> int:
    """Half away from zero, of what is not negative."""
    return int(value + Fraction(1, 2))


def _gap(look_ups: int) -> int:
    """Twice as long each time, up to an hour."""
    return min(RESOLVE_SECONDS * 2**look_ups, 3600) * SECOND
