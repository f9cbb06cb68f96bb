"""What moves a customer's money, on the console: rehearsed first, done once, refused in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.visitor import Page, Visitor
from tests.harness import InProcess

SignedIn = Callable[..., Visitor]

ADA = "/console/customers/123"
NORA = "/console/customers/11"


@pytest.fixture
def user(signed_in: SignedIn) -> Visitor:
    return signed_in("user")


@pytest.fixture
def north(signed_in: SignedIn) -> Visitor:
    """A reseller, whose tenant is in EUR; Nora has 100.00 EUR on account."""
    return signed_in("north")


def rehearsed(visitor: Visitor, path: str, **filled: str) -> Page:
    visitor.open(path)
    return visitor.send(path, **filled)


def confirmed(visitor: Visitor, path: str, **filled: str) -> Page:
    rehearsed(visitor, path, **filled)
    return visitor.send(path, step="confirm")


# Charge now.


def test_a_charge_on_account_is_rehearsed_and_moves_the_balance_once(user: Visitor) -> None:
    page = rehearsed(user, f"{ADA}/charge", settles="account", amount="10.00", name="Support hour", buy="4")
    for shown in ("Net $10.00", "VAT, 20 % $2.00", "Gross $12.00", "Balance now $0.00", "Balance after it -$12.00"):
        assert shown in page.main, shown
    assert "Nothing has happened yet" in page.main
    assert "$0.00" in user.open(ADA).main.split("Charged")[0]
    page = confirmed(user, f"{ADA}/charge", settles="account", amount="10.00", name="Support hour", buy="4")
    assert "Charged." in page.main
    assert "-$12.00" in page.main
    assert "Support hour" in page.main
    assert "Nothing is scheduled" in page.main


def test_what_was_collected_elsewhere_is_recorded_and_moves_no_balance(user: Visitor) -> None:
    filled = {"settles": "recorded", "amount": "49.90", "name": "Cash", "day": "2026-01-31"}
    page = rehearsed(user, f"{ADA}/charge", **filled)
    assert "Charges now 0, $0.00" in page.main
    assert "Charges after it 1, $49.90" in page.main
    page = confirmed(user, f"{ADA}/charge", **filled)
    assert "Recorded." in page.main
    assert "2026-01-31 00:00" in page.main
    assert "$49.90" in page.main
    assert "Balance $0.00" in page.main


@pytest.mark.parametrize("settles", ["account", "recorded"])
def test_a_form_sent_twice_charges_once_and_says_so(user: Visitor, settles: str) -> None:
    page = rehearsed(user, f"{ADA}/charge", settles=settles, amount="10", name="Once")
    values = {**page.form(f"{ADA}/charge").values, "step": "confirm"}
    assert "done before" not in user.post(f"{ADA}/charge", values).main
    page = user.post(f"{ADA}/charge", values)
    assert "nothing more was done" in page.main
    assert "1 charge" in page.main
    page = user.post(f"{ADA}/charge", {**values, "amount": "11"})
    assert page.status == 409
    assert "1 charge" in user.open(ADA).main


def test_a_form_without_its_attempt_does_nothing(user: Visitor) -> None:
    page = rehearsed(user, f"{ADA}/charge", settles="recorded", amount="10", name="Once")
    values = {**page.form(f"{ADA}/charge").values, "step": "confirm"}
    for attempt in ("", "x", "<script>"):
        assert user.post(f"{ADA}/charge", {**values, "attempt": attempt}).status == 422
    assert "1 charge" not in user.open(ADA).main


def test_what_comes_to_something_else_meanwhile_is_rehearsed_again(user: Visitor, application: InProcess) -> None:
    page = rehearsed(user, f"{ADA}/charge", settles="account", amount="10", name="Support")
    values = {**page.form(f"{ADA}/charge").values, "step": "confirm"}
    login = "auth_username=user;auth_password=password"
    made = application.request("GET", f"/api/json/taxes/create/?{login};name=Levy;rate=5;charges=1;liable=2", key=None)
    assert made.json()["responses"][0]["code"] == "200", made.body
    page = user.post(f"{ADA}/charge", values)
    assert page.status == 409
    assert "It no longer comes to what was rehearsed" in page.main
    assert "Levy, 5 % $0.50" in page.main
    assert "1 charge" not in user.open(ADA).main
    user.post(f"{ADA}/charge", values)
    page = user.send(f"{ADA}/charge", step="confirm")
    assert "-$12.50" in page.main


def test_going_back_keeps_what_was_filled_in(user: Visitor) -> None:
    rehearsed(user, f"{ADA}/charge", settles="recorded", amount="10", name="Some <b>thing</b>")
    page = user.send(f"{ADA}/charge", step="change")
    values = page.form(f"{ADA}/charge").values
    assert (values["amount"], values["name"], values["settles"]) == ("10", "Some <b>thing</b>", "recorded")


REFUSED = [
    ({"amount": ""}, "amount"),
    ({"amount": "0"}, "amount"),
    ({"amount": "-5"}, "amount"),
    ({"amount": "1.005"}, "amount"),
    ({"amount": "1e3"}, "amount"),
    ({"amount": "9" * 40}, "amount"),
    ({"amount": "ten"}, "amount"),
    ({"name": ""}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"currency": "XXX"}, "currency"),
    ({"currency": "GBP"}, "currency"),
    ({"settles": "card"}, "settles"),
    ({"buy": "x"}, "buy"),
    ({"day": "2026-01-01"}, "day"),
    ({"settles": "recorded", "currency": "EUR"}, "currency"),
    ({"settles": "recorded", "day": "2999-01-01"}, "day"),
    ({"settles": "recorded", "day": "31.1.2026"}, "day"),
    ({"settles": "recorded", "buy": "1"}, "buy"),
]


def test_what_cannot_be_charged_is_told_at_its_field(user: Visitor) -> None:
    for filled, field in REFUSED:
        user.open(f"{ADA}/charge")
        page = user.send(f"{ADA}/charge", **{"settles": "account", "amount": "10", "name": "A", **filled})
        assert page.status == 422, filled
        assert f"{field}-fault" in page.ids, filled
    assert "1 charge" not in user.open(ADA).main


def test_another_currency_is_converted_as_the_ledger_does(signed_in: SignedIn) -> None:
    """Ursula pays in USD, Jiro in JPY: 10.00 EUR are 1605 JPY."""
    telco = signed_in("telco")
    path = "/console/customers/12/charge"
    page = rehearsed(telco, path, settles="account", amount="10.00", currency="EUR", name="Line")
    for shown in ("Amount asked for €10.00 EUR", "1 EUR is 160.5 JPY", "Gross ¥1,605 JPY", "Balance after it -¥1,605"):
        assert shown in page.main, shown
    page = telco.send(path, step="confirm")
    assert "-¥1,605" in page.main


def test_who_is_not_billed_or_has_no_rate_is_told_so(signed_in: SignedIn) -> None:
    north = signed_in("north")
    assert north.open("/console/customers/14/charge").status == 404
    page = rehearsed(north, "/console/customers/17/charge", settles="account", amount="10", currency="EUR", name="x")
    assert page.status == 422
    assert "currency-fault" in page.ids
    page = rehearsed(north, "/console/customers/15/charge", settles="account", amount="10", currency="EUR", name="x")
    assert "elsewhere: only recorded here" in page.main
    page = north.send("/console/customers/15/charge", step="confirm")
    assert "Balance €0.00" in page.main


def test_a_branch_charges_its_own_on_account_alone(north: Visitor) -> None:
    page = north.open(f"{NORA}/charge")
    assert page.form(f"{NORA}/charge").choices["settles"] == ["account"]
    page = north.send(f"{NORA}/charge", settles="recorded", amount="10", name="x")
    assert page.status == 422
    page = confirmed(north, f"{NORA}/charge", amount="10", name="x")
    assert "€90.00" in page.main
    values = page.form("/console/sign-out").values
    for number in (21, 123, 1, 999):
        sent = {**values, "attempt": "a" * 32, "step": "confirm", "settles": "account", "amount": "1", "name": "x"}
        for what in ("charge", "credit", "schedule"):
            assert north.post(f"/console/customers/{number}/{what}", sent).status == 404, (number, what)


# Schedules.


def test_a_schedule_shows_its_first_dates_and_is_made_once(user: Visitor) -> None:
    filled = {"name": "Line", "amount": "10", "period": "monthly", "start": "2030-01-31", "times": "3"}
    page = rehearsed(user, f"{ADA}/schedule", **filled)
    dates = [row for row in page.rows if row[0].startswith("2030-")]
    assert [row[0][:10] for row in dates] == ["2030-02-01", "2030-03-01", "2030-04-01"]
    assert all(row[1] == "$12.00, with $2.00 taxes" for row in dates)
    values = {**page.form(f"{ADA}/schedule").values, "step": "confirm"}
    page = user.post(f"{ADA}/schedule", values)
    assert "Scheduled." in page.main
    assert "2030-02-01 00:00" in page.main
    page = user.post(f"{ADA}/schedule", values)
    assert "nothing more was done" in page.main
    assert page.main.count("Line $10.00 USD") == 1


def test_a_schedule_that_never_falls_due_says_so(user: Visitor) -> None:
    filled = {"name": "Line", "amount": "10", "period": "annually", "start": "2030-01-02", "end": "2030-03-01"}
    assert "Nothing would ever fall due" in rehearsed(user, f"{ADA}/schedule", **filled).main
    page = rehearsed(user, f"{ADA}/schedule", **{**filled, "end": "2029-01-01"})
    assert page.status == 422
    assert "end-fault" in page.ids


# Credits.


def test_a_credit_shows_the_balance_before_and_after(north: Visitor) -> None:
    page = rehearsed(north, f"{NORA}/credit", kind="credit", amount="25.50", description="Sorry")
    for shown in ("Balance now €100.00", "Balance changes by €25.50", "Balance after it €125.50"):
        assert shown in page.main, shown
    values = {**page.form(f"{NORA}/credit").values, "step": "confirm"}
    assert "€125.50" in north.post(f"{NORA}/credit", values).main
    page = north.post(f"{NORA}/credit", values)
    assert "nothing more was done" in page.main
    assert "€125.50" in page.main
    page = rehearsed(north, f"{NORA}/credit", kind="adjustment", amount="-200")
    assert "This lowers the balance" in page.main
    assert "-€74.50" in north.send(f"{NORA}/credit", step="confirm").main


def test_nobody_credits_themselves(signed_in: SignedIn) -> None:
    nora = signed_in("nora")
    assert nora.open("/console/customers/11").status == 200
    assert nora.open("/console/customers/11/credit").status == 404


def test_an_adjustment_is_not_shown_to_its_customer(signed_in: SignedIn) -> None:
    north = signed_in("north")
    confirmed(north, f"{NORA}/credit", kind="adjustment", amount="7", description="Between us")
    assert "Between us" in north.open(NORA).main
    nora = signed_in("nora")
    assert "Between us" not in nora.open(NORA).main
    assert "Between us" not in nora.open(f"{NORA}/timeline?kind=account").main


def test_a_credit_that_says_no_amount_that_was_agreed_is_rehearsed(north: Visitor) -> None:
    rehearsed(north, f"{NORA}/credit", amount="10", kind="credit")
    for digest in ("", "x", "10.00", "1" * 30):
        page = north.send(f"{NORA}/credit", step="confirm", digest=digest)
        assert "Nothing has happened yet" in page.main, digest
    assert "€110.00" not in north.open(NORA).main


def test_what_cannot_be_credited_is_told_at_its_field(north: Visitor) -> None:
    for amount in ("", "0", "1.005", "x", "9" * 30):
        page = rehearsed(north, f"{NORA}/credit", amount=amount)
        assert page.status == 422, amount
        assert "amount-fault" in page.ids, amount


def test_a_credit_at_another_rate_than_was_rehearsed_is_rehearsed_again(
    signed_in: SignedIn, application: InProcess
) -> None:
    telco, path = signed_in("telco"), "/console/customers/12/credit"
    page = rehearsed(telco, path, amount="10.00", currency="EUR")
    assert "Balance changes by ¥1,605" in page.main
    values = {**page.form(path).values, "step": "confirm"}
    page = telco.post(path, {**values, "digest": "1604"})
    assert page.status == 409
    assert "It no longer comes to what was rehearsed" in page.main
    assert "Nothing has happened yet" in telco.post(path, {**values, "digest": ""}).main
    assert "¥0" in telco.open("/console/customers/12").main
    assert "¥1,605" in telco.post(path, values).main


# Sales.

SELL = f"{ADA}/sell"


def test_a_plan_is_sold_with_the_saved_card_after_a_rehearsal_and_once(user: Visitor) -> None:
    page = rehearsed(user, SELL, plan="lifetime-access", quantities="seats 5")
    for shown in ("Lifetime Access", "To pay $49.00 USD", "Visa ending in 4242, the default", "seats"):
        assert shown in page.main, shown
    assert "1 charge" not in user.open(ADA).main
    values = {**page.form(SELL).values, "step": "confirm"}
    page = user.post(SELL, values)
    assert "Charged." in page.main
    assert "Lifetime Access" in page.main
    assert "by the gateway" in page.main
    page = user.post(SELL, values)
    assert "nothing more was done" in page.main
    assert "1 charge" in page.main
    assert user.post(SELL, {**values, "quantities": "seats 6"}).status == 409


def test_what_cannot_be_sold_is_told_at_its_field(user: Visitor) -> None:
    refused = [
        ({"plan": ""}, "plan"),
        ({"plan": "no-such"}, "plan"),
        ({"plan": "gold"}, "plan"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "XX"}, "currency"),
        ({"quantities": "seats"}, "quantities"),
        ({"quantities": "seats 0"}, "quantities"),
        ({"quantities": "seats 1, seats 2"}, "quantities"),
        ({"quantities": "storage 2"}, "quantities"),
        ({"method": "999"}, "method"),
    ]
    for filled, field in refused:
        page = rehearsed(user, SELL, **{"plan": "lifetime-access", "quantities": "seats 5", **filled})
        assert page.status == 422, filled
        assert f"{field}-fault" in page.ids, filled


def test_a_confirmation_without_what_was_agreed_is_rehearsed(user: Visitor) -> None:
    page = rehearsed(user, SELL, plan="lifetime-access", quantities="seats 5")
    values = {**page.form(SELL).values, "step": "confirm"}
    assert "Nothing has happened yet" in user.post(SELL, {**values, "agreed_minor": ""}).main
    page = user.post(SELL, {**values, "agreed_minor": "1"})
    assert page.status == 409
    assert "The price is another by now" in page.main
    assert "1 charge" not in user.open(ADA).main


def test_a_decline_is_told_and_moves_nothing(user: Visitor, application: InProcess) -> None:
    card = {"customer": "cust_789", "gateway": "sandbox", "token": "pm_card_chargeDeclined"}
    made = application.request("POST", "/admin/v1/payment_methods", card)
    assert made.status in (200, 201), made.body
    page = user.open(SELL)
    (declining,) = [each for each in page.form(SELL).choices["method"] if each != page.form(SELL).values["method"]]
    rehearsed(user, SELL, plan="lifetime-access", quantities="seats 5", method=declining)
    page = user.send(SELL, step="confirm")
    assert page.status == 409
    assert "The payment was declined" in page.main
    page = user.open(ADA)
    assert "declined" in page.main
    assert "1 charge" not in page.main


def test_nothing_is_sold_to_who_has_saved_nothing(signed_in: SignedIn) -> None:
    assert signed_in("telco").open(f"{NORA}/sell").status == 404
    assert signed_in("north").open(f"{NORA}/sell").status == 403
