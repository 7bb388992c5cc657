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
    verify: Annotated[FileOption, typer.Option("--verify", metavar="FILE", help="Check a bundle or dossier, offline.")] = None,
    root: Annotated[
        FileOption, typer.Option("--root", metavar="FILE", help="PEM of the time stamp authority's root, with --verify.")
    ] = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Write the files of a kept check, or print it again; or verify an evidence bundle (exit status 1 if it is not sound)."""
    if (check_id is None) == (verify is None):
        raise typer.BadParameter("give a CHECK_ID, or --verify FILE")
    if verify is not None:
        raise typer.Exit(_verify(verify, root, as_json))
    if root is not None:
        raise typer.BadParameter("--root goes with --verify")
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
    from api.evidence import texts_of
    from detector.render import render_html, render_pdf

    texts = texts_of(archive, kept) if html or pdf else {}
    if html:
        save(html, render_html(kept, lang, texts).encode())
    if pdf:
        save(pdf, render_pdf(kept, lang, texts))
    if evidence:
        from api.evidence import bundle_of

        save(evidence, bundle_of(settings, archive, kept))
    return bool(html or pdf or evidence)


def save(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all, and say so."""
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


def _verify(path: Path, root: FileOption, as_json: bool) -> int:
    from detector.render import verify_bundle
    from detector.render.signed import EVIDENCE
    from detector.render.stamps import read_roots

    found = verify_bundle(path.read_bytes(), read_roots(root.read_bytes()) if root else ())
    if as_json:
        stamp = None
        if found.stamp is not None:
            stamp = {"at": found.stamp.at, "authority": found.stamp.authority, "trusted": found.stamp.trusted}
        named = "check_id" if found.format == EVIDENCE else "domain"
        result = {"sound": found.sound, named: found.subject, "made_at": found.made_at, "key": found.key, "stamp": stamp}
        print_json({**result, "files": list(found.files), "problems": list(found.problems)})
    elif found.sound:
        named = "check" if found.format == EVIDENCE else "dossier on"
        typer.echo(
            f"sound: {named} {found.subject}, made {found.made_at}, {len(found.files)} files, all sums and the signature hold"
        )
        typer.echo(f"signed with the key {found.key}: compare it with the one the newsroom has published")
        if found.stamp is not None:
            trust = "whose root was given" if found.stamp.trusted else "not checked: give its root certificate with --root"
            typer.echo(f"stamped {found.stamp.at} by {found.stamp.authority or 'an unnamed authority'}, {trust}")
    else:
        typer.echo("NOT SOUND")
        for problem in found.problems:
            typer.echo(f"  {problem}")
    return 0 if found.sound else 1
