"""Sidik as processes of their own, which can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from tests.api.conftest import ADMIN

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds after which something hangs, on a slow machine that does much else."""


def environment(store: str, **settings: object) -> dict[str, str]:
    """The environment of a process: ours without settings of Sidik, plus these."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("SIDIK_")}
    found |= {"SIDIK_ADMIN_KEY": ADMIN, "SIDIK_STORE": store, "SIDIK_PORT": "0", "PYTHONPATH": str(ROOT)}
    found["SIDIK_TIME_BUDGET_SECONDS"] = str(PATIENCE)
    return found | {f"SIDIK_{name.upper()}": str(value) for name, value in settings.items()}


class Server:
    """`sidik serve`, answering at `url` once this is made."""

    def __init__(self, store: str, folder: Path, **settings: object) -> None:
        self.process = start(["serve"], store, folder, **settings)
        self.log: list[str] = []
        threading.Thread(target=lambda: self.log.extend(self.process.stderr or ()), daemon=True).start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"the server did not start: {line} {self.said()}"
        self.url, self.port = found[0], int(found[1])

    def client(self, timeout: float = PATIENCE) -> httpx.Client:
        """A client with every scope."""
        headers = {"Authorization": f"Bearer {ADMIN}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout, trust_env=False)

    def said(self) -> str:
        """The end of what it logged."""
        return "".join(self.log[-200:])[-4000:]

    def resident(self) -> int:
        """Bytes of memory it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]  # every Linux says it

    def kill(self) -> None:
        """`kill -9`. Idempotent."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """As systemd does."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said()


def start(arguments: list[str], store: str, folder: Path, **settings: object) -> subprocess.Popen[str]:
    """A command of Sidik."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.launch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(store, **settings),
        cwd=folder,
    )
