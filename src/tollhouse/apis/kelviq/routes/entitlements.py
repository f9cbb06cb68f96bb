"""What customers may use, and how much of it they have used: /entitlements/ and /report/usage/."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.fields import REQUIRED, Invalid
from tollhouse.apis.kelviq.reply.entitlements import entitlement_to_wire, usage_to_wire
from tollhouse.apis.kelviq.reply.envelope import answered
from tollhouse.apis.kelviq.request.usage import usage_from_wire
from tollhouse.ledger.events.objects import organization_uid
from tollhouse.ledger.facts import CustomerFact, EntitlementFact
from tollhouse.web import Reply

#: No reply has more rows: the oldest come first.
ROWS_MAX = 10_000


class Entitlements:
    def answers(self) -> Answers:
        return {"getCustomerEntitlements": self._list, "reportUsage": self._report_usage}

    async def _list(self, call: Call) -> Reply:
        reference, feature = call.text("customer_id"), call.text("feature_id")
        if reference is None:
            raise Invalid({"customer_id": [REQUIRED]})

        def read() -> list[EntitlementFact]:
            with call.desk.store.reading(call.tenant_id) as reader:
                wanted: dict[str, Any] = {"revoked_at": None, **({"identifier": feature} if feature else {})}
                for customer in reader.find(CustomerFact, reference=reference, deleted_at=None):
                    order = ("payment_id", "position")
                    wanted["customer_number"] = customer.number
                    return reader.first(EntitlementFact, ROWS_MAX, order=order, **wanted)
            return []

        rows = [entitlement_to_wire(row, call.now) for row in await call.read(read)]
        return answered({"customerId": reference, "entitlements": rows})

    async def _report_usage(self, call: Call) -> Reply:
        command, resource = usage_from_wire(await call.fields(), tenant_id=call.tenant_id)
        receipt = await call.execute(command)
        organization = organization_uid(call.tenant)
        return answered(usage_to_wire(command, receipt.result, organization=organization, resource=resource))
