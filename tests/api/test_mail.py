"""Findings by e-mail, sent to a real SMTP server on loopback: with STARTTLS and a login, within a minute or each morning."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.alerts import emit_flagged
from api.events import Finding
from api.mailing import Mailer, Server
from api.recipients import WAITING, add_recipient, list_recipients, next_due, remove_recipient
from api.settings import Settings
from api.telling import mail_server
from fingerprints.errors import InputError
from fingerprints.stores import open_store
from fingerprints.stores.contract import Store
from tests.api.conftest import Running, prose


class Inbox:
    """`messages`: what came; `refuse`: an answer to give instead."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuse = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


def serving(inbox: Inbox, **options: Any) -> Controller:
    """A mail server on a free port; its library cannot choose one by itself, and another may take it meanwhile."""
    for left in reversed(range(20)):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            controller = Controller(inbox, hostname="127.0.0.1", port=probe.getsockname()[1], ready_timeout=30, **options)
        try:
            controller.start()
        except OSError:
            if not left:
                raise
        else:
            return controller
    raise AssertionError


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def plain(inbox: Inbox) -> Iterator[str]:
    """URL of a server without TLS."""
    controller = serving(inbox)
    yield f"smtp+plain://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store("memory://")
    yield opened
    opened.close()


class Hands:
    """A mailer whose clock is moved by hand."""

    def __init__(self, store: Store, url: str) -> None:
        self.moment = datetime.now(UTC)
        self._mailer = Mailer(store, Server.parse(url), "sidik@kabarteluk.example", "https://sidik.example", lambda: self.moment)

    def send(self, **later: float) -> None:
        self.moment = max(self.moment, datetime.now(UTC)) + timedelta(**later)
        while self._mailer.step():
            continue


def flagged(store: Store, number: int, url: str | None = None, **fields: Any) -> None:
    article = {"id": f"a{number}", "title": f"Judul {number}", "url": f"https://kabarteluk.example/{number}"}
    where = url or f"https://salin.example/{number}"
    check = {
        "id": f"c{number}",
        "created_at": f"2026-03-01T00:00:{number:02d}Z",
        "ref": None,
        "verdict": "copy",
        "score": 0.97,
        "source_id": None,
        "submission": {"url": where, "title": None},
        "best_match": {"article": article},
        **fields,
    }
    emit_flagged(store, check, Finding(where, [article["id"]]))


def test_what_was_found_goes_into_one_message_within_a_minute(store: Store, plain: str, inbox: Inbox) -> None:
    add_recipient(store, "hukum@kabarteluk.example", "immediate", "en")
    hands = Hands(store, plain)
    for number in (1, 2, 2):
        flagged(store, number)
    hands.send()
    assert inbox.messages == []
    hands.send(seconds=61)
    (message,) = inbox.messages
    assert (message["To"], message["From"]) == ("hukum@kabarteluk.example", "sidik@kabarteluk.example")
    assert message["Subject"] == "Sidik: 2 new findings"
    assert message.get_content().splitlines()[:3] == [
        "copy 97%: https://salin.example/1",
        "from: Judul 1 https://kabarteluk.example/1",
        "report: https://sidik.example/v1/checks/c1/report.html",
    ]
    hands.send(seconds=61)
    flagged(store, 1)
    hands.send(seconds=61)
    assert len(inbox.messages) == 1, "nothing new, no message"
    assert list_recipients(store).items[0]["sent_at"] is not None


def test_daily_comes_each_morning_in_jakarta(store: Store, plain: str, inbox: Inbox) -> None:
    add_recipient(store, "redaksi@kabarteluk.example", "daily")
    flagged(store, 1)
    hands = Hands(store, plain)
    hands.send(hours=25)
    assert [message["Subject"] for message in inbox.messages] == ["Sidik: 1 temuan baru"]
    assert next_due("daily", datetime(2026, 3, 1, 23, 59, tzinfo=UTC)) == 1772409600_000_000  # 2 March, 7.00 WIB
    assert next_due("daily", datetime(2026, 3, 2, 0, 0, tzinfo=UTC)) == 1772496000_000_000


def test_rules_say_what_a_recipient_gets(store: Store) -> None:
    for rules in ({"min_score": 0.98}, {"verdicts": ["rewrite"]}, {"source_ids": ["s1"]}):
        add_recipient(store, "a@kabarteluk.example", "immediate", rules=rules)
    flagged(store, 1)
    assert store.records.count(WAITING) == 0
    flagged(store, 2, score=0.99, verdict="rewrite", source_id="s1")
    assert store.records.count(WAITING) == 3


def test_what_is_refused_waits_and_is_tried_again(store: Store, plain: str, inbox: Inbox) -> None:
    add_recipient(store, "hukum@kabarteluk.example", "immediate")
    flagged(store, 1)
    inbox.refuse = "451 nanti"
    hands = Hands(store, plain)
    hands.send(seconds=61)
    hands.send(seconds=61)
    failing = list_recipients(store).items[0]["failing"]
    assert (failing["tries"], failing["detail"]) == (2, "the server answered 451")
    inbox.refuse = ""
    hands.send(seconds=200)
    assert inbox.messages == []
    hands.send(seconds=101)
    assert len(inbox.messages) == 1
    assert list_recipients(store).items[0]["failing"] is None


def test_more_than_fits_goes_into_the_next_message(store: Store, plain: str, inbox: Inbox) -> None:
    add_recipient(store, "hukum@kabarteluk.example", "immediate")
    for number in range(130):
        flagged(store, number, created_at="2026-03-01T00:00:00Z")
    Hands(store, plain).send(seconds=61)
    assert sorted(message["Subject"] for message in inbox.messages) == ["Sidik: 100 temuan baru", "Sidik: 30 temuan baru"]


def test_a_headline_cannot_write_headers_or_lines(store: Store, plain: str, inbox: Inbox) -> None:
    add_recipient(store, "hukum@kabarteluk.example", "immediate")
    match = {"article": {"id": "a1", "title": "Judul\r\nBcc: semua@x.example\r\n\r\n.\r\nQUIT", "url": None}}
    flagged(store, 1, best_match=match)
    Hands(store, plain).send(seconds=61)
    (message,) = inbox.messages
    assert "Bcc" not in message
    assert message.get_content().splitlines()[1] == "dari: Judul Bcc: semua@x.example . QUIT"


def test_what_waits_for_one_who_is_removed_is_dropped(store: Store) -> None:
    made = add_recipient(store, "hukum@kabarteluk.example", "daily")
    flagged(store, 1)
    assert remove_recipient(store, made["id"])
    assert store.records.count(WAITING) == 0
    assert not remove_recipient(store, made["id"])


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, with its key, in one PEM file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "surat")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "surat.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_starttls_and_a_login_and_no_word_without_them(
    store: Store, inbox: Inbox, certificate: Path, plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"sidik@x", b"raha:sia"), handled=False)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": login}
    controller = serving(inbox, **options)
    try:
        port = controller.port
        add_recipient(store, "hukum@kabarteluk.example", "immediate")
        flagged(store, 1)
        Hands(store, f"smtp://sidik%40x:raha%3Asia@127.0.0.1:{port}").send(seconds=61)
        assert "could not be reached" in list_recipients(store).items[0]["failing"]["detail"], "the certificate is not trusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        Hands(store, f"smtp://sidik%40x:salah@127.0.0.1:{port}").send(hours=1)
        assert list_recipients(store).items[0]["failing"]["detail"] == "the server refuses the user or password"
        Hands(store, plain.replace("smtp+plain", "smtp")).send(hours=2)
        assert list_recipients(store).items[0]["failing"]["detail"] == "the server offers no STARTTLS"
        assert inbox.messages == []
        Hands(store, f"smtp://sidik%40x:raha%3Asia@127.0.0.1:{port}").send(hours=4)
        assert len(inbox.messages) == 1
    finally:
        controller.stop()


def test_recipients_are_kept_by_administrators(start: Callable[..., Running], plain: str) -> None:
    server = start(smtp_url=plain, mail_from="sidik@kabarteluk.example")
    http = server.admin
    made = http.post("/v1/recipients", json={"address": "hukum@kabarteluk.example", "when": "immediate", "min_score": 0.5})
    assert (made.status_code, made.json()["min_score"], made.json()["lang"]) == (201, 0.5, "id")
    http.put("/v1/articles/a1", json={"text": prose(1)})
    http.post("/v1/checks", json={"text": prose(1)})
    assert server.store.records.count(WAITING) == 1
    assert [one["address"] for one in http.get("/v1/recipients").json()["items"]] == ["hukum@kabarteluk.example"]
    assert server.client("cases", "checks").get("/v1/recipients").status_code == 403
    path = f"/v1/recipients/{made.json()['id']}"
    changed = http.patch(path, json={"when": "daily", "address": "redaksi@kabarteluk.example", "min_score": None})
    assert [changed.json()[name] for name in ("address", "when", "min_score", "lang")] == [
        "redaksi@kabarteluk.example",
        "daily",
        None,
        "id",
    ]
    assert changed.json()["next_at"].endswith("T00:00:00Z"), "seven in the morning in Jakarta"
    assert http.patch(path, json={"address": "tanpa-at"}).status_code == 422
    assert http.get(path).json() == changed.json()
    assert [http.patch("/v1/recipients/x", json={}).status_code, http.get("/v1/recipients/x").status_code] == [404, 404]
    assert [http.delete(path).status_code, http.delete(path).status_code] == [204, 404]


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({"address": "tanpa-at"}, "address"),
        ({"address": "a@b"}, "address"),
        ({"address": "a@b.example\r\nBcc: c@d.example"}, "address"),
        ({"address": "Nama <a@b.example>"}, "address"),
        ({"address": "ä@b.example"}, "address"),
        ({"address": "a@b.example", "when": "hourly"}, "when"),
        ({"address": "a@b.example", "verdicts": ["original"]}, "verdicts.0"),
        ({"address": "a@b.example"}, "address"),
    ],
)
def test_bad_recipients_are_refused_and_so_are_all_where_no_mail_is_sent(
    http: httpx.Client, given: dict[str, Any], location: str
) -> None:
    answer = http.post("/v1/recipients", json=given)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, location)


@pytest.mark.parametrize(
    "address", ["tanpa-at", "a@b", "a@b.example\nBcc: c@d.example", "N <a@b.example>", "ä@b.example", "a b@c.example"]
)
def test_what_is_no_address_is_refused(store: Store, address: str) -> None:
    with pytest.raises(InputError, match="address"):
        add_recipient(store, address, "daily")


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://x.example", "smtp://", "smtp://u:rahasia@:25", "smtp://u:rahasia@h:99999"]
)
def test_settings_that_cannot_work_are_named_without_the_password(url: str) -> None:
    with pytest.raises(InputError) as caught:
        mail_server(Settings.load(smtp_url=url, mail_from="a@b.example", policy={}))
    assert "rahasia" not in str(caught.value)
    with pytest.raises(InputError, match="mail_from"):
        mail_server(Settings.load(smtp_url="smtps://mail.example"))
