"""`sidik scan`: reading other sites."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import (
    JsonOption,
    StoreOption,
    load_settings,
    make_console,
    note,
    open_detector,
    print_json,
    printable,
)

if TYPE_CHECKING:
    from api.scanning.scanner import SourceScan
    from api.scanning.service import Scanning

SHOWN_ERRORS = 10


def register(app: typer.Typer) -> None:
    app.command("scan")(scan)


def scan(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[SOURCE]", help="Id, name or URL of a source: read it now, due or not.", show_default=False),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Read what is due, then stop.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the sources that are due, and go on until stopped; with --once, or a SOURCE, until they are read.

    Exit status 1 if a source could not be read.
    """
    from api.scanning.service import Scanning

    settings = load_settings(store=store)
    with open_detector(settings) as detector, _progress() as step, Scanning(detector, settings, on_step=step) as scanning:
        try:
            done = _scan_one(scanning, source) if source is not None else _scan_due(scanning, once, as_json)
        except KeyboardInterrupt:
            scanning.stop.set()
            note("interrupted; what was read is kept, and the next scan goes on behind it")
            raise
        if as_json:
            print_json(done)
        else:
            for each in done:
                _say(scanning, each)
    raise typer.Exit(int(any(each["status"] == "failed" for each in done)))


def _scan_one(scanning: Scanning, named: str) -> list[dict[str, Any]]:
    from api.clock import new_id, now
    from api.scanning.scans import get_scan, queue_scan
    from api.scanning.sources import SOURCES, find_source

    queued = queue_scan(scanning.store, find_source(scanning.store, named), SOURCES, new_id(), now(), by="request")
    if scanning.run_scan(queued.id) is None:
        note("another scanner is reading this source; waiting for it")
    while (found := get_scan(scanning.store, queued.id)) is not None and found["status"] in ("queued", "running"):
        if scanning.run_scan(queued.id) is None:
            time.sleep(0.5)
    return [] if found is None else [found]


def _scan_due(scanning: Scanning, once: bool, quiet: bool) -> list[dict[str, Any]]:
    """Scan until nothing is due or under way, here or elsewhere (`once`), or for good; the scans that this process has ended.
    What another scanner reads is waited for: if it was killed, its lease runs out and the work is ours."""
    from api.scanning.scans import count_open, get_scan
    from api.scanning.service import LOOK

    done: list[dict[str, Any]] = []
    while True:
        started = scanning.step() | scanning.look_back()
        for id in scanning.ended():
            if (found := get_scan(scanning.store, id)) is not None:
                if once or quiet:
                    done.append(found)
                else:
                    _say(scanning, found)
        idle = not started and not scanning.running and not scanning.has_ended
        if once and idle and not count_open(scanning.store) and not scanning.is_behind:
            return done
        if scanning.running:
            scanning.wait(0.2)
        elif not started and not scanning.has_ended:
            time.sleep(LOOK)


def _say(scanning: Scanning, scan: dict[str, Any]) -> None:
    """One line for a scan; what went wrong beside it."""
    from api.scanning.sources import SOURCES

    record = scanning.store.records.get(SOURCES, scan["source_id"])
    name = scan["source_id"] if record is None else record.doc["name"] or record.doc["url"]
    counts = ", ".join(f"{scan[each]:,} {each}" for each in ("seen", "new", "changed", "checked", "flagged"))
    typer.echo(printable(f"{name}: {counts}" + (" - failed" if scan["status"] == "failed" else "")))
    for error in scan["errors"][:SHOWN_ERRORS]:
        note(printable(f"  {error['url']}: {error['detail']}"))
    if (more := scan["error_count"] - SHOWN_ERRORS) > 0:
        note(f"  and {more:,} more errors; GET /v1/scans/{scan['id']} names them")


@contextmanager
def _progress() -> Iterator[Callable[[SourceScan], None]]:
    """A bar for each source with counts and time left, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda scan: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def step(scan: SourceScan) -> None:
            counts = f"{scan.tally.counts['checked']:,} checked, {scan.tally.counts['flagged']:,} flagged"
            if scan.scan.id not in tasks:
                name = printable(scan.source.doc["name"] or scan.source.doc["url"].partition("//")[2])
                tasks[scan.scan.id] = bar.add_task(name[:40], total=None, counts=counts)
            reader = scan.reader
            if reader is not None:
                bar.update(tasks[scan.scan.id], completed=reader.done, total=reader.total, counts=counts)

        yield step
