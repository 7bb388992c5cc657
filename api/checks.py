"""Checks kept in the store: a report with what it can be found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.alerts import emit_flagged
from api.captures import erase_capture
from api.clock import microseconds
from api.events import finding_of
from api.keys import Caller
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from detector import CheckRequest
from fingerprints.domains import host, registrable_domain
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Kind, Record, Scalar, Store

CHECKS = Kind("check", ("at", "verdict", "flagged", "domains", "article_ids", "source_id", "scan_id", "by"))
"""`at`: microseconds since 1970. `domains`: the host of the submission and its registrable domain. `by`: id of the caller."""

Report = dict[str, Any]
"""The report of the contract, as `detector.report.Report.to_dict` gives it."""


def save_check(
    store: Store,
    report: Report,
    source_id: str | None = None,
    scan_id: str | None = None,
    *,
    by: Caller | None = None,
    request: CheckRequest | None = None,
) -> None:
    """Keep a report; it is durable when this returns. `by`: who asked. `request`: what was asked, so that the same can be
    asked again. Raises `RecordConflict` when its id exists already."""
    keep_docs(store, [(report["id"], doc_of(report, source_id, scan_id, by, request))])


def keep_docs(store: Store, docs: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Keep reports by (id, document of `doc_of`): all, or none. Whoever wants to know is told of those flagged."""
    for record in store.records.insert_many(CHECKS, docs):
        if record.doc["flagged"]:
            announce(store, record, report_of(record))


def doc_of(
    report: Report, source_id: str | None, scan_id: str | None, by: Caller | None, request: CheckRequest | None
) -> dict[str, Any]:
    """The document of `CHECKS` that keeps a report; see `save_check`."""
    origin = {"source_id": source_id, "scan_id": scan_id, "by": by and by.id, "by_name": by and by.name}
    return {**_doc(report), **origin, "asked": _asked(request)}


def announce(store: Store, record: Record, report: Report) -> None:
    """Tell whoever wants to know of a report that is kept, if it is flagged. What is to be told is durable when this returns."""
    if report["flagged"]:
        emit_flagged(store, _announced(record), finding_of(report))


def _announced(record: Record) -> dict[str, Any]:
    """What is told to others: who asked stays here."""
    return {name: value for name, value in short_form(record).items() if name != "by"}


def announce_again(store: Store, id: str) -> None:
    """Tell of a kept check what a crash may have left untold; what was told is not told twice."""
    record = store.records.get(CHECKS, id)
    if record is not None and record.doc["flagged"]:
        emit_flagged(store, _announced(record), finding_of(record.doc["report"]))


def _asked(request: CheckRequest | None) -> dict[str, Any] | None:
    """What a report does not say of its request. Of links only their hosts matter."""
    if request is None:
        return None
    hosts = None if request.links is None else sorted({f"https://{name}" for link in request.links if (name := host(link))})
    return {"links": hosts, "exclude_articles": list(request.exclude_articles)}


def _doc(report: Report) -> dict[str, Any]:
    url = report["submission"]["url"]
    domains = {registrable_domain(url), host(url)} - {None} if url else set()
    packed, texts = _pack(report)
    return {
        "at": microseconds(datetime.fromisoformat(report["created_at"])),
        "verdict": report["verdict"],
        "flagged": report["flagged"],
        "domains": sorted(domains, key=str),
        "article_ids": [match["article"]["id"] for match in report["matches"]],
        "report": packed,
        "texts": texts,
    }


def get_check(store: Store, id: str) -> Report | None:
    """The whole report as it was saved; without its text where that is kept no more (`has_text`)."""
    record = store.records.get(CHECKS, id)
    return None if record is None else report_of(record)


def report_of(record: Record) -> Report:
    """The whole report that a record of `CHECKS` keeps."""
    return _unpack(record.doc)


def request_again(store: Store, id: str) -> CheckRequest | None:
    """The request that a kept check answered; None when there is no such check, or its text is kept no more."""
    record = store.records.get(CHECKS, id)
    if record is None or not has_text(record.doc["report"]):
        return None
    report, asked = record.doc["report"], record.doc.get("asked") or {}
    submission = report["submission"]
    claimed = submission.get("published_at_claimed", False)
    return CheckRequest(
        text=submission["text"],
        title=submission["title"],
        url=submission["url"],
        published_at=None if claimed else submission["published_at"],
        page_published_at=submission["published_at"] if claimed else None,
        ref=report["ref"],
        links=asked.get("links"),
        exclude_articles=asked.get("exclude_articles", ()),
    )


def has_text(report: Report) -> bool:
    """Whether the text of a report's submission is kept. Without it `submission.text` and the passages' texts of the submission
    are empty, and `submission.text_kept` is False; SHA-256, spans and figures are what they were."""
    kept: bool = report["submission"].get("text_kept", True)
    return kept


def forget_text(store: Store, id: str) -> bool:
    """Take the submission's text out of a kept check, and its capture away, without a trace; the rest stays. False when there is
    no such check or text."""
    while (record := store.records.get(CHECKS, id)) is not None and has_text(record.doc["report"]):
        erase_capture(store, id)
        report = record.doc["report"]
        reduced = {**report, "submission": {**report["submission"], "text": "", "text_kept": False}}
        try:
            store.records.replace(CHECKS, id, {**record.doc, "report": reduced}, record.rev, erase=True)
        except RecordConflict:
            continue
        return True
    return False


def delete_check(store: Store, id: str) -> bool:
    """Delete a kept check and its capture; True when there was one."""
    erase_capture(store, id)
    return store.records.delete(CHECKS, id)


def list_checks(
    store: Store, where: Mapping[str, Scalar | Between] | None = None, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> PageOf:
    """Short forms of the checks that meet `where` (fields of `CHECKS`), newest first. Raises `InputError` for a bad cursor."""
    found, following = find_checks(store, where, limit=limit, cursor=cursor)
    return PageOf([short_form(record) for record in found], following)


def find_checks(
    store: Store, where: Mapping[str, Scalar | Between] | None, *, limit: int, cursor: str | None
) -> tuple[list[Record], str | None]:
    """Records of one page of checks, newest first, and the cursor of the next page."""
    found = store.records.find(CHECKS, where, order="at", descending=True, limit=limit + 1, after=decode_cursor(cursor, int))
    items, more = cut(found, limit)
    return list(items), encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None


def short_form(record: Record) -> dict[str, Any]:
    """What a list shows of a check: no text, and of the matches only the best and how many there are."""
    doc, report = record.doc, record.doc["report"]
    matches, submission = report["matches"], report["submission"]
    return {
        **{name: report[name] for name in ("id", "created_at", "ref", "verdict", "flagged", "score", "reasons")},
        "submission": {name: submission[name] for name in ("title", "url", "published_at", "sha256", "words", "own_words")},
        "domain": registrable_domain(submission["url"]) if submission["url"] else None,
        "match_count": len(matches) + report["stats"]["omitted"],
        "best_match": {name: value for name, value in matches[0].items() if name != "passages"} if matches else None,
        "source_id": doc["source_id"],
        "scan_id": doc["scan_id"],
        "by": {"id": doc["by"], "name": doc["by_name"]} if doc.get("by") else None,
    }


def matches_of(record: Record, article_id: str) -> list[dict[str, Any]]:
    """The matches of a stored check against one article, whole."""
    return [match for match in _unpack(record.doc)["matches"] if match["article"]["id"] == article_id]


def _pack(report: Report) -> tuple[Report, list[str]]:
    """`report` without what can be put back: the passages' texts of the submission are slices of its text, and the same
    article text, which stands in many matches when an archive holds copies, is kept once."""
    texts: dict[str, int] = {}
    matches = []
    for match in report["matches"]:
        passages = []
        for passage in match["passages"]:
            ours, theirs = passage["article"], passage["submission"]
            passages.append(
                {
                    **passage,
                    "submission": {"start": theirs["start"], "end": theirs["end"]},
                    "article": {**ours, "text": texts.setdefault(ours["text"], len(texts))},
                }
            )
        matches.append({**match, "passages": passages})
    return {**report, "matches": matches}, list(texts)


def _unpack(doc: dict[str, Any]) -> Report:
    text, texts = doc["report"]["submission"]["text"], doc["texts"]
    matches = []
    for match in doc["report"]["matches"]:
        passages = []
        for passage in match["passages"]:
            ours, theirs = passage["article"], passage["submission"]
            passages.append(
                {
                    **passage,
                    "submission": {**theirs, "text": text[theirs["start"] : theirs["end"]]},
                    "article": {**ours, "text": texts[ours["text"]]},
                }
            )
        matches.append({**match, "passages": passages})
    return {**doc["report"], "matches": matches}
