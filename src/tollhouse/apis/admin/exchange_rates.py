"""Rates of exchange: put, each over the one of the same two currencies and instant, and listed."""

from __future__ import annotations

from tollhouse.apis.admin import lists
from tollhouse.apis.admin.answers import Refused, answered
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.admin.rows import listing, row_from_wire
from tollhouse.apis.desk import Desk
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.provisioning.apply import instant_of
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.web import Reply


class ExchangeRates:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Routes:
        return {"exchange_rates": {"GET": listing(self._desk, lists.exchange_rates), "POST": self._put}}

    async def _put(self, call: Call) -> Reply:
        (row,) = (await row_from_wire(self._desk, call, "exchange_rates")).exchange_rates
        try:
            effective_at = 0 if row.time is None else instant_of("time", row.time)
        except ProvisioningRefused as error:
            raise Refused(422, str(error)) from error
        command = PutExchangeRate(
            tenant_id=call.tenant_id,
            by=call.by,
            from_currency=row.from_currency,
            to_currency=row.to_currency,
            rate=str(row.rate),
            effective_at=effective_at,
        )
        return answered({"made": (await self._desk.execute(command)).result.is_new})
