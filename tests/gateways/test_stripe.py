"""Stripe by its library against localstripe, a server of its own: what is taken is counted there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
import stripe

from tests.gateways.localstripe import (
    DECLINED,
    DROP_ANSWER,
    SECRET_KEY,
    SWALLOW,
    WANTS_3DS,
    WEBHOOK_SECRET,
    Localstripe,
    Wire,
    on,
)
from tollhouse.gateways import stripe as stripe_gateway
from tollhouse.gateways.stripe import StripeGateway
from tollhouse.gateways.stripe_accounts import Accounts, Secrets
from tollhouse.ledger.commands import GatewayAnswer, GatewayCharge, GatewayMethod, GatewayRefund

ABSENT = GatewayAnswer("absent")
UNKNOWN = GatewayAnswer("unknown")


def opened(base: str, secret_key: str = SECRET_KEY) -> Accounts:
    return Accounts(Secrets(secret_key, WEBHOOK_SECRET), {}, base, lambda _tenant_id: "")


@pytest.fixture
def gateway(wire: Wire) -> Iterator[StripeGateway]:
    with closing(opened(wire.base)) as accounts:
        yield StripeGateway(accounts)


_KEYS = iter(range(10**6))


def asked(token: str, *, amount_minor: int = 4900, currency: str = "USD") -> GatewayCharge:
    return GatewayCharge(
        tenant_id=1,
        key=f"tollhouse-{next(_KEYS)}",
        token=token,
        currency=currency,
        amount_minor=amount_minor,
        order_id="ORD-1",
        description="A plan",
        call_until_at=int(time.time()) * 1_000_000,
    )


def charge(gateway: StripeGateway, call: GatewayCharge, seconds: float = 5) -> GatewayAnswer:
    return gateway.charge(call, seconds)


# Payments.


def test_a_payment_is_taken_once_off_session(gateway: StripeGateway, wire: Wire, localstripe: Localstripe) -> None:
    call = asked(localstripe.card())
    answer = charge(gateway, call)
    (intent,) = localstripe.intents(call.key)
    assert answer == GatewayAnswer("succeeded", reference=intent.id)
    assert (intent.amount, intent.currency, intent.status) == (4900, "usd", "succeeded")
    assert intent.metadata.to_dict() == {"tollhouse_key": call.key, "tollhouse_order": "ORD-1"}
    assert gateway.look_up(call, 5) == answer
    assert localstripe.taken(call.key) == 1
    keys = [
        h.get("Idempotency-Key") for (method, _), h in zip(wire.requests, wire.headers, strict=True) if method == "POST"
    ]
    assert keys[0] == call.key
    assert set(keys[1:]) == {f"{call.key}-confirm"}


def test_nothing_is_told_of_this_machine(gateway: StripeGateway, wire: Wire, localstripe: Localstripe) -> None:
    charge(gateway, asked(localstripe.card()))
    names = {name.lower() for headers in wire.headers for name in headers}
    assert not any(name.startswith("x-stripe-client") for name in names)
    assert {headers["User-Agent"] for headers in wire.headers} == {
        f"Stripe/v1 PythonBindings/{stripe.VERSION} Tollhouse"
    }
    assert stripe.enable_telemetry is False


@pytest.mark.parametrize(("number", "code"), [(DECLINED, "card_declined"), (WANTS_3DS, "authentication_required")])
def test_declines(gateway: StripeGateway, localstripe: Localstripe, number: str, code: str) -> None:
    call = asked(localstripe.card(number))
    answer = charge(gateway, call)
    assert (answer.outcome, answer.decline_code) == ("declined", code)
    assert answer.decline_text
    assert localstripe.taken(call.key) == 0
    assert gateway.look_up(call, 5).outcome in ("declined", "absent")
    assert localstripe.states(call.key) == ["canceled"]


def test_a_payment_method_that_is_not_there(gateway: StripeGateway, localstripe: Localstripe) -> None:
    call = asked("pm_nobody")
    assert charge(gateway, call).decline_code == "payment_method_unknown"
    assert gateway.look_up(call, 5) == UNKNOWN, "it may be of an account that we no longer ask"
    assert localstripe.intents(call.key) == []


def test_a_payment_method_of_nobody(gateway: StripeGateway, localstripe: Localstripe) -> None:
    call = asked("pm_card_visa")
    assert charge(gateway, call).outcome == gateway.look_up(call, 5).outcome == "succeeded"
    assert localstripe.taken(call.key) == 1


@pytest.mark.parametrize(
    ("currency", "amount_minor", "code"),
    [
        ("USD", 100_000_000, "amount_too_large"),
        ("KWD", 6125, "amount_too_precise"),
        ("CLF", 5, "currency_not_supported"),
    ],
)
def test_what_cannot_be_taken_exactly_is_not_sent(
    gateway: StripeGateway, wire: Wire, currency: str, amount_minor: int, code: str
) -> None:
    assert charge(gateway, asked("pm_x", currency=currency, amount_minor=amount_minor)).decline_code == code
    assert wire.requests == []


def test_what_stripe_does_not_take_is_declined(gateway: StripeGateway, wire: Wire, localstripe: Localstripe) -> None:
    call = asked(localstripe.card())
    wire.rule = on("/payment_intents", (400, b'{"error":{"type":"invalid_request_error","code":"amount_too_small"}}'))
    assert charge(gateway, call).decline_code == "amount_too_small"
    wire.rule = on("/payment_intents", (400, b'{"error":{"type":"invalid_request_error","code":"novelty"}}'))
    assert charge(gateway, call).decline_code == "payment_refused"


# Outcomes that were not heard.


@pytest.mark.parametrize(
    ("ending", "what", "outcome", "state"),
    [
        ("/confirm", DROP_ANSWER, "succeeded", ["succeeded"]),
        ("/confirm", SWALLOW, "absent", ["canceled"]),
        ("/payment_intents", DROP_ANSWER, "absent", ["canceled"]),
        ("/payment_intents", SWALLOW, "absent", ["canceled"]),
    ],
    ids=["confirmed", "not confirmed", "made", "not made"],
)
def test_what_was_not_heard_is_looked_up(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe, ending: str, what: str, outcome: str, state: list[str]
) -> None:
    call = asked(localstripe.card())
    wire.rule = on(ending, what)
    assert charge(gateway, call) == UNKNOWN
    wire.rule = on("", "pass")
    assert [gateway.look_up(call, 5).outcome for _ in range(2)] == [outcome, outcome]
    assert localstripe.states(call.key)[: len(state)] == state
    assert localstripe.taken(call.key) == (outcome == "succeeded")


def test_a_decline_that_was_not_heard(gateway: StripeGateway, wire: Wire, localstripe: Localstripe) -> None:
    call = asked(localstripe.card(DECLINED))
    wire.rule = on("/confirm", DROP_ANSWER)
    assert charge(gateway, call) == UNKNOWN
    assert gateway.look_up(call, 5).decline_code == "card_declined"


def test_a_confirmation_that_comes_after_the_look_up_takes_nothing(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe
) -> None:
    call = asked(localstripe.card())
    wire.rule = on("/confirm", SWALLOW)
    assert charge(gateway, call) == UNKNOWN
    assert gateway.look_up(call, 5) == ABSENT
    (intent, *_) = localstripe.intents(call.key)
    with pytest.raises(stripe.InvalidRequestError):
        localstripe.client.v1.payment_intents.confirm(intent.id)
    assert localstripe.taken(call.key) == 0


def test_a_late_answer_is_never_confirmed(gateway: StripeGateway, wire: Wire, localstripe: Localstripe) -> None:
    call = asked(localstripe.card())

    def slowly(method: str, path: str) -> str:
        if method == "POST" and path.endswith("/payment_intents"):
            time.sleep(0.4)
        return "pass"

    wire.rule = slowly
    assert charge(gateway, call, 0.3) == UNKNOWN
    until = time.monotonic() + 60
    while not localstripe.states(call.key) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    assert localstripe.states(call.key) == ["requires_confirmation"]
    assert gateway.look_up(call, 5) == ABSENT


@pytest.mark.parametrize(
    "answer",
    [
        (500, b'{"error":{"type":"api_error"}}'),
        (429, b'{"error":{"type":"invalid_request_error","code":"rate_limit"}}'),
        (409, b'{"error":{"type":"invalid_request_error","code":"lock_timeout"}}'),
        (400, b'{"error":{"type":"idempotency_error"}}'),
        (401, b'{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_test_tollhouse"}}'),
        (403, b'{"error":{"type":"invalid_request_error"}}'),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"object":"payment_intent","id":"pi_1","status":"succeeded","amount":1,"currency":"usd"}'),
        (302, b""),
    ],
    ids=lambda answer: f"{answer[0]} {len(answer[1])}",
)
def test_what_is_not_understood_is_unknown(
    gateway: StripeGateway,
    wire: Wire,
    localstripe: Localstripe,
    capsys: pytest.CaptureFixture[str],
    answer: tuple[int, bytes],
) -> None:
    call = asked(localstripe.card())
    wire.rule = on("/confirm", answer)
    assert charge(gateway, call) == UNKNOWN
    wire.rule = on("/payment_intents", answer, method="GET")
    assert gateway.look_up(call, 5) == UNKNOWN
    assert SECRET_KEY not in "".join(capsys.readouterr())
    wire.rule = on("", "pass")
    assert gateway.look_up(call, 5) == ABSENT


def test_a_key_that_is_refused_is_no_decline(localstripe: Localstripe, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(opened(localstripe.base, "no_key_at_all")) as accounts:
        assert StripeGateway(accounts).charge(asked(localstripe.card()), 5) == UNKNOWN
    said = "".join(capsys.readouterr())
    assert "Stripe refuses our secret key" in said
    assert "no_key_at_all" not in said


def test_a_payment_among_many_is_found_or_not_known(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = localstripe.card()
    calls = [asked(card) for _ in range(5)]
    for call in calls:
        charge(gateway, call)
    monkeypatch.setattr(stripe_gateway, "PAGE_SIZE", 2)
    assert {gateway.look_up(call, 5).outcome for call in calls} == {"succeeded"}
    monkeypatch.setattr(stripe_gateway, "PAGES_MAX", 1)
    assert gateway.look_up(calls[-1], 5) == UNKNOWN


def test_many_at_once_are_taken_once_each(gateway: StripeGateway, localstripe: Localstripe) -> None:
    card = localstripe.card()
    calls = [asked(card, amount_minor=100 + n) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda call: gateway.charge(call, 10), calls))
    assert {answer.outcome for answer in answers} == {"succeeded"}
    assert [localstripe.taken(call.key) for call in calls] == [1] * 16


def test_a_server_that_dies(tmp_path: Path) -> None:
    server = Localstripe(tmp_path)
    call = asked(server.card())
    with closing(Wire(server.base)) as wire, closing(opened(wire.base)) as accounts:
        gateway = StripeGateway(accounts)

        def die(method: str, path: str) -> str:
            if path.endswith("/confirm"):
                server.kill()
                return SWALLOW
            return "pass"

        wire.rule = die
        assert charge(gateway, call) == UNKNOWN
        wire.rule = lambda _method, _path: SWALLOW
        assert gateway.look_up(call, 1) == UNKNOWN


# What localstripe does not know, and Stripe does.


def test_stripe_is_asked_by_customer_and_time_and_told_that_nobody_is_there(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe
) -> None:
    """localstripe refuses these parameters, and is then asked without them."""
    call = asked(localstripe.card())
    charge(gateway, call)
    confirmations = [
        body for (_, path), body in zip(wire.requests, wire.bodies, strict=True) if path.endswith("/confirm")
    ]
    assert confirmations == [b"off_session=true", b""]
    wire.requests.clear()
    gateway.look_up(call, 5)
    first = parse_qs(wire.requests[0][1].partition("?")[2])
    second = call.call_until_at // 1_000_000
    assert first["customer"][0].startswith("cus_")
    assert (first["created[gte]"], first["created[lte]"]) == ([str(second - 3600)], [str(second + 86400)])


def test_any_other_complaint_is_not_taken_for_localstripes(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe
) -> None:
    call = asked(localstripe.card())
    complaint = b'{"error":{"type":"invalid_request_error","message":"Received unknown parameter: customer"}}'
    wire.rule = on("/payment_intents", (400, complaint), method="GET")
    assert gateway.look_up(call, 5) == UNKNOWN
    wire.rule = on("/confirm", (400, complaint))
    assert charge(gateway, call) == ABSENT
    assert localstripe.states(call.key) == ["canceled"]


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_the_list_does_not_show_is_found_under_the_key(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe, is_confirmed: bool
) -> None:
    """As when it is made between the list and our own: Stripe answers the same key with what was made first."""
    call = asked(localstripe.card())
    wire.rule = on("/confirm", DROP_ANSWER if is_confirmed else SWALLOW)
    assert charge(gateway, call) == UNKNOWN
    made = msgspec.json.encode(localstripe.intents(call.key)[0].to_dict() | {"status": "requires_confirmation"})

    def as_stripe(method: str, path: str) -> Any:
        if path.partition("?")[0].endswith("/payment_intents"):
            return (200, made if method == "POST" else b'{"object":"list","data":[],"has_more":false}')
        return "pass"

    wire.rule = as_stripe
    assert gateway.look_up(call, 5).outcome == ("succeeded" if is_confirmed else "absent")
    assert localstripe.states(call.key) == ["succeeded" if is_confirmed else "canceled"]


# Money back.


def paying_back(payment: GatewayCharge, reference: str, amount_minor: int = 900) -> GatewayRefund:
    return GatewayRefund(
        tenant_id=1,
        key=f"tollhouse-refund-{next(_KEYS)}",
        payment_key=payment.key,
        payment_reference=reference,
        token=payment.token,
        currency=payment.currency,
        amount_minor=amount_minor,
        reason="FRAUDULENT",
    )


@pytest.fixture
def paid(gateway: StripeGateway, localstripe: Localstripe) -> tuple[GatewayCharge, str]:
    call = asked(localstripe.card())
    return call, charge(gateway, call).reference


def test_a_refund(gateway: StripeGateway, localstripe: Localstripe, paid: tuple[GatewayCharge, str]) -> None:
    call = paying_back(*paid)
    answer = gateway.refund(call, 5)
    (refund,) = localstripe.refunds(paid[1])
    assert answer == GatewayAnswer("succeeded", reference=refund.id) == gateway.look_up_refund(call, 5)
    assert refund.amount == 900
    assert refund.metadata.to_dict() == {"tollhouse_key": call.key, "tollhouse_reason": "FRAUDULENT"}
    assert len(localstripe.refunds(paid[1])) == 1


@pytest.mark.parametrize("what", [DROP_ANSWER, SWALLOW])
def test_a_refund_that_was_not_heard_is_carried_through_once(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe, paid: tuple[GatewayCharge, str], what: str
) -> None:
    gateway.refund(paying_back(*paid, amount_minor=100), 5)
    call = paying_back(*paid)
    wire.rule = on("/refunds", what)
    assert gateway.refund(call, 5) == UNKNOWN
    wire.rule = on("", "pass")
    assert [gateway.look_up_refund(call, 5).outcome for _ in range(2)] == ["succeeded", "succeeded"]
    assert sorted(refund.amount for refund in localstripe.refunds(paid[1])) == [100, 900]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("succeeded", "succeeded"), ("pending", "unknown"), ("requires_action", "unknown"), ("failed", "declined")],
)
def test_the_states_of_a_refund(
    gateway: StripeGateway, wire: Wire, paid: tuple[GatewayCharge, str], status: str, outcome: str
) -> None:
    body = (
        f'{{"object":"refund","id":"re_1","status":"{status}","metadata":{{}},"failure_reason":"lost_or_stolen_card"}}'
    )
    wire.rule = on("/refunds", (200, body.encode()))
    assert gateway.refund(paying_back(*paid), 5).outcome == outcome


def test_a_refund_that_stripe_refuses(
    gateway: StripeGateway, wire: Wire, localstripe: Localstripe, paid: tuple[GatewayCharge, str]
) -> None:
    wire.rule = on("/refunds", (400, b'{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}'))
    assert gateway.refund(paying_back(*paid), 5).decline_code == "charge_already_refunded"
    assert localstripe.refunds(paid[1]) == []


# What is shown, and whose account it is.


def test_what_is_shown_of_a_method(gateway: StripeGateway, localstripe: Localstripe) -> None:
    shown = gateway.method(1, localstripe.card(), 5)
    assert shown == GatewayMethod("card", "visa", "4242", exp_month=12, exp_year=2034, funding="credit", country="FR")
    assert gateway.method(1, "pm_nobody", 5) is None


def test_a_tenant_may_have_an_account_of_its_own(localstripe: Localstripe) -> None:
    slugs = {1: "acme", 2: "beta"}
    by_slug = {"acme": Secrets("sk_test_acme", "whsec_acme")}
    with closing(Accounts(None, by_slug, localstripe.base, slugs.__getitem__)) as accounts:
        gateway = StripeGateway(accounts)
        call = asked(localstripe.card())
        assert charge(gateway, call).outcome == "succeeded"
        elsewhere: Any = {name: getattr(call, name) for name in call.__struct_fields__}
        stranger = GatewayCharge(**{**elsewhere, "tenant_id": 2})
        assert charge(gateway, stranger).decline_code == "gateway_not_configured"
        assert gateway.look_up(stranger, 5) == UNKNOWN
        account = accounts.of(1)
        assert account is not None
        assert account.webhook_secret == "whsec_acme"
