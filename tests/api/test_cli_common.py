"""What every command has in common: options before it, warnings said once, nothing left behind by what fails."""

from __future__ import annotations

import json
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


def test_a_rebuilt_index_is_said_once(shell: Shell) -> None:
    assert shell.run("demo")[0] == 0
    manifest = next((shell.folder / "sidik.db.index").glob("*.json"))
    manifest.write_text("{}")
    status, _, err = shell.run_really("index", "stats")
    assert status == 0
    assert err.count("rebuilding the index") == len(err.splitlines()) == 1
    assert shell.run_really("index", "stats")[2] == ""


def test_a_variable_that_sets_nothing_is_named_once(shell: Shell) -> None:
    status, out, err = shell.run("keys", "list", "--json", env={"SIDIK_STOER": "sqlite:///secret.db", "SIDIK_PORT": "1"})
    assert (status, json.loads(out)) == (0, [])
    assert err == "the environment variable SIDIK_STOER sets nothing\n"
    assert shell.run("keys", "list")[2] == ""
