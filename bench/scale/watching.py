"""What is looked at while the work is done: the memory of the processes that do it, and how long others wait."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.generator import LoadFailed
from bench.servers import environment
from bench.traffic import KEY


@dataclass(frozen=True)
class Waiting:
    """How long single charges took, in milliseconds."""

    requests: int
    errors: int
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass
class Memory:
    """Resident megabytes of the process that grew the most."""

    before: float = 0.0
    peak: float = 0.0

    @property
    def growth(self) -> float:
        return self.peak - self.before


@dataclass
class Watched:
    """Filled in when the watching ends."""

    memory: Memory = field(default_factory=Memory)
    waiting: Waiting | None = None


@contextmanager
def watched(port: int, processes: Sequence[int]) -> Iterator[Watched]:
    """Watch these processes while others charge at the server's port."""
    seen = Watched()
    with _others(port, seen):
        before = {process: _begin(process) for process in processes}
        yield seen
        memories = [Memory(least, _megabytes(process, "VmHWM")) for process, least in before.items()]
        seen.memory = max(memories, key=lambda memory: memory.growth)


@contextmanager
def _others(port: int, seen: Watched) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.scale.steady", str(port), KEY]
    with subprocess.Popen(command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as others:
        assert others.stdout is not None
        others.stdout.readline()
        yield
        told, _ = others.communicate(timeout=60)
    if others.returncode:
        raise LoadFailed("Those who charge meanwhile did not end well.")
    seen.waiting = Waiting(**json.loads(told))
    if seen.waiting.errors:
        raise LoadFailed(f"{seen.waiting.errors} of {seen.waiting.requests} single charges were refused.")


def _begin(process: int) -> float:
    """Forget the peak so far (Linux does so for a 5); what is resident now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _megabytes(process, "VmRSS")


def _megabytes(process: int, figure: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (kilobytes,) = [int(line.split()[1]) for line in lines if line.startswith(f"{figure}:")]
    return kilobytes / 1024
