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
        self._deliveries = Counter(
            "tollhouse_webhook_deliveries",
            "Attempts to deliver an event, by what came of it: delivered, retried or given_up.",
            ["outcome"],
            registry=self._registry,
        )
        for outcome in ("delivered", "retried", "given_up"):
            self._deliveries.labels(outcome)
        self._oldest_open = Gauge(
            "tollhouse_webhook_oldest_open_seconds",
            "How old the oldest event is that an enabled endpoint does not have yet.",
            registry=self._registry,
        )
        self._open = Gauge(
            "tollhouse_open_outcomes",
            "Payments and refunds whose outcome is not known, by kind: payment or refund.",
            ["kind"],
            registry=self._registry,
        )
        self._oldest_outcome = Gauge(
            "tollhouse_oldest_open_outcome_seconds",
            "How long the oldest of them has been without an answer.",
            ["kind"],
            registry=self._registry,
        )
        self._contradictions = Counter(
            "tollhouse_gateway_contradictions",
            "Events of gateways that say other than what was settled.",
            registry=self._registry,
        )
        self._parked = Gauge(
            "tollhouse_parked_charges",
            "Schedules that wait for somebody to look at them: what fell due could not be charged.",
            registry=self._registry,
        )
        self._unavailable = Counter(
            "tollhouse_store_unavailable",
            "Requests that could not be answered because the store was not available.",
            registry=self._registry,
        )
        self._backup_at = Gauge(
            "tollhouse_last_backup_timestamp_seconds",
            "When the last good backup was made that the server makes by itself; 0 where it makes none.",
            registry=self._registry,
        )
        self._backup_failures = Counter(
            "tollhouse_backup_failures", "Backups by itself that failed.", registry=self._registry
        )
        self._children: dict[tuple[str, int], Counter] = {}

    def request(self, door: str, status: int) -> None:
        child = self._children.get((door, status))
        if child is None:
            child = self._children[door, status] = self._requests.labels(door, str(status))
        child.inc()

    def batch(self, commands: int) -> None:
        self._batches.observe(commands)

    def delivery(self, outcome: str) -> None:
        self._deliveries.labels(outcome).inc()

    def oldest_open(self, seconds: int) -> None:
        self._oldest_open.set(seconds)

    def open_outcomes(self, kind: str, count: int, oldest_seconds: int) -> None:
        self._open.labels(kind).set(count)
        self._oldest_outcome.labels(kind).set(oldest_seconds)

    def parked(self, count: int) -> None:
        self._parked.set(count)

    def store_unavailable(self) -> None:
        self._unavailable.inc()

    def backup(self, at_seconds: int) -> None:
        self._backup_at.set(at_seconds)

    def backup_failed(self) -> None:
        self._backup_failures.inc()

    def contradiction(self) -> None:
        self._contradictions.inc()

    def text(self, waiting_weight: int) -> bytes:
        self._waiting.set(waiting_weight)
        return generate_latest(self._registry)
