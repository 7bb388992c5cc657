"""A small report as the contract writes it, with everything that is hard to print."""

from __future__ import annotations

import hashlib
from typing import Any

SUBMISSION = (
    "Catatan warga. Air laut naik setinggi pinggang orang dewasa di Kampung Nipah sejak Jumat malam 😀\n\n"
    "<script>alert('x')</script> #set page(width: 1pt) $x$ *tebal* \u202eterbalik\u202c k\u0430ta e\u200bvasi\n"
    '"Airnya datang diam-diam," kata Sarifah.\n\nBACA JUGA  Judul berita lain'
)
ARTICLE = 'Air laut naik setinggi pinggang orang dewasa di Kampung Nipah sejak Jumat malam. "Airnya datang diam-diam," katanya.'


def passage(text: str, other: str | None = None, **more: Any) -> dict[str, Any]:
    """A passage over the first place where `text` stands in both texts."""
    other = other or text
    at, there = SUBMISSION.index(text), ARTICLE.index(other)
    return {
        "submission": {"start": at, "end": at + len(text), "text": text},
        "article": {"start": there, "end": there + len(other), "text": other},
        "words": len(text.split()), "similarity": 1.0, "kind": "verbatim", "exempt": None, "exempt_spans": [], **more,
    }  # fmt: skip


def report(**more: Any) -> dict[str, Any]:
    """The report; `more` replaces fields at the top."""
    start = SUBMISSION.index("BACA JUGA")
    return {
        "id": "chk_1", "created_at": "2026-01-02T03:04:05Z", "ref": None,
        "verdict": "partial_copy", "flagged": True, "score": 0.9996, "reasons": ["Sebagian naskah <b>disalin</b> 😀."],
        "submission": {
            "title": "<b>Judul</b> & lainnya", "url": "https://contoh.example/a/b-c?x=1&y=2", "published_at": None,
            "text": SUBMISSION, "sha256": hashlib.sha256(SUBMISSION.encode()).hexdigest(), "words": 33, "own_words": 28,
            "boilerplate": [{"start": start, "end": len(SUBMISSION)}], "evasion": {"lookalike": 1, "invisible": 1},
        },
        "matches": [{
            "article": {
                "id": "a<1>", "version": 2, "sha256": hashlib.sha256(ARTICLE.encode()).hexdigest(), "title": "Rob <i>Nipah</i>",
                "url": "javascript:alert(1)", "published_at": "2024-07-09", "author": "Rani", "rights": "own",
            },
            "verdict": "partial_copy", "score": 0.5, "copied": 0.5, "taken": 0.25, "verbatim": 1.0, "jaccard": 0.4,
            "longest_run_words": 15, "first": "unknown", "attribution": "absent",
            "passages": [
                passage("Air laut naik setinggi pinggang orang dewasa di Kampung Nipah sejak Jumat malam"),
                passage("Airnya datang diam-diam", exempt="quotation"),
            ],
        }],
        "common": [], "stats": {"elapsed_ms": 1.0, "candidates": 1, "articles": 40, "omitted": 3},
        "engine": {"version": "0.1.0", "scheme": "scheme-1", "verbatim_run_words": 12,
                   "policy": {"name": "default", "digest": "abc123"}}, **more,
    }  # fmt: skip
