"""uvicorn's HTTP protocol with two things that it does not have itself: a bound on the head of a request, and an answer
for what comes in while the server stops."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tollhouse.web import REFUSED

#: Request line and headers together.
HEAD_BYTES_MAX = 65_536

#: How long a connection on which nothing happens stays open as the server stops: what is on its way is answered.
LINGER_SECONDS = 1.0
#: How often it is looked whether others are still busy.
LOOK_SECONDS = 0.1

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/json; charset=utf-8\r\ncontent-length: 35\r\nconnection: close\r\n\r\n"
    b'{"detail":"The head is too large."}'
)


class Protocol(HttpToolsProtocol):
    """Closes a connection whose request head goes on beyond the bound; keeps at most that and one read of it.

    As the server stops, what was begun is finished, and so is the first request of a connection that was taken. What
    comes after on an open connection is refused: it is handed on with REFUSED in its state. A connection on which
    nothing happens is closed when nobody else waits any more.
    """

    _head_bytes = 0
    _in_head = True
    _was_completed = False

    def data_received(self, data: bytes) -> None:
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
            return
        self._was_completed = False
        super().data_received(data)
        goes_on = self._in_head and not self._was_completed
        self._head_bytes = self._head_bytes + len(data) if goes_on else 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = self._was_completed = True
        super().on_message_complete()

    def shutdown(self) -> None:
        """Called by the server once, when it has stopped to listen."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None:
            self.app_state = {**self.app_state, REFUSED: True}
        if cycle is not None and not cycle.response_complete:
            super().shutdown()
        else:
            self.loop.call_later(LINGER_SECONDS, self._close_when_all_is_quiet)

    def _close_when_all_is_quiet(self) -> None:
        if self.tasks:
            self.loop.call_later(LOOK_SECONDS, self._close_when_all_is_quiet)
        elif not self.transport.is_closing():
            self.transport.close()
