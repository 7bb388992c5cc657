"""`sidik audit`: the log of who did what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import JsonOption, StoreOption, load_settings, open_archive, print_json, printable, write_down
from fingerprints.errors import InputError

if TYPE_CHECKING:
    from api.audit import Head

audit = typer.Typer(
    no_args_is_help=True, help="The log of who checked, exported, changed or deleted what.", rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.add_typer(audit, name="audit")


@audit.command("list")
def list_(
    action: Annotated[str | None, typer.Option(metavar="ACTION", help="Only this, such as article.deleted.")] = None,
    who: Annotated[str | None, typer.Option(metavar="ID", help="Only of this key; or admin, link, cli.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="ID", help="Only what was done to this.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The last so many.")] = 50,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """List the last entries, the newest last."""
    settings = load_settings(store=store)
    from api.audit import list_audit

    where = {name: value for name, value in (("action", action), ("who", who), ("subject", subject)) if value is not None}
    with open_archive(settings) as archive:
        found = list_audit(archive, where, limit=limit).items[::-1]
    if as_json:
        print_json(found)
        return
    for entry in found:
        details = " ".join(f"{name}={value}" for name, value in entry["details"].items())
        by, what = f"{entry['who']['name']} ({entry['who']['id']})", f"{entry['action']} {entry['subject'] or ''} {details}"
        typer.echo(f"{entry['n']:>6}  {entry['at']}  {printable(by)}  {printable(what)}")


@audit.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="As `audit export` wrote it; else the store's.")] = None,
    noted: Annotated[
        str | None, typer.Option("--noted", metavar="N:SHA256", help="Number and hash of an entry, noted earlier elsewhere.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Check that no entry was changed or taken out; exit status 1 and the first that is not sound, otherwise."""
    head = _head(noted)
    from api.audit import read_audit
    from api.audit import verify as check

    if file is not None:
        from api.cli.archive import read_documents

        found = check(read_documents(file), head)
    else:
        with open_archive(load_settings(store=store)) as archive:
            found = check(read_audit(archive), head)
    if found.broken is None:
        typer.echo(f"the audit log is sound: {found.head[0]:,} entries; note its head elsewhere: {found.head[0]}:{found.head[1]}")
        return
    typer.echo(f"NOT SOUND from entry {found.broken} on: {found.reason}")
    raise typer.Exit(1)


@audit.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines; packed if .gz or .xz; - for standard output.")],
    store: StoreOption = None,
) -> None:
    """Write every entry to FILE, oldest first."""
    import orjson

    from api.audit import read_audit
    from api.cli.archive import open_writer

    with open_archive(load_settings(store=store)) as archive, open_writer(file) as out:
        write_down(archive, "audit.exported")
        for entry in read_audit(archive):
            out.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))


def _head(noted: str | None) -> Head | None:
    if noted is None:
        return None
    number, _, sha256 = noted.partition(":")
    if not (number.isdecimal() and number.isascii() and len(sha256) == 64):
        raise InputError("--noted", f"must be the number of an entry, a colon and its hash, not {noted[:100]!r}")
    return int(number), sha256.lower()
