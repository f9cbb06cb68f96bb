"""Numbers for new facts, from blocks that are reserved ahead of the unit of work.

A counter inside the unit of work would make every process wait for every other; a block leaves gaps instead, and none
matters. Only ids are taken here: nothing may depend on their being dense.
"""

from __future__ import annotations

import threading
from collections import deque

from tollhouse.ledger.ports import Store

BLOCK_SIZES = {"transaction": 1000, "payment": 1000, "customer": 100, "charge": 100, "refund": 100}
BLOCK_SIZE = 10


class Numbers:
    """Blocks held by this process, for any tenant. Safe for threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[tuple[int, str], deque[range]] = {}
        self._lock = threading.Lock()

    def ensure(self, tenant_id: int, name: str, count: int) -> None:
        """Have at least `count` numbers at hand; call it outside any unit of work."""
        with self._lock:
            held = self._held.setdefault((tenant_id, name), deque())
            missing = count - (len(held[0]) if len(held) == 1 else sum(len(block) for block in held))
            if missing <= 0:
                return
            size = max(missing, BLOCK_SIZES.get(name, BLOCK_SIZE))
            first = self._store.reserve_numbers(tenant_id, name, size)
            held.append(range(first, first + size))

    def drop(self, tenant_id: int) -> None:
        """Forget the blocks of a tenant; call it outside any unit of work. What was left of them is a gap."""
        with self._lock:
            self._held = {where: held for where, held in self._held.items() if where[0] != tenant_id}

    def take(self, tenant_id: int, name: str) -> int:
        """The next number. Those `ensure` put at hand only."""
        with self._lock:
            held = self._held[tenant_id, name]
            block = held[0]
            if len(block) == 1:
                held.popleft()
            else:
                held[0] = block[1:]
            return block[0]
