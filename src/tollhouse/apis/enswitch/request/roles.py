"""From the wire to commands about roles. Each raises Invalid."""

from __future__ import annotations

from tollhouse.apis.enswitch.call import Call
from tollhouse.ledger.commands import CreateRole, SetAccess


def role_to_create(call: Call) -> CreateRole:
    given = call.given
    given.check()
    return CreateRole(
        tenant_id=call.tenant_id,
        name=given.get("name"),
        description=given.get("description", ""),
        validation=given.get("validation") == 1,
    )


def access_to_set(call: Call) -> SetAccess:
    given = call.given
    given.check()
    return SetAccess(
        tenant_id=call.tenant_id,
        caller=call.caller,
        role_id=given.get("role"),
        privilege=given.get("privilege"),
        access=given.get("access"),
        validation=given.get("validation") == 1,
    )
