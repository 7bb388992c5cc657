"""Whatever comes in: texts, pages, lines, files. It is read or refused with a named error; nothing else happens.

`SIDIK_TEST_EXAMPLES` sets how many inputs each reader gets (`make fuzz`: many).
"""

from __future__ import annotations

import gzip
import json
import lzma
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.jsontext import decode_object
from api.scanning.readers.items import Notes, Taken
from api.scanning.readers.where import Opening, open_reader
from detector import compare
from fingerprints.errors import InputError
from fingerprints.extract import extract_html
from fingerprints.furniture import boilerplate
from fingerprints.tokens import tokenize
from tests.api.conftest import prose, run_server

EXAMPLES = int(os.environ.get("SIDIK_TEST_EXAMPLES", "4")) * 15
BOUNDED = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

PIECES = st.sampled_from(
    [
        *(
            "Polisi menangkap tiga orang di pelabuhan, kata juru bicara. ",
            "BACA JUGA  ",
            "KENDARI | 9 Juli 2024 – ",
            "×",
            "\r\n",
            "\n\n",
        ),
        *(
            "\u200b\u00ad",
            "\u202e",
            "\ufeff",
            "а",
            "Ａ",
            "İ",
            "ß",
            "e\u0301\u0301\u0301",
            "😀",
            "\U000e0001",
            "“‘\"'«",
            "12.345,67",
            "\x85\u2028",
        ),
        *(
            "\x1b[31m",
            "{{7*7}}",
            "${x}",
            "=cmd|' /C calc'!A0",
            "%n%s",
            "../../etc/passwd",
            "\\",
            "<b>",
            "&lt;",
            "a" * 3000,
            "kata " * 500,
        ),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=12).map("".join).filter(lambda t: "\0" not in t)
TAGS = st.sampled_from(
    [
        *(
            "<html>",
            "<head>",
            "<title>Judul",
            "<body>",
            "<article>",
            "<p>",
            "</p>",
            "<div class=share>",
            "</div>",
            "<script>if(a<b)</script>",
        ),
        *(
            "<style>p{}</style>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<svg><![CDATA[<p>",
            "<template>",
            "<math><mi>",
            "<table><tr><td>",
            "<iframe srcdoc='<p>x'>",
        ),
        *(
            "<meta charset=utf-16>",
            "<meta property='article:published_time' content='2024-13-45'>",
            "<link rel=canonical href='javascript:1'>",
        ),
        *(
            "<base href='file:///'>",
            "<!DOCTYPE html [<!ENTITY a 'b'>]>",
            "&a;",
            "&#0;",
            "&#x110000;",
            "<a href='//'>",
            "<plaintext>",
            "<xmp>",
            "<time datetime='x'>",
        ),
        *(
            '<script type=\'application/ld+json\'>{"@type":[[["NewsArticle"]],"datePublished":{}}</script>',
            "<div>" * 300,
            "<p>" + prose("x", 6),
        ),
    ]
)
PAGES = st.lists(st.one_of(TAGS, PIECES, st.text(max_size=10)), max_size=25).map("".join)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | PIECES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "text", "title", "$ne", "__proto__", "url", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@BOUNDED
@given(TEXTS)
def test_tokens_delimit_words_of_the_text_as_it_was_given(text: str) -> None:
    tokens = tokenize(text)
    assert (tokens.start < tokens.end).all()
    assert (tokens.end[:-1] <= tokens.start[1:]).all()
    assert not len(tokens) or (tokens.start[0] >= 0 and tokens.end[-1] <= len(text))
    assert len(tokens.hash) == len(tokens.stem) == len(tokens.flags) == len(tokens)


@BOUNDED
@given(TEXTS, st.none() | TEXTS)
def test_furniture_is_spans_inside_the_text(text: str, title: str | None) -> None:
    spans = boilerplate(text, tokenize(text), title=title)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(span.start < span.end for span in spans)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


@BOUNDED
@given(TEXTS.filter(str.strip), TEXTS.filter(str.strip))
def test_a_comparison_delimits_what_it_claims(one: str, two: str) -> None:
    match = compare(one, two)
    for passage in match.passages:
        assert one[passage.submission.start : passage.submission.end] == passage.submission.text
        assert two[passage.article.start : passage.article.end] == passage.article.text
    assert np.isfinite([match.score, match.copied, match.taken, match.verbatim, match.jaccard]).all()
    assert 0 <= min(match.copied, match.taken) <= match.score <= 1


@BOUNDED
@given(PAGES, st.none() | st.sampled_from(["https://a.example/x", "", "//", "javascript:1"]))
def test_a_page_is_read_or_refused(page: str, url: str | None) -> None:
    try:
        found = extract_html(page, url=url)
    except InputError:
        return
    assert found.text.strip()
    assert "\0" not in found.text


@BOUNDED
@given(st.one_of(st.binary(max_size=200), JSONS.map(lambda v: json.dumps(v).encode())))
def test_a_body_is_an_object_or_refused(body: bytes) -> None:
    try:
        found = decode_object(body)
    except InputError:
        return
    assert isinstance(found, dict)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with run_server() as running:
        yield running.admin


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports")


FILES: dict[str, Any] = {
    "a.jsonl": st.lists(st.one_of(st.binary(max_size=60), JSONS.map(lambda v: json.dumps(v).encode())), max_size=6).map(
        b"\n".join
    ),
    "a.csv": st.lists(st.one_of(st.binary(max_size=40), TEXTS.map(lambda t: t.encode("utf-8", "surrogatepass"))), max_size=6).map(
        lambda rows: b"id;text\n" + b"\n".join(rows)
    ),
    "a.xml": st.lists(st.one_of(PIECES, st.text(max_size=10)), max_size=6).map(
        lambda parts: f"<rss xmlns:wp='http://wordpress.org/export/1.2/'><channel><item>{''.join(parts)}".encode(
            "utf-8", "surrogatepass"
        )
    ),
    "a.html": PAGES.map(lambda page: page.encode("utf-8", "surrogatepass")),
    "a.jsonl.gz": st.binary(max_size=80).map(lambda data: gzip.compress(data)[: 60 + len(data) // 2]),
    "a.jsonl.xz": st.binary(max_size=80).map(lambda data: lzma.compress(data)[: 60 + len(data) // 2]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_item_by_item_or_refused(folder: Path, name: str) -> None:
    opening = Opening(Notes(), lambda: pytest.fail("a file needs no site"), max_bytes=2_000_000)

    @BOUNDED
    @given(FILES[name])
    def read(data: bytes) -> None:
        path = folder / name
        path.write_bytes(data)
        with suppress(InputError):
            for item in open_reader(str(path), opening).items():
                assert item.place
                assert item.article.text if isinstance(item, Taken) else item.reason

    read()


@BOUNDED
@given(st.lists(st.one_of(st.binary(max_size=80), JSONS.map(lambda v: json.dumps(v).encode())), max_size=8).map(b"\n".join))
def test_bulk_lines_are_counted_one_by_one(http: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/x-ndjson"}
    answer = http.post("/v1/articles/bulk", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    counts = answer.json()
    assert counts["received"] == counts["created"] + counts["updated"] + counts["unchanged"] + counts["rejected"]
    assert len(counts["errors"]) == counts["rejected"]
    checked = http.post("/v1/checks/bulk?store=false", content=body, headers=headers)
    assert checked.status_code == 200
    lines = [json.loads(line) for line in checked.content.splitlines()]
    assert all(("error" in line) != ("verdict" in line) for line in lines)
