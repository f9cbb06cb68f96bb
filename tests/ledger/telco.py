"""The tenant of golden/telco.toml as ledger tests talk to it: who calls, and one line a command."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.harness import TELCO, TestClock, prepared
from tollhouse.ledger.commands import (
    TAXABLE,
    TENANT_SCOPE,
    Caller,
    ChargeNow,
    CreateCharge,
    CreateTax,
    DeleteCharge,
    DeleteCustomer,
    Idempotency,
    SetLiability,
    UpdateCharge,
    UpdateCustomer,
)
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    OccurrenceFact,
    SummaryFact,
    TenantFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.store import SqlStore

ROOT = Caller(1, 1, "1.", may_reach_below=True)
ROOT_ALONE = Caller(2, 1, "1.", may_reach_below=False)
NORTH = Caller(3, 10, "1.10.", may_reach_below=True)
NORTH_ALONE = Caller(4, 10, "1.10.", may_reach_below=False)
NORA = Caller(7, 11, "1.10.11.", may_reach_below=True)
SOUTH = Caller(8, 20, "1.20.", may_reach_below=True)

KINDS = (ChargeFact, CustomerFact, OccurrenceFact, SummaryFact, TransactionFact, TransactionTaxFact)


class Telco:
    """Nora (11) pays in EUR, Jiro (12) in JPY, Kawthar (13) in KWD, Ursula (16) in USD; North (10) is above all."""

    def __init__(self, store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
        self.store = store
        self.ledger = ledger
        self.clock = clock
        self.tenant_id = prepared(store, TELCO, clock).tenant_id
        #: Whether the test changed rows behind the ledger's back, so that the books no longer add up.
        self.is_cooked = False

    # Commands.

    def creation(
        self, name: str = "Router", customer: int = 11, *, caller: Caller = ROOT, key: str | None = None, **more: Any
    ) -> CreateCharge:
        for exact in ("amount", "buy"):
            if exact in more:
                more[exact] = Decimal(more[exact])
        more.setdefault("plan_number", 0)
        return CreateCharge(
            tenant_id=self.tenant_id,
            idempotency=None if key is None else Idempotency(TENANT_SCOPE, key),
            caller=caller,
            customer_number=customer,
            name=name,
            **more,
        )

    def charging(self, charge_id: int, *, caller: Caller = ROOT, key: str | None = None, digest: str = "") -> ChargeNow:
        idempotency = None if key is None else Idempotency(TENANT_SCOPE, key)
        return ChargeNow(
            tenant_id=self.tenant_id, idempotency=idempotency, caller=caller, charge_id=charge_id, digest=digest
        )

    def change(self, charge_id: int, *, caller: Caller = ROOT, **more: Any) -> UpdateCharge:
        return UpdateCharge(tenant_id=self.tenant_id, caller=caller, charge_id=charge_id, **more)

    def deletion(self, charge_id: int, *, caller: Caller = ROOT) -> DeleteCharge:
        return DeleteCharge(tenant_id=self.tenant_id, caller=caller, charge_id=charge_id)

    def tax(self, rate: str = "20", flat: str = "0", *, caller: Caller = NORTH, **more: Any) -> CreateTax:
        values: dict[str, Any] = {
            "owner_number": None,
            "name": "VAT",
            "description": "",
            "currency": None,
            "covers": frozenset(TAXABLE),
            "liable": 2,
            "shared": False,
            **more,
        }
        return CreateTax(tenant_id=self.tenant_id, caller=caller, rate=Decimal(rate), flat=Decimal(flat), **values)

    def liability(
        self, tax_id: int, object_type: str, object_id: int, liable: bool, *, caller: Caller = NORTH
    ) -> SetLiability:
        return SetLiability(
            tenant_id=self.tenant_id,
            caller=caller,
            tax_id=tax_id,
            object_type=object_type,
            object_id=object_id,
            liable=liable,
        )

    def customer_change(self, number: int, *, caller: Caller = ROOT, **more: Any) -> UpdateCustomer:
        return UpdateCustomer(tenant_id=self.tenant_id, caller=caller, customer_number=number, **more)

    # What they do.

    def join(self, customer: int, plan: int) -> None:
        self.do(self.customer_change(customer, plan_number=plan))

    def count_from_start(self) -> None:
        """Periods of charges that are made from now on count from their start."""
        with self.store.unit_of_work(self.tenant_id) as unit:
            unit.change(TenantFact, {}, anchor="start")

    def delete_customer(self, customer: int) -> None:
        self.do(DeleteCustomer(tenant_id=self.tenant_id, caller=ROOT, customer_number=customer))

    def reprice(self, charge_id: int, amount: str) -> None:
        self.do(self.change(charge_id, amount=Decimal(amount)))

    def rezone(self, customer: int, timezone: str) -> None:
        self.do(self.customer_change(customer, timezone=timezone))

    def do(self, command: Any) -> Any:
        return self.ledger.execute(command).result

    def create(self, *arguments: Any, **more: Any) -> int:
        return int(self.do(self.creation(*arguments, **more)).charge_id)

    def charge(self, charge_id: int, **more: Any) -> TransactionFact:
        return self.transaction(self.do(self.charging(charge_id, **more)).transaction_id)

    def charged(self, customer: int = 11, **more: Any) -> TransactionFact:
        """The transaction of a new charge."""
        return self.charge(self.create(customer=customer, **more))

    # What is there.

    def find(self, kind: Any, **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant_id) as reader:
            return list(reader.find(kind, **equals))

    def transaction(self, transaction_id: int) -> TransactionFact:
        (found,) = self.find(TransactionFact, transaction_id=transaction_id)
        return found  # type: ignore[no-any-return]

    def lines(self, transaction: TransactionFact) -> list[tuple[int, str, str, int]]:
        """The taxes of a transaction: tax, rate, flat amount, minor units."""
        found = self.find(TransactionTaxFact, transaction_id=transaction.transaction_id, order=("line_no",))
        return [(line.tax_id, line.rate, line.flat, line.amount_minor) for line in found]

    def customer(self, number: int = 11) -> CustomerFact:
        (found,) = self.find(CustomerFact, number=number)
        return found  # type: ignore[no-any-return]

    def balance(self, number: int = 11) -> int:
        return self.customer(number).balance_minor

    def everything(self) -> list[Any]:
        """Every row, in an order of its own: a server may give them in any."""
        return [sorted(self.find(kind), key=repr) for kind in KINDS]

    def cook(self, kind: Any, key: dict[str, Any], **values: Any) -> None:
        """Change a row behind the ledger's back."""
        self.is_cooked = True
        with self.store.unit_of_work(self.tenant_id) as unit:
            assert unit.change(kind, key, **values) == 1
