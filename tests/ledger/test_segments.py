"""Segments: by command and by provisioning file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import ACME, TestClock, provision, record
from tollhouse.ledger.commands.segments import PutSegment, RemoveSegment
from tollhouse.ledger.facts import SegmentFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.ledger.refusals import SegmentRefused, SegmentsTooMany, SegmentUnknown
from tollhouse.ledger.segments import SEGMENTS_MAX
from tollhouse.store.queries.segments import SqlSegmentQueries
from tollhouse.store.store import SqlStore

PAID = [{"field": "charges.count", "operator": "gt", "value": 0}]
FILE = f"""{ACME}
[[segments]]
slug = "payers"
name = "Payers"
op = "or"
rules = [
    {{ field = "charges.sum", operator = "gte", value = 2000 }},
    {{ op = "and", rules = [
        {{ field = "traits.score", operator = "gt", value = 4.50 }},
        {{ field = "charges.last_at", operator = "gt", value = {{ days_ago = 30 }} }},
    ] }},
]
"""


def putting(tenant: TenantFact, **given: Any) -> PutSegment:
    return PutSegment(tenant_id=tenant.tenant_id, **given)


def kept(store: SqlStore, tenant: TenantFact) -> list[SegmentFact]:
    with store.reading(tenant.tenant_id) as reader:
        return reader.find(SegmentFact, order=("segment_id",))


def test_a_segment_is_made_once_and_found_by_its_slug(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock
) -> None:
    made = ledger.execute(putting(tenant, name="Who paid: everybody!", rules=PAID)).result
    assert (made.is_new, made.segment.slug, made.segment.op) == (True, "who-paid-everybody", "and")
    clock.advance(60)
    same = ledger.execute(putting(tenant, slug="who-paid-everybody", rules=PAID)).result
    assert (same.is_new, same.segment) == (False, made.segment)
    changed = ledger.execute(putting(tenant, slug="who-paid-everybody", op="or")).result
    assert (changed.segment.op, changed.segment.rules, changed.segment.name) == (
        "or",
        made.segment.rules,
        made.segment.name,
    )
    assert changed.segment.updated_at == clock.now()
    assert changed.segment.created_at == made.segment.created_at
    assert kept(store, tenant) == [changed.segment]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"slug": "s"}, "rules"),
        ({"rules": PAID}, "slug"),
        ({"name": "日本", "rules": PAID}, "slug"),
        ({"slug": "S", "rules": PAID}, "slug"),
        ({"slug": "", "rules": PAID}, "slug"),
        ({"slug": "s\n", "rules": PAID}, "slug"),
        ({"slug": "x" * 256, "rules": PAID}, "slug"),
        ({"slug": "s", "name": "\0", "rules": PAID}, "name"),
        ({"slug": "s", "name": "x" * 256, "rules": PAID}, "name"),
        ({"slug": "s", "op": "", "rules": PAID}, "op"),
        ({"slug": "s", "rules": [*PAID, {"field": "charges.sum", "operator": "gt"}]}, "rules.1.value"),
    ],
)
def test_what_is_refused_names_its_place_and_changes_nothing(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(SegmentRefused) as refusal:
        ledger.execute(putting(tenant, **given))
    assert refusal.value.field == field
    assert str(refusal.value).startswith(f"{field}: ")
    assert kept(store, tenant) == []


def test_a_removed_segment_is_gone_and_its_slug_free(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    ledger.execute(putting(tenant, slug="s", rules=PAID))
    ledger.execute(RemoveSegment(tenant_id=tenant.tenant_id, slug="s"))
    for slug in ("s", "\0", "\ud800"):
        with pytest.raises(SegmentUnknown):
            ledger.execute(RemoveSegment(tenant_id=tenant.tenant_id, slug=slug))
    assert ledger.execute(putting(tenant, slug="s", rules=PAID)).result.is_new


def test_there_are_so_many_segments_and_no_more(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    tenant_id = tenant.tenant_id
    with store.unit_of_work(tenant_id) as unit:
        unit.insert([SegmentFact(tenant_id, f"s{n}", 1000 + n, "Some", "and", "[]", 0, 0) for n in range(SEGMENTS_MAX)])
    with pytest.raises(SegmentsTooMany):
        ledger.execute(putting(tenant, slug="one-more", rules=PAID))
    ledger.execute(putting(tenant, slug="s5", rules=PAID))
    ledger.execute(RemoveSegment(tenant_id=tenant.tenant_id, slug="s0"))
    ledger.execute(putting(tenant, slug="one-more", rules=PAID))


def test_a_charge_counts_in_the_next_reading(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock
) -> None:
    rules = [{"field": "charges.last_at", "operator": "gt", "value": {"days_ago": 30}}]
    ledger.execute(putting(tenant, slug="lately", rules=rules))
    queries = SqlSegmentQueries(store)

    def count() -> int:
        counted = queries.segment_called(tenant.tenant_id, "lately", clock.now())
        assert counted is not None
        return counted.customers_count

    assert count() == 0
    ledger.execute(record(tenant, 100, reference="new"))
    assert count() == 1
    clock.advance(30 * 86_400)
    assert count() == 0


# The provisioning file.


def test_a_file_makes_segments_and_applied_again_changes_nothing(store: SqlStore, clock: TestClock) -> None:
    applied = provision(store, FILE, clock)
    assert applied.made["segments"] == 1
    (segment,) = kept(store, applied.tenant)
    assert (segment.slug, segment.name, segment.op) == ("payers", "Payers", "or")
    assert '"value":4.50' in segment.rules
    clock.advance(60)
    assert "segments" not in provision(store, FILE, clock).made
    assert kept(store, applied.tenant) == [segment]
    provision(store, FILE.replace('"Payers"', '"All payers"'), clock)
    (renamed,) = kept(store, applied.tenant)
    assert (renamed.name, renamed.segment_id, renamed.updated_at) == ("All payers", segment.segment_id, clock.now())


@pytest.mark.parametrize(
    ("was", "is_now", "where"),
    [
        ('operator = "gte", value = 2000', 'operator = "gte", value = 20.5', "segments[0].rules.0.value: "),
        ('"charges.last_at"', '"charges.latest"', "segments[0].rules.1.rules.1.field: "),
        ('op = "or"', 'op = "nor"', "segments[0].op: "),
        ('slug = "payers"', 'slug = "The payers"', "segments[0].slug: "),
        ('slug = "payers"', "slug = 5", "segments[0].slug: "),
        ("value = 2000", "value = 2026-01-01", "segments[0].rules.0.value: "),
        ("4.50", "nan", "segments[0].rules.1.rules.0.value: "),
        ('slug = "payers"', 'slogan = "payers"', "segments[0]: "),
    ],
)
def test_a_file_with_bad_rules_is_refused_whole(store: SqlStore, was: str, is_now: str, where: str) -> None:
    assert was in FILE
    with pytest.raises(ProvisioningRefused) as refusal:
        provision(store, FILE.replace(was, is_now))
    assert str(refusal.value).startswith(where)
    assert store.tenants() == []
