"""What scans and visits of one process share, and how they read a page that was fetched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.scanning.fetching import Fetched, FetchError
from api.scanning.hosts import Hosts, SiteClosed
from api.scanning.polite import PoliteFetcher
from api.scanning.readers.items import Notes, Rejected
from api.scanning.readers.pages import ACCEPT_PAGE, NoArticle, ReadPage, read_page
from detector import Detector


@dataclass(frozen=True, slots=True)
class Tools:
    """What every scan of a process uses. `current`: gives the detector under the policy in force. `busy`: whether checks have
    fallen behind, so that scans wait. `keep_days`: after which scans are forgotten."""

    current: Callable[[], Detector]
    fetcher: PoliteFetcher
    hosts: Hosts
    max_bytes: int
    keep_days: int
    software: str
    clock: Callable[[], datetime]
    stop: threading.Event
    busy: Callable[[], bool]

    @property
    def detector(self) -> Detector:
        return self.current()


def read_answer(
    tools: Tools, answer: Fetched, on_error: Callable[[str, str], None] = lambda url, reason: None
) -> tuple[ReadPage, list[Fetched]] | Rejected:
    """The article of a page, all pages of it joined, and the answers it came from. `on_error`: hears of further pages that could
    not be had. Raises `SiteClosed`, `Stopped`."""
    if not answer.is_page:
        return NoArticle(answer.url, f"is {answer.content_type[:100]}")
    answers = [answer]

    def more(following: str) -> bytes | None:
        try:
            further = tools.fetcher.get(following, ACCEPT_PAGE)
        except SiteClosed:
            raise
        except FetchError as error:
            on_error(following, error.reason)
            return None
        if further.status != 200:
            return None
        answers.append(further)
        return further.body

    read = read_page(
        answer.body, answer.url, Notes(), max_bytes=tools.max_bytes, url=answer.url, charset=answer.charset, more=more
    )
    return read if isinstance(read, Rejected) else (read, answers)
