"""What may be read for an overview of a whole tenant, as a port. A query never changes anything.

Each costs what it shows, however many transactions there are; only `top_customers` goes through all summaries, and is
for standings.py. They tell of the tenant as a whole: not for people of a reseller's branch.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Protocol

import msgspec

from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    PaymentFact,
    RefundFact,
    ScheduleFact,
    SummaryFact,
    WebhookEndpointFact,
)

DAY: Final = "day"
MONTH: Final = "month"

#: Periods of a span at most.
DAYS_MAX: Final = 400
MONTHS_MAX: Final = 60
#: No span begins earlier.
EARLIEST_ON: Final = date(1900, 1, 1)

#: What a bounded count goes to.
COUNTED_MAX: Final = 1000
#: Endpoints that are looked at, the earliest made first.
ENDPOINTS_MAX: Final = 100


class Span(msgspec.Struct, frozen=True):
    """Days from one to another, both included, told day by day or month by month: in the latter case whole months.

    Raises ValueError with a sentence where it is too long, too early or the wrong way round.
    """

    first_on: date
    last_on: date
    step: str = DAY

    def __post_init__(self) -> None:
        if self.last_on < self.first_on:
            raise ValueError("The last day is before the first.")
        if self.first_on < EARLIEST_ON:
            raise ValueError(f"There is nothing before {EARLIEST_ON}.")
        longest = MONTHS_MAX if self.step == MONTH else DAYS_MAX
        if self._length > longest:
            raise ValueError(f"At most {longest} {self.step}s can be shown.")

    @classmethod
    def of_days(cls, count: int, last_on: date) -> Span:
        """So many days up to this one."""
        return cls(last_on - timedelta(days=count - 1), last_on)

    @classmethod
    def of_months(cls, count: int, last_on: date) -> Span:
        """So many months up to the one with this day, which is told whole."""
        return cls(_month(_index(last_on) - count + 1), _last_of_month(_index(last_on)), MONTH)

    @property
    def _length(self) -> int:
        if self.step == MONTH:
            return _index(self.last_on) - _index(self.first_on) + 1
        return (self.last_on - self.first_on).days + 1

    @property
    def bounds(self) -> tuple[date, date]:
        """The first and the last day that count."""
        if self.step == MONTH:
            return _month(_index(self.first_on)), _last_of_month(_index(self.last_on))
        return self.first_on, self.last_on

    def before(self) -> Span | None:
        """As many days or months that end where this begins; None where there are none so early."""
        first, _ = self.bounds
        first_before = _month(_index(first) - self._length) if self.step == MONTH else first - timedelta(self._length)
        return None if first_before < EARLIEST_ON else Span(first_before, first - timedelta(days=1), self.step)

    def with_before(self) -> Span:
        """From where `before` begins, if it does, to the end of this one."""
        before = self.before()
        return self if before is None else Span(before.first_on, self.last_on, self.step)

    def periods(self) -> list[str]:
        """The names of the days (2027-01-31) or months (2027-01), in their order."""
        first, _ = self.bounds
        if self.step == MONTH:
            return [_month(_index(first) + n).isoformat()[:7] for n in range(self._length)]
        return [(first + timedelta(days=n)).isoformat() for n in range(self._length)]


class Sums(msgspec.Struct, frozen=True):
    """What some transactions come to, in minor units of one currency, with their signs: what is given back or void is
    negative."""

    count: int = 0
    gross_minor: int = 0
    tax_minor: int = 0
    buy_minor: int = 0

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.tax_minor

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.count + other.count,
            self.gross_minor + other.gross_minor,
            self.tax_minor + other.tax_minor,
            self.buy_minor + other.buy_minor,
        )


class PeriodFigures(msgspec.Struct, frozen=True):
    """One currency's figures of a day, a month, or a whole span: each transaction counts when it was made effective, so
    a refund or void of an earlier charge is here, and the charge there."""

    period: str
    currency: str
    charged: Sums = Sums()
    refunded: Sums = Sums()
    voided: Sums = Sums()

    @property
    def kept_minor(self) -> int:
        """The gross of the charges, less what was given back and what was void."""
        return self.charged.gross_minor + self.refunded.gross_minor + self.voided.gross_minor

    @property
    def net_minor(self) -> int:
        """What was kept, without its taxes."""
        return self.charged.net_minor + self.refunded.net_minor + self.voided.net_minor

    @property
    def tax_minor(self) -> int:
        return self.charged.tax_minor + self.refunded.tax_minor + self.voided.tax_minor

    @property
    def margin_minor(self) -> int:
        """Net less buy."""
        return self.net_minor - self.charged.buy_minor - self.refunded.buy_minor - self.voided.buy_minor


class DoorFigures(msgspec.Struct, frozen=True):
    """The charges in one currency that came through one door."""

    origin: str
    charged: Sums


class Count(msgspec.Struct, frozen=True):
    """How many there are; more than that where `has_more`."""

    value: int
    has_more: bool


class DueCharge(msgspec.Struct, frozen=True):
    """What falls due or is parked. `customer` is None where everybody on the charge's plan is charged at once."""

    schedule: ScheduleFact
    charge: ChargeFact
    customer: CustomerFact | None


class FallingDue(msgspec.Struct, frozen=True):
    """What falls due first, and how much does within 24 hours and 7 days; what is overdue counts too."""

    first: list[DueCharge]
    within_day: Count
    within_week: Count


class FailingEndpoint(msgspec.Struct, frozen=True):
    """An endpoint with deliveries that were given up, or that are to be tried again. `waiting_since` is when the oldest
    of the latter came about, among those that were counted."""

    endpoint: WebhookEndpointFact
    failed: Count
    retrying: Count
    waiting_since: int | None


class Stuck(msgspec.Struct, frozen=True):
    """What somebody should look at, the oldest first; counts are of all, lists of the first."""

    payments: list[PaymentFact]
    payment_count: Count
    refunds: list[RefundFact]
    refund_count: Count
    parked: list[DueCharge]
    parked_count: Count
    endpoints: list[FailingEndpoint]


class TopCustomer(msgspec.Struct, frozen=True):
    """A customer, deleted or not, and its summary in one currency."""

    customer: CustomerFact
    summary: SummaryFact


class OverviewQueries(Protocol):
    def figures(self, tenant_id: int, span: Span, currency: str) -> list[PeriodFigures]:
        """One currency's, by period; a period without any transaction in it is left out."""
        ...

    def doors(self, tenant_id: int, span: Span, currency: str) -> list[DoorFigures]: ...

    def currencies(self, tenant_id: int) -> list[str]:
        """Those that customers who are there were ever charged in, by their codes."""
        ...

    def falling_due(self, tenant_id: int, now: int, count: int) -> FallingDue:
        """`now` is the moment by the tenant's clock."""
        ...

    def stuck(self, tenant_id: int, system_now: int, count: int) -> Stuck:
        """Payments and refunds count when the time of their gateway's answer is over at `system_now`, by the system's
        clock. Of more than COUNTED_MAX the first are those that are looked up again first."""
        ...

    def top_customers(self, tenant_id: int, count: int) -> dict[str, list[TopCustomer]]:
        """Of each currency the customers, the root not among them, whose charges come to most after what was paid back.

        Goes through all summaries.
        """
        ...


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)


def _last_of_month(index: int) -> date:
    return date.max if index >= _index(date.max) else _month(index + 1) - timedelta(days=1)
