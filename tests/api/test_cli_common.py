"""What every command has in common: options before it, warnings said once, nothing left behind by what fails."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.api.test_cli import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "index", "stats"], ["--debug", "--version"]], ids=" ".join)
def test_the_version_is_printed_and_nothing_else_done(shell: Shell, arguments: list[str]) -> None:
    assert shell.run(*arguments) == (0, f"sidik {version('sidik')}\n", "")
    assert list(shell.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.jsonl", None, "missing.jsonl: cannot be read: No such file or directory"),
        ("folder", "", "folder: cannot be read: Is a directory"),
        ("text.txt", "Isi.", "text.txt line 1: is not valid JSON"),
        ("list.jsonl", "[]", "list.jsonl line 1: is no JSON object"),
        ("articles.jsonl", '{"id": "a", "text": "Isi."}', "articles.jsonl: is no export: it does not begin with a header"),
        ("empty.jsonl", "", "empty.jsonl: is empty"),
    ],
)
def test_what_is_no_export_is_named_and_no_store_is_made(shell: Shell, name: str, content: str | None, said: str) -> None:
    path = shell.folder / name
    if name == "folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    before = list(shell.folder.iterdir())
    status, out, err = shell.run("restore", name)
    assert (status, out) == (2, "")
    assert err.startswith(f"sidik: {said}")
    assert len(err.splitlines()) == 1
    assert list(shell.folder.iterdir()) == before
