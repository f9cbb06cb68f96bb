"""API keys: made, listed without their texts, revoked."""

from __future__ import annotations

from tollhouse.apis.admin import lists
from tollhouse.apis.admin.answers import answered
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.admin.rows import listing, row_from_wire
from tollhouse.apis.desk import Desk
from tollhouse.apis.keys import make_key, revoke_key
from tollhouse.ledger.keys import key_id
from tollhouse.ledger.refusals import KeyNameTaken
from tollhouse.web import Reply


class Keys:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Routes:
        return {
            "keys": {"GET": listing(self._desk, lists.keys), "POST": self._make},
            "keys/{key}": {"DELETE": self._revoke},
        }

    async def _make(self, call: Call) -> Reply:
        """A live key of the name is left as it is; under the name of a revoked one another is made."""
        (row,) = (await row_from_wire(self._desk, call, "keys")).keys
        try:
            made = await make_key(
                self._desk, call.tenant_id, name=row.name or row.kind, kind=row.kind, text=row.secret, by=call.by
            )
        except KeyNameTaken:
            return answered({"made": False})
        shown = {"secret": made.text} if row.secret is None else {}
        return answered({"made": True, "id": key_id(made.key), **shown})

    async def _revoke(self, call: Call) -> Reply:
        """It opens nothing any more; one that was revoked before stays so. The key that asks may be the one."""
        revoked = await revoke_key(self._desk, call.tenant_id, call.params["key"], call.by)
        return answered({"revoked": True, "was_revoked": revoked.was_revoked})
