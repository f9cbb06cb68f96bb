"""Taxes."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import taxes as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import taxes as reply
from tollhouse.apis.enswitch.reply.listing import whole
from tollhouse.apis.enswitch.request import taxes as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger import seeing, tax_reading
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import TaxFact
from tollhouse.ledger.refusals import PlanUnknown
from tollhouse.ledger.sight import Sight
from tollhouse.web import Reply


class TaxAnswers(Answers):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by_path = answered_by(
            (functions.CREATE_TAX, self._create),
            (functions.UPDATE_TAX, self._update),
            (functions.LIST_TAXES, self._list),
            (functions.SET_LIABILITY, self._set_liability),
            (functions.GET_LIABILITY, self._get_liability),
        )
        self.for_strangers = {functions.LIST_TAXES.path: self._list_for_stranger}

    async def _create(self, call: Call) -> Reply:
        return await self._created(call, request.tax_to_create(call), lambda result: int(result.tax_id))

    async def _update(self, call: Call) -> Reply:
        return await self._done(call, request.tax_to_update(call))

    async def _list(self, call: Call) -> Reply:
        request.check_list(call.given)
        number = call.given.get("customer") or call.caller.customer_number
        which = call.given.get("applicable") == 1, call.given.get("available") == 1
        rows = await self._look(call.tenant_id, _taxes, call.caller, number, *which)
        return envelope.data_to_wire(rows)

    async def _list_for_stranger(self, given: Given, tenant_id: int | None) -> Reply:
        request.check_list(given)
        if tenant_id is None:
            raise PlanUnknown
        wanted = given.get("plan"), given.get("type")
        taxes = await self._look_for_stranger(tenant_id, tax_reading.taxes_on_signup, *wanted)
        return envelope.data_to_wire([reply.tax_to_wire(tax, shows_owner=False) for tax in whole(taxes)])

    async def _set_liability(self, call: Call) -> Reply:
        return await self._done(call, request.liability_to_set(call))

    async def _get_liability(self, call: Call) -> Reply:
        given = call.given
        given.check()
        wanted = given.get("tax"), given.get("type"), given.get("number")
        liability = await self._read(call.tenant_id, seeing.liability_seen, call.caller, *wanted)
        return envelope.data_to_wire(reply.liability_to_wire(liability))


def _taxes(sight: Sight, caller: Caller, number: int, applicable: bool, available: bool) -> list[dict[str, Any]]:
    customer = seeing.customer_seen(sight, caller, number)
    taxes: list[TaxFact]
    if applicable:
        taxes = tax_reading.taxes_owed(sight, customer)
    elif available:
        taxes = tax_reading.taxes_at_hand(sight, customer.number)
    else:
        taxes = tax_reading.taxes_held(sight, customer.number)
    owners = {owner: seeing.sees_owner(sight, caller, owner) for owner in {tax.owner_number for tax in taxes}}
    return [reply.tax_to_wire(tax, shows_owner=owners[tax.owner_number]) for tax in whole(taxes)]
