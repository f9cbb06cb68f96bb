"""`tollhouse import charges`: shown first, then recorded once by the digest that was shown."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.harness import (
    ACME,
    BETA,
    TestClock,
    in_process,
    prepared,
    provision,
    provisioned_sqlite,
    record,
    sqlite_copy,
)
from tollhouse.app import imports
from tollhouse.cli.running import OPERATOR
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.ledger.commands import DeleteCustomer
from tollhouse.ledger.commands.imports import ImportCharges
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

HEADER = "user_id,email,amount,created_at\n"
MESSY = (
    HEADER
    + "u1,,500,1600000000\n"
    + "u1,,-5,1600000000\n"
    + "\n"
    + 'u2,b@example.com,"700",1500000000\n'
    + ",b@example.com,1,1500000001\n"
    + ",guest@example.com,2,\n"
    + "u3,guest@example.com,3,1500000002\n"
    + ",,9,1500000000\n"
    + "u4,,12.50,1500000000\n"
    + "u4,,12,99999999999\n"
    + "u4,,12\n"
    + HEADER
)
REFUSED = {
    3: "amount must not be negative",
    9: "user_id is required when there is no email",
    10: "amount must be an integer of the currency's smallest unit",
    11: "created_at must not be in the future",
    12: "has 3 cells where the header has 4",
    13: "is the header again",
}


class Books:
    """A store with the tenant acme, and what is in it."""

    def __init__(self, store: SqlStore, url: str) -> None:
        self.store = store
        self.url = url
        self.tenant = prepared(store)
        self.ledger = Ledger(store, SystemClock())

    def charged(self) -> list[tuple[str | None, str | None, int, int]]:
        """Reference, e-mail, amount and UNIX second of each transaction, in order."""
        with self.store.reading(self.tenant.tenant_id) as reader:
            owners = {c.number: c for c in reader.find(CustomerFact)}
            rows = reader.find(TransactionFact, order=("transaction_id",))
        told = []
        for t in rows:
            owner = owners[t.customer_number]
            told.append((owner.reference, owner.email, t.gross_minor, t.effective_at // 1_000_000))
        return told

    def count(self, kind: type[Any]) -> int:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.count(kind)


@pytest.fixture
def books(store: SqlStore, database_url: str) -> Books:
    return Books(store, database_url)


@pytest.fixture
def shown(run: Run, books: Books) -> Any:
    """Look at a file and give what --json says of it."""

    def look(file: str, *options: str) -> dict[str, Any]:
        told = run("import", "charges", file, "--json", *options, database_url=books.url)
        assert (told.exit_code, told.stderr) == (0, "")
        found: dict[str, Any] = json.loads(told.stdout)
        return found

    return look


def test_a_file_is_shown_then_recorded_once(run: Run, books: Books, shown: Any, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(MESSY)
    look = shown("history.csv")
    assert list(look) == ["rows", "refused", "sums", "customers", "digest"]
    assert {row["line"]: row["reason"] for row in look["refused"]} == REFUSED
    assert (look["rows"], look["sums"], look["customers"]) == (5, {"USD": 1206}, 3)
    assert shown("history.csv") == look
    assert books.charged() == []
    assert books.count(CustomerFact) == 2

    applied = run("import", "charges", "history.csv", "--apply", look["digest"], "--json")
    assert applied.exit_code == 0, applied.output
    assert json.loads(applied.stdout) == {**look, "already": False}
    now = books.charged()[3][3]
    assert books.charged() == [
        ("u1", None, 500, 1_600_000_000),
        ("u2", "b@example.com", 700, 1_500_000_000),
        ("u2", "b@example.com", 1, 1_500_000_001),
        ("u3", "guest@example.com", 2, now),
        ("u3", "guest@example.com", 3, 1_500_000_002),
    ]
    assert now > 1_700_000_000
    assert verify(books.store).differences == []
    with books.store.reading(books.tenant.tenant_id) as reader:
        rows = reader.find(TransactionFact)
        assert {(t.kind, t.settlement, t.origin) for t in rows} == {("charge", "recorded", "beacon")}
        assert min(t.recorded_at for t in rows) > 1_700_000_000_000_000
        assert {c.sessions for c in reader.find(CustomerFact)} == {0}
        assert {c.last_seen_at for c in reader.find(CustomerFact)} == {None}

    again = run("import", "charges", "history.csv", "--apply", look["digest"], "--json")
    assert (again.exit_code, json.loads(again.stdout)) == (0, {**look, "already": True})
    assert len(books.charged()) == 5
    told = run("import", "charges", "history.csv", "--apply", look["digest"])
    assert told.exit_code == 0
    assert told.stdout.startswith("All of this was recorded before, on 20")
    assert "with --apply nothing would be done" in run("import", "charges", "history.csv").stdout


def test_what_is_told_without_json(run: Run, books: Books, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(HEADER + "u1,,123456,1\n" + "u1,,x,1\n" * 25)
    looked = run("import", "charges", "history.csv", database_url=books.url)
    assert looked.exit_code == 0
    lines = looked.stdout.splitlines()
    assert lines[:4] == [
        "           1  rows to be recorded",
        "           1  customers to be created",
        "          25  rows refused",
        "     123,456  minor units: 1234.56 USD",
    ]
    assert [line.split(":")[0] for line in lines[4:24]] == [f"line {number}" for number in range(3, 23)]
    assert lines[24] == "… and 5 more rows refused; --json lists all."
    assert lines[25].startswith("digest ")
    assert lines[26] == f"Nothing is recorded yet. To record it: the same command with --apply {lines[25][7:]}"
    recorded = run("import", "charges", "history.csv", "--apply", lines[25][7:])
    assert recorded.stdout.startswith("           1  rows recorded\n           1  customers created\n")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_digest_covers_bytes_options_and_tenant(run: Run, books: Books, shown: Any, tmp_path: Path) -> None:
    provision(books.store, BETA)
    (tmp_path / "one.csv").write_text(HEADER + "u1,,1,1\n")
    (tmp_path / "same.txt").write_text(HEADER + "u1,,1,1\n")
    (tmp_path / "other.csv").write_text(HEADER + "u1,,2,1\n")
    acme = ("--tenant", "acme")
    digest = shown("one.csv", *acme)["digest"]
    assert shown("same.txt", *acme)["digest"] == digest
    others = {
        shown("other.csv", *acme)["digest"],
        shown("one.csv", "--update-session", *acme)["digest"],
        shown("one.csv", "--tenant", "beta")["digest"],
    }
    assert len(others | {digest}) == 4
    for file, *options in (
        ["other.csv", *acme],
        ["one.csv", "--update-session", *acme],
        ["one.csv", "--tenant", "beta"],
    ):
        refused = run("import", "charges", file, *options, "--apply", digest)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("tollhouse: This is not what the digest stands for")
    assert books.charged() == []
    unnamed = run("import", "charges", "one.csv")
    assert (unnamed.exit_code, unnamed.stderr) == (
        2,
        "tollhouse: There are several tenants: say which with --tenant: acme, beta.\n",
    )


@pytest.mark.parametrize("engine", ["sqlite"])
def test_standard_input_and_json_lines(run: Run, books: Books) -> None:
    lines = (
        '{"user_id": 7, "amount": 5, "created_at": 1600000000, "currency": "usd"}\n\n{"email": "a@b", "amount": "6"}\n'
    )
    look = json.loads(run("import", "charges", "-", "--json", given=lines, database_url=books.url).stdout)
    assert (look["rows"], look["refused"], look["sums"]) == (2, [], {"USD": 11})
    refused = run("import", "charges", "-", "--apply", look["digest"], given=lines + "\n")
    assert refused.exit_code == 1
    applied = run("import", "charges", "-", "--apply", look["digest"], given=lines)
    assert applied.exit_code == 0, applied.output
    assert [row[:3] for row in books.charged()] == [("7", None, 5), (None, "a@b", 6)]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_update_session_touches_each_customer_by_the_clock(run: Run, books: Books, shown: Any, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(HEADER + "u1,,1,1500000000\nu1,,1,1600000000\nu2,,1,5\n")
    look = shown("history.csv", "--update-session")
    run("import", "charges", "history.csv", "--update-session", "--apply", look["digest"])
    with books.store.reading(books.tenant.tenant_id) as reader:
        rows = reader.find(CustomerFact, reference=["u1", "u2"])
    assert [row.sessions for row in rows] == [1, 1]
    assert all((row.last_seen_at or 0) > 1_700_000_000_000_000 for row in rows)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty: its first line names the columns."),
        ("user_id,amount\nu1,5\n", "The header does not name the column created_at; its cells may be empty."),
        ("user,amount,created_at\n", "The header names the column 'user', which is none of user_id, email, amount,"),
        ("user_id,amount,amount,created_at\n", "The header names the column amount twice."),
        ("user_id;amount;created_at\nu1;5;1\n", "The columns must be separated by commas."),
        ("amount,created_at\n5,1\n", "The header names neither user_id nor email."),
        ("user_id,amount,created_at\ru1,5,1\r", "The header ends with a carriage return alone"),
        (HEADER.encode("utf-16"), "The file is UTF-16: save it as UTF-8."),
        (b"\x1f\x8b\x08\x00", "The file is compressed: "),
        (b"PK\x03\x04", "The file is a spreadsheet or an archive: export it as CSV."),
        ("u\u00e4,amount,created_at\n".encode("latin-1"), "The header is not UTF-8."),
        (b"x" * 70_000, "The header is longer than 65536 bytes."),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence_and_2(
    run: Run, books: Books, tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    (tmp_path / "bad.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    refused = run("import", "charges", "bad.csv", database_url=books.url)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"tollhouse: {sentence}")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_file_and_a_folder_are_sentences(run: Run, books: Books, tmp_path: Path) -> None:
    assert (
        run("import", "charges", "none.csv", database_url=books.url).stderr == "tollhouse: There is no file none.csv.\n"
    )
    assert run("import", "charges", str(tmp_path)).stderr == f"tollhouse: {tmp_path} is a folder.\n"
    assert run("import", "customers", "none.csv").exit_code == 2


def test_the_rehearsal_tells_what_applying_does_whoever_is_known(
    run: Run, books: Books, shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Customers of every kind are there already; the file names them, and new ones, in every way."""
    for reference, email in (
        (None, "e1@x"),
        ("r1", None),
        ("r2", "e2@x"),
        ("r3", "e1@x"),
        ("gone", "e4@x"),
        (None, "e5@x"),
    ):
        books.ledger.execute(record(books.tenant, 1, reference=reference, email=email))
    with books.store.reading(books.tenant.tenant_id) as reader:
        (gone,) = reader.find(CustomerFact, reference="gone")
    _delete(books, gone.number)
    monkeypatch.setattr(imports, "ROWS_MAX", 7)
    monkeypatch.setattr(imports, "ROWS_FIRST", 3)
    chance = random.Random(5)
    for number in range(3):
        rows = []
        for second in range(60):
            reference = chance.choice(["", "", "gone", *(f"r{n}" for n in range(4 + 3 * number))])
            email = chance.choice(["", *(f"E{n}@x" for n in range(4 + 3 * number))])
            rows.append(f"{reference},{email},{chance.choice(['5', '7', 'x'])},{1 + second}\n")
        (tmp_path / "mixed.csv").write_text(HEADER + "".join(rows))
        before, customers = len(books.charged()), books.count(CustomerFact)
        look = shown("mixed.csv")
        assert books.count(CustomerFact) == customers
        told = json.loads(run("import", "charges", "mixed.csv", "--apply", look["digest"], "--json").stdout)
        assert told == {**look, "already": False}
        assert len(books.charged()) - before == look["rows"]
        assert books.count(CustomerFact) - customers == look["customers"]
    assert verify(books.store).differences == []


def _delete(books: Books, number: int) -> None:
    books.ledger.execute(DeleteCustomer(tenant_id=books.tenant.tenant_id, caller=OPERATOR, customer_number=number))


def test_a_sum_that_cannot_be_kept_refuses_its_row_alone(run: Run, books: Books, shown: Any, tmp_path: Path) -> None:
    with books.store.unit_of_work(books.tenant.tenant_id) as unit:
        unit.upsert([SummaryFact(books.tenant.tenant_id, 123, "USD", 1, 2**63 - 10, 0, 1, 1, 1)])
    (tmp_path / "large.csv").write_text(HEADER + "cust_789,,9,1\ncust_789,,1,2\nother,,5,3\ncust_789,,0,4\n")
    look = shown("large.csv")
    reason = "The customer's total would become too large to be kept exactly."
    assert look["refused"] == [{"line": 3, "reason": reason}]
    assert (look["rows"], look["sums"]) == (3, {"USD": 14})
    told = json.loads(run("import", "charges", "large.csv", "--apply", look["digest"], "--json").stdout)
    assert told == {**look, "already": False}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_negative_amounts_are_refunds_where_the_tenant_has_it_so(
    run: Run, store: SqlStore, database_url: str, tmp_path: Path
) -> None:
    tenant = provision(store, ACME.replace("[tenant]", "[tenant]\nnegative_amounts_refund = true"), TestClock()).tenant
    (tmp_path / "refunds.csv").write_text(HEADER + "u1,,500,1\nu1,,-200,2\nu1,,-301,3\nu1,,-300,4\n")
    looked = run("import", "charges", "refunds.csv", "--json", database_url=database_url)
    look = json.loads(looked.stdout)
    assert (look["rows"], look["sums"], [row["line"] for row in look["refused"]]) == (3, {"USD": 0}, [4])
    assert run("import", "charges", "refunds.csv", "--apply", look["digest"]).exit_code == 0
    with store.reading(tenant.tenant_id) as reader:
        (summary,) = reader.find(SummaryFact)
    assert (summary.charge_count, summary.sum_minor, summary.refunded_minor) == (1, 500, 500)
    assert verify(store).differences == []


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    run: Run, books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "growing.csv"
    file.write_text(HEADER + "u1,,1,1\n")
    real = imports.charges_from_file

    def growing(*given: Any) -> Any:
        file.write_text(HEADER + "u1,,1,1\nu1,,2,2\n")
        return real(*given)

    monkeypatch.setattr(imports, "charges_from_file", growing)
    refused = run("import", "charges", "growing.csv", database_url=books.url)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("tollhouse: The file changed while it was read")


def test_each_part_is_recorded_once_though_another_applies_the_file_too(
    run: Run, books: Books, shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "both.csv").write_text(HEADER + "".join(f"u{n % 7},,{n},{n}\n" for n in range(1, 101)))
    digest = shown("both.csv")["digest"]
    monkeypatch.setattr(imports, "ROWS_FIRST", 10)
    monkeypatch.setattr(imports, "ROWS_MAX", 10)
    real = Ledger.execute
    other = Ledger(books.store, SystemClock())
    seen = 0

    def execute(ledger: Ledger, command: Any) -> Any:
        nonlocal seen
        seen += isinstance(command, ImportCharges)
        if seen in (1, 4, 5):
            # The other comes first with this very part, or with half of it.
            part = command if seen != 4 else _half(command)
            assert real(other, part).result.is_ours
        return real(ledger, command)

    monkeypatch.setattr(Ledger, "execute", execute)
    told = json.loads(run("import", "charges", "both.csv", "--apply", digest, "--json").stdout)
    assert (told["rows"], told["already"]) == (100, False)
    assert sorted(row[2] for row in books.charged()) == list(range(1, 101))
    assert verify(books.store).differences == []


def _half(command: ImportCharges) -> ImportCharges:
    return ImportCharges(
        tenant_id=command.tenant_id,
        digest=command.digest,
        started_at=command.started_at,
        rows_read=command.rows_read,
        charges=command.charges[:5],
        refused=(),
        touch_session=False,
        is_last=False,
    )


def test_a_test_tenant_lives_by_its_own_clock(run: Run, store: SqlStore, database_url: str, tmp_path: Path) -> None:
    text = ACME.replace("[tenant]", '[tenant]\nclock = "2020-01-01T00:00:00Z"')
    tenant: TenantFact = provision(store, text).tenant
    (tmp_path / "clocked.csv").write_text(HEADER + "u1,,1,1577836800\nu1,,2,1577837101\nu1,,3,\n")
    look = json.loads(run("import", "charges", "clocked.csv", "--json", database_url=database_url).stdout)
    assert look["refused"] == [{"line": 3, "reason": "created_at must not be in the future"}]
    assert run("import", "charges", "clocked.csv", "--apply", look["digest"]).exit_code == 0
    with store.reading(tenant.tenant_id) as reader:
        assert {t.effective_at for t in reader.find(TransactionFact)} == {1_577_836_800_000_000}


def test_history_comes_in_beside_a_server(run: Run, tmp_path: Path) -> None:
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    (tmp_path / "history.csv").write_text(HEADER + "u1,,1,1500000000\nu2,,2,1500000000\n")
    options = ("history.csv", "--tenant", "acme", "--json")
    with in_process(Settings(database_url=url)) as server, closing(SqlStore(store_url(url))) as store:
        assert store.is_served()
        assert server.request("POST", "/charges", {"user_id": "u1", "amount": 10}).status == 200
        look = json.loads(run("import", "charges", *options, database_url=url).stdout)
        assert (look["rows"], look["customers"]) == (2, 1)
        assert run("import", "charges", *options, "--apply", look["digest"]).exit_code == 0
        for reference in ("u1", "u2"):
            assert server.request("POST", "/charges", {"user_id": reference, "amount": 100}).status == 200
        listed = server.request("GET", "/v1/projects/acme/customers?q=u").json()["data"]
        assert {c["user_id"]: c["charge_summary"]["sum"] for c in listed} == {"u1": 111, "u2": 102}
        project = server.request("GET", "/v1/projects/acme").json()["data"]
        assert (project["charges_count"], project["charges_sum"]) == (5, 213)
        assert verify(store).differences == []
    with closing(SqlStore(store_url(url))) as store:
        assert not store.is_served()


def test_two_processes_share_the_work(
    books: Books, shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that begin at once, each by its own moment; the second has to go by the first one's."""
    file = tmp_path / "both.csv"
    file.write_text(HEADER + "".join(f"u{n % 7},,{n},{n}\n" for n in range(1, 81)))
    digest = shown("both.csv")["digest"]
    monkeypatch.setattr(imports, "ROWS_FIRST", 10)
    monkeypatch.setattr(imports, "ROWS_MAX", 10)
    both_ready = threading.Barrier(2)

    def apply(number: int) -> int:
        clock = TestClock(1_772_366_400 + number)
        with closing(SqlStore(store_url(books.url))) as store, imports.opened_source(str(file)) as source:
            importing = imports.Import(store, clock, books.tenant, source)
            assert importing.set_up("", touch_session=False) == digest
            both_ready.wait(timeout=30)
            with importing.applied(digest, Ledger(store, clock).execute, lambda *_: None) as report:
                return report.done.charged

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(apply, range(2))) == [80, 80]
    assert sorted(row[2] for row in books.charged()) == list(range(1, 81))
    assert verify(books.store).differences == []


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_store_that_is_busy_for_a_while_is_tried_again(
    run: Run, books: Books, shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "history.csv").write_text(HEADER + "u1,,1,1\n")
    digest = shown("history.csv")["digest"]
    monkeypatch.setattr(imports.time, "sleep", lambda _seconds: None)
    real, tried = Ledger.execute, []

    def execute(ledger: Ledger, command: Any) -> Any:
        tried.append(command)
        if len(tried) < 4:
            # What an unavailable store did with the second one cannot be known: it was committed.
            if len(tried) == 2:
                real(ledger, command)
            raise StoreUnavailable("The store stayed busy.")
        return real(ledger, command)

    monkeypatch.setattr(Ledger, "execute", execute)
    told = run("import", "charges", "history.csv", "--apply", digest, "--json")
    assert (told.exit_code, json.loads(told.stdout)["rows"], len(tried)) == (0, 1, 4)
    assert [row[2] for row in books.charged()] == [1]
