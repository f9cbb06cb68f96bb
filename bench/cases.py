"""What is measured: each case is one comparison on one store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
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
SINGLE_AIM = 0.35
BULK_AIM = 0.5


@dataclass(frozen=True)
class Bench:
    """One store under measurement."""

    place: Place
    tollhouse: Server
    constant: Server
    generator: Generator
    effort: Effort

    def charges(self, clients: int) -> Comparison:
        aim = SINGLE_AIM if clients == CLIENTS and self.place.name == "SQLite" else None
        return self.against_constant("POST /charges", traffic.charges, clients, aim)

    def against_constant(
        self, name: str, make: Callable[[int], Traffic], clients: int, aim: float | None = None
    ) -> Comparison:
        """`make` tells what to send in each round; round 0 is not measured."""
        path = f"/{self._constant_size(make(0))}"
        before = self._warmed(make(0), clients)
        self._drive(self.constant, make(0), clients, seconds=1, path=path)
        ours, theirs = in_turn(
            self.effort,
            lambda number: self._drive(self.tollhouse, make(number), clients),
            lambda number: self._drive(self.constant, make(number), clients, path=path),
        )
        batch = self._mean_batch(before)
        sides = Figures.of(ours), Figures.of(theirs)
        return Comparison(self.place.name, name, clients, "constant reply", *sides, batch, aim)

    def bulk(self, clients: int) -> Comparison:
        """Charges a second, against the raw store."""
        first = 100 * clients
        before = self._warmed(traffic.bulk(first), clients)
        with closing(self.place.open_raw()) as store:
            raw = RawTurns(store)
            raw.drive(seconds=1)
            ours, rates = in_turn(
                self.effort,
                lambda number: self._drive(self.tollhouse, traffic.bulk(first + number), clients),
                lambda _: raw.drive(self.effort.seconds),
            )
        batch = self._mean_batch(before)
        sides = Figures.of(ours, charges=BULK_ITEMS), Figures(rates)
        return Comparison(self.place.name, "POST /charges/bulk", clients, "raw store", *sides, batch, BULK_AIM)

    def other_doors(self) -> Iterator[Comparison]:
        """One case for each of the other two wires, where its path answers."""
        created = Traffic("/api/json/charges/create/", traffic.FORM, [f"{traffic.ENSWITCH_LOGIN}&{_ENSWITCH_CHARGE}"])
        if self.tollhouse.reply(created.path, created)[0] == 200:
            charge = traffic.enswitch_charge(1)
            yield self.against_constant("ENSwitch charges/charge", lambda _: charge, CLIENTS)
        purchase = traffic.kelviq_charge()
        if self.tollhouse.reply(purchase.path, purchase)[0] in (200, 201):
            yield self.against_constant("Kelviq POST /charges/", lambda _: purchase, CLIENTS)

    def _drive(
        self, server: Server, sent: Traffic, clients: int, *, seconds: int | None = None, path: str | None = None
    ) -> Turn:
        return self.generator.drive(
            server.port, sent, clients=clients, seconds=seconds or self.effort.seconds, path=path
        )

    def _warmed(self, sent: Traffic, clients: int) -> tuple[float, float]:
        self._drive(self.tollhouse, sent, clients, seconds=1)
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


_ENSWITCH_CHARGE = "name=bench&customer=123&amount=1.00"
