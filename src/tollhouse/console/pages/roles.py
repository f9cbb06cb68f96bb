"""Roles: what the people who have one may. Seen by who may give them, made and changed by the root's `system`."""

from __future__ import annotations

from typing import Final

from tollhouse.console import access
from tollhouse.console.forms import (
    NOTE_LENGTH_MAX,
    Faults,
    Filled,
    NotThere,
    choice_of,
    number_in_path,
    text_of,
)
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import PRIVILEGES, CreateRole, SetAccess
from tollhouse.ledger.facts import RoleFact
from tollhouse.ledger.people import is_no_higher, privileges_of
from tollhouse.ledger.refusals import OwnSystemAccessRefused, RoleNameTaken, RoleUnknown
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

ROLES: Final = f"{PATH}/roles"
ROWS: Final = 50
#: On a page of the list so many roles are looked at, of which those that the person may not give are left out.
_LOOKED_AT: Final = 500

#: What a privilege can be, as a role says it.
LEVELS: Final = {"0": "not", "2": "may read", "1": "may"}
#: What each opens. The wire knows more of them than anything here asks for.
OPENS: Final = {
    "administrator": "People of one's own customer, its charges, the roles and the audit log",
    "callshop": "Customers below, to be seen",
    "commerce": "Customers, charges, transactions, plans and taxes, of those below too; what moves money",
    "payment": "Taxes, to be seen",
    "reports": "Figures and transactions",
    "settings": "The catalog, to be seen; webhooks and exchange rates",
    "system": "API keys, roles, webhooks and exchange rates; where a customer stands in the tree",
    "user": "Signing in, and oneself",
    "user_reports": "Nothing here; kept for the wire",
    "wholesale": "Charges and people, of those below too",
}


class Roles:
    def routes(self) -> Routes:
        return {
            "/roles": {"GET": On(access.ROLES, self._list)},
            "/roles/new": {"GET": On(access.ROLES_CHANGE, self._new), "POST": On(access.ROLES_CHANGE, self._create)},
            "/roles/{role}": {"GET": On(access.ROLES, self._show), "POST": On(access.ROLES_CHANGE, self._set)},
        }

    async def _list(self, visit: Visit) -> Reply:
        after = number_in_path(visit.query.get("after", "0"))
        roles, next_after = await visit.read(_roles, visit, after)
        return page(
            visit,
            "roles.html",
            rows=[(role, privileges_of(role)) for role in roles],
            after=next_after,
            is_first=not after,
            privileges=PRIVILEGES,
            may_change=visit.may(access.ROLES_CHANGE),
        )

    async def _new(self, visit: Visit) -> Reply:
        return page(visit, "role-new.html", filled=Filled(), faults={})

    async def _create(self, visit: Visit) -> Reply:
        faults: Faults = {}
        name = text_of(visit.form, "name", faults, is_needed=True)
        description = text_of(visit.form, "description", faults, length_max=NOTE_LENGTH_MAX)
        if not faults:
            try:
                made = await visit.execute(CreateRole(tenant_id=visit.tenant_id, name=name, description=description))
                return see_other(f"{ROLES}/{made.result.role_id}", {"told": "role-made"})
            except RoleNameTaken as refusal:
                faults["name"] = str(refusal)
        return page(visit, "role-new.html", 422, filled=Filled(visit.form), faults=faults)

    async def _show(self, visit: Visit) -> Reply:
        return _role_page(visit, await visit.read(_role, visit, number_in_path(visit.params["role"])), {})

    async def _set(self, visit: Visit) -> Reply:
        """One command for each privilege that becomes another; the one that can be refused comes first, so that a
        refusal leaves all as it was."""
        role = await visit.read(_role, visit, number_in_path(visit.params["role"]))
        faults: Faults = {}
        wanted = {name: choice_of(visit.form, name, LEVELS, faults, default="") for name in PRIVILEGES}
        if faults:
            return _role_page(visit, role, faults, status=422)
        now = privileges_of(role)
        changed = [name for name in PRIVILEGES if wanted[name] and int(wanted[name]) != now.get(name, 0)]
        try:
            for name in sorted(changed, key=lambda name: name != "system"):
                await visit.execute(
                    SetAccess(
                        tenant_id=visit.tenant_id,
                        caller=visit.caller,
                        role_id=role.role_id,
                        privilege=name,
                        access=int(wanted[name]),
                    )
                )
        except OwnSystemAccessRefused as refusal:
            return _role_page(visit, role, {"system": str(refusal)}, status=422)
        except RoleUnknown:
            raise NotThere from None
        return see_other(f"{ROLES}/{role.role_id}", {"told": "saved"})


def _role_page(visit: Visit, role: RoleFact, faults: Faults, status: int = 200) -> Reply:
    now = {name: str(privileges_of(role).get(name, 0)) for name in PRIVILEGES}
    return page(
        visit,
        "role.html",
        status,
        role=role,
        levels=LEVELS,
        opens=OPENS,
        filled=now | {name: visit.form[name] for name in PRIVILEGES if name in visit.form},
        faults=faults,
        is_own=role.role_id == visit.guest.person.fact.role_id,
        may_change=visit.may(access.ROLES_CHANGE),
    )


def _sees(visit: Visit, role: RoleFact) -> bool:
    """As on the wire one sees the roles that one may give; who may change them sees all."""
    return visit.may(access.ROLES_CHANGE) or is_no_higher(privileges_of(role), visit.guest.person.privileges)


def _roles(snapshot: Snapshot, visit: Visit, after: int) -> tuple[list[RoleFact], int]:
    """Roles from behind a number on, and where the list goes on: 0 at its end."""
    found = snapshot.reader.page(RoleFact, "role_id", after + 1, _LOOKED_AT)
    seen = [role for role in found if _sees(visit, role)]
    if len(seen) > ROWS:
        return seen[:ROWS], seen[ROWS - 1].role_id
    return seen, found[-1].role_id if len(found) == _LOOKED_AT else 0


def _role(snapshot: Snapshot, visit: Visit, role_id: int) -> RoleFact:
    """Raises NotThere."""
    for role in snapshot.find(RoleFact, role_id=role_id):
        if _sees(visit, role):
            return role
    raise NotThere
