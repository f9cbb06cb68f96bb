"""Servers as a supervisor such as systemd starts them: on a listening socket of its own, which outlives them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.harness import START_SECONDS, environment

#: Becomes `tollhouse serve` with the socket as descriptor 3, in the same process.
_BECOME = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "tollhouse", "serve"])
"""


class Supervisor:
    """Holds the socket and hears which server is ready; ends all of them when it is closed."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._folder = tempfile.TemporaryDirectory(prefix="tollhouse-")
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._hearing = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._hearing.bind(f"{self._folder.name}/notify")
        self._hearing.settimeout(START_SECONDS)
        self._running: list[subprocess.Popen[bytes]] = []
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def log(self) -> Path:
        return Path(self._folder.name) / "serve.log"

    def start(self, **settings: str) -> subprocess.Popen[bytes]:
        """Start one more server, and wait until it says that it is ready."""
        given = environment(self._database_url, **settings)
        descriptor = self._listening.fileno()
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                [sys.executable, "-c", _BECOME, str(descriptor)],
                env={**given, "NOTIFY_SOCKET": f"{self._folder.name}/notify"},
                cwd=self._folder.name,
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(server)
        self.hear(b"READY=1")
        return server

    def hear(self, what: bytes) -> None:
        try:
            while self._hearing.recv(64) != what:
                pass
        except TimeoutError:
            raise RuntimeError(f"the server never said {what!r}:\n{self.log.read_text()}") from None

    def client(self) -> httpx.Client:
        headers = {"Authorization": "Bearer sk_test_acme"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=START_SECONDS, trust_env=False)

    def close(self) -> None:
        for server in self._running:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        self._hearing.close()
        self._listening.close()
        self._folder.cleanup()
