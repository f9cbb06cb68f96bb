"""Webhook endpoints: made, changed, their secrets shown once; deliveries with their attempts, sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from tests.console.visitor import Page, Visitor
from tests.harness import InProcess
from tollhouse.ledger.facts import AuditFact, DeliveryAttemptFact, DeliveryFact, EventFact, WebhookEndpointFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SignedIn = Callable[..., Visitor]
WEBHOOKS = "/console/webhooks"
URL = "https://shop.example.com/hook"
T0 = 1_767_225_600_000_000
LATER = 4_000_000_000_000_000


class Beside:
    """The application's store, from beside it: acme's customer 10 has had events."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        tenant = store.tenant_called("acme")
        assert tenant is not None
        self.tenant_id = tenant.tenant_id

    def endpoint(self) -> WebhookEndpointFact:
        with self.store.reading(self.tenant_id) as reader:
            (endpoint,) = reader.find(WebhookEndpointFact)
            return endpoint

    def happened(self, seq: int, state: str, failure: str = "", attempts: int = 1, **more: Any) -> str:
        """An event of customer 10 and its delivery; the event's id."""
        uid = f"event-{seq}"
        body = msgspec.json.encode({"id": uid, "type": "order.created", "data": {"name": "<script>"}}).decode()
        event = EventFact(self.tenant_id, 10, seq, uid, "order.created", body, T0 + seq)
        delivery = DeliveryFact(
            tenant_id=self.tenant_id,
            endpoint_id=self.endpoint().endpoint_id,
            customer_number=10,
            customer_seq=seq,
            event_uid=uid,
            state=state,
            attempts=attempts,
            due_at=LATER if state == "pending" else None,
            created_at=T0 + seq,
            modified_at=T0 + 10_000_000,
            failure=failure,
        )
        with self.store.unit_of_work(self.tenant_id) as unit:
            unit.insert([event])
            unit.insert([msgspec.structs.replace(delivery, **more)])
        return uid

    def attempted(self, event_uid: str, number: int, status_code: int | None, failure: str) -> None:
        attempt = DeliveryAttemptFact(
            tenant_id=self.tenant_id,
            uid=f"{event_uid}-{number}",
            endpoint_uid=self.endpoint().uid,
            event_uid=event_uid,
            event_type="order.created",
            attempt_no=number,
            status_code=status_code,
            is_success=int(not failure),
            failure=failure,
            started_at=T0 + number * 1_000_000,
            ended_at=T0 + number * 1_000_000 + 1_234_000,
            event_created_at=T0,
            customer_number=10,
            customer_seq=1,
        )
        with self.store.unit_of_work(self.tenant_id) as unit:
            unit.insert([attempt])

    def delivery(self, seq: int) -> DeliveryFact:
        with self.store.reading(self.tenant_id) as reader:
            (delivery,) = reader.find(DeliveryFact, customer_seq=seq)
            return delivery

    def audit(self) -> list[AuditFact]:
        with self.store.reading(self.tenant_id) as reader:
            return reader.find(AuditFact)


@pytest.fixture
def beside(acme_url: str) -> Iterator[Beside]:
    with closing(SqlStore(store_url(acme_url))) as store:
        yield Beside(store)


def made(visitor: Visitor, **filled: str) -> Page:
    visitor.open(f"{WEBHOOKS}/new")
    return visitor.send(f"{WEBHOOKS}/new", **{"url": URL, **filled})


def secret_on(page: Page) -> str:
    (secret,) = [word for word in page.main.split() if word.startswith("kq_whsec_")]
    return secret


def test_an_endpoint_is_made_and_its_secret_shown_once(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    page = made(visitor, description="The shop <b>")
    secret, endpoint = secret_on(page), beside.endpoint()
    assert (endpoint.url, endpoint.secret, endpoint.events) == (URL, secret, '["*"]')
    one = f"{WEBHOOKS}/{endpoint.uid}"
    assert "The shop <b>" in visitor.open(one).main
    for path in (WEBHOOKS, one, f"{one}/edit", f"{one}/rotate", f"{one}/remove", f"{one}/replay", "/console/audit"):
        page = visitor.open(path)
        assert page.status == 200, path
        assert secret not in page.answer.body.decode(), path
    assert [row[:3] for row in visitor.open(WEBHOOKS).rows[1:]] == [[f"{URL} The shop <b>", "all", "enabled"]]
    assert not any(secret in str(entry) for entry in beside.audit())


def test_a_form_sent_twice_makes_one_endpoint_and_says_so(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    page = visitor.open(f"{WEBHOOKS}/new")
    values = {**page.form(f"{WEBHOOKS}/new").values, "url": URL}
    secret = secret_on(visitor.post(f"{WEBHOOKS}/new", values))
    page = visitor.post(f"{WEBHOOKS}/new", values)
    assert page.status == 422
    assert "its secret was shown then" in page.main
    assert beside.endpoint().secret == secret


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"url": ""}, "Fill this in."),
        ({"url": "shop.example.com"}, "Must begin with https:// or http://."),
        ({"url": "https://me:pw@shop.example.com/"}, "Must have no user name or password."),
        ({"url": "https://x.example.com/" + "x" * 2100}, "Use at most 2048 characters."),
        ({"url": "http://127.0.0.1/"}, "not on the public internet"),
        ({"url": "http://localhost/"}, "not on the public internet"),
        ({"url": "http://[fd00::1]/"}, "not on the public internet"),
        ({"url": "http://2130706433/"}, "an address that is not on the public internet"),
        ({"url": "https://shop.example.com:22/"}, "Must have the port 80, 443"),
        ({"all": ""}, "Choose at least one event"),
        ({"description": "x" * 256}, "Use at most 255 characters."),
    ],
)
def test_an_endpoint_that_cannot_be_is_told_at_its_field(
    signed_in: SignedIn, filled: dict[str, str], told: str
) -> None:
    page = made(signed_in("user"), **filled)
    assert page.status == 422
    assert told in page.main
    assert "kq_whsec_" not in page.main


def test_an_endpoint_is_changed_switched_off_and_on_and_removed(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    made(visitor)
    one = f"{WEBHOOKS}/{beside.endpoint().uid}"
    visitor.open(f"{one}/edit")
    for wrong in ("http://10.0.0.1/", "http://2130706433/"):
        assert "public internet" in visitor.send(f"{one}/edit", url=wrong).main
        visitor.open(f"{one}/edit")
    page = visitor.send(f"{one}/edit", **{"all": "", "order.created": "1", "order.refunded": "1"})
    assert "Saved." in page.main
    assert beside.endpoint().events == '["order.created","order.refunded"]'
    assert visitor.open(f"{one}/edit").form(f"{one}/edit").values["order.created"] == "1"
    visitor.open(one)
    assert "what is still to come waits" in visitor.send(f"{one}/state").main
    assert beside.endpoint().state == "disabled"
    assert "what waits is sent now" in visitor.send(f"{one}/state").main
    values = {**visitor.page.form(f"{one}/state").values, "state": "removed"}
    assert visitor.post(f"{one}/state", values).status == 404
    assert "does not come back" in visitor.open(f"{one}/remove").main
    page = visitor.send(f"{one}/remove")
    assert "There are no endpoints yet." in page.main
    for path in (one, f"{one}/edit", f"{one}/rotate"):
        assert visitor.open(path).status == 404


def test_a_rotated_secret_is_shown_once_and_the_old_one_counts_on(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    old = secret_on(made(visitor))
    one = f"{WEBHOOKS}/{beside.endpoint().uid}"
    visitor.open(f"{one}/rotate")
    page = visitor.send(f"{one}/rotate")
    new = secret_on(page)
    assert "The old one signs until" in page.main
    assert (beside.endpoint().secret, beside.endpoint().next_secret) == (old, new)
    for path in (one, f"{one}/rotate", WEBHOOKS, "/console/audit"):
        body = visitor.open(path).answer.body.decode()
        assert old not in body
        assert new not in body
    assert "another one signs from" in visitor.open(one).main
    visitor.open(f"{one}/rotate")
    page = visitor.send(f"{one}/rotate", after="0")
    assert "signs from now on" in page.main
    assert new != secret_on(page) == beside.endpoint().next_secret
    visitor.open(f"{one}/rotate")
    assert visitor.send(f"{one}/rotate", after="9").status == 422
    assert not any(old in str(entry) or new in str(entry) for entry in beside.audit())


def test_deliveries_are_told_by_state_with_what_waits_and_what_was_given_up(
    signed_in: SignedIn, beside: Beside
) -> None:
    visitor = signed_in("user")
    made(visitor)
    beside.happened(1, "delivered")
    beside.happened(2, "failed", "status_500", attempts=9)
    beside.happened(3, "pending", "timeout", attempts=2)
    beside.happened(4, "waiting", attempts=0)
    one = f"{WEBHOOKS}/{beside.endpoint().uid}"
    row = visitor.open(WEBHOOKS).rows[1]
    assert row[2].startswith("enabled failing since 2026-01-01")
    assert row[3:] == ["2", "1"]
    for state, told in {
        "": ["waits for its turn", "failed, tried again", "given up", "delivered"],
        "open": ["failed, tried again", "waits for its turn"],
        "delivered": ["delivered"],
        "failed": ["given up"],
    }.items():
        assert [row[3] for row in visitor.open(f"{one}?state={state}").rows[1:]] == told, state
    assert visitor.open(f"{one}?state=failed").rows[1][5] == "answered with status 500"
    assert visitor.open(f"{one}?state=lost").status == 422
    for before in ("x", "1", "1-1", "1-1-1-1-1"):
        assert visitor.open(f"{one}?before={before}").status == 404


def test_deliveries_are_told_a_page_at_a_time(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    made(visitor)
    for seq in range(1, 121):
        beside.happened(seq, "failed" if seq <= 60 else "delivered")
    one = f"{WEBHOOKS}/{beside.endpoint().uid}"
    for query, wanted in {"": 120, "?state=failed": 60, "?state=delivered": 60, "?state=open": 0}.items():
        links = []
        path = one + query
        while path:
            page = visitor.open(path)
            links += [link for link in page.links if "/deliveries/" in link]
            path = next((f"{link}" for link in page.links if "before=" in link), "")
        assert len(links) == len(set(links)) == wanted, query


def test_a_delivery_tells_what_is_sent_and_each_attempt(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    made(visitor)
    uid = beside.happened(1, "failed", "timeout", attempts=3)
    for number, (status, failure) in enumerate([(500, "status_500"), (None, "timeout"), (200, "")], start=1):
        beside.attempted(uid, number, status, failure)
    beside.attempted("another", 1, 200, "")
    page = visitor.open(f"{WEBHOOKS}/{beside.endpoint().uid}/deliveries/{uid}")
    assert page.rows[1:] == [
        ["1", "2026-01-01 00:00", "failed answered with status 500", "500", "1,234 ms"],
        ["2", "2026-01-01 00:00", "failed no answer in time", "–", "1,234 ms"],
        ["3", "2026-01-01 00:00", "delivered", "200", "1,234 ms"],
    ]
    assert '"name": "<script>"' in page.main
    assert "others may lie between" not in page.main


def test_one_delivery_is_sent_again_once_however_often_the_form_is_sent(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    made(visitor)
    # A disabled endpoint: nothing is sent while the test looks.
    visitor.open(f"{WEBHOOKS}/{beside.endpoint().uid}")
    visitor.send(f"{WEBHOOKS}/{beside.endpoint().uid}/state")
    path = f"{WEBHOOKS}/{beside.endpoint().uid}/deliveries/{beside.happened(1, 'delivered')}"
    values = visitor.open(path).form(f"{path}/replay").values
    assert "sent again, in its turn" in visitor.post(f"{path}/replay", values).main
    first = beside.delivery(1)
    assert (first.state, first.attempts) == ("pending", 0)
    page = visitor.post(f"{path}/replay", values)
    assert page.status == 409
    assert "has changed since the page was made" in page.main
    assert beside.delivery(1) == first


def test_all_that_was_given_up_is_sent_again(signed_in: SignedIn, beside: Beside) -> None:
    visitor = signed_in("user")
    made(visitor)
    one = f"{WEBHOOKS}/{beside.endpoint().uid}"
    visitor.open(one)
    assert f"{one}/replay" not in visitor.page.links
    visitor.send(f"{one}/state")
    for seq in (1, 2, 3):
        beside.happened(seq, "failed" if seq < 3 else "delivered")
    page = visitor.open(f"{one}/replay")
    assert "2 events were given up." in page.main
    assert "they wait until it is enabled" in page.main
    page = visitor.send(f"{one}/replay")
    assert "sent again, in its turn" in page.main
    assert [beside.delivery(seq).state for seq in (1, 2, 3)] == ["pending", "waiting", "delivered"]
    assert "Nothing was given up." in visitor.open(f"{one}/replay").main
    values = visitor.open("/console/me").form("/console/sign-out").values
    assert "Nothing to send again" in visitor.post(f"{one}/replay", values).main


def test_webhooks_are_for_the_roots_people_of_the_tenant(
    signed_in: SignedIn, application: InProcess, beside: Beside
) -> None:
    made(signed_in("user"))
    uid = beside.happened(1, "failed")
    one = f"{WEBHOOKS}/{beside.endpoint().uid}"
    paths = [WEBHOOKS, f"{WEBHOOKS}/new", one, f"{one}/edit", f"{one}/rotate", f"{one}/remove", f"{one}/replay"]
    paths.append(f"{one}/deliveries/{uid}")
    for username, status in (("telco-administrator", 403), ("north", 403), ("nora", 403), ("telco", 404)):
        visitor = signed_in(username)
        values = dict(visitor.open("/console/me").form("/console/sign-out").values)
        for path in paths[2 if username == "telco" else 0 :]:
            assert visitor.open(path).status == status, (username, path)
        for path in (
            f"{one}/state",
            f"{one}/rotate",
            f"{one}/remove",
            f"{one}/replay",
            f"{one}/deliveries/{uid}/replay",
        ):
            found = visitor.post(path, {**values, "state": "disabled", "url": URL, "all": "1"}).status
            assert found == status, (username, path)
    assert beside.endpoint().state == "enabled"
    assert beside.delivery(1).state == "failed"
    visitor = signed_in("user")
    for path in (f"{WEBHOOKS}/x", f"{WEBHOOKS}/%00", f"{one}/deliveries/x", f"{one}/deliveries/%00"):
        assert visitor.open(path).status == 404, path
