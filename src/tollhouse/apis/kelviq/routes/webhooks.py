"""The log of what was sent to webhook endpoints."""

from __future__ import annotations

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.envelope import page_to_wire
from tollhouse.apis.kelviq.reply.webhooks import attempt_to_wire
from tollhouse.ledger.clock import DAY
from tollhouse.ledger.queries import EventQueries
from tollhouse.web import Reply

#: How far back the log is shown, whatever is asked for.
SHOWN = 30 * DAY


class WebhookLogs:
    def __init__(self, queries: EventQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {"listWebhookEventLogs": self._list}

    async def _list(self, call: Call) -> Reply:
        """Attempts are made by the real time, also a test tenant's."""
        page = call.page()
        start_at, end_at = call.days()
        earliest_at = max(start_at or 0, call.desk.clock.now() - SHOWN)
        found = await call.read(self._queries.attempts, call.tenant_id, earliest_at, end_at, page)
        return page_to_wire(call, page, found, [attempt_to_wire(row) for row in found.rows])
