"""`sidik report`: files of a kept check, and whether an evidence bundle holds what it says."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import (
    JsonOption,
    LangOption,
    Language,
    StoreOption,
    load_settings,
    make_console,
    note,
    open_archive,
    print_json,
    report_language,
    write_down,
)
from fingerprints.errors import InputError

if TYPE_CHECKING:
    from api.settings import Settings
    from fingerprints.stores.contract import Store

FileOption = Path | None


def register(app: typer.Typer) -> None:
    app.command("report")(report)


def report(
    check_id: Annotated[str | None, typer.Argument(metavar="CHECK_ID", help="As `sidik check` names it.")] = None,
    pdf: Annotated[FileOption, typer.Option("--pdf", metavar="FILE", help="Write the report as PDF.")] = None,
    html: Annotated[FileOption, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file.")] = None,
    evidence: Annotated[FileOption, typer.Option("--evidence", metavar="FILE", help="Write the signed evidence bundle.")] = None,
    verify: Annotated[FileOption, typer.Option("--verify", metavar="FILE", help="Check an evidence bundle, offline.")] = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Write the files of a kept check, or print it again; or verify an evidence bundle (exit status 1 if it is not sound)."""
    if (check_id is None) == (verify is None):
        raise typer.BadParameter("give a CHECK_ID, or --verify FILE")
    if verify is not None:
        raise typer.Exit(_verify(verify, as_json))
    settings = load_settings(store=store)
    language = report_language(settings, lang)
    with open_archive(settings) as archive:
        from api.checks import get_check

        kept = get_check(archive, check_id or "")
        if kept is None:
            raise InputError("CHECK_ID", f"no check {check_id!r} is kept in {archive.url}")
        write_down(archive, "evidence.exported" if evidence else "report.read", check_id)
        written = _write(settings, archive, kept, language, pdf, html, evidence)
        if as_json:
            from detector.render.words import reasons

            print_json({**kept, "reasons": reasons(kept, language)})
        elif not written:
            from api.cli.report_text import article_texts, print_report

            print_report(make_console(), kept, article_texts(archive, kept), language)


def _write(
    settings: Settings,
    archive: Store,
    kept: dict[str, Any],
    lang: Language,
    pdf: FileOption,
    html: FileOption,
    evidence: FileOption,
) -> bool:
    from detector.render import render_html, render_pdf

    if html:
        _save(html, render_html(kept, lang).encode())
    if pdf:
        _save(pdf, render_pdf(kept, lang))
    if evidence:
        from api.evidence import bundle_of

        _save(evidence, bundle_of(settings, archive, kept))
    return bool(html or pdf or evidence)


def _save(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o666 & ~_umask())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    note(f"wrote {path} ({len(data):,} bytes)")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _verify(path: Path, as_json: bool) -> int:
    from detector.render import verify_bundle

    found = verify_bundle(path.read_bytes())
    if as_json:
        result = {"sound": found.sound, "check_id": found.check_id, "made_at": found.made_at, "key": found.key}
        print_json({**result, "files": list(found.files), "problems": list(found.problems)})
    elif found.sound:
        typer.echo(
            f"sound: check {found.check_id}, made {found.made_at}, {len(found.files)} files, all sums and the signature hold"
        )
        typer.echo(f"signed with the key {found.key}: compare it with the one the newsroom has published")
    else:
        typer.echo("NOT SOUND")
        for problem in found.problems:
            typer.echo(f"  {problem}")
    return 0 if found.sound else 1
