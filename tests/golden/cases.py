"""Golden reports: what the sample archive says of the sample submissions, word for word.

python -m tests.golden.cases        writes reports/*.json anew; read the difference before you commit it
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detector import Article, Detector, Licence, Policy

REPORTS = Path(__file__).with_name("reports")
DEMO = Path(__file__).parents[2] / "api" / "demo"

OWN = Policy(name="redaksi", own_names=("Kabar Teluk",), own_domains=("kabarteluk.example",))
PARTNER = Policy(name="mitra", language="en", licences=(Licence("mitra.example", 60, "linked"),))

CASES: dict[str, tuple[str, Policy, dict[str, Any]]] = {
    "copy": ("01-salinan-utuh", Policy(), {}),
    "copy-edited": ("02-disunting-ringan", Policy(), {"links": []}),
    "partial-copy": ("03-kutipan-sebagian", Policy(), {}),
    "rewrite": ("04-tulis-ulang", Policy(), {}),
    "quotation": ("05-kutipan-sah", OWN, {}),
    "shared-source": ("06-rilis-sama", Policy(), {}),
    "shared-source-and-ours": ("07-rilis-ditambah-tambahan-kami", Policy(), {}),
    "original": ("08-bersih", Policy(), {}),
    "original-same-event": ("09-peristiwa-sama-ditulis-sendiri", Policy(), {}),
    "copy-mosaic": ("10-mosaik", Policy(), {}),
    "copy-disguised": ("11-huruf-samaran", Policy(), {}),
    "copy-shuffled": ("12-diacak", Policy(), {}),
    "excused-older": ("01-salinan-utuh", Policy(), {"published_at": "2025-01-17T20:00:00Z"}),
    "claimed-older": ("01-salinan-utuh", Policy(), {"page_published_at": "2025-01-17T20:00:00Z", "links": []}),
    "excused-own-domain": ("01-salinan-utuh", OWN, {"url": "https://foto.kabarteluk.example/1"}),
    "excused-licensed": (
        "03-kutipan-sebagian",
        PARTNER,
        {"url": "https://mitra.example/1", "links": ["https://kabarteluk.example/", "https://lintaspesisir.example/"]},
    ),
    "licence-exceeded": ("01-salinan-utuh", PARTNER, {"url": "https://mitra.example/1", "links": []}),
}


def articles() -> list[Article]:
    """The sample archive."""
    return [Article(**json.loads(line)) for line in (DEMO / "articles.jsonl").read_text("utf-8").splitlines()]


def report(detector: Detector, case: str) -> dict[str, Any]:
    """The report of one case, by the policy of its detector; nothing in it depends on clock, version or thresholds as such."""
    name, _, known = CASES[case]
    text = (DEMO / "submissions" / f"{name}.txt").read_text("utf-8")
    made = detector.check(text, ref=case, **known).to_dict()
    made["stats"]["elapsed_ms"] = made["stats"]["candidates"] = 0
    made["engine"]["version"] = made["engine"]["scheme"] = made["engine"]["policy"]["digest"] = ""
    return made


def open_archive(policy: Policy) -> Detector:
    """The sample archive in memory, with a clock and ids that stand still."""
    detector = Detector.open("memory://", policy=policy, clock=lambda: datetime(2025, 6, 1, tzinfo=UTC), new_id=lambda: "golden")
    detector.add_many(articles())
    return detector


def main() -> None:
    """Write every golden report anew."""
    REPORTS.mkdir(exist_ok=True)
    for case, (_, policy, _) in CASES.items():
        with open_archive(policy) as detector:
            shown = json.dumps(report(detector, case), ensure_ascii=False, indent=1)
        (REPORTS / f"{case}.json").write_text(shown + "\n", "utf-8")


if __name__ == "__main__":
    main()
