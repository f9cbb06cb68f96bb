"""Processes that run a `tollhouse` command, for tests that start many.

Each is forked from a process that has imported Tollhouse already, which is most of what a start takes. It is a process
like any other: in a session of its own, with nothing but the environment that it is given, and it can be killed. It
ends with whoever started it, however that ended.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tollhouse import cli, crash_points
from tollhouse.cli.menu import COMMANDS

_FORKING = multiprocessing.get_context("forkserver")
# A command loads what it needs when it is run: what all of them need is there before.
_FORKING.set_forkserver_preload(["tollhouse.cli", *sorted({command.module for command in COMMANDS.values()})])


class Started:
    """A running command; used like a subprocess.Popen."""

    def __init__(self, *arguments: str, environment: dict[str, str], folder: Path, log: Path) -> None:
        self._process = _FORKING.Process(target=_run, args=(arguments, environment, folder, log), daemon=True)
        self._process.start()
        self.pid = int(self._process.pid or 0)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("tollhouse", timeout or 0)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _run(arguments: tuple[str, ...], environment: dict[str, str], folder: Path, log: Path) -> None:
    """In the new process: what the shell does, then what `python -m tollhouse` does."""
    os.setsid()
    os.chdir(folder)
    with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    importlib.reload(crash_points)
    sys.argv = ["tollhouse", *arguments]
    cli.main()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.killpg(0, signal.SIGKILL)
