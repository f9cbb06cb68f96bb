"""Rate plans."""

from __future__ import annotations

from msgspec.structs import replace

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import plans as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import plans as reply
from tollhouse.apis.enswitch.reply.listing import listing_to_wire
from tollhouse.apis.enswitch.request import plans as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger import rate_plans
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.rate_plans import FeeShown, FeeWanted
from tollhouse.ledger.refusals import CustomerUnknown, PlanUnknown
from tollhouse.ledger.seeing import customer_seen
from tollhouse.ledger.sight import Sight
from tollhouse.web import Reply


class PlanAnswers(Answers):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by_path = answered_by(
            (functions.CREATE_PLAN, self._create),
            (functions.UPDATE_PLAN, self._update),
            (functions.GET_PLAN, self._get),
            (functions.LIST_PLANS, self._list),
            (functions.GET_PLAN_FEE, self._get_fee),
            (functions.SET_PLAN_FEE, self._set_fee),
            (functions.SET_PLAN_PRODUCT, self._set_product),
        )
        self.for_strangers = {
            functions.GET_PLAN.path: self._get_for_stranger,
            functions.LIST_PLANS.path: self._list_for_stranger,
            functions.GET_PLAN_FEE.path: self._get_fee_for_stranger,
        }

    async def _create(self, call: Call) -> Reply:
        return await self._created(call, request.plan_to_create(call), lambda result: int(result.plan_number))

    async def _update(self, call: Call) -> Reply:
        return await self._done(call, request.plan_to_update(call))

    async def _set_fee(self, call: Call) -> Reply:
        return await self._done(call, request.fee_to_set(call))

    async def _set_product(self, call: Call) -> Reply:
        return await self._done(call, request.product_to_set(call))

    async def _get(self, call: Call) -> Reply:
        call.given.check()
        shown = await self._look(call.tenant_id, rate_plans.plan_shown, call.caller, call.given.get("id", 0))
        return envelope.data_to_wire(reply.plan_to_wire(shown))

    async def _get_for_stranger(self, given: Given, tenant_id: int | None) -> Reply:
        given.check()
        if tenant_id is None:
            raise PlanUnknown
        shown = await self._look_for_stranger(tenant_id, rate_plans.plan_for_strangers, given.get("id"))
        return envelope.data_to_wire(reply.plan_to_wire(shown))

    async def _list(self, call: Call) -> Reply:
        wanted = request.plans_wanted(call.given, call.caller.customer_number)
        shown = await self._look(call.tenant_id, rate_plans.plans_listed, call.caller, wanted)
        return envelope.data_to_wire(listing_to_wire(call.given, shown, reply.plan_to_wire, "name"))

    async def _list_for_stranger(self, given: Given, tenant_id: int | None) -> Reply:
        wanted = request.plans_wanted(given, 0)
        if tenant_id is None:
            raise CustomerUnknown
        shown = await self._look_for_stranger(tenant_id, rate_plans.plans_for_strangers, wanted)
        return envelope.data_to_wire(listing_to_wire(given, shown, reply.plan_to_wire, "name"))

    async def _get_fee(self, call: Call) -> Reply:
        wanted = request.fee_wanted(call.given)
        number = call.given.get("customer") or call.caller.customer_number
        fee = await self._look(call.tenant_id, _fee_for_customer, call.caller, number, wanted)
        return envelope.data_to_wire(reply.fee_to_wire(fee, wanted))

    async def _get_fee_for_stranger(self, given: Given, tenant_id: int | None) -> Reply:
        wanted = replace(request.fee_wanted(given), with_taxes=False)
        if tenant_id is None:
            raise PlanUnknown
        fee = await self._look_for_stranger(tenant_id, rate_plans.fee_shown, wanted, None)
        return envelope.data_to_wire(reply.fee_to_wire(fee, wanted))


def _fee_for_customer(sight: Sight, caller: Caller, number: int, wanted: FeeWanted) -> FeeShown:
    customer = customer_seen(sight, caller, number)
    plan_number = wanted.plan_number or customer.plan_number
    return rate_plans.fee_shown(sight, replace(wanted, plan_number=plan_number), customer)
