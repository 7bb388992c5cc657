"""Details of errors, which the code words in English, in pages in Bahasa Indonesia."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.web.details import in_indonesian, marked, worded

ROOT = Path(__file__).parents[2]
ERRORS = {"Problem", "InputError", "NotAnArticle", "FetchRefused", "FetchFailed"}
SHOWN = [
    "api/cases.py", "api/keys.py", "api/paging.py", "api/recipients.py", "api/views.py", "api/webhooks.py",
    "api/scanning/discovery.py", "api/scanning/fetching.py", "api/scanning/hosts.py", "api/scanning/polite.py",
    "api/scanning/sources.py", "fingerprints/dates.py", "fingerprints/extract.py",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "api/web").glob("*.py")) if path.name != "session.py"),
]  # fmt: skip
"""Files whose errors a page shows."""


def told(node: ast.expr) -> str | None:
    """What an expression says, a number for whatever is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        case ast.BinOp(left=ast.Name(), op=ast.Add(), right=right):
            return told(right)
    return None


def details(file: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and len(node.args) > 1:
            detail = told(node.args[1])
            if detail and not detail.startswith(("Sign in first", "text: ", "7 sources go by")):
                yield detail


@pytest.mark.parametrize("file", SHOWN)
def test_every_detail_that_a_page_may_show_has_bahasa_indonesia(file: str) -> None:
    assert [detail for detail in details(file) if in_indonesian(detail) is None] == []


def test_the_guard_above_sees_errors() -> None:
    assert sum(1 for file in SHOWN for _ in details(file)) > 60


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("is larger than 5,000,000 bytes", "lebih besar dari 5.000.000 bita"),
        ("interval_minutes: must be from 5 to 10,080, not 3", "interval_minutes: harus dari 5 sampai 10.080, bukan 3"),
        (
            "http://a.example/feed: the server could not be reached, or hung up",
            "http://a.example/feed: server tidak dapat dihubungi, atau memutus sambungan",
        ),
        (
            "redirects to a URL that may not be fetched: only http and https are fetched",
            "dialihkan ke alamat yang tidak boleh diambil: hanya alamat http dan https yang dapat diambil",
        ),
        ("Input should be 'watch' or 'own'", "harus 'watch' atau 'own'"),
        ("Input should be a valid integer, unable to parse string as an integer", "harus angka"),
    ],
)
def test_what_is_filled_in_stays(detail: str, said: str) -> None:
    assert worded(detail, "id") == said
    assert worded(detail, "en") == detail


def test_what_is_not_known_stays_english_and_is_marked_so() -> None:
    assert marked("<b>odd</b>", "id") == '<span lang="en">&lt;b&gt;odd&lt;/b&gt;</span>'
    assert marked("<b>odd</b>", "en") == "&lt;b&gt;odd&lt;/b&gt;"
    assert marked("is empty", "id") == "kosong"
