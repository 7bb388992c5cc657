"""The stack of `compose.yaml`: what can be told of it without running containers."""

from __future__ import annotations

import re

import pytest
import yaml

from api.settings import Settings
from tests.docs_tables import ROOT

STACK = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SIDIK, MONGO = STACK["services"]["sidik"], STACK["services"]["mongo"]


def test_nothing_is_published_beyond_this_machine() -> None:
    assert SIDIK["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in MONGO
    assert STACK["networks"]["inside"] == {"internal": True}
    assert MONGO["networks"] == ["inside"]


def test_its_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SIDIK["environment"].items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert (settings.index, settings.port, settings.store) == ("embedded", 8000, "mongodb://mongo:27017/sidik?replicaSet=rs0")
    assert settings.unknown_environment() == []


def test_every_service_says_whether_it_is_well_and_keeps_its_data() -> None:
    for service in STACK["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert {mount.partition(":")[0] for mount in service["volumes"]} <= set(STACK["volumes"])
    assert SIDIK["depends_on"] == {"mongo": {"condition": "service_healthy"}}
    assert str(SIDIK["environment"]["SIDIK_SIGNING_KEY"]).startswith(SIDIK["volumes"][0].partition(":")[2])


def test_the_image_holds_neither_history_nor_secrets_and_does_not_run_as_root() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {".git", ".venv", "*.pem", "*.db", "sidik.toml"} <= set(ignored)
    steps = (ROOT / "Dockerfile").read_text("utf-8")
    assert steps.index("\nUSER sidik") < steps.index("\nCMD")
    for module in re.findall(r"(?:fingerprints|detector)\.[\w.]+", steps):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
