"""Named places between two phases, where a test may have the process killed.

`TOLLHOUSE_CRASH_POINT` names one of them; without it `reach` does nothing.
"""

from __future__ import annotations

import os
import signal

BEFORE_COMMIT = "before-commit"
AFTER_COMMIT = "after-commit"
INTENT_COMMITTED = "intent-committed"
GATEWAY_ANSWERED = "gateway-answered"
OUTCOME_COMMITTED = "outcome-committed"
REFUND_INTENT_COMMITTED = "refund-intent-committed"
REFUND_ANSWERED = "refund-answered"
REFUND_OUTCOME_COMMITTED = "refund-outcome-committed"
PLAN_STAGED = "plan-staged"
PLAN_DECIDED = "plan-decided"
PLAN_HALF_CHARGED = "plan-half-charged"
DELIVERY_CLAIMED = "delivery-claimed"
DELIVERY_SENT = "delivery-sent"
IMPORT_PART_DECIDED = "import-part-decided"
IMPORT_HALF_DONE = "import-half-done"
BACKUP_HALF_WRITTEN = "backup-half-written"
BACKUP_IN_PLACE = "backup-in-place"
RESTORE_HALF_DONE = "restore-half-done"

ALL = (
    BEFORE_COMMIT,
    AFTER_COMMIT,
    INTENT_COMMITTED,
    GATEWAY_ANSWERED,
    OUTCOME_COMMITTED,
    REFUND_INTENT_COMMITTED,
    REFUND_ANSWERED,
    REFUND_OUTCOME_COMMITTED,
    PLAN_STAGED,
    PLAN_DECIDED,
    PLAN_HALF_CHARGED,
    DELIVERY_CLAIMED,
    DELIVERY_SENT,
    IMPORT_PART_DECIDED,
    IMPORT_HALF_DONE,
    BACKUP_HALF_WRITTEN,
    BACKUP_IN_PLACE,
    RESTORE_HALF_DONE,
)

_armed = os.environ.get("TOLLHOUSE_CRASH_POINT", "")  # noqa: TID251 - must be known wherever it is reached


def reach(point: str) -> None:
    """Kill this process here, as a power cut would, when the point is the armed one."""
    if _armed and point == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
