"""The audit log: each command that somebody is answerable for, with what it changed, in the same commit."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.harness import TestClock, record
from tollhouse.ledger.auditing.noting import CHANGES_MAX, Notes, key_names
from tollhouse.ledger.auditing.subjects import SUBJECTS
from tollhouse.ledger.auditing.telling import CHANGES_LENGTH_MAX, changes_text
from tollhouse.ledger.auditing.told import TOLD, UNTOLD
from tollhouse.ledger.commands import (
    Actor,
    AddToBalance,
    Caller,
    CreateCustomer,
    CreatePerson,
    CreateRole,
    DeleteCustomer,
    Idempotency,
    SavePaymentMethod,
    SetAccess,
    UpdateCustomer,
    WriteNotes,
)
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.commands.keys import CreateKey, RevokeKey
from tollhouse.ledger.commands.webhooks import PutEndpoint, RotateSecret
from tollhouse.ledger.facts import AuditFact, ChangingFact, CustomerFact, Fact, KeyFact, PersonFact, TenantFact
from tollhouse.ledger.ledger import HANDLERS, Ledger
from tollhouse.ledger.refusals import KeyNameTaken
from tollhouse.store.rows import TABLES
from tollhouse.store.store import SqlStore

ROOT = Caller(person_id=1, customer_number=1, path="1.", may_reach_below=True)
ADA = Actor("person", 7, "ada", 1, "1.", "enswitch", "192.0.2.7")


def entries(store: SqlStore) -> list[AuditFact]:
    with store.reading(1) as reader:
        return reader.find(AuditFact, order=("recorded_at", "entry_id"))


def entry(store: SqlStore) -> AuditFact:
    return entries(store)[-1]


def changes(store: SqlStore) -> Any:
    return msgspec.json.decode(entry(store).changes)


def key_of(name: str = "till") -> CreateKey:
    return CreateKey(tenant_id=1, by=ADA, name=name, kind="secret", key_hash=hashlib.sha256(name.encode()).hexdigest())


def customer_of(**values: Any) -> CreateCustomer:
    named = {"name": "Grace", "email": "grace@example.com", "plan_number": 7, **values}
    return CreateCustomer(tenant_id=1, by=ADA, caller=ROOT, parent_number=1, **named)


def updated(number: int, **values: Any) -> UpdateCustomer:
    return UpdateCustomer(tenant_id=1, by=ADA, caller=ROOT, customer_number=number, **values)


def test_an_entry_says_who_did_what_when_and_from_where(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock
) -> None:
    ledger.execute(key_of())
    told = entry(store)
    assert (told.actor_kind, told.person_id, told.name, told.customer_number, told.path) == (
        "person",
        7,
        "ada",
        1,
        "1.",
    )
    assert (told.door, told.address, told.recorded_at) == ("enswitch", "192.0.2.7", clock.now())
    assert (told.command, told.subject_kind, told.subject_name) == ("CreateKey", "key", "till")
    assert told.subject == key_of().key_hash[:12]
    made = {"what": "key", "key": told.subject, "before": None, "after": {"name": "till", "kind": "secret"}}
    assert msgspec.json.decode(told.changes) == [made]


def test_before_and_after_hold_what_is_different_and_nothing_else(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock
) -> None:
    rate = PutExchangeRate(tenant_id=1, by=ADA, from_currency="EUR", to_currency="USD", rate="1.25")
    ledger.execute(rate)
    assert (entry(store).subject_kind, entry(store).subject) == ("exchange rate", "EUR/USD")
    change = {
        "what": "exchange rate",
        "key": "EUR/USD",
        "before": {"rate": "1.10", "effective_at": 0},
        "after": {"rate": "1.25", "effective_at": 0},
    }
    assert changes(store) == [change]
    customer = ledger.execute(customer_of(bill_type="prepaid")).result
    ledger.execute(updated(customer.number, bill_type="postpaid", country="DE"))
    assert (entry(store).subject_kind, entry(store).subject, entry(store).subject_name) == (
        "customer",
        str(customer.number),
        "",
    )
    assert changes(store) == [
        {
            "what": "customer",
            "key": str(customer.number),
            "before": {"bill_type": "prepaid"},
            "after": {"bill_type": "postpaid", "country": "DE"},
        }
    ]
    ledger.execute(DeleteCustomer(tenant_id=1, by=ADA, caller=ROOT, customer_number=customer.number))
    (gone,) = changes(store)
    assert (gone["before"], gone["after"]) == ({}, {"deleted_at": clock.now()})


def test_of_two_commands_in_one_batch_the_second_begins_where_the_first_ended(
    store: SqlStore, ledger: Ledger, tenant: TenantFact
) -> None:
    role = ledger.execute(CreateRole(tenant_id=1, name="Desk")).result.role_id
    access = SetAccess(tenant_id=1, by=ADA, caller=ROOT, role_id=role, privilege="user", access=1)
    ledger.execute_batch(1, [access, replace(access, access=2), updated(123, country="DE"), updated(123, country="FR")])
    told = [msgspec.json.decode(row.changes)[0] for row in entries(store)]
    assert [(change["before"], change["after"]) for change in told] == [
        ({}, {"privileges.user": 1}),
        ({"privileges.user": 1}, {"privileges.user": 2}),
        ({}, {"country": "DE"}),
        ({"country": "DE"}, {"country": "FR"}),
    ]
    assert entries(store)[0].subject_name == "Desk"


def test_money_is_told_in_major_units(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    raised = AddToBalance(tenant_id=1, by=ADA, caller=ROOT, customer_number=123, amount=Decimal("12.50"), kind="topup")
    ledger.execute(raised)
    told = {change["what"]: change for change in changes(store)}
    assert told["customer"]["after"] == {"balance": "12.50"}
    assert told["transaction"]["after"]["gross"] == "-12.50"
    assert told["transaction"]["after"]["currency"] == "USD"


# What leaves none.


def test_without_an_actor_there_is_none(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    ledger.execute(replace(key_of(), by=None))
    ledger.execute(record(tenant, 500))
    assert entries(store) == []


def test_refused_and_checked_ones_leave_none(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    ledger.execute(key_of())
    with pytest.raises(KeyNameTaken):
        ledger.execute(key_of())
    assert ledger.execute(replace(customer_of(), validation=True))
    assert len(entries(store)) == 1


def test_a_replay_leaves_none(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    command = replace(customer_of(), idempotency=Idempotency("tenant", "once"))
    assert [ledger.execute(command).replayed for _ in range(2)] == [False, True]
    assert [row.command for row in entries(store)] == ["CreateCustomer"]


def test_what_changed_nothing_leaves_none(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    key = ledger.execute(key_of()).result.key
    revoke = RevokeKey(tenant_id=1, by=ADA, key_id=key.key_hash[:12])
    for _ in range(2):
        ledger.execute(revoke)
    for _ in range(2):
        ledger.execute(updated(123, country="DE"))
    assert [row.command for row in entries(store)] == ["CreateKey", "RevokeKey", "UpdateCustomer"]


def test_an_entry_is_in_the_commit_of_what_it_tells_or_not_at_all(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr("tollhouse.ledger.ledger.crash_points.reach", lost)
    with pytest.raises(RuntimeError):
        ledger.execute(key_of())
    with store.reading(1) as reader:
        assert (entries(store), reader.find(KeyFact, name="till")) == ([], [])


# What is in none.

SECRETS = ("s3cr3t-hash", "wh_s3cr3t_1", "wh_s3cr3t_2", "pm_s3cr3t")


def test_no_secret_is_told(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    with store.reading(1) as reader:
        (role_id,) = {person.role_id for person in reader.find(PersonFact)}
    owner = dict.fromkeys(
        ("user", "administrator", "wholesale", "commerce", "payment", "reports", "settings", "system"), 1
    )
    ledger.execute(
        CreatePerson(
            tenant_id=1,
            by=ADA,
            caller=ROOT,
            privileges=owner,
            customer_number=1,
            username="grace",
            email="grace@example.com",
            role_id=role_id,
            password_hash=SECRETS[0],
        )
    )
    told = {change["what"]: change for change in changes(store)}
    assert told["person"]["after"]["password_hash"] == "set"
    assert told["person"]["after"]["email"] == "g…"
    assert (entry(store).subject_kind, entry(store).subject_name) == ("person", "grace")
    endpoint = ledger.execute(PutEndpoint(tenant_id=1, by=ADA, url="https://example.com/a", secret=SECRETS[1])).result
    ledger.execute(
        RotateSecret(tenant_id=1, by=ADA, endpoint_uid=endpoint.endpoint.uid, secret=SECRETS[2], after_seconds=0)
    )
    assert changes(store)[0]["after"] == {"next_secret": "set", "next_secret_at": "set"}
    ledger.execute(SavePaymentMethod(tenant_id=1, by=ADA, customer_number=123, gateway="sandbox", token=SECRETS[3]))
    texts = "".join(row.changes for row in entries(store))
    assert [secret for secret in SECRETS if secret in texts] == []


def test_personal_details_of_customers_are_masked(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    named = {"name": "Grace Hopper", "email": "grace@example.com", "reference": "navy-1906"}
    ledger.execute(customer_of(**named, details=(("address1", "Vesterbrogade 1"), ("credit_limit", "50.00"))))
    (made,) = [change for change in changes(store) if change["what"] == "customer"]
    assert (made["after"]["name"], made["after"]["email"], made["after"]["reference"]) == ("G…", "g…", "n…")
    (details,) = [change["after"] for change in changes(store) if change["what"] == "customer details"]
    assert (details["details.address1"], details["details.credit_limit"]) == ("V…", "50.00")
    with store.reading(1) as reader:
        (ada,) = reader.find(CustomerFact, number=123)
    ledger.execute(WriteNotes(tenant_id=1, by=ADA, customer_uid=ada.uid, notes="Owes us lunch"))
    assert changes(store)[0]["after"]["notes"] == "O…"
    texts = "".join(row.changes + row.subject + row.subject_name for row in entries(store))
    assert [text for text in ("Hopper", "grace@", "navy", "Vester", "lunch") if text in texts] == []


def test_every_class_of_facts_is_told_or_not_told_on_purpose() -> None:
    assert TOLD.keys() | UNTOLD == TABLES.keys()
    assert TOLD.keys() & UNTOLD == set()


#: Names that smell of a secret, or of a person: written down apart from the rules that hide them.
SMELLS = re.compile(r"hash|secret|token|password|totp|gateway_key|gateway_reference|fingerprint")
PERSONAL = re.compile(
    r"email|phone|forename|surname|first_name|last_name|billing_address|metadata|notes?$|user_agent|^ip$"
)


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
def test_no_field_that_smells_of_a_secret_or_a_person_is_told(kind: type[Fact]) -> None:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        values[field.name] = 7 if field.type in (int, int | None) else f"{'x' * 50}X-{field.name}-X"
    made = kind(**values)
    before = kind(**{name: 8 if value == 7 else f"Y{value}" for name, value in values.items()})
    notes, changed = Notes(), Notes()
    notes.made(made)
    changed.put(made, lambda: before) if isinstance(made, ChangingFact) else changed.made(made)
    for text in (changes_text(notes), changes_text(changed)):
        shown = [name for name in values if f"X-{name}-X" in text]
        assert [name for name in shown if SMELLS.search(name) and name != "token_epoch"] == []
        assert [name for name in shown if PERSONAL.search(name)] == []
    if kind is CustomerFact:
        assert "X-name-X" not in changes_text(notes)


def test_what_is_opened_is_masked_or_hidden_by_its_own_names() -> None:
    (role,) = [kind for kind in TOLD if kind.__name__ == "RoleFact"]
    notes = Notes()
    notes.made(role(1, 2, "Desk", '{"user": 1, "api_key": "s3cr3t"}'))
    assert "s3cr3t" not in changes_text(notes)


@pytest.mark.parametrize("kind", [k for k in TOLD if issubclass(k, ChangingFact)], ids=lambda kind: kind.__name__)
def test_the_key_of_a_fact_is_its_fields(kind: type[ChangingFact]) -> None:
    table = TABLES[kind]
    assert set(key_names(kind)) == {column.name for column in table.primary_key} - {"tenant_id"}


# Bounds.


def test_an_entry_tells_so_many_changes_and_counts_the_rest() -> None:
    notes = Notes()
    for number in range(CHANGES_MAX + 7):
        notes.made(KeyFact(f"{number:064}", 1, f"till {number}", "secret", 0, None))
    told = msgspec.json.decode(changes_text(notes))
    assert (len(told), told[-1]) == (CHANGES_MAX + 1, {"more": 7})


def test_an_entry_has_a_longest_length() -> None:
    notes = Notes()
    for number in range(CHANGES_MAX):
        notes.made(KeyFact(f"{number:064}", 1, "x" * 10_000, "secret", 0, None))
    text = changes_text(notes)
    told = msgspec.json.decode(text)
    assert len(text) <= CHANGES_LENGTH_MAX
    assert told[-1]["more"] == CHANGES_MAX - len(told) + 1


# Subjects.

#: What nobody gives: workers, gateways and the parts of something that somebody gave.
NOBODYS = (
    *("SettlePurchase", "ClaimUnresolved", "SettleRefund", "ClaimUnresolvedRefunds", "RunDue", "Enrol", "StagePlanRun"),
    *("DecidePlanRun", "RefusePlanRun", "SweepPlanRun", "ApplyPlanRun", "RecordLogin", "UseCode", "ClaimDeliveries"),
    *("SettleDelivery", "ClearEndpoint"),
)


def test_every_command_that_somebody_may_give_has_a_subject() -> None:
    assert sorted(kind.__name__ for kind in HANDLERS.keys() - SUBJECTS.keys()) == sorted(NOBODYS)
