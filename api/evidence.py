"""Evidence bundles of kept checks."""

from __future__ import annotations

from typing import Any

from api.checks import Report
from api.clock import now
from api.settings import Settings
from api.signing import signing_key
from detector.render import evidence_zip
from fingerprints.dates import format_time
from fingerprints.stores.contract import Store, Stored


def bundle_of(settings: Settings, store: Store, report: Report) -> bytes:
    """The signed zip of a kept check, with the article versions it speaks of that still exist."""
    versions = [store.get(match["article"]["id"], match["article"]["version"]) for match in report["matches"]]
    articles = [article_record(stored) for stored in versions if stored is not None]
    return evidence_zip(report, articles, signing_key(settings), format_time(now()))


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
