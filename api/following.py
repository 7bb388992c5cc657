"""Follower: a worker's index keeps up with what other processes store, so that no check has to wait for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from api.background import Background

SECONDS = 1.0
"""Between two looks at the store, each one cheap question when nothing has changed."""
logger = logging.getLogger(__name__)


class Follower(Background):
    """Calls `follow` every `seconds`, until closed. A store that is away is logged once, and once when it is back."""

    def __init__(self, follow: Callable[[], object], seconds: float = SECONDS) -> None:
        def step(_: object) -> None:
            follow()

        failing, again = "the index cannot follow the store", "the index follows the store again"
        super().__init__("follow", step, seconds, logger=logger, failing=failing, again=again)
