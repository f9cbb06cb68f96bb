"""The tag in a real Chromium, on pages of another origin, over a way on which requests and answers get lost."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import Any

import pytest

from tests.apis.tag.site import Visitor, Way, always, one_by_one, settled, until, waiting
from tests.harness import Server
from tests.pages.chromium import needs_chromium

pytestmark = needs_chromium

INIT = "cp('init', 'pk_test_acme', {retry_ms: 20});"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


BAD_CALLS = [
    ("cp()", 'there is no call "undefined"'),
    ("cp('chrage', {amount: 1})", 'there is no call "chrage"'),
    ("cp('constructor')", 'there is no call "constructor"'),
    ("cp(Symbol('charge'))", 'there is no call "Symbol(charge)"'),
    ("cp('charge')", "charge was not recorded: TypeError: it wants an object"),
    ("cp('charge', 1999)", "charge was not recorded: TypeError: it wants an object"),
    ("cp('charge', [1999])", "charge was not recorded: TypeError: it wants an object"),
    ("cp('charge', null)", "charge was not recorded: TypeError: it wants an object"),
    ("cp('charge', {amount: 1999n})", "charge was not recorded: TypeError: Do not know how"),
    ("cp('event', {get action() { throw new Error('no') }})", "event was not recorded: Error: no"),
    ("cp('event', {properties: {text: 'x'.repeat(50001)}})", "event was dropped: it is too large"),
    ("cp('identify', {name: 'Ada'})", "identify was not recorded: TypeError: it wants a user_id or an email"),
    ("cp('identify', {email: 'n/a'})", "identify was not recorded: TypeError: it wants a user_id or an email"),
    ("cp('identify', {user_id: {}})", "identify was not recorded: TypeError: a user_id is a text"),
    ("cp('identify', {user_id: 1.5})", "identify was not recorded: TypeError: a user_id is a text"),
    ("cp('init')", "init wants a public key"),
    ("cp('init', 'pk_\u00e9')", "init wants a public key"),
    ("cp('init', 'sk_test_acme')", "init wants a public key; revoke this one"),
    ("cp('init', 'pk_other')", "init was called with another key before"),
    ("cp('init', 'pk_test_acme', {api: 'ftp://x'})", "init wants the server's address"),
    ("cp('init', 'pk_test_acme', {api: 'https://'})", "init was not recorded: TypeError"),
    ("cp('push'); cp('push')", "push messages are not served here"),
]


def script(user: str, *calls: str) -> str:
    return "".join([INIT, f"cp('identify', {{user_id: '{user}', email: '{user}@example.com'}});", *calls])


def summary(server: Server, user: str, key: str = "sk_test_acme", slug: str = "acme") -> dict[str, Any] | None:
    """The charge summary of a customer, None where there is no such customer."""
    with server.client(key) as client:
        found = client.get(f"/v1/projects/{slug}/customers", params={"q": user}).json()["data"]
    return found[0]["charge_summary"] if found else None


def bought(server: Server, user: str) -> tuple[int, int]:
    """How often a customer was charged, and how much."""
    seen = summary(server, user) or {"count": 0, "sum": 0}
    return seen["count"], seen["sum"]


def charges(way: Way) -> list[Any]:
    return [sent for sent in way.sent if sent.path == "/charges"]


def tried_again(way: Way) -> None:
    """What set out before is back, and sets out anew."""
    sent = len(way.sent)
    until(lambda: len(way.sent) > sent + 1)


def test_a_click_charges_once(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("ada"))
    settled(page)
    page.get_by_role("button", name="Buy").click()
    until(lambda: bought(server, "ada") == (1, 1999))
    settled(page)
    [sent] = charges(way)
    assert sent.body == {"user_id": "ada", "email": "ada@example.com", "amount": 1999}
    assert sent.headers["authorization"] == "Bearer pk_test_acme"
    assert UUID.fullmatch(sent.headers["idempotency-key"])
    assert sent.headers["origin"] == visitor.site.base
    assert "/charges" in way.preflights
    assert visitor.said == []


def test_a_lost_answer_charges_once(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("bea"))
    settled(page)
    way.fate = one_by_one("lose", "lose")
    page.get_by_role("button", name="Buy").click()
    until(lambda: len(charges(way)) == 3)
    settled(page)
    assert bought(server, "bea") == (1, 1999)
    assert len({sent.key for sent in charges(way)}) == 1
    assert charges(way)[-1].replayed


def test_a_lost_answer_and_a_reload_charge_once(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("cleo"))
    settled(page)
    way.fate = lambda sent: "pass" if sent.path != "/charges" else "shut" if sent.is_beacon else "lose"
    page.get_by_role("button", name="Buy").click()
    until(lambda: charges(way))
    page.reload()
    way.fate = always("pass")
    settled(page)
    assert bought(server, "cleo") == (1, 1999)
    assert len({sent.key for sent in charges(way)}) == 1


def test_a_server_that_is_away_is_waited_for(server: Server, way: Way, visitor: Visitor) -> None:
    way.fate = one_by_one("shut", "429", "503", "408", "502", "500")
    page = visitor.opens(script=script("dora", "cp('charge', {amount: 5});"))
    until(lambda: bought(server, "dora") == (1, 5))
    settled(page)
    # In the order of the calls, but for a fault, which may be one call's own.
    assert way.paths() == ["/customers"] * 6 + ["/charges", "/customers"]
    gaps = [later.at - sooner.at for sooner, later in pairwise(way.sent)]
    assert gaps[2] >= 1, "as long as the server asked"


def test_what_never_gets_through_does_not_hold_up_the_rest(server: Server, way: Way, visitor: Visitor) -> None:
    way.fate = lambda sent: "shut" if sent.path == "/events" else "pass"
    page = visitor.opens(script=script("edda", "cp('event', {action: 'Seen'});", "cp('charge', {amount: 5});"))
    until(lambda: bought(server, "edda") == (1, 5))
    until(lambda: waiting(page) == 1, page)
    way.fate = always("pass")
    settled(page)


def test_what_the_server_refuses_is_not_sent_again(server: Server, way: Way, visitor: Visitor) -> None:
    amounts = ["19.99", "-1", "NaN", "'$5'", "1e300"]
    page = visitor.opens(script=script("fay", *(f"cp('charge', {{amount: {amount}}});" for amount in amounts)))
    settled(page)
    told = [text for text in visitor.warnings() if text.startswith("cp: the server refused charge (422): amount ")]
    assert len(told) == len(charges(way)) == len(amounts)
    assert bought(server, "fay")[0] == 0


def test_amounts_go_through_untouched(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("gus", "cp('charge', {amount: 9007199254740991, update_session: false});"))
    settled(page)
    assert bought(server, "gus") == (1, 9007199254740991)
    assert charges(way)[0].body["update_session"] is False


def test_a_tab_that_is_closed_at_once(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("hal"))
    settled(page)
    way.fate = lambda sent: "pass" if sent.is_beacon else "shut"
    page.get_by_role("button", name="Buy").click()
    page.close()
    until(lambda: bought(server, "hal") == (1, 1999))
    [beacon] = [sent for sent in charges(way) if sent.is_beacon]
    assert beacon.body["api_key"] == "pk_test_acme"
    assert "authorization" not in beacon.headers
    # Its answer was never known: the next page sends it again, which does no harm.
    way.fate = always("pass")
    settled(visitor.opens(script=INIT))
    assert bought(server, "hal") == (1, 1999)
    assert charges(way)[-1].replayed
    assert {sent.key for sent in charges(way)} == {beacon.key}


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_two_tabs_charge_once(server: Server, way: Way, visitor: Visitor, locks: bool) -> None:
    user = f"ida-{locks}"
    base = None if locks else visitor.site.insecure_base
    way.fate = always("shut")
    buys = script(user, "for (let i = 1; i < 6; i++) cp('charge', {amount: i});")
    pages = [visitor.opens(base=base, script=buys), visitor.opens(base=base, script=buys)]
    until(lambda: waiting(pages[0]) == 12, pages[0])
    way.fate, way.sent = always("pass"), []
    for page in pages:
        settled(page)
    assert bought(server, user) == (10, 30)
    answered = [sent for sent in way.sent if sent.status]
    assert len({sent.key for sent in answered}) == 12
    if locks:
        assert all(later.at >= sooner.answered_at for sooner, later in pairwise(answered)), "one tab at a time"


def test_calls_of_before_the_tag_are_made_in_order(server: Server, way: Way, visitor: Visitor) -> None:
    early = "cp('charge', {amount: 1}); cp('event', {action: 'Landed'});"
    page = visitor.opens(script=early + script("joy", "cp('charge', {amount: 2});"))
    settled(page)
    assert way.paths() == ["/customers", "/charges", "/events", "/charges"]
    assert [sent.body["amount"] for sent in charges(way)] == [1, 2]
    assert bought(server, "joy") == (2, 3)
    # Whoever kept the first `cp` still reaches the tag.
    page.evaluate("cp.q.push(['charge', {amount: 3}])")
    until(lambda: bought(server, "joy") == (3, 6))


def test_who_it_is_is_remembered_until_it_is_to_be_forgotten(server: Server, way: Way, visitor: Visitor) -> None:
    settled(visitor.opens(script=script("kit")))
    page = visitor.opens(script=INIT)
    page.get_by_role("button", name="Buy").click()
    until(lambda: bought(server, "kit") == (1, 1999))
    page.evaluate("cp('forget')")
    page.get_by_role("button", name="Buy").click()
    visitor.opens(script=INIT).get_by_role("button", name="Buy").click()
    page.evaluate("cp('identify', {user_id: 7})")
    settled(page)
    assert bought(server, "kit") == (1, 1999)
    assert [sent.body for sent in charges(way)][1:] == [{"user_id": 7, "amount": 1999}]


def test_what_another_tab_says_does_not_change_who_a_page_named(server: Server, visitor: Visitor) -> None:
    first, second = visitor.opens(script=script("liv")), visitor.opens(script=script("lev"))
    first.get_by_role("button", name="Buy").click()
    settled(first)
    settled(second)
    assert bought(server, "liv") == (1, 1999)


def test_a_call_may_name_its_customer(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=INIT + "cp('charge', {user_id: 'max', amount: 3});")
    settled(page)
    assert bought(server, "max") == (1, 3)
    assert charges(way)[0].body == {"user_id": "max", "amount": 3}


def test_nobody_is_invented(way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=INIT)
    page.get_by_role("button", name="Buy").click()
    page.evaluate("cp('event', {action: 'Seen'}); cp('tag', 'vip'); cp('page')")
    # What is said while a page goes away does not reach a test.
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    until(visitor.warnings, page)
    [warning] = visitor.warnings()
    assert warning == "cp: 4 calls were dropped: this page never said whose they are (identify)"
    visitor.opens(script=script("new"))
    until(lambda: way.sent)
    assert way.paths() == ["/customers"]


def test_a_project_may_refuse_charges_by_public_keys(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("nan").replace("pk_test_acme", "pk_test_beta"))
    page.get_by_role("button", name="Buy").click()
    until(lambda: charges(way))
    settled(page)
    [warning] = [text for text in visitor.warnings() if "charge" in text]
    assert warning == "cp: the server refused charge (403): Public keys may not charge in this project."
    assert len(charges(way)) == 1
    assert (summary(server, "nan", "sk_test_beta", "beta") or {"count": 0})["count"] == 0


def test_bad_calls_are_told_and_throw_nothing(way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("oda"))
    settled(page)
    for call, told in BAD_CALLS:
        visitor.said.clear()
        page.evaluate(call)
        until(lambda: visitor.said, page)
        assert [text[: len(told) + 4] for text in visitor.said] == [f"cp: {told}"], call
    assert way.paths() == ["/customers"]


def test_an_order_has_one_key_however_often_its_page_is_shown(server: Server, way: Way, visitor: Visitor) -> None:
    thanks = script("pam", "cp('charge', {amount: 1999, idempotency_key: 'order-\u2116-1001'});")
    page = visitor.opens(script=thanks)
    settled(page)
    page.reload()
    settled(page)
    assert bought(server, "pam") == (1, 1999)
    assert len(charges(way)) == 2
    assert charges(way)[1].replayed
    page.evaluate("cp('charge', {amount: 5, idempotency_key: 'order-\u2116-1001'})")
    settled(page)
    assert any("refused charge (409)" in text for text in visitor.warnings())


def test_what_is_sent_late_tells_when_it_was(server: Server, way: Way, visitor: Visitor) -> None:
    called_at = int(time.time()) - 3600
    page = visitor.opens(script=script("quin"))
    settled(page)
    way.fate = always("shut")
    page.clock.set_fixed_time(called_at)
    page.get_by_role("button", name="Buy").click()
    page.evaluate("cp('charge', {amount: 0, idempotency_key: 'of-the-page'})")
    page.clock.set_fixed_time(called_at + 3600)
    tried_again(way)
    way.fate = always("pass")
    settled(page)
    seen = summary(server, "quin")
    assert seen is not None
    assert (seen["count"], seen["first_charged_at"]) == (2, called_at)
    # What has a key of the page's is sent as it was given.
    assert [sent.body.get("created_at") for sent in charges(way)[-2:]] == [called_at, None]


@pytest.mark.parametrize("arrived", [False, True], ids=["lost", "arrived"])
def test_a_clock_that_is_ahead_loses_nothing(server: Server, way: Way, visitor: Visitor, arrived: bool) -> None:
    user = f"rex-{arrived}"
    ahead = time.time() + 86_400
    page = visitor.opens(script=script(user))
    settled(page)
    way.fate = always("lose" if arrived else "shut")
    page.clock.set_fixed_time(ahead)
    page.get_by_role("button", name="Buy").click()
    until(lambda: charges(way))
    page.clock.set_fixed_time(ahead + 120)
    tried_again(way)
    way.fate = always("pass")
    settled(page)
    assert charges(way)[-2].body["created_at"] > ahead - 1
    assert "created_at" not in charges(way)[-1].body
    seen = summary(server, user)
    assert seen is not None
    assert (seen["count"], seen["last_charged_at"] <= time.time()) == (1, True)
    assert [text for text in visitor.warnings() if "charge" in text] == []


def test_what_arrived_without_its_time_is_not_charged_again_with_it(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("sue"))
    settled(page)
    way.fate = always("lose")
    page.clock.set_fixed_time(time.time() - 3600)
    page.get_by_role("button", name="Buy").click()
    until(lambda: charges(way))
    page.clock.set_fixed_time(time.time())
    tried_again(way)
    way.fate = always("pass")
    settled(page)
    assert charges(way)[-1].status == 409
    assert bought(server, "sue") == (1, 1999)
    assert [text for text in visitor.warnings() if "charge" in text] == []


@pytest.mark.parametrize("fate", ["lose", "shut"])
def test_without_storage_and_without_a_secure_page(server: Server, way: Way, visitor: Visitor, fate: str) -> None:
    visitor.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('refused', 'SecurityError') }})"
    )
    page = visitor.opens(base=visitor.site.insecure_base, script=script(f"tom-{fate}"))
    assert page.evaluate("[window.isSecureContext, 'locks' in navigator, 'randomUUID' in crypto]") == [False] * 3
    way.fate = one_by_one(fate, fate)
    page.get_by_role("button", name="Buy").click()
    until(lambda: bought(server, f"tom-{fate}") == (1, 1999), page)
    assert len({sent.key for sent in charges(way)}) == 1


def test_so_many_may_wait_and_no_more(way: Way, visitor: Visitor) -> None:
    way.fate = always("shut")
    page = visitor.opens(script="cp('init', 'pk_test_acme'); cp('identify', {user_id: 'una'});")
    page.evaluate("for (let i = 0; i < 505; i++) cp('event', {action: 'Seen', properties: {text: 'x'.repeat(4000)}})")
    assert waiting(page) == 500
    assert len([text for text in visitor.warnings() if text.endswith("too many calls wait to be sent")]) == 6
    way.fate, way.sent = always("pass"), []
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    until(lambda: len([sent for sent in way.sent if sent.is_beacon]) > 1)
    page.wait_for_timeout(100)
    assert len([sent for sent in way.sent if sent.is_beacon]) <= 20


def test_a_page_that_is_rendered_ahead_has_done_nothing(server: Server, way: Way, visitor: Visitor) -> None:
    visitor.context.add_init_script("Object.defineProperty(document, 'prerendering', {value: true})")
    page = visitor.opens(script=script("val", "cp('charge', {amount: 1});"))
    page.get_by_role("button", name="Buy").click()
    page.wait_for_load_state("networkidle")
    assert (way.sent, waiting(page)) == ([], 0)
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    settled(page)
    assert bought(server, "val") == (2, 2000)


def test_a_tag_that_is_there_twice_is_there_once(server: Server, way: Way, visitor: Visitor) -> None:
    page = visitor.opens(script=script("wil"))
    settled(page)
    page.add_script_tag(url=f"{way.base}/js/app.js")
    page.get_by_role("button", name="Buy").click()
    settled(page)
    page.goto("about:blank")
    assert bought(server, "wil") == (1, 1999)
    assert len(charges(way)) == 1


def test_events_tags_and_pages(way: Way, visitor: Visitor) -> None:
    calls = (
        "cp('event', {action: 'Signed Up', properties: {plan: 'gold'}});",
        "cp('tag', 'vip'); cp('tag', {name: 'beta'});",
        "cp('page'); cp('page', {url: 'https://shop.example/x', title: 'X'});",
    )
    page = visitor.opens("/shelf/7?token=secret#part", script=script("xan", *calls))
    settled(page)
    page.evaluate("document.title = 'x'.repeat(499) + String.fromCodePoint(0x1f600); cp('page')")
    settled(page)
    who = {"user_id": "xan", "email": "xan@example.com"}
    assert [(sent.path, {name: sent.body[name] for name in sent.body if name not in who}) for sent in way.sent] == [
        ("/customers", {}),
        ("/events", {"action": "Signed Up", "properties": {"plan": "gold"}}),
        ("/tags", {"name": "vip"}),
        ("/tags", {"name": "beta"}),
        ("/pages", {"url": f"{visitor.site.base}/shelf/7", "title": "Shop"}),
        ("/pages", {"url": "https://shop.example/x", "title": "X"}),
        ("/pages", {"url": f"{visitor.site.base}/shelf/7", "title": "x" * 499}),
    ]
    assert all(sent.body | who == sent.body for sent in way.sent)
    assert {sent.status for sent in way.sent} == {200}
    assert visitor.said == []
