"""The evidence bundle: everything that a reader needs to check a finding without us, in one signed zip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detector.render import render_html, render_pdf
from detector.render.signed import EVIDENCE, HOW_TO_CHECK, Stamper, json_bytes, signed_zip

README = f"""\
This bundle holds one finding of a copy detection service. It can be checked without that service.

  report.json, report.*.html, report.*.pdf   the finding, for programs and for readers (id: Bahasa Indonesia, en: English)
  submission.txt                             the text that was checked, exactly; missing where it is kept no more: then
                                             submission.sha256 in report.json tells whether a text (in UTF-8) is the one
  articles/                                  the articles it was matched against: text and publication record, with a list of
                                             the article's versions
  capture.warc.gz                            the page as it was fetched, where one was kept (ISO 28500)
{HOW_TO_CHECK}"""


def bundle(
    report: Mapping[str, Any],
    articles: Sequence[Mapping[str, Any]],
    key: Ed25519PrivateKey,
    now: str,
    capture: bytes | None = None,
    stamp: Stamper | None = None,
) -> bytes:
    """A zip with report, texts and records, their SHA-256 sums and an Ed25519 signature.

    `articles`: one mapping a matched version, with at least `id, version, text`; what else it holds is its publication record.
    `now`: RFC 3339. `capture`: a WARC file, gzip-compressed. `stamp`: asks an authority for a time stamp of the manifest.
    """
    contents: dict[str, bytes] = {"README.txt": README.encode(), "report.json": json_bytes(report)}
    texts = {(article["id"], article["version"]): article["text"] for article in articles}
    for lang in ("id", "en"):
        contents[f"report.{lang}.html"] = render_html(report, lang, texts).encode()
        contents[f"report.{lang}.pdf"] = render_pdf(report, lang, texts)
    if report["submission"].get("text_kept", True):
        contents["submission.txt"] = report["submission"]["text"].encode()
    for number, article in enumerate(articles, start=1):
        record = {name: value for name, value in article.items() if name != "text"}
        contents[f"articles/{number:03}.json"] = json_bytes(record)
        contents[f"articles/{number:03}.txt"] = article["text"].encode()
    if capture is not None:
        contents["capture.warc.gz"] = capture
    head = {"format": EVIDENCE, "check_id": report["id"], "engine": report["engine"]}
    return signed_zip(contents, head, key, now, stamp)
