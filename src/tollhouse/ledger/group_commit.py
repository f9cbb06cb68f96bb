"""Group commit: commands that wait together share one unit of work.

One thread takes what waits in a bounded queue, a batch at a time, and answers each command when its commit is durable.
A full queue refuses at once; what was accepted is always answered, also while stopping.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from tollhouse.ledger.commands import Command
from tollhouse.ledger.ledger import Ledger, Outcome
from tollhouse.ledger.refusals import Overloaded

#: Facts that one batch may leave: beyond this a larger batch costs latency and wins no throughput.
BATCH_WEIGHT_MAX = 2048

#: Called with all answers of a batch at once: pairs of what was given with the command, and its outcome.
Deliver = Callable[[Sequence[tuple[object, Outcome]]], None]


class GroupCommit:
    def __init__(self, ledger: Ledger, deliver: Deliver, *, weight_max: int, observe: Callable[[int], None]) -> None:
        """`weight_max` bounds the facts that may wait; `observe` is told the number of commands of each batch."""
        self._ledger = ledger
        self._deliver = deliver
        self._weight_max = weight_max
        self._observe = observe
        self._waiting: deque[tuple[Command, object]] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Accept nothing more, answer all that was accepted, end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    @property
    def waiting_weight(self) -> int:
        return self._weight

    def submit(self, command: Command, ticket: object) -> None:
        """Queue a command; its outcome is delivered with the ticket. Raises Overloaded when the queue is full."""
        with self._changed:
            weight = command.weight
            if self._stopping or (self._weight and self._weight + weight > self._weight_max):
                raise Overloaded
            self._waiting.append((command, ticket))
            self._weight += weight
            if len(self._waiting) == 1:
                self._changed.notify()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._observe(len(batch))
            by_tenant: dict[int, list[tuple[Command, object]]] = {}
            for item in batch:
                by_tenant.setdefault(item[0].tenant_id, []).append(item)
            for tenant_id, items in by_tenant.items():
                self._deliver(self._outcomes(tenant_id, items))

    def _outcomes(self, tenant_id: int, items: list[tuple[Command, object]]) -> list[tuple[object, Outcome]]:
        try:
            outcomes = self._ledger.execute_batch(tenant_id, [command for command, _ in items])
        except Exception as error:  # noqa: BLE001 - whatever happened, every waiting caller gets an answer
            outcomes = [error] * len(items)
        return [(ticket, outcome) for (_, ticket), outcome in zip(items, outcomes, strict=True)]

    def _next_batch(self) -> list[tuple[Command, object]]:
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            batch: list[tuple[Command, object]] = []
            weight = 0
            while self._waiting:
                next_weight = self._waiting[0][0].weight
                if batch and weight + next_weight > BATCH_WEIGHT_MAX:
                    break
                batch.append(self._waiting.popleft())
                weight += next_weight
            self._weight -= weight
            return batch
