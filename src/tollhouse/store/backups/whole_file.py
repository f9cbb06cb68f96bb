"""A file that is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tollhouse import crash_points
from tollhouse.ledger.ports import UnusableStore

#: What is in a store is for whoever runs it: password hashes and secrets are.
OWNERS_ALONE: Final = 0o600
#: What SQLite may leave beside a file that it was killed over.
BESIDE: Final = ("-wal", "-shm", "-journal")

#: Told how many bytes are done, and of how many: 0 where nobody knows.
Told = Callable[[int, int], None]


class BackupRefused(UnusableStore):
    """A backup cannot be made or brought back; nothing was changed, and the sentence says why."""


@contextmanager
def written_whole(target: Path, part: Path, *, is_overwriting: bool = False) -> Iterator[int]:
    """Write into `part`, which becomes `target` when all of it is on disk, and else is gone.

    Gives the descriptor that holds the part: while it is open, here or in a process that has inherited it, nobody else
    writes there. Raises BackupRefused: for a target that exists, a folder that cannot be written, a full disk.
    """
    if not is_overwriting and os.path.lexists(target):
        raise _exists(target)
    with os.fdopen(_taken(part), "r+b") as held:
        try:
            yield held.fileno()
            os.fsync(held.fileno())
            _put_in_place(part, target, is_overwriting)
        except OSError as error:
            raise BackupRefused(f"{target} cannot be written: {error.strerror}.") from error
        finally:
            _remove(part, held.fileno())


def _taken(part: Path) -> int:
    """A new file under the part's name, held. What somebody who was killed has left there goes, by its name alone: it
    may have become a finished backup under another."""
    try:
        if os.path.lexists(part):
            left = os.open(part, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            with os.fdopen(left, "r+b"):
                _hold(left, part)
                part.unlink()
                _remove_beside(part)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNERS_ALONE)
        _hold(descriptor, part)
        os.fchmod(descriptor, OWNERS_ALONE)
    except BlockingIOError as error:
        raise BackupRefused(f"Another backup is being written to {part}.") from error
    except OSError as error:
        raise BackupRefused(f"{part} cannot be written: {error.strerror}.") from error
    return descriptor


def _hold(descriptor: int, part: Path) -> None:
    """Be the only one who writes the part. BlockingIOError where somebody else is, or was a moment ago."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if not os.path.samestat(os.fstat(descriptor), part.stat()):
        raise BlockingIOError


def _put_in_place(part: Path, target: Path, is_overwriting: bool) -> None:
    if is_overwriting:
        part.replace(target)
    else:
        _put_where_nothing_is(part, target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put_where_nothing_is(part: Path, target: Path) -> None:
    """A link is made only where nothing is; not every file system has links."""
    try:
        os.link(part, target)
        crash_points.reach(crash_points.BACKUP_IN_PLACE)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:
        if os.path.lexists(target):
            raise _exists(target) from None
        part.rename(target)


def _remove(part: Path, descriptor: int) -> None:
    """Remove what is left under the part's name, if it is still this file."""
    _remove_beside(part)
    try:
        is_ours = os.path.samestat(os.fstat(descriptor), part.stat())
    except OSError:
        return
    if is_ours:
        part.unlink(missing_ok=True)


def _remove_beside(part: Path) -> None:
    for suffix in BESIDE:
        Path(f"{part}{suffix}").unlink(missing_ok=True)


def _exists(target: Path) -> BackupRefused:
    return BackupRefused(f"{target} exists already: choose another name, or say --overwrite.")


def nothing_told(*_: Any) -> None:
    """For whom nobody watches."""
