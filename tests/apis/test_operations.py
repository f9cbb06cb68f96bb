"""Our own pages: for those who run the server, without a key."""

from __future__ import annotations

import re

import pytest

from tests.harness import InProcess
from tollhouse.apis.operations import OperationsDoor
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.web import Front


def test_alive_and_ready(application: InProcess) -> None:
    assert application.request("GET", "/healthz", key=None).body == b'{"status":"alive"}'
    assert application.request("GET", "/readyz/", key=None).body == b'{"status":"ready"}'
    head = application.request("HEAD", "/readyz", key=None)
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize("how", ["tables out of date", "no store"])
def test_not_ready_is_503_while_alive_stays_200(how: str) -> None:
    def ready() -> bool:
        if how == "no store":
            raise StoreUnavailable("The store is not available.")
        return False

    async def nothing() -> None:
        pass

    door = OperationsDoor(ready=ready, is_stopping=lambda: False, metrics=lambda: b"")
    http = InProcess(Front([("", door)], observe=lambda _door, _status: None, start=nothing, stop=nothing))
    answer = http.request("GET", "/readyz", key=None)
    assert (answer.status, answer.body) == (503, b'{"detail":"unavailable"}')
    assert answer.headers["retry-after"] == "1"
    assert http.request("GET", "/healthz", key=None).status == 200
    http.close()


def test_metrics_count_requests_and_commits(application: InProcess) -> None:
    for amount in (1, "x"):
        application.request("POST", "/charges", {"user_id": "u", "amount": amount})
    answer = application.request("GET", "/metrics", key=None)
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'tollhouse_requests_total{door="beacon",status="200"} 1.0' in text
    assert 'tollhouse_requests_total{door="beacon",status="422"} 1.0' in text
    assert "tollhouse_commit_batch_commands_count 1.0" in text
    assert re.search(r"^tollhouse_commit_queue_weight 0\.0$", text, re.MULTILINE)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi/beacon.json"])
def test_reading_is_all_there_is_to_do(application: InProcess, path: str) -> None:
    answer = application.request("POST", path, key=None)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("wire", ["beacon", "enswitch", "kelviq", "admin"])
def test_each_door_describes_itself(application: InProcess, wire: str) -> None:
    answer = application.request("GET", f"/openapi/{wire}.json", key=None)
    assert answer.status == 200
    assert answer.json()["openapi"].startswith("3.")


def test_what_is_not_there(application: InProcess) -> None:
    for path in ("/openapi", "/openapi/nothing.json", "/healthz/x"):
        assert application.request("GET", path, key=None).status == 404
