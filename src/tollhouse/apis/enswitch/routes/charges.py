"""Charges."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import charges as functions
from tollhouse.apis.enswitch.reply import charges as reply
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.request import charges as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.ledger import seeing
from tollhouse.ledger.charging.rehearsing import Rehearsal
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import NotForOneCustomer
from tollhouse.web import Reply


class ChargeAnswers(Answers):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by_path = answered_by(
            (functions.CREATE_CHARGE, self._create),
            (functions.UPDATE_CHARGE, self._update),
            (functions.DELETE_CHARGE, self._delete),
            (functions.GET_CHARGE, self._get),
            (functions.LIST_CHARGES, self._list),
            (functions.CHARGE_NOW, self._charge),
        )

    async def _create(self, call: Call) -> Reply:
        command = request.charge_to_create(call, self_charges=bool(self._desk.settings.self_charges))
        return await self._created(call, command, lambda result: int(result.charge_id))

    async def _update(self, call: Call) -> Reply:
        return await self._done(call, request.charge_to_update(call))

    async def _delete(self, call: Call) -> Reply:
        return await self._done(call, request.charge_to_delete(call))

    async def _charge(self, call: Call) -> Reply:
        command = call.signed(request.charge_to_charge(call))
        if call.given.get("validation") == 1:
            return await self._desk.long_work.run(self._rehearse, call)
        try:
            return await self._done(call, command)
        except NotForOneCustomer:
            everybody = self._desk.everybody.charge
            replayed = await self._desk.long_work.run(everybody, request.plan_to_charge(command), command.digest)
            return envelope.done_to_wire((envelope.REPLAYED,) if replayed else ())

    def _rehearse(self, call: Call) -> Reply:
        with self._desk.store.reading(call.tenant_id) as reader:
            charge = seeing.charge_seen(reader, call.caller, call.given.get("id"))
        rehearsal = Rehearsal(charge)
        lines = self._desk.everybody.rehearsed(charge, rehearsal)
        return envelope.validated_to_wire(data=reply.rehearsal_to_wire(lines, rehearsal))

    async def _get(self, call: Call) -> Reply:
        call.given.check()
        charge = await self._read(call.tenant_id, seeing.charge_seen, call.caller, call.given.get("id"))
        return envelope.data_to_wire(reply.charge_to_wire(charge))

    async def _list(self, call: Call) -> Reply:
        customer_number, plan_number = request.customer_or_plan(call.given)
        call.given.check()
        if not plan_number:
            customer_number = customer_number or call.caller.customer_number

        def charges(reader: Reader) -> Any:
            return seeing.charges_seen(reader, call.caller, customer_number=customer_number, plan_number=plan_number)

        found = await self._read(call.tenant_id, charges)
        return envelope.data_to_wire([reply.charge_to_wire(charge) for charge in found])
