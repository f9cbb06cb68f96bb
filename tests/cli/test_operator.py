"""On whose word the operator's commands change things: the audit log names the system's user, and no secret."""

from __future__ import annotations

from tests.cli.conftest import Run, told
from tests.harness import record
from tollhouse.app.operator import operator
from tollhouse.ledger.facts import AuditFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.store import SqlStore


def test_every_change_is_in_the_audit_log_by_the_systems_user(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, database_url: str
) -> None:
    charge = str(ledger.execute(record(tenant, 1000)).result.first_transaction_id)
    with store.reading(tenant.tenant_id) as reader:
        before = reader.count(AuditFact)
    key = told(run("keys", "create", "till", "--json", database_url=database_url))
    changes = (
        ("keys", "revoke", key["key"]),
        ("rates", "set", "EUR", "GBP", "0.9"),
        ("people", "lock", "user"),
        ("people", "unlock", "user"),
        ("people", "totp-off", "user"),
        ("charges", "refund", charge, "--amount", "1", "--reason", "late", "--yes"),
    )
    for change in changes:
        assert run(*change).exit_code == 0
    assert run("charges", "refund", charge).exit_code == 0
    with store.reading(tenant.tenant_id) as reader:
        entries = reader.find(AuditFact, order=("entry_id",))[before:]
    commands = [entry.command for entry in entries]
    assert [name for name in commands if name != "UpdatePerson"] == [
        "CreateKey",
        "RevokeKey",
        "PutExchangeRate",
        "LockPerson",
        "UnlockPerson",
        "RefundCharge",
    ]
    user = operator("command line").name
    assert {(entry.actor_kind, entry.name, entry.door) for entry in entries} == {("operator", user, "command line")}
    assert key["secret"] not in repr(entries)
