"""Of a test run that is ended hard, nothing goes on running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests.harness import migrated_sqlite, sqlite_copy

ROOT = Path(__file__).parent.parent
RUN = """
import sys, time
from pathlib import Path
from tests.harness import start_server
server = start_server(sys.argv[1], Path(sys.argv[2]))
print(server.base, server.process.pid, flush=True)
time.sleep(60)
"""


def is_there(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_a_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, sqlite_copy(migrated_sqlite(), tmp_path), str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        base, pid = run.stdout.readline().split()
        assert is_there(base)
        run.kill()
    until = time.monotonic() + 60
    while (is_left := is_there(base)) and time.monotonic() < until:
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGKILL)
    assert not is_left
