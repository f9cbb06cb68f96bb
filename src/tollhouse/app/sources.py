"""Files that are brought in: read as often as needed, known by a digest of their bytes, and not to change meanwhile."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

#: The name of standard input.
STANDARD_INPUT: Final = "-"

_CHUNK: Final = 1 << 20


class SourceRefused(ValueError):
    """The file cannot be read, or changed meanwhile; the sentence says so."""


class Source:
    def __init__(self, stream: BinaryIO, name: str) -> None:
        """`name` is empty where the file has none."""
        self.name = name
        self._stream = stream
        self._stamp = self._now()
        self.size = self._stamp[0]

    def start(self) -> bytes:
        return self.rewound().read(_CHUNK)

    def digest(self, *options: str | int) -> str:
        """What stands for these bytes and options together."""
        hashed = hashlib.sha256(msgspec.json.encode(options) + b"\n")
        stream = self.rewound()
        while chunk := stream.read(_CHUNK):
            hashed.update(chunk)
        self.check_unchanged()
        return hashed.hexdigest()

    def rewound(self) -> BinaryIO:
        """The one stream of it, at its start."""
        self._stream.seek(0)
        return self._stream

    def position(self) -> int:
        """How many bytes were read."""
        return self._stream.tell()

    def check_unchanged(self) -> None:
        """Raises SourceRefused when the file is not what it was when it was opened."""
        if self._now() != self._stamp:
            raise SourceRefused("The file changed while it was read: look at it again without --apply.")

    def _now(self) -> tuple[int, int]:
        status = os.fstat(self._stream.fileno())
        return (status.st_size, status.st_mtime_ns)


@contextmanager
def opened_source(path: str) -> Iterator[Source]:
    """The file of this path, `-` for standard input; what can be read but once is copied first. Raises
    SourceRefused."""
    with ExitStack() as open_files:
        stream = sys.stdin.buffer if path == STANDARD_INPUT else open_files.enter_context(_opened(path))
        if path == STANDARD_INPUT or not stream.seekable():
            copy = open_files.enter_context(tempfile.TemporaryFile(prefix="tollhouse-"))
            shutil.copyfileobj(stream, copy, _CHUNK)
            copy.flush()
            stream = copy
        yield Source(stream, "" if path == STANDARD_INPUT else Path(path).name)


def _opened(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except IsADirectoryError as error:
        raise SourceRefused(f"{path} is a folder.") from error
    except FileNotFoundError as error:
        raise SourceRefused(f"There is no file {path}.") from error
    except PermissionError as error:
        raise SourceRefused(f"{path} may not be read.") from error
