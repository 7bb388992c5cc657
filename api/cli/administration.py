"""`sidik keys`, `sidik link` and `sidik index`."""

from __future__ import annotations

from typing import Annotated, Any

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
    write_down,
)
from fingerprints.errors import InputError

keys = typer.Typer(no_args_is_help=True, help="Keys of the HTTP API.", rich_markup_mode=None)
index = typer.Typer(no_args_is_help=True, help="The fingerprint index, a cache of the store.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")
    app.add_typer(index, name="index")
    app.command("link")(link)


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what it is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE", help="articles, checks, scans, cases, admin; with :read for reading alone; again for more."
        ),
    ] = None,
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="The scopes of editor, legal or admin.")] = None,
    expires_at: Annotated[str | None, typer.Option("--expires-at", metavar="TIME", help="RFC 3339.")] = None,
    rate: Annotated[int | None, typer.Option("--rate", metavar="N", help="Requests a minute, at most.")] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Make a key. It is printed once, on standard output, and kept only as a hash."""
    settings = load_settings(store=store)
    from api.keys import create_key

    scopes = [part.strip() for given in scope or () for part in given.split(",")]
    if role is not None:
        scopes += _scopes_of(role)
    with open_archive(settings) as archive:
        made = create_key(archive, name, scopes, expires_at, rate)
        write_down(archive, "key.made", made["id"], name=made["name"], scopes=made["scopes"])
    if as_json:
        print_json(made)
    else:
        note(f"key {made['id']} for {printable(name)} ({', '.join(made['scopes'])}); it is not shown again:")
        typer.echo(made["key"])


def _scopes_of(role: str) -> tuple[str, ...]:
    from api.roles import find_role

    return find_role(role)[1]


def link(
    role: Annotated[str, typer.Option(metavar="ROLE", help="What it opens: editor, legal or admin.")] = "admin",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose link it is; their checks are found under it [default: nobody's].")
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the server is reached; else as set, else host and port as set.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Print a link that signs a person in to the pages. It works once, within 30 minutes."""
    settings = load_settings(store=store)
    from api.roles import find_role
    from api.sessions import create_sign_in, sign_in_address

    if settings.store.startswith("memory:"):
        raise InputError("--store", "a store in memory belongs to the server alone; its link is printed when it starts")
    with open_archive(settings) as archive:
        token = create_sign_in(archive, find_role(role)[0], name)
        write_down(archive, "link.made", None, role=role, name=name)
    typer.echo(sign_in_address(address or settings.public_url or f"http://{settings.host}:{settings.port}", token))


@keys.command("list")
def list_(as_json: JsonOption = False, store: StoreOption = None) -> None:
    """List keys, without their secrets."""
    settings = load_settings(store=store)
    from api.keys import list_keys

    found: list[dict[str, Any]] = []
    with open_archive(settings) as archive:
        page = list_keys(archive)
        found += page.items
        while page.next_cursor is not None:
            page = list_keys(archive, cursor=page.next_cursor)
            found += page.items
    if as_json:
        print_json(found)
        return
    for key in found:
        ends = f"expires {key['expires_at']}" if key["expires_at"] else "does not expire"
        rate = f", {key['rate_per_minute']:,} a minute" if key["rate_per_minute"] else ""
        typer.echo(f"{key['id']}  {printable(key['name'])}  {','.join(key['scopes'])}  made {key['created_at']}, {ends}{rate}")


@keys.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `sidik keys list` shows it.")], store: StoreOption = None
) -> None:
    """Make a key useless, for good."""
    settings = load_settings(store=store)
    from api.keys import revoke_key

    with open_archive(settings) as archive:
        if not revoke_key(archive, id):
            raise InputError("ID", f"there is no key {id!r}")
        write_down(archive, "key.revoked", id)
    note(f"key {id} is revoked")


@index.command("stats")
def stats(as_json: JsonOption = False, store: StoreOption = None) -> None:
    """Sizes of archive and index."""
    with open_detector(load_settings(store=store)) as detector:
        found = detector.stats()
    if as_json:
        print_json(found)
    else:
        for name, value in _flattened(found):
            typer.echo(
                f"{name:<24} {value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{name:<24} {value}"
            )


@index.command("verify")
def verify(store: StoreOption = None) -> None:
    """Check every file of the index against its sums and the store, and the store itself; exit status 1 if something is wrong."""
    with open_detector(load_settings(store=store)) as detector:
        wrong = [*detector.notices, *detector.verify_index(), *(f"the store: {fault}" for fault in detector.store.verify())]
        articles = len(detector.index)
    for problem in wrong:
        typer.echo(problem)
    if not wrong:
        typer.echo(f"the index is sound, and so is the store: {articles:,} articles")
    raise typer.Exit(1 if wrong else 0)


@index.command("rebuild")
def rebuild(store: StoreOption = None) -> None:
    """Make the index anew from the store."""
    from api.cli.progress import bar

    with open_detector(load_settings(store=store)) as detector, bar("rebuilding", detector.store.last_seq()) as step:
        changes = detector.rebuild_index(step)
        articles = len(detector.index)
    typer.echo(f"rebuilt: {articles:,} articles from {changes:,} changes")


def _flattened(found: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for name, value in found.items():
        pairs += _flattened(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return pairs
