"""What is sent and listed as rows: one of a table of the provisioning file, and pages of them."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.answers import Refused, page_from_wire, page_to_wire
from tollhouse.apis.admin.lists import List
from tollhouse.apis.admin.paths import Call, Handler
from tollhouse.apis.desk import Desk
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.ledger.provisioning.document import Document, ProvisioningRefused, document_from_tables
from tollhouse.ledger.queries import Found, Page
from tollhouse.web import Reply


def listing(desk: Desk, listed: List) -> Handler:
    """Answers pages of a list."""

    def read(tenant_id: int, page: Page) -> Found[dict[str, Any]]:
        with desk.store.reading(tenant_id) as reader:
            return listed(reader, page)

    async def answer(call: Call) -> Reply:
        page = page_from_wire(call.request.query)
        return page_to_wire(page, await desk.reads.run(read, call.tenant_id, page))

    return answer


async def row_from_wire(desk: Desk, call: Call, table: str) -> Document:
    """The row that was sent, as a provisioning file with this alone would be read. Raises Refused."""
    body = await call.request.body(desk.settings.body_bytes_max)
    try:
        return document_from_tables({"tenant": {"slug": call.credential.tenant.slug}, table: [parse(body)]})
    except JsonMalformed as error:
        raise Refused(400, str(error)) from error
    except ProvisioningRefused as error:
        raise Refused(422, str(error)) from error
