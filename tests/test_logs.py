"""No password, key or body in any log, also when something goes wrong with one of them at hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.harness import environment

ROOT = Path(__file__).parent.parent
SECRETS = ("sk_in_the_header", "sk_in_the_query", "sk_in_the_body", "a-password")

FAULT = """
from tests.harness import InProcess
from tollhouse.logs import configure_logs
from tollhouse.web import Front, Reply

class Door:
    name = "faulty"

    async def answer(self, request):
        password = "a-" + "password"
        key = request.header(b"authorization")
        body = await request.body(1000)
        {fault}

    def trouble(self, what):
        return Reply(500, b"")

configure_logs("info")
nothing = lambda *arguments: None
front = Front([("", Door())], observe=nothing, start=nothing, stop=nothing, log_every_request=True)
http = InProcess(front)
http.request("POST", "/x?api_key=sk_in_the_query", b"sk_in_the_body", key="sk_in_the_header")
http.close()
"""

STATEMENT = """
        from sqlalchemy import text
        from tollhouse.store.engine import sqlite_engine, store_url
        engine = sqlite_engine(store_url("sqlite:///x.db"), writing=True, pool_size=1)
        with engine.begin() as connection:
            connection.execute(text("SELECT * FROM nothing WHERE key = :key"), {"key": key})
"""


@pytest.mark.parametrize("fault", ["raise ZeroDivisionError", STATEMENT], ids=["ours", "a-statement"])
def test_a_fault_is_logged_without_what_the_caller_sent(fault: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULT.replace("{fault}", fault)],
        env={**environment(), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    fault_line, answered = (msgspec.json.decode(line) for line in done.stderr.splitlines() if line.startswith("{"))
    assert fault_line["event"] == "fault"
    assert fault_line["exception"][-1]["frames"]
    assert answered["event"] == "answered"
    assert answered["request_id"] == fault_line["request_id"]
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]
