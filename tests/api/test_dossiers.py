"""Dossiers, letters and time stamps, over a socket; the authority is `openssl ts` behind a real server."""

from __future__ import annotations

import io
import json
import ssl
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from api.cli import run
from api.scanning.published import PUBLISHED
from detector.render import verify_bundle
from detector.render.stamps import read_roots
from tests.api.conftest import ADMIN, prose, run_server

SITE = "https://www.salinan.example"


def fill(http: httpx.Client) -> list[str]:
    """Two articles, four copies on one site (one of them clean), one elsewhere; ids of the flagged checks on the site."""
    for name in ("satu", "dua"):
        given = {"title": f"Judul {name}", "text": prose(name), "author": "Rani", "url": f"https://kita.example/{name}"}
        http.put(f"/v1/articles/{name}", json={**given, "published_at": "2024-07-09T08:00:00Z"}).raise_for_status()
    made = []
    for number, (text, where) in enumerate(
        [
            (prose("satu"), SITE),
            (prose("dua"), SITE),
            (prose("satu"), SITE),
            (prose("lain"), SITE),
            (prose("dua"), "https://x.example"),
        ]
    ):
        given = {"text": text, "url": f"{where}/{number}", "title": f"Salinan {number} <b>", "published_at": "2024-07-10"}
        made.append(http.post("/v1/checks", json=given).raise_for_status().json())
    return [report["id"] for report in made if report["flagged"] and report["submission"]["url"].startswith(SITE)]


@pytest.fixture(scope="module")
def found(http: httpx.Client) -> list[str]:
    return fill(http)


def test_a_dossier_counts_and_lists_the_findings_of_one_domain(http: httpx.Client, found: list[str]) -> None:
    assert len(found) == 3
    for domain in ("salinan.example", "www.salinan.example", "SALINAN.example."):
        html = http.get(f"/v1/dossiers/{domain}/dossier.html", params={"lang": "en"})
        assert html.status_code == 200
        assert "3 findings" in html.text
        assert all(id in html.text for id in found)
        assert "Salinan 0 &lt;b&gt;" in html.text
        assert "https://x.example" not in html.text
    assert "sandbox" in html.headers["content-security-policy"]
    pdf = http.get("/v1/dossiers/salinan.example/dossier.pdf").content
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "3 temuan" in text
    assert all(id in text for id in found)


def test_a_page_that_is_checked_again_is_one_finding_by_its_newest_check(http: httpx.Client, found: list[str]) -> None:
    given = {"text": prose("satu"), "title": "Lagi", "url": "https://berulang.example/1"}
    first, second = (http.post("/v1/checks", json=given).raise_for_status().json()["id"] for _ in range(2))
    http.post("/v1/checks", json={**given, "text": prose("satu") + "\nDitambah."}).raise_for_status()
    html = http.get("/v1/dossiers/berulang.example/dossier.html", params={"lang": "en"}).text
    assert "2 findings, " in html
    assert "1 article<" in html
    assert second in html
    assert first not in html


def test_a_dossier_bundle_holds_every_report_and_verifies(http: httpx.Client, found: list[str]) -> None:
    data = http.get("/v1/dossiers/salinan.example/dossier.zip").content
    verified = verify_bundle(data)
    assert verified.sound, verified.problems
    assert verified.subject == "salinan.example"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kept = [json.loads(archive.read(f"reports/00{n}.json")) for n in (1, 2, 3)]
        assert [report["id"] for report in kept] == found
        assert kept[0] == http.get(f"/v1/checks/{found[0]}").json()
        assert {f"reports/001.{kind}" for kind in ("html", "pdf")} <= set(archive.namelist())
        counted = json.loads(archive.read("dossier.json"))
    assert counted["findings"] == 3
    assert counted["articles"][0] == {"id": "satu", "title": "Judul satu", "findings": 2}
    assert counted["authors"] == {"Rani": 3}


def test_a_dossier_of_a_period_or_of_nothing(http: httpx.Client, found: list[str]) -> None:
    empty = http.get("/v1/dossiers/salinan.example/dossier.html", params={"until": "2020-01-01", "lang": "en"})
    assert "No flagged finding" in empty.text
    assert http.get("/v1/dossiers/tidak.example/dossier.pdf").status_code == 200
    for params in ({"since": "kemarin"}, {"until": "01/02/2024"}, {"bulan": "1"}):
        assert http.get("/v1/dossiers/salinan.example/dossier.html", params=params).status_code == 422


def test_a_dossier_needs_the_scope_of_cases(server: Any) -> None:
    assert server.client("checks").get("/v1/dossiers/salinan.example/dossier.html").status_code == 403


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("kind", ["notice", "press_council", "removal"])
def test_letters_are_drafts_filled_from_the_check(http: httpx.Client, found: list[str], kind: str, lang: str) -> None:
    params = {"article_id": "satu", "kind": kind, "lang": lang}
    text = http.get(f"/v1/checks/{found[0]}/letter.txt", params=params).text
    assert text.startswith("RANCANGAN" if lang == "id" else "DRAFT")
    for expected in (
        "Judul satu",
        "https://kita.example/satu",
        f"{SITE}/0",
        found[0],
        "100%",
        "[nama media]" if lang == "id" else "[name",
    ):
        assert expected in text
    document = Document(io.BytesIO(http.get(f"/v1/checks/{found[0]}/letter.docx", params=params).content))
    words = [word for paragraph in document.paragraphs for word in paragraph.text.split()]
    assert words == [word for word in text.split() if word != "-"]
    assert "#" not in text
    paper = document.sections[0]
    assert (round(paper.page_width.mm), round(paper.page_height.mm)) == (210, 297)
    language = {found.get(qn("w:val")) for found in document.styles.element.iter(qn("w:lang"))}
    assert language == {"id-ID" if lang == "id" else "en-GB"}, "a word processor checks the spelling of the right language"


def test_a_letter_about_a_correction_names_the_sentences_that_are_still_carried(http: httpx.Client) -> None:
    old = prose("koreksi")
    wrong = old.split("\n")[3]
    article = {"title": "Ralat", "text": old, "url": "https://kita.example/ralat"}
    http.put("/v1/articles/ralat", json=article).raise_for_status()
    check = http.post("/v1/checks", json={"text": old, "url": f"{SITE}/ralat"}).json()
    params = {"article_id": "ralat", "kind": "correction"}
    refused = http.get(f"/v1/checks/{check['id']}/letter.txt", params=params)
    assert refused.status_code == 422
    assert "no sentence" in refused.json()["detail"]
    http.put("/v1/articles/ralat", json={**article, "text": old.replace(wrong, prose("baru", 1))}).raise_for_status()
    assert wrong.rstrip(".") in http.get(f"/v1/checks/{check['id']}/letter.txt", params=params).text


@pytest.mark.parametrize("lang", ["id", "en"])
def test_copies_of_an_article_that_was_withdrawn_are_listed_with_a_letter_about_it(
    server: Any, http: httpx.Client, lang: str
) -> None:
    text = prose("dicabut", 9)
    given = {"title": "Dicabut", "text": text, "url": "https://kita.example/dicabut"}
    http.put(f"/v1/articles/dicabut-{lang}", json=given).raise_for_status()
    check = http.post("/v1/checks", json={"text": text, "url": f"{SITE}/dicabut-{lang}"}).json()
    copies = f"/v1/articles/dicabut-{lang}/copies?superseded=true"
    assert http.get(copies).json()["items"] == []
    server.store.records.insert(PUBLISHED, f"dicabut-{lang}", {"withdrawn_at": "2026-11-20T03:00:00Z"})
    carried = http.get(copies).json()["items"][0]
    assert carried["check_id"] == check["id"]
    assert len(carried["superseded"]) == 9
    params = {"article_id": f"dicabut-{lang}", "kind": "correction", "lang": lang}
    letter = http.get(f"/v1/checks/{check['id']}/letter.txt", params=params).text
    said = ("Pencabutan berita", "sejak 20 November 2026 10.00 WIB", "dan 4 kalimat lain", "[alasan]")
    if lang == "en":
        said = ("Withdrawal of a story", "since 20 November 2026 03:00 UTC", "and 4 further sentences", "[reason]")
    assert all(words in letter for words in said), letter
    assert text.split("\n")[4].rstrip(".") in letter
    assert text.split("\n")[5].rstrip(".") not in letter


def test_letters_that_cannot_be_written(http: httpx.Client, found: list[str]) -> None:
    at = f"/v1/checks/{found[0]}/letter.txt"
    assert http.get(at, params={"article_id": "dua"}).status_code == 422
    assert http.get(at).status_code == 422
    assert http.get(at, params={"article_id": "satu", "kind": "threat"}).status_code == 422
    assert http.get("/v1/checks/none/letter.docx", params={"article_id": "satu"}).status_code == 404


CONFIG = """
[tsa]
default_tsa = a
[a]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """`openssl ts -reply` behind HTTP. `wrong`: sent instead, if set."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.wrong, authority = folder, b"", self
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
        for command in (
            "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650 -subj /CN=Akar",
            "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=Cap-Waktu",
            "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 3650 -extfile ext",
        ):
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                (folder / "query").write_bytes(self.rfile.read(int(self.headers["content-length"])))
                reply = authority.wrong or authority.reply()
                self.send_response(200)
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *args: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def reply(self) -> bytes:
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("tsa"))
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def stamped(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    key = tmp_path_factory.mktemp("key") / "key.pem"
    with (
        run_server(timestamp_url=authority.url, signing_key=key) as running,
        httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=30, trust_env=False) as client,
    ):
        yield client, fill(client)[0]


def test_a_bundle_is_stamped_by_an_outside_authority(
    authority: Authority, stamped: tuple[httpx.Client, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client, check = stamped
    data = client.get(f"/v1/checks/{check}/evidence.zip").content
    alone = verify_bundle(data)
    assert alone.sound
    assert alone.stamp is not None
    assert (alone.stamp.authority, alone.stamp.trusted) == ("CN=Cap-Waktu", False)
    trusted = verify_bundle(data, read_roots((authority.folder / "root.pem").read_bytes()))
    assert trusted.sound, trusted.problems
    assert trusted.stamp is not None
    assert trusted.stamp.trusted

    file = tmp_path / "bukti.zip"
    file.write_bytes(data)
    assert run(["report", "--verify", str(file), "--root", str(authority.folder / "root.pem")]) == 0
    assert "whose root was given" in capsys.readouterr().out
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path)
    line = next(line for line in (tmp_path / "README.txt").read_text().splitlines() if "openssl ts" in line)
    command = line.strip(" #").replace("ROOT.pem", str(authority.folder / "root.pem"))
    assert "Verification: OK" in subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_the_order_in_which_an_authority_sends_its_certificates_is_its_own(
    authority: Authority, stamped: tuple[httpx.Client, str]
) -> None:
    client, check = stamped
    root, signer = ((authority.folder / f"{name}.pem").read_text() for name in ("root", "tsa"))
    sent = set()
    for chain in (root + signer, signer + root):
        (authority.folder / "chain.pem").write_text(chain)
        (authority.folder / "tsa.cnf").write_text(
            CONFIG.format(folder=authority.folder) + f"certs = {authority.folder}/chain.pem\n"
        )
        try:
            data = client.get(f"/v1/checks/{check}/evidence.zip").raise_for_status().content
        finally:
            (authority.folder / "tsa.cnf").write_text(CONFIG.format(folder=authority.folder))
        found = verify_bundle(data, read_roots(root.encode()))
        assert found.sound, found.problems
        assert found.stamp is not None
        assert (found.stamp.authority, found.stamp.trusted) == ("CN=Cap-Waktu", True)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sent.add(tuple(sorted_or_not(archive.read("manifest.tsr"), root, signer)))
    assert len(sent) == 2, "the authority's answer is kept as it was sent"


def sorted_or_not(answer: bytes, *certificates: str) -> list[int]:
    """Where each certificate last stands in an answer, which names the one of the signer once more."""
    return [answer.rfind(ssl.PEM_cert_to_DER_cert(pem)) for pem in certificates]


def test_a_stamp_of_something_else_or_of_another_authority_is_seen(
    authority: Authority, stamped: tuple[httpx.Client, str], tmp_path: Path
) -> None:
    client, check = stamped
    data = client.get(f"/v1/checks/{check}/evidence.zip").content
    other = client.get(f"/v1/checks/{check}/evidence.zip").content
    with zipfile.ZipFile(io.BytesIO(other)) as archive:
        foreign = archive.read("manifest.tsr")
    for stamp, problem in ((foreign, "something else"), (b"no stamp", "cannot be read")):
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
            for name in old.namelist():
                new.writestr(name, stamp if name == "manifest.tsr" else old.read(name))
        assert any(problem in line for line in verify_bundle(target.getvalue()).problems)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-subj", "/CN=Lain"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    strange = verify_bundle(data, read_roots((tmp_path / "r.pem").read_bytes()))
    assert any("authority given" in line for line in strange.problems)


def test_no_stamp_no_bundle(authority: Authority, stamped: tuple[httpx.Client, str]) -> None:
    client, check = stamped
    for wrong, said in ((b"x", "of no use"), (b"x" * 200_000, "too large")):
        authority.wrong = wrong
        try:
            answer = client.get(f"/v1/checks/{check}/evidence.zip")
        finally:
            authority.wrong = b""
        assert answer.status_code == 503
        assert said in answer.json()["detail"]
        assert "retry-after" in answer.headers


def test_dossiers_and_letters_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    with run_server(store=store) as running:
        check = fill(running.admin)[0]
    files = {kind: str(tmp_path / f"d.{kind}") for kind in ("html", "pdf", "zip", "docx")}
    options = [part for kind in ("html", "pdf", "zip") for part in (f"--{kind}", files[kind])]
    assert run(["dossier", "salinan.example", "--store", store, *options]) == 0
    assert run(["report", "--verify", files["zip"]]) == 0
    assert "dossier on salinan.example" in capsys.readouterr().out
    assert run(["dossier", "salinan.example", "--store", store, "--since", "2020-01-01"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == 3
    assert run(["letter", check, "satu", "--store", store, "--lang", "en"]) == 0
    assert "Judul satu" in capsys.readouterr().out
    assert run(["letter", check, "satu", "--store", store, "--docx", files["docx"]]) == 0
    assert Path(files["docx"]).read_bytes()[:2] == b"PK"
    assert run(["letter", "none", "satu", "--store", store]) == 2
    assert run(["letter", check, "none", "--store", store]) == 2
