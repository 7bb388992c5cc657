"""Evidence bundles, dossiers and letters of kept checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.captures import capture_of
from api.checks import CHECKS, Report, report_of
from api.clock import now, parse_moment
from api.copies import Outdated
from api.settings import Settings
from api.signing import signing_key
from api.stamping import stamper
from detector import Policy
from detector.policy import Language
from detector.render import evidence_zip
from detector.render.dossier import Dossier, bundle
from detector.render.letters import Letter, LetterKind, write_letter
from detector.render.segments import SHOWN_ARTICLES, Texts, best_matches
from fingerprints.article import check_text
from fingerprints.dates import format_time
from fingerprints.errors import InputError
from fingerprints.stores.contract import Between, Scalar, Store, Stored

MOST_FINDINGS = 300
"""In one dossier: some 10 s of typesetting."""


def bundle_of(settings: Settings, store: Store, report: Report) -> bytes:
    """The signed zip of a kept check, with the article versions that still exist and the page as a scan fetched it. Raises
    `StampError`."""
    versions = [store.get(match["article"]["id"], match["article"]["version"]) for match in report["matches"]]
    articles = [
        {**article_record(stored), "versions": _versions(store, stored.article.id)} for stored in versions if stored is not None
    ]
    return evidence_zip(
        report, articles, signing_key(settings), format_time(now()), capture_of(store, report["id"]), stamper(settings)
    )


def texts_of(store: Store, report: Mapping[str, Any]) -> Texts:
    """The whole texts that a report shows beside the submission; those deleted since are missing."""
    found: dict[tuple[str, int], str] = {}
    for match in best_matches(report):
        of = match["article"]
        stored = store.get(of["id"], of["version"]) if len(found) < SHOWN_ARTICLES else None
        if stored is not None and stored.sha256 == of["sha256"]:
            found[of["id"], of["version"]] = stored.article.text
    return found


def dossier_of(store: Store, domain: str, since: str | None, until: str | None) -> Dossier:
    """All flagged checks of pages on `domain` (a host or registrable domain) made from `since` to before `until` (RFC 3339; a
    date is a day in Jakarta, included); of checks of the same text at the same address the newest. Raises `InputError`, also when
    there are more than a dossier can hold."""
    check_text("domain", domain, blank=False)
    where: dict[str, Scalar | Between] = {"domains": domain.lower().rstrip("."), "flagged": True}
    low = None if since is None else parse_moment(since, "since")
    high = None if until is None else parse_moment(until, "until", end=True)
    if low is not None or high is not None:
        where["at"] = Between(low, high)
    count = store.records.count(CHECKS, where)
    if count > MOST_FINDINGS:
        raise InputError("since", f"there are {count} findings in this period, and a dossier holds {MOST_FINDINGS}: shorten it")
    found = store.records.find(CHECKS, where, order="at", limit=MOST_FINDINGS)
    newest: dict[tuple[str, str], Report] = {}
    for report in map(report_of, found):
        same = (report["submission"]["url"], report["submission"]["sha256"])
        newest.pop(same, None)
        newest[same] = report
    return Dossier(domain.lower().rstrip("."), since, until, format_time(now()), list(newest.values()))


def dossier_zip(settings: Settings, store: Store, dossier: Dossier, lang: Language) -> bytes:
    """The signed zip of a dossier. Raises `StampError`."""
    return bundle(dossier, signing_key(settings), lang, stamper(settings), lambda report: texts_of(store, report))


def letter_of(store: Store, policy: Policy, report: Report, article_id: str, kind: LetterKind, lang: Language) -> Letter:
    """A letter about one match of a kept check. Raises `InputError`."""
    outdated = Outdated(store, article_id)
    dropped = outdated.carried(report["submission"]["text"]) if kind == "correction" else []
    return write_letter(
        kind,
        report,
        article_id,
        newsroom=policy.own_names[0] if policy.own_names else None,
        now=format_time(now()),
        superseded=dropped,
        withdrawn_at=outdated.withdrawn_at,
        lang=lang,
    )


def article_record(stored: Stored) -> dict[str, Any]:
    """An article version as JSON, with its text."""
    article = stored.article
    return {
        "id": article.id,
        "version": stored.version,
        "url": article.url,
        "title": article.title,
        "published_at": article.published_at,
        "author": article.author,
        "outlet": article.outlet,
        "rights": article.rights,
        "sha256": stored.sha256,
        "stored_at": stored.stored_at,
        "text": article.text,
    }


def _versions(store: Store, id: str) -> list[dict[str, Any]]:
    """The publication record: each version kept, oldest first."""
    return [{"version": v.version, "stored_at": v.stored_at, "sha256": v.sha256} for v in store.versions(id)]
