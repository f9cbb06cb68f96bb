"""Beacon's calls as bodies, in every form in which a client may write them; and what Core shows, as plain values."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from random import Random
from typing import Any

import msgspec

from tests.harness import Answer, InProcess
from tests.machine.beacon_model import Call, CoreCall, Customer, Model, Profile, Said

KEYS = {"secret": "sk_machine", "application": "ak_machine", "public": "pk_machine"}
SLUG = "machine"

_JSON = msgspec.json.Encoder(decimal_format="number")
_NUMBERS = msgspec.json.Decoder(float_hook=Decimal)
_LISTS = {"events": "action", "charges": "amount", "tags": "name"}


def asking(application: InProcess, call: Call, dice: Random) -> Any:
    """The request, written in one of the ways that mean the call; to be awaited."""
    body, headers, query = body_of(call, dice), {"User-Agent": "Machine/1"}, []
    key: str | None = KEYS[call.kind]
    match dice.randrange(6):
        case 0:
            body["api_key"], key = key, None
        case 1:
            query, key = [f"api_key={key}"], None
    if call.key is not None:
        match dice.randrange(4):
            case 0:
                body["idempotency_key"] = call.key
            case 1:
                query.append(f"idempotency_key={call.key}")
            case _:
                headers["Idempotency-Key"] = call.key
    path = dice.choice([call.path, call.path, f"/{call.path}", f"{call.path}/"])
    target = "?".join([path, *(["&".join(query)] if query else [])])
    return application.asking("POST", target, _JSON.encode(body), key=key, headers=headers)


def asking_core(application: InProcess, call: CoreCall, key: str) -> Any:
    method, path, body = {
        "create": ("POST", f"/v1/projects/{SLUG}/customers", {"email": call.whom}),
        "project": ("PUT", f"/v1/projects/{SLUG}", {"name": call.text or None, "website": call.whom or None}),
        "delete": ("DELETE", f"/v1/customers/{call.whom}", None),
        "tag": ("POST", f"/v1/customers/{call.whom}/tags", {"name": call.text}),
        "untag": ("DELETE", f"/v1/customers/{call.whom}/tags", {"name": call.text}),
        "notes": ("PUT", f"/v1/customers/{call.whom}/notes", {"notes": call.text}),
        "unsubscribe": ("PUT", f"/v1/customers/{call.whom}/unsubscribe", None),
    }[call.what]
    return application.asking(method, path, b"" if body is None else body, key=key)


# From calls to bodies.


def body_of(call: Call, dice: Random) -> dict[str, Any]:
    if call.path == "/customers/bulk":
        touches = not (call.said and all(not said.touch for said in call.said) and dice.randrange(2))
        each = [_of_one(said, dice) | (_touch(said.touch, dice) if touches else {}) for said in call.said]
        return {"customers": each} | ({} if touches else _touch(False, dice))
    (said,) = call.said
    body = _of_one(said, dice)
    items = {name: rows for name, rows in _items(said, dice).items() if rows}
    match call.path:
        case "/events" | "/charges" | "/tags":
            (row,) = items[call.path[1:]]
            return body | row | _touch(said.touch, dice)
        case "/pages":
            (row,) = items["pages"]
            return body | row | _touch(said.touch, dice)
        case "/track" | "/customers":
            lists = {name: rows for name, rows in items.items() if name != "pages"}
            return body | {name: _named(name, rows, dice) for name, rows in lists.items()} | _touch(said.touch, dice)
    name = call.path.split("/")[1]
    rows = items.get(name, [])
    return body | _touched_rows(name, rows, said, dice)


def _touched_rows(name: str, rows: list[dict[str, Any]], said: Said, dice: Random) -> dict[str, Any]:
    """The session is touched unless the call says no, or every item does."""
    if not said.touch and rows and dice.randrange(2):
        return {name: [row | _touch(False, dice) for row in rows]}
    if said.touch and len(rows) > 1 and dice.randrange(2):
        rows[0] |= _touch(False, dice)
        return {name: [rows[0], *_named(name, rows[1:], dice)]}
    if said.user_id and rows and dice.randrange(3) == 0:
        rows[0] |= {"user_id": said.user_id}
    return {name: _named(name, rows, dice)} | _touch(said.touch, dice)


def _named(name: str, rows: list[dict[str, Any]], dice: Random) -> list[Any]:
    """Tags may be written as their name alone."""
    if name != "tags":
        return rows
    return [row["name"] if set(row) == {"name"} and dice.randrange(2) else row for row in rows]


def _of_one(said: Said, dice: Random) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if said.user_id is not None:
        body["user_id"] = int(said.user_id) if said.user_id.isdigit() and dice.randrange(2) else said.user_id
    elif dice.randrange(3) == 0:
        body["user_id"] = dice.choice([None, ""])
    if said.email is not None:
        body["email"] = dice.choice([said.email, f" {said.email} "])
    return body | (_profile(said.profile, dice) if said.profile is not None else {})


def _profile(profile: Profile, dice: Random) -> dict[str, Any]:
    body: dict[str, Any] = {
        name: value
        for name in ("name", "first_name", "last_name", "phone", "ip")
        if (value := getattr(profile, name)) is not None
    }
    if profile.signed_up_at is not None:
        body["signed_up_at"] = _time(profile.signed_up_at, dice)
    if profile.traits:
        body["custom_attributes"] = dict(profile.traits)
    return body


def _items(said: Said, dice: Random) -> dict[str, list[dict[str, Any]]]:
    return {
        "events": [{"action": a, **_properties(p), **_at(at, dice)} for a, p, at in said.events],
        "charges": [{"amount": _whole(amount, dice), **_at(at, dice)} for amount, at in said.charges],
        "tags": [{"name": name} for name in said.tags],
        "pages": [{"url": u, **({} if t is None else {"title": t}), **_at(at, dice)} for u, t, at in said.pages],
    }


def _properties(text: str) -> dict[str, Any]:
    return {} if text == "{}" else {"properties": msgspec.Raw(text.encode())}


def _at(at: int | None, dice: Random) -> dict[str, Any]:
    if at is None:
        return dice.choice([{}, {}, {"created_at": None}])
    return {"created_at": _time(at, dice)}


def _time(at: int, dice: Random) -> Any:
    return dice.choice([at, at, str(at), at + Decimal("0.9")])


def _whole(amount: int, dice: Random) -> Any:
    return dice.choice([amount, amount, str(amount), Decimal(f"{amount}.0")])


def _touch(touch: bool, dice: Random) -> dict[str, Any]:
    if touch:
        return dice.choice([{}, {}, *({"update_session": yes} for yes in (True, "true", 1, None))])
    return {"update_session": dice.choice([False, "false", 0])}


# What Core shows.


def state_of(application: InProcess) -> dict[str, Any]:
    """All that Core shows, without ids but those of customers, who stand by their names and in the list's order."""
    asked = [f"projects/{SLUG}", *(f"projects/{SLUG}/{name}?per_page=100" for name in _LISTED)]
    project, listed, traits, events, tags = (answer["data"] for answer in _read(application, asked))
    parts = ("", "/events?per_page=100", "/pages?per_page=100", "/charges?per_page=100")
    told = _read(application, [f"customers/{row['id']}{part}" for row in listed for part in parts])
    customers = {}
    for index, row in enumerate(listed):
        whole, done, seen, charged = told[4 * index : 4 * index + 4]
        assert {name: whole["data"][name] for name in row} == row, "the list shows another customer"
        shown = _customer_shown(whole["data"], done, seen, charged)
        customers[row["user_id"], (row["email"] or "").casefold()] = shown
    assert len(customers) == len(listed), "two customers are the same"
    figures = ("name", "website", "customers_count", "charges_count", "charges_sum")
    return {
        "project": {name: project[name] for name in figures},
        "traits": {trait["field"]: trait["type"] for trait in traits},
        "events": [event["action"] for event in events],
        "tags": [tag["name"] for tag in tags],
        "customers": customers,
    }


_LISTED = ("customers", "traits", "events", "tags")


def _read(application: InProcess, paths: list[str]) -> list[Any]:
    answers: list[Answer] = application.gather(
        *(application.asking("GET", f"/v1/{path}", key=KEYS["secret"]) for path in paths)
    )
    for path, answer in zip(paths, answers, strict=True):
        assert answer.status == 200, (path, answer.body)
    return [_NUMBERS.decode(answer.body) for answer in answers]


_PLAIN = ("id", "email", "name", "first_name", "last_name", "phone", "ip", "notes", "signed_up_at", "unsubscribed_at")


def _customer_shown(whole: dict[str, Any], done: Any, seen: Any, charged: Any) -> dict[str, Any]:
    summaries = whole["event_summaries"]
    return {
        **{name: whole[name] for name in _PLAIN},
        "user_agent": whole["device"]["user_agent"],
        "session": whole["session"],
        "created_at": whole["created_at"],
        "charge_summary": whole["charge_summary"],
        "traits": {one["field"]: (one["type"], one["value"]) for one in whole["custom_attributes"]},
        "tags": [tag["name"] for tag in whole["tags"]],
        "event_summaries": {
            one["event"]["action"]: (one["count"], one["first_tracked_at"], one["last_tracked_at"]) for one in summaries
        },
        "events": _by_instant([(one["event"]["action"], one["properties"], one["created_at"]) for one in done["data"]]),
        "events_total": done["meta"]["total"],
        "pages": {
            (one["url"]["href"], one["title"], one["count"], one["first_visited_at"], one["last_visited_at"])
            for one in seen["data"]
        },
        "pages_agree": whole["page_summaries"] == seen["data"],
        "charges": _by_instant([(one["amount"], one["created_at"]) for one in charged["data"]]),
        "charges_total": charged["meta"]["total"],
    }


def expected_of(model: Model) -> dict[str, Any]:
    """What Core should show of what the model knows."""
    counted = [customer.summary for customer in model.customers]
    return {
        "project": {
            "name": model.name,
            "website": model.website or None,
            "customers_count": len(model.customers),
            "charges_count": sum(summary["count"] or 0 for summary in counted),
            "charges_sum": sum(summary["sum"] or 0 for summary in counted),
        },
        "traits": model.traits,
        "events": sorted(model.actions),
        "tags": sorted(model.tags),
        "customers": {(c.user_id, (c.email or "").casefold()): _customer_expected(c, model) for c in model.customers},
    }


def _customer_expected(customer: Customer, model: Model) -> dict[str, Any]:
    by_action: dict[str, list[int]] = {}
    for action, _, at in customer.events:
        by_action.setdefault(action, []).append(at)
    return {
        "id": customer.uid,
        "email": customer.email,
        "name": customer.name or None,
        "first_name": customer.first_name or None,
        "last_name": customer.last_name or None,
        "phone": customer.phone,
        "ip": customer.ip,
        "notes": customer.notes,
        "signed_up_at": customer.signed_up_at,
        "unsubscribed_at": customer.unsubscribed_at,
        "user_agent": customer.user_agent,
        "session": {
            "count": customer.sessions,
            "first_seen_at": customer.created_at,
            "last_seen_at": customer.last_seen_at,
        },
        "created_at": customer.created_at,
        "charge_summary": customer.summary,
        "traits": {name: (model.traits[name], value) for name, value in customer.traits.items()},
        "tags": sorted(customer.tags),
        "event_summaries": {action: (len(ats), min(ats), max(ats)) for action, ats in by_action.items()},
        "events": _latest_first([(action, _NUMBERS.decode(text), at) for action, text, at in customer.events]),
        "events_total": len(customer.events),
        "pages": {(page.url, page.title, page.count, page.first_at, page.last_at) for page in customer.pages.values()},
        "pages_agree": True,
        "charges": _latest_first(customer.charges),
        "charges_total": len(customer.charges),
    }


def differences(shown: Any, expected: Any, where: str = "") -> list[str]:
    """What differs, a line each."""
    if isinstance(shown, dict) and isinstance(expected, dict):
        names = sorted(shown.keys() | expected.keys(), key=str)
        pairs = [(shown.get(name, "nothing"), expected.get(name, "nothing"), f"{where} {name}") for name in names]
        return [line for pair in pairs for line in differences(*pair)]
    return [] if shown == expected else [f"{where}: {shown} is shown, {expected} expected"]


def _latest_first(rows: list[Any]) -> list[Any]:
    """The first page of a list. Of those at one instant the one that was stored last is first."""
    return _by_instant(sorted(rows, key=lambda row: row[-1])[:-101:-1])


def _by_instant(rows: list[Any]) -> list[Any]:
    return [(at, [row[:-1] for row in those]) for at, those in groupby(rows, key=lambda row: row[-1])]


def in_any_order(state: dict[str, Any]) -> dict[str, Any]:
    """The same where who stored first of those at one instant cannot be seen: two processes number them."""
    customers = {
        names: shown
        | {name: [(at, sorted(rows, key=str)) for at, rows in shown[name]] for name in ("events", "charges")}
        for names, shown in state["customers"].items()
    }
    return state | {"customers": customers}
