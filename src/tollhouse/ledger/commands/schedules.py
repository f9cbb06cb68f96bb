"""What falls due by itself."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Command


class Enrol(Command, frozen=True, kw_only=True):
    """Make or mend up to `count` schedules of a charge that is marked to have that done."""

    charge_id: int
    count: int

    alone: ClassVar[bool] = True


class RunDue(Command, frozen=True, kw_only=True):
    """Charge up to `count` of the occurrences that are due by the tenant's clock, the earliest first.

    With a `customer_number` of one customer only, with a `charge_id` of one charge. `park_reason` parks the one that
    comes first instead of charging it: for one that the store itself refuses.
    """

    count: int
    customer_number: int = 0
    charge_id: int = 0
    park_reason: str = ""

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)

    @property
    def weight(self) -> int:
        return self.count


class RetryParked(Command, frozen=True, kw_only=True):
    """Let parked schedules fall due again, up to `count`: of a charge (0: of any), of a customer (None: of any)."""

    charge_id: int = 0
    customer_number: int | None = None
    count: int = 1000


class MoveClock(Command, frozen=True, kw_only=True):
    """Move a test tenant's clock on to an instant; never back. Refused for a live tenant.

    With `or_later` a clock that stands later already stays there.
    """

    to: int
    or_later: bool = False
