"""A zip that can be checked without us: SHA-256 of every file in a manifest, an Ed25519 signature of it, perhaps a time stamp."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import Certificate

from detector.render.stamps import Stamped, read_stamp
from fingerprints.errors import InputError

EVIDENCE, DOSSIER = "sidik-evidence/1", "sidik-dossier/1"
MANIFEST, SIGNATURE, STAMP, PUBLIC_KEY = "manifest.json", "manifest.sig", "manifest.tsr", "public-key.pem"
MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes. A bundle that unpacks to more is refused: reports end far below, bombs do not."""
Stamper = Callable[[bytes], bytes]
"""Manifest -> RFC 3161 time stamp response (DER)."""

HOW_TO_CHECK = """\
  manifest.json                              SHA-256 of every file above
  manifest.sig                               Ed25519 signature (RFC 8032) of manifest.json, Base64
  manifest.tsr                               time stamp of manifest.json by an outside authority (RFC 3161), where one was asked
  public-key.pem                             the key that signed; compare its fingerprint with the one the newsroom publishes

With the service's program:   sidik report --verify THIS.zip
With common tools, in the unpacked folder:
  sha256sum FILE                             compare with the manifest
  base64 -d manifest.sig > manifest.bin
  openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.bin
And the time stamp, with the authority's root certificate:
  # openssl ts -verify -in manifest.tsr -data manifest.json -CAfile ROOT.pem

The sums show that the files are unchanged since the bundle was signed. Without a time stamp they do not show
when it was made, and in no case who is in the right.
"""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `subject`: the check's id, or the domain of a dossier. `problems`: what is wrong, in words; empty when
    the bundle is sound. `key`: fingerprint of the signing key (SHA-256 of its raw bytes, hex), "" when unreadable. `stamp`: the
    outside time stamp, None where there is none."""

    format: str
    subject: str
    made_at: str
    files: tuple[str, ...]
    key: str
    stamp: Stamped | None
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """True when every sum, the signature and the time stamp, if any, hold."""
        return not self.problems


def key_fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def signed_zip(
    contents: Mapping[str, bytes], head: Mapping[str, Any], key: Ed25519PrivateKey, now: str, stamp: Stamper | None = None
) -> bytes:
    """`contents` with their manifest, its signature and the key. `head`: what the manifest says beside the sums, `format` among
    it. `now`: RFC 3339. The same arguments, and the same stamp, give the same bytes."""
    public = key.public_key()
    files = {**contents, PUBLIC_KEY: public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)}
    sums = [{"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()]
    manifest = json_bytes({**head, "made_at": now, "key": key_fingerprint(public), "files": sums})
    files[MANIFEST] = manifest
    files[SIGNATURE] = base64.b64encode(key.sign(manifest)) + b"\n"
    if stamp is not None:
        files[STAMP] = stamp(manifest)
    return _zip(files, now)


def verify(data: bytes, roots: Sequence[Certificate] = ()) -> Verification:
    """Check a bundle offline. `roots`: of the time stamp authorities that are trusted. Raises `InputError` when it is no bundle
    of ours at all; what does not hold is in `problems`."""
    try:
        contents, doubled = _unpack(data)
        manifest = json.loads(contents[MANIFEST])
        kind = str(manifest["format"])
        if kind not in (EVIDENCE, DOSSIER):
            raise InputError("bundle", f"has the unknown format {kind!r}")
        listed = {str(entry["name"]): str(entry["sha256"]) for entry in manifest["files"]}
        subject = str(manifest["check_id" if kind == EVIDENCE else "domain"])
        made_at, claimed = str(manifest["made_at"]), str(manifest["key"])
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError("bundle", f"is no evidence bundle: {error}") from None
    problems = ["a file name occurs twice"] if doubled else []
    problems += _differences(contents, listed)
    key, wrong = _check_signature(contents, claimed)
    stamp, late = read_stamp(contents[STAMP], contents[MANIFEST], roots) if STAMP in contents else (None, [])
    return Verification(kind, subject, made_at, tuple(listed), key, stamp, tuple(problems + wrong + late))


def json_bytes(value: object) -> bytes:
    """`value` as JSON for readers, the same bytes each time."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _unpack(data: bytes) -> tuple[dict[str, bytes], bool]:
    """The members by name, and whether a name occurs twice."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > MAX_UNPACKED:
            raise InputError("bundle", f"unpacks to more than {MAX_UNPACKED} bytes")
        contents = {info.filename: archive.read(info) for info in infos}
    return contents, len(contents) != len(infos)


def _differences(contents: Mapping[str, bytes], listed: Mapping[str, str]) -> list[str]:
    beside = (MANIFEST, SIGNATURE, STAMP)
    found = [f"{name} is missing" for name in listed if name not in contents]
    found += [f"{name} is not in the manifest" for name in contents if name not in listed and name not in beside]
    return found + [
        f"{name} was altered"
        for name, sha256 in listed.items()
        if name in contents and hashlib.sha256(contents[name]).hexdigest() != sha256
    ]


def _check_signature(contents: Mapping[str, bytes], claimed: str) -> tuple[str, list[str]]:
    try:
        public = load_pem_public_key(contents[PUBLIC_KEY])
        signature = base64.b64decode(contents[SIGNATURE], validate=False)
    except (KeyError, ValueError) as error:
        return "", [f"the signature or its key cannot be read: {error}"]
    if not isinstance(public, Ed25519PublicKey):
        return "", ["the key is no Ed25519 key"]
    key = key_fingerprint(public)
    wrong = [] if key == claimed else ["the key is not the one named in the manifest"]
    try:
        public.verify(signature, contents[MANIFEST])
    except InvalidSignature:
        wrong.append("the signature of the manifest does not hold")
    return key, wrong


def _zip(contents: Mapping[str, bytes], now: str) -> bytes:
    at = datetime.fromisoformat(now)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            info = zipfile.ZipInfo(name, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return target.getvalue()
