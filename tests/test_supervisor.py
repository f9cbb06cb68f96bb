"""What a supervisor hands over is taken, or refused in a sentence; what it is told arrives."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tollhouse import supervisor
from tollhouse.supervisor import BadSocket, handed_over, tell

OURS = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}


@pytest.fixture
def descriptor(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A socket of the test's kind, under the descriptor where one is looked for."""
    with request.param() as made:
        monkeypatch.setattr(supervisor, "FIRST_DESCRIPTOR", os.dup(made.fileno()))
        yield made


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def connected() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


def of_one_machine() -> socket.socket:
    return socket.socket(socket.AF_UNIX)


@pytest.mark.parametrize("descriptor", [listening], indirect=True)
def test_a_listening_socket_is_taken(descriptor: socket.socket) -> None:
    taken = handed_over(OURS)
    assert taken is not None
    with taken:
        assert taken.getsockname() == descriptor.getsockname()
        assert not taken.get_inheritable()


@pytest.mark.parametrize("given", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_FDS": "1", "LISTEN_PID": "1"}])
def test_what_was_handed_to_another_process_is_none_of_ours(given: dict[str, str]) -> None:
    assert handed_over(given) is None


@pytest.mark.parametrize("descriptor", [connected, of_one_machine], indirect=True)
def test_what_cannot_be_listened_on_is_refused(descriptor: socket.socket) -> None:
    with pytest.raises(BadSocket, match=r"must listen on TCP: ListenStream=ADDRESS:PORT\."):
        handed_over(OURS)


@pytest.mark.parametrize("count", ["0", "2", "", "x"])
def test_more_or_less_than_one_socket_is_refused(count: str) -> None:
    with pytest.raises(BadSocket, match=r"One listening socket must be handed over"):
        handed_over({**OURS, "LISTEN_FDS": count})


def test_a_descriptor_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DESCRIPTOR", 9999)
    with pytest.raises(BadSocket, match="Descriptor 9999, handed over to listen on, cannot be"):
        handed_over(OURS)


@pytest.mark.parametrize("kind", ["a file", "a name"])
def test_the_supervisor_is_told(kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        address = f"{folder}/notify" if kind == "a file" else f"@{Path(folder).name}"
        hearing.bind(address if kind == "a file" else "\0" + address[1:])
        hearing.settimeout(10)
        tell("READY=1", {"NOTIFY_SOCKET": address})
        assert hearing.recv(64) == b"READY=1"


@pytest.mark.parametrize("given", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_nobody_may_be_listening(given: dict[str, str]) -> None:
    tell("READY=1", given)
