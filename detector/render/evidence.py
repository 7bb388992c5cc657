"""The evidence bundle: everything that a reader needs to check a finding without us, in one signed zip."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from detector.render import render_html, render_pdf
from fingerprints.errors import InputError

FORMAT = "sidik-evidence/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes. A bundle that unpacks to more is refused: reports end far below, bombs do not."""

README = """\
This bundle holds one finding of a copy detection service. It can be checked without that service.

  report.json, report.*.html, report.*.pdf   the finding, for programs and for readers (id: Bahasa Indonesia, en: English)
  submission.txt                             the text that was checked, exactly
  articles/                                  the articles it was matched against: text and publication record
  capture.warc.gz                            the page as it was fetched, where one was kept (ISO 28500)
  manifest.json                              SHA-256 of every file above
  manifest.sig                               Ed25519 signature (RFC 8032) of manifest.json, Base64
  public-key.pem                             the key that signed; compare its fingerprint with the one the newsroom publishes

With the service's program:   sidik report --verify THIS.zip
With common tools, in the unpacked folder:
  sha256sum FILE                             compare with the manifest
  base64 -d manifest.sig > manifest.bin
  openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.bin

The sums show that the files are unchanged since the bundle was signed. They do not show
when it was made, nor who is in the right.
"""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `problems`: what is wrong, in words; empty when the bundle is sound. `key`: fingerprint of the
    signing key (SHA-256 of its raw bytes, hex), "" when unreadable."""

    check_id: str
    made_at: str
    files: tuple[str, ...]
    key: str
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """True when every sum and the signature hold."""
        return not self.problems


def key_fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def bundle(
    report: Mapping[str, Any],
    articles: Sequence[Mapping[str, Any]],
    key: Ed25519PrivateKey,
    now: str,
    capture: bytes | None = None,
) -> bytes:
    """A zip with report, texts and records, their SHA-256 sums and an Ed25519 signature.

    `articles`: one mapping a matched version, with at least `id, version, text`; what else it holds is its publication record.
    `now`: RFC 3339. `capture`: a WARC file, gzip-compressed. The same arguments give the same bytes.
    """
    public = key.public_key()
    contents: dict[str, bytes] = {"README.txt": README.encode(), "report.json": _json(report)}
    for lang in ("id", "en"):
        contents[f"report.{lang}.html"] = render_html(report, lang).encode()
        contents[f"report.{lang}.pdf"] = render_pdf(report, lang)
    contents["submission.txt"] = report["submission"]["text"].encode()
    for number, article in enumerate(articles, start=1):
        record = {name: value for name, value in article.items() if name != "text"}
        contents[f"articles/{number:03}.json"] = _json(record)
        contents[f"articles/{number:03}.txt"] = article["text"].encode()
    if capture is not None:
        contents["capture.warc.gz"] = capture
    contents["public-key.pem"] = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    manifest = _json(
        {
            "format": FORMAT,
            "check_id": report["id"],
            "made_at": now,
            "engine": report["engine"],
            "key": key_fingerprint(public),
            "files": [
                {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in contents.items()
            ],
        }
    )
    contents[MANIFEST] = manifest
    contents[SIGNATURE] = base64.b64encode(key.sign(manifest)) + b"\n"
    return _zip(contents, now)


def verify(data: bytes) -> Verification:
    """Check a bundle offline. Raises `InputError` when it is no evidence bundle at all; what does not hold is in `problems`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MAX_UNPACKED:
                raise InputError("bundle", f"unpacks to more than {MAX_UNPACKED} bytes")
            contents = {info.filename: archive.read(info) for info in infos}
            doubled = len(contents) != len(infos)
        manifest = json.loads(contents[MANIFEST])
        listed = {str(entry["name"]): str(entry["sha256"]) for entry in manifest["files"]}
        check_id, made_at, claimed = str(manifest["check_id"]), str(manifest["made_at"]), str(manifest["key"])
        if manifest["format"] != FORMAT:
            raise InputError("bundle", f"has the unknown format {manifest['format']!r}")
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError("bundle", f"is no evidence bundle: {error}") from None
    problems = ["a file name occurs twice"] if doubled else []
    problems += [f"{name} is missing" for name in listed if name not in contents]
    problems += [
        f"{name} is not in the manifest" for name in contents if name not in listed and name not in (MANIFEST, SIGNATURE)
    ]
    problems += [
        f"{name} was altered"
        for name, sha256 in listed.items()
        if name in contents and hashlib.sha256(contents[name]).hexdigest() != sha256
    ]
    key, wrong = _check_signature(contents, claimed)
    return Verification(check_id, made_at, tuple(listed), key, tuple(problems + wrong))


def _check_signature(contents: Mapping[str, bytes], claimed: str) -> tuple[str, list[str]]:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(contents["public-key.pem"])
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


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


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
