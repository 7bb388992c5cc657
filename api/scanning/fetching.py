"""Fetcher: HTTP GET of pages named by people we do not know, without being led to addresses that are not theirs.

Every connection, redirects included, is made to an address that was resolved and checked right there: what a name
resolves to earlier or later (rebinding) is of no use. Time, size (after decompression too) and redirects are bounded.

    FetchError            has `url` (as asked for) and `reason` (for a person; names no address, no internal detail)
    ├── FetchRefused      the URL, or where it leads, is not to be fetched
    └── FetchFailed       it was tried: no answer, too slow, too large, broken, too many redirects
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import httpcore
import httpx

from api.scanning.addresses import PUBLIC_PORTS, AllowList
from api.scanning.compression import inflate
from api.scanning.connecting import CheckedBackend, NotPermitted, Resolver, resolve
from api.scanning.readers.xml import root_name
from api.scanning.refreshing import refresh_in
from fingerprints.errors import SidikError

PRODUCT = "Sidik"
"""What robots.txt knows us by."""
USER_AGENT = f"{PRODUCT}/0.1 (copy detection for newsrooms)"
MAX_URL = 8192
PAGE_TYPES = ("text/html", "application/xhtml+xml", "")
REDIRECTS = (301, 302, 303, 307, 308)
_KEPT_ACROSS_SITES = ("accept", "accept-language", "user-agent")


class FetchError(SidikError):
    """A page could not be had. `url` as it was asked for, without credentials; `reason` for a person."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class FetchRefused(FetchError):
    """The URL, or where it redirects to, is none that may be fetched."""


FailureKind = Literal["timeout", "too_large", "redirects", "connection", "protocol", "closed"]


class FetchFailed(FetchError):
    """Fetching was tried and failed. `kind` for programs."""

    def __init__(self, url: str, reason: str, kind: FailureKind) -> None:
        super().__init__(url, reason)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its `status` (redirects were followed). `url`: the final one. `headers`: case-insensitive.
    `body`: after decompression. `charset`: as the server declares it, None where it does not."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    charset: str | None

    @property
    def text(self) -> str:
        """`body` decoded; the bytes are believed more than what the server declares."""
        from fingerprints.markup import decode  # brings lxml, which not every caller needs

        return decode(self.body, self.charset)

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters, "" where none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """Whether it is a web page: as it is called, or, where it is called something else, as it begins."""
        return self.content_type in PAGE_TYPES or root_name(self.body) in ("html", "head", "body")

    @property
    def leads_to(self) -> str | None:
        """Where the answer sends on to, by its status or, at once, by its markup; a URL reference, None where it does not."""
        if self.status in REDIRECTS:
            return self.headers.get("location", "").strip() or None
        return refresh_in(self.body, self.url, self.charset) if self.status == 200 else None


class Getter(Protocol):
    """Whatever fetches as `Fetcher.get` does."""

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, max_bytes: int | None = None) -> Fetched: ...


def user_agent(contact: str | None) -> str:
    """Who we are, for the sites we read; `contact`: a URL or e-mail address of who runs this."""
    return USER_AGENT if contact is None else f"{USER_AGENT[:-1]}; {contact})"


class Fetcher:
    """Fetches over HTTP; thread-safe, keeps connections open between calls; close it, or use it in a `with`.

    `allow`: see `addresses.AllowList`. `timeout`: seconds for the whole of one `get`, names and redirects included.
    `max_bytes`: of a body, received or decompressed. `resolver`, `clock` (seconds, monotonic) are for tests.
    The environment's proxies are not used.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        user_agent: str = USER_AGENT,
        timeout: float = 20.0,
        max_bytes: int = 10_000_000,
        max_redirects: int = 5,
        resolver: Resolver = resolve,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._user_agent = user_agent
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._backend = CheckedBackend(AllowList(allow), resolver, clock)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),  # SSL_CERT_FILE counts: an intranet has its own authority
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=5.0,
            network_backend=self._backend,
        )

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, max_bytes: int | None = None, follow: bool = True
    ) -> Fetched:
        """Fetch `url`. `headers` go along; to another host after a redirect only harmless ones do.

        `max_bytes` replaces the fetcher's own limit. Without `follow` a redirect is an answer like any other. Raises
        `FetchRefused`, `FetchFailed`.
        """
        limit = self._max_bytes if max_bytes is None else max_bytes
        target = _parse(url, shown=_shown(url))
        shown = str(target)
        sent = {"user-agent": self._user_agent, "accept": "*/*", "accept-encoding": "gzip, deflate"}
        sent.update((name.lower(), value) for name, value in (headers or {}).items())
        self._backend.start(self._timeout)
        for _ in range(self._max_redirects + 1):
            with self._explained(target, shown):
                answer = self._get_once(target, sent, limit, shown)
            location = answer.leads_to if follow else None
            if location is None:
                return answer
            following = _parse(location, shown, base=target)
            if _origin(following) != _origin(target):
                sent = {name: sent[name] for name in sent if name in (*_KEPT_ACROSS_SITES, "accept-encoding")}
            target = following
        raise FetchFailed(shown, f"redirects more than {self._max_redirects} times", "redirects")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Fetched:
        """Send `body` to `url`, once and not further: a redirect is the answer. Of the answer's body nothing is read.
        Raises `FetchRefused`, `FetchFailed`."""
        shown = _shown(url)
        target = _parse(url, shown)
        sent = {"user-agent": self._user_agent, "accept": "*/*", "content-length": str(len(body)), "connection": "close"}
        sent.update((name.lower(), value) for name, value in headers.items())
        self._backend.start(self._timeout)
        with self._explained(target, shown), self._pool.stream("POST", **self._request(target, sent), content=body) as response:
            return Fetched(str(target), response.status, httpx.Headers(response.headers), b"", None)

    def check(self, url: str, seconds: float = 2.0) -> None:
        """Raise `FetchRefused` for a URL that could not be asked now, as far as that can be told within `seconds`."""
        shown = _shown(url)
        target = _parse(url, shown)
        self._backend.start(seconds)
        try:
            permitted = self._backend.permits(target.host, target.port or (443 if target.scheme == "https" else 80))
        except httpcore.TimeoutException:
            return
        if not permitted:
            raise FetchRefused(shown, self._refusal(target, shown))

    @contextmanager
    def _explained(self, target: httpx.URL, shown: str) -> Iterator[None]:
        try:
            yield
        except NotPermitted:
            raise FetchRefused(shown, self._refusal(target, shown)) from None
        except httpcore.TimeoutException:
            raise FetchFailed(shown, f"took longer than {self._timeout:g} s", "timeout") from None
        except (httpcore.NetworkError, OSError):
            raise FetchFailed(shown, "the server could not be reached, or hung up", "connection") from None
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            raise FetchFailed(shown, "the answer is not valid HTTP", "protocol") from None
        except zlib.error:
            raise FetchFailed(shown, "the answer is compressed, and damaged or cut", "protocol") from None

    def close(self) -> None:
        """Close the connections kept open."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _get_once(self, target: httpx.URL, headers: Mapping[str, str], limit: int, shown: str) -> Fetched:
        with self._pool.stream("GET", **self._request(target, headers)) as response:
            received = httpx.Headers(response.headers)
            if response.status in REDIRECTS and "location" in received:
                return Fetched(str(target), response.status, received, b"", None)
            if (length := received.get("content-length", "")).isdecimal() and int(length) > limit:
                raise FetchFailed(shown, f"is larger than {limit:,} bytes", "too_large")
            body = self._read(response.iter_stream(), received.get("content-encoding", ""), limit, shown)
        return Fetched(str(target), response.status, received, body, _charset(received))

    def _request(self, target: httpx.URL, headers: Mapping[str, str]) -> dict[str, Any]:
        seconds = {"connect": self._timeout, "read": self._timeout, "write": self._timeout, "pool": self._timeout}
        url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
        sent = [("host", target.netloc.decode("ascii")), *headers.items()]
        return {"url": url, "headers": sent, "extensions": {"timeout": seconds}}

    def _read(self, chunks: Iterable[bytes], coding: str, limit: int, shown: str) -> bytes:
        codings = [name for part in coding.lower().split(",") if (name := part.strip()) and name != "identity"]
        if len(codings) > 1 or (codings and codings[0] not in ("gzip", "x-gzip", "deflate")):
            raise FetchFailed(shown, "is compressed in a way that was not asked for", "protocol")
        parts, size = [], 0
        for part in inflate(chunks, codings[0].removeprefix("x-")) if codings else chunks:
            size += len(part)
            if size > limit:
                raise FetchFailed(shown, f"is larger than {limit:,} bytes", "too_large")
            self._backend.check_time()
            parts.append(part)
        return b"".join(parts)

    def _refusal(self, target: httpx.URL, shown: str) -> str:
        where = "" if str(target) == shown else "redirects to a URL that may not be fetched: "
        port = target.port or (443 if target.scheme == "https" else 80)
        if port not in PUBLIC_PORTS:
            return where + f"port {port} is not allowed (SIDIK_FETCH_ALLOW can list it)"
        return where + "the host has no public address (SIDIK_FETCH_ALLOW can list it)"


def _parse(url: str, shown: str, *, base: httpx.URL | None = None) -> httpx.URL:
    where = "redirects to a URL that may not be fetched: " if base else ""
    if len(url) > MAX_URL:
        raise FetchRefused(shown, where + f"longer than {MAX_URL:,} characters")
    try:
        parsed = base.join(url.strip()) if base else httpx.URL(url.strip())
        parsed.netloc.decode("ascii")
        if parsed.port is not None and not 1 <= parsed.port <= 65535:
            raise ValueError
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise FetchRefused(shown, where + "not a valid URL") from None
    if parsed.scheme not in ("http", "https"):
        raise FetchRefused(shown, where + "only http and https are fetched")
    if not parsed.host:
        raise FetchRefused(shown, where + "it names no host")
    if parsed.userinfo:
        raise FetchRefused(shown, where + "URLs with a user name or password are not fetched")
    return parsed.copy_with(fragment=None)


def _shown(url: str) -> str:
    """`url` for a message: short, and without what stands before an @ in the host part."""
    scheme, slashes, rest = url.strip().partition("//")
    authority, slash, path = rest.partition("/")
    text = f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}" if slashes else scheme
    printable = "".join(c if c.isprintable() else "�" for c in text[:200])
    return printable + ("…" if len(text) > 200 else "")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _charset(headers: Mapping[str, str]) -> str | None:
    message = Message()
    message["content-type"] = headers.get("content-type", "")
    value = message.get_content_charset()
    return value if isinstance(value, str) else None
