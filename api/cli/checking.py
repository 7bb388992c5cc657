"""`sidik check` and `sidik compare`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import (
    JsonOption,
    LangOption,
    StoreOption,
    is_url,
    load_settings,
    make_console,
    make_fetcher,
    open_detector,
    print_json,
    report_language,
    write_down,
)
from api.cli.submissions import Given, read_submission

if TYPE_CHECKING:
    from api.settings import Settings

WHAT = "A text or HTML file, a URL, or - for standard input."
FullOption = Annotated[bool, typer.Option("--full", help="Show passages whole, however long.")]


def register(app: typer.Typer) -> None:
    app.command("check")(check)
    app.command("compare")(compare)


def check(
    what: Annotated[str, typer.Argument(metavar="FILE|URL|-", help=WHAT)],
    as_json: JsonOption = False,
    store: StoreOption = None,
    title: Annotated[str | None, typer.Option(help="Headline of the submission.")] = None,
    url: Annotated[str | None, typer.Option(help="Where the submission was published.")] = None,
    published_at: Annotated[str | None, typer.Option("--published-at", metavar="TIME", help="When, as you know it.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="ID", help="An article to leave out; may be given again.")] = None,
    full: FullOption = False,
    lang: LangOption = None,
) -> None:
    """Check a text against the archive and keep the report.

    Exit status 0 when nothing is flagged, 1 when something is, 2 on an error.
    """
    settings = load_settings(store=store)
    language = report_language(settings, lang)
    given = _read(what, settings)
    from api.checks import save_check
    from detector import CheckRequest
    from detector.render.words import reasons

    request = CheckRequest(
        text=given.text,
        title=title if title is not None else given.title,
        url=url if url is not None else given.url,
        published_at=published_at,
        exclude_articles=exclude or (),
        links=given.links,
        page_published_at=given.published_at,
    )
    with open_detector(settings) as detector:
        report = detector.run(request).to_dict()
        save_check(detector.store, report, request=request)
        write_down(detector.store, "check.made", report["id"])
        if as_json:
            print_json({**report, "reasons": reasons(report, language)})
        else:
            from api.cli.report_text import article_texts, print_report

            print_report(make_console(), report, article_texts(detector.store, report), language, name=what, full=full)
    raise typer.Exit(int(report["flagged"]))


def compare(
    submission: Annotated[str, typer.Argument(metavar="A", help="The submission: " + WHAT)],
    article: Annotated[str, typer.Argument(metavar="B", help="The article: " + WHAT)],
    as_json: JsonOption = False,
    full: FullOption = False,
    lang: LangOption = None,
) -> None:
    """Compare two texts side by side, without an archive."""
    settings = load_settings()
    language = report_language(settings, lang)
    ours, theirs = _read(article, settings), _read(submission, settings)
    from detector import Policy
    from detector import compare as run

    match = run(theirs.text, ours.text, Policy.from_toml(settings.policy)).to_dict()
    if as_json:
        print_json(match)
        return
    from api.cli.report_text import print_match

    print_match(make_console(), match, theirs.text, ours.text, language, names=(submission, article), full=full)


def _read(what: str, settings: Settings) -> Given:
    with ExitStack() as stack:
        fetcher: Any = stack.enter_context(make_fetcher(settings)) if is_url(what) else None
        return read_submission(what, settings.max_text_bytes, fetcher)
