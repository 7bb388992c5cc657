"""Starting and stopping the server: one process, or several on one port."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
import tempfile
import threading
from functools import partial
from types import FrameType

import httpx
import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api import logs
from api.app import create_app
from api.connections import Connection, make_room_for
from api.metrics import MULTIPROCESS
from api.sessions import create_sign_in, sign_in_address
from api.settings import Settings
from api.telling import mail_server
from detector import Policy
from fingerprints.errors import InputError
from fingerprints.stores import check_place, open_store
from fingerprints.stores.contract import Store

STARTUP_SECONDS = 60
"""Seconds without a sign of life after which a worker is replaced; compiling the kernels for the first time takes some 20."""


def serve(settings: Settings) -> int:
    """Run the server until it is told to stop (SIGTERM, SIGINT); running requests are finished. Returns the exit status.

    Raises `InputError` for settings that cannot work, `StoreError` when the store cannot be opened.
    """
    logs.configure()
    for name in settings.unknown_environment():
        structlog.get_logger("sidik").warning("this environment variable sets nothing", name=name)
    Policy.from_toml(settings.policy)
    mail_server(settings)
    check_place(settings.store, settings.index)
    store = open_store(settings.store)  # what is wrong with it is said here, not by a worker that cannot start
    try:
        store.check_usable()
        if settings.workers == 1:
            return _serve_alone(settings)
        if settings.store.startswith("memory:"):
            raise InputError("setting workers", "must be 1 for a store in memory, which processes cannot share")
        return _serve_together(settings, store)
    finally:
        store.close()


def worker_app(settings: Settings) -> FastAPI:
    """The application of one of several workers, which stops by itself when its parent is killed."""
    logs.configure()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    return create_app(settings, gc.freeze)


class _Server(uvicorn.Server):
    """Says when it is ready to answer."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, settings: Settings, address: str) -> None:
        super().__init__(config)
        self._app, self._settings, self._address = app, settings, address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            announce(self._settings, self._address, self._app.state.sidik.store)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully; at a second Ctrl-C at once. uvicorn's own raises the signal again when all is done, and the process
        would end as if killed by it."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def announce(settings: Settings, address: str, store: Store) -> None:
    """Print the address on one line; to a terminal also a sign-in link, which works once."""
    print(f"Sidik is ready at {address}", flush=True)
    wanted = settings.sign_in_link
    if wanted or (wanted is None and sys.stderr.isatty()):
        link = sign_in_address(address, create_sign_in(store))
        print(f"Sign in to the pages (works once, within 30 minutes): {link}", file=sys.stderr, flush=True)


def _serve_alone(settings: Settings) -> int:
    app = create_app(settings, gc.freeze)  # what is there now stays: no collection need look at it, and stop requests for 150 ms
    config = _config(settings, app)
    listening = config.bind_socket()
    server = _Server(config, app, settings, _address(settings, listening))
    server.run([listening])
    return 0 if server.started else 3


def _serve_together(settings: Settings, store: Store) -> int:
    with tempfile.TemporaryDirectory(prefix="sidik-metrics-") as folder:
        os.environ[MULTIPROCESS] = folder  # read by the workers when they start
        config = _config(settings, partial(worker_app, settings), factory=True)
        listening = config.bind_socket()
        supervisor = Multiprocess(config, sockets=[listening])
        address = _address(settings, listening)
        waiting = threading.Thread(
            target=_announce_when_ready, args=(settings, address, store, supervisor.should_exit), daemon=True
        )
        waiting.start()
        try:
            supervisor.run()
        finally:
            waiting.join(5)
            del os.environ[MULTIPROCESS]
            listening.close()
        failed = any(process.exitcode == uvicorn.config.STARTUP_FAILURE for process in supervisor.processes)
        return 3 if failed else 0


def _config(settings: Settings, app: object, *, factory: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # an application, or what makes one
        factory=factory,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=partial(Connection, most=make_room_for(settings.connections), seconds=settings.body_idle_seconds),  # type: ignore[arg-type]  # called like a class
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=STARTUP_SECONDS,
    )


def _address(settings: Settings, listening: socket.socket) -> str:
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def _announce_when_ready(settings: Settings, address: str, store: Store, stopping: threading.Event) -> None:
    with httpx.Client(trust_env=False, timeout=STARTUP_SECONDS) as client:
        while not stopping.wait(0.05):
            try:
                if client.get(f"{address}/readyz").status_code == 200:
                    announce(settings, address, store)
                    return
            except httpx.TransportError:
                continue


def _stop_with_parent() -> None:
    """A parent killed outright can tell nobody, and workers left behind would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
