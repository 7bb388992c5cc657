"""Connections made only to addresses that were resolved and checked in the same step."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from api.scanning.addresses import Address, AllowList

Resolver = Callable[[str, int], Iterable[str]]
"""(host, port) -> the addresses it resolves to; raises OSError where there is none."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class NotPermitted(Exception):
    """No address of the host may be connected to on this port."""


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves, checks and connects in one step, each within the time left for the call that runs in this thread."""

    def __init__(self, allow: AllowList, resolver: Resolver, clock: Callable[[], float]) -> None:
        self._allow = allow
        self._resolver = resolver
        self._clock = clock
        self._call = threading.local()
        self._sockets = httpcore.SyncBackend()

    def start(self, timeout: float) -> None:
        """From now on this thread has `timeout` seconds."""
        self._call.deadline = self._clock() + timeout

    def check_time(self) -> float:
        """Seconds left; `httpcore.ReadTimeout` when there are none."""
        left: float = self._call.deadline - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        name = host.rstrip(".").lower()
        permitted = [a for a in self._addresses(name, port) if self._allow.permits(name, a, port)]
        if not permitted:
            raise NotPermitted
        failure: Exception = httpcore.ConnectError()
        for address in permitted:
            try:
                stream = self._sockets.connect_tcp(str(address), port, self.check_time(), local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
            else:
                return _TimedStream(stream, self)
        raise failure

    def permits(self, host: str, port: int) -> bool:
        """Whether a connection would be tried; also true for a name that resolves to nothing at present."""
        name = host.rstrip(".").lower()
        found = self._addresses(name, port)
        return not found or any(self._allow.permits(name, address, port) for address in found)

    def _addresses(self, host: str, port: int) -> list[Address]:
        """What `host` resolves to now. The system's resolver knows no time limit, so it works in a thread of its own."""
        try:
            return [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            pass
        found: list[str] = []

        def look_up() -> None:
            try:
                found.extend(self._resolver(host, port))
            except (OSError, UnicodeError):
                return

        worker = threading.Thread(target=look_up, daemon=True, name="resolve")
        worker.start()
        worker.join(self.check_time())
        self.check_time()
        return [ipaddress.ip_address(text.partition("%")[0]) for text in list(found)]


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every step gets no more than what is left of the call's time, so that dripping does not help."""

    def __init__(self, stream: httpcore.NetworkStream, backend: CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.check_time())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.check_time())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._backend.check_time()), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
