"""Telling: the background threads of one worker that empty the outbox, into webhooks and e-mail."""

from __future__ import annotations

import logging

from api.background import Background
from api.deliveries import TIMEOUT, Deliverer
from api.mailing import Mailer, Server
from api.recipients import check_address
from api.scanning.fetching import Fetcher
from api.settings import Settings
from fingerprints.errors import InputError
from fingerprints.stores.contract import Store

LOOK, MAIL_LOOK = 1.0, 5.0
"""Seconds between two looks at what is due."""
logger = logging.getLogger(__name__)


class Telling:
    """Tells until closed. Raises `InputError` for settings that cannot work."""

    def __init__(self, store: Store, settings: Settings) -> None:
        server = mail_server(settings)
        self._fetcher = Fetcher(settings.fetch_allow, timeout=TIMEOUT)
        self._deliverer = Deliverer(store, self._fetcher.post)
        failing, again = "webhooks cannot be told", "webhooks are told again"
        self._loops = [Background("deliver", self._deliverer.step, LOOK, logger=logger, failing=failing, again=again)]
        if server is not None:
            address = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
            mailer = Mailer(store, server, settings.mail_from or "", address)
            failing, again = "mail cannot be sent", "mail is sent again"
            self._loops.append(Background("mail", mailer.step, MAIL_LOOK, logger=logger, failing=failing, again=again))

    def close(self) -> None:
        """Wait for what is under way. Idempotent."""
        for loop in self._loops:
            loop.close()
        self._deliverer.close()
        self._fetcher.close()


def mail_server(settings: Settings) -> Server | None:
    """The mail server of the settings, if one is set. Raises `InputError`."""
    if settings.smtp_url is None:
        return None
    server = Server.parse(settings.smtp_url.get_secret_value())
    if settings.mail_from is None:
        raise InputError("setting mail_from", "is missing: it must be set with smtp_url")
    try:
        check_address(settings.mail_from)
    except InputError as error:
        raise InputError("setting mail_from", error.detail) from None
    return server
