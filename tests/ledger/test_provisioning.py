"""Provisioning from a file: applied again it changes nothing, and what it does not understand it refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.harness import ACME, TestClock, hash_once, provision, record
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.facts import (
    AuditFact,
    CustomerFact,
    ExchangeRateFact,
    Fact,
    FeatureFact,
    KeyFact,
    LoginNameFact,
    PaymentMethodFact,
    PersonFact,
    PlanFact,
    PlanPriceFact,
    PriceFeatureFact,
    ProductFact,
    RoleFact,
    TaxFact,
    TenantFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.provisioning.apply import apply
from tollhouse.ledger.provisioning.document import ProvisioningRefused, document_from_tables, document_from_toml
from tollhouse.passwords import password_matches
from tollhouse.store import schema
from tollhouse.store.rows import TABLES
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit


def everything(store: SqlStore, tenant_id: int = 1) -> dict[type[Fact], list[Fact]]:
    with store.reading(tenant_id) as reader:
        return {kind: sorted(reader.find(kind), key=repr) for kind in TABLES}


def only(store: SqlStore, kind: type[Any], **equals: Any) -> Any:
    with store.reading(1) as reader:
        (found,) = reader.find(kind, **equals)
    return found


def test_a_file_becomes_what_it_says(store: SqlStore, tenant: TenantFact) -> None:
    assert (tenant.slug, tenant.name, tenant.currency, tenant.timezone) == ("acme", "Acme", "USD", "UTC")
    assert (tenant.session_window_minutes, tenant.blocked, tenant.public_keys_may_charge) == (30, 0, 1)
    ada = only(store, CustomerFact, number=123)
    assert (ada.reference, ada.email, ada.name, ada.currency) == ("cust_789", "ada@example.com", "Ada Lovelace", "USD")
    assert (ada.plan_number, ada.parent_number, ada.path, ada.is_guest, ada.origin) == (
        7,
        1,
        "1.123.",
        0,
        "provisioning",
    )
    root = only(store, CustomerFact, number=1)
    assert (root.name, root.path, root.reference) == ("Acme", "1.", None)
    price = only(store, PlanPriceFact)
    assert (price.currency, price.tax_behavior, price.countries) == ("USD", "EXCLUSIVE", "[]")
    assert Decimal(price.amount) == 49
    assert Decimal(only(store, PriceFeatureFact).amount) == 0
    plan = only(store, PlanFact, identifier="lifetime-access")
    assert plan.product_id == only(store, ProductFact).product_id
    assert only(store, FeatureFact).feature_type == "METER"
    tax = only(store, TaxFact)
    assert (Decimal(tax.rate), Decimal(tax.flat), tax.owner_number) == (20, 0, 1)
    assert Decimal(only(store, ExchangeRateFact).rate) == Decimal("1.1")
    method = only(store, PaymentMethodFact)
    assert (method.customer_number, method.gateway, method.token, method.is_default) == (
        123,
        "sandbox",
        "pm_card_visa",
        1,
    )
    person = only(store, PersonFact)
    assert password_matches(person.password_hash, "password")
    assert person.role_id == only(store, RoleFact).role_id
    assert only(store, LoginNameFact).person_id == person.person_id
    with store.reading(1) as reader:
        kinds = {key.name: key.kind for key in reader.find(KeyFact)}
    assert kinds == {"server": "secret", "browser": "public", "integration": "application", "storefront": "client"}


def test_applied_again_it_changes_nothing(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    before = everything(store)
    clock.advance(3600)
    applied = provision(store, clock=clock)
    assert (applied.made, applied.secrets) == ({}, [])
    after = everything(store)
    for rows in (*before[CustomerFact], *after[CustomerFact]):
        rows.updated_at = 0  # type: ignore[attr-defined]
    assert after == before


def test_a_change_in_the_file_is_applied(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    changed = ACME.replace('name = "Ada Lovelace"', 'name = "Ada King"').replace('"49.00"', '"59.00"')
    changed = changed.replace("session_window_minutes = 30", "session_window_minutes = 5")
    applied = provision(store, changed, clock)
    assert applied.made == {}
    assert applied.tenant.session_window_minutes == 5
    assert only(store, CustomerFact, number=123).name == "Ada King"
    assert Decimal(only(store, PlanPriceFact).amount) == 59


def test_what_the_file_leaves_out_keeps_its_value(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    provision(store, '[tenant]\nslug = "acme"\n[[customers]]\nnumber = 123\ncountry = "de"\n', clock)
    ada = only(store, CustomerFact, number=123)
    assert (ada.name, ada.reference, ada.plan_number, ada.country) == ("Ada Lovelace", "cust_789", 7, "DE")


def test_balances_secrets_and_passwords_are_never_reset(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    with store.unit_of_work(1) as unit:
        unit.add_to_balances([(123, -500)])
    keys = everything(store)[KeyFact]
    hashes = only(store, PersonFact).password_hash
    changed = ACME.replace('secret = "sk_test_acme"', 'secret = "sk_test_other"').replace(
        'password = "password"', 'password = "other"'
    )
    changed = changed.replace('reference = "cust_789"', 'reference = "cust_789"\nbalance = "10.00"')
    provision(store, changed, clock)
    assert only(store, CustomerFact, number=123).balance_minor == -500
    assert everything(store)[KeyFact] == keys
    assert only(store, PersonFact).password_hash == hashes


PERSON = '[[people]]\nusername = "user"\nrole = "Owner"\npassword = "password"\n'
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_a_person_may_have_an_address_allowed_sources_and_codes(store: SqlStore, clock: TestClock) -> None:
    roles = '[[roles]]\nname = "Owner"\nprivileges = { user = 1 }\n[[roles]]\nname = "Other"\n'
    more = f'email = " Ada@example.com"\nsource = "10.0.0.0/8, ::1"\ntotp_secret = "{SECRET}"\n'
    provision(store, MINIMAL + roles + PERSON + more, clock)
    person = only(store, PersonFact)
    assert (person.email, person.email_folded) == ("Ada@example.com", "ada@example.com")
    assert (person.source, person.totp_secret, person.token_epoch) == ("10.0.0.0/8, ::1", SECRET, 0)
    provision(store, MINIMAL + PERSON, clock)
    assert only(store, PersonFact) == person
    changed = more.replace("10.0.0.0/8, ::1", "").replace("JBSW", "ABCD")
    provision(store, MINIMAL + PERSON + changed, clock)
    assert (only(store, PersonFact).source, only(store, PersonFact).totp_secret) == ("", SECRET)
    provision(store, MINIMAL + PERSON.replace("Owner", "Other"), clock)
    assert only(store, PersonFact).token_epoch == 1


def test_a_role_keeps_its_description(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    with store.unit_of_work(1) as unit:
        unit.change(RoleFact, {}, description="All of it")
    provision(store, clock=clock)
    assert only(store, RoleFact).description == "All of it"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('email = "x"', "people.user.email: must be an e-mail address"),
        ('source = "everywhere"', "people.user.source: must be IP addresses or CIDR ranges"),
        ('totp_secret = "x"', "people.user.totp_secret: must be base 32 of at least 112 bits"),
        ('totp_secret = "JBSWY3DPEHPK3PXP"', "people.user.totp_secret: must be base 32"),
        ('totp_secret = "ÄÄSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"', "people.user.totp_secret: must be base 32"),
    ],
)
def test_a_person_that_cannot_be_is_refused(store: SqlStore, clock: TestClock, line: str, sentence: str) -> None:
    with pytest.raises(ProvisioningRefused, match=sentence):
        provision(store, MINIMAL + '[[roles]]\nname = "Owner"\n' + PERSON + line + "\n", clock)
    assert store.tenants() == []


def test_an_opening_balance_counts_for_a_new_customer(store: SqlStore, clock: TestClock) -> None:
    provision(store, MINIMAL + '[[customers]]\nreference = "r"\nbalance = "12.34"\n', clock)
    made = only(store, CustomerFact, reference="r")
    assert (made.balance_minor, made.opening_balance_minor) == (1234, 1234)


def test_generated_secrets_are_told_once_and_kept_as_hashes(store: SqlStore, clock: TestClock) -> None:
    text = MINIMAL + "".join(f'[[keys]]\nkind = "{kind}"\n' for kind in ("secret", "public", "application", "client"))
    secrets = dict(provision(store, text, clock).secrets)
    assert {what: secret[:3] for what, secret in secrets.items()} == {
        "secret key secret": "sk_",
        "public key public": "pk_",
        "application key application": "ak_",
        "client key client": "ck_",
    }
    assert len(set(secrets.values())) == 4
    assert all(len(secret) == 67 for secret in secrets.values())
    stored = repr(everything(store))
    assert not any(secret in stored for secret in secrets.values())
    assert provision(store, text, clock).secrets == []


def test_numbers_given_by_hand_are_kept_and_not_handed_out(
    store: SqlStore, tenant: TenantFact, ledger: Ledger, clock: TestClock
) -> None:
    ledger.execute(record(tenant, 1, reference="new"))
    assert only(store, CustomerFact, reference="new").number > 123
    provision(store, ACME + '[[customers]]\nreference = "r"\n[[plans]]\nidentifier = "next"\n', clock)
    assert only(store, CustomerFact, reference="r").number > 123
    assert only(store, PlanFact, identifier="next").number > 7


def test_a_customer_that_a_charge_made_is_found_by_its_names(
    store: SqlStore, tenant: TenantFact, ledger: Ledger, clock: TestClock
) -> None:
    ledger.execute(record(tenant, 1, reference="new"))
    ledger.execute(record(tenant, 2, reference=None, email="Guest@example.com"))
    text = '[tenant]\nslug = "acme"\n[[customers]]\nreference = "new"\nname = "New"\n'
    applied = provision(store, text + '[[customers]]\nemail = "guest@EXAMPLE.com"\nname = "Guest"\n', clock)
    assert applied.made == {}
    assert only(store, CustomerFact, name="New").reference == "new"
    guest = only(store, CustomerFact, name="Guest")
    with store.reading(1) as reader:
        assert [t.gross_minor for t in reader.find(TransactionFact, customer_number=guest.number)] == [2]


def test_customers_form_a_tree(store: SqlStore, clock: TestClock) -> None:
    text = MINIMAL + "[[customers]]\nnumber = 5\n[[customers]]\nnumber = 9\nparent = 5\n"
    provision(store, text, clock)
    assert only(store, CustomerFact, number=9).path == "1.5.9."


def test_one_default_payment_method(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    more = '[[payment_methods]]\ncustomer = "cust_789"\ngateway = "sandbox"\ntoken = "pm_card_two"\ndefault = true\n'
    provision(store, ACME + more, clock)
    with store.reading(1) as reader:
        methods = {m.token: m.is_default for m in reader.find(PaymentMethodFact)}
    assert methods == {"pm_card_visa": 0, "pm_card_two": 1}


def test_two_tenants_do_not_share_names(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    other = provision(store, ACME.replace("acme", "other").replace('username = "user"', 'username = "other"'), clock)
    assert other.tenant.tenant_id != tenant.tenant_id
    assert only(store, CustomerFact, reference="cust_789").tenant_id == tenant.tenant_id


MINIMAL = '[tenant]\nslug = "acme"\n'
METHOD = '[[payment_methods]]\ncustomer = "cust_789"\ngateway = "sandbox"\ntoken = "pm_card_visa"\n'
RATE = '[[exchange_rates]]\nfrom = "EUR"\nto = "USD"\nrate = "1.1"\n'
FEATURE_PRICE = """
[[plans]]
identifier = "p"
  [[plans.prices]]
  currency = "USD"
    [[plans.prices.features]]
    identifier = "seats"
    amount = "1"
"""
MOST = 2**31 - 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "tenant"),
        ("tenant = 5", "tenant"),
        ("[tenant", "The file is not TOML"),
        ('[tenant]\nname = "x"', "slug"),
        ('[tenant]\nslug = "acme"\nplanet = "earth"', "planet"),
        ("tennant = 1\n" + MINIMAL, "tennant"),
        (MINIMAL + "[[customers]]\nnumber = 5\nbalanse = 5", "balanse"),
        (MINIMAL + '[[webhook_endpoints]]\nurl = "https://e.org"\nsecret = "short"', r"webhook_endpoints\[0\].secret"),
        (MINIMAL + "[[customers]]\nnumber = 5\nbalance = 1.5", "balance"),
        (MINIMAL + '[[taxes]]\nname = "VAT"\nrate = 0.2', "rate"),
        (MINIMAL + '[[exchange_rates]]\nfrom = "EUR"\nto = "USD"\nrate = 1.1', "rate"),
        (MINIMAL + '[[plans]]\nidentifier = "p"\n[[plans.prices]]\ncurrency = "USD"\namount = 49.0', "amount"),
        (MINIMAL + "[[customers]]\nnumber = 5.0", "number"),
        (MINIMAL + '[[keys]]\nkind = "master"', "kind"),
        (MINIMAL + '[[keys]]\nsecret = ""', r"keys\[0\].secret"),
        (MINIMAL + '[[keys]]\nsecret = "7_chars"', r"keys\[0\].secret"),
        (MINIMAL + f'[[keys]]\nsecret = "{"s" * 256}"', r"keys\[0\].secret"),
        (MINIMAL + METHOD.replace("sandbox", "paypal"), r"payment_methods\[0\].gateway"),
        *(
            (MINIMAL + f"[[customers]]\nnumber = {n}", r"customers\[0\].number")
            for n in (-5, 0, MOST + 1, 2**63 - 1, 10**30)
        ),
        (MINIMAL + f"[[customers]]\nnumber = 5\nparent = {2**63 - 1}", r"customers\[0\].parent"),
        (MINIMAL + f'[[plans]]\nidentifier = "p"\nnumber = {2**63 - 1}', r"plans\[0\].number"),
        (MINIMAL + f'[[plans]]\nidentifier = "p"\ncustomer = {2**63 - 1}', r"plans\[0\].customer"),
        (MINIMAL + f'[[people]]\nusername = "u"\nrole = "R"\ncustomer = {2**63 - 1}', r"people\[0\].customer"),
        (MINIMAL + f'[[taxes]]\nname = "T"\ncustomer = {2**63 - 1}', r"taxes\[0\].customer"),
        *((MINIMAL + FEATURE_PRICE + f"min_quantity = {n}", "min_quantity") for n in (-1, 0, 10**9 + 1)),
        *((MINIMAL + FEATURE_PRICE + f"max_quantity = {n}", "max_quantity") for n in (-1, 0, 10**9 + 1)),
        *((MINIMAL + FEATURE_PRICE + f'model = "PACKAGE"\nblock_size = {n}', "block_size") for n in (0, 10**9 + 1)),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ProvisioningRefused, match=sentence):
        document_from_toml(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            MINIMAL + '[[webhook_endpoints]]\nurl = "http://127.0.0.1/"',
            r"webhook_endpoints\[0\].url: is not on the public",
        ),
        (
            MINIMAL + '[[webhook_endpoints]]\nurl = "https://e.org"\nevents = ["x"]',
            r"webhook_endpoints\[0\].events: 'x'",
        ),
        ('[tenant]\nslug = "Ac me"', "tenant.slug: must be lower-case"),
        ('[tenant]\nslug = ""', "tenant.slug"),
        (MINIMAL + 'currency = "EUR"', "tenant.currency: is USD and cannot be changed"),
        (MINIMAL + 'currency = "XYZ"', "tenant.currency: must be an ISO 4217 currency"),
        (MINIMAL + 'timezone = "Mars/Olympus"', "tenant.timezone: must be an IANA time zone"),
        (MINIMAL + "session_window_minutes = -1", "tenant.session_window_minutes"),
        (MINIMAL + '[[people]]\nusername = "new"\npassword = "x"\nrole = "Nobody"', "names no role"),
        (MINIMAL + '[[people]]\nusername = "new"\nrole = "Owner"', "password: is required"),
        (MINIMAL + '[[people]]\nusername = "new"\npassword = "x"\nrole = "Owner"\ncustomer = 99', "does not exist"),
        (MINIMAL + '[[roles]]\nname = "R"\nprivileges = { user = 3 }', "roles.R.user: must be 0"),
        (MINIMAL + '[[customers]]\nname = "Nobody"', r"customers\[0\]: needs a number, a reference or an email"),
        (MINIMAL + '[[customers]]\nemail = "nobody"', r"customers\[0\].email: must be an e-mail"),
        (MINIMAL + '[[customers]]\nnumber = 5\nreference = "cust_789"', "belongs to another customer"),
        (MINIMAL + '[[customers]]\nnumber = 123\ncurrency = "EUR"', "of a customer cannot be changed"),
        (MINIMAL + "[[customers]]\nnumber = 123\nparent = 5", "of a customer cannot be changed"),
        (MINIMAL + "[[customers]]\nnumber = 5\nparent = 77", "parent: does not exist"),
        (MINIMAL + '[[customers]]\nnumber = 5\nplan = "nothing"', "plan: names no plan"),
        (MINIMAL + '[[customers]]\nnumber = 5\nbalance = "1.234"', "balance"),
        (MINIMAL + '[[customers]]\nnumber = 5\nbalance = "many"', "balance"),
        (MINIMAL + '[[plans]]\nidentifier = "new"\nnumber = 7', "number: belongs to another plan"),
        (MINIMAL + '[[plans]]\nidentifier = "new"\nproduct = "nothing"', "product: names no product"),
        (MINIMAL + '[[plans]]\nidentifier = "new"\nfeatures = ["nothing"]', "nothing names no feature"),
        (MINIMAL + '[[plans]]\nidentifier = "new"\n[[plans.prices]]\ncurrency = "USD"\namount = "-1"', "amount"),
        (MINIMAL + METHOD.replace("cust_789", "nobody"), "nobody names no customer"),
        (MINIMAL + METHOD.replace("pm_card_visa", "t" * 256), r"payment_methods\[0\].token: must have 1 to 255"),
        (MINIMAL + METHOD.replace("pm_card_visa", ""), r"payment_methods\[0\].token: must have 1 to 255"),
        (MINIMAL + '[[roles]]\nname = ""', r"roles\[0\].name: must have 1 to 255"),
        (MINIMAL + '[[taxes]]\nname = "T"\nrate = "-1"', "taxes.T.rate: must be at least 0"),
        (MINIMAL + '[[taxes]]\nname = "T"\namount = "-0.01"', "taxes.T.amount: must be at least 0"),
        (
            MINIMAL + FEATURE_PRICE + "min_quantity = 3\nmax_quantity = 2",
            "min_quantity: must not be above max_quantity",
        ),
        (MINIMAL + '[[plans]]\nidentifier = "p"\n[[plans.prices]]\ncurrency = "USD"\ncountries = ["D1"]', "countries"),
        (MINIMAL + RATE.replace("USD", "EUR"), r"exchange_rates\[0\].to: must be another currency"),
        (MINIMAL + RATE.replace("USD", "eur"), r"exchange_rates\[0\].to: must be another currency"),
        (MINIMAL + RATE + "time = 0001-01-01T00:00:00+14:00", r"exchange_rates\[0\].time: is out of range"),
        (MINIMAL + RATE + "time = 9999-12-31T23:59:59-14:00", r"exchange_rates\[0\].time: is out of range"),
        (MINIMAL + '[[taxes]]\nname = "T"\nliable = 5', "liable: must be 0, 1 or 2"),
        (MINIMAL + '[[exchange_rates]]\nfrom = "EUR"\nto = "USD"\nrate = "0"', "rate: must be above 0"),
        (
            MINIMAL + '[[exchange_rates]]\nfrom = "EUR"\nto = "USD"\nrate = "1"\ntime = 2026-01-01T00:00:00',
            "needs a zone",
        ),
    ],
)
def test_a_file_that_cannot_be_applied_is_refused_and_changes_nothing(
    store: SqlStore, tenant: TenantFact, clock: TestClock, text: str, sentence: str
) -> None:
    before = everything(store)
    with pytest.raises(ProvisioningRefused, match=sentence):
        provision(store, text, clock)
    assert everything(store) == before


UNSTORABLE = [
    ("tenant.name", 'name = "\\u0000"'),
    (r"tenant.hosts\[1\]", 'hosts = ["a.example", "\\u0000"]'),
    (r"keys\[0\].name", '[[keys]]\nname = "\\u0000"'),
    (r"keys\[0\].secret", '[[keys]]\nsecret = "sk_test_\\u0000"'),
    (r"roles\[0\].name", '[[roles]]\nname = "\\u0000"'),
    (r"roles\[0\].privileges", '[[roles]]\nname = "R"\nprivileges = { "\\u0000" = 1 }'),
    (r"people\[0\].username", '[[people]]\nusername = "\\u0000"\nrole = "Owner"\npassword = "x"'),
    (r"people\[0\].role", '[[people]]\nusername = "new"\nrole = "\\u0000"\npassword = "x"'),
    (r"customers\[0\].reference", '[[customers]]\nreference = "\\u0000"'),
    (r"customers\[0\].email", '[[customers]]\nemail = "\\u0000"'),
    (r"customers\[0\].plan", '[[customers]]\nnumber = 5\nplan = "\\u0000"'),
    (r"plans\[0\].product", '[[plans]]\nidentifier = "p"\nproduct = "\\u0000"'),
    (r"plans\[0\].prices\[0\].features\[0\].identifier", FEATURE_PRICE.replace("seats", "\\u0000")),
    (r"payment_methods\[0\].customer", METHOD.replace("cust_789", "\\u0000")),
    (r"payment_methods\[0\].token", METHOD.replace("pm_card_visa", "\\u0000")),
    (r"taxes\[0\].description", '[[taxes]]\nname = "T"\ndescription = "\\u0000"'),
]


@pytest.mark.parametrize(("where", "text"), UNSTORABLE)
def test_a_text_that_no_store_keeps_is_refused(where: str, text: str) -> None:
    with pytest.raises(ProvisioningRefused, match=f"^{where}: has a character that cannot be stored"):
        document_from_toml(MINIMAL + text)


def test_a_lone_surrogate_is_refused_with_a_sentence_that_can_be_sent() -> None:
    for tables in (
        {"tenant": {"slug": "acme"}, "keys": [{"name": "\ud800"}]},
        {"tenant": {"slug": "acme"}, "keys": [{"\ud800": 1}]},
        {"tenant": {"slug": "acme"}, "keys": [{"kind": "\ud800"}]},
        {"tenant": {"slug": "acme"}, "exchange_rates": [{"from": "EUR", "to": "\ud800", "rate": "1"}]},
        {"tenant": {"slug": "acme"}, "payment_methods": [{"customer": "x", "gateway": "\ud800", "token": "t"}]},
    ):
        with pytest.raises(ProvisioningRefused) as refused:
            document_from_tables(tables)
        assert str(refused.value).encode()


def counters(store: SqlStore) -> list[Any]:
    with store.reading_rows() as connection:
        return sorted(tuple(row) for row in connection.execute(select(schema.counters)))


def test_a_refused_file_takes_no_number(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    before = counters(store)
    for text in (
        MINIMAL + f"[[customers]]\nnumber = {2**63 - 1}\n",
        MINIMAL + f"[[customers]]\nnumber = {2**53}\n",
        MINIMAL + f'[[customers]]\nnumber = {MOST}\n[[customers]]\nreference = "r"\nplan = "nothing"\n',
        MINIMAL + f'[[plans]]\nidentifier = "p"\nnumber = {MOST}\nproduct = "nothing"\n',
        f'[tenant]\nslug = "other"\n[[customers]]\nnumber = {MOST}\nplan = "nothing"\n',
    ):
        with pytest.raises(ProvisioningRefused):
            provision(store, text, clock)
        assert counters(store) == before


def test_the_largest_number_can_be_given(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    provision(store, MINIMAL + f"[[customers]]\nnumber = {MOST}\n", clock)
    assert only(store, CustomerFact, number=MOST).path == f"1.{MOST}."


def test_numbers_are_taken_for_new_rows_alone(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    before = counters(store)
    provision(store, clock=clock)
    assert counters(store) == before
    new = "".join(f'[[customers]]\nreference = "{reference}"\n' for reference in ("r", "cust_789", "s"))
    provision(store, MINIMAL + new, clock)
    after = counters(store)
    ((was, now),) = [(was, now) for was, now in zip(before, after, strict=True) if was != now]
    assert (now[1], now[2] - was[2]) == ("customer", 2)
    numbers = [only(store, CustomerFact, reference=reference).number for reference in ("r", "s")]
    assert numbers == [was[2], was[2] + 1]
    provision(store, MINIMAL + new, clock)
    assert counters(store) == after


def test_what_somebody_else_changed_in_the_tenant_meanwhile_stays(
    store: SqlStore, tenant: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.tenants()
    with store.unit_of_work(1) as unit:
        unit.change(TenantFact, {}, blocked=1, name="Renamed")
    monkeypatch.setattr(store, "tenants", lambda: before)
    applied = provision(store, MINIMAL + "session_window_minutes = 5\n", clock)
    kept = only(store, TenantFact)
    assert (kept.blocked, kept.name, kept.session_window_minutes) == (1, "Renamed", 5)
    assert applied.tenant == kept


def test_a_tenant_of_which_nothing_changes_is_not_written(
    store: SqlStore, tenant: TenantFact, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Any] = []
    change, upsert = Unit.change, Unit.upsert

    def changed(unit: Unit, kind: type[Fact], key: dict[str, Any], **values: Any) -> int:
        written.append((kind, values))
        return change(unit, kind, key, **values)

    def upserted(unit: Unit, facts: Any) -> None:
        written.extend((type(fact), None) for fact in facts)
        upsert(unit, facts)

    monkeypatch.setattr(Unit, "change", changed)
    monkeypatch.setattr(Unit, "upsert", upserted)
    provision(store, MINIMAL + 'name = "Acme"\n', clock)
    assert written == []
    provision(store, MINIMAL + 'name = "Acme"\nblocked = true\n', clock)
    assert written == [(TenantFact, {"blocked": 1})]


def test_a_secret_or_username_of_another_tenant_is_refused(
    store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    other = '[tenant]\nslug = "other"\n'
    with pytest.raises(ProvisioningRefused, match="this secret is in use already"):
        provision(store, other + '[[keys]]\nsecret = "sk_test_acme"\n', clock)
    people = '[[roles]]\nname = "R"\n[[people]]\nusername = "user"\npassword = "x"\nrole = "R"\n'
    with pytest.raises(ProvisioningRefused, match="is a username of another tenant"):
        provision(store, other + people, clock)
    assert [t.slug for t in store.tenants()] == ["acme"]


# The audit log.


def entries(store: SqlStore) -> list[AuditFact]:
    with store.reading(1) as reader:
        return reader.find(AuditFact, order=("recorded_at", "entry_id"))


def apply_as_operator(store: SqlStore, text: str = ACME) -> None:
    document, operator = document_from_toml(text), Actor("operator", 0, "root", 1, "1.", "provisioning")
    apply(store, TestClock(), document, hash_password=hash_once, by=operator)


def test_what_a_file_changed_is_one_entry(store: SqlStore) -> None:
    apply_as_operator(store)
    (made,) = entries(store)
    assert (made.actor_kind, made.name, made.door, made.command) == ("operator", "root", "provisioning", "Apply")
    assert (made.subject_kind, made.subject, made.recorded_at) == ("tenant", "acme", TestClock().now())
    kinds = {change["what"] for change in json.loads(made.changes)}
    assert {"tenant", "customer", "key", "role", "person", "plan", "tax", "exchange rate"} <= kinds
    apply_as_operator(store)
    assert len(entries(store)) == 1
    apply_as_operator(store, ACME.replace('rate = "20"', 'rate = "21"'))
    (changed,) = json.loads(entries(store)[1].changes)
    assert changed == {"what": "tax", "key": "1", "before": {"rate": "20.00"}, "after": {"rate": "21.00"}}


def test_no_secret_of_a_file_is_told(store: SqlStore) -> None:
    apply_as_operator(store)
    (made,) = entries(store)
    for secret in ("sk_test_acme", "argon2", "pm_card_visa", "ada@example.com", "Lovelace"):
        assert secret not in made.changes


def test_a_refused_file_leaves_no_entry(store: SqlStore) -> None:
    apply_as_operator(store)
    with pytest.raises(ProvisioningRefused):
        apply_as_operator(store, ACME.replace('currency = "USD"', 'currency = "EUR"', 1))
    assert len(entries(store)) == 1
