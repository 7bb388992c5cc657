"""A report for readers: HTML, PDF, and the evidence bundle.

All take the report as the JSON object of the contract (`Report.to_dict()`, or a kept check), so that a report kept
years ago renders as it was. Templates and typesetting load when first used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from detector.policy import Language

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.x509 import Certificate

    from detector.render.segments import Texts
    from detector.render.signed import Stamper, Verification


def render_html(report: Mapping[str, Any], lang: Language = "id", texts: Texts = MappingProxyType({})) -> str:
    """One HTML file that opens offline: styles inside, no scripts, nothing loaded from elsewhere. `texts`: of the articles, to
    stand beside the submission; without them the report shows what of them is in passages."""
    from detector.render.html import render

    return render(report, lang, texts)


def render_pdf(report: Mapping[str, Any], lang: Language = "id", texts: Texts = MappingProxyType({})) -> bytes:
    """The report as PDF/A-2b, `texts` as in `render_html`. The same report and texts give the same bytes."""
    from detector.render.pdf import render

    return render(report, lang, texts)


def evidence_zip(
    report: Mapping[str, Any],
    articles: Sequence[Mapping[str, Any]],
    key: Ed25519PrivateKey,
    now: str,
    capture: bytes | None = None,
    stamp: Stamper | None = None,
) -> bytes:
    """The evidence bundle: see `detector.render.evidence.bundle`."""
    from detector.render.evidence import bundle

    return bundle(report, articles, key, now, capture, stamp)


def verify_bundle(data: bytes, roots: Sequence[Certificate] = ()) -> Verification:
    """Check a bundle's sums, signature and time stamp, offline: see `detector.render.signed.verify`."""
    from detector.render.signed import verify

    return verify(data, roots)
