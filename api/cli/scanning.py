"""`sidik scan` and `sidik sources`: reading other sites, and what is read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.cli.common import (
    JsonOption,
    StoreOption,
    load_settings,
    make_console,
    note,
    open_archive,
    open_detector,
    print_json,
    printable,
)

if TYPE_CHECKING:
    from api.scanning.scanner import SourceScan
    from api.scanning.service import Scanning

SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="Id, name or URL of a source.", show_default=False)]
KindOption = Annotated[
    str | None,
    typer.Option("--kind", metavar="auto|feed|sitemap|wordpress|page|list", help="What the URL is.", show_default=False),
]
RoleOption = Annotated[
    str | None,
    typer.Option("--role", metavar="watch|own", help="watch: pages are checked; own: they enter the index.", show_default=False),
]
EveryOption = Annotated[
    str | None,
    typer.Option("--every", metavar="MINUTES|auto", help="Minutes between two scans; auto: as often as it publishes."),
]
NameOption = Annotated[str | None, typer.Option("--name", help="A name of your own.")]
UrlsOption = Annotated[list[str] | None, typer.Option("--page", metavar="URL", help="A page of a list; again for more.")]
PatternOption = Annotated[
    str | None, typer.Option("--link-pattern", metavar="REGEX", help="Of a list page: which links are read.")
]
SHOWN_ERRORS = 10


def register(app: typer.Typer) -> None:
    app.command("scan")(scan)
    group = typer.Typer(help="What is read on a schedule.", no_args_is_help=True)
    for command in (add, show, edit, remove, discover):
        group.command(command.__name__)(command)
    group.command("list")(list_)
    app.add_typer(group, name="sources")


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


def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Feed, sitemap, WordPress site, list page; or a bare domain.")],
    name: NameOption = None,
    kind: KindOption = None,
    role: RoleOption = None,
    every: EveryOption = None,
    page: UrlsOption = None,
    link_pattern: PatternOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a source. It is due at once."""
    from api.clock import new_id, now
    from api.scanning.sources import create_source

    given = _given(url=url, name=name, kind=kind, role=role, every=every, urls=page, link_pattern=link_pattern)
    with open_archive(load_settings(store=store)) as archive:
        made = create_source(archive, new_id(), given, now())
    if as_json:
        print_json(made)
    else:
        typer.echo(f"added {made['id']}  {printable(made['url'])}; sidik scan reads it, or sidik serve by itself")


def list_(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List the sources: how they are read, when they are due, which are overdue or fail."""
    from api.clock import now
    from api.scanning.sources import list_sources

    found: list[dict[str, Any]] = []
    with open_archive(load_settings(store=store)) as archive:
        cursor = None
        while True:
            page = list_sources(archive, now(), limit=200, cursor=cursor)
            found += page.items
            if (cursor := page.next_cursor) is None:
                break
    if as_json:
        print_json(found)
        return
    if not found:
        note("no sources yet; sidik sources add URL adds one")
    for each in found:
        typer.echo(
            "\t".join(printable(str(cell)) for cell in (each["id"], each["name"] or each["url"], each["role"], *_state(each)))
        )


def show(source: SourceArgument, store: StoreOption = None) -> None:
    """Show a source, as JSON."""
    from api.clock import now
    from api.scanning.sources import find_source, shown

    with open_archive(load_settings(store=store)) as archive:
        print_json(shown(archive, find_source(archive, source), now()))


def edit(
    source: SourceArgument,
    url: Annotated[str | None, typer.Option("--url", help="Another address.")] = None,
    name: NameOption = None,
    kind: KindOption = None,
    role: RoleOption = None,
    every: EveryOption = None,
    page: UrlsOption = None,
    link_pattern: PatternOption = None,
    enabled: Annotated[
        Literal["yes", "no"] | None, typer.Option("--enabled", metavar="yes|no", help="Read it, or leave it alone.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Change what is given of a source."""
    from api.clock import now
    from api.scanning.sources import edit_source, find_source

    changes = _given(url=url, name=name, kind=kind, role=role, every=every, urls=page, link_pattern=link_pattern)
    if enabled is not None:
        changes["enabled"] = enabled == "yes"
    with open_archive(load_settings(store=store)) as archive:
        print_json(edit_source(archive, find_source(archive, source).id, changes, now()))


def remove(source: SourceArgument, store: StoreOption = None) -> None:
    """Remove a source. Its scans and checks stay."""
    from api.scanning.sources import delete_source, find_source

    with open_archive(load_settings(store=store)) as archive:
        record = find_source(archive, source)
        delete_source(archive, record.id)
    typer.echo(f"removed {record.id}  {printable(record.doc['url'])}")


def discover(
    url: Annotated[str, typer.Argument(metavar="URL", help="A domain, or anything that a source can be.")],
    kind: KindOption = None,
    role: RoleOption = None,
    page: UrlsOption = None,
    link_pattern: PatternOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """A dry run: how a site can be read, and which pages would be. No page is read, nothing is kept."""
    from api.scanning.preview import preview
    from api.scanning.service import Scanning

    settings = load_settings(store=store)
    given = _given(url=url, kind=kind, role=role, urls=page, link_pattern=link_pattern)
    with open_detector(settings) as detector, Scanning(detector, settings) as scanning:
        found = preview(scanning.tools, given)
    if as_json:
        print_json(found)
        return
    typer.echo(printable(f"{found['reads']['kind']}: {found['reads']['url']}"))
    for offer in found["offers"][1:]:
        typer.echo(printable(f"  or {offer['kind']}: {offer['url']}"))
    for each in found["pages"]:
        seen = " (read before)" if each["known"] else ""
        typer.echo(printable(f"  {each['published_at'] or '-'}  {each['url']}  {each['title'] or ''}{seen}"))
    for error in found["errors"]:
        note(printable(f"  {error['url']}: {error['detail']}"))
    if found["total"] is not None and found["total"] > len(found["pages"]):
        typer.echo(f"  of {found['total']:,} pages listed")


def _given(every: str | None = None, **given: Any) -> dict[str, Any]:
    """What was given, by the names of the API."""
    found = {name: value for name, value in given.items() if value is not None}
    if every is not None:
        if every != "auto" and not (every.isdecimal() and every.isascii()):
            raise typer.BadParameter("must be a number of minutes, or auto", param_hint="--every")
        found["interval_minutes"] = None if every == "auto" else int(every)
    return found


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
        if once and not started and not scanning.running and not scanning.has_ended and not count_open(scanning.store):
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


def _state(source: dict[str, Any]) -> tuple[str, str]:
    reads = (source["reads"] or {}).get("kind", source["kind"])
    if not source["enabled"]:
        return reads, "off"
    if source["failing"]:
        return reads, f"failing ({source['failing']}): {source['last_error']}"
    late = "overdue since" if source["overdue"] else "due"
    return reads, f"{late} {source['next_due_at']}, every {source['every_minutes']:g} min"


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
