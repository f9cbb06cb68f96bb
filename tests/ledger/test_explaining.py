"""Every transaction explains itself to the last minor unit, by what counted when it was made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.harness import SHOP, TestClock, prepared, record
from tests.ledger.telco import ROOT, Telco
from tests.ledger.test_purchasing import DECLINED, SUCCEEDED, purchase, settlement, started
from tollhouse.ledger.commands import AddToBalance
from tollhouse.ledger.explaining import Explanation, explain
from tollhouse.ledger.facts import OccurrenceFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import TransactionUnknown
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner


def explained(store: SqlStore, tenant_id: int, transaction_id: int) -> Explanation:
    with store.reading(tenant_id) as reader:
        return explain(reader, transaction_id)


def told(explanation: Explanation) -> list[str]:
    return [step.what for step in (*explanation.steps, *explanation.afterwards)]


def figures(explanation: Explanation, what: str) -> list[dict[str, Any]]:
    return [step.figures for step in explanation.steps if step.what == what]


def test_an_unknown_transaction_has_no_explanation(telco: Telco) -> None:
    with pytest.raises(TransactionUnknown):
        explained(telco.store, telco.tenant_id, 404)


def test_a_recorded_amount_is_final(store: SqlStore, ledger: Ledger) -> None:
    tenant = prepared(store)
    ledger.execute(record(tenant, 1234))
    with store.reading(tenant.tenant_id) as reader:
        (transaction,) = reader.find(TransactionFact)
    explanation = explained(store, tenant.tenant_id, transaction.transaction_id)
    assert told(explanation) == ["given", "gross", "settlement"]
    assert explanation.steps[0].says == "The amount was recorded elsewhere and is final: 12.34 USD."
    assert [(posting.account, posting.amount_minor) for posting in explanation.postings] == [
        ("collected elsewhere", 1234),
        ("revenue", -1234),
    ]


def test_a_charge_is_converted_rounded_once_and_taxed_on_the_rounded_net(telco: Telco) -> None:
    telco.do(telco.tax("19", "0.5"))
    charge_id = telco.create("Router", 12, amount="10.005", currency="EUR")
    transaction = telco.charge(charge_id)
    explanation = explained(telco.store, telco.tenant_id, transaction.transaction_id)
    assert explanation.holds
    assert told(explanation) == ["charge", "exchange", "rounding", "tax", "gross", "settlement"]
    (rounding,) = figures(explanation, "rounding")
    exact = Decimal("10.005") * Decimal(str(transaction.exchange_rate))
    assert (Decimal(rounding["exact"]), rounding["decimals"]) == (exact, 0)
    (tax,) = figures(explanation, "tax")
    assert tax["rate"] == "19.00"
    assert sum(posting.amount_minor for posting in explanation.postings) == 0


def test_it_is_explained_by_what_counted_then(telco: Telco) -> None:
    charge_id = telco.create("Router", 11, amount="10.00")
    first = telco.charge(charge_id)
    telco.reprice(charge_id, "99.00")
    explanation = explained(telco.store, telco.tenant_id, first.transaction_id)
    assert (explanation.holds, figures(explanation, "charge")[0]["amount"]) == (True, "10.00")


def test_a_part_of_a_period_is_told_as_a_share(telco: Telco, runner: Runner) -> None:
    start = telco.clock.now() // 1_000_000 + 10 * 86_400
    charge_id = telco.create("Line", 11, amount="31.00", period="monthly", start_at=start * 1_000_000)
    telco.clock.advance(40 * 86_400)
    runner.run_tenant(telco.tenant_id)
    occurrences = telco.find(OccurrenceFact, charge_id=charge_id)
    assert occurrences
    for occurrence in occurrences:
        assert explained(telco.store, telco.tenant_id, occurrence.transaction_id).holds


def test_a_changed_row_does_not_hold(telco: Telco) -> None:
    transaction = telco.charged(amount="10.00")
    telco.cook(TransactionFact, {"transaction_id": transaction.transaction_id}, net_minor=999)
    assert explained(telco.store, telco.tenant_id, transaction.transaction_id).holds is False


def test_what_was_written_before_a_basis_was_kept_is_not_guessed(telco: Telco) -> None:
    transaction = telco.charged(amount="10.00")
    telco.cook(OccurrenceFact, {"transaction_id": transaction.transaction_id}, basis="")
    explanation = explained(telco.store, telco.tenant_id, transaction.transaction_id)
    assert (told(explanation), explanation.holds) == (["given", "gross", "settlement"], None)


def test_a_move_of_a_balance_is_told_as_it_was_given(telco: Telco) -> None:
    moved = telco.do(
        AddToBalance(
            tenant_id=telco.tenant_id,
            caller=ROOT,
            customer_number=16,
            amount=Decimal("11.00"),
            currency="EUR",
            kind="topup",
            description="",
        )
    )
    explanation = explained(telco.store, telco.tenant_id, moved.transaction_id)
    assert told(explanation) == ["given", "exchange", "gross", "settlement"]


# Purchases.


@pytest.fixture
def shop(store: SqlStore, clock: TestClock) -> TenantFact:
    return prepared(store, SHOP, clock)


def test_a_purchase_tells_its_price_its_lines_and_the_gateways_attempts(
    store: SqlStore, ledger: Ledger, shop: TenantFact
) -> None:
    payment = started(ledger, purchase(shop, "team-pack", quantities=(("credits", 3),), country_of_ip="DE"))
    settled = ledger.execute(settlement(payment, SUCCEEDED)).result
    explanation = explained(store, shop.tenant_id, settled.transaction_id)
    assert explanation.holds
    assert told(explanation)[0] == "price"
    assert "line" in told(explanation)
    assert told(explanation)[-2:] == ["gross", "attempt"]
    (price,) = figures(explanation, "price")
    assert (price["plan"], price["plan_version"], price["country_of_ip"]) == ("team-pack", 1, "DE")


def test_a_custom_amount_is_told_as_what_it_is(store: SqlStore, ledger: Ledger, shop: TenantFact) -> None:
    payment = started(ledger, purchase(shop, currency="USD", custom_amount=Decimal("12.5")))
    settled = ledger.execute(settlement(payment, SUCCEEDED)).result
    explanation = explained(store, shop.tenant_id, settled.transaction_id)
    assert figures(explanation, "price")[0]["custom_amount"] == "12.50"
    assert "stands for the whole price" in explanation.steps[0].says


def test_a_declined_purchase_leaves_no_transaction_to_explain(
    store: SqlStore, ledger: Ledger, shop: TenantFact
) -> None:
    payment = started(ledger, purchase(shop))
    assert ledger.execute(settlement(payment, DECLINED)).result.transaction_id is None
