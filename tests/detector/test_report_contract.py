"""Each sentence about a report that callers rely on, told from the JSON alone: a reader with both texts finds the same numbers.

The sentence stands above its test. Words are counted by a plain oracle (`\\w+`), which agrees with the folding on these texts.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import pytest

from detector import Article, Detector, Policy

SYLLABLES = ("ba", "ce", "do", "gi", "ku", "la", "me", "no", "pi", "ru", "sa", "te", "wu", "ya")
KEPT = "original", "copy", "partial_copy", "rewrite", "quotation", "shared_source"
REASONS = "quotation", "boilerplate", "shared_source", "common"
PHRASE = "lumebatu kasorendo pigatelu warumesa dokubela nosapite gilaruwu batemeno yarupido celanoku sawutegi mebarulo dopiyasa"


def sentence(seed: object, words: int) -> str:
    rng = random.Random(f"kalimat {seed}")
    return " ".join("".join(rng.choices(SYLLABLES, k=4)) for _ in range(words)).capitalize() + "."


def story(seed: object, sentences: int = 14) -> str:
    return "\n".join(sentence(f"{seed} {k}", 10 + k % 5) for k in range(sentences))


def words(text: str) -> list[tuple[int, int, str]]:
    return [(m.start(), m.end(), m.group().lower()) for m in re.finditer(r"\w+", text)]


def inside(text: str, spans: list[dict[str, Any]]) -> set[int]:
    """Positions of the words that lie in spans."""
    return {k for k, (start, end, _) in enumerate(words(text)) if any(s["start"] <= start and end <= s["end"] for s in spans)}


def longest_common_run(x: list[str], y: list[str]) -> int:
    best, row = 0, [0] * (len(y) + 1)
    for word in x:
        row = [0, *(row[j] + 1 if word == y[j] else 0 for j in range(len(y)))]
        best = max(best, *row)
    return best


def counting(report: dict[str, Any], matches: list[dict[str, Any]]) -> tuple[set[int], set[int]]:
    """Own words of the submission that count in any of `matches`; and those in verbatim or edited passages."""
    text = report["submission"]["text"]
    furniture = inside(text, report["submission"]["boilerplate"])
    counted: set[int] = set()
    close: set[int] = set()
    for match in matches:
        for passage in match["passages"]:
            if passage["exempt"] is None:
                found = inside(text, [passage["submission"]]) - inside(text, passage["exempt_spans"]) - furniture
                counted |= found
                close |= found if passage["kind"] != "reworded" else set()
    return counted, close


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


HOST, SPEECH = story("tuan rumah", 12), sentence("ucapan", 26).rstrip(".")
OWN = {f"a{k}": story(f"a{k}") for k in range(4)}
RELEASE = story("rilis", 12)
QUOTED = f'{story("berita kutipan", 6)}\n"{SPEECH}," kata Lurah Sunyoto.\n{story("lanjutan kutipan", 6)}'
LISTED = {
    **OWN,
    "rilis": RELEASE,
    "dari-rilis": RELEASE + "\n" + story("tambahan", 5),
    "kutipan": QUOTED,
    "pendek": story("pendek", 5),
    **{f"sering{k:03}": f"{story(('sering', k), 3)}\n{PHRASE.capitalize()}.\n{story(('lagi', k), 3)}" for k in range(104)},
}
FURNISHED = f"BACA JUGA {sentence('tautan', 6)}\n{OWN['a2']}\nTinggalkan Balasan\nAlamat email Anda tidak akan dipublikasikan."


def replaced(text: str, every: int) -> str:
    """`text` with each `every`-th word replaced."""
    at = iter(range(1, 10**6))
    return re.sub(r"\w+", lambda m: m.group() if next(at) % every else sentence(m.group(), 1).rstrip(".").lower(), text)


SUBMISSIONS = {
    "whole": OWN["a0"],
    "furnished": FURNISHED,
    "excerpt": HOST + "\n" + "\n".join(OWN["a1"].split("\n")[3:6]) + "\n" + story("ekor", 8),
    "small": HOST + "\n" + OWN["a1"].split("\n")[4] + "\n" + story("ekor", 8),
    "mosaic": "\n".join([*OWN["a0"].split("\n")[:5], *OWN["a1"].split("\n")[:5], *OWN["a2"].split("\n")[6:], story("x", 3)]),
    "edited": replaced(OWN["a3"], 6),
    "reworded": replaced(OWN["a3"], 2),
    "hardly-edited": replaced(OWN["a3"], 3),
    "mostly-reworded": replaced(OWN["a3"], 2) + "\n" + "\n".join(OWN["a1"].split("\n")[:3]),
    "two-wholes": story("pendek", 5) + "\n" + OWN["a0"],
    "quotation": f'{HOST}\n"{SPEECH}," kata Lurah Sunyoto.\n{story("ekor", 8)}',
    "lifted": QUOTED + "\n" + HOST,
    "release": RELEASE,
    "beyond-release": LISTED["dari-rilis"],
    "common": f"{HOST}\n{PHRASE.capitalize()}.\n{story('ekor', 8)}",
    "nothing": story("asing"),
}


@pytest.fixture(scope="module")
def detector() -> Iterator[Detector]:
    with Detector.open("memory://", policy=Policy(own_domains=("warta.example",))) as opened:
        for id, text in LISTED.items():
            outlet = f"{id}.example" if id.startswith("sering") else "warta.example"
            rights: Literal["own", "shared"] = "shared" if id == "rilis" else "own"
            url = f"https://{outlet}/{id}"
            opened.add(Article(id=id, text=text, title=id, url=url, published_at="2025-03-04T02:00:00Z", rights=rights))
        yield opened


@pytest.fixture(scope="module")
def reports(detector: Detector) -> dict[str, dict[str, Any]]:
    return {name: detector.check(text).to_dict() for name, text in SUBMISSIONS.items()}


@pytest.fixture(params=SUBMISSIONS)
def report(request: pytest.FixtureRequest, reports: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return reports[request.param]


# All offsets are `[start, end)` in Unicode code points of the text exactly as it was given. A text is never altered.
def test_offsets_are_code_points_of_the_text_as_given(detector: Detector, report: dict[str, Any]) -> None:
    submission = report["submission"]
    assert submission["text"] in SUBMISSIONS.values()
    assert submission["sha256"] == hashlib.sha256(submission["text"].encode()).hexdigest()
    for match in report["matches"]:
        article = LISTED[match["article"]["id"]]
        assert match["article"]["sha256"] == hashlib.sha256(article.encode()).hexdigest()
        for passage in match["passages"]:
            for side, text in (("submission", submission["text"]), ("article", article)):
                span = passage[side]
                assert text[span["start"] : span["end"]] == span["text"] != ""
    beyond = detector.check("🙂🙂 𝔸\u0301 " + OWN["a0"]).to_dict()
    (passage,) = beyond["matches"][0]["passages"]
    assert beyond["submission"]["text"].startswith("🙂🙂 𝔸\u0301 ")
    assert beyond["submission"]["text"][passage["submission"]["start"] :].startswith(OWN["a0"][:20])


# **word**: a maximal run of letters, marks and digits after folding. **own words**: the words of a text outside its boilerplate.
def test_words_and_own_words(report: dict[str, Any]) -> None:
    text = report["submission"]["text"]
    assert report["submission"]["words"] == len(words(text))
    furniture = inside(text, report["submission"]["boilerplate"])
    assert report["submission"]["own_words"] == len(words(text)) - len(furniture)
    assert bool(furniture) == (text == FURNISHED)
    for match in report["matches"]:
        assert all(passage["words"] == len(words(passage["submission"]["text"])) for passage in match["passages"])


# All shares are numbers from 0 to 1 (0 where the denominator is 0). `match.score` = the larger of `copied` and `taken`. `score` =
# the larger of the submission's copied share over all matches together and the largest `taken`.
def test_scores(report: dict[str, Any]) -> None:
    own = report["submission"]["own_words"]
    together, _ = counting(report, report["matches"])
    assert report["counting_words"] == len(together)
    assert report["copied"] == pytest.approx(share(len(together), own), abs=1e-4)
    assert report["score"] == max([report["copied"], *(match["taken"] for match in report["matches"])])
    for match in report["matches"]:
        assert match["score"] == max(match["copied"], match["taken"])
        assert all(0 <= match[name] <= 1 for name in ("score", "copied", "taken", "verbatim", "jaccard"))


# `copied`: own words of the submission inside passages and not exempt, over its own words; no word counts twice.
def test_copied(report: dict[str, Any]) -> None:
    for match in report["matches"]:
        counted, _ = counting(report, [match])
        assert match["counting_words"] == len(counted)
        assert match["copied"] == pytest.approx(share(len(counted), report["submission"]["own_words"]), abs=1e-4)
        spans = [passage["submission"] for passage in match["passages"]]
        assert all(one["end"] <= then["start"] for one, then in pairwise(spans))


# `taken`: own words of the article inside passages and not exempt, over the article's own words; each word is paired at most
# once.
def test_taken(detector: Detector, reports: dict[str, dict[str, Any]]) -> None:
    for name in ("whole", "excerpt", "small", "mosaic", "edited", "furnished", "lifted"):
        for match in reports[name]["matches"]:
            article = LISTED[match["article"]["id"]]
            taken = inside(article, [passage["article"] for passage in match["passages"]])
            assert match["taken"] == pytest.approx(len(taken) / len(words(article)), abs=1e-4)
    twice = detector.check("\n".join([OWN["a0"], HOST, OWN["a0"]])).to_dict()["matches"][0]
    assert (twice["taken"], len(twice["passages"])) == (1.0, 2)
    exempt = [match for match in reports["release"]["matches"] if match["article"]["id"] == "dari-rilis"]
    assert [match["taken"] for match in exempt] == [0.0]


# `verbatim`: of the words in counting passages, the share that stands in equal runs of 3 or more.
@pytest.mark.parametrize(("every", "expected"), [(6, 5 / 6), (4, 3 / 4), (3, 0.0)])
def test_verbatim(detector: Detector, every: int, expected: float) -> None:
    (match,) = detector.check(replaced(OWN["a3"], every)).to_dict()["matches"]
    assert match["verbatim"] == pytest.approx(expected, abs=0.02)
    assert detector.check(OWN["a3"]).to_dict()["matches"][0]["verbatim"] == 1.0


# `similarity`: 2 x aligned equal words / words of both sides.
@pytest.mark.parametrize("every", [2, 3, 6])
def test_similarity(detector: Detector, every: int) -> None:
    (match,) = detector.check(replaced(OWN["a3"], every)).to_dict()["matches"]
    for passage in match["passages"]:
        ours, theirs = ([w for _, _, w in words(passage[side]["text"])] for side in ("submission", "article"))
        equal = len(set(ours) & set(theirs))  # invented words: none stands twice
        assert passage["similarity"] == pytest.approx(2 * equal / (len(ours) + len(theirs)), abs=0.01)


# `jaccard`: MinHash estimate over sets of 5-word shingles of the whole texts (128 permutations, standard error .045).
def test_jaccard(report: dict[str, Any]) -> None:
    def shingles(text: str) -> set[tuple[str, ...]]:
        row = [w for _, _, w in words(text)]
        return {tuple(row[k : k + 5]) for k in range(len(row) - 4)}

    ours = shingles(report["submission"]["text"])
    for match in report["matches"]:
        theirs = shingles(LISTED[match["article"]["id"]])
        assert match["jaccard"] == pytest.approx(len(ours & theirs) / len(ours | theirs), abs=0.18)


# `kind`: `verbatim` from similarity .95 with a run of 8 words or more, `edited` from .6, else `reworded`.
def test_kinds_and_the_longest_run(report: dict[str, Any]) -> None:
    for match in report["matches"]:
        runs = []
        for passage in match["passages"]:
            sides = [[w for _, _, w in words(passage[side]["text"])] for side in ("submission", "article")]
            runs.append(longest_common_run(*sides))
            close = "edited" if passage["similarity"] >= 0.6 else "reworded"
            assert passage["kind"] == ("verbatim" if passage["similarity"] >= 0.95 and runs[-1] >= 8 else close)
        assert match["longest_run_words"] == max(runs)


# A match is listed only with at least one aligned passage. Matches are ordered by `score`, then `copied`, longest run, id.
def test_matches_are_listed_with_passages_and_in_order(report: dict[str, Any]) -> None:
    assert all(match["passages"] for match in report["matches"])
    keys = [(-m["score"], -m["copied"], -m["longest_run_words"], m["article"]["id"]) for m in report["matches"]]
    assert keys == sorted(keys)
    assert len(report["matches"]) <= 200
    assert report["stats"]["omitted"] == 0
    assert report["stats"]["articles"] == len(LISTED)


# Exemptions never split a passage: `exempt` names the reason when all of it is exempt, else `exempt_spans` do.
def test_exemptions_are_named_for_a_whole_passage_or_as_spans(report: dict[str, Any]) -> None:
    for passage in (passage for match in report["matches"] for passage in match["passages"]):
        spans = passage["exempt_spans"]
        assert passage["exempt"] in (None, *REASONS)
        assert not (passage["exempt"] and spans)
        assert all(span["reason"] in REASONS for span in spans)
        edges = [
            passage["submission"]["start"],
            *(x for s in spans for x in (s["start"], s["end"])),
            passage["submission"]["end"],
        ]
        assert edges == sorted(edges)
        if passage["exempt"] is None:
            text = report["submission"]["text"]
            assert inside(text, [passage["submission"]]) - inside(text, spans)


# A quotation is exempt as long as fewer than 20 words outside quotations were taken from that article.
def test_a_quotation_is_exempt_and_a_story_lifted_with_its_quotes_is_not(reports: dict[str, dict[str, Any]]) -> None:
    quoting, lifted = reports["quotation"], reports["lifted"]
    assert (quoting["verdict"], quoting["flagged"]) == ("quotation", False)
    assert quoting["counting_words"] == len(["kata", "Lurah", "Sunyoto"])
    ((passage,),) = (m["passages"] for m in quoting["matches"])
    (span,) = passage["exempt_spans"]
    assert (quoting["submission"]["text"][span["start"] : span["end"]], span["reason"]) == (SPEECH, "quotation")
    assert lifted["verdict"] in ("copy", "partial_copy")
    assert not [p for m in lifted["matches"] for p in m["passages"] if p["exempt"] or p["exempt_spans"]]


# `shared_source` (the same words are in an article with `rights: "shared"`).
def test_words_of_a_shared_source_count_for_nothing_and_what_was_added_counts(reports: dict[str, dict[str, Any]]) -> None:
    release, beyond = reports["release"], reports["beyond-release"]
    assert (release["verdict"], release["flagged"], release["score"]) == ("shared_source", False, 0.0)
    assert {m["article"]["rights"] for m in release["matches"]} == {"own", "shared"}
    assert beyond["counting_words"] == len(words(story("tambahan", 5)))
    assert beyond["flagged"]


# Every run of at least `verbatim_run_words` words that is the same in the submission and in an indexed article is in the report,
# exempt or not; runs that stand in more than 100 articles are `common`: reported once, with the count.
def test_every_long_run_is_in_the_report(report: dict[str, Any]) -> None:
    least = report["engine"]["verbatim_run_words"]
    text = report["submission"]["text"]
    ours = [w for _, _, w in words(text)]
    common = inside(text, report["common"])
    for id, article in LISTED.items():
        theirs = [w for _, _, w in words(article)]
        grams = {tuple(theirs[k : k + least]) for k in range(len(theirs) - least + 1)}
        found = [p["submission"] for m in report["matches"] if m["article"]["id"] == id for p in m["passages"]]
        covered = inside(text, found) | common
        for k in range(len(ours) - least + 1):
            if tuple(ours[k : k + least]) in grams:
                assert covered >= set(range(k, k + least))


def test_a_common_run_is_reported_once_with_its_count(reports: dict[str, dict[str, Any]]) -> None:
    report = reports["common"]
    (run,) = report["common"]
    assert report["submission"]["text"][run["start"] : run["end"]] == PHRASE.capitalize()
    assert (run["articles"], report["score"], report["verdict"]) == (104, 0.0, "original")
    assert {p["exempt"] for m in report["matches"] for p in m["passages"]} == {"common"}
    assert [name for name, other in reports.items() if other["common"]] == ["common"]


# The verdict, from all matches together, counting words only.
def test_the_verdict_follows_from_the_numbers(report: dict[str, Any]) -> None:
    counted, close = counting(report, report["matches"])
    if report["score"] >= 0.15 or len(counted) >= 30:
        kind = "copy" if report["score"] >= 0.6 else "partial_copy"
        assert report["verdict"] == ("rewrite" if 2 * len(close) < len(counted) else kind)
        assert report["flagged"]
    else:
        assert report["verdict"] in ("quotation", "shared_source", "original")
        assert not report["flagged"]
    assert report["verdict"] in KEPT
    assert report["reasons"]
    assert all(isinstance(reason, str) and reason for reason in report["reasons"])


def test_the_submissions_reach_every_verdict(reports: dict[str, dict[str, Any]]) -> None:
    assert {report["verdict"] for report in reports.values()} == set(KEPT)
    small = reports["small"]
    assert (small["verdict"], len(small["matches"])) == ("original", 1)  # matches below the thresholds are still listed
    kinds = {p["kind"] for report in reports.values() for m in report["matches"] for p in m["passages"]}
    assert kinds == {"verbatim", "edited", "reworded"}


# An excuse changes `flagged` and adds a reason, never a share or a verdict. Only a `published_at` given by the caller excuses.
@pytest.mark.parametrize(
    ("known", "excuse"),
    [
        ({"published_at": "2025-03-04T01:00:00Z"}, "older"),
        ({"published_at": "2025-03-04T03:00:00Z"}, None),
        ({"page_published_at": "2025-03-04T01:00:00Z"}, None),
        ({"url": "https://www.warta.example/lain"}, "own_domain"),
        ({"url": "https://asing.example/lain"}, None),
    ],
)
def test_an_excuse_changes_the_flag_alone(detector: Detector, known: dict[str, str], excuse: str | None) -> None:
    plain, excused = detector.check(OWN["a0"]).to_dict(), detector.check(OWN["a0"], **known).to_dict()
    assert excused["flagged"] is (excuse is None)
    assert excused["matches"][0]["excuse"] == excuse
    shares = ("verdict", "score", "copied", "counting_words")
    assert [excused[name] for name in shares] == [plain[name] for name in shares]
    codes = {reason["code"] for reason in excused["reason_codes"]} - {reason["code"] for reason in plain["reason_codes"]}
    assert (f"excused_{excuse}" in codes) is (excuse is not None)


# `first`: which text is older; `unknown` when either is missing, they are equal, or only the day is known and it is the same.
@pytest.mark.parametrize(
    ("published_at", "first"),
    [
        ("2025-03-04T01:59:59Z", "submission"),
        ("2025-03-04T09:00:01+07:00", "article"),
        ("2025-03-04T09:00:00+07:00", "unknown"),
        ("2025-03-04", "unknown"),
        ("2025-03-03", "submission"),
        (None, "unknown"),
    ],
)
def test_first(detector: Detector, published_at: str | None, first: str) -> None:
    report = detector.check(OWN["a0"], published_at=published_at).to_dict()
    assert report["matches"][0]["first"] == first


# `attribution`: links to the article or its site, only names it, or does neither; `unknown` for bare text that names nobody. It
# never changes a share.
@pytest.mark.parametrize(
    ("credit", "links", "attribution"),
    [
        ("", ["https://warta.example/a0"], "linked"),
        ("Baca di https://warta.example/a0 selengkapnya.", None, "linked"),
        ("Demikian ditulis warta.example kemarin.", None, "named"),
        ("", ["https://asing.example/"], "absent"),
        ("", None, "unknown"),
    ],
)
def test_attribution(detector: Detector, credit: str, links: list[str] | None, attribution: str) -> None:
    match = detector.check(f"{OWN['a0']}\n{credit}", links=links).to_dict()["matches"][0]
    assert (match["attribution"], match["taken"]) == (attribution, 1.0)


# A report names the version it speaks of, carries the passages' text, and stays true after the article changes.
def test_a_report_speaks_of_the_version_it_names() -> None:
    with Detector.open("memory://") as detector:
        detector.add(Article(id="a", text=OWN["a0"]))
        before = detector.check(OWN["a0"])
        shown = before.to_dict()
        detector.add(Article(id="a", text=OWN["a0"] + "\n" + OWN["a1"]))
        after = detector.check(OWN["a0"]).to_dict()
    assert before.to_dict() == shown
    assert [report["matches"][0]["article"]["version"] for report in (shown, after)] == [1, 2]
    assert shown["matches"][0]["passages"][0]["article"]["text"] == OWN["a0"].rstrip(".")
    assert (shown["matches"][0]["taken"], after["matches"][0]["copied"]) == (1.0, 1.0)
    assert after["matches"][0]["taken"] < 0.6


# The same input against the same index and policy gives the same report, `id`, times and `elapsed_ms` apart.
def test_the_same_report_again(detector: Detector, report: dict[str, Any]) -> None:
    again = detector.check(report["submission"]["text"]).to_dict()
    for shown in (again, report := {**report}):
        shown["stats"] = {key: value for key, value in shown["stats"].items() if key != "elapsed_ms"}
    assert {k: v for k, v in again.items() if k not in ("id", "created_at")} == {
        k: v for k, v in report.items() if k not in ("id", "created_at")
    }
