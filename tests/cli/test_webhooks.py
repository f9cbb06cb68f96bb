"""`tollhouse webhooks`: endpoints, how sending to them goes, sending again; no secret but a new one."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run, lines, refused, told
from tests.harness import BETA, TestClock, prepared, provision
from tollhouse.ledger.commands import RegisterCustomer
from tollhouse.ledger.commands.webhooks import ClaimDeliveries, PutEndpoint, SettleDelivery
from tollhouse.ledger.facts import DeliveryFact, TenantFact, WebhookEndpointFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.store import SqlStore

SECRET = "kq_whsec_0123456789"


@pytest.fixture
def endpoint(ledger: Ledger, tenant: TenantFact) -> WebhookEndpointFact:
    command = PutEndpoint(tenant_id=tenant.tenant_id, url="https://shop.example.com/hook", secret=SECRET)
    put: WebhookEndpointFact = ledger.execute(command).result.endpoint
    return put


def give_up(ledger: Ledger, endpoint: WebhookEndpointFact, reference: str = "new") -> str:
    """An event for the endpoint whose one attempt fails; the event's uid."""
    tenant_id = endpoint.tenant_id
    ledger.execute(RegisterCustomer(tenant_id=tenant_id, reference=reference, email=None, name="New"))
    claim = ClaimDeliveries(tenant_id=tenant_id, endpoint_id=endpoint.endpoint_id, count=1, lease_seconds=60)
    (claimed,) = ledger.execute(claim).result
    delivery: DeliveryFact = claimed.delivery
    ledger.execute(
        SettleDelivery(
            tenant_id=tenant_id,
            endpoint_id=endpoint.endpoint_id,
            endpoint_uid=endpoint.uid,
            customer_number=delivery.customer_number,
            customer_seq=delivery.customer_seq,
            event_uid=delivery.event_uid,
            event_type=claimed.event.event_type,
            event_created_at=claimed.event.created_at,
            claimed_until_at=delivery.claimed_until_at or 0,
            attempt_no=1,
            status_code=500,
            is_success=False,
            failure="status",
            started_at=claimed.event.created_at,
            ended_at=claimed.event.created_at,
            retry_seconds=(),
        )
    )
    return delivery.event_uid


def deliveries(store: SqlStore, tenant: TenantFact) -> list[str]:
    with store.reading(tenant.tenant_id) as reader:
        return [row.state for row in reader.find(DeliveryFact)]


def test_endpoints_are_listed_and_shown_without_their_secrets(
    run: Run, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    for arguments in (("list",), ("show", endpoint.uid)):
        for as_json in ((), ("--json",)):
            shown = run("webhooks", *arguments, *as_json, database_url=database_url)
            assert shown.exit_code == 0, shown.output
            assert "https://shop.example.com/hook" in shown.stdout
            assert SECRET not in shown.output
    (listed,) = told(run("webhooks", "list", "--json"))["endpoints"]
    assert (listed["endpoint"], listed["state"], listed["events"]) == (endpoint.uid, "enabled", ["*"])


def test_what_was_given_up_is_told_with_its_attempts_and_sent_again(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    event = give_up(ledger, endpoint)
    shown = told(run("webhooks", "show", endpoint.uid, "--json", database_url=database_url))
    assert [(row["event"], row["failure"]) for row in shown["given_up"]] == [(event, "status")]
    (attempt,) = told(run("webhooks", "attempts", endpoint.uid, "--json"))["attempts"]
    assert (attempt["event"], attempt["status_code"], attempt["success"]) == (event, 500, False)
    assert lines(run("webhooks", "attempts", endpoint.uid))[1][1] == event
    assert told(run("webhooks", "replay-failed", endpoint.uid, "--json")) == {"replayed": 1}
    assert deliveries(store, tenant) == ["pending"]
    assert told(run("webhooks", "replay-failed", endpoint.uid, "--json")) == {"replayed": 0}


def test_one_event_is_sent_again_to_all_or_to_one(
    run: Run, ledger: Ledger, store: SqlStore, tenant: TenantFact, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    event = give_up(ledger, endpoint)
    assert told(run("webhooks", "replay", event, "--json", database_url=database_url)) == {"replayed": 1}
    assert told(run("webhooks", "replay", event, "--endpoint", endpoint.uid, "--json")) == {"replayed": 1}
    assert deliveries(store, tenant) == ["pending"]


def test_an_endpoint_is_disabled_and_enabled(run: Run, endpoint: WebhookEndpointFact, database_url: str) -> None:
    for verb, state in (("disable", "disabled"), ("disable", "disabled"), ("enable", "enabled")):
        assert told(run("webhooks", verb, endpoint.uid, "--json", database_url=database_url))["state"] == state


def test_a_new_secret_is_printed_once_and_signs_later(
    run: Run, store: SqlStore, tenant: TenantFact, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    rotated = run("webhooks", "rotate", endpoint.uid, "--after-seconds", "60", "--json", database_url=database_url)
    secret = told(rotated)["secret"]
    assert secret.startswith("kq_whsec_")
    assert SECRET not in rotated.output
    with store.reading(tenant.tenant_id) as reader:
        (kept,) = reader.find(WebhookEndpointFact)
    assert (kept.secret, kept.next_secret) == (SECRET, secret)
    assert secret not in run("webhooks", "show", endpoint.uid).output
    assert run("webhooks", "rotate", endpoint.uid, "--after-seconds", "99999999").exit_code == 2


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("verb", ["show", "attempts", "replay-failed", "enable", "disable", "rotate"])
@pytest.mark.parametrize("uid", ["", "a\0b"])
def test_an_unknown_endpoint_says_where_they_are_listed(
    run: Run, endpoint: WebhookEndpointFact, database_url: str, verb: str, uid: str
) -> None:
    sentence = refused(run("webhooks", verb, uid, database_url=database_url))
    assert sentence == "Webhook endpoint does not exist. `tollhouse webhooks list` shows the endpoints."


def test_an_endpoint_and_event_of_another_tenant_are_not_there(
    run: Run, ledger: Ledger, store: SqlStore, endpoint: WebhookEndpointFact, database_url: str
) -> None:
    event = give_up(ledger, endpoint)
    provision(store, BETA)
    for arguments in (("show", endpoint.uid), ("disable", endpoint.uid), ("replay", event)):
        assert "does not exist." in refused(run("webhooks", *arguments, "--tenant", "beta", database_url=database_url))


def test_a_tenant_without_endpoints_has_an_empty_list(
    run: Run, store: SqlStore, clock: TestClock, database_url: str
) -> None:
    prepared(store, clock=clock)
    assert told(run("webhooks", "list", "--json", database_url=database_url)) == {"endpoints": [], "next": None}
