"""The key that signs evidence bundles: an Ed25519 key in a PEM file that only its owner can read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from api.settings import Settings
from fingerprints.errors import InputError


def key_path(settings: Settings) -> Path:
    """Where the key is: the setting, or beside the SQLite file, or in the working directory."""
    if settings.signing_key is not None:
        return settings.signing_key
    parts = urlsplit(settings.store)
    if parts.scheme == "sqlite" and len(parts.path) > 1:
        return Path(parts.path[1:] + ".signing-key.pem")
    return Path("sidik.signing-key.pem")


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The key, made on first use. Raises `InputError` naming the file when it cannot be read or made."""
    path = key_path(settings)
    try:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise InputError(str(path), f"cannot be used for the signing key: {error.strerror}") from None
    except (ValueError, TypeError):
        raise InputError(str(path), "holds no unencrypted PEM key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(str(path), "holds no Ed25519 key")
    return key


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner only
    fresh = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # unlike a rename, never replaces a key that another process made meanwhile
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
