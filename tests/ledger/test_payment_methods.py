"""What customers pay with: at most one default, and what is told of each change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import TestClock, provision
from tests.ledger.test_registering import HOOK, archiving, registering, told
from tollhouse.ledger.commands import (
    ConfirmPaymentMethod,
    GatewayMethod,
    RemovePaymentMethod,
    SavePaymentMethod,
    SetDefaultMethod,
)
from tollhouse.ledger.facts import PaymentMethodFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.payment_methods import methods_of
from tollhouse.ledger.refusals import CustomerUnknown, DefaultMethodNeeded, PaymentMethodUnknown
from tollhouse.store.store import SqlStore

VISA = GatewayMethod("card", "visa", "4242", 12, 2034, "credit", "US")


class Wallet:
    """One customer's payment methods."""

    def __init__(self, store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
        self.ledger = ledger
        self.tenant = tenant
        self._store = store
        self.number = ledger.execute(registering(tenant)).result.customer.number

    def save(self, token: str, **more: Any) -> PaymentMethodFact:
        whose = {"tenant_id": self.tenant.tenant_id, "customer_number": self.number}
        command = SavePaymentMethod(**whose, gateway="sandbox", token=token, shown=VISA, **more)
        method: PaymentMethodFact = self.ledger.execute(command).result.method
        return method

    def do(self, command: Any, method: PaymentMethodFact, **more: Any) -> Any:
        whose = {"tenant_id": self.tenant.tenant_id, "customer_number": self.number}
        return self.ledger.execute(command(**whose, payment_method_id=method.payment_method_id, **more)).result

    def kept(self) -> dict[str, int]:
        """Token and whether it is the default, of all that can be used."""
        with self._store.reading(self.tenant.tenant_id) as reader:
            return {method.token: method.is_default for method in methods_of(reader, self.number)}


@pytest.fixture
def wallet(store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock) -> Wallet:
    provision(store, HOOK, clock=clock)
    return Wallet(store, ledger, tenant)


def test_the_first_is_the_default_and_later_ones_by_wish(wallet: Wallet) -> None:
    wallet.save("a")
    wallet.save("b")
    assert wallet.kept() == {"a": 1, "b": 0}
    wallet.save("c", is_default=True)
    assert wallet.kept() == {"a": 0, "b": 0, "c": 1}
    wallet.save("a", is_default=True)
    assert wallet.kept() == {"a": 1, "b": 0, "c": 0}


def test_the_same_token_is_the_same_method(wallet: Wallet) -> None:
    assert wallet.save("a") == wallet.save("a")


def test_the_default_goes_last(wallet: Wallet) -> None:
    first, second = wallet.save("a"), wallet.save("b")
    with pytest.raises(DefaultMethodNeeded):
        wallet.do(RemovePaymentMethod, first)
    wallet.do(SetDefaultMethod, second)
    wallet.do(RemovePaymentMethod, first)
    wallet.do(RemovePaymentMethod, second)
    assert wallet.kept() == {}
    for command in (SetDefaultMethod, RemovePaymentMethod):
        with pytest.raises(PaymentMethodUnknown):
            wallet.do(command, first)
    assert wallet.save("a").payment_method_id == first.payment_method_id
    assert wallet.kept() == {"a": 1}


def test_what_is_not_proven_is_nobodys(wallet: Wallet) -> None:
    wallet.save("a", is_proven=False)
    assert wallet.kept() == {}
    wallet.save("a")
    assert wallet.kept() == {"a": 1}
    wallet.save("a", is_proven=False)
    assert wallet.kept() == {"a": 1}


def test_a_confirmed_card_has_another_token(wallet: Wallet) -> None:
    method = wallet.save("a")
    assert wallet.do(ConfirmPaymentMethod, method, token="a2").payment_method_id == method.payment_method_id
    assert wallet.kept() == {"a2": 1}
    again = wallet.save("a", is_proven=False)
    assert wallet.do(ConfirmPaymentMethod, again, token="a2").payment_method_id == method.payment_method_id
    assert wallet.kept() == {"a2": 1}


def test_what_is_told(wallet: Wallet, store: SqlStore) -> None:
    first, second = wallet.save("a"), wallet.save("b")
    wallet.do(SetDefaultMethod, second)
    wallet.do(RemovePaymentMethod, first)
    events = [
        (kind, data["object"]["id"], data.get("previous_attributes")) for kind, data in told(store, wallet.tenant)
    ]
    one, two = first.payment_method_id, second.payment_method_id
    assert events[1:] == [
        ("payment_method.created", one, None),
        ("payment_method.created", two, None),
        ("payment_method.updated", one, {"is_default": True}),
        ("payment_method.updated", two, {"is_default": False}),
        ("payment_method.deleted", one, None),
    ]


def test_nobody_pays_with_what_is_anothers(wallet: Wallet) -> None:
    method = wallet.save("a")
    wallet.number = wallet.ledger.execute(registering(wallet.tenant, "c-2")).result.customer.number
    for command in (SetDefaultMethod, RemovePaymentMethod):
        with pytest.raises(PaymentMethodUnknown):
            wallet.do(command, method)
    with pytest.raises(PaymentMethodUnknown):
        wallet.do(ConfirmPaymentMethod, method, token="x")
    wallet.ledger.execute(archiving(wallet.tenant, "c-2"))
    with pytest.raises(CustomerUnknown):
        wallet.save("b")
