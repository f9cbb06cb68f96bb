"""What golden cases cannot pin: time, repeats at once, gateways that are slow, silent or gone, hostile bodies."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apis.kelviq.hours import Hours
from tests.harness import SHOP, Answer, InProcess, Postgres, in_process, provision, provisioned_sqlite, sqlite_copy
from tollhouse.apis.desk import Desk
from tollhouse.apis.kelviq.reply import envelope
from tollhouse.config import Settings
from tollhouse.gateways import sandbox
from tollhouse.gateways.sandbox import SandboxGateway
from tollhouse.ledger import refunding, refusals
from tollhouse.ledger.commands import GatewayAnswer
from tollhouse.ledger.facts import Fact, PaymentFact, ReceiptFact, TransactionFact
from tollhouse.ledger.purchasing import offers, prices, settling
from tollhouse.ledger.refusals import IdempotencyKeyReused, Refusal, SumTooLarge
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.web import Trouble

CHARGES = "/api/v1/charges/"
#: For those who wait for a real second, and for nothing that has to be done within one.
QUICK = {"gateway_timeout_seconds": 1, "resolve_after_seconds": 1}
GATEWAY_SECONDS = 8


def purchase(customer: str = "cust_visa", plan: str = "worldwide", **more: Any) -> dict[str, Any]:
    return {"planIdentifier": plan, "chargePeriod": "ONE_TIME", "customerId": customer, **more}


def asking(application: InProcess, body: Any, key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return application.asking("POST", CHARGES, body, key="sk_test_shop", headers=headers)


def ask(application: InProcess, body: Any, key: str | None = None) -> Answer:
    (answer,) = application.gather(asking(application, body, key))
    return answer


def is_replay(answer: Answer) -> bool:
    return answer.headers.get("idempotency-replayed") == "true"


class Shop:
    """The application with settings of its own, and a look at what it wrote."""

    def __init__(self, url: str) -> None:
        self.url = url

    def running(self, **changed: int) -> Any:
        return in_process(Settings(database_url=self.url, **changed))

    def rows(self, kind: type[Fact]) -> list[Any]:
        with closing(SqlStore(store_url(self.url))) as store:
            (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "shop"]
            with store.reading(tenant.tenant_id) as reader:
                return reader.find(kind)

    def differences(self) -> list[str]:
        with closing(SqlStore(store_url(self.url))) as store:
            return verify(store).differences


@pytest.fixture
def shop(acme_url: str) -> Shop:
    return Shop(acme_url)


@pytest.fixture
def slow_charges(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have the gateway take its time before it does what it does."""
    charge = SandboxGateway.charge

    def slow_down(seconds: float) -> None:
        def slowly(self: SandboxGateway, *asked: Any) -> GatewayAnswer:
            time.sleep(seconds)
            return charge(self, *asked)

        monkeypatch.setattr(SandboxGateway, "charge", slowly)

    return slow_down


class Held:
    """The gateway takes as long as the test wants before it does what it does."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.free = threading.Event()

    async def until_asked(self) -> None:
        async with asyncio.timeout(60):
            while not self.asked.is_set():
                await asyncio.sleep(0.01)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held, charge = Held(), SandboxGateway.charge

    def in_its_time(self: SandboxGateway, *asked: Any) -> GatewayAnswer:
        held.asked.set()
        assert held.free.wait(60)
        return charge(self, *asked)

    monkeypatch.setattr(SandboxGateway, "charge", in_its_time)
    yield held
    held.free.set()


# What is answered.


def test_the_answer_says_the_same_for_ever(shop: Shop) -> None:
    """To the byte, after a restart, with other settings, whatever became of plan and product."""
    body = purchase(plan="team-pack", features=[{"identifier": "credits", "quantity": 3}])
    with shop.running() as application:
        first = ask(application, body, "k")
    assert first.status == 201
    with closing(SqlStore(store_url(shop.url))) as store:
        provision(store, SHOP.replace("Team Pack", "Other Name").replace("Invoice Test", "Other Product"))
    with shop.running(kelviq_charge_features=0) as application:
        again = ask(application, body, "k")
        assert (again.status, again.body, is_replay(again)) == (201, first.body, True)
        assert ask(application, body).json()["plan"]["name"] == "Other Name"


def test_features_can_be_left_out_as_in_the_published_sample(shop: Shop) -> None:
    with shop.running(kelviq_charge_features=0) as application:
        assert ask(application, purchase(plan="team-pack")).json()["features"] == []


def test_every_refusal_of_a_purchase_has_its_words() -> None:
    """A refusal without an entry would be answered as a fault of ours."""
    known = [*vars(offers).values(), *vars(prices).values()]
    named = {r for r in known if isinstance(r, type) and issubclass(r, Refusal)} - {Refusal}
    assert named | {IdempotencyKeyReused, SumTooLarge} <= set(envelope.REFUSALS)
    codes = [code for _, code in envelope.REFUSALS.values()]
    assert len(codes) == len(set(codes))


def test_every_code_is_documented() -> None:
    root = Path(__file__).parents[3]
    told = (root / "docs" / "kelviq.md").read_text(encoding="utf-8").partition("### Errors")[2].partition("\n## ")[0]
    door = "".join(file.read_text(encoding="utf-8") for file in (root / "src/tollhouse/apis/kelviq").rglob("*.py"))
    said = set(re.findall(r'\(\s*\d{3},\s*"(\w+)"|"code":"(\w+)"', door))
    codes = {code for pair in said for code in pair if code} | {code for _, code in envelope.REFUSALS.values()}
    assert {"outcome_unknown", "not_authenticated", "internal_error", "page_not_found"} <= codes
    codes |= {settling.NOT_COMPLETED[0], refunding.NOT_COMPLETED[0], *sandbox.DECLINES}
    assert [code for code in codes if f"`{code}`" not in told] == []


@pytest.mark.parametrize(
    ("trouble", "status"),
    [(Trouble.TOO_LARGE, 413), (Trouble.OVERLOADED, 503), (Trouble.UNAVAILABLE, 503), (Trouble.FAULT, 500)],
)
def test_troubles_have_their_words(trouble: str, status: int) -> None:
    said = envelope.trouble_to_wire(trouble)
    assert said.status == status
    assert set(envelope.msgspec.json.decode(said.body)) == {"detail", "code"}
    assert (dict(said.headers).get(b"retry-after") == b"1") == (status == 503)


def test_a_blocked_organization_is_told_so(shop: Shop) -> None:
    with closing(SqlStore(store_url(shop.url))) as store:
        provision(store, SHOP.replace('slug = "shop"', 'slug = "shop"\nblocked = true'))
    with shop.running() as application:
        answer = ask(application, purchase())
    assert (answer.status, answer.json()["code"]) == (400, "organization_blocked")
    assert shop.rows(PaymentFact) == []


# Repeats at once.


def test_of_many_identical_requests_one_charges(shop: Shop, slow_charges: Callable[[float], None]) -> None:
    slow_charges(0.2)
    with shop.running() as application:
        answers = application.gather(*(asking(application, purchase(), "k") for _ in range(40)))
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert [is_replay(answer) for answer in answers].count(False) == 1
    assert len(shop.rows(TransactionFact)) == 1
    assert shop.differences() == []


def test_a_repeat_waits_for_the_first(shop: Shop, held: Held) -> None:
    with shop.running() as application:

        async def later() -> Answer:
            await held.until_asked()
            asyncio.get_running_loop().call_later(0.2, held.free.set)
            answer: Answer = await asking(application, purchase("cust_declined"), "k")
            return answer

        first, second = application.gather(asking(application, purchase("cust_declined"), "k"), later())
    assert (first.status, first.body) == (second.status, second.body)
    assert first.json()["code"] == "card_declined"
    assert (is_replay(first), is_replay(second)) == (False, True)


def test_other_content_does_not_wait(shop: Shop, slow_charges: Callable[[float], None]) -> None:
    slow_charges(0.2)
    with shop.running() as application:
        answers = application.gather(
            asking(application, purchase(), "k"), asking(application, purchase(plan="team-pack"), "k")
        )
    charged, refused = sorted(answers, key=lambda answer: answer.status)
    assert (charged.status, refused.status) == (201, 409)
    assert refused.json()["code"] == "idempotency_key_reused"


def test_requests_without_a_key_are_charges_of_their_own(shop: Shop) -> None:
    with shop.running() as application:
        answers = application.gather(*(asking(application, purchase()) for _ in range(10)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == len(shop.rows(TransactionFact)) == 10
    assert shop.differences() == []


def test_two_servers_charge_a_key_once(postgres: Postgres, slow_charges: Callable[[float], None]) -> None:
    slow_charges(0.2)
    shop = Shop(postgres.empty())
    with closing(SqlStore(store_url(shop.url))) as store:
        provision(store, SHOP)

    def ask_one_server(_number: int) -> list[Answer]:
        with shop.running(read_threads=4) as application:
            together.wait()
            return application.gather(*(asking(application, purchase(), "k") for _ in range(10)))

    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as servers:
        answers = [answer for some in servers.map(ask_one_server, range(2)) for answer in some]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert [is_replay(answer) for answer in answers].count(False) == 1
    assert len(shop.rows(TransactionFact)) == 1
    assert shop.differences() == []


# Silence.


def _until_settled(application: InProcess, body: Any, key: str) -> Iterator[Answer]:
    """Answers to the same request, up to the first that is settled."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        answer = ask(application, body, key)
        yield answer
        if answer.status != 504:
            return
    raise AssertionError("it was never settled")


@pytest.mark.parametrize(
    ("customer", "status", "code", "transactions"),
    [("cust_timeout", 201, None, 1), ("cust_timeout_unpaid", 400, "payment_not_completed", 0)],
)
def test_silence_is_an_unknown_outcome_until_it_is_known(
    shop: Shop, hours: Hours, customer: str, status: int, code: str | None, transactions: int
) -> None:
    with shop.running(resolve_after_seconds=600) as application:
        began = hours.now
        first = ask(application, purchase(customer), "k")
        assert GATEWAY_SECONDS - 1 < hours.now - began < GATEWAY_SECONDS + 1
        assert first.status == 504
        assert first.json().keys() == {"detail", "code", "orderId"}
        assert first.json()["code"] == "outcome_unknown"
        assert not is_replay(first)
        assert shop.rows(TransactionFact) == []

        hours.pass_by(600)
        *still_open, settled = _until_settled(application, purchase(customer), "k")
        assert all(answer.body == first.body and is_replay(answer) for answer in still_open)
        assert (settled.status, settled.json().get("code")) == (status, code)
        assert is_replay(settled)
        assert ask(application, purchase(customer), "k").body == settled.body
    (payment,) = shop.rows(PaymentFact)
    assert payment.order_id == first.json()["orderId"]
    assert len(shop.rows(TransactionFact)) == transactions
    assert shop.differences() == []


def test_a_repeat_during_silence_waits_no_longer_than_the_first(shop: Shop, hours: Hours) -> None:
    with shop.running(resolve_after_seconds=600) as application:
        began = hours.now
        answers = application.gather(*(asking(application, purchase("cust_timeout"), "k") for _ in range(5)))
        assert GATEWAY_SECONDS - 1 < hours.now - began < GATEWAY_SECONDS + 1
        assert [answer.status for answer in answers] == [504] * 5
        assert len({answer.body for answer in answers}) == 1
        assert [is_replay(answer) for answer in answers].count(False) == 1
        hours.pass_by(GATEWAY_SECONDS)
        began = hours.now
        assert ask(application, purchase("cust_timeout"), "k").status == 504
        assert hours.now - began < 1.9


def test_a_gateway_that_will_not_end_does_not_hold_the_caller(shop: Shop, held: Held) -> None:
    """It takes the money after we stopped waiting: the look-up finds it."""
    with shop.running(**QUICK) as application:
        assert ask(application, purchase(), "k").status == 504
        assert not held.free.is_set()
        held.free.set()
        *_, settled = _until_settled(application, purchase(), "k")
    assert settled.status in (201, 400)
    assert len(shop.rows(TransactionFact)) == (settled.status == 201)


def test_a_gateway_that_raises_is_an_unknown_outcome(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: SandboxGateway, *_asked: Any) -> GatewayAnswer:
        raise RuntimeError("pm_card_visa")

    monkeypatch.setattr(SandboxGateway, "charge", fail)
    with shop.running() as application:
        assert ask(application, purchase()).status == 504
    assert [payment.state for payment in shop.rows(PaymentFact)] == ["pending"]


def test_an_outcome_that_cannot_be_written_is_unknown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any) -> None:
        raise settling.TakenButNotRecorded

    with shop.running() as application:
        monkeypatch.setattr(settling, "_taken", refuse)
        assert ask(application, purchase(), "k").status == 504
    assert [payment.state for payment in shop.rows(PaymentFact)] == ["pending"]


def test_an_outcome_that_meets_a_full_queue_is_written_when_there_is_room(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, refused = Desk.execute, []

    async def full_at_first(self: Desk, command: Any) -> Any:
        if type(command).__name__ == "SettlePurchase" and len(refused) < 3:
            refused.append(command)
            raise refusals.Overloaded
        return await execute(self, command)

    monkeypatch.setattr(Desk, "execute", full_at_first)
    with shop.running() as application:
        assert ask(application, purchase()).status == 201
    assert len(refused) == 3


def test_the_work_goes_on_when_the_client_leaves(shop: Shop, held: Held) -> None:
    with shop.running() as application:

        async def leaving() -> None:
            request = asyncio.ensure_future(asking(application, purchase(), "k"))
            await held.until_asked()
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)

        application.gather(leaving())
        held.free.set()
        answer = ask(application, purchase(), "k")
    assert (answer.status, is_replay(answer)) == (201, True)
    assert len(shop.rows(TransactionFact)) == 1


def test_stopping_waits_for_what_was_begun(shop: Shop, held: Held) -> None:
    with shop.running() as application:

        async def leaving() -> None:
            request = asyncio.ensure_future(asking(application, purchase()))
            await held.until_asked()
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)

        application.gather(leaving())
        threading.Timer(0.2, held.free.set).start()
    assert [payment.state for payment in shop.rows(PaymentFact)] == ["succeeded"]


def test_without_a_free_gateway_thread_nothing_is_begun(shop: Shop, held: Held) -> None:
    with shop.running(gateway_threads=1) as application:

        async def counted(number: int) -> Answer:
            answer: Answer = await asking(application, purchase(), f"k{number}")
            answered.append(answer)
            if len(answered) == 4:
                held.free.set()
            return answer

        answered: list[Answer] = []
        answers = application.gather(*map(counted, range(5)))
        assert sorted(answer.status for answer in answers) == [201, 503, 503, 503, 503]
        refused = next(answer for answer in answers if answer.status == 503)
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["code"] == "overloaded"
    assert len(shop.rows(PaymentFact)) == len(shop.rows(ReceiptFact)) == 1


def test_a_repeat_needs_no_gateway_thread(shop: Shop, slow_charges: Callable[[float], None]) -> None:
    slow_charges(0.9)
    with shop.running(gateway_threads=1) as application:
        answers = application.gather(*(asking(application, purchase(), "k") for _ in range(5)))
    assert [answer.status for answer in answers] == [201] * 5
    assert len({answer.body for answer in answers}) == 1
    assert [is_replay(answer) for answer in answers].count(False) == 1
    assert len(shop.rows(TransactionFact)) == 1


# Hostile bodies.

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["ONE_TIME", "USD", "cust_visa", "worldwide", "team-pack", "seats", "8.8.8.8", "INCLUSIVE"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["identifier", "quantity"]), inner, max_size=2)
    ),
    max_leaves=6,
)
_NAMES = [
    *("planIdentifier", "plan_identifier", "chargePeriod", "charge_period", "customerId", "customer_id", "features"),
    *("currencyCode", "currency_code", "ipAddress", "customAmount", "custom_amount", "taxBehavior", "tax_behavior"),
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """One application for all examples."""
    url = sqlite_copy(provisioned_sqlite(), tmp_path_factory.mktemp("hostile"))
    with in_process(Settings(database_url=url, **QUICK)) as application:
        yield application


@given(body=st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=8), _JSON, max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_is_a_fault_of_ours(hostile: InProcess, body: dict[str, Any]) -> None:
    answer = ask(hostile, {**purchase(), **body})
    assert answer.status in (201, 400)
    if answer.status == 400:
        assert isinstance(answer.json()["detail"], str)
    else:
        assert len(answer.json()) == 17


@given(body=st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_are_a_fault_of_ours(hostile: InProcess, body: bytes) -> None:
    assert ask(hostile, body).status == 400
