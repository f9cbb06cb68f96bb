"""Two things driven in turn, A B A B …, and the ratio of each pair: what disturbs the one disturbs the other."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bench.generator import Turn

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Effort:
    rounds: int
    seconds: int


@dataclass(frozen=True)
class Figures:
    """One side of a comparison: its rate in each round; latencies are medians of the rounds' own."""

    rates: list[float]
    p50_ms: float | None = None
    p99_ms: float | None = None

    @classmethod
    def of(cls, turns: list[Turn], *, charges: int = 1) -> Figures:
        """`charges` is how many each request holds."""
        p50_ms = statistics.median(turn.p50_ms for turn in turns)
        p99_ms = statistics.median(turn.p99_ms for turn in turns)
        return cls([turn.rate * charges for turn in turns], p50_ms, p99_ms)


@dataclass(frozen=True)
class Comparison:
    store: str
    name: str
    clients: int
    against: str
    ours: Figures
    theirs: Figures
    mean_batch_commands: float
    aim: float | None = None

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours.rates, self.theirs.rates, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def as_json(self) -> dict[str, Any]:
        ratios = {"median": self.ratio, "min": min(self.ratios), "max": max(self.ratios), "all": self.ratios}
        return {**vars(self), "ours": vars(self.ours), "theirs": vars(self.theirs), "ratios": ratios}


def in_turn(effort: Effort, ours: Callable[[int], A], theirs: Callable[[int], B]) -> tuple[list[A], list[B]]:
    """Drive both, ours first, round after round; each is told the number of the round."""
    turns = [(ours(number), theirs(number)) for number in range(1, effort.rounds + 1)]
    return [ours for ours, _ in turns], [theirs for _, theirs in turns]
