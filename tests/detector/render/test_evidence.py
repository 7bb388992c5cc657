import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detector.render import evidence_zip, verify_bundle
from detector.render.signed import key_fingerprint
from fingerprints.errors import InputError

from .sample import ARTICLE, report

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = "2026-01-02T03:04:05Z"


@pytest.fixture(scope="module")
def bundle() -> bytes:
    articles = [{"id": "a<1>", "version": 2, "text": ARTICLE, "stored_at": NOW}]
    return evidence_zip(report(), articles, KEY, NOW, capture=b"\x1f\x8bwarc")


def rewrite(data: bytes, change: dict[str, bytes | None]) -> bytes:
    """The same zip with members replaced (or dropped: None)."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in [*old.namelist(), *(n for n in change if n not in old.namelist())]:
            content = change.get(name, old.read(name) if name in old.namelist() else None)
            if content is not None:
                new.writestr(name, content)
    return target.getvalue()


def test_a_bundle_is_sound_and_complete(bundle: bytes) -> None:
    found = verify_bundle(bundle)
    assert found.sound, found.problems
    assert found.subject == "chk_1"
    assert found.key == key_fingerprint(KEY.public_key())
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert json.loads(archive.read("report.json")) == report()
        assert archive.read("submission.txt").decode() == report()["submission"]["text"]
        assert archive.read("articles/001.txt").decode() == ARTICLE
        assert "text" not in json.loads(archive.read("articles/001.json"))
        assert {"README.txt", "report.id.html", "report.en.html", "report.id.pdf", "report.en.pdf", "capture.warc.gz"} <= set(
            archive.namelist()
        )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"report.json": b"{}"}, "report.json was altered"),
        ({"submission.txt": None}, "submission.txt is missing"),
        ({"extra.txt": b"x"}, "extra.txt is not in the manifest"),
        ({"manifest.sig": b"AAAA"}, "signature"),
        ({"public-key.pem": b"no key"}, "signature or its key cannot be read"),
    ],
)
def test_every_change_is_seen(bundle: bytes, change: dict[str, bytes | None], problem: str) -> None:
    found = verify_bundle(rewrite(bundle, change))
    assert not found.sound
    assert any(problem in line for line in found.problems), found.problems


def test_a_manifest_made_to_fit_does_not_carry_the_signature(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        manifest = archive.read("manifest.json").replace(b"chk_1", b"chk_2")
    assert any(
        "signature of the manifest" in line for line in verify_bundle(rewrite(bundle, {"manifest.json": manifest})).problems
    )


def test_another_key_is_named(bundle: bytes) -> None:
    other = evidence_zip(report(), [], Ed25519PrivateKey.from_private_bytes(bytes(32)), NOW)
    with zipfile.ZipFile(io.BytesIO(other)) as archive:
        swapped = rewrite(bundle, {name: archive.read(name) for name in ("manifest.sig", "public-key.pem")})
    assert not verify_bundle(swapped).sound


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no evidence bundle"):
        verify_bundle(data)


def test_a_bomb_is_refused_unread() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(6):
            with archive.open(f"{i}", "w") as member:
                for _ in range(100):
                    member.write(bytes(1024 * 1024))
    with pytest.raises(InputError, match="unpacks to more"):
        verify_bundle(target.getvalue())


def test_the_readme_commands_check_the_signature(bundle: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        archive.extractall(tmp_path)
    for line in (tmp_path / "README.txt").read_text().splitlines():
        if line.strip().startswith(("base64", "openssl pkeyutl")):
            done = subprocess.run(line.strip(), shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
