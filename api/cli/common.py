"""What commands share: options, settings, the open archive, where output goes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from api.keys import Caller
    from api.scanning.fetching import Fetcher
    from api.settings import Settings
    from detector import Detector
    from fingerprints.stores.contract import Store

StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="sqlite:///PATH, mongodb://... or memory://; else as set, else sidik.db here."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Language = Literal["id", "en"]
LangOption = Annotated[
    Language | None, typer.Option("--lang", metavar="id|en", help="Language of the report; by default that of the policy.")
]


def load_settings(**flags: Any) -> Settings:
    """Settings from flags, environment and `sidik.toml`; a variable that sets nothing is named. Raises `InputError`."""
    from api.settings import Settings

    settings = Settings.load(**flags)
    for name in settings.unknown_environment():
        note(f"the environment variable {name} sets nothing")
    return settings


def report_language(settings: Settings, lang: Language | None) -> Language:
    """The language asked for, else that of the site's policy."""
    from detector.policy import Policy

    return lang or Policy.from_toml(settings.policy).language


@contextmanager
def _log_to_terminal() -> Iterator[None]:
    """What the detector logs is said when it happens, each time once."""
    import logging

    logger, terminal = logging.getLogger("detector"), logging.StreamHandler(sys.stderr)
    logger.addHandler(terminal)
    try:
        yield
    finally:
        logger.removeHandler(terminal)


@contextmanager
def open_detector(settings: Settings) -> Iterator[Detector]:
    """The archive with its index and the site's policy; what happened to the index is said."""
    from api.clock import new_id, now
    from api.policies import in_force
    from detector import Detector, Policy

    policy = Policy.from_toml(settings.policy)
    with (
        _log_to_terminal(),
        Detector.open(settings.store, policy=policy, index=settings.index, clock=now, new_id=new_id, processes=0) as detector,
    ):
        found = in_force(settings, detector.store)
        yield detector.under(found.policy, found.version)


@contextmanager
def open_archive(settings: Settings) -> Iterator[Store]:
    """The store alone, without an index."""
    from fingerprints.stores import open_store

    store = open_store(settings.store)
    try:
        yield store
    finally:
        store.close()


def write_down(store: Store, action: str, subject: str | None = None, **details: Any) -> None:
    """Enter what was done into the audit log, under the name of the user of this machine."""
    from api.audit import Entry, append

    append(store, Entry(terminal_user(), action, subject, details))


def terminal_user() -> Caller:
    """Whoever works at this machine."""
    import getpass

    from api.keys import CLI_ID, Caller

    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container may know no name for its user
        name = CLI_ID
    return Caller(CLI_ID, name, frozenset())


def make_fetcher(settings: Settings) -> Fetcher:
    """The fetcher, with the addresses that the settings allow."""
    from api.scanning.fetching import Fetcher

    return Fetcher(settings.fetch_allow)


def is_url(where: str) -> bool:
    """Whether an argument is a URL rather than a file."""
    return where.lower().startswith(("http://", "https://"))


def note(text: str) -> None:
    """A line for the person at the terminal, beside the output."""
    typer.echo(text, err=True)


def print_json(value: object) -> None:
    """`value` as indented JSON on standard output."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, in colours; into a pipe or file: plain, and lines as long as they are."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(stderr=stderr, highlight=False)
    return Console(stderr=stderr, highlight=False, color_system=None, width=1_000_000)


def printable(text: str) -> str:
    """`text` in one line without what could steer a terminal."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "�" for c in text).split())
