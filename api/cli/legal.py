"""`sidik dossier` and `sidik letter`: files about findings, for the legal team."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.common import LangOption, StoreOption, load_settings, open_archive, report_language, write_down
from api.cli.reports import save

FileOption = Path | None
Kind = Literal["notice", "press_council", "removal", "correction"]


def register(app: typer.Typer) -> None:
    app.command("dossier")(dossier)
    app.command("letter")(letter)


def dossier(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Host or registrable domain of the pages checked.")],
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="RFC 3339 or a day; this moment or later.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before this moment; a day is included.")] = None,
    pdf: Annotated[FileOption, typer.Option("--pdf", metavar="FILE", help="Write it as PDF.")] = None,
    html: Annotated[FileOption, typer.Option("--html", metavar="FILE", help="Write it as one HTML file.")] = None,
    bundle: Annotated[FileOption, typer.Option("--zip", metavar="FILE", help="Write it with every report, signed.")] = None,
    lang: LangOption = None,
    store: StoreOption = None,
) -> None:
    """All flagged findings about one domain in a period, counted and listed; without a file, the counts (JSON)."""
    from api.cli.common import print_json
    from api.evidence import dossier_of, dossier_zip
    from detector.render.dossier import render_html, render_pdf, summary

    settings = load_settings(store=store)
    language = report_language(settings, lang)
    with open_archive(settings) as archive:
        found = dossier_of(archive, domain, since, until)
        write_down(archive, "dossier.exported", found.domain, since=since, until=until, findings=len(found.reports))
        if bundle:
            save(bundle, dossier_zip(settings, archive, found, language))
    if html:
        save(html, render_html(found, language).encode())
    if pdf:
        save(pdf, render_pdf(found, language))
    if not (html or pdf or bundle):
        print_json(summary(found))


def letter(
    check_id: Annotated[str, typer.Argument(metavar="CHECK_ID", help="As `sidik check` names it.")],
    article_id: Annotated[str, typer.Argument(metavar="ARTICLE_ID", help="The article of the match.")],
    kind: Annotated[
        Kind, typer.Option("--kind", help="To the outlet, Dewan Pers or a platform; or about a correction.")
    ] = "notice",
    docx: Annotated[FileOption, typer.Option("--docx", metavar="FILE", help="Write it as a document to edit.")] = None,
    lang: LangOption = None,
    store: StoreOption = None,
) -> None:
    """A draft of a letter about one match, for a lawyer to confirm; as text unless a file is named."""
    from api.checks import get_check
    from api.clock import now
    from api.evidence import letter_of
    from api.policies import in_force
    from detector.render.letters import letter_docx
    from fingerprints.dates import format_time
    from fingerprints.errors import InputError

    settings = load_settings(store=store)
    with open_archive(settings) as archive:
        report = get_check(archive, check_id)
        if report is None:
            raise InputError("CHECK_ID", f"no check {check_id!r} is kept in {archive.url}")
        made = letter_of(archive, in_force(settings, archive).policy, report, article_id, kind, report_language(settings, lang))
        write_down(archive, "letter.exported", check_id, article=article_id, kind=kind)
    if docx:
        save(docx, letter_docx(made, format_time(now())))
    else:
        typer.echo(made.text, nl=False)
