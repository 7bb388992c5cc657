"""Settings: flags, then environment, then file."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings
from fingerprints.errors import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_listen_on_loopback_only() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port, settings.store, settings.admin_key) == ("127.0.0.1", 8000, "sqlite:///sidik.db", None)


def test_flags_come_before_environment_before_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sidik.toml").write_text("port = 1\nworkers = 2\nthreads = 3\n[policy]\ncopy_score = 0.7\n")
    monkeypatch.setenv("SIDIK_PORT", "10")
    monkeypatch.setenv("SIDIK_WORKERS", "20")
    settings = Settings.load(port=100, host=None)
    assert (settings.port, settings.workers, settings.threads, settings.host) == (100, 20, 3, "127.0.0.1")
    assert settings.policy == {"copy_score": 0.7}


def test_addresses_to_fetch_are_separated_by_commas(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDIK_FETCH_ALLOW", "10.0.0.0/8, intranet ,")
    assert Settings.load().fetch_allow == ("10.0.0.0/8", "intranet")
    monkeypatch.delenv("SIDIK_FETCH_ALLOW")
    (folder / "sidik.toml").write_text('fetch_allow = ["a", "b"]')
    assert Settings.load().fetch_allow == ("a", "b")


@pytest.mark.parametrize(
    ("text", "said"), [("colour = 1", "'colour'"), ("port = 'x'", "port"), ("port = ", "TOML"), ("port = 70000", "port")]
)
def test_a_bad_file_is_named(folder: Path, text: str, said: str) -> None:
    (folder / "sidik.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        Settings.load()


def test_a_file_that_was_named_must_be_there(folder: Path) -> None:
    with pytest.raises(InputError, match=r"other\.toml"):
        Settings.load(config=folder / "other.toml")


def test_an_unknown_flag_is_an_error_and_an_unknown_variable_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="'colour'"):
        Settings.load(colour="red")
    monkeypatch.setenv("SIDIK_STOER", "x")
    assert Settings.load().unknown_environment() == ["SIDIK_STOER"]


def test_the_admin_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDIK_ADMIN_KEY", "very-secret")
    settings = Settings.load()
    assert settings.admin_key is not None
    assert settings.admin_key.get_secret_value() == "very-secret"
    assert "very-secret" not in f"{settings!r} {settings}"
