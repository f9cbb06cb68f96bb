"""Any calls of Beacon over the wire, in any order and at once, beside a plain model: Core shows what it knows."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.harness import Answer, InProcess, TestClock, in_process, prepared
from tests.machine.beacon_faults import FAULTS, Fault, fault_of
from tests.machine.beacon_model import WINDOW, Call, CoreCall, Customer, Model, Profile, Refused, Said
from tests.machine.beacon_wire import KEYS, asking, asking_core, differences, expected_of, in_any_order, state_of
from tests.machine.playing import QUICK, NewStore, play
from tollhouse.config import Settings
from tollhouse.ledger.ledger import Ledger, Outcome
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

START = 1_772_366_400
ADDRESS = "203.0.113.9"
TENANT = """
[tenant]
slug = "machine"
name = "machine"
negative_amounts_refund = {negative}
session_window_minutes = 30

[[keys]]
name = "server"
kind = "secret"
secret = "sk_machine"

[[keys]]
name = "integration"
kind = "application"
secret = "ak_machine"

[[keys]]
name = "browser"
kind = "public"
secret = "pk_machine"

[[customers]]
number = 10
reference = "c"
name = "Carla Provisioned"

[[customers]]
number = 11
email = "y@y"
name = "Yves"
"""

USER_IDS = st.sampled_from([None, None, "a", "A", "c", "7"])
EMAILS = st.sampled_from([None, "x@x", "X@x", "y@y", "straße@z", "STRASSE@z"])
#: Instants as they are, or from 300 seconds after the moment of the call: so much is taken for clock skew.
INSTANTS = st.sampled_from([None, None, 1, START - 100, START - 99, -1])
NAMES = st.sampled_from([None, None, "Ada Lovelace", " Bob ", "Anna  Maria de Souza"])
PARTS = st.sampled_from([None, None, "Mary Ann", "Smith"])
VALUES = st.sampled_from([None, "pro", "", 1, 10**15, True, False, START, -3])
TRAITS = st.dictionaries(st.sampled_from(["plan", "Plan", "seen_at"]), VALUES, max_size=2)
PROFILES = st.builds(
    Profile,
    name=NAMES,
    first_name=PARTS,
    last_name=PARTS,
    phone=st.sampled_from([None, None, "+15165555555", "0611"]),
    signed_up_at=st.sampled_from([None, None, 5, 6]),
    ip=st.sampled_from([None, None, "198.51.100.7", "2001:db8::1"]),
    traits=TRAITS.map(lambda traits: tuple(traits.items())),
)
EVENTS = st.tuples(
    st.sampled_from(["Signed Up", "signed up"]), st.sampled_from(["{}", '{"n":[1.50,{"m":null}]}']), INSTANTS
)
AMOUNTS = st.sampled_from([0, 1, 2, 7, 7, -1, -3])
CHARGES = st.tuples(AMOUNTS, INSTANTS)
TAGS = st.sampled_from(["vip", "beta", "Beta"])
URLS = st.sampled_from(["https://shop/a", "https://shop/a?q=1", "https://shop/a#top", "https://shop/b"])
PAGES = st.tuples(URLS, st.sampled_from([None, "A"]), INSTANTS)
WHO: dict[str, Any] = {"user_id": USER_IDS, "email": EMAILS, "touch": st.booleans()}


def _few(each: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(each, min_size=least, max_size=most).map(tuple)


def _one(path: str, **what: Any) -> st.SearchStrategy[Call]:
    said = st.builds(Said, **WHO, **what).filter(lambda one: bool(one.user_id or one.email))
    return _call(path, st.tuples(said))


def _call(path: str, said: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    kinds = st.sampled_from(["secret", "secret", "application", "public"])
    return st.builds(Call, st.just(path), said, kinds, st.sampled_from([None, None, None, "k1", "k2"]))


PEOPLE = st.builds(Said, **WHO, profile=PROFILES).filter(lambda one: bool(one.user_id or one.email))
#: So much that a second time is refused.
HUGE = st.just(((2**53 - 1, None),) * 1000)
CALLS = st.one_of(
    _one("/customers", profile=PROFILES),
    _one("/customers", profile=PROFILES),
    _call("/customers/bulk", _few(PEOPLE)),
    _one("/events", events=_few(EVENTS, 1, 1)),
    _one("/events/bulk", events=_few(EVENTS)),
    _one("/charges", charges=_few(CHARGES, 1, 1)),
    _one("/charges/bulk", charges=st.integers(0, 60).flatmap(lambda n: HUGE if n == 60 else _few(CHARGES))),
    _one("/tags", tags=_few(TAGS, 1, 1)),
    _one("/tags/bulk", tags=_few(TAGS)),
    _one("/track", profile=PROFILES, events=_few(EVENTS), charges=_few(CHARGES), tags=_few(TAGS)),
    _one("/pages", pages=_few(PAGES, 1, 1)),
)
WHAT = ["tag", "untag", "notes", "unsubscribe", "delete", "create", "project"]
CORE_CALLS = st.tuples(st.sampled_from(WHAT), st.integers(0, 6), TAGS)
#: An earlier call with a key, and another one under its key.
AGAIN = st.tuples(st.just("again"), st.integers(0, 10**6), st.just(""))
UNDER_ITS_KEY = st.tuples(st.just("under its key"), st.integers(0, 10**6), st.just(""))
FAULTY = st.tuples(st.just("fault"), st.integers(0, len(FAULTS) - 1), st.sampled_from(["a", "A", "c", "n"]))
EITHER = st.one_of(CALLS, CALLS, CALLS, CALLS, CORE_CALLS, CORE_CALLS, AGAIN, UNDER_ITS_KEY, FAULTY)
SECONDS = st.sampled_from([1, 1, 1, 100, WINDOW, WINDOW + 1])
DICE = st.integers(0, 2**32).map(Random)


class Gated(Ledger):
    """Whose batches wait while the gate is shut, so that whatever comes meanwhile is one batch."""

    def __init__(self, store: SqlStore, clock: TestClock) -> None:
        super().__init__(store, clock)
        self.gate = threading.Event()
        self.gate.set()

    def execute_batch(self, tenant_id: int, commands: Any) -> list[Outcome]:
        self.gate.wait()
        return super().execute_batch(tenant_id, commands)


class Beacon(RuleBasedStateMachine):
    """Tells calls to the whole application and to the model; on PostgreSQL to two applications on one store."""

    def __init__(self, new_store: NewStore) -> None:
        super().__init__()
        self._closing = ExitStack()
        self._url = new_store()
        self.clock = TestClock(START)
        self.ledgers: list[Gated] = []
        self.fronts: list[InProcess] = []
        self.sent: list[Call] = []

    @initialize(negative=st.booleans())
    def begin(self, negative: bool) -> None:
        with closing(SqlStore(store_url(self._url))) as store:
            prepared(store, TENANT.format(negative=str(negative).lower()), self.clock)
        for _ in range(1 if self._url.startswith("sqlite") else 2):
            self.fronts.append(self._started())
        provisioned = [
            Customer("c", None, START, is_guest=False, is_beacons=False, first_name="Carla", last_name="Provisioned"),
            Customer(None, "y@y", START, is_guest=False, is_beacons=False, first_name="Yves"),
        ]
        self.model = Model(provisioned, START, ADDRESS, negative_refunds=negative)
        self._compare(self.model)

    def _started(self) -> InProcess:
        def gated(store: SqlStore) -> Gated:
            self.ledgers.append(Gated(store, self.clock))
            return self.ledgers[-1]

        with (
            patch("tollhouse.app.front.open_ledger", gated),
            patch("tollhouse.app.front.SystemClock", lambda: self.clock),
        ):
            front = self._closing.enter_context(in_process(Settings(database_url=self._url)))
        front.peer = ADDRESS
        return front

    # What happens.

    @rule(calls=st.lists(EITHER, min_size=1, max_size=4), seconds=SECONDS, dice=DICE)
    def tell(self, calls: list[Any], seconds: int, dice: Random) -> None:
        """Some calls at once, so long after those before them."""
        self.clock.advance(seconds)
        self.model.now = self.clock.now_us // 1_000_000
        self._tell([self._meant(call) for call in calls], dice)

    # Who is told.

    def _meant(self, call: Any) -> Call | CoreCall | Fault:
        """With instants, and with the customer who is meant."""
        if isinstance(call, Call):
            return replace(call, said=tuple(self._dated(said) for said in call.said))
        what, which, text = call
        if what == "fault":
            return fault_of(which, text)
        if what in ("again", "under its key"):
            return self._repeated(which, is_same=what == "again")
        if what in ("create", "project"):
            return CoreCall(what, ["x@x", "y@y", "w@w"][which % 3], text)
        uids = [customer.uid for customer in self.model.customers]
        return CoreCall(what, [*uids, "nobody"][min(which, len(uids))], text)

    def _repeated(self, which: int, *, is_same: bool) -> Call:
        keyed = [call for call in self.sent if call.key] or [Call("/customers/bulk", ())]
        call = keyed[-1 - which % len(keyed)]
        other = [call, *self.sent][which // 7 % (len(self.sent) + 1)]
        return call if is_same else replace(other, key=call.key, kind=call.kind)

    def _dated(self, said: Said) -> Said:
        now = self.clock.now_us // 1_000_000

        def dated(rows: Any) -> Any:
            return tuple((*row[:-1], now + 300 if row[-1] == -1 else row[-1]) for row in rows)

        return replace(said, events=dated(said.events), charges=dated(said.charges), pages=dated(said.pages))

    def _tell(self, calls: list[Call | CoreCall | Fault], dice: Random) -> None:
        self.sent += [call for call in calls if isinstance(call, Call)]
        told = self._answered(calls, dice)
        state: dict[str, Any] = {}
        for order in permutations(range(len(calls))):
            model = copy.deepcopy(self.model)
            if {index: _done(model, calls[index]) for index in order} == dict(enumerate(told)):
                state = state or self._shown()
                if self._agree(model, state):
                    self.model = model
                    return
        # None of the orders is what happened: show how far the first is from it.
        model = self.model
        assert [_done(model, call) for call in calls] == told, calls
        self._compare(model)
        pytest.fail(f"in no order: {calls}")

    def _answered(self, calls: list[Call | CoreCall | Fault], dice: Random) -> list[tuple[int, bool]]:
        parts: list[list[int]] = [[] for _ in self.fronts]
        processes = 1 if self._names_somebody_new(calls) else len(parts)
        for index in range(len(calls)):
            parts[dice.randrange(processes)].append(index)
        answers: dict[int, Answer] = {}

        def tell(front: int) -> None:
            requests = [self._asking(self.fronts[front], calls[index], dice) for index in parts[front]]
            answers.update(zip(parts[front], self._gathered(front, requests), strict=True))

        with ThreadPoolExecutor(len(parts)) as threads:
            list(threads.map(tell, [front for front, part in enumerate(parts) if part]))
        return [(answers[i].status, "idempotency-replayed" in answers[i].headers) for i in range(len(calls))]

    def _names_somebody_new(self, calls: list[Call | CoreCall | Fault]) -> bool:
        """Whether there is an e-mail that nobody has. Two processes may each make a customer of one, at one moment: a
        guest, and one with a user_id. E-mails are unique among guests alone."""
        said = [one.email for call in calls if isinstance(call, Call) for one in call.said]
        said += [call.whom for call in calls if isinstance(call, CoreCall) and call.what == "create"]
        return any(
            email is not None and not any(customer.has_email(email) for customer in self.model.customers)
            for email in said
        )

    def _gathered(self, front: int, requests: list[Any]) -> list[Answer]:
        if len(requests) == 1:
            return self.fronts[front].gather(*requests)
        gate = self.ledgers[front].gate
        gate.clear()
        threading.Timer(0.005, gate.set).start()
        return self.fronts[front].gather(*requests)

    def _asking(self, front: InProcess, call: Call | CoreCall | Fault, dice: Random) -> Any:
        if isinstance(call, Call):
            return asking(front, call, dice)
        if isinstance(call, Fault):
            return front.asking(call.method, call.path, call.body, key=call.api_key)
        return asking_core(front, call, KEYS[dice.choice(["secret", "application"])])

    # What holds.

    def _compare(self, model: Model) -> None:
        state = self._shown()
        self._agree(model, state)
        found = differences(state, self._expected(model))
        assert not found, "\n".join(found)

    def _shown(self) -> dict[str, Any]:
        state = state_of(self.fronts[0])
        return state if len(self.fronts) == 1 else in_any_order(state)

    def _expected(self, model: Model) -> dict[str, Any]:
        return expected_of(model) if len(self.fronts) == 1 else in_any_order(expected_of(model))

    def _agree(self, model: Model, state: dict[str, Any]) -> bool:
        """Whether that is what the model knows. Customers who are new to it get the id that they have been given; of
        those made at one moment by two processes who is the earlier is what the list says."""
        places = list(state["customers"])
        for customer in model.customers:
            if not customer.uid and _names(customer) in places:
                customer.uid = state["customers"][_names(customer)]["id"]
        if state != self._expected(model):
            return False
        model.customers.sort(key=lambda customer: (customer.created_at, places.index(_names(customer))))
        return True

    def teardown(self) -> None:
        with self._closing:
            pass
        with closing(SqlStore(store_url(self._url))) as store:
            assert verify(store).differences == []


def _done(model: Model, call: Call | CoreCall | Fault) -> tuple[int, bool]:
    if isinstance(call, Fault):
        return call.status, False
    try:
        if isinstance(call, Call):
            return 200, model.call(call)
        model.core(call)
    except Refused as refused:
        return refused.status, False
    return 200, False


def _names(customer: Customer) -> tuple[str | None, str]:
    return customer.user_id, (customer.email or "").casefold()


def test_any_calls_in_any_order(engine: str, new_store: NewStore) -> None:
    play(Beacon, new_store, examples=6 if engine == "sqlite" else 3, steps=20, phases=QUICK)


@pytest.mark.soak
def test_any_calls_in_any_order_for_long(engine: str, new_store: NewStore) -> None:
    play(Beacon, new_store, examples=400 if engine == "sqlite" else 120, steps=40)
