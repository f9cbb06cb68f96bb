"""`tollhouse customers`: lists by number and by search, and one customer with all that belongs to it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run, cannot, lines, refused, told
from tests.harness import BETA, TELCO, TestClock, prepared, provision, record
from tollhouse.ledger.facts import CustomerFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.store import SqlStore


def test_a_list_goes_on_where_the_page_before_ended(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    for number in range(7):
        ledger.execute(record(tenant, 100 + number, reference=f"u{number}"))
    pages = []
    after = 0
    while True:
        page = told(
            run("customers", "list", "--limit", "3", "--after", str(after), "--json", database_url=database_url)
        )
        pages.append([customer["reference"] for customer in page["customers"]])
        if page["next"] is None:
            break
        after = page["next"]
    assert sorted(reference for page in pages for reference in page) == ["cust_789", *(f"u{n}" for n in range(7))]
    assert [len(page) for page in pages] == [3, 3, 2]


def test_lines_of_a_pipe_have_a_header_and_the_rest_is_told_beside(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    ledger.execute(record(tenant, 1250, reference="u1", email="U1@Example.com"))
    shown = run("customers", "list", "--limit", "1", database_url=database_url)
    header, row = lines(shown)
    assert header == ["number", "reference", "email", "name", "parent", "plan", "balance", "charged", "last_seen_at"]
    assert shown.stderr == f"There is more: --after {row[0]}\n"
    rows = lines(run("customers", "list", "--search", "u1"))[1:]
    assert [(row[1], row[2], row[7]) for row in rows] == [("u1", "U1@Example.com", "12.50 USD")]


def test_a_search_and_a_place_to_go_on_do_not_go_together(run: Run, tenant: TenantFact, database_url: str) -> None:
    sentence = cannot(run("customers", "list", "--search", "a", "--after", "5", database_url=database_url))
    assert sentence.startswith("--after goes on in the list of all")


def test_one_customer_is_named_by_number_reference_uid_or_e_mail(
    run: Run, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    with store.reading(tenant.tenant_id) as reader:
        (ada,) = reader.find(CustomerFact, reference="cust_789")
    for name in ("123", "cust_789", "ADA@example.com ", ada.uid):
        shown = told(run("customers", "show", name, "--json", database_url=database_url))
        assert (shown["number"], shown["reference"], shown["plan"]) == (123, "cust_789", "gold")
        assert [above["number"] for above in shown["above"]] == [1]


def test_a_customer_is_shown_with_what_it_was_charged_by_currency(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    for amount_minor in (100, 250):
        ledger.execute(record(tenant, amount_minor, reference="cust_789"))
    shown = told(run("customers", "show", "cust_789", "--json", database_url=database_url))
    (summary,) = shown["summaries"]
    assert summary["charges"] == 2
    assert summary["sum"] == {"amount": "3.50", "minor": 350, "currency": "USD"}
    assert [row["gross"]["minor"] for row in shown["transactions"]] == [250, 100]
    assert shown["last_seen_at"].endswith("Z")


def test_currencies_have_their_own_decimals_and_times_the_tenants_zone(
    run: Run, store: SqlStore, database_url: str
) -> None:
    prepared(store, TELCO, TestClock())
    fields = {
        row[0]: row[1] for row in lines(run("customers", "show", "12", database_url=database_url)) if len(row) == 2
    }
    assert fields["balance"] == "0 JPY"
    assert fields["created_at"] == "2026-03-01T13:00:00+01:00"
    above = told(run("customers", "show", "12", "--json"))["above"]
    assert [customer["number"] for customer in above] == [1, 10]


def test_a_terminal_has_a_table_with_the_zones_name(
    run: Run, store: SqlStore, database_url: str, terminal: None
) -> None:
    prepared(store, TELCO, TestClock())
    shown = run("customers", "show", "12", database_url=database_url)
    assert "2026-03-01 13:00:00 CET" in shown.stdout
    assert "\t" not in shown.stdout
    listed = run("customers", "list")
    assert "reference" in listed.stdout
    assert "North" in listed.stdout


def test_what_others_wrote_is_text_and_nothing_else(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    ledger.execute(record(tenant, 1, reference="a\tb\nc\x1b[31m[bold]d\u202e"))
    found = run("customers", "list", "--search", "a\tb", database_url=database_url)
    rows = lines(found)
    assert len(rows) == 2
    assert rows[1][1] == "a b c [31m[bold]d "


def test_markup_of_others_is_shown_as_it_is_on_a_terminal(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str, terminal: None
) -> None:
    ledger.execute(record(tenant, 1, reference="[red]x[/red]\x1b]0;title\x07"))
    shown = run("customers", "list", database_url=database_url).stdout
    assert "[red]x[/red]" in shown
    assert "\x07" not in shown
    assert "\x1b]" not in shown


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", ["nobody", "999999", "9" * 30, "١٢٣", "a\0b", "\ud800", "' OR 1=1 --", "-1"])
def test_an_unknown_customer_says_how_to_search(run: Run, tenant: TenantFact, database_url: str, name: str) -> None:
    sentence = refused(run("customers", "show", "--", name, database_url=database_url))
    assert sentence == (
        "Customer does not exist. `tollhouse customers list --search TEXT` finds customers by name, e-mail or"
        " reference."
    )


def test_an_e_mail_of_several_is_told_with_their_numbers(
    run: Run, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    for reference in ("one", "two"):
        ledger.execute(record(tenant, 1, reference=reference, email="same@example.com"))
    sentence = cannot(run("customers", "show", "same@example.com", database_url=database_url))
    assert sentence.startswith("Several customers have this e-mail: give a number. ")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("arguments", [("--limit", "0"), ("--limit", "1001"), ("--after", "-1"), ("--after", "x")])
def test_a_page_out_of_bounds_is_a_usage_error(
    run: Run, tenant: TenantFact, database_url: str, arguments: tuple[str, str]
) -> None:
    assert run("customers", "list", *arguments, database_url=database_url).exit_code == 2


def test_of_several_tenants_each_sees_its_own(
    run: Run, store: SqlStore, ledger: Ledger, tenant: TenantFact, database_url: str
) -> None:
    provision(store, BETA)
    sentence = cannot(run("customers", "list", database_url=database_url))
    assert sentence == "There are several tenants: say which with --tenant: acme, beta."
    for slug, name in (("acme", "Ada Lovelace"), ("beta", "Another Ada")):
        listed = told(run("customers", "list", "--tenant", slug, "--json"))
        assert [customer["name"] for customer in listed["customers"]] == [name]
    assert cannot(run("customers", "list", "--tenant", "nobody")) == (
        "There is no tenant nobody. There is: acme, beta."
    )


def test_without_a_store_none_is_made(run: Run) -> None:
    sentence = cannot(run("customers", "list", database_url="sqlite:///nothing.db"))
    assert sentence.startswith("There is no store at nothing.db: ")
    assert cannot(run("customers", "list")) == sentence
