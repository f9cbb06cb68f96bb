"""ENSwitch's functions under /api/json, by GET and POST alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch import functions, reply, request
from tollhouse.apis.enswitch.functions import Function
from tollhouse.apis.enswitch.login import BadLogin, Login, NotAllowed, Person
from tollhouse.apis.enswitch.request import Given, Sent
from tollhouse.ledger import seeing
from tollhouse.ledger.commands import Caller, Command, Idempotency
from tollhouse.ledger.facts import ROOT_PATH, CustomerFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.queries import AccountQueries
from tollhouse.ledger.refusals import CustomerUnknown, Refusal
from tollhouse.web import Headers, Reply, Request

T = TypeVar("T")

PREFIX = "/api/json/"

#: Who asks only whether a customer exists.
ANYBODY = Caller(person_id=0, customer_number=0, path=ROOT_PATH, may_reach_below=True)


class Call:
    """One call of one function, by somebody who may make it."""

    def __init__(self, function: Function, person: Person, given: Given, key_header: str | None) -> None:
        self.function = function
        self.tenant_id = person.tenant_id
        self.caller: Caller = person.caller_of(function)
        self.given = given
        self._key_header = key_header
        self._key_scope = person.key_scope

    def idempotency(self) -> Idempotency | None:
        return request.idempotency_from_wire(self.given, self._key_header, self._key_scope)


class EnswitchDoor:
    name = "enswitch"

    def __init__(self, desk: Desk, queries: AccountQueries) -> None:
        self._desk = desk
        self._queries = queries
        self._login = Login(desk)
        self._functions: dict[str, tuple[Function, Callable[[Call], Awaitable[Reply]]]] = {
            PREFIX + function.path: (function, answer)
            for function, answer in (
                (functions.CREATE_CHARGE, self._create_charge),
                (functions.UPDATE_CHARGE, self._update_charge),
                (functions.DELETE_CHARGE, self._delete_charge),
                (functions.GET_CHARGE, self._get_charge),
                (functions.LIST_CHARGES, self._list_charges),
                (functions.CHARGE_NOW, self._charge_now),
                (functions.CREATE_TAX, self._create_tax),
                (functions.SET_LIABILITY, self._set_liability),
                (functions.GET_LIABILITY, self._get_liability),
                (functions.LIST_TRANSACTIONS, self._list_transactions),
                (functions.GET_CUSTOMER, self._get_customer),
            )
        }

    def trouble(self, what: str) -> Reply:
        return reply.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        found = self._functions.get(incoming.path)
        if found is None:
            return reply.unknown_path_to_wire()
        if incoming.method not in ("GET", "POST"):
            return reply.method_to_wire()
        function, answer = found
        body = await incoming.body(self._desk.settings.body_bytes_max) if incoming.method == "POST" else b""
        sent = Sent(incoming.query, body, incoming.header(b"content-type"))
        try:
            given = Given(sent, function.parameters)
            if function is functions.GET_CUSTOMER and given.get("check") == 1:
                system = await self._system(sent, incoming.header(b"host") or "")
                return await self._check_customer(given, system)
            person = await self._login.person(request.login_from_wire(sent))
            return await answer(Call(function, person, given, incoming.key_header(b"idempotency-key")))
        except BadLogin:
            return reply.unauthorised_to_wire()
        except NotAllowed:
            return reply.forbidden_to_wire()
        except request.Invalid as error:
            return reply.faults_to_wire(error.faults)
        except Refusal as refusal:
            return reply.refusal_to_wire(function, refusal)

    # Charges.

    async def _create_charge(self, call: Call) -> Reply:
        command = request.charge_to_create(
            call.given,
            tenant_id=call.tenant_id,
            caller=call.caller,
            idempotency=call.idempotency(),
            self_charges=bool(self._desk.settings.self_charges),
        )
        receipt = await self._desk.execute(command)
        if command.validation:
            return reply.validated_to_wire()
        return reply.data_to_wire(reply.created_to_wire(receipt.result.charge_id), _replayed(receipt.replayed))

    async def _update_charge(self, call: Call) -> Reply:
        command = request.charge_to_update(call.given, tenant_id=call.tenant_id, caller=call.caller)
        await self._desk.execute(command)
        return reply.validated_to_wire() if command.validation else reply.done_to_wire()

    async def _delete_charge(self, call: Call) -> Reply:
        return await self._done(request.charge_to_delete(call.given, tenant_id=call.tenant_id, caller=call.caller))

    async def _charge_now(self, call: Call) -> Reply:
        command = request.charge_to_charge(
            call.given, tenant_id=call.tenant_id, caller=call.caller, idempotency=call.idempotency()
        )
        return await self._done(command)

    async def _get_charge(self, call: Call) -> Reply:
        call.given.check()
        charge = await self._read(call.tenant_id, seeing.charge_seen, call.caller, call.given.get("id"))
        return reply.data_to_wire(reply.charge_to_wire(charge))

    async def _list_charges(self, call: Call) -> Reply:
        customer_number, plan_number = request.customer_or_plan(call.given)
        call.given.check()
        if not plan_number:
            customer_number = customer_number or call.caller.customer_number

        def charges(reader: Reader) -> Any:
            return seeing.charges_seen(reader, call.caller, customer_number=customer_number, plan_number=plan_number)

        found = await self._read(call.tenant_id, charges)
        return reply.data_to_wire([reply.charge_to_wire(charge) for charge in found])

    # Taxes.

    async def _create_tax(self, call: Call) -> Reply:
        command = request.tax_to_create(call.given, tenant_id=call.tenant_id, caller=call.caller)
        receipt = await self._desk.execute(command)
        if command.validation:
            return reply.validated_to_wire()
        return reply.data_to_wire(reply.created_to_wire(receipt.result.tax_id))

    async def _set_liability(self, call: Call) -> Reply:
        return await self._done(request.liability_to_set(call.given, tenant_id=call.tenant_id, caller=call.caller))

    async def _get_liability(self, call: Call) -> Reply:
        given = call.given
        given.check()
        wanted = given.get("tax"), given.get("type"), given.get("number")
        liability = await self._read(call.tenant_id, seeing.liability_seen, call.caller, *wanted)
        return reply.data_to_wire(reply.liability_to_wire(liability))

    # Customers and their accounts.

    async def _list_transactions(self, call: Call) -> Reply:
        wanted = request.statement_wanted(call.given)
        number = call.given.get("customer") or call.caller.customer_number
        await self._read(call.tenant_id, seeing.customer_seen, call.caller, number)
        if call.given.get("invoice"):
            return reply.data_to_wire([])

        def statement() -> Reply:
            lines = self._queries.statement(call.tenant_id, number, wanted)
            return reply.data_to_wire([reply.statement_line_to_wire(line) for line in lines])

        return await self._desk.reads.run(statement)

    async def _get_customer(self, call: Call) -> Reply:
        customer = await self._customer(call.tenant_id, call.caller, *request.customer_wanted(call.given))
        return reply.data_to_wire(reply.customer_to_wire(customer, call.caller))

    async def _check_customer(self, given: Given, tenant_id: int | None) -> Reply:
        """Whether there is such a customer, told to anybody."""
        by, value = request.customer_wanted(given)
        if tenant_id is None:
            raise CustomerUnknown
        await self._desk.strangers.run(self._find_customer, tenant_id, ANYBODY, by, value)
        return reply.data_to_wire({})

    async def _system(self, sent: Sent, host: str) -> int | None:
        """Whose system is meant: that of a caller who proves who it is, else the host name's, else the only one."""
        login = request.login_from_wire(sent)
        if login is not None:
            try:
                return (await self._login.person(login)).tenant_id
            except BadLogin:
                pass
        return await self._desk.strangers.run(self._login.system, host.lower())

    async def _customer(self, tenant_id: int, caller: Caller, by: str, value: Any) -> CustomerFact:
        return await self._desk.reads.run(self._find_customer, tenant_id, caller, by, value)

    def _find_customer(self, tenant_id: int, caller: Caller, by: str, value: Any) -> CustomerFact:
        if by == "id":
            with self._desk.store.reading(tenant_id) as reader:
                return seeing.customer_seen(reader, caller, value)
        found = self._queries.customer_called(tenant_id, caller, **{by: value})
        if found is None:
            raise CustomerUnknown
        return found

    # How.

    async def _done(self, command: Command) -> Reply:
        receipt = await self._desk.execute(command)
        return reply.done_to_wire(_replayed(receipt.replayed))

    async def _read(self, tenant_id: int, question: Callable[..., T], *arguments: Any) -> T:
        """The answer to a question over a snapshot of the tenant."""

        def read() -> T:
            with self._desk.store.reading(tenant_id) as reader:
                return question(reader, *arguments)

        return await self._desk.reads.run(read)


def _replayed(replayed: bool) -> Headers:
    return (reply.REPLAYED,) if replayed else ()
