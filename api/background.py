"""Background: work that a worker does by itself, beside its requests, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

Step = Callable[[threading.Event], object]
"""One piece of the work. True: there is more, to be done at once. The event is set when the work is to end: a step that
takes long looks at it between its own pieces."""


class Background:
    """Calls `step` every `seconds`, at once after a step that returned True or a `wake`, until closed. Of errors in
    a row the first is logged as `failing`, with what it was, and their end as `again`."""

    def __init__(self, name: str, step: Step, seconds: float, *, logger: logging.Logger, failing: str, again: str) -> None:
        self._step, self._seconds = step, seconds
        self._logger, self._failing, self._again = logger, failing, again
        self._closing, self._waking = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sidik-{name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to do: do not wait for the time to pass."""
        self._waking.set()

    def close(self) -> None:
        """Stop, after a step that is under way. Idempotent."""
        self._closing.set()
        self._waking.set()
        self._thread.join()

    def _run(self) -> None:
        failed = more = False
        while True:
            if not more:
                self._waking.wait(self._seconds)
            if self._closing.is_set():
                return
            self._waking.clear()
            try:
                more = self._step(self._closing) is True
            except Exception as error:  # whatever it is, the next step may go well
                if not failed:
                    self._logger.warning("%s: %s: %s", self._failing, type(error).__name__, error)
                failed, more = True, False
            else:
                if failed:
                    self._logger.warning(self._again)
                failed = False
