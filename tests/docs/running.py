"""Runs what the documents show, in a folder with a served demo, as a reader with a terminal would.

A comment on the line before a block says what it is; what has none is run, where it is for a shell or for Python:

    <!-- not run: why -->                   shown alone
    <!-- file: NAME -->                     saved under this name first
    <!-- beside -->                         runs in a terminal of its own
    <!-- answer -->                         what the block before answers
    <!-- answer of what runs beside -->     what the other terminal shows when it has ended

`…` in an answer stands for anything; in an object of JSON `"…": "…"` for further keys. Lines of a text answer are
found among those that came, in their order.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.docs.reading import Block
from tests.harness import environment, free_port
from tests.started import Started

RUN = ("sh", "python")
SECONDS = 60
BLANK = "…"

#: Hands a command to the process that has Tollhouse imported already: a start of its own takes two seconds.
_SHIM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({address!r})
    asked.sendall(json.dumps([os.getcwd(), *sys.argv[1:]]).encode())
    asked.shutdown(socket.SHUT_WR)
    answer = json.loads(b"".join(iter(lambda: asked.recv(65536), b"")))
sys.stdout.write(answer[1])
sys.exit(answer[0])
"""
_SHELL = 'set -e\ncurl() { command curl --fail-with-body --max-time 30 "$@"; }\n'


class Stage:
    """A folder with a demo that is served, and what was run there last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = ""
        self._port, self._hook_port = free_port(), free_port()
        # Not in the folder: the address of a socket has few characters.
        self._bin = Path(tempfile.mkdtemp(prefix="tollhouse-docs-"))
        self._environment = environment() | {"NO_PROXY": "127.0.0.1", "TERM": "dumb"}
        self._environment["PATH"] = f"{self._bin}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._commands = _Commands(self._bin, self._environment)
        self._beside: subprocess.Popen[str] | None = None
        log = folder / "demo.log"
        self._demo = Started("demo", "--port", str(self._port), environment=environment(), folder=folder, log=log)
        self._wait(lambda: log.exists() and log.read_text(encoding="utf-8").rstrip().endswith(" verify"), log)

    def close(self) -> None:
        self._commands.close()
        if self._beside is not None:
            self._beside.kill()
            self._beside.communicate()
        self._demo.terminate()
        self._demo.wait(SECONDS)
        shutil.rmtree(self._bin)

    def meet(self, block: Block) -> None:
        """Do with a block what its mark and kind say."""
        mark, _, name = block.mark.partition(": ")
        if mark == "file":
            (self.folder / name).write_text(self._here(block.text), encoding="utf-8")
        elif mark == "beside":
            self._beside = self._started(block)
        elif mark == "answer":
            self._compare(block, self.output)
        elif mark == "answer of what runs beside":
            assert self._beside is not None, block.place
            self._compare(block, self._beside.communicate(timeout=SECONDS)[0])
        elif mark != "not run" and block.kind in RUN:
            running = self._started(block)
            self.output, _ = running.communicate(timeout=SECONDS)
            assert running.returncode == 0, f"{block.place} ended with {running.returncode}: {self.output}"
            assert not re.search(r'"responses":\[\{"code":"[45]', self.output), f"{block.place}: {self.output}"

    def _compare(self, block: Block, came: str) -> None:
        told = differences(block, came)
        assert not told, f"{block.place}: not as shown\n{told}"

    def _started(self, block: Block) -> subprocess.Popen[str]:
        text = self._here(block.text)
        command = ["sh", "-c", _SHELL + text] if block.kind == "sh" else [sys.executable, "-c", text]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _here(self, text: str) -> str:
        """The text with our own ports in place of those that the documents name."""
        places = {"127.0.0.1:8080": f"127.0.0.1:{self._port}", "127.0.0.1:9000": f"127.0.0.1:{self._hook_port}"}
        for shown, own in {**places, '"127.0.0.1", 9000': f'"127.0.0.1", {self._hook_port}'}.items():
            text = text.replace(shown, own)
        return text

    def _wait(self, is_there: Any, log: Path) -> None:
        until = time.monotonic() + SECONDS
        while not is_there():
            assert self._demo.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.05)


class _Commands:
    """The command `tollhouse` of a folder on the path; each call of it is run here."""

    def __init__(self, folder: Path, given: dict[str, str]) -> None:
        self._folder = folder
        self._environment = given
        self._socket = socket.socket(socket.AF_UNIX)
        address = str(folder / "socket")
        self._socket.bind(address)
        self._socket.listen()
        shim = folder / "tollhouse"
        shim.write_text(_SHIM.format(python=sys.executable, address=address), encoding="utf-8")
        shim.chmod(0o755)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                asked, _ = self._socket.accept()
            except OSError:
                return
            with asked:
                folder, *arguments = msgspec.json.decode(b"".join(iter(lambda: asked.recv(65536), b"")), type=list[str])  # noqa: B023
                log = self._folder / "output"
                log.unlink(missing_ok=True)
                running = Started(*arguments, environment=self._environment, folder=Path(folder), log=log)
                code = running.wait(SECONDS)
                asked.sendall(msgspec.json.encode([code, log.read_text(encoding="utf-8")]))


def differences(block: Block, came: str) -> str:
    """In what an answer is not as shown; empty where it is."""
    if block.kind == "json":
        shown, got = msgspec.json.decode(block.text), msgspec.json.decode(came)
        return "" if matches(shown, got) else f"shown:\n{block.text}\ncame:\n{came}"
    lines = iter(came.splitlines())
    for line in block.text.splitlines():
        pattern = ".*".join(re.escape(part) for part in line.strip().split(BLANK))
        if not any(re.fullmatch(pattern, other.strip()) for other in lines):
            return f"shown: {line}\ncame:\n{came}"
    return ""


def matches(shown: Any, got: Any) -> bool:
    if shown == BLANK:
        return True
    if isinstance(shown, dict) and isinstance(got, dict):
        told = {name: value for name, value in shown.items() if name != BLANK}
        if set(told) - set(got) or (BLANK not in shown and set(got) - set(told)):
            return False
        return all(matches(value, got[name]) for name, value in told.items())
    if isinstance(shown, list) and isinstance(got, list):
        return len(shown) == len(got) and all(map(matches, shown, got))
    return bool(shown == got)
