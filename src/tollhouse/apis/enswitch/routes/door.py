"""ENSwitch's functions under /api/json, by GET and POST alike."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.customers import GET_CUSTOMER
from tollhouse.apis.enswitch.login import BadLogin, Login, NotAllowed
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.routes.answers import Answers
from tollhouse.apis.enswitch.routes.charges import ChargeAnswers
from tollhouse.apis.enswitch.routes.customers import CustomerAnswers
from tollhouse.apis.enswitch.routes.taxes import TaxAnswers
from tollhouse.apis.enswitch.routes.transactions import TransactionAnswers
from tollhouse.apis.enswitch.sent import Given, Invalid, Sent, login_from_wire
from tollhouse.ledger.queries import AccountQueries
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

PREFIX = "/api/json/"


class EnswitchDoor:
    name = "enswitch"

    def __init__(self, desk: Desk, queries: AccountQueries) -> None:
        self._desk = desk
        self._login = Login(desk)
        self._customers = CustomerAnswers(desk, queries)
        nouns: tuple[Answers, ...] = (
            ChargeAnswers(desk),
            TaxAnswers(desk),
            TransactionAnswers(desk, queries),
            self._customers,
        )
        self._functions = {PREFIX + path: answered for noun in nouns for path, answered in noun.by_path.items()}

    def trouble(self, what: str) -> Reply:
        return envelope.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        found = self._functions.get(incoming.path)
        if found is None:
            return envelope.unknown_path_to_wire()
        if incoming.method not in ("GET", "POST"):
            return envelope.method_to_wire()
        function, answer = found
        body = await incoming.body(self._desk.settings.body_bytes_max) if incoming.method == "POST" else b""
        sent = Sent(incoming.query, body, incoming.header(b"content-type"))
        try:
            given = Given(sent, function.parameters)
            if function is GET_CUSTOMER and given.get("check") == 1:
                system = await self._system(sent, incoming.header(b"host") or "")
                return await self._customers.check(given, system)
            person = await self._login.person(login_from_wire(sent))
            return await answer(Call(function, person, given, incoming.key_header(b"idempotency-key")))
        except BadLogin:
            return envelope.unauthorised_to_wire()
        except NotAllowed:
            return envelope.forbidden_to_wire()
        except Invalid as error:
            return envelope.faults_to_wire(error.faults)
        except Refusal as refusal:
            return envelope.refusal_to_wire(function, refusal)

    async def _system(self, sent: Sent, host: str) -> int | None:
        """Whose system is meant: that of a caller who proves who it is, else the host name's, else the only one."""
        login = login_from_wire(sent)
        if login is not None:
            try:
                return (await self._login.person(login)).tenant_id
            except BadLogin:
                pass
        return await self._desk.strangers.run(self._login.system, host.lower())
