"""Checkout sessions and portal sessions, as the server that sends customers there sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.fields import Invalid
from tollhouse.apis.kelviq.reply.checkout import events_to_wire, session_detail_to_wire, session_to_wire
from tollhouse.apis.kelviq.reply.envelope import NOT_FOUND, REPLAYED, answered, page_to_wire
from tollhouse.apis.kelviq.request.checkout import STATES, checkout_from_wire
from tollhouse.ledger.facts import CustomerFact, PaymentFact
from tollhouse.ledger.purchase_details import detail_of
from tollhouse.ledger.queries import (
    CheckoutQueries,
    Found,
    ListedSession,
    Page,
    RegisteredQueries,
    RegisteredWanted,
    SessionsWanted,
)
from tollhouse.web import Reply

#: So many of a customer's latest payments are looked through for those of one session.
LOOKED_THROUGH_MAX = 500

#: Signs the customer in to the portal: the token for it.
PortalToken = Callable[[CustomerFact], Awaitable[str]]


class Checkout:
    def __init__(self, sessions: CheckoutQueries, customers: RegisteredQueries, portal_token: PortalToken) -> None:
        self._sessions = sessions
        self._customers = customers
        self._portal_token = portal_token

    def answers(self) -> Answers:
        return {
            "createCheckoutSession": self._create,
            "listCheckoutSessions": self._list,
            "retrieveCheckoutSession": self._retrieve,
            "listCheckoutSessionEvents": self._events,
            "createPortalSession": self._portal,
        }

    async def _create(self, call: Call) -> Reply:
        command = checkout_from_wire(
            await call.fields(),
            tenant_id=call.tenant_id,
            idempotency=call.idempotency(),
            open_seconds=call.desk.settings.checkout_seconds,
        )
        receipt = await call.execute(command)
        uid = receipt.result.session.uid
        body = {"checkoutUrl": f"{call.base_url}/checkout/{call.tenant.slug}/{uid}", "checkoutSessionId": uid}
        return answered(body, 201, (REPLAYED,) if receipt.replayed else ())

    async def _list(self, call: Call) -> Reply:
        start_at, end_at = call.days()
        wanted = SessionsWanted(call.text("search") or "", call.choice("status", STATES) or "", start_at, end_at)
        page = call.page()
        found = await call.read(self._sessions.sessions, call.tenant_id, wanted, call.now, page)
        return page_to_wire(call, page, found, [session_to_wire(row, call.tenant, call.now) for row in found.rows])

    async def _retrieve(self, call: Call) -> Reply:
        listed = await self._session(call)
        return NOT_FOUND if listed is None else answered(session_detail_to_wire(listed, call.tenant, call.now))

    async def _events(self, call: Call) -> Reply:
        listed = await self._session(call)
        if listed is None:
            return NOT_FOUND
        payments = await call.read(_payments, call, listed) if listed.payment else []
        rows, page = events_to_wire(listed.session, payments, call.now), call.page()
        return page_to_wire(call, page, Found(rows, len(rows)), rows[page.offset : page.offset + page.size])

    async def _session(self, call: Call) -> ListedSession | None:
        wanted = SessionsWanted(uid=call.params["session_id"])
        found = await call.read(self._sessions.sessions, call.tenant_id, wanted, call.now, Page(1, 1))
        return next(iter(found.rows), None)

    async def _portal(self, call: Call) -> Reply:
        given = await call.fields()
        reference = given.text("customerId", required=True)
        given.check()
        wanted = RegisteredWanted(reference=reference or "")
        found = await call.read(self._customers.customers, call.tenant_id, wanted, Page(1, 1))
        if not found.rows:
            raise Invalid({"customerId": ["Invalid customer id"]})
        customer = found.rows[0][0]
        if not customer.email:
            raise Invalid({"customerId": ["Customer does not have an email"]})
        token = await self._portal_token(customer)
        body = {"token": token, "email": customer.email, "customerPortalUrl": f"{call.base_url}/portal/"}
        return answered(body)


def _payments(call: Call, listed: ListedSession) -> list[PaymentFact]:
    """What was tried on a session, the oldest first."""
    order = ("-created_at", "-payment_id")
    with call.desk.store.reading(call.tenant_id) as reader:
        theirs = reader.first(PaymentFact, LOOKED_THROUGH_MAX, order=order, customer_number=listed.customer.number)
    return [payment for payment in theirs[::-1] if detail_of(payment).session_uid == listed.session.uid]
