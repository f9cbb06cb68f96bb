"""Customers made, changed, moved, deleted and undeleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tollhouse.console import access
from tollhouse.console.attempts import SENT_BEFORE, afresh
from tollhouse.console.forms import Faults, Filled, NotThere, number_in_path, number_of
from tollhouse.console.pages.customer_fields import (
    BILL_TYPES_SHOWN,
    differing,
    fields_given,
    filled_from,
    plan_named,
    plans_suggested,
)
from tollhouse.console.pages.customer_seen import ever_seen, is_own, live_customer, what_may_be
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import (
    CreateCustomer,
    DeleteCustomer,
    MoveCustomer,
    UndeleteCustomer,
    UpdateCustomer,
)
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact
from tollhouse.ledger.refusals import (
    CurrencyFixed,
    CurrencyUnknown,
    CustomerUnknown,
    EmailTaken,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    ParentDecides,
    ParentIsBelow,
    ParentTooDeep,
    ParentUnknown,
    PlanUnknown,
    ReferenceReserved,
    ReferenceTaken,
    Refusal,
)
from tollhouse.web import Reply

#: At which field a refusal is told; any other stands above the form.
_FIELDS: Final[dict[type[Refusal], str]] = {
    PlanUnknown: "plan",
    ParentUnknown: "parent",
    ParentIsBelow: "parent",
    ParentTooDeep: "parent",
    ReferenceTaken: "reference",
    ReferenceReserved: "reference",
    EmailTaken: "email",
    CurrencyFixed: "currency",
    CurrencyUnknown: "currency",
    ExchangeRateMissing: "currency",
}
#: A form's field by what the ledger calls it, where these differ.
_FIELD_OF: Final = {"plan_number": "plan"}


class CustomerChanges:
    def routes(self) -> Routes:
        return {
            "/customers/new": {
                "GET": On(access.CUSTOMERS_CHANGE, self._new),
                "POST": On(access.CUSTOMERS_CHANGE, self._create),
            },
            "/customers/{number}/edit": {
                "GET": On(access.CUSTOMERS_EDIT, self._edit),
                "POST": On(access.CUSTOMERS_EDIT, self._save),
            },
            "/customers/{number}/move": {
                "GET": On(access.CUSTOMERS_MOVE, self._where),
                "POST": On(access.CUSTOMERS_MOVE, self._move),
            },
            "/customers/{number}/delete": {
                "GET": On(access.CUSTOMERS_CHANGE, self._sure),
                "POST": On(access.CUSTOMERS_CHANGE, self._delete),
            },
            "/customers/{number}/undelete": {
                "GET": On(access.CUSTOMERS_CHANGE, self._sure),
                "POST": On(access.CUSTOMERS_CHANGE, self._undelete),
            },
        }

    # New.

    async def _new(self, visit: Visit) -> Reply:
        parent = visit.query.get("parent", "")
        return await self._form(visit, "new", Filled({"currency": "", "parent": parent if parent.isdigit() else ""}))

    async def _create(self, visit: Visit) -> Reply:
        faults: Faults = {}
        given = await fields_given(visit, faults, is_new=True)
        parent_number = number_of(visit.form, "parent", faults, least=1)
        if faults:
            return await self._form(visit, "new", Filled(visit.form), faults, status=422)
        command = CreateCustomer(
            tenant_id=visit.tenant_id,
            idempotency=visit.idempotency,
            caller=visit.caller,
            parent_number=parent_number,
            **{name: value for name, value in given.items() if value is not None},
        )
        try:
            receipt = await visit.execute(command)
        except Refusal as refusal:
            return await self._refused(visit, "new", refusal)
        told = "done-before" if receipt.replayed else "customer-made"
        return see_other(f"{PATH}/customers/{receipt.result.number}", {"told": told})

    # Who they are.

    async def _edit(self, visit: Visit) -> Reply:
        customer = await visit.read(live_customer, visit)
        return await self._form(visit, "edit", filled_from(customer), customer=_editable(visit, customer))

    async def _save(self, visit: Visit) -> Reply:
        customer = _editable(visit, await visit.read(live_customer, visit))
        faults: Faults = {}
        given = await fields_given(visit, faults, is_new=False)
        if faults:
            return await self._form(visit, "edit", Filled(visit.form), faults, customer=customer, status=422)
        command = UpdateCustomer(
            tenant_id=visit.tenant_id,
            caller=visit.caller,
            customer_number=customer.number,
            **differing(customer, given),
        )
        try:
            await visit.execute(command)
        except Refusal as refusal:
            return await self._refused(visit, "edit", refusal, customer)
        return see_other(f"{PATH}/customers/{customer.number}", {"told": "saved"})

    # Its place.

    async def _where(self, visit: Visit) -> Reply:
        customer = await visit.read(live_customer, visit)
        if not what_may_be(visit, customer).move:
            raise NotThere
        filled = Filled({"plan": str(customer.plan_number or "")})
        return await self._form(visit, "move", filled, customer=customer)

    async def _move(self, visit: Visit) -> Reply:
        customer = await visit.read(live_customer, visit)
        faults: Faults = {}
        parent_number = number_of(visit.form, "parent", faults, least=1)
        plan_number = await plan_named(visit, faults)
        if parent_number is None and "parent" not in faults:
            faults["parent"] = "Fill this in."
        if plan_number is None and "plan" not in faults:
            faults["plan"] = "Fill this in."
        if faults or parent_number is None or plan_number is None:
            return await self._form(visit, "move", Filled(visit.form), faults, customer=customer, status=422)
        command = MoveCustomer(
            tenant_id=visit.tenant_id,
            caller=visit.caller,
            customer_number=customer.number,
            parent_number=parent_number,
            plan_number=plan_number,
        )
        try:
            await visit.execute(command)
        except Refusal as refusal:
            return await self._refused(visit, "move", refusal, customer)
        return see_other(f"{PATH}/customers/{customer.number}", {"told": "customer-moved"})

    # Deleting and undeleting.

    async def _sure(self, visit: Visit, problem: str = "", status: int = 200) -> Reply:
        customer = await _to_end(visit)
        is_delete = visit.path.endswith("/delete")
        if is_delete != (customer.deleted_at is None):
            return see_other(f"{PATH}/customers/{customer.number}")
        return page(visit, "customer-delete.html", status, customer=customer, is_delete=is_delete, problem=problem)

    async def _delete(self, visit: Visit) -> Reply:
        number = number_in_path(visit.params["number"])
        command = DeleteCustomer(tenant_id=visit.tenant_id, caller=visit.caller, customer_number=number)
        return await self._ended(visit, command, "customer-deleted")

    async def _undelete(self, visit: Visit) -> Reply:
        number = number_in_path(visit.params["number"])
        command = UndeleteCustomer(tenant_id=visit.tenant_id, caller=visit.caller, customer_number=number)
        return await self._ended(visit, command, "customer-undeleted")

    async def _ended(self, visit: Visit, command: DeleteCustomer | UndeleteCustomer, told: str) -> Reply:
        customer = await _to_end(visit)
        is_live = customer.deleted_at is None
        if is_live != isinstance(command, DeleteCustomer):
            return see_other(f"{PATH}/customers/{customer.number}")
        try:
            await visit.execute(command)
        except CustomerUnknown:
            # Somebody else was first.
            return see_other(f"{PATH}/customers/{customer.number}")
        except Refusal as refusal:
            return await self._sure(visit, str(refusal), status=409)
        return see_other(f"{PATH}/customers/{command.customer_number}", {"told": told})

    # Forms.

    async def _form(
        self,
        visit: Visit,
        what: str,
        filled: Mapping[str, str],
        faults: Faults | None = None,
        problem: str = "",
        *,
        customer: CustomerFact | None = None,
        status: int = 200,
    ) -> Reply:
        return page(
            visit,
            f"customer-{what}.html",
            status,
            customer=customer,
            plans=await visit.read(plans_suggested, visit),
            bill_types=BILL_TYPES_SHOWN,
            faults=faults or {},
            problem=problem,
            filled=filled,
            is_root=visit.caller.customer_number == ROOT_NUMBER,
            is_own=customer is not None and is_own(visit, customer),
        )

    async def _refused(self, visit: Visit, what: str, refusal: Refusal, customer: CustomerFact | None = None) -> Reply:
        """Shown again with what is wrong; a form whose attempt is used up becomes another."""
        if isinstance(refusal, CustomerUnknown):
            raise NotThere
        if isinstance(refusal, IdempotencyKeyReused):
            return await self._form(
                afresh(visit), what, Filled(visit.form), {}, SENT_BEFORE, customer=customer, status=409
            )
        field = _FIELDS.get(type(refusal), "")
        if isinstance(refusal, ParentDecides):
            field = _FIELD_OF.get(refusal.field, refusal.field)
        faults = {field: str(refusal)} if field else {}
        problem = "" if field else str(refusal)
        return await self._form(visit, what, Filled(visit.form), faults, problem, customer=customer, status=422)


def _editable(visit: Visit, customer: CustomerFact) -> CustomerFact:
    """Raises NotThere where whoever asks may not change it."""
    if not what_may_be(visit, customer).edit:
        raise NotThere
    return customer


async def _to_end(visit: Visit) -> CustomerFact:
    """The customer that is to be deleted, or not to be deleted any more. Raises NotThere."""
    customer = await visit.read(ever_seen, visit.caller, number_in_path(visit.params["number"]))
    if not what_may_be(visit, customer).delete:
        raise NotThere
    return customer
