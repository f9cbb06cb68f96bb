"""Provisioning from a file: applied again it changes nothing, and what it does not understand it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.harness import ACME, TestClock, provision, record
from tollhouse.ledger.facts import (
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
from tollhouse.ledger.provisioning.document import ProvisioningRefused, document_from_toml
from tollhouse.passwords import password_matches
from tollhouse.store.rows import TABLES
from tollhouse.store.store import SqlStore


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
        (MINIMAL + 'clock = "2027-01-31T09:00:00Z"', "this version has no test clock"),
        (MINIMAL + "clock = 2027-01-31T09:00:00Z", "this version has no test clock"),
        (MINIMAL + '[[webhook_endpoints]]\nurl = "http://127.0.0.1/"', "this version sends no webhooks"),
        (MINIMAL + "webhook_endpoints = []", "webhook_endpoints"),
        (MINIMAL + "[[customers]]\nnumber = 5\nbalance = 1.5", "balance"),
        (MINIMAL + '[[taxes]]\nname = "VAT"\nrate = 0.2', "rate"),
        (MINIMAL + '[[exchange_rates]]\nfrom = "EUR"\nto = "USD"\nrate = 1.1', "rate"),
        (MINIMAL + '[[plans]]\nidentifier = "p"\n[[plans.prices]]\ncurrency = "USD"\namount = 49.0', "amount"),
        (MINIMAL + "[[customers]]\nnumber = 5.0", "number"),
        (MINIMAL + '[[keys]]\nkind = "master"', "kind"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ProvisioningRefused, match=sentence):
        document_from_toml(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
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
        (MINIMAL + "[[customers]]\nnumber = -5", "must be a positive number"),
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
        (MINIMAL + '[[payment_methods]]\ncustomer = "nobody"\ngateway = "g"\ntoken = "t"', "nobody names no customer"),
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
