"""Invoices."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import invoices as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import invoices as reply
from tollhouse.apis.enswitch.request import invoices as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.ledger import invoicing, seeing
from tollhouse.ledger.commands import CreateInvoice
from tollhouse.ledger.commands.schedules import RunDue
from tollhouse.ledger.invoicing import Invoice
from tollhouse.ledger.queries import InvoiceQueries, InvoicesWanted
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

#: So many occurrences are charged together before an invoice.
DUE_TOGETHER = 100


class InvoiceAnswers(Answers):
    def __init__(self, desk: Desk, queries: InvoiceQueries) -> None:
        super().__init__(desk)
        self._queries = queries
        self.by_path = answered_by(
            (functions.CREATE_INVOICE, self._create),
            (functions.LIST_INVOICES, self._list),
        )

    async def _create(self, call: Call) -> Reply:
        command = request.invoice_to_create(call)
        if call.given.get("save") == 1:
            return await self._save(call, command)
        made = await self._look(call.tenant_id, _draft, command)
        if command.validation:
            return envelope.validated_to_wire()
        return self._made(call, made)

    async def _save(self, call: Call, command: CreateInvoice) -> Reply:
        if call.given.get("charges") == 1 and not command.validation:
            await self._look(call.tenant_id, invoicing.check_invoiceable, command.caller, command.customer_number)
            await self._charge_what_is_due(command)
        receipt = await self._desk.execute(call.signed(command))
        if command.validation:
            return envelope.validated_to_wire()
        return self._made(call, receipt.result, replayed=receipt.replayed)

    async def _charge_what_is_due(self, command: CreateInvoice) -> None:
        due = RunDue(tenant_id=command.tenant_id, count=DUE_TOGETHER, customer_number=command.customer_number)
        while (await self._desk.execute(due)).result.count:
            pass

    def _made(self, call: Call, made: Invoice, *, replayed: bool = False) -> Reply:
        data = reply.made_to_wire(made, call.given.get("encoding", "raw"))
        return envelope.data_to_wire(data, (envelope.REPLAYED,) if replayed else ())

    async def _list(self, call: Call) -> Reply:
        wanted = request.invoices_wanted(call)
        if wanted.customer_number:
            await self._read(call.tenant_id, seeing.customer_seen, call.caller, wanted.customer_number)
        now = await self._look(call.tenant_id, _now)
        return await self._desk.reads.run(self._listed, call, wanted, now)

    def _listed(self, call: Call, wanted: InvoicesWanted, now: int) -> Reply:
        if call.given.get("count"):
            return envelope.data_to_wire({"count": self._queries.invoice_count(call.tenant_id, wanted, now)})
        if call.given.get("pages"):
            pages = self._queries.invoice_pages(call.tenant_id, wanted, now)
            return envelope.data_to_wire([{"offset": offset, "name": name} for offset, name in pages])
        found = self._queries.invoices(call.tenant_id, wanted, now)
        return envelope.data_to_wire([reply.invoice_to_wire(invoice, now) for invoice in found])


def _draft(snapshot: Snapshot, command: CreateInvoice) -> Invoice:
    return invoicing.draft(snapshot, command.caller, command.customer_number, command.start_at, command.end_at)


def _now(snapshot: Snapshot) -> int:
    return snapshot.now
