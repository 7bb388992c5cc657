"""Follower: a worker's index keeps up with what other processes store, so that no check has to wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

SECONDS = 1.0
"""Between two looks at the store, each one cheap question when nothing has changed."""
logger = logging.getLogger(__name__)


class Follower:
    """Calls `follow` every `seconds` in a thread of its own, until closed. A store that is away is logged once, and once
    when it is back."""

    def __init__(self, follow: Callable[[], object], seconds: float = SECONDS) -> None:
        self._follow, self._seconds = follow, seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sidik-follow", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        failing = False
        while not self._stopping.wait(self._seconds):
            try:
                self._follow()
            except Exception as error:  # whatever it is, the next look may go well
                if not failing:
                    logger.warning("the index cannot follow the store: %s: %s", type(error).__name__, error)
                failing = True
            else:
                if failing:
                    logger.warning("the index follows the store again")
                failing = False

    def close(self) -> None:
        """Stop, after a look that is under way. Idempotent."""
        self._stopping.set()
        self._thread.join()
