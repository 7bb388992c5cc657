"""`sidik sources`: what is read on a schedule."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Literal

import typer

from api.cli.common import (
    JsonOption,
    StoreOption,
    load_settings,
    note,
    open_archive,
    open_detector,
    print_json,
    printable,
)

SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="Id, name or URL of a source.", show_default=False)]
Given = dict[str, Any]
"""What was given of a source, by the names of the API."""
OPTIONS: dict[str, Any] = {
    "kind": Annotated[
        str | None,
        typer.Option("--kind", metavar="auto|feed|sitemap|wordpress|page|list", help="What the URL is.", show_default=False),
    ],
    "role": Annotated[
        str | None,
        typer.Option(
            "--role", metavar="watch|own", help="watch: pages are checked; own: they enter the index.", show_default=False
        ),
    ],
    "every": Annotated[
        str | None,
        typer.Option("--every", metavar="MINUTES|auto", help="Minutes between two scans; auto: as often as it publishes."),
    ],
    "name": Annotated[str | None, typer.Option("--name", help="A name of your own.")],
    "page": Annotated[list[str] | None, typer.Option("--page", metavar="URL", help="A page of a list; again for more.")],
    "link_pattern": Annotated[
        str | None, typer.Option("--link-pattern", metavar="REGEX", help="Of a list page: which links are read.")
    ],
}


def describes_source(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these `OPTIONS`; it gets what was given of them as `given`."""

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        def run(**options: Any) -> None:
            chosen = {name: options.pop(name) for name in names}
            command(**options, given=_given(**chosen))

        of_source = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=OPTIONS[name]) for name in names]
        own = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in signature(command, eval_str=True).parameters.values()]
        at = [p.name for p in own].index("given")
        taken = [*own[:at], *of_source, *own[at + 1 :]]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {p.name: p.annotation for p in taken}
        run.__signature__ = Signature(taken)  # type: ignore[attr-defined]  # what typer looks at
        return run

    return wrap


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="What is read on a schedule.", no_args_is_help=True)
    for command in (add, show, edit, remove, discover):
        group.command(command.__name__)(command)
    group.command("list")(list_)
    app.add_typer(group, name="sources")


@describes_source("name", "kind", "role", "every", "page", "link_pattern")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Feed, sitemap, WordPress site, list page; or a bare domain.")],
    *,
    given: Given,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a source. It is due at once."""
    from api.clock import new_id, now
    from api.scanning.sources import create_source

    with open_archive(load_settings(store=store)) as archive:
        made = create_source(archive, new_id(), {"url": url, **given}, now())
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


@describes_source("name", "kind", "role", "every", "page", "link_pattern")
def edit(
    source: SourceArgument,
    url: Annotated[str | None, typer.Option("--url", help="Another address.")] = None,
    *,
    given: Given,
    enabled: Annotated[
        Literal["yes", "no"] | None, typer.Option("--enabled", metavar="yes|no", help="Read it, or leave it alone.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Change what is given of a source."""
    from api.clock import now
    from api.scanning.sources import edit_source, find_source

    changes = given if url is None else {"url": url, **given}
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


@describes_source("kind", "role", "page", "link_pattern")
def discover(
    url: Annotated[str, typer.Argument(metavar="URL", help="A domain, or anything that a source can be.")],
    *,
    given: Given,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """A dry run: how a site can be read, and which pages would be. No page is read, nothing is kept."""
    from api.scanning.preview import preview
    from api.scanning.service import Scanning

    settings = load_settings(store=store)
    with open_detector(settings) as detector, Scanning(detector, settings) as scanning:
        found = preview(scanning.tools, {"url": url, **given})
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


def _given(**options: Any) -> Given:
    """What was given, by the names of the API."""
    found = {"urls" if name == "page" else name: value for name, value in options.items() if value is not None}
    if (every := found.pop("every", None)) is not None:
        if every != "auto" and not (every.isdecimal() and every.isascii()):
            raise typer.BadParameter("must be a number of minutes, or auto", param_hint="--every")
        found["interval_minutes"] = None if every == "auto" else int(every)
    return found


def _state(source: dict[str, Any]) -> tuple[str, str]:
    reads = (source["reads"] or {}).get("kind", source["kind"])
    if not source["enabled"]:
        return reads, "off"
    if source["failing"]:
        return reads, f"failing ({source['failing']}): {source['last_error']}"
    late = "overdue since" if source["overdue"] else "due"
    return reads, f"{late} {source['next_due_at']}, every {source['every_minutes']:g} min"
