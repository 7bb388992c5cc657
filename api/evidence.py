"""Evidence bundles of kept checks, and the key that signs them."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.checks import Report
from api.clock import now
from detector.render import evidence_zip
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Kind, Store, Stored

SIGNING_KEYS = Kind("signing_key")
CURRENT = "current"


def signing_key(store: Store) -> Ed25519PrivateKey:
    """The store's signing key, made when first needed. It is in the store so that every process signs with the same one."""
    record = store.records.get(SIGNING_KEYS, CURRENT)
    if record is None:
        fresh = {"private": Ed25519PrivateKey.generate().private_bytes_raw().hex()}
        try:
            record = store.records.insert(SIGNING_KEYS, CURRENT, fresh)
        except RecordConflict:
            record = store.records.get(SIGNING_KEYS, CURRENT)
            assert record is not None
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(record.doc["private"]))


def bundle_of(store: Store, report: Report) -> bytes:
    """The signed zip of a kept check, with the article versions it speaks of that still exist."""
    versions = [store.get(match["article"]["id"], match["article"]["version"]) for match in report["matches"]]
    articles = [article_record(stored) for stored in versions if stored is not None]
    return evidence_zip(report, articles, signing_key(store), format_time(now()))


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
