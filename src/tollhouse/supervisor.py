"""What systemd, or another supervisor that speaks like it, hands to a server and hears from it.

The listening socket is handed over as descriptor 3: it outlives the server, so that whoever connects while one server
ends and the next begins waits a moment instead of being refused, and so that two can serve side by side on one port.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

from tollhouse.ledger.ports import UnusableStore

#: The first descriptor after standard input, output and error.
FIRST_DESCRIPTOR: Final = 3

_given: Mapping[str, str] = os.environ  # noqa: TID251 - the supervisor's own words, not settings of ours


class BadSocket(UnusableStore):
    """What was handed over cannot be listened on; the sentence says why."""


def handed_over(given: Mapping[str, str] = _given) -> socket.socket | None:
    """The listening socket that the supervisor has opened, or None where it has opened none. Raises BadSocket."""
    if given.get("LISTEN_PID") != str(os.getpid()):
        return None
    if given.get("LISTEN_FDS") != "1":
        raise BadSocket("One listening socket must be handed over: one ListenStream in the socket's unit.")
    try:
        listening = socket.socket(fileno=FIRST_DESCRIPTOR)
        is_listening = bool(listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError as error:
        raise BadSocket(f"Descriptor {FIRST_DESCRIPTOR}, handed over to listen on, cannot be: {error}.") from error
    if listening.family not in (socket.AF_INET, socket.AF_INET6) or not is_listening:
        listening.close()
        raise BadSocket("The socket that is handed over must listen on TCP: ListenStream=ADDRESS:PORT.")
    listening.set_inheritable(False)
    return listening


def tell(what: str, given: Mapping[str, str] = _given) -> None:
    """Tell the supervisor how things are, such as READY=1; nobody may be listening."""
    address = given.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        try:
            notifying.connect(address.replace("@", "\0", 1) if address.startswith("@") else address)
            notifying.sendall(what.encode())
        except OSError:
            return
