"""The documentation says what is there: every command, option, route, setting, threshold and status; and what it shows, runs."""

from __future__ import annotations

import configparser
import contextlib
import importlib.util
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from api.app import create_app
from api.cli import app as cli
from api.cli import run
from api.endpoints import REASONS
from api.openapi import describe
from api.settings import PREFIX, Settings
from detector.policy import PassagePolicy, Policy
from tests.docs_tables import ROOT, defaults, rows

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")])
CODE_FOLDERS = ("api", "detector", "fingerprints", "docs", "tests", "benchmarks")
README = (ROOT / "README.md").read_text("utf-8")


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(markdown: str, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", markdown, re.M | re.S)


def prose(markdown: str) -> str:
    """The text without its code blocks."""
    return re.sub(r"^```.*?^```$", "", markdown, flags=re.M | re.S)


def commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(words, command) of every command that does something."""
    for name, inner in command.commands.items():
        words = f"{path} {name}".strip()
        if getattr(inner, "commands", None):
            yield from commands(inner, words)
        else:
            yield words, inner


COMMANDS = dict(commands(typer.main.get_command(cli)))


def section(command: str) -> str:
    """The part of docs/cli.md whose heading names `command`."""
    for part in re.split(r"^## ", page("cli.md"), flags=re.M):
        if re.search(rf"\bsidik {command}(?![\w-])", part.partition("\n")[0]):
            return part
    pytest.fail(f"docs/cli.md has no section for `sidik {command}`")


def test_the_walk_finds_commands() -> None:
    assert {"check", "keys create", "index verify"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_documented(command: str) -> None:
    options = {option for parameter in COMMANDS[command].params for option in parameter.opts if option.startswith("--")}
    described = set(re.findall(r"^\| `(--[\w-]+)`", section(command), re.M))
    assert options - {"--help"} <= described


def test_no_option_is_documented_that_does_not_exist() -> None:
    known = {option for command in COMMANDS.values() for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"^\| `(--[\w-]+)`", page("cli.md"), re.M)) <= known


def test_commands_in_the_documentation_exist() -> None:
    words = {word for command in COMMANDS for word in (command, command.partition(" ")[0])}
    shown = {(p.name, c) for p in PAGES for c in re.findall(r"(?:^\$ |`)sidik ([a-z]+)\b", p.read_text("utf-8"), re.M)}
    assert [(name, command) for name, command in sorted(shown) if command not in words] == []


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return describe(create_app(Settings.load(store="memory://")))


def test_every_route_is_documented_with_its_scope(openapi: dict[str, Any]) -> None:
    described = dict(re.findall(r"^\| `([A-Z]+ /[^`]*)` \| `?(\w+)`? \|", page("http.md"), re.M))
    routes = {
        f"{method.upper()} {path}": operation.get("x-scope", "none")
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    }
    assert described == routes


def test_every_parameter_and_field_is_documented(openapi: dict[str, Any]) -> None:
    models = openapi["components"]["schemas"]
    names = {field for model in ("ArticleIn", "CheckIn") for field in models[model]["properties"]}
    for operations in openapi["paths"].values():
        for operation in operations.values():
            names |= {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    text = page("http.md")
    assert {name for name in names if not re.search(rf"[`?]{name}[`=]", text)} == set()


def test_every_status_is_documented() -> None:
    described = {int(status) for status in re.findall(r"^\| (\d{3}) \|", page("http.md"), re.M)}
    assert described >= set(REASONS)
    assert "about:blank" in page("http.md"), "the only problem type"


def test_every_setting_is_documented_with_its_variable_and_default() -> None:
    text = page("settings.md")
    described = re.findall(r"^\| `(\w+)` \| `(\w+)`[^|]*\| ([^|]*?) \|", text, re.M)
    assert {name: variable for name, variable, _ in described} == {name: PREFIX + name.upper() for name in Settings.model_fields}
    for name, _, default in described:
        value = Settings.model_fields[name].default
        if isinstance(value, int | float | str) and name != "threads":  # threads: as many as the machine has
            assert default == f"`{value:g}`" if isinstance(value, float) else f"`{value}`", name


@pytest.mark.parametrize("cls", [Policy, PassagePolicy])
def test_every_threshold_is_documented_with_its_default(cls: type[Policy | PassagePolicy]) -> None:
    described = rows(page("tuning.md"))
    for name, default in defaults(cls).items():
        assert name in described, f"docs/tuning.md has no row for {name}"
        if default:
            assert described[name] == default, f"{name}: run `python -m tests.docs_tables`"


def test_no_threshold_is_documented_that_does_not_exist() -> None:
    assert set(rows(page("tuning.md"))) <= set(defaults(Policy) | defaults(PassagePolicy))


@pytest.mark.parametrize(("name", "number"), [("settings.md", 0), ("tuning.md", 0)])
def test_configuration_examples_load(name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in Settings(policy={}).unknown_environment():
        monkeypatch.delenv(variable)
    config = tmp_path / "sidik.toml"
    config.write_text(blocks(page(name), "toml")[number], "utf-8")
    policy = Policy.from_toml(Settings.load(config=config).policy)
    assert policy.name == "Kabar Teluk 2026"
    assert policy.owns("www.kabarteluk.example")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text("utf-8"))):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = path.parent / file if file else path
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            broken.append(target)
    assert broken == []


def anchors(path: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_and_modules_named_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    named = re.findall(rf"`((?:{'|'.join(CODE_FOLDERS)})/[\w./-]+)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []
    for module in re.findall(r"python -m ((?:benchmarks|tests|fingerprints)[\w.]*)", text):
        assert importlib.util.find_spec(module) is not None, module
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"(?:`|^)make (\w+)", text, re.M)) <= targets


def test_the_python_example_runs_and_prints_what_it_shows() -> None:
    (example,) = blocks(README, "python")
    shown = README.partition(example)[2].split("```\n")[2]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {"__name__": "readme"})  # it is our own
    assert printed.getvalue() == shown


def test_the_check_still_gives_the_verdict_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"^\$ \.venv/bin/sidik check (\S+)(.*)\n(.+)\n", README, re.M)
    assert found is not None
    store = f"sqlite:///{tmp_path}/demo.db"
    assert run(["demo", "--store", store]) == 0
    capsys.readouterr()
    status = run(["check", str(ROOT / found[1]), *found[2].split(), "--store", store])
    assert capsys.readouterr().out.splitlines()[0] == found[3]
    assert status == int("not flagged" not in found[3])


def test_the_systemd_unit_starts_a_command_that_exists() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names are case-sensitive
    unit.read_string((DOCS / "sidik.service").read_text("utf-8"))
    program, command, *options = unit["Service"]["ExecStart"].split()
    assert program.endswith("/sidik")
    known = {option for parameter in COMMANDS[command].params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known
