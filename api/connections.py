"""Connections of clients, hostile ones included: each has a limited time for what it must do, and there are only so many."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""Bytes of a request's line and headers, or of the trailers of a body."""
TAKEN_BYTES = 16_384
"""Bytes that a client must take of its answer within the time allowed, as long as more of it waits."""
FILES_BESIDE = 256
"""Files that a worker has open beside its connections."""
_FULL = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,'
    b'"detail":"There are as many connections at work as the server can take; try again shortly."}'
)
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Type: application/problem+json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_FULL), _FULL)
)


def make_room_for(connections: int) -> int:
    """Let this process open so many connections, as far as the system allows; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else connections + FILES_BESIDE
    wanted = min(connections + FILES_BESIDE, most)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, wanted - FILES_BESIDE)


class Connection(HttpToolsProtocol):
    """One connection. `most`: how many there may be; for one more, that which has been idle for longest is closed, and where
    all are at work, the new one gets 503. `seconds` for the whole head of a request, and for each 16 KB of an answer."""

    def __init__(self, *args: Any, most: int, seconds: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most, self._seconds = most, seconds
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._meaningless = 0  # bytes since the last that completed or carried something
        self._idle_since = self.loop.time()

    @property
    def idle(self) -> bool:
        """No request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._head = self.loop.call_later(self._seconds, self._head_is_late)
        if len(self.connections) > self._most:
            self._crowded()

    def _crowded(self) -> None:
        others = [other for other in self.connections if isinstance(other, Connection) and other is not self and other.idle]
        if others:
            min(others, key=lambda other: other._idle_since).drop()
        else:
            self.transport.write(_REFUSAL)
            self._close()

    def drop(self) -> None:
        """Be gone at once, unsent bytes included."""
        self.connections.discard(self)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._meaningless += len(data)
        super().data_received(data)
        if self._meaningless > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")
        elif self._head is None and self.idle:
            self._head = self.loop.call_later(self._seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head = None
        if self.idle:
            self._close()

    def on_headers_complete(self) -> None:
        self._meaningless = 0
        if self._head is not None:
            self._head.cancel()
            self._head = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._meaningless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._meaningless = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._idle_since = self.loop.time()
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def _close(self) -> None:
        """Close once all is sent, or dropped because the client does not take it."""
        self.transport.close()
        self._watch()

    def _watch(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._stall is None:
            self._stall = self.loop.call_later(self._seconds, self._answer_is_not_taken, waiting)

    def _answer_is_not_taken(self, before: int) -> None:
        self._stall = None
        waiting = self.transport.get_write_buffer_size()
        if waiting and before - waiting < TAKEN_BYTES:
            self.drop()
        else:
            self._watch()
