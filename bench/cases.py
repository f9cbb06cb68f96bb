"""What is measured: each case is one comparison on one store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench import traffic
from bench.generator import Generator, Turn
from bench.raw import RawTurns
from bench.rounds import Comparison, Effort, Figures, in_turn
from bench.servers import Server
from bench.stores import Place
from bench.traffic import BULK_ITEMS, Traffic

CLIENTS = 64
BULK_CLIENTS = 4
DOOR_CLIENTS = 16
SINGLE_AIM = 0.35
BULK_AIM = 0.5


class Absent(Exception):
    """The server does not have what the case is about."""


@dataclass(frozen=True)
class Bench:
    """One store under measurement."""

    place: Place
    tollhouse: Server
    constant: Server
    raw: RawTurns
    generator: Generator

    def charges(self, clients: int, effort: Effort) -> Comparison:
        aim = SINGLE_AIM if clients == CLIENTS and self.place.name == "SQLite" else None
        return self._against_constant("POST /charges", traffic.charges, clients, effort, aim)

    def bulk(self, clients: int, effort: Effort) -> Comparison:
        """Charges a second, against the raw store."""
        first = 100 * clients
        aim = BULK_AIM if clients == BULK_CLIENTS else None
        before = self._warmed(traffic.bulk(first), clients)
        self.raw.drive(seconds=1)
        ours, rates = in_turn(
            effort,
            lambda number: self._drive(self.tollhouse, traffic.bulk(first + number), clients, effort.seconds),
            lambda _: self.raw.drive(effort.seconds),
        )
        batch = self._mean_batch(before)
        sides = Figures.of(ours, charges=BULK_ITEMS), Figures(rates)
        return Comparison(self.place.name, "POST /charges/bulk", clients, "raw store", *sides, batch, aim)

    def enswitch(self, effort: Effort) -> Comparison:
        """One charge of one customer, charged again and again."""
        created = traffic.enswitch_creation()
        if self.tollhouse.reply(created.path, created)[0] != 200:
            raise Absent
        sent = traffic.enswitch_charge(1)
        return self._against_constant("ENSwitch charges/charge", lambda _: sent, DOOR_CLIENTS, effort)

    def kelviq(self, effort: Effort) -> Comparison:
        """One plan sold to a thousand customers, each again and again, through the sandbox gateway."""
        return self._against_constant("Kelviq POST /charges/", traffic.kelviq_charges, CLIENTS, effort)

    def _against_constant(
        self, name: str, make: Callable[[int], Traffic], clients: int, effort: Effort, aim: float | None = None
    ) -> Comparison:
        """`make` tells what to send in each round; round 0 is not measured."""
        path = f"/{self._constant_size(make(0))}"
        before = self._warmed(make(0), clients)
        self._drive(self.constant, make(0), clients, 1, path)
        ours, theirs = in_turn(
            effort,
            lambda number: self._drive(self.tollhouse, make(number), clients, effort.seconds),
            lambda number: self._drive(self.constant, make(number), clients, effort.seconds, path),
        )
        batch = self._mean_batch(before)
        sides = Figures.of(ours), Figures.of(theirs)
        return Comparison(self.place.name, name, clients, "constant reply", *sides, batch, aim)

    def _drive(self, server: Server, sent: Traffic, clients: int, seconds: int, path: str | None = None) -> Turn:
        return self.generator.drive(server.port, sent, clients=clients, seconds=seconds, path=path)

    def _warmed(self, sent: Traffic, clients: int) -> tuple[float, float]:
        self._drive(self.tollhouse, sent, clients, 1)
        return self.tollhouse.batches()

    def _mean_batch(self, before: tuple[float, float]) -> float:
        """Commands a commit, since then."""
        commands, batches = (a - b for a, b in zip(self.tollhouse.batches(), before, strict=True))
        return commands / batches if batches else 0.0

    def _constant_size(self, sent: Traffic) -> int:
        """The body that makes the constant reply as large as ours, heads included."""
        ours = self.tollhouse.reply(sent.path, sent)[2]
        head = self.constant.reply("/100", sent)[2] - 100
        return max(2, ours - head)
