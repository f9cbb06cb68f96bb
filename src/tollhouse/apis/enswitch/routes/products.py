"""Products."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import products as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import products as reply
from tollhouse.apis.enswitch.reply.listing import whole
from tollhouse.apis.enswitch.reply.taxes import tax_to_wire
from tollhouse.apis.enswitch.request import products as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger import products, seeing, tax_reading
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.refusals import ProductUnknown
from tollhouse.ledger.sight import Sight
from tollhouse.web import Reply


class ProductAnswers(Answers):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by_path = answered_by(
            (functions.CREATE_PRODUCT, self._create),
            (functions.UPDATE_PRODUCT, self._update),
            (functions.GET_PRODUCT, self._get),
            (functions.LIST_PRODUCTS, self._list),
            (functions.PURCHASE_PRODUCT, self._purchase),
            (functions.LIST_PRODUCT_TAXES, self._list_taxes),
        )
        self.for_strangers = {functions.GET_PRODUCT.path: self._get_for_stranger}

    async def _create(self, call: Call) -> Reply:
        return await self._created(call, request.product_to_create(call), lambda result: int(result.product_id))

    async def _update(self, call: Call) -> Reply:
        return await self._done(call, request.product_to_update(call))

    async def _purchase(self, call: Call) -> Reply:
        return await self._done(call, request.product_to_purchase(call))

    async def _get(self, call: Call) -> Reply:
        call.given.check()
        allowed = call.may("commerce"), call.may("administrator")
        row = await self._look(call.tenant_id, _product, call.caller, call.given.get("id"), *allowed)
        return envelope.data_to_wire(row)

    async def _get_for_stranger(self, given: Given, tenant_id: int | None) -> Reply:
        given.check()
        if tenant_id is None:
            raise ProductUnknown
        information = await self._look_for_stranger(tenant_id, products.product_information, given.get("id"))
        return envelope.data_to_wire({"information": information})

    async def _list(self, call: Call) -> Reply:
        given = call.given
        given.check()
        if given.get("available"):
            rows = await self._look(call.tenant_id, _offers, call.caller)
        else:
            number = given.get("customer") or call.caller.customer_number
            rows = await self._look(call.tenant_id, _products, call.caller, number)
        return envelope.data_to_wire(rows)

    async def _list_taxes(self, call: Call) -> Reply:
        given = call.given
        given.check()
        number = given.get("customer") or call.caller.customer_number
        rows = await self._look(call.tenant_id, _taxes, call.caller, number, given.get("product"))
        return envelope.data_to_wire(rows)


def _own(sight: Sight, caller: Caller) -> CustomerFact:
    (customer,) = sight.find(CustomerFact, number=caller.customer_number)
    return customer


def _product(sight: Sight, caller: Caller, product_id: int, sells: bool, buys: bool) -> dict[str, Any]:
    if sells:
        try:
            return reply.product_to_wire(products.product_owned(sight, caller, product_id))
        except ProductUnknown:
            pass
    if not buys:
        raise ProductUnknown
    return reply.offer_to_wire(products.product_offered(sight, _own(sight, caller), product_id))


def _products(sight: Sight, caller: Caller, owner_number: int) -> list[dict[str, Any]]:
    return [reply.product_to_wire(product) for product in whole(products.products_owned(sight, caller, owner_number))]


def _offers(sight: Sight, caller: Caller) -> list[dict[str, Any]]:
    return [reply.offer_to_wire(offer) for offer in whole(products.products_offered(sight, _own(sight, caller)))]


def _taxes(sight: Sight, caller: Caller, customer_number: int, product_id: int) -> list[dict[str, Any]]:
    customer = seeing.customer_seen(sight, caller, customer_number)
    products.check_known_to(sight, caller, customer, product_id)
    return [
        tax_to_wire(tax, shows_owner=seeing.sees_owner(sight, caller, tax.owner_number))
        for tax in whole(tax_reading.taxes_on_product(sight, customer, product_id))
    ]
