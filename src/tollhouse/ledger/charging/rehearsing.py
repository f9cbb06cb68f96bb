"""Charging, rehearsed: exactly what would be charged, with sums and a digest, and nothing moved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tollhouse.domain import money, periods
from tollhouse.ledger.charging.covering import Piece, is_used_up, piece_by_hand, piece_due
from tollhouse.ledger.charging.occurring import NOT_BILLED, settlement_of
from tollhouse.ledger.charging.tariffs import Tariff, Tariffs
from tollhouse.ledger.facts import ChargeFact, CustomerFact, OccurrenceFact, ScheduleFact
from tollhouse.ledger.refusals import DigestStale, OutsideWindow, Refusal, SumTooLarge
from tollhouse.ledger.scheduling import ONCE
from tollhouse.ledger.sight import Snapshot

#: Customers looked at together.
CHUNK = 500

#: What staged lines may bring a sum to: beyond it there is room enough for whatever else is charged meanwhile.
_STAGED_SUM_MAX = money.SUM_MINOR_MAX // 2


class Line(msgspec.Struct, frozen=True):
    """What one customer is to be charged, or the refusal that stops it. Neither for a customer who is not billed."""

    customer: CustomerFact
    piece: Piece | None = None
    tariff: Tariff | None = None
    refusal: Refusal | None = None


class Sum(msgspec.Struct):
    """Minor units of one currency."""

    currency: str
    customers: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    gross_minor: int = 0
    buy_minor: int = 0


def sums_from_kept(text: str) -> list[Sum]:
    """What `Rehearsal.sums_kept` gave."""
    rows = msgspec.json.decode(text, type=list[tuple[str, int, int, int, int, int]])
    return [Sum(*row) for row in rows]


class TaxSum(msgspec.Struct):
    tax_id: int
    name: str
    currency: str
    amount_minor: int = 0


class Rehearsal:
    """Sums and a digest over lines, built up as they come; they are not kept."""

    def __init__(self, charge: ChargeFact) -> None:
        self.sums: dict[str, Sum] = {}
        self.taxes: dict[tuple[int, str], TaxSum] = {}
        self.refused = 0
        self.not_billed = 0
        self.charged = 0
        self._digest = _started(charge)

    def add(self, line: Line) -> None:
        if line.refusal is not None:
            self.refused += 1
        elif line.piece is None or line.tariff is None:
            self.not_billed += 1
        else:
            self.charged += 1
            self._digest.update(_digested(line.customer, line.piece, line.tariff))
            self._sum(line.tariff)

    @property
    def digest(self) -> str:
        """Equal for equal lines: the same customers, pieces and amounts."""
        return self._digest.hexdigest()

    @property
    def sums_kept(self) -> str:
        """The sums as a run keeps them."""
        sums = [
            [s.currency, s.customers, s.net_minor, s.tax_minor, s.gross_minor, s.buy_minor] for s in self.sums.values()
        ]
        return msgspec.json.encode(sorted(sums)).decode()

    def _sum(self, tariff: Tariff) -> None:
        total = self.sums.setdefault(tariff.currency, Sum(tariff.currency))
        total.customers += 1
        total.net_minor += tariff.net_minor
        total.tax_minor += tariff.tax_minor
        total.gross_minor += tariff.gross_minor
        total.buy_minor += tariff.buy_minor
        for line in tariff.lines:
            where = (line.tax_id, tariff.currency)
            self.taxes.setdefault(
                where, TaxSum(line.tax_id, line.name, tariff.currency)
            ).amount_minor += line.amount_minor


def lines_of(snapshot: Snapshot, charge: ChargeFact, *, is_scheduled: bool = False) -> Iterator[Line]:
    """What charging this charge now would come to, customer by customer in the order of their numbers.

    For a plan's charge of everybody on the plan. Raises OutsideWindow when nobody can be charged by hand now; what is
    scheduled fell due inside its window.
    """
    if not is_scheduled and not periods.is_within(charge.start_at, charge.end_at, snapshot.now):
        raise OutsideWindow
    tariffs = Tariffs(snapshot, [], [])
    for customers in _chunks(snapshot, charge):
        tariffs.more([charge], customers)
        yield from _Chunk(snapshot, charge, customers, tariffs).lines(is_scheduled)


def check_digest(charge: ChargeFact, lines: Iterable[tuple[CustomerFact, Piece, Tariff]], digest: str) -> None:
    """Raises DigestStale unless the digest is that of exactly these lines."""
    found = _started(charge)
    for line in lines:
        found.update(_digested(*line))
    if found.hexdigest() != digest:
        raise DigestStale


def _chunks(snapshot: Snapshot, charge: ChargeFact) -> Iterator[list[CustomerFact]]:
    if charge.customer_number:
        yield snapshot.find(CustomerFact, number=charge.customer_number, deleted_at=None)
        return
    least = 0
    while True:
        customers = snapshot.reader.page(
            CustomerFact, "number", least, CHUNK, plan_number=charge.plan_number, deleted_at=None
        )
        if customers:
            yield customers
        if len(customers) < CHUNK:
            return
        least = customers[-1].number + 1


class _Chunk:
    """Some customers of one charge, all that they need looked up at once."""

    def __init__(self, snapshot: Snapshot, charge: ChargeFact, customers: list[CustomerFact], tariffs: Tariffs) -> None:
        self._snapshot = snapshot
        self._charge = charge
        self._customers = customers
        self._tariffs = tariffs
        numbers = [customer.number for customer in customers]
        of_charge: dict[str, Any] = {"charge_id": charge.charge_id, "customer_number": numbers}
        self._covered = {row.customer_number: row.covered_until for row in snapshot.find(ScheduleFact, **of_charge)}
        self._times: dict[int, int] = {}
        if snapshot.reader.exists(OccurrenceFact, charge_id=charge.charge_id):
            counts = snapshot.reader.occurrence_counts([(charge.charge_id, number) for number in numbers])
            self._times = {number: count for (_, number), count in counts}
        self._sums: dict[tuple[int, str], int] = {}
        for summary in snapshot.reader.summaries(numbers):
            self._sums[summary.customer_number, summary.currency] = summary.sum_minor

    def lines(self, is_scheduled: bool) -> Iterator[Line]:
        for customer in self._customers:
            try:
                yield self._line(customer, is_scheduled)
            except Refusal as refusal:
                yield Line(customer, refusal=refusal)

    def _line(self, customer: CustomerFact, is_scheduled: bool) -> Line:
        charge, snapshot = self._charge, self._snapshot
        times, covered_until = self._times.get(customer.number, 0), self._covered.get(customer.number, "")
        if is_scheduled:
            if is_used_up(charge, times):
                return Line(customer)
            piece = piece_due(snapshot, charge, ONCE)
        else:
            piece = piece_by_hand(snapshot, charge, customer, times, covered_until)
        if customer.bill_type == NOT_BILLED:
            return Line(customer)
        tariff = self._tariffs.of(charge, customer, piece.share)
        self._check_room(customer, tariff)
        return Line(customer, piece, tariff)

    def _check_room(self, customer: CustomerFact, tariff: Tariff) -> None:
        sum_minor = self._sums.get((customer.number, tariff.currency), 0)
        for total in (sum_minor + tariff.gross_minor, customer.balance_minor - tariff.gross_minor):
            if abs(total) > _STAGED_SUM_MAX:
                raise SumTooLarge


def _started(charge: ChargeFact) -> hashlib._Hash:
    return hashlib.sha256(b"1:%d" % charge.charge_id)


def _digested(customer: CustomerFact, piece: Piece, tariff: Tariff) -> bytes:
    taxes = [(line.tax_id, line.amount_minor) for line in tariff.lines]
    money_of = (tariff.currency, tariff.net_minor, tariff.buy_minor, tariff.exchange_rate or "", taxes)
    return msgspec.json.encode((customer.number, piece.key, settlement_of(customer), money_of))
