"""`tollhouse export`: charges, customers and transactions to take away, and charges to bring in again."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.harness import TELCO, TestClock, environment, migrated_sqlite, prepared, record, sqlite_copy
from tests.ledger.telco import ROOT
from tollhouse.apis.files.columns import CHARGES, CUSTOMERS, TRANSACTIONS
from tollhouse.cli import exporting
from tollhouse.ledger.commands import ChargeNow, CreateCharge, CreateTax, DeleteCustomer
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def summaries(store: SqlStore, tenant_id: int) -> list[tuple[Any, ...]]:
    """Of each customer, by its names: count, sum, first, last and last amount."""
    with store.reading(tenant_id) as reader:
        named = {c.number: (c.reference, c.email_folded) for c in reader.find(CustomerFact)}
        rows = reader.find(SummaryFact)
    kept = ("currency", "charge_count", "sum_minor", "first_at", "last_at", "last_amount_minor")
    told = [(*named[row.customer_number], *(getattr(row, name) for name in kept)) for row in rows]
    return sorted(told, key=str)


def delete(ledger: Ledger, tenant: TenantFact, reference: str, store: SqlStore) -> None:
    with store.reading(tenant.tenant_id) as reader:
        (customer,) = reader.find(CustomerFact, reference=reference)
    ledger.execute(DeleteCustomer(tenant_id=tenant.tenant_id, caller=ROOT, customer_number=customer.number))


def test_what_is_exported_comes_in_again_with_equal_summaries(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str, tmp_path: Path
) -> None:
    for number in range(40):
        reference = None if number % 3 == 0 else f'u{number % 7}, "quoted"\nline'
        email = f"Guest{number % 5}@x" if number % 2 or reference is None else None
        ledger.execute(record(tenant, (number, 1_500_000_000 - number), reference=reference, email=email))
    void = ledger.execute(record(tenant, 5, reference="void")).result.first_transaction_id
    ledger.execute(record(tenant, 7, reference="void"))
    ledger.execute(VoidCharge(tenant_id=tenant.tenant_id, charge_transaction_id=void, reason=""))
    ledger.execute(record(tenant, 9, reference="gone"))
    delete(ledger, tenant, "gone", store)
    exported = run("export", "charges", database_url=database_url)
    assert exported.exit_code == 0
    rows = rows_of(exported.stdout)
    assert tuple(rows[0]) == CHARGES
    assert len(rows) == 41
    assert [int(row["transaction"]) for row in rows] == sorted(int(row["transaction"]) for row in rows)

    url = sqlite_copy(migrated_sqlite(), tmp_path / "..")
    with closing(SqlStore(store_url(url))) as other:
        same = prepared(other)
        look = json.loads(run("import", "charges", "-", "--json", given=exported.stdout, database_url=url).stdout)
        assert (look["rows"], look["refused"]) == (41, [])
        assert run("import", "charges", "-", "--apply", look["digest"], given=exported.stdout).exit_code == 0
        theirs = [row for row in summaries(store, tenant.tenant_id) if row[0] != "gone"]
        assert summaries(other, same.tenant_id) == theirs
        as_lines = run("export", "charges", "--format", "jsonl").stdout
        again = json.loads(run("import", "charges", "-", "--json", given=as_lines).stdout)
        assert (again["rows"], again["refused"], again["sums"]) == (41, [], look["sums"])


@pytest.fixture
def telco(store: SqlStore) -> TenantFact:
    """Books with all that there is: taxes, accounts, conversions, refunds, several currencies and decimals."""
    tenant = prepared(store, TELCO)
    ledger = Ledger(store, TestClock())
    tax = CreateTax(
        tenant_id=tenant.tenant_id,
        caller=ROOT,
        owner_number=None,
        name="VAT",
        description="",
        rate=Decimal(20),
        flat=Decimal("0.01"),
        currency=None,
        covers=frozenset({"charges"}),
        liable=2,
        shared=True,
    )
    ledger.execute(tax)
    for number in (11, 12, 13, 16):
        created = CreateCharge(
            tenant_id=tenant.tenant_id,
            caller=ROOT,
            customer_number=number,
            plan_number=0,
            name='Line "rent" \\ of\nMay',
            amount=Decimal("9.99"),
            period="",
        )
        charge_id = ledger.execute(created).result.charge_id
        ledger.execute(ChargeNow(tenant_id=tenant.tenant_id, caller=ROOT, charge_id=charge_id))
    for amount_minor, reference in ((1999, "=1+1"), (0, "free")):
        charge = ledger.execute(record(tenant, amount_minor, reference=reference)).result.first_transaction_id
    kept = ledger.execute(record(tenant, 1000, 500, reference="back")).result.first_transaction_id
    ledger.execute(
        RefundCharge(tenant_id=tenant.tenant_id, charge_transaction_id=kept, amount_minor=250, reason="late")
    )
    ledger.execute(VoidCharge(tenant_id=tenant.tenant_id, charge_transaction_id=charge, reason="twice"))
    return tenant


def checked(journal: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "books.beancount"
    file.write_text(journal, encoding="utf-8")
    return subprocess.run([BEAN_CHECK, file], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("what", ["transactions", "charges"])
@pytest.mark.parametrize("span", [(), ("--from", "2026-03-01", "--to", "2026-03-02")])
def test_bean_check_agrees_with_a_journal(
    run: Run, telco: TenantFact, database_url: str, tmp_path: Path, what: str, span: tuple[str, ...]
) -> None:
    exported = run("export", what, "--format", "beancount", *span, database_url=database_url)
    assert exported.exit_code == 0, exported.output
    found = checked(exported.stdout, tmp_path)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
    assert "balance Assets:OwedOnAccount" in exported.stdout
    assert "balance Income:Revenue" in exported.stdout
    # The check would find a balance that is off by the least there is.
    wrong = exported.stdout.replace("balance Income:Revenue  -", "balance Income:Revenue  -1")
    assert checked(wrong, tmp_path).returncode == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_transactions_tell_taxes_refunds_and_decimals_exactly(run: Run, telco: TenantFact, database_url: str) -> None:
    rows = rows_of(run("export", "transactions", database_url=database_url).stdout)
    assert tuple(rows[0]) == TRANSACTIONS
    assert all(int(row["net"]) + int(row["tax"]) == int(row["gross"]) for row in rows)
    assert {row["currency"]: row["gross_major"].partition(".")[2] for row in rows}["JPY"] == ""
    kinds = {(row["kind"], row["gross"], bool(row["corrects"])) for row in rows}
    assert {("refund", "-250", True), ("void", "0", True)} <= kinds
    by_json = [json.loads(line) for line in run("export", "transactions", "--format", "jsonl").stdout.splitlines()]
    assert [str(row["gross"]) for row in by_json] == [row["gross"] for row in rows]
    (refunded,) = [row for row in rows_of(run("export", "charges").stdout) if row["refunded"] != "0"]
    assert (refunded["user_id"], refunded["amount"], refunded["refunded"]) == ("back", "1000", "250")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_customers_come_with_their_summaries(run: Run, telco: TenantFact, database_url: str) -> None:
    rows = rows_of(run("export", "customers", database_url=database_url).stdout)
    assert tuple(rows[0]) == CUSTOMERS
    numbers = [int(row["customer"]) for row in rows]
    assert numbers == sorted(numbers)
    assert 1 not in numbers
    (back,) = [row for row in rows if row["user_id"] == "back"]
    assert (back["charges_count"], back["charges_sum"], back["charges_refunded"]) == ("2", "1500", "250")
    assert back["first_charged_at"] == back["last_charged_at"] == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_span_of_days_bounds_what_counts_in_it(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    for second in (1_767_225_599, 1_767_225_600, 1_767_311_999, 1_767_312_000):
        ledger.execute(record(tenant, (second, second)))
    days = ("--from", "2026-01-01", "--to", "2026-01-02")
    for what in ("charges", "transactions"):
        rows = rows_of(run("export", what, *days, database_url=database_url).stdout)
        assert [row["effective_at"] for row in rows] == ["2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z"]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_texts_are_no_formulas_for_spreadsheets(run: Run, telco: TenantFact, database_url: str) -> None:
    exact = rows_of(run("export", "charges", database_url=database_url).stdout)
    harmless = rows_of(run("export", "charges", "--for-spreadsheets").stdout)
    assert "=1+1" in {row["user_id"] for row in exact}
    assert "'=1+1" in {row["user_id"] for row in harmless}
    assert not any(cell.startswith("=") for row in harmless for cell in row.values())
    assert [row["amount"] for row in harmless] == [row["amount"] for row in exact]


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("customers", "--format", "beancount"),
            "Customers are no journal: export charges or transactions as beancount.",
        ),
        (("customers", "--from", "2026-01-01"), "--from and --to are for charges and transactions."),
        (("charges", "--to", "May"), "--to May: must be a day such as 2026-01-31."),
        (("charges", "--format", "jsonl", "--for-spreadsheets"), "--for-spreadsheets is for csv."),
        (("charges", "--output", "nowhere/file.csv"), "nowhere/file.csv cannot be written: No such file or directory."),
        (("charges", "--tenant", "none"), "There is no tenant none. There is: acme."),
    ],
)
def test_what_cannot_be_exported_is_a_sentence_and_2(
    run: Run, tenant: TenantFact, database_url: str, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = run("export", *arguments, database_url=database_url)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", f"tollhouse: {sentence}\n")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_is_written_whole_or_not_at_all(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.execute(record(tenant, 5))
    assert run("export", "charges", "--output", "out.csv", database_url=database_url).output == ""
    whole = (tmp_path / "out.csv").read_bytes()
    assert whole.decode() == run("export", "charges").stdout_bytes.decode()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_write", full)
    refused = run("export", "charges", "--output", "out.csv")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "tollhouse: out.csv cannot be written: No space left on device.\n",
    )
    assert (tmp_path / "out.csv").read_bytes() == whole
    assert sorted(file.name for file in tmp_path.iterdir() if "out" in file.name) == ["out.csv"]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_reader_who_goes_away_is_no_fault(ledger: Ledger, tenant: TenantFact, database_url: str) -> None:
    ledger.execute(record(tenant, *range(1000)))
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "tollhouse", "export", "charges"]
    with open(writing, "wb") as out:
        ended = subprocess.run(
            command, env=environment(database_url), stdout=out, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert (ended.returncode, ended.stderr) == (exporting.READER_GONE, b"")


def test_bean_check_is_here() -> None:
    assert shutil.which(BEAN_CHECK)


@pytest.mark.parametrize("columns", [CHARGES, CUSTOMERS, TRANSACTIONS])
def test_every_column_is_told(columns: tuple[str, ...]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "import-export.md").read_text(encoding="utf-8")
    assert ", ".join(f"`{name}`" for name in columns) in page
