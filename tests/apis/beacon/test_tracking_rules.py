"""Rules of identify, events, tags and page views that need more than one call to be seen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import InProcess
from tollhouse.apis.beacon.request import customers
from tollhouse.ledger.commands import EventTold, Identity, ProfileTold, Told, Track


def _told(application: InProcess, path: str, **body: Any) -> None:
    answer = application.request("POST", path, body)
    assert answer.status == 200, answer.body


def _shown(application: InProcess, user_id: str) -> dict[str, Any]:
    listed = application.request("GET", f"/v1/projects/acme/customers?q={user_id}").json()["data"]
    whole: dict[str, Any] = application.request("GET", f"/v1/customers/{listed[0]['id']}").json()["data"]
    return whole


def test_a_last_name_alone_leaves_a_first_name_of_two_words(application: InProcess) -> None:
    _told(application, "/customers", user_id="u", first_name="Mary Ann", last_name="Smith")
    _told(application, "/customers", user_id="u", last_name="Jones")
    shown = _shown(application, "u")
    assert (shown["name"], shown["first_name"], shown["last_name"]) == ("Mary Ann Jones", "Mary Ann", "Jones")


def test_a_first_name_alone_leaves_a_last_name_that_came_alone(application: InProcess) -> None:
    _told(application, "/customers", user_id="u", last_name="Smith")
    _told(application, "/customers", user_id="u", first_name="Ada")
    shown = _shown(application, "u")
    assert (shown["name"], shown["first_name"], shown["last_name"]) == ("Ada Smith", "Ada", "Smith")


def test_a_tag_that_is_a_name_alone_does_not_say_that_the_session_stays(application: InProcess) -> None:
    _told(application, "/tags/bulk", user_id="u", tags=["vip", {"name": "beta", "update_session": False}])
    assert _shown(application, "u")["session"]["count"] == 1


def test_the_session_stays_where_every_tag_says_so(application: InProcess) -> None:
    _told(application, "/tags/bulk", user_id="u", tags=[{"name": "beta", "update_session": False}])
    assert _shown(application, "u")["session"]["count"] == 0


def test_of_two_visits_at_one_instant_the_one_that_was_told_last_is_shown(application: InProcess) -> None:
    for url in ("https://shop/a?q=1", "https://shop/a?q=2"):
        _told(application, "/pages", user_id="u", url=url, created_at=1_700_000_000)
    (page,) = _shown(application, "u")["page_summaries"]
    assert (page["url"]["href"], page["count"]) == ("https://shop/a?q=2", 2)


def test_the_e_mail_of_an_adopted_guest_stays_as_it_was_first_sent(application: InProcess) -> None:
    _told(application, "/charges", email="guest@example.com", amount=1)
    _told(application, "/customers", user_id="u", email="GUEST@example.com")
    shown = _shown(application, "u")
    assert (shown["email"], shown["charge_summary"]["count"]) == ("guest@example.com", 1)


def test_notes_stay_when_a_customer_is_identified_again(application: InProcess) -> None:
    _told(application, "/customers", user_id="u")
    uid = _shown(application, "u")["id"]
    assert application.request("PUT", f"/v1/customers/{uid}/notes", {"notes": "Called twice."}).status == 200
    _told(application, "/customers", user_id="u", phone="+15165555555")
    assert (_shown(application, "u")["notes"], _shown(application, "u")["phone"]) == ("Called twice.", "+15165555555")


def test_a_call_has_so_many_traits_together_and_no_more(
    application: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "TRAITS_OF_A_CALL_MAX", 4)
    people = [{"user_id": f"u{n}", "custom_attributes": {"a": 1, "b": 2}} for n in range(3)]
    _told(application, "/customers/bulk", customers=people[:2])
    refused = application.request("POST", "/customers/bulk", {"customers": people})
    assert (refused.status, list(refused.json()["errors"])) == (422, ["customers"])


def test_a_call_takes_numbers_for_what_it_may_leave() -> None:
    """A batch of many traits must not use up the numbers of customers."""
    told = Told(
        identity=Identity("u", None),
        profile=ProfileTold(traits=(("a", 1), ("b", 2))),
        events=(EventTold("x", "{}", None),),
        tags=("t",),
    )
    command = Track(tenant_id=1, operation="track", people=(told, told))
    assert command.numbers_wanted() == {"customer": 2, "transaction": 0, "tracked_event": 2, "definition": 8}
