"""Who keeps a SQLite file from being written to, as far as the system tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

_LOCKS: Final = Path("/proc/locks")
#: The byte of the shared memory beside a file in WAL mode that its only writer locks.
_WRITER_BYTE: Final = 120
_LOCK: Final = re.compile(r"\d+: +POSIX +ADVISORY +WRITE +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+)")


class Writer(NamedTuple):
    """A process: its id, and the name of its program."""

    process_id: int
    program: str


def writer_of(file: Path) -> Writer | None:
    """The process that is writing to a SQLite file in WAL mode at this moment; None where there is none, or where the
    system does not tell."""
    try:
        memory = Path(f"{file.resolve()}-shm").stat().st_ino
        locks = _LOCKS.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    for process_id, node, first, last in _LOCK.findall(locks):
        if int(node) == memory and int(first) <= _WRITER_BYTE <= int(last):
            return Writer(int(process_id), _program(process_id))
    return None


def _program(process_id: str) -> str:
    try:
        return Path(f"/proc/{process_id}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
