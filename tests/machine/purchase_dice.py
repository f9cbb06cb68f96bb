"""What may be done to plans, customers, orders and refunds, thrown by dice: mostly what can be, at times what cannot.

Both machines play it: one tells it to the ledger, the other to the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from tests.machine import purchase_model as plain
from tests.machine.purchase_model import FEATURES, GATEWAY, Ask, Document, Entitled, Model, Price, Rate, faulty
from tollhouse.ledger.events.emitting import EVENT_TYPES

PLANS = ("basic", "team", "max")
CUSTOMERS = (("nowhere", ""), ("berlin", "DE"), ("tokyo", "JP"), ("delhi", "IN"), ("cardless", ""), ("foreign", "US"))
URLS = ("https://a.example/hook", "https://b.example/hook")
#: An address of each country.
IPS = {
    "US": "8.8.8.8",
    "DE": "193.99.144.80",
    "JP": "133.11.0.1",
    "KW": "62.150.1.1",
    "CL": "200.1.123.1",
    "IN": "103.154.35.20",
}

# What is done.


@dataclass(frozen=True)
class Buy:
    ask: Ask
    key: str | None
    fate: str


@dataclass(frozen=True)
class GiveBack:
    """Of an order, counted from the newest: a part in hundredths, more than what is left, or all that is."""

    which: int
    percent: int | None
    in_major: bool
    key: str | None
    fate: str


@dataclass(frozen=True)
class Again:
    """What was asked before, mostly under a key; with a `change` it is not quite the same."""

    which: int
    is_keyed: bool
    change: str = ""


@dataclass(frozen=True)
class Tell:
    """An event of the gateway's about an order or refund: the copy-th of its own, or the same again."""

    which: int
    is_refund: bool
    copy: int


@dataclass(frozen=True)
class Use:
    customer: str
    feature: str
    value: int
    is_delta: bool


@dataclass(frozen=True)
class Author:
    plan: str
    what: str
    document: Document


@dataclass(frozen=True)
class Subscribe:
    url: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class Switch:
    url: str
    state: str


@dataclass(frozen=True)
class Keep:
    """Something done to a customer: register, relocate, archive, save."""

    customer: str
    what: str
    country: str


# What is thrown. One number gives a whole plan or batch: what makes a failing story shorter leaves steps out.

AMOUNTS = ("1", "2.5", "10", "19.99", "0.1", "0.335", "0.005", "0.0049999", "1.00005", "1.0005", "33.3333333333")
HUGE = ("90071992547409.91", "9007199254740.991", "900719925474.0991")
COUNTRIES = tuple(IPS)
PRICED = ("seats", "calls", "space")
BOUNDS = ((None, None), (None, None), (1, None), (3, None), (None, 5), (2, 12), (4, 4))
CUSTOM = tuple(map(Decimal, ("5", "49.0", "49", "0.5", "12.345", "0.0001", "0", "-1", "90071992547409.92")))
#: How an order or refund goes: what the gateway does, and when and how that is heard of.
FATES = (*["taken"] * 8, "declined", "taken unheard", "taken unheard", "declined unheard", "nothing", "never called")
FATES = (*FATES, "taken late", "declined late")


class Dice(Random):
    """Throws plans, and what is done with them."""

    def one_in(self, count: int) -> bool:
        return self.randrange(count) == 0

    def some(self, values: Sequence[Any], most: int) -> list[Any]:
        return self.sample(values, self.randint(0, most))

    def amount(self) -> str:
        return "0" if self.one_in(12) else self.choice(HUGE if self.one_in(40) else AMOUNTS)

    def countries(self) -> tuple[str, ...]:
        return tuple(self.sample(COUNTRIES, self.randint(1, 3))) if self.one_in(3) else ()

    def rate(self, feature: str, *, is_free: bool) -> Rate:
        model = self.choice(["FLAT", "PACKAGE", "TIERED", "VOLUME", "STAIRSTEP"])
        least, most = self.choice(BOUNDS)
        tiers: tuple[tuple[int | None, str, str], ...] = ()
        if model in ("TIERED", "VOLUME", "STAIRSTEP"):
            ends: list[int | None] = [*sorted(self.some(range(1, 9), 3)), None]
            tiers = tuple((end, self._each(is_free or model == "STAIRSTEP"), self._each(is_free)) for end in ends)
        return Rate(
            feature,
            model,
            amount="0" if tiers else self._each(is_free),
            block=self.randint(1, 6),
            tiers=tiers,
            least=least,
            most=most,
            is_in_advance=not self.one_in(6),
        )

    def _each(self, is_nothing: bool) -> str:
        return "0" if is_nothing else self.amount()

    def price(self) -> Price:
        kind = self.choice(["PAID"] * 6 + ["FREE", "CUSTOM"])
        rates = tuple(self.rate(feature, is_free=kind == "FREE") for feature in self.some(PRICED, 2))
        base = None if rates and self.one_in(3) else self.amount()
        return Price(
            kind,
            self.choice(tuple(plain.DECIMALS)),
            self.choice([None, "0"]) if kind == "FREE" else base,
            rates,
            countries=self.countries(),
            tax=self.choice(["UNSPECIFIED", "INCLUSIVE", "EXCLUSIVE"]),
            is_enabled=not self.one_in(8),
            period="MONTHLY" if self.one_in(8) else "ONE_TIME",
        )

    def prices(self) -> tuple[Price, ...]:
        """Mostly such as can be: what refuses prices is tried too."""
        thrown = [tuple(self.price() for _ in range(self.randint(1, 4))) for _ in range(4)]
        return thrown[0] if self.one_in(8) else next((prices for prices in thrown if not faulty(prices)), thrown[0])

    def entitled(self) -> tuple[Entitled, ...]:
        return tuple(
            Entitled(
                feature,
                self.choice([None, True, False] if FEATURES[feature] == "BOOLEAN" else [None, 0, 1, 5, 20]),
                is_unlimited=self.one_in(5),
                is_hard=self.one_in(2),
                reset=self.choice(["NEVER", "NEVER", "EVERY_DAY", "EVERY_28_DAYS"]),
            )
            for feature in self.some([*PRICED, "help"], 3)
        )

    def document(self) -> Document:
        return Document(self.prices(), self.entitled(), self.countries() if self.one_in(2) else ())

    def types(self) -> tuple[str, ...]:
        return ("*",) if self.one_in(3) else tuple(self.sample(EVENT_TYPES, self.randint(1, 8)))

    def reference(self) -> str:
        return self.choice([reference for reference, _ in CUSTOMERS] * 3 + ["new", "newer", "nobody"])

    def buyer(self, model: Model, price: Price) -> str:
        """Mostly one who could pay it."""
        gone = [customer.reference for customer in model.customers.values() if customer.is_archived]
        if gone and self.one_in(10):
            return self.choice(gone)
        live = [customer for customer in model.customers.values() if not customer.is_archived]
        able = [c for c in live if c.gateway == GATEWAY and c.lock in (None, price.currency)]
        places = [c for c in able if not price.countries or c.country in (*price.countries, "")]
        if self.one_in(8) or not able:
            return self.reference()
        return self.choice(places or able).reference

    def key(self) -> str | None:
        return self.choice(["k1", "k2", "k3", "k4"]) if self.one_in(4) else None

    def buy(self, model: Model) -> Buy:
        """Mostly what can be bought of a plan."""
        on_sale = [name for name, plan in model.plans.items() if plan.live is not None and not plan.is_archived]
        plan = self.choice(PLANS if self.one_in(10) or not on_sale else on_sale)
        live = model.plans[plan].live or Document()
        prices = [price for price in live.prices if price.is_enabled and price.is_once]
        price = self.choice(prices) if prices else Price("PAID", "USD", "1")
        priced = list(price.priced)
        names = self.sample(priced, self.randint(min(len(priced), 1), len(priced)))
        if self.one_in(6):
            names = self.some([*PRICED, "help", "other"], 2)
        quantities = tuple((name, self.quantity(price.priced.get(name))) for name in names)
        is_custom = self.one_in(2) if price.kind == "CUSTOM" else self.one_in(12)
        currency = price.currency if is_custom else self.choice([None, None, price.currency])
        ask = Ask(
            plan,
            self.buyer(model, price),
            quantities,
            currency=self.choice(tuple(plain.DECIMALS)) if self.one_in(10) else currency,
            country=self.choice(COUNTRIES) if self.one_in(4) else None,
            custom=self.choice(CUSTOM) if is_custom else None,
            tax=self.choice([None, "INCLUSIVE", "EXCLUSIVE"]),
            is_free=self.one_in(2) if price.kind == "FREE" else self.one_in(20),
        )
        return Buy(ask, self.key(), self.choice(FATES))

    def quantity(self, rate: Rate | None) -> int:
        if self.one_in(8):
            beside = [] if rate is None else [(rate.least or 1) - 1, (rate.most or 12) + 1] * 3
            return self.choice([0, -1, plain.QUANTITY_MAX + 1, 25, 40, *beside])
        return self.randint(rate.least or 1, rate.most or 12) if rate is not None else self.randint(1, 12)

    def give_back(self, model: Model) -> GiveBack:
        """Mostly of an order that something is left of."""
        paid = [i for i, o in enumerate(reversed(model.orders)) if o.state == "succeeded" and o.reserved < o.amount]
        which = self.choice(paid[:4]) if paid and not self.one_in(5) else self.randrange(5)
        percent = self.choice([None, None, 10, 25, 50, 50, 100, 120])
        return GiveBack(which, percent, self.one_in(3), self.key(), self.choice(FATES))

    def use(self, model: Model) -> Use:
        """Mostly of what a customer has."""
        paid = [order for order in model.orders if order.state == "succeeded"]
        had = [(o.customer.reference, g.feature) for o in paid for g in o.grants if g.kind == "METER"]
        reference, feature = self.reference(), self.choice(tuple(FEATURES))
        several = [meter for meter in had if had.count(meter) > 1]
        if had and not self.one_in(6):
            reference, feature = self.choice(several or had)
        return Use(reference, feature, self.randint(-3, 30), self.one_in(2))

    def author(self) -> list[Author]:
        """Mostly a whole edition of a plan; else a part of one, or its end."""
        plan, document = self.choice(PLANS), self.document()
        whole = ["prices", "entitled", "countries", "publish"]
        some = [[self.choice(whole)], [self.choice(whole), "publish"], ["discard"], ["publish"]]
        some += [["archive"]] if self.one_in(8) else []
        parts = self.choice([whole, whole, *some])
        return [Author(plan, what, document) for what in parts]

    def action(self, model: Model) -> list[Any]:
        match self.randrange(22):
            case 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7:
                return [self.buy(model)]
            case 8 | 9 | 10:
                return [self.give_back(model)]
            case 11 | 21:
                changes = ("", "", "", "quantities", "quantities", "country", "tax", "custom", "currency", "customer")
                return [Again(self.randrange(8), not self.one_in(3), self.choice(changes))]
            case 12 | 13:
                return [Tell(self.randrange(6), self.one_in(2), self.randrange(3))]
            case 14 | 15:
                return [self.use(model)]
            case 16 | 17:
                return self.author()
            case 18:
                return [Subscribe(self.choice(URLS), self.types())]
            case 19:
                states = ["enabled", "enabled", "disabled", "disabled", "removing"]
                return [Switch(self.choice(URLS), self.choice(states))]
        what = self.choice(["register"] * 3 + ["relocate"] * 3 + ["save"] * 3 + ["archive"] * 3)
        reference = self.choice(["new", "newer"]) if what == "archive" and not self.one_in(3) else self.reference()
        return [Keep(reference, what, self.choice(["", *COUNTRIES]))]
