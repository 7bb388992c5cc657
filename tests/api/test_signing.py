import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.settings import Settings
from api.signing import key_path, signing_key
from fingerprints.errors import InputError


def raw(settings: Settings) -> bytes:
    return signing_key(settings).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_the_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    settings = Settings.load(store=f"sqlite:///{tmp_path}/s.db")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: raw(settings), range(16)))
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["s.db.signing-key.pem"]
    assert key_path(settings).stat().st_mode & 0o777 == 0o600


def test_a_setting_names_another_place(tmp_path: Path) -> None:
    settings = Settings.load(store="memory://", signing_key=tmp_path / "k.pem")
    assert key_path(settings) == tmp_path / "k.pem"
    assert raw(settings) == raw(settings)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k.pem"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"k\.pem"):
        signing_key(Settings.load(signing_key=path))
    assert path.read_bytes() == content
