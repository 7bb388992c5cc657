"""Settings: flags, then environment `SIDIK_*`, then `sidik.toml`. Read once, by whoever starts something; frozen afterwards."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fingerprints.errors import InputError
from fingerprints.stores import DEFAULT_URL, IndexPlace

PREFIX = "SIDIK_"
CONFIG_NAME = "sidik.toml"
CPUS = os.cpu_count() or 1


class Settings(BaseSettings):
    """Everything an administrator can set, with its unit and default. Made with `Settings.load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    store: str = DEFAULT_URL
    """Store URL: `sqlite:///PATH`, `mongodb://...`, `memory://`."""
    index: IndexPlace = "embedded"
    """Where the index lives: `embedded` in each process (beside an SQLite file in a folder), `mongo` inside the MongoDB store."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    workers: int = Field(1, ge=1, le=256)
    """Processes on the one port, each with its own view of the index."""
    bulk_processes: int | None = Field(None, ge=0, le=64)
    """Processes beside each worker that bulk checks are spread over; 0: none. By default the worker's part of the cores, at most
    4, and none where that is a single one."""
    admin_key: SecretStr | None = None
    """Accepted as a key with every scope."""
    max_text_bytes: int = Field(2_000_000, ge=1000)
    """Bytes of UTF-8: the longest text or page accepted."""
    max_body_bytes: int = Field(8_000_000, ge=4000)
    """Bytes: the largest request body, or line of a bulk body; a text whose letters are all escaped still fits."""
    body_idle_seconds: float = Field(60, gt=0)
    """Seconds without a byte after which an upload is given up; the head of a request, or a body that is not a bulk one, has as
    long in all, and of an answer 16 KB must be taken in that time."""
    connections: int = Field(1024, ge=1)
    """Connections open at once in one worker; for one more, that which has been idle for longest is closed."""
    upload_memory_bytes: int = Field(256_000_000, ge=1_000_000)
    """Bytes of request bodies in the memory of one worker; beyond them 503 at once. A bulk upload counts as
    `max_body_bytes` and 2 MB."""
    threads: int = Field(max(2, CPUS), ge=1, le=1024)
    """Checks and writes that run at once in one worker."""
    queue: int = Field(64, ge=0)
    """Requests that may wait for a thread in one worker; beyond them 503 at once."""
    time_budget_seconds: float = Field(30, gt=0)
    """Seconds one check may take, waiting included; then 503."""
    shutdown_seconds: int = Field(20, ge=0)
    """Seconds that running requests get to finish when the server is stopped."""
    fetch_allow: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts or networks that may be fetched and called although they are not public; comma-separated."""
    scans: bool = True
    """Read the sources that are due, and visit flagged pages again, in the background of the server."""
    scan_threads: int = Field(4, ge=1, le=64)
    """Sources that one process reads at once; a site is asked one thing at a time whatever this says."""
    scan_delay_seconds: float = Field(1, ge=0)
    """Seconds between two requests to a site, at least; those in `fetch_allow` are yours, and are read at their own pace."""
    scan_keep_days: int = Field(90, ge=31)
    """Days after which scans, and their checks that found nothing, are forgotten; what was flagged stays."""
    retention: Literal["keep", "fingerprint", "drop"] = "keep"
    """What becomes of kept checks after `retention_days`: nothing; they lose the submission's text; they are deleted."""
    retention_days: int | None = Field(None, ge=1, le=36_500)
    """Days after which `retention` applies; with `fingerprint` and `drop`, and only with them."""
    contact: str | None = None
    """URL or e-mail address of whoever runs this: sent with each request, so that a site can complain."""
    smtp_url: SecretStr | None = None
    """Mail server: `smtp://USER:PASSWORD@HOST` (STARTTLS), `smtps://...` (TLS from the start), `smtp+plain://...` (neither)."""
    mail_from: str | None = None
    """Sender's address of the digests; must be set with `smtp_url`."""
    public_url: str | None = None
    """Where readers reach this server, if not at host and port (behind a proxy); https makes session cookies `Secure`."""
    sign_in_link: bool | None = None
    """Print a sign-in link for the pages at start; by default only to a terminal."""
    signing_key: Path | None = None
    """PEM file of the Ed25519 key that signs evidence bundles, made when missing; by default beside the SQLite file."""
    timestamp_url: str | None = Field(None, pattern=r"^https?://")
    """Time stamp authority (RFC 3161) that evidence bundles and dossiers are stamped by."""
    policy: dict[str, Any] = Field(default_factory=dict)
    """The `[policy]` table of `sidik.toml`: thresholds, own names and domains, licences."""

    @field_validator("fetch_allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @classmethod
    def load(cls, *, config: str | Path | None = None, **flags: Any) -> Self:
        """Settings from `flags` (None: not given), the environment, and `config` (default: `SIDIK_CONFIG`, or `sidik.toml` in
        the working directory if there is one). Raises `InputError` naming an unknown or unusable setting."""
        given = {name: value for name, value in flags.items() if value is not None}
        table = _read_toml(config if config is not None else os.environ.get(PREFIX + "CONFIG"))
        _refuse_unknown(cls, given, "flag")
        _refuse_unknown(cls, table, CONFIG_NAME)
        below = {name: value for name, value in table.items() if not os.environ.get(PREFIX + name.upper())}
        try:
            settings = cls(**{**below, **given})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise InputError(f"setting {'.'.join(map(str, first['loc']))}", first["msg"]) from None
        _check_retention(settings)
        return settings

    @property
    def helpers(self) -> int:
        """`bulk_processes`, or its default."""
        from detector.helpers import default_processes  # loads what starts processes, which few commands do

        return default_processes(self.workers) if self.bulk_processes is None else self.bulk_processes

    def unknown_environment(self) -> list[str]:
        """Names of `SIDIK_*` variables that set nothing (perhaps misspelt; perhaps another program's, so only warned about)."""
        known = {PREFIX + name.upper() for name in type(self).model_fields} | {PREFIX + "CONFIG"}
        return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known and "_TEST_" not in name)


def _check_retention(settings: Settings) -> None:
    if settings.retention == "keep" and settings.retention_days is not None:
        raise InputError("setting retention_days", "goes with retention fingerprint or drop, and retention is keep")
    if settings.retention != "keep" and settings.retention_days is None:
        raise InputError("setting retention_days", f"is missing: after how many days is retention {settings.retention} to apply?")


def _read_toml(path: str | Path | None) -> dict[str, Any]:
    where = Path(path) if path is not None else Path(CONFIG_NAME)
    if path is None and not where.is_file():
        return {}
    try:
        return tomllib.loads(where.read_text("utf-8"))
    except OSError as error:
        raise InputError(str(where), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(where), f"is not valid TOML: {error}") from None


def _refuse_unknown(cls: type[Settings], values: dict[str, Any], where: str) -> None:
    for name in values:
        if name not in cls.model_fields:
            raise InputError(where, f"unknown setting {name!r}; known are {', '.join(cls.model_fields)}")
