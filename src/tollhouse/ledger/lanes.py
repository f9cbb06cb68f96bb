"""What is still to be delivered of each customer to each endpoint, in order, as a batch leaves it.

Of a lane's open deliveries one at most is pending, the others wait for it. Whoever reads or changes a lane has locked
its customer, so that what is added and what comes to its end cannot miss each other.
"""

from __future__ import annotations

from tollhouse.ledger.facts import DeliveryFact
from tollhouse.ledger.ports import UnitOfWork

WAITING = "waiting"
PENDING = "pending"
OPEN = (PENDING, WAITING)

_Lane = dict[int, DeliveryFact]


class Lanes:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._put: dict[tuple[int, int], _Lane] = {}
        self.puts = 0

    def put(self, delivery: DeliveryFact) -> None:
        """Write a delivery, over the one that is there if there is one."""
        self.puts += 1
        self._put.setdefault((delivery.endpoint_id, delivery.customer_number), {})[delivery.customer_seq] = delivery

    def delivery(self, endpoint_id: int, customer_number: int, customer_seq: int) -> DeliveryFact | None:
        known = self._put.get((endpoint_id, customer_number), {}).get(customer_seq)
        if known is not None:
            return known
        found = self._unit.find(
            DeliveryFact,
            lock=True,
            endpoint_id=endpoint_id,
            customer_number=customer_number,
            customer_seq=customer_seq,
        )
        return found[0] if found else None

    def newest(self, delivery: DeliveryFact) -> DeliveryFact:
        """A delivery that the store has, as this batch leaves it."""
        lane = self._put.get((delivery.endpoint_id, delivery.customer_number), {})
        return lane.get(delivery.customer_seq, delivery)

    def is_busy(self, endpoint_id: int, customer_number: int) -> bool:
        """Whether anything is still to be delivered."""
        put = self._put.get((endpoint_id, customer_number), {})
        if any(delivery.state in OPEN for delivery in put.values()):
            return True
        return bool(self._kept(endpoint_id, customer_number))

    def next_waiting(self, endpoint_id: int, customer_number: int) -> DeliveryFact | None:
        """Whose turn it is when nothing is pending."""
        put = self._put.get((endpoint_id, customer_number), {})
        waiting = [delivery for delivery in put.values() if delivery.state == WAITING]
        waiting += [delivery for delivery in self._kept(endpoint_id, customer_number) if delivery.state == WAITING]
        return min(waiting, key=lambda delivery: delivery.customer_seq, default=None)

    def changed(self) -> list[DeliveryFact]:
        """What was put, in the order of the keys."""
        return [lane[seq] for _, lane in sorted(self._put.items()) for seq in sorted(lane)]

    def _kept(self, endpoint_id: int, customer_number: int) -> list[DeliveryFact]:
        """The first that the store has open, but for what the batch wrote over: enough to find one that waits."""
        put = self._put.get((endpoint_id, customer_number), {})
        rows = self._unit.open_deliveries(endpoint_id, 2 + len(put), customer_number)
        return [row for row in rows if row.customer_seq not in put]
