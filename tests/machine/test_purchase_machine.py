"""Any plans, purchases, refunds and usage, in any order, in any batches, from two processes, beside a plain model.

Gateways answer at once, late, by an event, twice, or never until they are asked. The books, the entitlements and what
endpoints are told always say what the model says, and no money is ever taken or given back twice.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import TestClock, prepared
from tests.machine import purchase_model as plain
from tests.machine.playing import NewStore
from tests.machine.purchase_books import Books, order_shown, payment_shown, refund_expected, refund_shown
from tests.machine.purchase_dice import (
    CUSTOMERS,
    IPS,
    PLANS,
    URLS,
    Again,
    Author,
    Buy,
    Dice,
    GiveBack,
    Keep,
    Subscribe,
    Switch,
    Tell,
    Use,
)
from tests.machine.purchase_model import (
    FEATURES,
    GATEWAY,
    SECOND,
    Ask,
    Customer,
    Document,
    Endpoint,
    Entitled,
    Model,
    Move,
    Order,
    Plan,
    Price,
    Rate,
    Refund,
    RefundAsk,
    Refused,
)
from tollhouse.ledger.catalog.features import FeatureShown
from tollhouse.ledger.commands import (
    ArchiveCustomer,
    ChangeRegistered,
    ClaimUnresolved,
    Command,
    GatewayAnswer,
    Idempotency,
    Receipt,
    RegisterCustomer,
    SavePaymentMethod,
    SettlePurchase,
    StartPurchase,
    event_attempt_no,
)
from tollhouse.ledger.commands.catalog import (
    ArchivePlan,
    CreateCatalogPlan,
    CreateCatalogProduct,
    CreateFeature,
    DiscardPlan,
    EditPlan,
    PublishPlan,
    SetPlanEntitlements,
    SetPlanPrices,
)
from tollhouse.ledger.commands.purchases import StartFree
from tollhouse.ledger.commands.refunds import ClaimUnresolvedRefunds, SettleRefund, StartRefund
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, PutEndpoint
from tollhouse.ledger.facts import (
    TenantFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.plan_documents import (
    AuthoredEntitlement,
    AuthoredPrice,
    Bracket,
    PeriodPrice,
    PlanDocument,
    PriceItem,
)
from tollhouse.ledger.purchase_details import gateway_charge
from tollhouse.ledger.refunding import gateway_refund
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

TENANT = '[tenant]\nslug = "machine"\nprivate_webhooks = true\n'


class Double:
    """A gateway that remembers what it did under each key, and what it was asked."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}
        self._asked: dict[str, tuple[object, ...]] = {}

    def call(self, fate: str, key: str, *about: object) -> GatewayAnswer | None:
        """The answer to the first call about a key; None when none will be heard at once."""
        assert key not in self._asked, "two moves of money under one key"
        self._asked[key] = about
        if fate in ("never called", "nothing"):
            return None if fate == "never called" else GatewayAnswer("unknown")
        self.done[key] = "succeeded" if fate.startswith("taken") else "declined"
        if fate.endswith("unheard"):
            return GatewayAnswer("unknown")
        return None if fate.endswith("late") else self.truth(key)

    def look_up(self, key: str, *about: object) -> GatewayAnswer:
        """From now on the key moves nothing, if it has not before."""
        assert self._asked.setdefault(key, about) == about, "asked about other money than before"
        self.done.setdefault(key, "absent")
        return self.truth(key)

    def truth(self, key: str) -> GatewayAnswer:
        outcome = self.done[key]
        return GatewayAnswer(outcome, "card_declined" if outcome == "declined" else "", "No.", f"ref-{key}")


@dataclass
class Step:
    """A command, what it should lead to by the model (a word, or Refused), and who learns of its result."""

    line: str
    command: Command
    expected: Callable[[], Any]
    learn: Callable[[Any, Any], None] = lambda _result, _expected: None


class Purchasing:
    """Tells the same to two ledgers on one store, as two processes would, and to the model."""

    def __init__(self, new_store: NewStore) -> None:
        self._closing = ExitStack()
        url = new_store()
        self.stores = [self._closing.enter_context(closing(SqlStore(store_url(url)))) for _ in range(2)]
        self.clock = TestClock()
        self.tenant: TenantFact = prepared(self.stores[0], TENANT, self.clock)
        self.tenant_id = self.tenant.tenant_id
        self.ledgers = [Ledger(store, self.clock) for store in self.stores]
        self.model = Model(self.clock.now_us)
        self.double = Double()
        self.uids: dict[str, str] = {}
        #: What was begun, and under which key.
        self.asked: list[tuple[Ask | RefundAsk, str | None]] = []
        #: Answers that are still on their way.
        self.late: list[tuple[Move, GatewayAnswer]] = []
        self.lines: list[str] = []

    # What happens.

    def begin(self, dice: Dice) -> None:
        product = self._result(CreateCatalogProduct, name="Product", identifier=None, description="", tax_code="saas")
        for name, kind in FEATURES.items():
            values = {"name": name, "identifier": name, "feature_type": kind, "description": "", "details": {}}
            made: FeatureShown = self._result(CreateFeature, **values)
            self.uids[name] = made.feature.uid
        for name in PLANS:
            uid = product.product.uid
            self._result(CreateCatalogPlan, identifier=name, product_uid=uid, document=PlanDocument(name=name))
            self.model.plans[name] = Plan(name, Document())
        steps = [self._keeping(Keep(reference, "register", country)) for reference, country in CUSTOMERS]
        self._do(steps, 0)
        self._do(
            [self._keeping(Keep(reference, "save", "")) for reference, _ in CUSTOMERS if reference != "cardless"], 0
        )
        for name in PLANS:
            document = dice.document()
            parts = [Author(name, what, document) for what in ("prices", "entitled", "countries", "publish")]
            self._do([self._authoring(part) for part in parts], 0)
        self._do([self._subscribing(Subscribe(URLS[0], dice.types()))], 0)

    def alone(self, dice: Dice) -> None:
        self._play(dice.action(self.model), dice.randrange(2))

    def together(self, dice: Dice) -> None:
        actions = [action for _ in range(dice.randint(2, 5)) for action in dice.action(self.model)]
        self._play(actions, dice.randrange(2))

    def bought(self, dice: Dice) -> None:
        self._play([dice.buy(self.model) for _ in range(dice.randint(1, 3))], dice.randrange(2))

    def two_refunds_at_once(self, dice: Dice) -> None:
        one, other = dice.give_back(self.model), dice.give_back(self.model)
        self._play([one, replace(other, which=one.which)], dice.randrange(2))

    def time_goes_by(self, dice: Dice) -> None:
        self._later(dice)

    def what_is_open_is_looked_up(self, dice: Dice) -> None:
        """And settled by what the gateway says; now and then it does not know."""
        process = dice.randrange(2)
        self._later(dice)
        self._say(f"{process}: what is open is looked up")
        common = {"count": 100, "lease_seconds": plain.LEASE_SECONDS, "resolve_after_seconds": plain.RESOLVE_SECONDS}
        claimed = self._result(ClaimUnresolved, process, **common)
        assert sorted(p.payment_id for p in claimed) == self.model.claim(self.model.orders)
        refunds = self._result(ClaimUnresolvedRefunds, process, **common)
        assert sorted(r.refund.refund_id for r in refunds) == self.model.claim(self.model.refunds)
        charges = [gateway_charge(payment) for payment in claimed]
        back = [gateway_refund(found.refund, found.payment) for found in refunds]
        about = {call.key: call for call in (*charges, *back)}
        steps = []
        for move in [move for move in self._moves() if move.key in about]:
            answer = self.double.look_up(move.key, about[move.key].currency, about[move.key].amount_minor)
            if dice.one_in(4) and move.look_ups < 20:
                answer = GatewayAnswer("unknown")
            steps.append(self._settling(move, "look_up", 1 + move.look_ups, answer))
        self._do(steps, process)

    def a_late_answer(self, dice: Dice) -> None:
        if self.late:
            move, answer = dice.choice(self.late)
            self._do([self._settling(move, "charge", 1, answer)] * dice.randint(1, 2), dice.randrange(2))

    def restart(self, dice: Dice) -> None:
        process = dice.randrange(2)
        self.ledgers[process] = Ledger(self.stores[process], self.clock)

    def _later(self, dice: Dice) -> None:
        seconds = dice.choice([1, 37, 38, 60, 100, 1800, 86_400])
        self._tick(seconds * SECOND)
        self._say(f"{seconds} s later")

    # How.

    def _play(self, actions: Sequence[Any], process: int) -> None:
        """Do them in one batch; then call the gateway for what was begun, and write down what it said."""
        self._tick(1)
        fates: list[tuple[Move, str]] = []
        steps = [step for action in actions for step in self._steps(action, fates)]
        self._do(steps, process)
        self._tick(1)
        answers = []
        for move, fate in fates:
            if move.state == "pending":
                answer = self.double.call(fate, move.key, move.currency, move.amount)
                if answer is not None:
                    answers.append(self._settling(move, "charge", 1, answer))
                elif fate != "never called":
                    self.late.append((move, self.double.truth(move.key)))
        self._do(answers, process)

    def _do(self, steps: Sequence[Step], process: int) -> None:
        """One batch, beside the model."""
        if not steps:
            return
        commands = [step.command for step in steps]
        outcomes = self.ledgers[process].execute_batch(self.tenant_id, commands)
        for number, (step, outcome) in enumerate(zip(steps, outcomes, strict=True)):
            try:
                expected = step.expected()
            except Refused as refused:
                expected = refused
            told = _told(outcome)
            self._say(f"{'  +' if number else f'{process}:'} {step.line} -> {told}")
            if isinstance(expected, Refused):
                assert told == expected.name, step.line
                continue
            assert isinstance(outcome, Receipt), f"{step.line}: {outcome!r}, and not {expected!r}"
            step.learn(outcome.result, expected)

    def _steps(self, action: Any, fates: list[tuple[Move, str]]) -> list[Step]:
        match action:
            case Buy():
                return [self._buying(action.ask, action.key, action.fate, fates)]
            case GiveBack():
                return self._giving_back(action, fates)
            case Again():
                return self._again(action, fates)
            case Tell():
                return self._telling(action)
            case Use():
                return [self._using(action)]
            case Author():
                return [self._authoring(action)]
            case Subscribe():
                return [self._subscribing(action)]
            case Switch():
                return self._switching(action)
        return [self._keeping(action)]

    def _buying(self, ask: Ask, key: str | None, fate: str, fates: list[tuple[Move, str]]) -> Step:
        command = (StartFree if ask.is_free else StartPurchase)(
            tenant_id=self.tenant_id,
            idempotency=None if key is None else Idempotency("tenant", key),
            plan_identifier=ask.plan,
            customer_reference=ask.customer,
            quantities=ask.quantities,
            currency=ask.currency,
            ip_address=IPS[ask.country] if ask.country else None,
            country_of_ip=ask.country,
            custom_amount=ask.custom,
            tax_behavior=ask.tax,
            gateways=frozenset({GATEWAY}),
            call_seconds=plain.CALL_SECONDS,
            resolve_after_seconds=plain.RESOLVE_SECONDS,
            shows_features=True,
        )

        def learn(result: Any, expected: tuple[str, Order]) -> None:
            word, order = expected
            payment = result.payment
            if word == "new":
                order.id, order.uid, order.order_id = payment.payment_id, payment.uid, payment.order_id
                order.key = payment.gateway_key
                self.asked.append((ask, key))
                fates.append((order, fate))
            assert payment_shown(payment) == order_shown(order), word

        return Step(f"{_shown(ask)} key {key}, {fate}", command, lambda: self.model.buy(ask, key), learn)

    def _again(self, action: Again, fates: list[tuple[Move, str]]) -> list[Step]:
        asked = [one for one in self.asked if one[1] is not None or not action.is_keyed]
        if not asked:
            return []
        ask, key = asked[-1 - action.which % len(asked)]
        if isinstance(ask, RefundAsk):
            return [self._refunding(replace(ask, minor=1) if action.change else ask, key, "taken", fates)]
        return [self._buying(_changed(ask, action.change), key, "taken", fates)]

    def _giving_back(self, action: GiveBack, fates: list[tuple[Move, str]]) -> list[Step]:
        if not self.model.orders:
            return []
        order = self.model.orders[-1 - action.which % len(self.model.orders)]
        minor = None if action.percent is None else max(order.amount * action.percent // 100, 1)
        major = None
        if minor is not None and action.in_major:
            # Once in a while with one decimal more than the currency has.
            extra = 1 if action.percent == 25 else 0
            minor, major = None, Decimal(minor * 10**extra + extra).scaleb(-extra - plain.DECIMALS[order.currency])
        return [self._refunding(RefundAsk(order.order_id, minor, major), action.key, action.fate, fates)]

    def _refunding(self, ask: RefundAsk, key: str | None, fate: str, fates: list[tuple[Move, str]]) -> Step:
        command = StartRefund(
            tenant_id=self.tenant_id,
            idempotency=None if key is None else Idempotency("tenant", key),
            order_id=ask.order,
            amount_minor=ask.minor,
            amount=ask.major,
            reason="OTHER",
            internal_note=None,
            gateways=frozenset({GATEWAY}),
            call_seconds=plain.CALL_SECONDS,
            resolve_after_seconds=plain.RESOLVE_SECONDS,
        )

        def learn(result: Any, expected: tuple[str, Refund]) -> None:
            word, refund = expected
            if word == "new":
                refund.id, refund.uid, refund.key = (
                    result.refund.refund_id,
                    result.refund.uid,
                    result.refund.gateway_key,
                )
                self.asked.append((ask, key))
                fates.append((refund, fate))
            assert refund_shown(result.refund) == refund_expected(refund), word

        return Step(f"{_shown(ask)} key {key}, {fate}", command, lambda: self.model.refund(ask, key), learn)

    def _telling(self, action: Tell) -> list[Step]:
        moves = self.model.refunds if action.is_refund else self.model.orders
        told = [move for move in moves if self.double.done.get(move.key) in ("succeeded", "declined")]
        if not told:
            return []
        move = told[-1 - action.which % len(told)]
        attempt = event_attempt_no(f"{move.key}/{action.copy}")
        return [self._settling(move, "event", attempt, self.double.truth(move.key))]

    def _settling(self, move: Move, kind: str, attempt: int, answer: GatewayAnswer) -> Step:
        common: dict[str, Any] = {
            "tenant_id": self.tenant_id,
            "customer_number": move.customer.number,
            "attempt_no": attempt,
            "answer": answer,
            "started_at": self.clock.now_us,
            "ended_at": self.clock.now_us,
            "resolve_after_seconds": plain.RESOLVE_SECONDS,
        }
        line = f"{kind} {attempt} says {answer.outcome} of {type(move).__name__.lower()} {move.id}"
        if isinstance(move, Refund):
            refund, kind = move, "refund" if kind == "charge" else kind
            # Whether access is taken back is a setting: here that of the customer.
            revokes = move.customer.number % 2 == 0
            command = SettleRefund(refund_id=move.id, kind=kind, revokes_access=revokes, **common)
            return Step(
                line,
                command,
                lambda: self.model.settle_refund(refund, kind, attempt, answer.outcome, revokes=revokes),
                lambda result, _: _assert_same(refund_shown(result.refund), refund_expected(refund)),
            )
        assert isinstance(move, Order)
        order = move
        return Step(
            line,
            SettlePurchase(payment_id=move.id, kind=kind, **common),
            lambda: self.model.settle(order, kind, attempt, answer.outcome),
            lambda result, _: _assert_same(payment_shown(result), order_shown(order)),
        )

    def _using(self, action: Use) -> Step:
        command = ReportUsage(
            tenant_id=self.tenant_id,
            customer_reference=action.customer,
            feature=action.feature,
            value=action.value,
            is_delta=action.is_delta,
        )

        def expected() -> int:
            return self.model.report(action.customer, action.feature, action.value, is_delta=action.is_delta)

        return Step(str(action), command, expected, lambda result, used: _assert_same(result.used, used))

    def _authoring(self, action: Author) -> Step:
        named: dict[str, Any] = {"tenant_id": self.tenant_id, "identifier": action.plan}
        line, document, name = f"{action.what} of {action.plan}", action.document, action.plan
        match action.what:
            case "prices":
                line += "".join(f"\n       {_price_shown(price)}" for price in document.prices)
                command: Command = SetPlanPrices(prices=tuple(map(self._authored, document.prices)), **named)
                return Step(line, command, lambda: self.model.edit(name, prices=document.prices))
            case "entitled":
                given = tuple(AuthoredEntitlement(self.uids[e.feature], _details(e)) for e in document.entitled)
                command = SetPlanEntitlements(entitlements=given, replaces=True, **named)
                line += "".join(f"\n       {_shown(entitled)}" for entitled in document.entitled)
                return Step(line, command, lambda: self.model.edit(name, entitled=document.entitled))
            case "countries":
                command = EditPlan(version=None, changes={"countries": document.countries}, **named)
                line += f" {document.countries}"
                return Step(line, command, lambda: self.model.edit(name, countries=document.countries))
            case "publish":
                command = PublishPlan(update_features=False, update_pricing=False, **named)
                return Step(line, command, lambda: self.model.publish(name))
            case "discard":
                return Step(line, DiscardPlan(**named), lambda: self.model.discard(name))
        return Step(line, ArchivePlan(**named), lambda: self.model.archive_plan(name))

    def _authored(self, price: Price) -> AuthoredPrice:
        items = [PriceItem(charges=(PeriodPrice(charge_period=price.period, amount=price.base),))]
        items = items if price.base is not None else []
        items += [self._item(price, rate) for rate in price.rates]
        return AuthoredPrice(
            uid="",
            price_type=price.kind,
            currency=price.currency,
            tax_behavior=price.tax,
            is_enabled=price.is_enabled,
            countries=price.countries,
            items=tuple(items),
        )

    def _item(self, price: Price, rate: Rate) -> PriceItem:
        charge = PeriodPrice(
            charge_period=price.period,
            amount=None if rate.tiers else rate.amount,
            block_size=rate.block if rate.model == "PACKAGE" else None,
            quantity_min=rate.least,
            quantity_max=rate.most,
            tiers=tuple(Bracket(*tier) for tier in rate.tiers),
        )
        payment_type = "ADVANCE_COMMITMENT" if rate.is_in_advance else "PAY_AS_YOU_GO"
        return PriceItem(
            feature=self.uids[rate.feature], model=rate.model, payment_type=payment_type, charges=(charge,)
        )

    def _subscribing(self, action: Subscribe) -> Step:
        command = PutEndpoint(
            tenant_id=self.tenant_id,
            url=action.url,
            secret="kq_whsec_machine",
            events=action.types,
        )

        def learn(result: Any, endpoint: Endpoint) -> None:
            endpoint.uid, endpoint.id = result.endpoint.uid, result.endpoint.endpoint_id

        return Step(str(action), command, lambda: self.model.subscribe(action.url, action.types), learn)

    def _switching(self, action: Switch) -> list[Step]:
        endpoint = self.model.endpoints.get(action.url)
        if endpoint is None:
            return []
        command = ChangeEndpoint(tenant_id=self.tenant_id, endpoint_uid=endpoint.uid, state=action.state)
        return [Step(str(action), command, lambda: self.model.switch(endpoint, action.state))]

    def _keeping(self, action: Keep) -> Step:
        reference, country = action.customer, action.country
        address = (("country", country),) if country else ()
        named: dict[str, Any] = {"tenant_id": self.tenant_id}
        match action.what:
            case "register":

                def learn(result: Any, customer: Customer) -> None:
                    customer.number = result.customer.number

                command: Command = RegisterCustomer(reference=reference, billing_address=address, **named)
                return Step(str(action), command, lambda: self.model.register(reference, country), learn)
            case "relocate":
                command = ChangeRegistered(reference=reference, billing_address=address, **named)
                return Step(str(action), command, lambda: self.model.relocate(reference, country))
            case "save":
                customer = self.model.customers.get(reference)
                gateway = "elsewhere" if reference == "foreign" else GATEWAY
                number = customer.number if customer is not None else 0
                command = SavePaymentMethod(customer_number=number, gateway=gateway, token="tok", **named)
                return Step(str(action), command, lambda: self._expect_saved(reference, number, gateway))
        return Step(str(action), ArchiveCustomer(reference=reference, **named), lambda: self.model.archive(reference))

    def _expect_saved(self, reference: str, number: int, gateway: str) -> None:
        if not number:
            raise Refused("CustomerUnknown")
        self.model.save_method(reference, gateway)

    def _result(self, kind: type[Command], process: int = 0, /, **values: Any) -> Any:
        return self.ledgers[process].execute(kind(tenant_id=self.tenant_id, **values)).result

    def _tick(self, microseconds: int) -> None:
        self.clock.now_us += microseconds
        self.model.now = self.clock.now_us

    def _say(self, line: str) -> None:
        self.lines.append(line)

    def _moves(self) -> list[Move]:
        return [*self.model.orders, *self.model.refunds]

    # What holds.

    def check(self) -> None:
        with self.stores[0].reading(self.tenant_id) as reader:
            Books(self.model, self.double.done, self.uids).check(reader)

    def end(self) -> None:
        assert verify(self.stores[0]).differences == []

    def close(self) -> None:
        self._closing.close()


def _shown(value: Any) -> str:
    """A dataclass by what is not as it is unless said otherwise."""
    said = [f for f in fields(value) if getattr(value, f.name) != f.default]
    return f"{type(value).__name__}({', '.join(f'{f.name}={getattr(value, f.name)!r}' for f in said)})"


def _told(outcome: Any) -> str:
    if isinstance(outcome, Receipt):
        return "replay" if outcome.replayed else "done"
    return type(outcome).__name__


def _changed(ask: Ask, what: str) -> Ask:
    """The same but for one thing."""
    match what:
        case "quantities":
            more = tuple((name, count + 1) for name, count in ask.quantities)
            return replace(ask, quantities=more or (("seats", 1),))
        case "country":
            return replace(ask, country="JP")
        case "tax":
            return replace(ask, tax=None if ask.tax else "INCLUSIVE")
        case "custom":
            return replace(ask, custom=Decimal(7) if ask.custom is None else ask.custom.normalize())
        case "currency":
            return replace(ask, currency=None if ask.currency else "EUR")
        case "customer":
            return replace(ask, customer="nowhere")
    return ask


def _assert_same(one: object, other: object) -> None:
    assert one == other


def _price_shown(price: Price) -> str:
    return "".join([_shown(replace(price, rates=())), *(f"\n           {_shown(rate)}" for rate in price.rates)])


def _details(entitled: Entitled) -> dict[str, Any]:
    return {
        "value": entitled.value,
        "hasUnlimitedUsage": entitled.is_unlimited,
        "hardLimit": entitled.is_hard,
        "reset": entitled.reset,
    }


# Stories.

#: What may happen, each as often as it stands here. A step is its name and the seed of its dice.
RULES = (
    *["bought"] * 4,
    *["alone"] * 2,
    *["together"] * 4,
    *["two_refunds_at_once"] * 2,
    *["what_is_open_is_looked_up"] * 2,
    "a_late_answer",
    "time_goes_by",
    "restart",
)
#: How often a failing story is told again with fewer steps.
SHORTER_TRIES = 150

Steps = list[tuple[str, int]]


def told(new_store: NewStore, seed: int, steps: Steps) -> str:
    """What is wrong with a story, with a line for each step of it; empty if nothing is."""
    story = Purchasing(new_store)
    try:
        story.begin(Dice(seed))
        story.check()
        for name, step_seed in steps:
            getattr(story, name)(Dice(step_seed))
            story.check()
        story.end()
    except Exception:  # noqa: BLE001 - whatever it is, the story goes with it
        return "\n".join([*story.lines, "", traceback.format_exc(), f"told(new_store, {seed}, {steps})"])
    finally:
        story.close()
    return ""


def shorter(new_store: NewStore, seed: int, steps: Steps, wrong: str) -> str:
    """The same with as few steps as can be found."""
    size = len(steps) // 2
    tries = 0
    while size and tries < SHORTER_TRIES:
        for start in reversed(range(0, len(steps), size)):
            fewer = steps[:start] + steps[start + size :]
            tries += 1
            if found := told(new_store, seed, fewer):
                steps, wrong = fewer, found
        size //= 2
    return wrong


def run(new_store: NewStore, dice: Dice, *, stories: int, steps: int) -> None:
    for _ in range(stories):
        seed, chosen = dice.getrandbits(32), [(dice.choice(RULES), dice.getrandbits(32)) for _ in range(steps)]
        if wrong := told(new_store, seed, chosen):
            pytest.fail(shorter(new_store, seed, chosen, wrong), pytrace=False)


def test_any_purchases_in_any_order(engine: str, new_store: NewStore) -> None:
    run(new_store, Dice(7), stories=10 if engine == "sqlite" else 5, steps=14)


@pytest.mark.soak
def test_any_purchases_in_any_order_for_long(engine: str, new_store: NewStore) -> None:
    run(new_store, Dice(), stories=1500 if engine == "sqlite" else 400, steps=40)
