"""Refunds: never more than was paid, whoever asks at once; written down exactly once, and told in order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest

from tests.harness import SHOP, TestClock, prepared, provision
from tests.ledger.test_purchasing import purchase
from tests.ledger.test_purchasing import settled as payment_settled
from tollhouse.domain.money import SUM_MINOR_MAX, OutOfRange
from tollhouse.domain.summaries import EMPTY, after_charge, after_refund
from tollhouse.ledger.commands import GatewayAnswer, Idempotency, Receipt
from tollhouse.ledger.commands.refunds import ClaimUnresolvedRefunds, SettleRefund, StartRefund
from tollhouse.ledger.facts import (
    EntitlementFact,
    EventFact,
    Fact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    SummaryFact,
    TenantFact,
    TransactionFact,
    WebhookEndpointFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.purchase_details import order_status
from tollhouse.ledger.refunding import RefundStarted, gateway_refund
from tollhouse.ledger.refusals import (
    GatewayNotConfigured,
    IdempotencyKeyReused,
    OrderNotPaid,
    OrderUnknown,
    RefundAmountRefused,
    RefundTooLarge,
    Refusal,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore

TAKEN = GatewayAnswer("succeeded", reference="gw-1")
GIVEN = GatewayAnswer("succeeded", reference="gw-refund")
DECLINED = GatewayAnswer("declined", decline_code="refund_declined", decline_text="The refund was declined.")
ABSENT = GatewayAnswer("absent")
UNKNOWN = GatewayAnswer("unknown")


class Shop:
    """A tenant whose customers buy and get their money back. Whatever a test does to it, its books add up."""

    def __init__(self, store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
        self.store = store
        self.ledger = ledger
        self.clock = clock
        self.tenant: TenantFact = prepared(store, SHOP, clock)

    def paid(self, plan: str = "worldwide", answer: GatewayAnswer = TAKEN, **more: Any) -> PaymentFact:
        payment: PaymentFact = self.ledger.execute(purchase(self.tenant, plan, **more)).result.payment
        return payment_settled(self.ledger, payment, answer) if payment.state == "pending" else payment

    def start(self, order: PaymentFact, amount_minor: int | None = None, **more: Any) -> RefundStarted:
        started: RefundStarted = self.execute(order, amount_minor, **more).result
        return started

    def execute(self, order: PaymentFact, amount_minor: int | None = None, **more: Any) -> Receipt:
        return self.ledger.execute(self.asked(order, amount_minor, **more))

    def asked(
        self, order: PaymentFact | str, amount_minor: int | None = None, *, key: str | None = None, **more: Any
    ) -> StartRefund:
        fields: dict[str, Any] = {
            "amount": None,
            "reason": "OTHER",
            "internal_note": None,
            "gateways": frozenset({"sandbox"}),
            **more,
        }
        return StartRefund(
            tenant_id=self.tenant.tenant_id,
            idempotency=None if key is None else Idempotency("tenant", key),
            order_id=order if isinstance(order, str) else order.order_id,
            amount_minor=amount_minor,
            call_seconds=8,
            resolve_after_seconds=30,
            **fields,
        )

    def settling(
        self, started: RefundStarted, answer: GatewayAnswer, *, attempt_no: int = 1, revokes: bool = False
    ) -> SettleRefund:
        return SettleRefund(
            tenant_id=self.tenant.tenant_id,
            refund_id=started.refund.refund_id,
            customer_number=started.refund.customer_number,
            kind="refund" if attempt_no == 1 else "look_up",
            attempt_no=attempt_no,
            answer=answer,
            started_at=1,
            ended_at=2,
            resolve_after_seconds=30,
            revokes_access=revokes,
        )

    def settle(self, started: RefundStarted, answer: GatewayAnswer, **more: Any) -> RefundStarted:
        settled: RefundStarted = self.ledger.execute(self.settling(started, answer, **more)).result
        return settled

    def claim(self, of_at_most: int = 8) -> tuple[RefundStarted, ...]:
        claimed: tuple[RefundStarted, ...] = self.ledger.execute(
            ClaimUnresolvedRefunds(
                tenant_id=self.tenant.tenant_id, count=of_at_most, lease_seconds=60, resolve_after_seconds=30
            )
        ).result
        return claimed

    def rows(self, kind: type[Fact], /, **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(kind, **equals)

    def payment(self, order: PaymentFact) -> PaymentFact:
        (row,) = self.rows(PaymentFact, order_id=order.order_id)
        assert isinstance(row, PaymentFact)
        return row

    def summary(self, order: PaymentFact) -> SummaryFact:
        (row,) = self.rows(SummaryFact, customer_number=order.customer_number, currency=order.currency)
        assert isinstance(row, SummaryFact)
        return row

    def differences(self) -> list[str]:
        """What a check of the books finds, but for the sandbox's, which nobody asked here, and for answers of a gateway
        that contradict each other."""
        aside = ("sandbox", "gateway's answers")
        return [found for found in verify(self.store).differences if not any(words in found for words in aside)]

    def hear(self) -> None:
        """Subscribe to everything."""
        with self.store.unit_of_work(self.tenant.tenant_id) as unit:
            values = dict.fromkeys(WebhookEndpointFact.__struct_fields__, 1)
            texts = {"uid": "u", "url": "http://h", "secret": "s", "events": '["*"]', "description": ""}
            nothing = {"next_secret": None, "next_secret_at": None}
            tenant = {"tenant_id": self.tenant.tenant_id, "state": "enabled"}
            unit.insert([WebhookEndpointFact(**{**values, **texts, **nothing, **tenant})])

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """The events so far: of each its type, and its data."""
        events = sorted(self.rows(EventFact), key=lambda event: (event.customer_number, event.customer_seq))
        return [(event.event_type, msgspec.json.decode(event.body)["data"]) for event in events]


@pytest.fixture
def shop(store: SqlStore, ledger: Ledger, clock: TestClock) -> Any:
    opened = Shop(store, ledger, clock)
    yield opened
    assert opened.differences() == []


# The intent.


def test_a_refund_is_reserved_before_the_gateway_is_asked(shop: Shop) -> None:
    order = shop.paid()
    started = shop.start(order, 500, internal_note="by phone")
    refund = started.refund
    assert (refund.state, refund.amount_minor, refund.reason, refund.internal_note) == (
        "pending",
        500,
        "OTHER",
        "by phone",
    )
    assert (shop.payment(order).refund_reserved_minor, shop.payment(order).refunded_minor) == (500, 0)
    assert shop.summary(order).refunded_minor == 0
    assert refund.call_until_at == shop.clock.now() + 8_000_000
    assert refund.look_up_at == shop.clock.now() + 38_000_000
    assert order_status(shop.payment(order)) == "COMPLETE"
    asked = gateway_refund(refund, started.payment)
    assert (asked.payment_key, asked.payment_reference, asked.token) == (order.gateway_key, "gw-1", "pm_card_visa")
    assert (asked.amount_minor, asked.currency, asked.reason) == (500, "USD", "OTHER")


AMOUNTS = [
    # currency, amount in minor units, amount in major units, what is given back
    ("USD", None, None, 2000),
    ("USD", 1, None, 1),
    ("USD", 2000, None, 2000),
    ("USD", None, Decimal("19.99"), 1999),
    ("USD", None, Decimal("1E+1"), 1000),
    ("USD", 500, Decimal("19.999"), 500),
    ("JPY", None, Decimal(2900), 2900),
    ("JPY", None, Decimal("100.0"), 100),
    ("KWD", None, Decimal("6.125"), 6125),
    ("KWD", None, Decimal("0.001"), 1),
]


@pytest.mark.parametrize(("currency", "amount_minor", "amount", "given"), AMOUNTS)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_how_much_is_given_back(
    shop: Shop, currency: str, amount_minor: int | None, amount: Decimal | None, given: int
) -> None:
    order = shop.paid(currency=currency)
    assert shop.start(order, amount_minor, amount=amount).refund.amount_minor == given


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("currency", "asked", "refusal"),
    [
        ("USD", {"amount_minor": 2001}, RefundTooLarge),
        ("USD", {"amount": Decimal("20.01")}, RefundTooLarge),
        ("USD", {"amount": Decimal("1E+19")}, RefundTooLarge),
        ("USD", {"amount": Decimal("0.001")}, RefundAmountRefused),
        ("JPY", {"amount": Decimal("0.5")}, RefundAmountRefused),
        ("KWD", {"amount": Decimal("0.0001")}, RefundAmountRefused),
        ("USD", {"gateways": frozenset({"another"})}, GatewayNotConfigured),
    ],
)
def test_what_is_refused(shop: Shop, currency: str, asked: dict[str, Any], refusal: type[Refusal]) -> None:
    order = shop.paid(currency=currency)
    with pytest.raises(refusal):
        shop.execute(order, **asked)
    assert shop.rows(RefundFact) == []
    assert shop.payment(order).refund_reserved_minor == 0


def test_only_what_was_paid_can_be_refunded(shop: Shop) -> None:
    pending = shop.paid(answer=UNKNOWN)
    declined = shop.paid(answer=GatewayAnswer("declined", "card_declined", "No."))
    free = shop.paid("giveaway")
    refusals = []
    for order in (pending, declined, free, "ORD-20260101000000-NONE0"):
        with pytest.raises(Refusal) as refused:
            shop.ledger.execute(shop.asked(order))
        refusals.append(refused.type)
    assert refusals == [OrderUnknown, OrderNotPaid, OrderNotPaid, OrderUnknown]


def test_no_tenant_refunds_another_s_orders(shop: Shop, store: SqlStore, clock: TestClock) -> None:
    other = provision(store, clock=clock).tenant
    order = shop.paid()
    with pytest.raises(OrderUnknown):
        shop.ledger.execute(msgspec.structs.replace(shop.asked(order), tenant_id=other.tenant_id))


def test_what_is_reserved_is_nobody_else_s(shop: Shop) -> None:
    order = shop.paid()
    first = shop.start(order, 1500)
    with pytest.raises(RefundTooLarge, match=r"5\.00 USD"):
        shop.start(order, 501)
    second = shop.start(order)
    assert second.refund.amount_minor == 500
    with pytest.raises(RefundTooLarge, match=r"0\.00 USD"):
        shop.start(order)
    shop.settle(first, DECLINED)
    third = shop.start(order)
    assert third.refund.amount_minor == 1500
    shop.settle(second, GIVEN)
    shop.settle(third, GIVEN)
    payment = shop.payment(order)
    assert (payment.refunded_minor, payment.refund_reserved_minor, order_status(payment)) == (2000, 2000, "REFUNDED")


# The outcome.


def test_money_given_back_is_a_transaction_and_in_the_summary(shop: Shop) -> None:
    order = shop.paid()
    before = shop.summary(order)
    shop.clock.advance(60)
    settled = shop.settle(shop.start(order, 750), GIVEN)
    refund = settled.refund
    assert (refund.state, refund.gateway_reference, refund.look_up_at) == ("succeeded", "gw-refund", None)
    assert refund.settled_at == shop.clock.now()
    (transaction,) = shop.rows(TransactionFact, kind="refund")
    assert isinstance(transaction, TransactionFact)
    assert refund.transaction_id == transaction.transaction_id
    assert (transaction.net_minor, transaction.tax_minor, transaction.gross_minor) == (-750, 0, -750)
    assert (transaction.settlement, transaction.origin, transaction.currency) == ("gateway", "kelviq", "USD")
    assert (transaction.payment_id, transaction.effective_at) == (order.payment_id, shop.clock.now())
    after = shop.summary(order)
    assert after == SummaryFact(*(*msgspec.structs.astuple(before)[:5], 750, *msgspec.structs.astuple(before)[6:]))
    assert order_status(settled.payment) == "PARTIAL_REFUND"


@pytest.mark.parametrize(
    ("answer", "code"), [(DECLINED, "refund_declined"), (ABSENT, "refund_not_completed")], ids=["declined", "absent"]
)
def test_a_refund_that_fails_gives_its_reservation_back(shop: Shop, answer: GatewayAnswer, code: str) -> None:
    order = shop.paid()
    refund = shop.settle(shop.start(order, 750), answer).refund
    assert (refund.state, refund.failure_code, refund.transaction_id) == ("failed", code, None)
    assert refund.failure_text
    assert (shop.payment(order).refund_reserved_minor, shop.payment(order).refunded_minor) == (0, 0)
    assert shop.rows(TransactionFact, kind="refund") == []


def test_an_outcome_counts_once(shop: Shop) -> None:
    order = shop.paid()
    started = shop.start(order, 750)
    settled = shop.settle(started, GIVEN)
    for attempt_no, answer in ((1, GIVEN), (2, DECLINED), (3, GIVEN), (4, UNKNOWN)):
        assert shop.settle(started, answer, attempt_no=attempt_no).refund == settled.refund
    together = [shop.settling(started, answer, attempt_no=9) for answer in (GIVEN, DECLINED)]
    shop.ledger.execute_batch(shop.tenant.tenant_id, together)
    assert shop.payment(order).refunded_minor == 750
    assert len(shop.rows(TransactionFact, kind="refund")) == 1
    attempts = sorted((row.attempt_no, row.kind) for row in shop.rows(RefundAttemptFact))
    assert attempts == [(1, "refund"), (2, "look_up"), (3, "look_up"), (4, "look_up"), (9, "look_up")]


def test_two_outcomes_in_one_batch_settle_once(shop: Shop) -> None:
    order = shop.paid()
    started = shop.start(order, 750)
    commands = [shop.settling(started, answer, attempt_no=n) for n, answer in enumerate((GIVEN, DECLINED), 1)]
    outcomes = shop.ledger.execute_batch(shop.tenant.tenant_id, commands)
    assert [outcome.result.refund.state for outcome in outcomes if isinstance(outcome, Receipt)] == ["succeeded"] * 2
    assert shop.payment(order).refunded_minor == 750


def test_an_unknown_outcome_is_looked_up_ever_later(shop: Shop, store: SqlStore) -> None:
    order = shop.paid()
    started = shop.settle(shop.start(order, 750), UNKNOWN)
    assert started.refund.state == "pending"
    queries = SqlQueries(store)
    gaps = []
    for look_up in range(1, 6):
        due_at = shop.rows(RefundFact)[0].look_up_at
        assert queries.tenants_with_due_refunds(due_at - 1) == []
        assert queries.tenants_with_due_refunds(due_at) == [shop.tenant.tenant_id]
        gaps.append((due_at - shop.clock.now()) // 1_000_000)
        shop.clock.now_us = due_at
        (claimed,) = shop.claim()
        assert (claimed.refund.look_ups, claimed.payment.order_id) == (look_up, order.order_id)
        assert shop.claim() == ()
        shop.settle(claimed, UNKNOWN, attempt_no=1 + look_up)
    assert gaps == [30, 60, 120, 240, 480]
    assert shop.payment(order).refund_reserved_minor == 750
    (claimed,) = _claimed_later(shop)
    assert shop.settle(claimed, GIVEN, attempt_no=9).refund.state == "succeeded"
    assert queries.tenants_with_due_refunds(2**62) == []


def _claimed_later(shop: Shop) -> tuple[RefundStarted, ...]:
    shop.clock.advance(10**6)
    return shop.claim()


def test_a_claim_that_comes_after_an_outcome_of_its_batch_takes_nothing(shop: Shop) -> None:
    started = shop.start(shop.paid(), 750)
    shop.clock.advance(100)
    claim = ClaimUnresolvedRefunds(tenant_id=shop.tenant.tenant_id, count=8, lease_seconds=60, resolve_after_seconds=30)
    _, claimed = shop.ledger.execute_batch(shop.tenant.tenant_id, [shop.settling(started, GIVEN), claim])
    assert isinstance(claimed, Receipt)
    assert claimed.result == ()
    assert shop.rows(RefundFact)[0].state == "succeeded"


# Keys.


def test_a_key_refunds_once(shop: Shop) -> None:
    order = shop.paid()
    first = shop.execute(order, 500, key="k")
    again = shop.execute(order, 500, key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result.refund == first.result.refund
    shop.settle(first.result, GIVEN)
    assert shop.execute(order, 500, key="k").result.refund.state == "succeeded"
    for other in ({"amount_minor": 501}, {"amount_minor": 500, "reason": "FRAUDULENT"}, {"amount": Decimal(5)}):
        with pytest.raises(IdempotencyKeyReused):
            shop.execute(order, key="k", **other)
    assert shop.payment(order).refunded_minor == 500


def test_a_key_in_one_batch_refunds_once(shop: Shop) -> None:
    order = shop.paid()
    outcomes = shop.ledger.execute_batch(shop.tenant.tenant_id, [shop.asked(order, 2000, key="k")] * 3)
    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert [receipt.replayed for receipt in receipts] == [False, True, True]
    assert len({receipt.result.refund.refund_id for receipt in receipts}) == 1


def test_a_refusal_does_not_burn_its_key(shop: Shop) -> None:
    order = shop.paid()
    started = shop.start(order, 2000)
    with pytest.raises(RefundTooLarge):
        shop.execute(order, 2000, key="k")
    shop.settle(started, DECLINED)
    assert not shop.execute(order, 2000, key="k").replayed


# Many at once.


def test_refunds_of_one_batch_do_not_exceed_what_was_paid(shop: Shop) -> None:
    order = shop.paid()
    outcomes = shop.ledger.execute_batch(shop.tenant.tenant_id, [shop.asked(order, 700) for _ in range(4)])
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Receipt",
        "Receipt",
        "RefundTooLarge",
        "RefundTooLarge",
    ]
    assert shop.payment(order).refund_reserved_minor == 1400


def test_refunds_at_once_do_not_exceed_what_was_paid(shop: Shop, store: SqlStore) -> None:
    """By several processes: each thread has a ledger of its own, and refunds of two customers cross."""
    orders = [shop.paid(customer="cust_visa"), shop.paid(customer="cust_germany", currency="USD")]
    refused: list[Exception] = []
    numbers = count()

    def work(_index: int) -> None:
        ledger = Ledger(store, shop.clock)
        for _ in range(12):
            turn = next(numbers)
            both = [shop.asked(order, 300) for order in (orders if turn % 2 else orders[::-1])]
            outcomes = ledger.execute_batch(shop.tenant.tenant_id, both)
            begun = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
            refused.extend(outcome for outcome in outcomes if isinstance(outcome, Exception))
            answers = [GIVEN if turn % 3 else DECLINED] * len(begun)
            settling = [shop.settling(b.result, answer) for b, answer in zip(begun, answers, strict=True)]
            if settling:
                ledger.execute_batch(shop.tenant.tenant_id, settling)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert {type(error) for error in refused} == {RefundTooLarge}
    for order in orders:
        payment = shop.payment(order)
        assert payment.refunded_minor == payment.refund_reserved_minor == 300 * (order.amount_minor // 300)
    given = sum(-row.gross_minor for row in shop.rows(TransactionFact, kind="refund"))
    assert given == sum(shop.payment(order).refunded_minor for order in orders)


def test_one_key_at_once_refunds_once(shop: Shop, store: SqlStore) -> None:
    order = shop.paid()
    together = threading.Barrier(4)

    def ask(_index: int) -> Receipt:
        ledger = Ledger(store, shop.clock)
        together.wait(timeout=30)
        return ledger.execute(shop.asked(order, 1500, key="k"))

    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(ask, range(4)))
    assert [receipt.replayed for receipt in receipts].count(False) == 1
    assert shop.payment(order).refund_reserved_minor == 1500


# What was bought, and what is told.


def test_a_refund_leaves_what_was_bought(shop: Shop) -> None:
    order = shop.paid()
    shop.settle(shop.start(order), GIVEN)
    assert [row.revoked_at for row in shop.rows(EntitlementFact)] == [None]
    assert shop.payment(order).revoked_at is None


def test_a_whole_refund_may_take_it_back(shop: Shop) -> None:
    kept, order = shop.paid(), shop.paid()
    shop.settle(shop.start(order, 1999), GIVEN, revokes=True)
    assert shop.payment(order).revoked_at is None
    shop.settle(shop.start(order), GIVEN, revokes=True)
    assert shop.payment(order).revoked_at == shop.clock.now()
    revoked = {row.payment_id: row.revoked_at for row in shop.rows(EntitlementFact)}
    assert revoked == {kept.payment_id: None, order.payment_id: shop.clock.now()}


def test_refunds_are_told_in_order(shop: Shop) -> None:
    shop.hear()
    order = shop.paid()
    bought = len(shop.told())
    started = shop.start(order, 500)
    assert [(kind, data["object"]["status"]) for kind, data in shop.told()[bought:]] == [
        ("refund.created", "PROCESSING")
    ]
    shop.settle(started, UNKNOWN)
    shop.settle(started, GIVEN, attempt_no=2)
    shop.settle(shop.start(order, 100), DECLINED)
    shop.settle(shop.start(order), GIVEN, revokes=True)
    told = [(kind, data["object"]["status"], data.get("previous_attributes")) for kind, data in shop.told()[bought:]]
    was_processing = {"status": "PROCESSING"}
    assert told == [
        ("refund.created", "PROCESSING", None),
        ("refund.updated", "SUCCEEDED", was_processing),
        ("order.refunded", "PARTIAL_REFUND", None),
        ("refund.created", "PROCESSING", None),
        ("refund.updated", "FAILED", was_processing),
        ("refund.created", "PROCESSING", None),
        ("refund.updated", "SUCCEEDED", was_processing),
        ("order.refunded", "REFUNDED", None),
        ("subscription.cancelled", "canceled", None),
    ]
    first = shop.told()[bought][1]["object"]
    assert (first["amount"], first["amount_units"], first["order_id"]) == ("5.00", 500, order.order_id)


# The summary.


def test_a_refund_changes_nothing_but_what_was_refunded() -> None:
    charged = after_charge(EMPTY, 900, 5)
    refunded = after_refund(after_refund(charged, 300), 200)
    assert refunded.refunded_minor == 500
    assert (refunded.count, refunded.sum_minor, refunded.last_amount_minor) == (1, 900, 900)
    with pytest.raises(OutOfRange):
        after_refund(refunded, SUM_MINOR_MAX)
