"""The servers of a run, each a process of its own on a free port; each is ended by its own process id."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.traffic import KEY, Traffic

TENANT = Path(__file__).parent / "tenant.toml"
START_SECONDS = 30
COMMAND_SECONDS = 600


class ServerFailed(Exception):
    """A server that did not start; the text is the end of its log."""


class Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def reply(self, path: str, traffic: Traffic | None = None) -> tuple[int, bytes, int]:
        """One request (a GET without traffic): status, body and the size of the whole reply."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            if traffic is None:
                connection.request("GET", path)
            else:
                headers = {"Authorization": f"Bearer {KEY}", "Content-Type": traffic.content_type}
                connection.request("POST", path, traffic.bodies[0], headers)
            response = connection.getresponse()
            body = response.read()
            head = sum(len(name) + len(value) + 4 for name, value in response.getheaders())
            return response.status, body, head + len(body)
        finally:
            connection.close()

    def batches(self) -> tuple[float, float]:
        """How many commands were committed so far, and in how many batches."""
        text = self.reply("/metrics")[1].decode()
        figures = dict(re.findall(r"^tollhouse_commit_batch_commands_(sum|count) (\S+)$", text, re.MULTILINE))
        return float(figures["sum"]), float(figures["count"])


def environment(database_url: str = "") -> dict[str, str]:
    """The environment of a server: default settings, so none of those that are set here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOLLHOUSE_")}
    return {**kept, "TOLLHOUSE_DATABASE_URL": database_url} if database_url else kept


def tollhouse(database_url: str, *arguments: str) -> str:
    """Run one command of Tollhouse's to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tollhouse", *arguments],
        env=environment(database_url),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ServerFailed(f"tollhouse {arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def serving_tollhouse(
    folder: Path, name: str, database_url: str, tenant: Path = TENANT, *, sampled_to: Path | None = None
) -> Iterator[Server]:
    """A Tollhouse with the benchmark's tenant, its logs in a file; `sampled_to` makes it write a profile of itself."""
    tollhouse(database_url, "migrate")
    tollhouse(database_url, "apply", str(tenant))
    port = free_port()
    program = ["-m", "tollhouse"] if sampled_to is None else ["-m", "bench.sampling", str(sampled_to)]
    command = [*program, "serve", "--port", str(port)]
    with _running(folder / f"{name}.log", command, environment(database_url), port, "/readyz") as server:
        yield server


@contextmanager
def serving_constant(folder: Path) -> Iterator[Server]:
    port = free_port()
    options = [
        "--port",
        str(port),
        "--http",
        "httptools",
        "--loop",
        "uvloop",
        "--lifespan",
        "off",
        "--no-server-header",
    ]
    command = ["-m", "uvicorn", "bench.constant:application", *options, "--no-access-log", "--log-level", "warning"]
    with _running(folder / "constant.log", command, environment(), port, "/2") as server:
        yield server


@contextmanager
def _running(log: Path, command: Sequence[str], env: dict[str, str], port: int, path: str) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, *command], env=env, stdout=output, stderr=output)
    server = Server(process, port, log)
    try:
        _wait(server, path)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: Server, path: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if server.reply(path)[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise ServerFailed(server.log.read_text()[-2000:])


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
