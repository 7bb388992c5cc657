"""`sidik import` and `sidik demo`: articles into the archive."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from api.cli.common import StoreOption, load_settings, make_console, make_fetcher, note, open_detector, printable, write_down

if TYPE_CHECKING:
    from api.importing import Outcome
    from api.scanning.readers.items import Reader, Rejected
    from api.settings import Settings
    from detector import Detector

SHOWN = 10
"""Rejected items that are named in the summary; `--rejects` writes all."""
KINDS = ("auto", "feed", "sitemap", "wordpress", "page")


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
    app.command("demo")(demo)


def import_(
    where: Annotated[
        list[str],
        typer.Argument(
            metavar="WHERE...",
            help="JSON Lines, CSV (.gz, .xz too), WordPress export (.xml), HTML page or folder of them, "
            "URL of a WordPress site, feed, sitemap or page; - for JSON Lines on standard input.",
        ),
    ],
    store: StoreOption = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Write every rejected item there, as JSON Lines.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", metavar="|".join(KINDS), help="What URLs are.")] = "auto",
    post_type: Annotated[
        list[str] | None,
        typer.Option("--post-type", metavar="TYPE", help="Of a WordPress export [default: post].", show_default=False),
    ] = None,
) -> None:
    """Import articles. Bad items are named and never stop the rest; run again, it does no work twice.

    Exit status 1 if an item was rejected.
    """
    if kind not in KINDS:
        raise typer.BadParameter(f"must be one of {', '.join(KINDS)}", param_hint="--kind")
    settings = load_settings(store=store)
    with ExitStack() as stack:
        detector = stack.enter_context(open_detector(settings))
        session = _Session(settings, detector, stack, kind, frozenset(post_type or ["post"]), rejects)
        started = time.monotonic()
        for place in where:
            session.read(place)
        session.write_down()
    _summary(session, time.monotonic() - started, rejects)
    raise typer.Exit(session.status)


def demo(
    store: StoreOption = None,
    if_new: Annotated[bool, typer.Option("--if-new", help="Only into a store that never held an article.")] = False,
) -> None:
    """Load an archive of sample articles, and say what to try with it."""
    from importlib.resources import as_file, files

    settings = load_settings(store=store)
    with ExitStack() as stack:
        folder = stack.enter_context(as_file(files("api").joinpath("demo")))
        detector = stack.enter_context(open_detector(settings))
        if if_new and detector.store.last_seq() > 0:
            return
        session = _Session(settings, detector, stack)
        session.read(str(folder / "articles.jsonl"))
        session.write_down()
        samples = sorted((folder / "submissions").glob("*.txt"))
    typer.echo(f"{session.outcome.stored} sample articles are in {detector.store.url}. Try a submission:")
    given = f" --store {store}" if store else ""
    for sample in samples:
        typer.echo(f"  sidik check {sample}{given}")
    typer.echo(f"or the pages: sidik serve{given}")
    raise typer.Exit(session.status)


class _Session:
    """One run of the command: its counts, its progress bar, the items it names."""

    def __init__(
        self,
        settings: Settings,
        detector: Detector,
        stack: ExitStack,
        kind: str = "auto",
        post_types: frozenset[str] = frozenset({"post"}),
        rejects: Path | None = None,
    ) -> None:
        from api.importing import Import, Outcome
        from api.scanning.readers.items import Notes
        from api.scanning.readers.memory import Memory
        from api.scanning.readers.where import Opening

        self.outcome = Outcome(Notes())
        self.shown: list[Rejected] = []
        self._store = detector.store
        self.unreadable: list[str] = []
        self._rejects = stack.enter_context(rejects.open("w", encoding="utf-8")) if rejects else None
        self._step = stack.enter_context(_progress(self.outcome))
        memory = Memory(detector.store)
        self._import = Import(detector, memory, self.outcome, on_rejected=self._rejected, on_step=self._step)

        @cache
        def site() -> Any:
            from api.scanning.readers.site import Site

            fetcher = stack.enter_context(make_fetcher(settings))
            return Site(fetcher, memory, self.outcome.notes, settings.max_text_bytes)

        self._opening = Opening(self.outcome.notes, site, settings.max_text_bytes, post_types, cast(Any, kind))

    def read(self, place: str) -> None:
        """Import `place`; what cannot be read at all is named, and the rest goes on."""
        from api.scanning.readers.where import open_reader
        from fingerprints.errors import IndexUnusable, SidikError, StoreError

        if self.outcome.interrupted:
            return
        try:
            self._import.read(open_reader(place, self._opening))
        except (StoreError, IndexUnusable):
            raise
        except SidikError as error:
            self.unreadable.append(printable(str(error)))

    def write_down(self) -> None:
        """Enter what was done into the audit log."""
        done = self.outcome
        counts: dict[str, Any] = {
            "created": done.created,
            "updated": done.updated,
            "unchanged": done.unchanged,
            "rejected": done.rejected,
        }
        write_down(self._store, "articles.imported", **counts)

    @property
    def status(self) -> int:
        return 130 if self.outcome.interrupted else 2 if self.unreadable else 1 if self.outcome.rejected else 0

    def _rejected(self, item: Rejected) -> None:
        if len(self.shown) < SHOWN:
            self.shown.append(item)
        if self._rejects is not None:
            import orjson

            line = {"place": item.place, "id": item.id, "reason": item.reason}
            self._rejects.write(orjson.dumps(line).decode() + "\n")


@contextmanager
def _progress(outcome: Outcome) -> Iterator[Callable[[Reader], None]]:
    """A bar with rate and time left on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda reader: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def step(reader: Reader) -> None:
            rate = outcome.stored / max(time.monotonic() - started, 0.001)
            counts = f"{outcome.stored:,} articles, {rate:,.0f}/s" + (f", {outcome.rejected:,} rejected" * bool(outcome.rejected))
            name = Path(reader.label).name if "//" not in reader.label else reader.label.partition("//")[2]
            if reader.label not in tasks:
                tasks[reader.label] = bar.add_task(printable(name)[:40], total=reader.total, counts=counts)
            bar.update(tasks[reader.label], completed=reader.done, total=reader.total, counts=counts)

        yield step


def _summary(session: _Session, seconds: float, rejects: Path | None) -> None:
    """What was done, on standard output; what was wrong, beside it."""
    outcome, notes = session.outcome, session.outcome.notes
    for item in session.shown:
        note(printable(f"rejected: {item.place}: {item.reason}" + (f" (id {item.id})" if item.id else "")))
    if (more := outcome.rejected - len(session.shown)) > 0:
        note(f"and {more:,} more rejected" + ("" if rejects else "; --rejects FILE writes them all"))
    for kind, count in notes.warnings.most_common():
        note(printable(f"warning: {kind}: {count:,}, such as {'; '.join(notes.examples[kind])}"))
    if notes.unknown_fields:
        names = ", ".join(f"{name} ({count:,})" for name, count in notes.unknown_fields.most_common(12))
        note(printable(f"fields ignored: {names}"))
    if notes.skipped:
        note(printable("passed over: " + ", ".join(f"{reason} ({count:,})" for reason, count in notes.skipped.most_common())))
    for reason in session.unreadable:
        note(f"sidik: {reason}")
    if outcome.interrupted:
        note("interrupted; what is counted here is kept, and the same command goes on")
    typer.echo(
        f"created {outcome.created:,}, updated {outcome.updated:,}, unchanged {outcome.unchanged:,}, "
        f"rejected {outcome.rejected:,} in {seconds:,.1f} s ({outcome.stored / max(seconds, 0.001):,.0f} articles/s)"
    )
