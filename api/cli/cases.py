"""`sidik cases`: matches that people follow up."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.common import (
    JsonOption,
    StoreOption,
    load_settings,
    note,
    open_archive,
    print_json,
    printable,
    terminal_user,
    write_down,
)
from fingerprints.errors import InputError

cases = typer.Typer(no_args_is_help=True, help="Matches that people follow up.", rich_markup_mode=None)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `sidik cases list` shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(cases, name="cases")


@cases.command("open")
def open_(
    check_id: Annotated[str, typer.Argument(metavar="CHECK_ID", help="A kept check.")],
    article_id: Annotated[str, typer.Argument(metavar="ARTICLE_ID", help="The article of one of its matches.")],
    remark: Annotated[str | None, typer.Option("--note", help="What there is to say.")] = None,
    due_at: Annotated[str | None, typer.Option("--due-at", metavar="TIME", help="A deadline: date or RFC 3339.")] = None,
    store: StoreOption = None,
) -> None:
    """Follow a match up."""
    settings = load_settings(store=store)
    from api.cases import open_case

    with open_archive(settings) as archive:
        case = open_case(archive, check_id, article_id, terminal_user(), remark, due_at)
        write_down(archive, "case.opened", case["id"], check=check_id)
    typer.echo(case["id"])


@cases.command("list")
def list_(
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="found, reviewing, notified, resolved or dismissed.")
    ] = None,
    domain: Annotated[str | None, typer.Option(metavar="DOMAIN", help="Of the copy.")] = None,
    article: Annotated[str | None, typer.Option(metavar="ID", help="The article copied.")] = None,
    online: Annotated[str | None, typer.Option(metavar="STATE", help="online, changed, gone or unknown.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """List cases, the newest first."""
    settings = load_settings(store=store)
    from api.cases import list_cases

    given = {"status": status, "domains": domain and domain.lower(), "article_id": article}
    where = {name: value for name, value in given.items() if value is not None}
    with open_archive(settings) as archive:
        found = list_cases(archive, where, online=online, limit=limit).items
    if as_json:
        print_json(found)
        return
    for case in found:
        place = printable(f"{case['url'] or 'check ' + case['check_id']} {case['article_id']}")
        due = f"  due {case['due_at']}" if case["due_at"] else ""
        typer.echo(f"{case['id']}  {case['status']:<9}  {case['online']:<7}  {place}{due}")


@cases.command("show")
def show(id: IdArgument, as_json: JsonOption = False, store: StoreOption = None) -> None:
    """Show a case with its history."""
    settings = load_settings(store=store)
    from api.cases import get_case

    with open_archive(settings) as archive:
        case = get_case(archive, id)
    if case is None:
        raise _none(id)
    if as_json:
        print_json(case)
        return
    for head, line in _lines(case):
        typer.echo(f"{head:<11} {printable(line)}")


@cases.command("set")
def set_(
    id: IdArgument,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="found, reviewing, notified, resolved or dismissed.")
    ] = None,
    remark: Annotated[str | None, typer.Option("--note", help="What there is to say.")] = None,
    due_at: Annotated[
        str | None, typer.Option("--due-at", metavar="TIME", help="A deadline: date or RFC 3339; none takes it away.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Set the status of a case, add a note, set a deadline."""
    settings = load_settings(store=store)
    from typing import cast

    from api.cases import Change, change_case

    change = Change(cast(Any, status), remark, "" if due_at == "none" else due_at)
    with open_archive(settings) as archive:
        case = change_case(archive, id, terminal_user(), change)
        if case is None:
            raise _none(id)
        write_down(archive, "case.changed", id, status=case["status"])
    note(f"case {id} is {case['status']}")


def _lines(case: dict[str, Any]) -> list[tuple[str, str]]:
    article, related = case["article"], case["related"]
    lines = [
        ("case", f"{case['id']} {case['status']}, {case['online']}"),
        ("match", f"{case['verdict']}, score {case['score']:.2f}, attribution {case['attribution']}"),
        ("copy", f"{case['title'] or ''} {case['url'] or ''} (check {case['check_id']})"),
        ("article", f"{article['title'] or ''} {article['url'] or ''} ({case['article_id']})"),
        ("due", case["due_at"] or "-"),
        ("related", f"{len(related['cases'])} cases, {len(related['checks'])} flagged checks"),
    ]
    for entry in case["history"]:
        step = entry["to"] if entry["from"] in (None, entry["to"]) else f"{entry['from']} -> {entry['to']}"
        lines.append((entry["at"][:10], f"{entry['at'][11:19]} {entry['by']}: {step} {entry['note'] or ''}"))
    return lines


def _none(id: str) -> InputError:
    return InputError("ID", f"there is no case {id!r}")
