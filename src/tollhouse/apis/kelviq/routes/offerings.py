"""What a product costs a buyer: GET /monetization/product-offering/{product_id}/."""

from __future__ import annotations

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.fields import Invalid
from tollhouse.apis.kelviq.reply.envelope import answered
from tollhouse.apis.kelviq.reply.offerings import offering_to_wire
from tollhouse.apis.kelviq.request.plans import uuid_of
from tollhouse.apis.kelviq.routes.products import looked_at
from tollhouse.apis.places import country_of_ip, parse_ip
from tollhouse.ledger.catalog.offering import OfferingWanted, offering
from tollhouse.ledger.refusals import NotInCatalog
from tollhouse.web import Reply

PLANS_LENGTH_MAX = 2000

_UNKNOWN = "Product does not exist"


class Offerings:
    def answers(self) -> Answers:
        return {"getProductOffering": self._offering}

    async def _offering(self, call: Call) -> Reply:
        wanted = OfferingWanted(
            product_uid=uuid_of(call.params["product_id"]) or "",
            customer_reference=call.text("customer_id"),
            country_of_ip=_country(call),
            plans=_plans(call),
        )
        try:
            offered = await looked_at(call, lambda sight: offering(sight, wanted))
        except NotInCatalog:
            told = {"detail": f"{_UNKNOWN}.", "code": "not_found", "status": "Not found", "message": _UNKNOWN}
            return answered(told, 404)
        return answered(offering_to_wire(call.tenant, offered))


def _country(call: Call) -> str | None:
    """Where the buyer's address is. A browser does not say where it is: of a client key it is not looked at."""
    text = None if call.credential.kind == "client" else call.text("ip_address")
    if text is None:
        return None
    ip = parse_ip(text)
    if ip is None:
        raise Invalid({"ip_address": ["Enter a valid IPv4 or IPv6 address."]})
    return country_of_ip(ip)


def _plans(call: Call) -> frozenset[str] | None:
    text = call.query.get("plans_enabled", "").strip()
    if len(text) > PLANS_LENGTH_MAX:
        raise Invalid({"plans_enabled": [f"Must have at most {PLANS_LENGTH_MAX} characters."]})
    return frozenset(name.strip() for name in text.split(",")) if text else None
