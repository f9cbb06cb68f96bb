"""What is told of customers besides charges: definitions, names and e-mails, events, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.harness import TestClock, provision, record
from tollhouse.ledger.commands import (
    Browser,
    Caller,
    Command,
    CreateCustomer,
    EventTold,
    ForgetCustomer,
    Idempotency,
    Identity,
    PageTold,
    ProfileTold,
    Receipt,
    RegisterCustomer,
    TagCustomer,
    Told,
    Track,
)
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ROOT_PATH,
    CustomerFact,
    CustomerTraitFact,
    EventDefinitionFact,
    EventFact,
    EventSummaryFact,
    Fact,
    PageVisitsFact,
    TagFact,
    TenantFact,
    TrackedEventFact,
    TraitFact,
)
from tollhouse.ledger.ledger import Ledger, fingerprint_of
from tollhouse.ledger.refusals import IdempotencyKeyReused, TooManyDefinitions
from tollhouse.ledger.tracking import definitions
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

HOOK = '[tenant]\nslug = "acme"\nprivate_webhooks = true\n[[webhook_endpoints]]\nurl = "http://127.0.0.1:9/"\n'
OWNER = Caller(person_id=1, customer_number=ROOT_NUMBER, path=ROOT_PATH, may_reach_below=True)


class Teller:
    """Tells a ledger of customers, and gives back what is kept of them."""

    def __init__(self, ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
        self.ledger = ledger
        self.store = store
        self.tenant_id = tenant.tenant_id

    def track(
        self, reference: str | None = "u", email: str | None = None, *, public: bool = False, **told: Any
    ) -> Track:
        return self.of(Told(identity=Identity(reference, email), touch_session=False, **told), public=public)

    def of(self, *people: Told, public: bool = False) -> Track:
        return Track(tenant_id=self.tenant_id, operation="track", people=people, is_public=public)

    def tell(self, *commands: Command, in_one_batch: bool = False) -> None:
        for batch in [commands] if in_one_batch else [(command,) for command in commands]:
            for outcome in self.ledger.execute_batch(self.tenant_id, list(batch)):
                assert isinstance(outcome, Receipt), outcome

    def outcomes(self, *commands: Command) -> list[str]:
        return [type(outcome).__name__ for outcome in self.ledger.execute_batch(self.tenant_id, list(commands))]

    def rows(self, kind: type[Fact], **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant_id) as reader:
            return reader.find(kind, **equals)

    def customers(self) -> list[str]:
        """Those whom Beacon made and that live: reference, e-mail and name, in the order of their making."""
        rows = sorted(self.rows(CustomerFact, origin="beacon", deleted_at=None), key=lambda row: row.number)
        return [f"{row.reference or '-'} {row.email or '-'} {row.name or '-'}" for row in rows]

    def customer(self, reference: str) -> CustomerFact:
        (found,) = self.rows(CustomerFact, reference=reference, deleted_at=None)
        assert isinstance(found, CustomerFact)
        return found

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What hooks were told: the type, and what was there before."""
        found = sorted(self.rows(EventFact), key=lambda event: event.customer_seq)
        return [(event.event_type, msgspec.json.decode(event.body)["data"]) for event in found]


@pytest.fixture
def teller(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> Teller:
    return Teller(ledger, store, tenant)


def did(*actions: str, at: int | None = None) -> tuple[EventTold, ...]:
    return tuple(EventTold(action, "{}", at) for action in actions)


def profile(**given: Any) -> ProfileTold:
    return ProfileTold(**given)


def traits(**values: Any) -> ProfileTold:
    return ProfileTold(traits=tuple(values.items()))


# Definitions.


def test_two_who_send_one_name_first_at_once_make_one_definition(
    teller: Teller, database_url: str, store: SqlStore, clock: TestClock
) -> None:
    """Stores of their own are what processes are to each other. Whoever comes second decides again."""
    with closing(SqlStore(store_url(database_url))) as second:
        ledgers = [Ledger(store, clock), Ledger(second, clock)]

        def execute(index: int) -> object:
            name = f"n{index // 2}"
            told = Told(
                identity=Identity(f"u{index}", None), profile=traits(**{name: 1}), events=did(name), tags=(name,)
            )
            return ledgers[index % 2].execute(teller.of(told))

        with ThreadPoolExecutor(4) as pool:
            assert all(isinstance(outcome, Receipt) for outcome in pool.map(execute, range(16)))
    names = [f"n{number}" for number in range(8)]
    assert sorted(row.action for row in teller.rows(EventDefinitionFact)) == names
    assert sorted(row.name for row in teller.rows(TagFact)) == names
    assert sorted(row.field for row in teller.rows(TraitFact)) == names
    assert len({row.event_id for row in teller.rows(TrackedEventFact)}) == 8
    assert len(teller.rows(TrackedEventFact)) == 16
    assert verify(store).differences == []


TOO_MANY: dict[str, dict[str, Any]] = {
    "events": {"events": did("a", "b", "c")},
    "tags": {"tags": ("a", "b", "c")},
    "traits": {"profile": traits(a=1, b=2, c=3)},
}


@pytest.mark.parametrize("kind", TOO_MANY)
def test_there_are_only_so_many_definitions(teller: Teller, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(definitions, "DEFINITIONS_MAX", 2)
    with pytest.raises(TooManyDefinitions) as refused:
        teller.ledger.execute(teller.track(**TOO_MANY[kind]))
    assert refused.value.kind == kind
    assert teller.customers() == []
    assert not any(teller.rows(fact) for fact in (EventDefinitionFact, TagFact, TraitFact, TrackedEventFact))


def test_what_is_defined_goes_on_where_there_is_no_more_room(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "DEFINITIONS_MAX", 2)
    teller.tell(teller.track(events=did("a", "b")))
    more = [teller.track(events=did("a", "b", "a")), teller.track(events=did("c")), teller.track(tags=("a",))]
    assert teller.outcomes(*more) == ["Receipt", "TooManyDefinitions", "Receipt"]
    (customer,) = teller.rows(CustomerFact, origin="beacon")
    tag = TagCustomer(tenant_id=teller.tenant_id, customer_uid=customer.uid, name="b", has_tag=True)
    third = TagCustomer(tenant_id=teller.tenant_id, customer_uid=customer.uid, name="c", has_tag=True)
    assert teller.outcomes(tag, third) == ["Receipt", "TooManyDefinitions"]


def test_a_batch_has_room_for_what_its_commands_share(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first defines, the second has; what would be one too many is refused to its own command alone."""
    monkeypatch.setattr(definitions, "DEFINITIONS_MAX", 2)
    batch = [teller.track(f"u{number}", events=did(*actions)) for number, actions in enumerate(["ab", "ba", "c", "a"])]
    assert teller.outcomes(*batch) == ["Receipt", "Receipt", "TooManyDefinitions", "Receipt"]
    assert len(teller.customers()) == 3


def test_a_trait_that_is_taken_away_needs_no_definition(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "DEFINITIONS_MAX", 0)
    teller.tell(teller.track(profile=traits(plan=None)))
    assert teller.rows(TraitFact) == []


# Names and e-mails.

Line = tuple[str | None, str | None, str | None]

#: Reference, e-mail and name of each identify call, and the customers that they leave.
STORIES: dict[str, tuple[list[Line], list[str]]] = {
    "an e-mail that was given up names nobody": (
        [("u", "old@x", "Ada"), ("u", "new@x", None), (None, "new@x", "Adele"), (None, "old@x", "Bob")],
        ["u new@x Adele", "- old@x Bob"],
    ),
    "an e-mail that was given up names the earliest other": (
        [("u", "e@x", None), ("v", "e@x", None), ("w", "e@x", None), ("u", "f@x", None), (None, "e@x", "Vera")],
        ["u f@x -", "v e@x Vera", "w e@x -"],
    ),
    "an e-mail that is taken on names the earliest": (
        [("u", "a@x", None), ("v", "b@x", None), ("u", "b@x", None), (None, "b@x", "Una")],
        ["u b@x Una", "v b@x -"],
    ),
    "there and back again": (
        [("u", "a@x", None), ("v", "a@x", None), ("u", "b@x", None), ("u", "a@x", None), (None, "a@x", "Una")],
        ["u a@x Una", "v a@x -"],
    ),
    "a guest is adopted once": (
        [(None, "g@x", "Gus"), ("u", "G@x", None), ("v", "g@x", None), (None, "g@x", "Guy")],
        ["u g@x Guy", "v g@x -"],
    ),
    "an adopted guest takes its old e-mail along no longer": (
        [(None, "g@x", "Gus"), ("u", "g@x", None), ("u", "h@x", None), (None, "g@x", "New"), ("v", "g@x", None)],
        ["u h@x Gus", "v g@x New"],
    ),
    "another case of the same e-mail is no change": (
        [("u", "Ada@x", None), ("u", "ada@X", None)],
        ["u Ada@x -"],
    ),
    "a first name of two words stays": (
        [("u", None, "Ada"), ("u", None, "Ada King"), ("u", None, None)],
        ["u - Ada King"],
    ),
}


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "in-one-batch"])
@pytest.mark.parametrize("story", STORIES)
def test_who_is_named(teller: Teller, story: str, in_one_batch: bool) -> None:
    told, wanted = STORIES[story]
    calls = [teller.track(reference, email, profile=profile(name=name)) for reference, email, name in told]
    teller.tell(*calls, in_one_batch=in_one_batch)
    assert teller.customers() == wanted
    assert verify(teller.store).differences == []


@pytest.mark.parametrize("story", STORIES)
def test_one_call_tells_of_many_as_many_calls_do(teller: Teller, story: str) -> None:
    told, wanted = STORIES[story]
    people = [
        Told(identity=Identity(reference, email), profile=profile(name=name), touch_session=False)
        for reference, email, name in told
    ]
    teller.tell(teller.of(*people))
    assert teller.customers() == wanted


def test_a_deleted_customer_who_is_told_of_again_is_somebody_new(teller: Teller) -> None:
    teller.tell(teller.track("u", "u@x", profile=traits(plan="pro"), events=did("Bought"), tags=("vip",)))
    old = teller.customer("u")
    forget = ForgetCustomer(tenant_id=teller.tenant_id, customer_uid=old.uid)
    teller.tell(forget, teller.track("u", "u@x", profile=profile(name="Una")), in_one_batch=True)
    new = teller.customer("u")
    assert (new.number > old.number, new.name) == (True, "Una")
    for kind in (CustomerTraitFact, EventSummaryFact):
        assert [row.customer_number for row in teller.rows(kind)] == [old.number]
    teller.tell(teller.track(None, "u@x", profile=profile(name="Ursula")))
    assert teller.customers() == ["u u@x Ursula"]


# Events and page views.


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "in-one-batch"])
def test_events_are_counted_in_whatever_order_they_come(teller: Teller, clock: TestClock, in_one_batch: bool) -> None:
    calls = [teller.track(events=did(*actions, at=at)) for actions, at in [("ab", 500), ("a", 100), ("aab", 300)]]
    teller.tell(*calls, teller.track(events=did("b")), in_one_batch=in_one_batch)
    actions = {row.event_id: row.action for row in teller.rows(EventDefinitionFact)}
    counted = {
        actions[row.event_id]: (row.event_count, row.first_at, row.last_at) for row in teller.rows(EventSummaryFact)
    }
    assert counted == {"a": (4, 100, 500), "b": (3, 300, clock.now())}
    assert verify(teller.store).differences == []


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "in-one-batch"])
def test_the_latest_visit_names_the_page(teller: Teller, in_one_batch: bool) -> None:
    visits = [("second", 200), ("first", 100), ("last", 300), ("last as well", 300), ("between", 250)]
    calls = [teller.track(pages=(PageTold("https://x/", f"https://x/?{title}", title, at),)) for title, at in visits]
    teller.tell(*calls, in_one_batch=in_one_batch)
    (page,) = teller.rows(PageVisitsFact)
    assert (page.visit_count, page.first_at, page.last_at) == (5, 100, 300)
    assert (page.title, page.url) == ("last as well", "https://x/?last as well")


FORGERIES = {
    "an event dropped": ("DELETE FROM tracked_events WHERE effective_at = 100", "event summaries of customer"),
    "all events dropped": ("DELETE FROM tracked_events", "event summaries of all customers"),
    "count": ("UPDATE event_summaries SET event_count = 9", "event summaries of customer"),
    "first": ("UPDATE event_summaries SET first_at = 99", "event summaries of customer"),
    "last": ("UPDATE event_summaries SET last_at = 201", "event summaries of customer"),
    "summary dropped": ("DELETE FROM event_summaries", "event summaries of customer"),
    "summary of nobody": ("UPDATE event_summaries SET customer_number = 555", "all customers: stored [555]"),
    "event undefined": ("DELETE FROM event_definitions", "definition of event"),
    "tag undefined": ("DELETE FROM tags", "definition of tag"),
    "trait undefined": ("DELETE FROM traits", "definition of trait plan"),
    "receipt of nobody": ("UPDATE receipts SET fact_id = 424242", "its fact is missing"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found(teller: Teller, what: str) -> None:
    statement, sentence = FORGERIES[what]
    told = teller.track(events=did("a", at=100) + did("a", at=200), tags=("t",), profile=traits(plan=1))
    teller.tell(msgspec.structs.replace(told, idempotency=Idempotency("tenant", "k")))
    assert verify(teller.store).differences == []
    with teller.store.writing_rows() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0, "nothing was forged"
    differences = verify(teller.store).differences
    assert any(sentence in difference for difference in differences), differences


# Customers of other doors.


def made_elsewhere(teller: Teller, door: str) -> str:
    """The reference of a customer of another door: Ada King with an e-mail."""
    made: Sequence[Command] = ()
    if door == "kelviq":
        made = [RegisterCustomer(tenant_id=teller.tenant_id, reference="k", name="Ada  King", email="ada@x")]
    elif door == "enswitch":
        made = [
            CreateCustomer(
                tenant_id=teller.tenant_id,
                caller=OWNER,
                parent_number=None,
                name="Ada  King",
                plan_number=7,
                email="ada@x",
                reference="e",
            )
        ]
    teller.tell(*made)
    return {"provisioned": "cust_789", "kelviq": "k", "enswitch": "e"}[door]


DOORS = ("provisioned", "kelviq", "enswitch")


@pytest.mark.parametrize("door", DOORS)
def test_by_a_public_key_a_customer_of_another_door_keeps_name_and_email(teller: Teller, door: str) -> None:
    reference = made_elsewhere(teller, door)
    before = teller.customer(reference)
    told = profile(name="Eve Adams", phone="1", traits=(("plan", "pro"),))
    teller.tell(teller.track(reference, "eve@x", public=True, profile=told))
    after = teller.customer(reference)
    assert (after.name, after.email) == (before.name, before.email)
    assert [row.value for row in teller.rows(CustomerTraitFact, customer_number=after.number)] == ['"pro"']


@pytest.mark.parametrize("door", DOORS)
def test_by_a_secret_key_it_is_changed(teller: Teller, door: str) -> None:
    reference = made_elsewhere(teller, door)
    teller.tell(teller.track(reference, profile=profile(phone="1")))
    assert teller.customer(reference).name == ("Ada Lovelace" if door == "provisioned" else "Ada  King")
    teller.tell(teller.track(reference, "eve@x", profile=profile(last_name="Adams")))
    after = teller.customer(reference)
    assert (after.name, after.email, after.email_folded) == ("Ada Adams", "eve@x", "eve@x")
    assert verify(teller.store).differences == []


@pytest.mark.parametrize("door", DOORS)
def test_by_a_public_key_it_is_never_adopted(teller: Teller, door: str) -> None:
    reference = made_elsewhere(teller, door)
    email = teller.customer(reference).email
    teller.tell(teller.track("stranger", email, public=True, profile=profile(name="Eve")))
    assert teller.customers() == [f"stranger {email} Eve"]


# Who is told.


@pytest.fixture
def registered(teller: Teller, clock: TestClock) -> Teller:
    """With a hook, and a customer `k` whom Kelviq's door registered without an e-mail."""
    provision(teller.store, HOOK, clock=clock)
    teller.tell(RegisterCustomer(tenant_id=teller.tenant_id, reference="k", name="Ada  King"))
    return teller


def test_a_change_of_a_registered_customer_is_told_once(registered: Teller) -> None:
    told = profile(name="Eve Adams", phone="1", traits=(("plan", "pro"),))
    call = registered.track("k", "eve@x", profile=told, events=did("a"), tags=("t",))
    registered.tell(call, call)
    created, updated = registered.events()
    assert created[0] == "customer.created"
    assert updated[0] == "customer.updated"
    assert updated[1]["previous_attributes"] == {"name": "Ada  King", "email": None}
    assert (updated[1]["object"]["name"], updated[1]["object"]["email"]) == ("Eve Adams", "eve@x")


SILENT: dict[str, dict[str, Any]] = {
    "a trait": {"profile": traits(plan="pro")},
    "the name as it is": {"profile": profile(name="Ada King")},
    "a phone": {"profile": profile(phone="1")},
    "an event": {"events": did("a")},
    "a public key": {"profile": profile(name="Eve"), "public": True},
}


@pytest.mark.parametrize("what", SILENT)
def test_what_changes_nothing_that_is_shown_is_not_told(registered: Teller, what: str) -> None:
    registered.tell(registered.track("k", **SILENT[what]))
    assert [event for event, _ in registered.events()] == ["customer.created"]


@pytest.mark.parametrize("call", ["event", "charge", "public identify"])
def test_a_first_email_is_told_whatever_brings_it(registered: Teller, tenant: TenantFact, call: str) -> None:
    calls: dict[str, Command] = {
        "event": registered.track("k", "ada@x", events=did("a")),
        "charge": record(tenant, 5, reference="k", email="ada@x"),
        "public identify": registered.track("k", "ada@x", public=True, profile=profile(name="Eve")),
    }
    registered.tell(calls[call], calls[call])
    assert [event for event, _ in registered.events()] == ["customer.created", "customer.updated"]
    assert registered.events()[-1][1]["previous_attributes"] == {"email": None}


# Keys.


def test_a_repeat_may_come_from_elsewhere(teller: Teller) -> None:
    """What the connection says is no part of what was said."""
    key = Idempotency("public", "k")
    first = msgspec.structs.replace(teller.track(public=True, profile=profile()), idempotency=key)
    again = msgspec.structs.replace(first, browser=Browser("8.8.8.8", "X"), places={"8.8.8.8": "US"})
    assert not teller.ledger.execute(first).replayed
    assert teller.ledger.execute(again).replayed


def test_a_number_and_the_text_that_spells_it_are_different_content(teller: Teller) -> None:
    key = Idempotency("tenant", "k")
    number, text = (
        msgspec.structs.replace(teller.track(profile=traits(a=v)), idempotency=key) for v in (Decimal("1.10"), "1.10")
    )
    teller.tell(number)
    with pytest.raises(IdempotencyKeyReused):
        teller.ledger.execute(text)


def test_the_fingerprint_stays_what_it_is_for_ever(teller: Teller) -> None:
    """Keys of years ago still stand for what they stood for."""
    told = Told(
        identity=Identity("u-1", "ä@b"),
        profile=profile(name="Ada", phone="+1", signed_up_at=5, ip="8.8.8.8", traits=(("a", Decimal("1.0")), ("b", 1))),
        events=(EventTold("Bought", '{"x":1.10}', 7),),
        tags=("vip",),
        pages=(PageTold("https://x/", "https://x/?q", "X", None),),
    )
    assert fingerprint_of(teller.of(told)) == "1:1c1234150ef1712aafcb81cdc6e6f4613dd5fff747c3c70614f61412de5fc01a"
