"""Many at once, over real HTTP: on SQLite, on PostgreSQL, and on PostgreSQL with two processes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.harness import GOLDEN, environment
from tests.scenarios.conftest import Deployment
from tests.started import Started


def charge(body: dict[str, object], key: str | None = None) -> dict[str, object]:
    return {"url": "/charges", "json": body, "headers": {} if key is None else {"Idempotency-Key": key}}


def is_replay(response: httpx.Response) -> bool:
    return response.headers.get("Idempotency-Replayed") == "true"


def test_fifty_requests_with_one_key_are_one_charge(deployment: Deployment) -> None:
    replies = deployment.at_once(50, charge({"user_id": "one-key", "amount": 5}, "the-key"))
    assert {reply.status_code for reply in replies} == {200}
    assert [is_replay(reply) for reply in replies].count(False) == 1
    assert deployment.charges_of(reference="one-key") == [5]


def test_one_key_with_two_contents_has_one_effect(deployment: Deployment) -> None:
    """Whichever comes first counts; the other is refused, each time."""
    requests = [charge({"user_id": "two-contents", "amount": amount}, "a-key") for amount in (5, 6)]
    replies = deployment.at_once(40, *requests)
    counted = [reply.status_code for reply in replies]
    assert sorted(set(counted)) == [200, 409]
    assert counted.count(200) == counted.count(409) == 20
    assert [is_replay(reply) for reply in replies if reply.status_code == 200].count(False) == 1
    assert len(deployment.charges_of(reference="two-contents")) == 1


def test_sixty_four_first_charges_of_one_customer(deployment: Deployment) -> None:
    replies = deployment.at_once(64, *(charge({"user_id": "first", "amount": n}) for n in range(64)))
    assert {reply.status_code for reply in replies} == {200}
    assert sorted(deployment.charges_of(reference="first")) == list(range(64))


def test_sixty_four_first_charges_of_one_guest(deployment: Deployment) -> None:
    replies = deployment.at_once(64, *(charge({"email": "guest@example.com", "amount": n}) for n in range(64)))
    assert {reply.status_code for reply in replies} == {200}
    assert sorted(deployment.charges_of(email="guest@example.com")) == list(range(64))


def test_bulk_calls_that_cross_are_whole(deployment: Deployment) -> None:
    def bulk(who: str) -> dict[str, object]:
        return {
            "url": "/charges/bulk",
            "json": {"user_id": who, "charges": [{"amount": 1}, {"amount": 2}, {"amount": 3}]},
        }

    replies = deployment.at_once(60, bulk("left"), bulk("right"), bulk("middle"))
    assert {reply.status_code for reply in replies} == {200}
    for who in ("left", "right", "middle"):
        assert sorted(deployment.charges_of(reference=who)) == [1] * 20 + [2] * 20 + [3] * 20


def test_a_reader_beside_writers_sees_whole_charges(deployment: Deployment) -> None:
    """At every moment the summary agrees with itself, and what was answered is seen."""
    answered: list[int] = []
    with deployment.client() as client, ThreadPoolExecutor(8) as pool:

        def write(_index: int) -> None:
            assert client.post("/charges", json={"user_id": "watched", "amount": 7}).status_code == 200
            answered.append(1)

        write(0)
        writing = [pool.submit(write, n) for n in range(150)]
        counts = []
        while not all(future.done() for future in writing):
            known = len(answered)
            reply = client.get("/v1/projects/acme/customers", params={"q": "watched"})
            assert reply.status_code == 200
            summary = reply.json()["data"][0]["charge_summary"]
            assert summary["sum"] == 7 * summary["count"]
            assert summary["average"] == 7
            assert summary["count"] >= known
            counts.append(summary["count"])
        for future in writing:
            future.result()
    assert counts == sorted(counts)
    assert deployment.charges_of(reference="watched") == [7] * 151


def test_commands_beside_a_serving_server(deployment: Deployment, tmp_path: Path) -> None:
    """`apply` changes a live tenant, and `verify` finds no difference in books that are being written."""
    stop = threading.Event()
    log = tmp_path / "commands.log"

    def run(*arguments: str) -> int:
        given = environment(deployment.database_url)
        return Started(*arguments, environment=given, folder=tmp_path, log=log).wait(timeout=60)

    with deployment.client() as client, ThreadPoolExecutor(4) as pool:

        def write(_index: int) -> None:
            while not stop.is_set():
                assert client.post("/charges", json={"user_id": "beside", "amount": 3}).status_code == 200

        writing = [pool.submit(write, n) for n in range(4)]
        try:
            applied = run("apply", str(GOLDEN / "acme.toml"))
            verified = run("verify")
        finally:
            stop.set()
        for future in writing:
            future.result()
    assert (applied, verified) == (0, 0), log.read_text()
    assert set(deployment.charges_of(reference="beside")) == {3}
