"""`tollhouse charges`: looked at, explained, refunded and made void, each shown before it is done."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.cli.conftest import Run, cannot, lines, refused, told
from tests.harness import SHOP, TELCO, TestClock, prepared, record
from tests.ledger.telco import ROOT
from tests.ledger.test_purchasing import purchase, settled, started
from tollhouse.ledger.commands import ChargeNow, CreateCharge, GatewayAnswer
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.commands.schedules import RunDue
from tollhouse.ledger.facts import CorrectionFact, ScheduleFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.store import SqlStore


def charged(ledger: Ledger, tenant: TenantFact, amount_minor: int = 1000, reference: str = "u1") -> int:
    """A charge that was collected elsewhere; its transaction."""
    return int(ledger.execute(record(tenant, amount_minor, reference=reference)).result.first_transaction_id)


def corrections(store: SqlStore, tenant: TenantFact) -> int:
    with store.reading(tenant.tenant_id) as reader:
        return reader.count(CorrectionFact)


def new_charge(ledger: Ledger, tenant: TenantFact, customer: int, **more: object) -> int:
    command = CreateCharge(
        tenant_id=tenant.tenant_id,
        caller=ROOT,
        customer_number=customer,
        plan_number=0,
        name="Line rent",
        **{"amount": Decimal("9.99"), **more},  # type: ignore[arg-type]
    )
    return int(ledger.execute(command).result.charge_id)


@pytest.fixture
def telco(store: SqlStore, clock: TestClock) -> TenantFact:
    return prepared(store, TELCO, clock)


# Looking.


def test_charges_are_listed_by_number_and_by_customer(
    run: Run, ledger: Ledger, telco: TenantFact, database_url: str
) -> None:
    ids = [new_charge(ledger, telco, customer) for customer in (11, 12, 11)]
    first = told(run("charges", "list", "--limit", "2", "--json", database_url=database_url))
    assert [charge["charge"] for charge in first["charges"]] == ids[:2]
    rest = told(run("charges", "list", "--limit", "2", "--after", str(first["next"]), "--json"))
    assert ([charge["charge"] for charge in rest["charges"]], rest["next"]) == (ids[2:], None)
    of_one = lines(run("charges", "list", "--customer", "nora@example.com"))
    assert [row[0] for row in of_one[1:]] == [str(ids[0]), str(ids[2])]


def test_a_charge_is_shown_with_when_it_falls_due(
    run: Run, ledger: Ledger, telco: TenantFact, database_url: str
) -> None:
    charge = new_charge(ledger, telco, 11, period="monthly")
    shown = told(run("charges", "show", str(charge), "--json", database_url=database_url))
    assert (shown["amount"], shown["currency"], shown["period"]) == ("9.99", "EUR", "monthly")
    assert [schedule["customer"] for schedule in shown["schedules"]] == [11]
    assert refused(run("charges", "show", "999999")).startswith("Charge does not exist. `tollhouse charges list`")


def test_transactions_are_listed_the_newest_first_and_go_on(
    run: Run, ledger: Ledger, tenant: TenantFact, clock: TestClock, database_url: str
) -> None:
    ids = []
    for number in range(5):
        ids.append(charged(ledger, tenant, 100 + number, reference="u1" if number % 2 else "u2"))
        clock.advance(10)
    seen: list[int] = []
    after: list[str] = []
    for expected in (ids[:2:-1], ids[2:0:-1], ids[:1]):
        page = told(run("charges", "transactions", "--limit", "2", *after, "--json", database_url=database_url))
        assert [row["transaction"] for row in page["transactions"]] == expected
        seen += expected
        after = ["--after", str(page["next"])]
    assert seen == ids[::-1]
    of_one = told(run("charges", "transactions", "--customer", "u2", "--limit", "2", "--json"))
    assert [row["transaction"] for row in of_one["transactions"]] == [ids[4], ids[2]]
    rest = told(run("charges", "transactions", "--customer", "u2", "--after", str(of_one["next"]), "--json"))
    assert ([row["transaction"] for row in rest["transactions"]], rest["next"]) == ([ids[0]], None)


def test_going_on_behind_somebody_elses_transaction_is_refused(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    other = charged(ledger, tenant, reference="other")
    charged(ledger, tenant)
    result = run("charges", "transactions", "--customer", "u1", "--after", str(other), database_url=database_url)
    assert refused(result).startswith("Transaction does not exist.")


def test_a_transaction_is_explained_step_by_step(
    run: Run, ledger: Ledger, telco: TenantFact, database_url: str
) -> None:
    charge = new_charge(ledger, telco, 11)
    ledger.execute(ChargeNow(tenant_id=telco.tenant_id, caller=ROOT, charge_id=charge))
    (row,) = told(run("charges", "transactions", "--json", database_url=database_url))["transactions"]
    explained = told(run("charges", "explain", str(row["transaction"]), "--json"))
    assert explained["holds"] is True
    assert explained["steps"][-1]["step"] == "gross"
    assert sum(posting["amount"]["minor"] for posting in explained["postings"]) == 0
    as_lines = run("charges", "explain", str(row["transaction"])).stdout
    assert "\n\nstep\tsays\n" in as_lines
    assert refused(run("charges", "explain", "99999")).startswith("Transaction does not exist. `tollhouse charges")


def test_what_is_parked_is_listed_with_its_reason_and_retried(
    run: Run, ledger: Ledger, telco: TenantFact, store: SqlStore, clock: TestClock, database_url: str
) -> None:
    charge = new_charge(ledger, telco, 11, period="monthly")
    clock.advance(60 * 86_400)
    ledger.execute(RunDue(tenant_id=telco.tenant_id, count=1, park_reason="The store would not have it."))
    (parked,) = told(run("charges", "parked", "--json", database_url=database_url))["parked"]
    assert (parked["charge"], parked["reason"]) == (charge, "The store would not have it.")
    assert cannot(run("charges", "retry")).startswith("Say what to retry: ")
    assert cannot(run("charges", "retry", "--all", "--charge", "1")).startswith("Say what to retry: ")
    assert told(run("charges", "retry", "--charge", str(charge), "--json")) == {"retried": 1}
    assert told(run("charges", "retry", "--all", "--json")) == {"retried": 0}
    with store.reading(telco.tenant_id) as reader:
        assert [schedule.state for schedule in reader.find(ScheduleFact)] == ["active"]


# Correcting.


def test_a_refund_is_shown_first_and_done_once_with_the_key_that_was_shown(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    charge = str(charged(ledger, tenant))
    look = run("charges", "refund", charge, "--amount", "2.50", "--json", database_url=database_url)
    shown = told(look)
    assert (shown["done"], shown["amount"]["minor"], shown["refunded_after"]["minor"]) == (False, 250, 250)
    assert shown["transaction"] is None
    assert f"tollhouse charges refund {charge} --amount 2.50 --key {shown['key']}" in look.stderr
    assert corrections(store, tenant) == 0
    again = ("charges", "refund", charge, "--amount", "2.50", "--key", shown["key"], "--yes", "--json")
    first, second = told(run(*again)), told(run(*again))
    assert (first["done"], first["already"]) == (True, False)
    assert (second["done"], second["already"]) == (True, True)
    assert first["transaction"] == second["transaction"]
    assert corrections(store, tenant) == 1
    assert told(run(*again[:-2], "--json"))["already"] is True


def test_without_an_amount_all_that_remains_is_refunded_and_the_command_to_do_it_names_it(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    charge = str(charged(ledger, tenant))
    assert run("charges", "refund", charge, "--amount", "4", "--yes", database_url=database_url).exit_code == 0
    look = run("charges", "refund", charge)
    assert "--amount 6.00 --key operator-" in look.stderr
    assert ["amount", "6.00 USD"] in lines(look)


def test_a_void_is_shown_first_and_done_with_yes(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    charge = str(charged(ledger, tenant))
    look = told(run("charges", "void", charge, "--reason", "twice", "--json", database_url=database_url))
    assert (look["done"], look["charges_after"], look["sum_after"]["minor"]) == (False, 0, 0)
    assert corrections(store, tenant) == 0
    assert told(run("charges", "void", charge, "--reason", "twice", "--yes", "--json"))["done"] is True
    assert refused(run("charges", "void", charge, "--yes")) == "This charge is void: it was taken back as a mistake."
    assert corrections(store, tenant) == 1


def test_a_key_that_stands_for_something_else_is_refused(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    charge = str(charged(ledger, tenant))
    run("charges", "refund", charge, "--amount", "1", "--key", "k", "--yes", database_url=database_url)
    for more in ((), ("--yes",)):
        sentence = refused(run("charges", "refund", charge, "--amount", "2", "--key", "k", *more))
        assert sentence.endswith("Give another one with --key, or leave --key out.")


def test_more_than_remains_says_how_much_does(run: Run, ledger: Ledger, tenant: TenantFact, database_url: str) -> None:
    charge = str(charged(ledger, tenant))
    for more in ((), ("--yes",)):
        sentence = refused(run("charges", "refund", charge, "--amount", "10.01", *more, database_url=database_url))
        assert sentence == "At most 10.00 USD can be refunded of this charge."


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    "amount", ["0", "-1", "1.001", "1e3", "NaN", "", " 1", "1,5", "\u0661", "9" * 30, "Infinity", "--yes"]
)
def test_an_amount_that_is_none_is_a_sentence_and_moves_nothing(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str, amount: str
) -> None:
    charge = str(charged(ledger, tenant))
    result = run("charges", "refund", charge, f"--amount={amount}", "--yes", database_url=database_url)
    assert cannot(result).startswith("--amount: ")
    assert corrections(store, tenant) == 0


def test_what_a_gateway_or_an_account_took_is_given_back_there(
    run: Run, ledger: Ledger, telco: TenantFact, database_url: str
) -> None:
    charge = new_charge(ledger, telco, 11)
    ledger.execute(ChargeNow(tenant_id=telco.tenant_id, caller=ROOT, charge_id=charge))
    (row,) = told(run("charges", "transactions", "--json", database_url=database_url))["transactions"]
    assert "give it back as a credit" in refused(run("charges", "refund", str(row["transaction"]), "--yes"))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    "arguments", [("--key", "k" * 256), ("--key", ""), ("--reason", "r" * 501), ("--reason", "a\0b")]
)
def test_what_cannot_be_kept_is_a_sentence(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str, arguments: tuple[str, str]
) -> None:
    charge = str(charged(ledger, tenant))
    sentence = cannot(run("charges", "void", charge, *arguments, "--yes", database_url=database_url))
    assert sentence.startswith(f"{arguments[0]}: must have ")


def test_a_rehearsal_writes_nothing_at_all(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    charge = charged(ledger, tenant)

    def everything() -> list[TransactionFact]:
        with store.reading(tenant.tenant_id) as reader:
            return reader.find(TransactionFact)

    before = everything()
    for verb in ("refund", "void"):
        assert run("charges", verb, str(charge), database_url=database_url).exit_code == 0
    assert everything() == before


def test_payments_and_refunds_without_an_outcome_are_listed_and_explained_once_they_have_one(
    run: Run, ledger: Ledger, store: SqlStore, database_url: str
) -> None:
    shop = prepared(store, SHOP)
    paid, waiting = (started(ledger, purchase(shop, key=key)) for key in ("paid", "waits"))
    paid = settled(ledger, paid, GatewayAnswer("succeeded", reference="ref"))
    giving_back = StartRefund(
        tenant_id=shop.tenant_id,
        order_id=paid.order_id,
        amount_minor=100,
        amount=None,
        reason="",
        internal_note=None,
        gateways=frozenset({"sandbox"}),
        call_seconds=8,
        resolve_after_seconds=30,
    )
    refund = ledger.execute(giving_back).result.refund
    found = told(run("charges", "open", "--json", database_url=database_url))["open"]
    assert [(row["kind"], row["id"], row["order"], row["gateway"]) for row in found] == [
        ("payment", waiting.order_id, waiting.order_id, "sandbox"),
        ("refund", refund.uid, paid.order_id, "sandbox"),
    ]
    assert found[1]["amount"]["minor"] == 100
    assert len(told(run("charges", "open", "--limit", "1", "--json"))["open"]) == 1
    for name in (paid.order_id, paid.uid, str(paid.transaction_id)):
        assert told(run("charges", "explain", name, "--json"))["transaction"] == paid.transaction_id
    for name in (waiting.order_id, refund.uid, "nothing", "a\0b", ""):
        assert refused(run("charges", "explain", name)).startswith("Transaction does not exist.")
    assert "refunds (/api/v1/refunds/)" in refused(run("charges", "refund", str(paid.transaction_id)))
