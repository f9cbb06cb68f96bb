"""Transactions: what happened, newest first; and each explained."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from tollhouse.console import access
from tollhouse.console.forms import number_in_path
from tollhouse.console.pages.transaction_filter import (
    DOORS,
    KINDS,
    WITHOUT_TRANSACTION,
    Asked,
    asked,
    place_text,
)
from tollhouse.console.pages.transaction_seen import REASONS, transaction_shown
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.explaining import payment_called, transaction_called
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.queries.transaction_lists import (
    LOOKED_AT,
    STATES,
    Found,
    TransactionLists,
    TransactionRow,
    sees_all,
)
from tollhouse.ledger.refusals import TransactionUnknown
from tollhouse.ledger.seeing import sees_owner, transaction_seen
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

TRANSACTIONS: Final = f"{PATH}/transactions"
PAYMENTS: Final = f"{PATH}/payments"
#: How often a page asks anew while a gateway's answer is waited for.
REFRESH_MILLISECONDS: Final = 2000

_STATES: Final = {**{state: state for state in STATES}, **WITHOUT_TRANSACTION}


class Transactions:
    def __init__(self, lists: TransactionLists) -> None:
        self._lists = lists

    def routes(self) -> Routes:
        return {
            "/transactions": {"GET": On(access.TRANSACTIONS, self._list)},
            "/transactions/{transaction}": {"GET": On(access.TRANSACTIONS, self._show)},
        }

    async def _list(self, visit: Visit) -> Reply:
        if visit.query.get("state") in WITHOUT_TRANSACTION:
            return see_other(PAYMENTS, {"state": visit.query["state"]})
        named = visit.query.get("id", "").strip()
        if named:
            address = await visit.read(_address_of, visit.caller, named)
            if address:
                return see_other(address)
        return await self._listed(visit, await visit.read(asked, visit.caller, visit.query), named)

    async def _listed(self, visit: Visit, wanted: Asked, named: str) -> Reply:
        found: Found[TransactionRow] = Found([])
        if wanted.wanted is not None and not named:
            found = await visit.ask(self._lists.transactions, visit.tenant_id, wanted.wanted)
        faults = {**wanted.faults, "id": "There is no transaction, order or refund of this name."} if named else {}
        older = {**wanted.query, "before": place_text(found.older)} if found.older else {}
        return page(
            visit,
            "transactions.html",
            422 if wanted.faults or named else 200,
            found=found,
            filled=wanted.filled,
            faults=faults or wanted.faults,
            named=named,
            is_filtered=bool(wanted.query),
            since=visit.query.get("before", "").partition("-")[0],
            older=f"?{urlencode(older)}" if older else "",
            newest=f"?{urlencode(wanted.query)}" if visit.query.get("before") else "",
            kinds={kind: kind for kind in KINDS},
            states=_STATES,
            doors=DOORS,
            # How many there are in all is nothing that a branch is told.
            looked_at=LOOKED_AT if sees_all(visit.caller) else 0,
        )

    async def _show(self, visit: Visit) -> Reply:
        number = number_in_path(visit.params["transaction"])
        shown = await visit.read(transaction_shown, visit.caller, number, visit.may(access.WEBHOOKS))
        return page(
            visit,
            "transaction.html",
            shown=shown,
            transaction=shown.transaction,
            doors=DOORS,
            reasons=REASONS,
            refresh=REFRESH_MILLISECONDS,
        )


def _address_of(snapshot: Snapshot, caller: Caller, name: str) -> str:
    """Where the transaction is that somebody names by what they have at hand, or else its payment; empty where the
    caller sees neither."""
    try:
        return f"{TRANSACTIONS}/{transaction_seen(snapshot, caller, transaction_called(snapshot, name)).transaction_id}"
    except TransactionUnknown:
        pass
    for payment in snapshot.find(PaymentFact, payment_id=payment_called(snapshot, name) or 0):
        if sees_owner(snapshot, caller, payment.customer_number):
            return f"{PAYMENTS}/{payment.payment_id}"
    return ""
