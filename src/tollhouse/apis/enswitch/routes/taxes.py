"""Taxes."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import taxes as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import taxes as reply
from tollhouse.apis.enswitch.request import taxes as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.ledger import seeing
from tollhouse.web import Reply


class TaxAnswers(Answers):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by_path = answered_by(
            (functions.CREATE_TAX, self._create),
            (functions.SET_LIABILITY, self._set_liability),
            (functions.GET_LIABILITY, self._get_liability),
        )

    async def _create(self, call: Call) -> Reply:
        return await self._created(request.tax_to_create(call), lambda result: int(result.tax_id))

    async def _set_liability(self, call: Call) -> Reply:
        return await self._done(request.liability_to_set(call))

    async def _get_liability(self, call: Call) -> Reply:
        given = call.given
        given.check()
        wanted = given.get("tax"), given.get("type"), given.get("number")
        liability = await self._read(call.tenant_id, seeing.liability_seen, call.caller, *wanted)
        return envelope.data_to_wire(reply.liability_to_wire(liability))
