"""uvicorn's HTTP protocol with a bound on the head of a request, which it does not have itself."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Request line and headers together.
HEAD_BYTES_MAX = 65_536

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/json; charset=utf-8\r\ncontent-length: 35\r\nconnection: close\r\n\r\n"
    b'{"detail":"The head is too large."}'
)


class BoundedHead(HttpToolsProtocol):
    """Closes a connection whose request head goes on beyond the bound; keeps at most that and one read of it."""

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
