"""`tollhouse demo` sends the three published example charges, tells what came back, and goes on serving."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

from tests.harness import environment, free_port, run_cli

STORY_SECONDS = 60


def test_the_demo_charges_through_every_door_and_goes_on_serving(tmp_path: Path) -> None:
    for time in ("first", "again"):
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(
            [sys.executable, "-m", "tollhouse", "demo", "--port", str(port)],
            env=environment(),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        watchdog = threading.Timer(STORY_SECONDS, process.kill)
        watchdog.start()
        try:
            story = told(process)
            statuses = re.findall(r"→ (\d+)", story)
            assert statuses == ["200", "200", "200", "201", "200"], story
            assert f"goes on serving at {base}" in story
            assert signed_in(*console_told(story)) == 303
            assert [answer["responses"][0]["code"] for answer in enswitch_told(story)] == ["200", "204"]
            customers = httpx.get(
                f"{base}/v1/projects/acme/customers?q=cust_789",
                headers={"Authorization": "Bearer sk_test_acme"},
                trust_env=False,
            ).json()["data"]
            assert [customer["user_id"] for customer in customers] == ["cust_789"]
            assert customers[0]["charge_summary"]["count"] == (4 if time == "first" else 8)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=STORY_SECONDS)
            watchdog.cancel()
            assert process.stdout is not None
            process.stdout.close()
    verified = run_cli("verify", cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout


def console_told(story: str) -> tuple[str, str, str]:
    """Where the console is, and the username and password of who may sign in there, as the story says."""
    found = re.search(r'The console: open (\S+) in a browser and sign in as "(\w+)" with the password "(\w+)"', story)
    assert found is not None, story
    return found[1], found[2], found[3]


def signed_in(console: str, username: str, password: str) -> int:
    filled = {"username": username, "password": password}
    return httpx.post(f"{console}/sign-in", data=filled, trust_env=False).status_code


def enswitch_told(story: str) -> list[dict[str, Any]]:
    """What is answered where the calls of ENSwitch's door are made as the story has them."""
    calls = re.findall(r"curl -s '(\S+/api/json/\S+)' -d '(\S+)'", story)
    sent = {"content-type": "application/x-www-form-urlencoded"}
    return [httpx.post(url, content=body, headers=sent, trust_env=False).json() for url, body in calls]


def told(process: subprocess.Popen[str]) -> str:
    """What it prints, up to the last command of its story."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip().endswith(" verify"):
            break
    return "".join(lines)
