"""What /metrics tells, for Prometheus: one process, one set of figures."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tollhouse_requests", "Requests answered, by door and status.", ["door", "status"], registry=self._registry
        )
        self._batches = Histogram(
            "tollhouse_commit_batch_commands",
            "Commands that shared one commit.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048),
            registry=self._registry,
        )
        self._waiting = Gauge("tollhouse_commit_queue_weight", "Facts that wait for a commit.", registry=self._registry)
        self._children: dict[tuple[str, int], Counter] = {}

    def request(self, door: str, status: int) -> None:
        child = self._children.get((door, status))
        if child is None:
            child = self._children[door, status] = self._requests.labels(door, str(status))
        child.inc()

    def batch(self, commands: int) -> None:
        self._batches.observe(commands)

    def text(self, waiting_weight: int) -> bytes:
        self._waiting.set(waiting_weight)
        return generate_latest(self._registry)
