"""Any customers made, moved, deleted, credited and charged, in any order, from two processes, beside a plain model."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from tests.harness import TestClock, prepared
from tests.machine.playing import QUICK, NewStore, play
from tollhouse.ledger.commands import (
    Actor,
    AddToBalance,
    Caller,
    ChargeNow,
    Command,
    CreateCharge,
    CreateCustomer,
    CreateTransaction,
    DeleteCustomer,
    MoveCustomer,
    UndeleteCustomer,
    UpdateCustomer,
)
from tollhouse.ledger.facts import (
    AuditFact,
    ChargeFact,
    CustomerDetailsFact,
    CustomerFact,
    Fact,
    SummaryFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import Refusal
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

TENANT = """
[tenant]
slug = "machine"
currency = "USD"

[[plans]]
identifier = "plan"
number = 1
"""
ROOT = Caller(1, 1, "1.", may_reach_below=True)
ADA = Actor("person", 1, "ada", 1, "1.", "enswitch")
AMOUNTS = st.integers(-300, 300)
#: Which of the customers, or charges, there are.
WHICH = st.integers(0, 10**6)


class Account:
    """What is known of a customer, in plain words."""

    def __init__(self, parent: int, opening: int) -> None:
        self.parent = parent
        self.opening = opening
        self.moves: list[int] = []
        self.charged: list[int] = []
        self.is_deleted = False

    @property
    def balance(self) -> int:
        return self.opening + sum(self.moves)


class Accounts(RuleBasedStateMachine):
    """Tells the same to two ledgers on one store, as two processes would, and to the model."""

    def __init__(self, new_store: NewStore) -> None:
        super().__init__()
        self._closing = ExitStack()
        url = new_store()
        self.stores = [self._closing.enter_context(closing(SqlStore(store_url(url)))) for _ in range(2)]
        self.clock = TestClock()
        self.tenant_id = prepared(self.stores[0], TENANT, self.clock).tenant_id
        self.ledgers = [Ledger(store, self.clock) for store in self.stores]
        self.accounts = {1: Account(0, 0)}
        self.charges: list[tuple[int, int, int]] = []
        self.audited: list[str] = []
        self._turn = 0

    @rule(which=WHICH, opening=AMOUNTS)
    def create(self, which: int, opening: int) -> None:
        parent = self._one_of(which)
        result = self._do(
            CreateCustomer, parent_number=parent, name="x", plan_number=1, email="x@x", balance=_money(opening)
        )
        assert (result is None) == self.accounts[parent].is_deleted
        if result is not None:
            self.accounts[result.number] = Account(parent, opening)

    @rule(which=WHICH, where=WHICH)
    def move(self, which: int, where: int) -> None:
        number, parent = self._one_of(which), self._one_of(where)
        result = self._do(MoveCustomer, customer_number=number, parent_number=parent, plan_number=1)
        is_gone = self.accounts[number].is_deleted or self.accounts[parent].is_deleted
        assert (result is None) == (number == 1 or is_gone or number in self._up(parent))
        if result is not None:
            self.accounts[number].parent = parent

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        number = self._one_of(which)
        account = self.accounts[number]
        below = [a for a in self.accounts.values() if a.parent == number and not a.is_deleted]
        result = self._do(DeleteCustomer, customer_number=number)
        assert (result is None) == (number == 1 or account.is_deleted or bool(below))
        account.is_deleted = account.is_deleted or result is not None

    @rule(which=WHICH)
    def undelete(self, which: int) -> None:
        number = self._one_of(which)
        account = self.accounts[number]
        result = self._do(UndeleteCustomer, customer_number=number)
        is_orphan = number != 1 and self.accounts[account.parent].is_deleted
        assert (result is None) == (account.is_deleted and is_orphan)
        account.is_deleted = account.is_deleted and result is None

    @rule(which=WHICH, amount=AMOUNTS, kind=st.sampled_from(["adjustment", "credit", "topup"]))
    def add(self, which: int, amount: int, kind: str) -> None:
        self._move(which, amount, AddToBalance, amount=_money(amount), kind=kind)

    @rule(which=WHICH, amount=AMOUNTS)
    def write(self, which: int, amount: int) -> None:
        self._move(which, amount, CreateTransaction, amount=_money(amount))

    @rule(which=WHICH, balance=AMOUNTS)
    def set_balance(self, which: int, balance: int) -> None:
        account = self.accounts[self._one_of(which)]
        self._move(which, balance - account.balance, UpdateCustomer, balance=_money(balance))

    @rule(which=WHICH, amount=st.integers(-300, 300))
    def create_charge(self, which: int, amount: int) -> None:
        number = self._one_of(which)
        values = {"customer_number": number, "plan_number": 0, "name": "c", "amount": _money(amount), "number_max": 2}
        result = self._do(CreateCharge, **values)
        assert (result is None) == self.accounts[number].is_deleted
        if result is not None:
            self.charges.append((result.charge_id, number, amount))

    @rule(which=WHICH)
    def charge(self, which: int) -> None:
        if self.charges:
            charge_id, number, amount = self.charges[which % len(self.charges)]
            self._note_charge(number, amount, self._do(ChargeNow, charge_id=charge_id))

    @rule(which=WHICH, amount=st.integers(1, 300))
    def charge_by_hand(self, which: int, amount: int) -> None:
        if self.charges:
            charge_id, number, _ = self.charges[which % len(self.charges)]
            values = {"customer_number": number, "charge_id": charge_id, "amount": _money(-amount)}
            self._note_charge(number, amount, self._do(CreateTransaction, **values))

    @invariant()
    def the_accounts_say_what_the_model_says(self) -> None:
        with self.stores[0].reading(self.tenant_id) as reader:
            customers = reader.find(CustomerFact)
            sums = {row.customer_number: row.sum_minor for row in reader.find(SummaryFact)}
        assert {c.number for c in customers} == self.accounts.keys()
        for c in customers:
            account = self.accounts[c.number]
            assert (c.balance_minor, c.deleted_at is not None) == (account.balance, account.is_deleted)
            assert c.path == "".join(f"{number}." for number in reversed(self._up(c.number)))
            assert sums.get(c.number, 0) == sum(account.charged)

    @invariant()
    def what_somebody_changed_is_in_the_audit_log_once(self) -> None:
        with self.stores[0].reading(self.tenant_id) as reader:
            entries = reader.find(AuditFact, order=("entry_id",))
        assert sorted(entry.command for entry in entries) == sorted(self.audited)
        assert all(json.loads(entry.changes) for entry in entries)

    def teardown(self) -> None:
        with self._closing:
            assert verify(self.stores[0]).differences == []

    def _move(self, which: int, difference: int, command: type[Command], /, **values: Any) -> None:
        account = self.accounts[self._one_of(which)]
        result = self._do(command, customer_number=self._one_of(which), **values)
        assert (result is None) == account.is_deleted
        if result is not None:
            account.moves.append(difference)

    def _note_charge(self, number: int, amount: int, result: Any) -> None:
        if result is not None:
            self.accounts[number].moves.append(-amount)
            self.accounts[number].charged.append(amount)

    def _do(self, kind: type[Command], /, **values: Any) -> Any:
        """The result of a command, by the next process; None where it is refused."""
        self._turn += 1
        by = ADA if self._turn % 3 else None
        command = kind(tenant_id=self.tenant_id, by=by, caller=ROOT, **values)  # type: ignore[call-arg]
        before = self._kept()
        try:
            result = self.ledgers[self._turn % 2].execute(command).result
        except Refusal:
            result = None
        if by is not None and self._kept() != before:
            self.audited.append(kind.__name__)
        return result

    def _kept(self) -> list[list[Fact]]:
        """All that a command of this machine can change, but for when it did."""
        with self.stores[0].reading(self.tenant_id) as reader:
            customers = [replace(customer, updated_at=0) for customer in reader.find(CustomerFact, order=("number",))]
            kinds: tuple[type[Fact], ...] = (TransactionFact, ChargeFact, CustomerDetailsFact)
            return [list(customers), *([*reader.find(kind)] for kind in kinds)]

    def _one_of(self, which: int) -> int:
        return sorted(self.accounts)[which % len(self.accounts)]

    def _up(self, number: int) -> list[int]:
        """The customer and everybody above it."""
        above = [number]
        while above[-1] != 1:
            above.append(self.accounts[above[-1]].parent)
        return above


def _money(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)


def test_any_accounts_in_any_order(engine: str, new_store: NewStore) -> None:
    play(Accounts, new_store, examples=25 if engine == "sqlite" else 10, steps=25, phases=QUICK)


@pytest.mark.soak
def test_any_accounts_in_any_order_for_long(engine: str, new_store: NewStore) -> None:
    play(Accounts, new_store, examples=1000 if engine == "sqlite" else 300, steps=60)
