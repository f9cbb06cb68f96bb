"""What charges that fall due should lead to, in plain Python: days looked at one by one, no store, one thing at a time.

It knows charges and customers, and of each pair of them the day that comes next. Instants are microseconds.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HOUR = 3600 * SECOND
QUARTER_HOUR = HOUR // 4

MONTHS = {"monthly": 1, "quarterly": 3, "annually": 12}
ONCE = "#1"
#: In place of a customer, where a plan's charge without periods falls due.
EVERYBODY = 0


class RefusedError(Exception):
    """Charging by hand is not allowed."""


@cache
def local_date(instant: int, zone: str) -> date:
    return datetime.fromtimestamp(instant // SECOND, UTC).astimezone(ZoneInfo(zone)).date()


@cache
def day_begins(day: date, zone: str) -> int:
    """The first quarter of an hour that is on this day or on a later one."""
    noon_before = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND - 16 * HOUR
    quarters = range(noon_before, noon_before + 48 * HOUR, QUARTER_HOUR)
    return next(at for at in quarters if local_date(at, zone) >= day)


@cache
def boundaries(period: str, anchor: date) -> list[date]:
    """The first days of all periods within some decades of the anchor."""
    found = []
    for months in range(-600, 900, MONTHS[period]):
        year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
        found.append(date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1])))
    return found


@dataclass
class Customer:
    number: int
    plan: int = 0
    zone: str = ""
    is_deleted: bool = False


@dataclass
class Charge:
    id: int
    customer: int
    plan: int
    period: str
    amount_minor: int
    start: int
    end: int
    number: int
    is_from_start: bool
    anchor: date
    created: int
    is_deleted: bool = False
    #: Whether nothing but time ever happened to it, nor to its customer.
    is_untouched: bool = True
    #: The latest instant at which it was looked for what is due.
    looked_at: int = 0

    @property
    def is_recurring(self) -> bool:
        return self.period in MONTHS

    def periods(self) -> Iterator[tuple[date, date]]:
        return pairwise(boundaries(self.period, self.anchor))


@dataclass
class Pair:
    """A charge and a customer: which key comes next and when it falls due, and the day before which all is charged."""

    charge: Charge
    customer: int
    next_key: str = ""
    due: int = 0
    covered: date = date.min
    is_charged_once: bool = False


@dataclass
class Model:
    zone: str
    now: int
    customers: dict[int, Customer] = field(default_factory=dict)
    charges: dict[int, Charge] = field(default_factory=dict)
    pairs: dict[tuple[int, int], Pair] = field(default_factory=dict)
    #: Of each charge, customer and key: minor units and the instant at which it counts.
    charged: dict[tuple[int, int, str], tuple[int, int]] = field(default_factory=dict)
    #: Of each charge and customer, the periods that were charged, from a day to a day.
    covered: dict[tuple[int, int], list[tuple[date, date]]] = field(default_factory=dict)

    # What happens.

    def create(self, charge: Charge) -> None:
        self.charges[charge.id] = charge
        for number in self._whom(charge):
            self._await(self._pair(charge, number), charge.created)

    def update(self, charge: Charge) -> None:
        """Its fields are others now."""
        wanted = self._whom(charge)
        for pair in self._pairs_of(charge):
            if pair.customer not in wanted:
                pair.next_key = ""
        for number in wanted:
            self._await(self._pair(charge, number), self.now)

    def delete(self, charge: Charge) -> None:
        charge.is_deleted = True
        for pair in self._pairs_of(charge):
            pair.next_key = ""

    def change_customer(self, number: int) -> None:
        """Its plan, its time zone, or whether it is deleted."""
        for charge in self.charges.values():
            if charge.is_deleted:
                continue
            if number in self._whom(charge):
                self._await(self._pair(charge, number), self.now)
            elif (charge.id, number) in self.pairs:
                self.pairs[charge.id, number].next_key = ""

    def change_zone(self) -> None:
        """The tenant's."""
        for charge in self.charges.values():
            if not charge.is_deleted:
                self.update(charge)

    def run(self) -> None:
        for pair in list(self.pairs.values()):
            if pair.customer == EVERYBODY:
                self._run_everybody(pair)
            else:
                while pair.next_key and pair.due <= self.now:
                    self._run(pair)

    def charge_by_hand(self, charge: Charge) -> None:
        numbers = self._members(charge)
        if charge.start > self.now or (charge.end and charge.end <= self.now):
            raise RefusedError
        pieces = {number: self._piece_by_hand(charge, number) for number in numbers}
        for number, (key, until, amount) in pieces.items():
            pair = self._pair(charge, number)
            if charge.is_recurring and pair.next_key and key <= pair.next_key < until.isoformat():
                self._await_day(pair, until)
            self._book(pair, key, until, amount, self.now, local_date(self.now, self._zone(number)))
        if not charge.is_recurring:
            everybody = self._pair(charge, EVERYBODY if charge.plan else charge.customer)
            everybody.next_key, everybody.is_charged_once = "", True

    # What comes next.

    def _await(self, pair: Pair, since: int) -> None:
        charge, zone = pair.charge, self._zone(pair.customer)
        if not charge.is_recurring:
            self._await_once(pair, since)
            return
        day, covered = self._first(charge, zone, since), pair.covered
        known = boundaries(charge.period, charge.anchor)
        if pair.next_key not in ("", ONCE) and pair.due >= charge.start and date.fromisoformat(pair.next_key) in known:
            upcoming = date.fromisoformat(pair.next_key)
            day, covered = min(day, upcoming), min(covered, upcoming)
        self._await_day(pair, max(day, next(first for first in known if first >= covered)))

    def _await_day(self, pair: Pair, day: date) -> None:
        charge = pair.charge
        begins = day_begins(day, self._zone(pair.customer))
        pair.next_key = "" if charge.end and begins >= charge.end else day.isoformat()
        pair.due = self._not_at_once(charge, max(begins, charge.start))

    def _await_once(self, pair: Pair, since: int) -> None:
        charge = pair.charge
        if pair.is_charged_once or pair.covered > date.min:
            pair.next_key = ""
            return
        if charge.period == "":
            due = max(charge.created + HOUR, charge.start)
        elif charge.start:
            due = self._not_at_once(charge, charge.start)
        else:
            today = local_date(charge.created, self._zone(pair.customer))
            first_of_next = date(today.year + today.month // 12, today.month % 12 + 1, 1)
            due = day_begins(first_of_next, self._zone(pair.customer))
        if pair.next_key != ONCE:
            due = max(due, since)
        pair.next_key = "" if charge.end and due >= charge.end else ONCE
        pair.due = due

    def _first(self, charge: Charge, zone: str, since: int) -> date:
        counts_from_start = charge.is_from_start and (charge.start == 0 or charge.start >= charge.created)
        if counts_from_start and since <= max(charge.start, charge.created):
            return charge.anchor
        since = max(since, charge.start)
        return next(first for first, _ in charge.periods() if day_begins(first, zone) >= since)

    def _not_at_once(self, charge: Charge, due: int) -> int:
        return due if due > charge.created else charge.created + HOUR

    # Who.

    def _whom(self, charge: Charge) -> list[int]:
        """For whom something of the charge comes next."""
        if charge.plan and not charge.is_recurring:
            return [EVERYBODY]
        return self._members(charge)

    def _members(self, charge: Charge) -> list[int]:
        if charge.plan:
            return [c.number for c in self.customers.values() if c.plan == charge.plan and not c.is_deleted]
        return [] if self.customers[charge.customer].is_deleted else [charge.customer]

    def _pair(self, charge: Charge, number: int) -> Pair:
        return self.pairs.setdefault((charge.id, number), Pair(charge, number))

    def _pairs_of(self, charge: Charge) -> list[Pair]:
        return [pair for pair in self.pairs.values() if pair.charge is charge]

    def _zone(self, number: int) -> str:
        return (self.customers[number].zone if number else "") or self.zone

    # Charging.

    def _run(self, pair: Pair) -> None:
        charge = pair.charge
        if self._is_used_up(charge, pair.customer):
            pair.next_key = ""
            return
        if not charge.is_recurring:
            self._book(pair, ONCE, date.min, charge.amount_minor, pair.due)
            pair.next_key, pair.is_charged_once = "", True
            return
        day = date.fromisoformat(pair.next_key)
        until = next(until for first, until in charge.periods() if first == day)
        if (charge.id, pair.customer, pair.next_key) not in self.charged:
            self._book(pair, pair.next_key, until, charge.amount_minor, pair.due)
        self._await_day(pair, until)

    def _run_everybody(self, pair: Pair) -> None:
        if not pair.next_key or pair.due > self.now:
            return
        for number in self._members(pair.charge):
            if not self._is_used_up(pair.charge, number):
                self._book(self._pair(pair.charge, number), ONCE, date.min, pair.charge.amount_minor, pair.due)
        pair.next_key, pair.is_charged_once = "", True

    def _piece_by_hand(self, charge: Charge, number: int) -> tuple[str, date, int]:
        """Its key, the day until which it counts, and the amount."""
        if self._is_used_up(charge, number):
            raise RefusedError
        if not charge.is_recurring:
            return f"#{self._times(charge, number) + 1}", date.min, charge.amount_minor
        zone = self._zone(number)
        today = local_date(self.now, zone)
        first, until = next((first, until) for first, until in charge.periods() if first <= today < until)
        if self._pair(charge, number).covered > today or (charge.id, number, first.isoformat()) in self.charged:
            raise RefusedError
        days = [today + timedelta(n) for n in range((until - today).days)]
        left = [day for day in days if not charge.end or day_begins(day, zone) < charge.end]
        return first.isoformat(), until, rounded(Fraction(charge.amount_minor * len(left), (until - first).days))

    def _is_used_up(self, charge: Charge, number: int) -> bool:
        most = charge.number or (0 if charge.is_recurring else 1)
        return bool(most) and self._times(charge, number) >= most

    def _times(self, charge: Charge, number: int) -> int:
        return sum((charge.id, number) == key[:2] for key in self.charged)

    def _book(self, pair: Pair, key: str, until: date, amount: int, at: int, since: date | None = None) -> None:
        where = (pair.charge.id, pair.customer)
        assert (*where, key) not in self.charged
        self.charged[*where, key] = (amount, at)
        if until > date.min:
            self.covered.setdefault(where, []).append((since or date.fromisoformat(key), until))
            pair.covered = max(pair.covered, until)


def rounded(amount: Fraction) -> int:
    """Half away from zero."""
    whole, rest = divmod(abs(amount.numerator), amount.denominator)
    return (whole + (2 * rest >= amount.denominator)) * (1 if amount >= 0 else -1)
