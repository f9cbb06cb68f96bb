"""The load generator: wrk where it is on PATH, else bench.driver; both tell the same figures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.traffic import KEY, Traffic

SCRIPT = Path(__file__).parent / "wrk.lua"


class LoadFailed(Exception):
    """A generator that did not end well, or replies that were refusals."""


@dataclass(frozen=True)
class Turn:
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class Generator:
    def __init__(self, folder: Path, *, name: str | None = None) -> None:
        """`name` is wrk or own; by default wrk where there is one."""
        self._folder = folder
        self.wrk = shutil.which("wrk") if name != "own" else None
        if name == "wrk" and self.wrk is None:
            raise LoadFailed("wrk is not on PATH.")

    @property
    def version(self) -> str:
        if self.wrk is None:
            return "bench.driver (uvloop)"
        said = subprocess.run([self.wrk, "-v"], capture_output=True, text=True, check=False).stdout
        return " ".join(said.split()[:2])

    def drive(self, port: int, traffic: Traffic, *, clients: int, seconds: int, path: str | None = None) -> Turn:
        """Send the traffic (to another path, if one is given) for some seconds; LoadFailed unless all went well."""
        file = str(traffic.write(self._folder))
        sent = [file, path or traffic.path, traffic.content_type, KEY]
        if self.wrk is not None:
            settings = ["-t1", f"-c{clients}", f"-d{seconds}s", "-s", str(SCRIPT)]
            command = [self.wrk, *settings, f"http://127.0.0.1:{port}", "--", *sent]
        else:
            command = [sys.executable, "-m", "bench.driver", str(port), str(clients), str(seconds), *sent]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
        if done.returncode:
            raise LoadFailed(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        turn = Turn(**json.loads(done.stdout.strip().splitlines()[-1]))
        if turn.errors or not turn.requests:
            raise LoadFailed(f"{sent[1]}: {turn.errors} errors in {turn.requests} requests.")
        return turn
