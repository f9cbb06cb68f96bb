"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


def versions() -> dict[str, str]:
    packages = ("uvicorn", "httptools", "uvloop", "msgspec", "sqlalchemy", "psycopg")
    return {"Python": platform.python_version(), **{name: version(name) for name in packages}}


def machine(folder: Path) -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "filesystem": _filesystem(folder),
        "fdatasync_ms": round(_sync_ms(folder), 3),
    }


def load_average() -> list[float]:
    return [round(figure, 2) for figure in os.getloadavg()]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _filesystem(folder: Path) -> str:
    """Of the folder that holds the stores; on tmpfs a commit costs nothing and the figures mean nothing."""
    mounts = Path("/proc/mounts")
    lines = mounts.read_text().splitlines() if mounts.exists() else []
    inside = [fields for fields in map(str.split, lines) if folder.is_relative_to(fields[1])]
    return max(inside, key=lambda fields: len(fields[1]))[2] if inside else "unknown"


def _sync_ms(folder: Path) -> float:
    """What one synchronous write of a page costs there: the median of many."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            started_at = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started_at)
    return statistics.median(took) * 1e3
