"""ENSwitch's functions under /api/json, by GET and POST alike."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.parameters import LOGIN, Function
from tollhouse.apis.enswitch.functions.user import LOG_IN
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import people as people_reply
from tollhouse.apis.enswitch.routes.answers import Answers
from tollhouse.apis.enswitch.routes.charges import ChargeAnswers
from tollhouse.apis.enswitch.routes.customers import CustomerAnswers
from tollhouse.apis.enswitch.routes.invoices import InvoiceAnswers
from tollhouse.apis.enswitch.routes.people import PeopleAnswers
from tollhouse.apis.enswitch.routes.plans import PlanAnswers
from tollhouse.apis.enswitch.routes.products import ProductAnswers
from tollhouse.apis.enswitch.routes.roles import RoleAnswers
from tollhouse.apis.enswitch.routes.taxes import TaxAnswers
from tollhouse.apis.enswitch.routes.transactions import TransactionAnswers
from tollhouse.apis.enswitch.routes.user import UserAnswers
from tollhouse.apis.enswitch.sent import Given, Invalid, Sent, login_from_wire, second_step_from_wire
from tollhouse.apis.peers import address_of
from tollhouse.apis.people.login import BadLogin, CodeWanted, Login
from tollhouse.apis.people.person import NotAllowed, Person
from tollhouse.ledger.addresses import Address
from tollhouse.ledger.queries import AccountQueries, InvoiceQueries, PeopleQueries
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

PREFIX = "/api/json/"


class EnswitchDoor:
    name = "enswitch"

    def __init__(self, desk: Desk, queries: AccountQueries, invoices: InvoiceQueries, people: PeopleQueries) -> None:
        self._desk = desk
        self._login = Login(desk)
        self._trusted_proxies = desk.trusted_proxies
        nouns: tuple[Answers, ...] = (
            ChargeAnswers(desk),
            TaxAnswers(desk),
            TransactionAnswers(desk, queries),
            CustomerAnswers(desk, queries),
            PlanAnswers(desk),
            ProductAnswers(desk),
            InvoiceAnswers(desk, invoices),
            UserAnswers(desk, self._login),
            PeopleAnswers(desk, self._login, people),
            RoleAnswers(desk),
        )
        self._strangers = {PREFIX + path: answer for noun in nouns for path, answer in noun.for_strangers.items()}
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
            if _is_for_strangers(function, given, sent):
                system = await self._system(sent, incoming)
                return await self._strangers[incoming.path](given, system)
            address = address_of(incoming, self._trusted_proxies)
            person = await self._person(function, sent, address)
            return await answer(Call(function, person, given, incoming.key_header(b"idempotency-key"), address))
        except BadLogin:
            return envelope.unauthorised_to_wire()
        except CodeWanted as wanted:
            return envelope.code_wanted_to_wire(people_reply.code_wanted_to_wire(wanted.token, wanted.username))
        except NotAllowed:
            return envelope.forbidden_to_wire()
        except Invalid as error:
            return envelope.faults_to_wire(error.faults)
        except Refusal as refusal:
            return envelope.refusal_to_wire(function, refusal)

    async def _person(self, function: Function, sent: Sent, address: Address | None) -> Person:
        """Who calls. Raises BadLogin, and where somebody logs in CodeWanted."""
        credentials = login_from_wire(sent)
        if function is LOG_IN:
            return await self._login.person_at_login(credentials, second_step_from_wire(sent), address)
        return await self._login.person(credentials, address)

    async def _system(self, sent: Sent, incoming: Request) -> int | None:
        """Whose system is meant: that of a caller who proves who it is, else the host name's, else the only one."""
        credentials = login_from_wire(sent)
        if credentials is not None:
            try:
                address = address_of(incoming, self._trusted_proxies)
                return (await self._login.person(credentials, address)).tenant_id
            except BadLogin:
                pass
        host = incoming.header(b"host") or ""
        return await self._desk.strangers.run(self._login.system, host.lower())


def _is_for_strangers(function: Function, given: Given, sent: Sent) -> bool:
    """Whether a call is answered without asking who calls."""
    if function.public:
        return bool(given.get(function.public) == 1)
    has_login = any(parameter.name in sent.values for parameter in LOGIN)
    return bool(function.optional_login and given.get(function.optional_login)) and not has_login
