"""Mailing: what waits for a recipient goes out in one message, by any worker's background thread."""

from __future__ import annotations

import hashlib
import secrets
import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from api import leases
from api.clock import microseconds, now
from api.leases import Lease, LeaseLost
from api.recipients import RECIPIENTS, WAITING, next_due
from fingerprints.dates import format_time
from fingerprints.errors import InputError
from fingerprints.stores.contract import Store

PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
TIMEOUT = 20.0
"""Seconds for each step of a conversation with the server."""
LEASE = 180.0
AT_MOST = 100
"""Findings in one message; more go into the next."""
DELAYS = (60, 300, 900, 3600)
"""Seconds until the next try, the last again and again: what waits is not dropped."""
WORDS = {
    "id": {
        "subject": "Sidik: {count} temuan baru",
        "copy": "salinan", "partial_copy": "salinan sebagian", "rewrite": "tulis ulang",
        "from": "dari", "report": "laporan",
    },
    "en": {
        "subject": "Sidik: {count} new findings",
        "copy": "copy", "partial_copy": "partial copy", "rewrite": "rewrite",
        "from": "from", "report": "report",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `scheme`: `smtp` demands STARTTLS, `smtps` is TLS from the start, `smtp+plain` is neither."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None

    @classmethod
    def parse(cls, url: str) -> Server:
        """Raises `InputError`, without what `url` holds."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            host, port = None, 0
        if not host:
            raise InputError("setting smtp_url", "must be smtp://, smtps:// or smtp+plain://, then [USER:PASSWORD@]HOST[:PORT]")
        user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        return cls(parts.scheme, host, port, user, password)

    def send(self, message: EmailMessage) -> None:
        """Raises `OSError` or `smtplib.SMTPException` when it was not accepted."""
        context = ssl.create_default_context()  # SSL_CERT_FILE counts: an intranet has its own authority
        if self.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        with client:
            if self.scheme == "smtp":
                client.starttls(context=context)
            if self.user is not None:
                client.login(self.user, self.password or "")
            client.send_message(message)


class Mailer:
    """Sends what waits, for one worker. `address`: of this server, for links."""

    def __init__(self, store: Store, server: Server, sender: str, address: str, clock: Callable[[], datetime] = now) -> None:
        self._store, self._server, self._sender, self._address, self._clock = store, server, sender, address, clock
        self._owner = secrets.token_hex(8)

    def step(self, closing: threading.Event | None = None) -> bool:
        """Send what waits for one recipient who is due; True when there may be another."""
        lease = leases.claim(self._store, RECIPIENTS, self._owner, microseconds(self._clock()), LEASE)
        if lease is None:
            return False
        with suppress(LeaseLost):
            self._serve(lease)
        return True

    def _serve(self, lease: Lease) -> None:
        doc = lease.doc
        items = self._store.records.find(WAITING, {"recipient_id": lease.id}, limit=AT_MOST)
        changes: dict[str, Any] = {"failing": None}
        due = next_due(doc["when"], self._clock())
        if items:
            checks = sorted((item.doc["check"] for item in items), key=lambda check: str(check["created_at"]))
            try:
                self._server.send(self._message(doc, checks, [item.id for item in items]))
            except (OSError, smtplib.SMTPException) as error:
                tries = (doc["failing"] or {"tries": 0})["tries"] + 1
                at = self._clock()
                changes["failing"] = {"at": format_time(at), "tries": tries, "detail": _reason(error)}
                due = microseconds(at + timedelta(seconds=DELAYS[min(tries, len(DELAYS)) - 1]))
            else:
                changes["sent_at"] = format_time(self._clock())
                for item in items:
                    self._store.records.delete(WAITING, item.id)
                if len(items) == AT_MOST:
                    due = microseconds(self._clock())
        leases.release(self._store, lease, due, changes)

    def _message(self, recipient: dict[str, Any], checks: Sequence[dict[str, Any]], ids: Sequence[str]) -> EmailMessage:
        words = WORDS[recipient["lang"]]
        message = EmailMessage()
        message["Subject"] = words["subject"].format(count=len(checks))
        message["From"], message["To"] = self._sender, recipient["address"]
        message["Date"] = self._clock()
        digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{digest}@{self._sender.rpartition('@')[2]}>"  # sent twice after a crash, it is one message
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(self._paragraph(check, words) for check in checks) + "\n")
        return message

    def _paragraph(self, check: dict[str, Any], words: dict[str, str]) -> str:
        submission, match = check["submission"], check["best_match"]
        where = submission["url"] or submission["title"] or check["ref"] or check["id"]
        lines = [f"{words.get(check['verdict'], check['verdict'])} {check['score']:.0%}: {where}"]
        if match is not None:
            article = match["article"]
            lines.append(f"{words['from']}: {article['title'] or article['id']} {article['url'] or ''}".rstrip())
        lines.append(f"{words['report']}: {self._address}/v1/checks/{check['id']}/report.html")
        return "\n".join(" ".join(line.split()) for line in lines)


def _reason(error: Exception) -> str:
    """Why, for a person; never what was sent to log in."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the server refuses the user or password"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server offers no STARTTLS"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the server refuses the address"
    return f"the server could not be reached: {type(error).__name__}"
