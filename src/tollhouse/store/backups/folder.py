"""The folder in which a server keeps the backups that it makes by itself, the newest few of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tollhouse.store.backups.sqlite_copies import BY_ITSELF, Copying, mark_of
from tollhouse.store.backups.whole_file import nothing_told

#: The ledger counts in microseconds.
SECOND: Final = 1_000_000
_AT: Final = "%Y%m%dT%H%M%SZ"


class BackupFolder:
    """Backups of one SQLite store, named after it and the time.

    What it counts and removes it has made: the name and the mark inside the file both say so.
    """

    def __init__(self, folder: Path, store: Path, *, kept: int) -> None:
        self._folder = folder
        self._stem = store.stem
        self._kept = kept
        self._store = store
        self._pattern = re.compile(rf"{re.escape(store.stem)}-(\d{{8}}T\d{{6}}Z)\.db")
        self._copying: Copying | None = None
        self._is_stopped = False

    def newest_at(self, now: int) -> int | None:
        """When the newest was made. One that says it is of the future, by a clock that was wrong, does not count."""
        return max((at for at, _ in self._made() if at <= now), default=None)

    def make(self, now: int) -> Path:
        """One more, and remove those beyond the newest few. Raises BackupRefused; nothing is removed then."""
        moment = datetime.fromtimestamp(now // SECOND, UTC).strftime(_AT)
        target = self._folder / f"{self._stem}-{moment}.db"
        self._copying = Copying(self._store, mark=BY_ITSELF)
        if self._is_stopped:
            self._copying.stop()
        self._copying.write(target, self._folder / f".{self._stem}.part", nothing_told)
        for _, file in sorted(self._made(), reverse=True)[self._kept :]:
            file.unlink(missing_ok=True)
        return target

    def stop(self) -> None:
        """Have a backup that is being made given up."""
        self._is_stopped = True
        if self._copying is not None:
            self._copying.stop()

    def _made(self) -> list[tuple[int, Path]]:
        """When each was made, and where it is."""
        found = []
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            named = self._pattern.fullmatch(file.name)
            if named and not file.is_symlink() and file.is_file() and mark_of(file) == BY_ITSELF:
                found.append((_instant(named[1]), file))
        return [(at, file) for at, file in found if at is not None]


def _instant(text: str) -> int | None:
    try:
        moment = datetime.strptime(text, _AT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * SECOND
