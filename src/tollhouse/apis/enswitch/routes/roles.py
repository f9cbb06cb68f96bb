"""Roles."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import roles as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import people as reply
from tollhouse.apis.enswitch.request import roles as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.ledger.roles import roles_to_give
from tollhouse.web import Reply


class RoleAnswers(Answers):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by_path = answered_by(
            (functions.LIST_ROLES, self._list),
            (functions.CREATE_ROLE, self._create),
            (functions.SET_ACCESS, self._set_access),
        )

    async def _list(self, call: Call) -> Reply:
        call.given.check()
        found = await self._read(call.tenant_id, roles_to_give, call.person.privileges)
        return envelope.data_to_wire([reply.role_to_wire(role) for role in found])

    async def _create(self, call: Call) -> Reply:
        return await self._created(call, request.role_to_create(call), lambda result: int(result.role_id))

    async def _set_access(self, call: Call) -> Reply:
        return await self._done(call, request.access_to_set(call))
