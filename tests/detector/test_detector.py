"""The detector over a real store and index: what was acknowledged is found, what is reported is true."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from detector import Article, CheckRequest, Counts, Detector, InputError, Policy, Report, SidikError

SYLLABLES = ("ba", "ce", "do", "gi", "ku", "la", "me", "no", "pi", "ru", "sa", "te")


def sentences(seed: object, n: int) -> list[str]:
    """Sentences of invented words, as good as unique to their seed."""
    rng = random.Random(str(seed))
    return [
        " ".join("".join(rng.choices(SYLLABLES, k=4)) for _ in range(rng.randint(8, 16))).capitalize() + "." for _ in range(n)
    ]


def text(seed: object, n: int = 20) -> str:
    return "\n".join(sentences(seed, n))


def article(id: str, seed: object | None = None, **known: Any) -> Article:
    return Article(id=id, text=text(id if seed is None else seed), **known)


def told(report: Report) -> dict[str, Any]:
    """Everything of a report that may not differ between two runs."""
    shown = report.to_dict()
    del shown["id"], shown["created_at"], shown["stats"]["elapsed_ms"]
    return shown


def ids(report: Report) -> list[str]:
    return [match.article.id for match in report.matches]


@pytest.fixture(params=["memory", "sqlite"])
def detector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Detector]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'a.db'}"
    with Detector.open(url) as opened:
        yield opened


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'a.db'}"


def test_an_article_is_found_when_add_returns(detector: Detector) -> None:
    added = detector.add(article("a", title="Judul A"))
    assert (added.id, added.version, added.change, added.duplicates) == ("a", 1, "created", ())
    assert added.words == len(text("a").split())
    report = detector.check(text("a"))
    assert (report.verdict, report.flagged, report.score, ids(report)) == ("copy", True, 1.0, ["a"])
    assert (report.matches[0].article.title, report.articles) == ("Judul A", 1)


def test_put_again_and_replace(detector: Detector) -> None:
    detector.add(article("a"))
    assert detector.add(article("a")).change == "unchanged"
    replaced = detector.add(article("a", "lain"))
    assert (replaced.change, replaced.version) == ("updated", 2)
    assert detector.check(text("a")).matches == ()
    assert detector.check(text("lain")).matches[0].article.version == 2


def test_near_duplicates_are_named(detector: Detector) -> None:
    detector.add(article("a"))
    detector.add(article("c"))
    twin = detector.add(Article(id="b", text=text("a") + "\nTambahan satu kalimat."))
    assert [id for id, _ in twin.duplicates] == ["a"]
    assert 0.5 <= twin.duplicates[0][1] <= 1
    assert detector.add(article("a")).duplicates[0][0] == "b"


def test_a_deleted_article_is_gone(detector: Detector) -> None:
    detector.add(article("a"))
    assert detector.delete("a") is True
    assert detector.delete("a") is False
    assert detector.check(text("a")).matches == ()
    assert detector.add(article("a")).version == 2
    assert ids(detector.check(text("a"))) == ["a"]


def test_excluded_articles_are_left_out(detector: Detector) -> None:
    detector.add(article("a"))
    detector.add(Article(id="b", text=text("a")))
    assert ids(detector.check(text("a"), exclude_articles=["a"])) == ["b"]
    assert ids(detector.check(text("a"), exclude_articles=["a", "b", "tidak ada"])) == []


def test_add_many_counts_and_reports_progress(detector: Detector) -> None:
    seen: list[Counts] = []
    many = [article(f"a{i}") for i in range(7)] + [article("a3"), article("a4", "baru")]
    counts = detector.add_many(iter(many), batch=3, on_progress=seen.append)
    assert counts == Counts(received=9, created=7, updated=1, unchanged=1, rejected=0) == seen[-1]
    assert len(seen) >= 3
    assert ids(detector.check(text("baru"))) == ["a4"]
    assert ids(detector.check(text("a6"))) == ["a6"]


def test_a_check_stores_nothing_and_is_the_same_again(detector: Detector) -> None:
    detector.add_many([article("a"), article("b")])
    before = (detector.store.last_seq(), detector.store.count())
    first, second = detector.check(text("a") + text("x")), detector.check(text("a") + text("x"))
    assert told(first) == told(second)
    assert first.id != second.id
    assert (detector.store.last_seq(), detector.store.count()) == before
    requests = [CheckRequest(text=text(name)) for name in ("b", "x", "a")]
    assert [ids(report) for report in detector.check_many(requests)] == [["b"], [], ["a"]]


@pytest.mark.parametrize(
    ("known", "location"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": "a\0"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "a", "title": "\0"}, "title"),
        ({"text": "a", "published_at": "kemarin"}, "published_at"),
        ({"text": "a", "page_published_at": "05Nov2025"}, "page_published_at"),
        ({"text": "a", "exclude_articles": ["a", ""]}, "exclude_articles[1]"),
    ],
)
def test_bad_requests_are_refused_by_name(known: dict[str, Any], location: str) -> None:
    with Detector.open("memory://") as detector, pytest.raises(InputError) as caught:
        detector.check(**known)
    assert caught.value.location == location


def test_a_text_without_words_is_original() -> None:
    with Detector.open("memory://") as detector:
        detector.add(article("a"))
        report = detector.check("?!")
    assert (report.verdict, report.score, report.submission.words, report.submission.own_words) == ("original", 0.0, 0, 0)


def test_offsets_delimit_what_they_claim(detector: Detector) -> None:
    ours, theirs = sentences("a", 20), sentences("x", 10)
    detector.add(Article(id="a", text="\n".join(ours)))
    submission = "😀 " + "\n".join([*theirs[:5], *ours[4:8], *theirs[5:], *ours[12:14]])
    (match,) = detector.check(submission).matches
    assert match.passages
    for passage in match.passages:
        assert submission[passage.submission.start : passage.submission.end] == passage.submission.text
        assert "\n".join(ours)[passage.article.start : passage.article.end] == passage.article.text


def test_a_report_is_json_of_the_contract() -> None:
    clock = datetime(2025, 6, 1, 8, 30, tzinfo=UTC)
    with Detector.open("memory://", clock=lambda: clock, new_id=lambda: "r1") as detector:
        detector.add(article("a", url="https://kabar.id/a", published_at="2025-05-01"))
        report = json.loads(json.dumps(detector.check(text("a"), ref="saya", published_at="2025-05-02").to_dict()))
    assert {"id": "r1", "created_at": "2025-06-01T08:30:00Z", "ref": "saya"}.items() <= report.items()
    assert {"verdict", "flagged", "score", "reasons", "submission", "matches", "stats", "engine"} <= report.keys()
    expected = {"title", "url", "published_at", "text", "sha256", "words", "own_words", "boilerplate", "evasion"}
    assert expected <= report["submission"].keys()
    assert report["engine"]["verbatim_run_words"] <= 12
    assert report["engine"]["policy"] == {"name": "default", "digest": Policy().digest}
    (match,) = report["matches"]
    expected = {
        "article",
        "verdict",
        "score",
        "copied",
        "taken",
        "verbatim",
        "jaccard",
        "longest_run_words",
        "first",
        "attribution",
    }
    assert expected | {"passages"} <= match.keys()
    assert match["first"] == "article"
    (passage,) = match["passages"]
    assert passage.keys() >= {"submission", "article", "words", "similarity", "kind", "exempt", "exempt_spans"}
    assert report["stats"].keys() == {"elapsed_ms", "candidates", "articles", "omitted"}
    assert all(isinstance(reason, str) and reason for reason in report["reasons"])


def test_what_a_shared_source_has_is_no_copying_and_what_we_added_is() -> None:
    release, added = sentences("rilis", 12), sentences("kami", 6)
    with Detector.open("memory://") as detector:
        detector.add(Article(id="rilis", text="\n".join(release), rights="shared"))
        detector.add(Article(id="kami", text="\n".join([*release[:8], *added])))
        both = detector.check("\n".join(release))
        assert (both.verdict, both.flagged, both.score, set(ids(both))) == ("shared_source", False, 0.0, {"rilis", "kami"})
        assert {passage.exempt for match in both.matches for passage in match.passages} == {"shared_source"}
        lifted = detector.check("\n".join([*release[:8], *added]))
    assert (lifted.flagged, ids(lifted)[0]) == (True, "kami")
    assert lifted.counting_words == len(" ".join(added).split())


def test_excuses_change_the_flag_and_nothing_else() -> None:
    policy = Policy(own_domains=("kabar.id",))
    with Detector.open("memory://", policy=policy) as detector:
        detector.add(article("a", url="https://kabar.id/a", published_at="2025-05-01"))
        detector.add(article("b", url="https://kabar.id/b", published_at="2025-05-20"))
        plain = detector.check(text("a"))
        for known in ({"published_at": "2025-04-30"}, {"url": "https://kabar.id/a"}, {"url": "https://www.kabar.id/z"}):
            excused = detector.check(text("a"), **known)
            assert not excused.flagged
            assert (excused.verdict, excused.score) == (plain.verdict, plain.score)
            assert len(excused.reasons) > len(plain.reasons)
        assert detector.check(text("a"), page_published_at="2025-04-30").flagged
        partly = detector.check(text("a") + "\n" + text("b"), published_at="2025-05-10")
        assert partly.flagged
        assert {match.article.id: match.excuse for match in partly.matches} == {"a": None, "b": "older"}


def test_a_line_of_the_template_of_a_site_is_boilerplate_where_no_rule_knows_it() -> None:
    line = "Kabar Loweha merawat ingatan warga lewat tulisan yang kami himpun sendiri dari tepi sungai sampai lereng bukit."
    filed = [
        Article(id=f"a{i}", text=f"{text(i, 12)}\n{line}\n{text(i + 500, 2)}", url=f"https://loweha.example/{i}")
        for i in range(14)
    ]
    other = Article(id="lain", text=text("lain") + "\n" + line, url="https://lain.example/1")
    submission = f"{text('x', 3)}\n{line}\n{text('y', 3)}"
    start = submission.index(line)
    with Detector.open("memory://") as detector:
        detector.add_many([*filed[:9], other])
        assert detector.check(submission).counting_words == len(line.split())
        detector.add_many(filed[9:])
        report = detector.check(submission)
        assert (report.verdict, report.score, len(report.matches)) == ("original", 0.0, 15)
        assert report.submission.boilerplate == ((start, start + len(line) - 1),)
        assert report.submission.own_words == report.submission.words - len(line.split())
        assert {p.exempt for m in report.matches for p in m.passages} == {"boilerplate"}
        assert all(submission[p.submission.start : p.submission.end] in line for m in report.matches for p in m.passages)
        lifted = detector.check(text(3, 12))
        assert (lifted.verdict, lifted.score) == ("copy", 1.0)
        (match,) = lifted.matches
        own = len(text(3, 12).split()) + len(text(503, 2).split())
        assert match.taken == round(len(text(3, 12).split()) / own, 4)  # nor does the line count in the article
        again = detector.check(f"{text(3, 12)}\n{line}")
        assert (again.score, again.matches[0].article.id, again.matches[0].taken) == (1.0, "a3", match.taken)


def test_the_order_of_the_articles_changes_nothing() -> None:
    line = " ".join(sentences("templat", 2))
    filed = [Article(id=f"a{i}", text=f"{text(i, 8)}\n{line}\n{text(i + 500, 4)}", outlet="x") for i in range(16)]
    filed += [Article(id=f"b{i}", text=text(f"b{i}", 10), outlet="y") for i in range(30)]
    submission = f"{text(3, 8)}\n{text('x', 3)}\n{line}\n{text('b7', 4)}"
    reports = []
    for seed in range(3):
        with Detector.open("memory://") as detector:
            detector.add_many(random.Random(seed).sample(filed, len(filed)))
            reports.append(told(detector.check(submission)))
    assert reports[0]["matches"][0]["article"]["id"] == "a3"
    assert reports[0] == reports[1] == reports[2]


def test_unrelated_articles_change_nothing_but_their_number() -> None:
    submission = f"{text(3, 8)}\n{text('x', 3)}\n{text('b7', 4)}"
    with Detector.open("memory://") as detector:
        detector.add_many([article("a", 3), article("b", "b7")])
        before = told(detector.check(submission))
        detector.add_many(article(f"z{i}", f"asing {i}", outlet="z") for i in range(300))
        after = told(detector.check(submission))
    assert (before["stats"].pop("articles"), after["stats"].pop("articles")) == (2, 302)
    assert before == after


def test_at_most_200_matches_are_listed_and_the_rest_is_counted() -> None:
    with Detector.open("memory://") as detector:
        detector.add_many(article(f"a{i:03}") for i in range(230))
        report = detector.check("\n".join(sentences(f"a{i:03}", 20)[3] + " " + sentences(f"a{i:03}", 20)[4] for i in range(230)))
    assert (len(report.matches), report.omitted) == (200, 30)
    order = [(-m.score, -m.copied, -m.longest_run_words, m.article.id) for m in report.matches]
    assert order == sorted(order)


def test_what_stands_in_more_than_100_articles_is_common_and_reported_once() -> None:
    phrase = " ".join(sentences("frasa", 2))
    with Detector.open("memory://") as detector:
        detector.add_many(Article(id=f"a{i}", text=text(i, 6) + "\n" + phrase + "\n" + text(i + 1000, 6)) for i in range(130))
        submission = text("x") + "\n" + phrase + "\n" + text("y")
        report = detector.check(submission)
        assert (report.verdict, report.score) == ("original", 0.0)
        (run,) = report.common
        assert run.articles == 130
        assert submission[run.start : run.end] == phrase.rstrip(".")
        assert 1 <= len(report.matches) <= 3
        assert {p.exempt for m in report.matches for p in m.passages} == {"common"}


def test_other_processes_on_the_store_find_an_article_at_once(url: str) -> None:
    with Detector.open(url) as one, Detector.open(url) as other:
        one.add(article("a"))
        assert ids(other.check(text("a"))) == ["a"]
        other.add(article("a", "lain"))
        assert ids(one.check(text("a"))) == []
        assert ids(one.check(text("lain"))) == ["a"]
        other.delete("a")
        assert ids(one.check(text("lain"))) == []


def test_everything_is_there_after_a_restart(url: str) -> None:
    with Detector.open(url) as detector:
        detector.add_many(article(f"a{i}") for i in range(50))
        before = told(detector.check(text("a7")))
    with Detector.open(url) as detector:
        assert detector.notices == ()
        assert told(detector.check(text("a7"))) == before
        assert detector.verify_index() == []


def test_an_index_that_was_deleted_is_made_again(url: str, tmp_path: Path) -> None:
    with Detector.open(url) as detector:
        detector.add_many(article(f"a{i}") for i in range(20))
    shutil.rmtree(tmp_path / "a.db.index")
    with Detector.open(url) as detector:
        assert ids(detector.check(text("a7"))) == ["a7"]
        assert detector.verify_index() == []


def test_the_index_of_another_store_is_refused_and_rebuilt(tmp_path: Path) -> None:
    for name in "ab":
        with Detector.open(f"sqlite:///{tmp_path / name}.db") as detector:
            detector.add_many(article(f"{name}{i}") for i in range(20))
    shutil.rmtree(tmp_path / "a.db.index")
    shutil.copytree(tmp_path / "b.db.index", tmp_path / "a.db.index")
    with Detector.open(f"sqlite:///{tmp_path / 'a.db'}") as detector:
        assert detector.notices
        assert ids(detector.check(text("a7"))) == ["a7"]
        assert ids(detector.check(text("b7"))) == []
        assert detector.verify_index() == []


def test_an_index_ahead_of_its_store_is_rebuilt(tmp_path: Path, url: str) -> None:
    with Detector.open(url) as detector:
        detector.add_many(article(f"a{i}") for i in range(5))
    shutil.copy(tmp_path / "a.db", tmp_path / "old.db")
    with Detector.open(url) as detector:
        detector.add_many(article(f"b{i}") for i in range(5))
    for file in tmp_path.glob("a.db-*"):
        file.unlink()
    shutil.copy(tmp_path / "old.db", tmp_path / "a.db")
    with Detector.open(url) as detector:
        assert detector.notices
        assert ids(detector.check(text("a3"))) == ["a3"]
        assert ids(detector.check(text("b3"))) == []
        assert len(detector.index) == 5


def test_a_rebuilt_index_gives_the_same_reports(url: str) -> None:
    with Detector.open(url) as detector:
        detector.add_many(article(f"a{i}") for i in range(30))
        detector.delete("a9")
        before = [told(detector.check(text(f"a{i}"))) for i in range(5)]
        done: list[int] = []
        assert detector.rebuild_index(done.append) == done[-1] == 31
        assert [told(detector.check(text(f"a{i}"))) for i in range(5)] == before
        assert detector.stats()["articles"] == 29


def test_threads_add_and_check_together(url: str) -> None:
    with Detector.open(url) as detector, ThreadPoolExecutor(4) as pool:

        def round_trip(i: int) -> list[str]:
            detector.add(article(f"a{i}"))
            return ids(detector.check(text(f"a{i}")))

        assert list(pool.map(round_trip, range(40))) == [[f"a{i}"] for i in range(40)]
        assert detector.verify_index() == []


def test_a_closed_detector_refuses_and_touches_nothing(url: str) -> None:
    detector = Detector.open(url)
    detector.add(article("a"))
    detector.close()
    detector.close()
    with pytest.raises(SidikError):
        detector.check(text("a"))
    with Detector.open(url) as again:
        assert again.notices == ()
        assert ids(again.check(text("a"))) == ["a"]


def test_only_the_process_that_writes_an_index_rebuilds_it(url: str) -> None:
    with Detector.open(url) as one, Detector.open(url) as other:
        one.add(article("a"))
        with pytest.raises(SidikError):
            other.rebuild_index()
        assert ids(other.check(text("a"))) == ["a"]
        assert one.rebuild_index() == 1


def test_a_damaged_index_is_noticed_and_rebuilt(url: str, tmp_path: Path) -> None:
    with Detector.open(url) as detector:
        detector.add_many(article(f"a{i}") for i in range(20))
    largest = max((tmp_path / "a.db.index").iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-100])
    with Detector.open(url) as detector:
        assert detector.notices
        assert ids(detector.check(text("a7"))) == ["a7"]
        assert detector.verify_index() == []
