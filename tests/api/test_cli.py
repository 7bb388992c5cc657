"""The command line: exit status, output, errors in one line, nothing lost. Mostly in this process, for loading takes long;
what depends on a real process (signals, terminals, pipes) in one."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from api.cli import HUNG_UP, run
from api.roles import ROLES
from api.sessions import find_session, redeem_sign_in
from fingerprints.stores import open_store

SIDIK = Path(sys.executable).with_name("sidik")
DEMO = Path(__file__).parents[2] / "api" / "demo"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "imports"
INDEX = json.loads((DEMO / "submissions" / "index.json").read_text("utf-8"))
SAMPLES = {one["file"]: one for one in INDEX if "published_at" not in one}
INDONESIAN = [
    r"^SALINAN SEBAGIAN   skor 0,\d\d   ditandai$",
    r"\b3\.\d{3} kata, 3\.\d{3} kata sendiri",
    r"• \d+ kata, \d+% dari naskah ini",
    r"^1\. .+   salinan sebagian, skor 0,\d\d$",
    r" · 11 Februari 2025 10\.00 WIB · ",
    r"naskah disalin · 21% artikel diambil · 100% sama persis · runtun terpanjang 54 kata",
    r" · siapa lebih dulu tidak diketahui · penyebutan sumber tidak diketahui$",
    r"^   \[1\] sama persis, 54 kata, kemiripan 1,00$",
    r"^pemeriksaan \w+ · 40 artikel ditelusuri dalam [\d.]+,\d ms · ",
]
ENGLISH = [
    r"^PARTIAL COPY   score 0\.\d\d   flagged$",
    r"\b3,\d{3} words, 3,\d{3} of its own",
    r"• \d+ words, \d+% of this text",
    r"^1\. .+   partial copy, score 0\.\d\d$",
    r" · 11 February 2025 03:00 UTC · ",
    r"of the submission · taken 21% of the article · 100% verbatim · longest run 54 words",
    r" · who was first is unknown · source unknown$",
    r"^   \[1\] verbatim, 54 words, similarity 1\.00$",
    r"^check \w+ · 40 articles searched in [\d,]+\.\d ms · ",
]
"""What a report says around the texts, in either language."""


class Shell:
    """A folder to work in, with a store of its own. `run` runs the command in this process, `start` as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *arguments: object, **options: object) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SIDIK_")}
        environment |= options.pop("env", {})  # type: ignore[arg-type]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen([str(SIDIK), *map(str, arguments)], cwd=self.folder, env=environment, **pipes)  # type: ignore[call-overload]

    def run(self, *arguments: object, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in [name for name in os.environ if name.startswith("SIDIK_")]:
                patch.delenv(name)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            status = run([str(argument) for argument in arguments])
        out.flush()
        err.flush()
        return status, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()  # type: ignore[attr-defined]

    def run_really(self, *arguments: object) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=180)
        return process.returncode, out.decode(), err.decode()

    def json(self, *arguments: object) -> object:
        status, out, err = self.run(*arguments, "--json")
        assert status in (0, 1), err
        return json.loads(out)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder whose archive holds the sample articles; tests only read it and add checks."""
    made = Shell(tmp_path_factory.mktemp("newsroom"))
    status, out, err = made.run("demo")
    assert (status, err) == (0, "")
    assert out.startswith("40 sample articles are in sqlite:///sidik.db")
    return made


@pytest.fixture(scope="module")
def check_id(newsroom: Shell) -> str:
    """A check that is kept in the newsroom's store."""
    return newsroom.json("check", DEMO / "submissions" / "01-salinan-utuh.txt")["id"]


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


class TestImport:
    def test_counts_rejects_and_exit_status(self, shell, tmp_path):
        good = [{"id": f"a{i}", "text": f"Isi berita nomor {i} yang cukup.", "kolom": 1} for i in range(3)]
        path = lines(tmp_path / "a.jsonl", *good, {"id": "x", "text": ""}, {**good[0], "text": "lain"})
        status, out, err = shell.run("import", path, "--rejects", "rejects.jsonl")
        assert status == 1
        assert out.startswith("created 3, updated 0, unchanged 0, rejected 2 in ")
        assert f"rejected: {path} line 4: text: is missing (id x)" in err
        assert "line 5: its id came before; the first stays (id a0)" in err
        assert "fields ignored: kolom (5)" in err or "fields ignored: kolom (4)" in err
        rejects = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
        assert [r["id"] for r in rejects] == ["x", "a0"]
        assert rejects[0]["place"] == f"{path} line 4"

    def test_again_changes_nothing_and_a_corrected_article_is_updated(self, shell, tmp_path):
        path = lines(tmp_path / "a.jsonl", {"id": "a", "text": "Satu"}, {"id": "b", "text": "Dua"})
        assert shell.run("import", path)[0] == 0
        assert shell.run("import", path)[1].startswith("created 0, updated 0, unchanged 2, rejected 0")
        lines(path, {"id": "a", "text": "Satu"}, {"id": "b", "text": "Dua, diperbaiki"})
        assert shell.run("import", path)[1].startswith("created 0, updated 1, unchanged 1, rejected 0")

    def test_several_things_at_once_and_one_that_is_not_there(self, shell, tmp_path):
        path = lines(tmp_path / "a.jsonl", {"id": "a", "text": "Satu"})
        status, out, err = shell.run("import", path, "missing.jsonl", FIXTURES / "ekspor-wordpress.xml", FIXTURES / "halaman")
        assert status == 2
        assert out.startswith("created 5, updated 0, unchanged 0, rejected 3 ")
        assert "sidik: missing.jsonl: cannot be read: No such file or directory" in err
        assert "passed over: " in err

    def test_standard_input(self, shell):
        assert shell.run("import", "-", stdin=b'{"id": "a", "text": "Satu"}\n')[0] == 0

    def test_a_site_on_an_address_that_must_be_listed(self, shell, web, answer):
        posts = [{"id": 1, "link": f"{web.url}/a/", "title": {"rendered": "A"}, "content": {"rendered": "<p>Isi berita.</p>"}}]
        web.pages["/wp-json/wp/v2/posts"] = answer(json.dumps(posts).encode(), 200, {"X-WP-Total": "1", "X-WP-TotalPages": "1"})
        url = f"{web.url}/wp-json/wp/v2/posts"
        status, _, err = shell.run("import", url)
        assert status == 2
        assert "SIDIK_FETCH_ALLOW" in err
        assert web.asked == []
        assert shell.run("import", url, env={"SIDIK_FETCH_ALLOW": "127.0.0.1"})[0] == 0

    def test_ctrl_c_keeps_what_was_counted_and_the_same_command_goes_on(self, shell, tmp_path):
        fifo = tmp_path / "slow.jsonl"
        os.mkfifo(fifo)
        process = shell.start("import", fifo)
        with fifo.open("wb", buffering=0) as pipe:
            for i in range(1500):
                pipe.write(json.dumps({"id": f"a{i}", "text": f"Isi berita nomor {i}. " * 20}).encode() + b"\n")
            stored = self._wait_for_articles(tmp_path / "sidik.db")
            out, err = self._interrupt(process)
        assert process.returncode == 130
        assert "interrupted" in err
        assert stored <= int(re.search(r"created ([\d,]+)", out)[1].replace(",", "")) < 1500
        status, out, _ = shell.run("index", "verify")
        assert status == 0, out

    @staticmethod
    def _interrupt(process: subprocess.Popen[bytes]) -> tuple[str, str]:
        """Ctrl-C, and as a person would once more: the interpreter drops one that falls into a callback of a library."""
        for patience in (15, 60):
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired:
                continue
            return out.decode(), err.decode()
        process.kill()
        raise AssertionError("two interrupts did not end the import")

    @staticmethod
    def _wait_for_articles(path: Path) -> int:
        deadline = time.monotonic() + 240  # the process may have to compile the loops first
        while time.monotonic() < deadline:
            if path.exists():
                try:
                    store = open_store(f"sqlite:///{path}")
                except Exception:
                    time.sleep(0.1)
                    continue
                count = store.count()
                store.close()
                if count:
                    return count
            time.sleep(0.1)
        raise AssertionError("nothing was stored")


class TestCheck:
    @pytest.mark.parametrize("name", ["01-salinan-utuh.txt", "05-kutipan-sah.txt", "08-bersih.txt"])
    def test_exit_status_and_json_and_the_report_is_kept(self, newsroom, name):
        status, out, err = newsroom.run_really("check", DEMO / "submissions" / name, "--json")
        report = json.loads(out)
        assert (report["verdict"], report["flagged"]) == (SAMPLES[name]["verdict"], SAMPLES[name]["flagged"])
        assert (status, err) == (int(SAMPLES[name]["flagged"]), "")
        kept = newsroom.json("report", report["id"])
        assert kept == report

    def test_text_for_a_pipe_is_plain_with_both_sides_and_their_surroundings(self, newsroom):
        status, out, _ = newsroom.run("check", DEMO / "submissions" / "03-kutipan-sebagian.txt", "--lang", "en")
        assert status == 1
        assert out.startswith("PARTIAL COPY   score ")
        assert "\x1b" not in out
        sides = re.findall(r"^ +(submission|article) +[\d,]+–[\d,]+ (.+)$", out, re.M)
        assert {side for side, _ in sides} == {"submission", "article"}
        assert all("…" in text for _, text in sides)
        assert not re.search(r" {40}", out)

    @pytest.mark.parametrize(
        ("lang", "own", "others"),
        [
            ("id", INDONESIAN, ENGLISH),
            ("en", ENGLISH, INDONESIAN),
        ],
    )
    def test_every_word_around_the_texts_is_in_the_language_asked_for(self, newsroom, tmp_path, lang, own, others):
        text = (DEMO / "submissions" / "03-kutipan-sebagian.txt").read_text("utf-8")
        path = tmp_path / "long.txt"
        path.write_text(text + "\n\n" + " ".join(f"Baris{i} sendiri{i} saja{i}." for i in range(1000)), "utf-8")
        status, out, _ = newsroom.run("check", path, "--lang", lang)
        assert status in (0, 1)
        said = "\n".join(line for line in out.splitlines() if not line.startswith(" " * 7))
        assert [pattern for pattern in own if not re.search(pattern, said, re.M)] == []
        assert [pattern for pattern in others if re.search(pattern, said, re.M)] == []
        sides = {"id": {"naskah", "artikel"}, "en": {"submission", "article"}}[lang]
        assert set(re.findall(r"^ {7}(\w+) +[\d.,]+–[\d.,]+ ", out, re.M)) == sides

    def test_without_an_option_the_language_is_that_of_the_policy(self, newsroom, tmp_path):
        path, config = DEMO / "submissions" / "01-salinan-utuh.txt", tmp_path / "english.toml"
        config.write_text('[policy]\nlanguage = "en"\n')
        english = {"SIDIK_CONFIG": str(config)}
        assert newsroom.run("check", path)[1].startswith("SALINAN   skor 1,00   ditandai\n")
        assert newsroom.run("check", path, env=english)[1].startswith("COPY   score 1.00   flagged\n")
        assert newsroom.run("check", path, "--lang", "id", env=english)[1].startswith("SALINAN   skor 1,00   ditandai\n")

    def test_the_sentences_in_json_too_but_what_is_kept_is_in_the_language_of_the_policy(self, newsroom):
        english = newsroom.json("check", DEMO / "submissions" / "08-bersih.txt", "--lang", "en")
        assert english["reasons"] == ["Nothing found in the archive."]
        kept = newsroom.json("report", english["id"])
        assert kept["reasons"] == ["Tidak ditemukan apa pun di arsip."]
        assert newsroom.json("report", english["id"], "--lang", "en") == english

    def test_on_a_terminal_it_is_coloured_and_no_line_is_wider(self, newsroom):
        out = self._on_terminal(newsroom, 72, "check", DEMO / "submissions" / "03-kutipan-sebagian.txt", "--lang", "en")
        assert "\x1b[" in out
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out)
        assert max(len(line) for line in plain.splitlines()) <= 72
        assert "PARTIAL COPY" in plain

    def test_what_could_steer_a_terminal_is_not_printed(self, newsroom, tmp_path):
        source = (DEMO / "submissions" / "03-kutipan-sebagian.txt").read_text("utf-8")
        path = tmp_path / "evil.txt"
        path.write_text(source.replace(" yang ", " \x1b]0;owned\x07yang\x9b31m "), "utf-8")
        status, out, _ = newsroom.run("check", path, "--full", "--title", "\x1b[31mjudul")
        assert status == 1
        assert "\x1b" not in out
        assert "\x9b" not in out

    def test_standard_input_and_metadata(self, newsroom):
        text = (DEMO / "submissions" / "01-salinan-utuh.txt").read_bytes()
        status, out, _ = newsroom.run(
            "check", "-", "--json", "--published-at", "1999-01-01", "--url", "https://salin.example/a", "--title", "T", stdin=text
        )
        report = json.loads(out)
        assert (report["submission"]["url"], report["submission"]["title"]) == ("https://salin.example/a", "T")
        assert report["matches"][0]["first"] == "submission"
        assert status == int(report["flagged"])

    def test_an_article_can_be_left_out(self, newsroom):
        path = DEMO / "submissions" / "02-disunting-ringan.txt"
        first = newsroom.json("check", path)["matches"][0]["article"]["id"]
        rest = newsroom.json("check", path, "--exclude", first)["matches"]
        assert first not in [match["article"]["id"] for match in rest]

    def test_a_page_by_file_and_by_url(self, newsroom, web, answer, tmp_path):
        article = json.loads((DEMO / "articles.jsonl").read_text("utf-8").splitlines()[3])
        paragraphs = "".join(f"<p>{line}</p>" for line in article["text"].split("\n") if line)
        body = f"<body><article><h1>Salinan</h1>{paragraphs}</article></body>"
        page = f"<!doctype html><html><head><title>Salinan</title></head>{body}</html>"
        (tmp_path / "page.txt").write_text(page, "utf-8")
        web.pages["/a"] = answer(page.encode(), 200, {"Content-Type": "text/html"})
        saved = newsroom.json("check", tmp_path / "page.txt")
        assert saved["submission"]["title"] == "Salinan"
        assert article["id"] in [match["article"]["id"] for match in saved["matches"]]
        status, out, err = newsroom.run("check", f"{web.url}/a", "--json", env={"SIDIK_FETCH_ALLOW": "127.0.0.1"})
        assert status in (0, 1), err
        assert json.loads(out)["submission"]["url"] == f"{web.url}/a"
        assert json.loads(out)["submission"]["text"] == saved["submission"]["text"]
        assert newsroom.run("check", f"{web.url}/a")[0] == 2

    def test_a_legacy_file_is_read_and_said(self, newsroom, tmp_path):
        path = tmp_path / "a.txt"
        path.write_bytes("“Harga beras naik,” kata pedagang itu.".encode("cp1252"))
        status, out, err = newsroom.run("check", path, "--json")
        assert status == 0
        assert json.loads(out)["submission"]["text"].startswith("“Harga")
        assert "Windows-1252" in err

    @staticmethod
    def _on_terminal(shell: Shell, width: int, *arguments: object) -> str:
        ours, theirs = pty.openpty()
        environment = {"TERM": "xterm-256color", "COLUMNS": str(width), "LINES": "40"}
        process = shell.start(*arguments, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        out, deadline = b"", time.monotonic() + 120
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    data = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not data:
                    break
                out += data
        process.wait(10)
        os.close(ours)
        return out.decode().replace("\r\n", "\n")


class TestCompare:
    def test_two_files(self, shell, tmp_path):
        text = (DEMO / "submissions" / "03-kutipan-sebagian.txt").read_text("utf-8")
        (tmp_path / "a.txt").write_text(text)
        (tmp_path / "b.txt").write_text(text)
        match = shell.json("compare", "a.txt", "b.txt")
        assert (match["score"], len(match["passages"])) == (1.0, 1)
        status, out, _ = shell.run("compare", "a.txt", "b.txt", "--lang", "en")
        assert status == 0
        assert out.startswith("COPY   score 1.00\na.txt against b.txt\ncopied 100% of the submission · ")
        status, out, _ = shell.run("compare", "a.txt", "b.txt")
        assert status == 0
        assert out.startswith("SALINAN   skor 1,00\na.txt dibandingkan dengan b.txt\n100% naskah disalin · ")
        assert list(tmp_path.glob("*.db*")) == []


class TestReports:
    def test_files_of_a_kept_check(self, newsroom, check_id):
        status, out, err = newsroom.run(
            "report", check_id, "--pdf", "a.pdf", "--html", "a.html", "--evidence", "a.zip", "--lang", "en"
        )
        assert (status, out) == (0, "")
        assert err.count("wrote ") == 3
        assert (newsroom.folder / "a.pdf").read_bytes().startswith(b"%PDF-")
        page = (newsroom.folder / "a.html").read_text("utf-8")
        assert check_id in page
        assert "of this text, are the same as articles in the archive" in page
        assert "dari naskah ini" not in page
        status, out, _ = newsroom.run("report", "--verify", "a.zip")
        assert status == 0
        assert out.startswith(f"sound: check {check_id}")

    def test_a_bundle_that_was_changed_is_not_sound(self, newsroom, check_id):
        assert newsroom.run("report", check_id, "--evidence", "b.zip")[0] == 0
        path = newsroom.folder / "b.zip"
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        status, out, err = newsroom.run("report", "--verify", "b.zip")
        assert status in (1, 2)
        assert "NOT SOUND" in out or err

    def test_the_text_again(self, newsroom, check_id):
        status, out, _ = newsroom.run("report", check_id)
        assert status == 0
        assert out.startswith(f"SALINAN   skor 1,00   ditandai\npemeriksaan {check_id} · ")
        status, out, _ = newsroom.run("report", check_id, "--lang", "en")
        assert status == 0
        assert out.startswith(f"COPY   score 1.00   flagged\ncheck {check_id} · ")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["report"],
            ["report", "nosuch"],
            ["report", "x", "--verify", "y"],
            ["report", "x", "--lang", "fr"],
            ["check", "x", "--lang", "ID"],
            ["compare", "x", "y", "--lang", ""],
        ],
        ids=" ".join,
    )
    def test_what_makes_no_sense(self, newsroom, arguments):
        status, _, err = newsroom.run(*arguments)
        assert status == 2
        assert err.startswith("sidik: ")
        assert err.count("\n") == 1


class TestKeys:
    def test_create_list_revoke(self, shell):
        status, key, err = shell.run("keys", "create", "Plugin situs", "--scope", "articles", "--scope", "checks")
        assert (status, key.startswith("sidik_")) == (0, True)
        assert "not shown again" in err
        id = re.search(r"key (\w+) for", err)[1]
        status, out, _ = shell.run("keys", "list")
        assert id in out
        assert "articles,checks" in out
        assert key.strip() not in out
        assert shell.run("keys", "revoke", id)[0] == 0
        assert shell.json("keys", "list") == []
        status, _, err = shell.run("keys", "revoke", id)
        assert (status, err) == (2, f"sidik: ID: there is no key '{id}'\n")

    def test_an_unknown_scope(self, shell):
        status, _, err = shell.run("keys", "create", "x", "--scope", "everything")
        assert status == 2
        assert "everything" in err

    def test_a_role_names_scopes(self, shell):
        _, _, err = shell.run("keys", "create", "Redaksi", "--role", "editor")
        assert "(checks, articles:read)" in err
        status, _, err = shell.run("keys", "create", "Redaksi", "--role", "boss")
        assert (status, err) == (2, "sidik: role: must be one of editor, legal, admin, not 'boss'\n")
        status, _, err = shell.run("keys", "create", "Redaksi")
        assert (status, "must name at least one of" in err) == (2, True)

    def test_a_link_signs_in_once_with_its_role(self, shell):
        status, out, _ = shell.run("link", "--role", "editor", "--name", "Rina", "--address", "https://sidik.example/")
        assert (status, out.startswith("https://sidik.example/#masuk=")) == (0, True)
        token = out.strip().partition("=")[2]
        store = open_store(f"sqlite:///{shell.folder}/sidik.db")
        caller = find_session(store, redeem_sign_in(store, token))
        assert (caller.id, caller.name, caller.scopes) == ("link:Rina", "Rina", frozenset(ROLES["editor"]))
        assert redeem_sign_in(store, token) is None
        store.close()
        status, out, err = shell.run("link", "--name", " ")
        assert (status, out, "name" in err) == (2, "", True)


class TestArchive:
    @pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz", "all.jsonl.xz"])
    def test_export_and_restore_move_everything(self, newsroom, shell, name):
        path = shell.folder / name
        assert newsroom.run("export", path)[0] == 0
        status, out, _ = shell.run("restore", name)
        assert status == 0
        assert out.startswith("restored ")
        assert shell.json("index", "stats")["articles"] == newsroom.json("index", "stats")["articles"] == 40
        assert shell.run("check", DEMO / "submissions" / "01-salinan-utuh.txt")[0] == 1
        status, _, err = shell.run("restore", name)
        assert status == 2
        assert err.splitlines()[-1].startswith("sidik: ")

    def test_a_damaged_file_leaves_the_store_empty(self, newsroom, shell):
        assert newsroom.run("export", shell.folder / "all.jsonl")[0] == 0
        data = (shell.folder / "all.jsonl").read_bytes()
        (shell.folder / "all.jsonl").write_bytes(data[: len(data) // 2])
        assert shell.run("restore", "all.jsonl")[0] == 2
        assert shell.json("index", "stats")["articles"] == 0

    def test_through_a_pipe(self, newsroom):
        status, out, _ = newsroom.run("export", "-")
        assert status == 0
        assert all(isinstance(json.loads(line), dict) for line in out.splitlines())

    def test_nothing_is_left_under_the_name_when_writing_fails(self, newsroom, shell):
        status, _, err = newsroom.run("export", shell.folder / "nowhere" / "all.jsonl")
        assert status == 2
        assert err.startswith("sidik: ")
        assert list(shell.folder.iterdir()) == []


class TestIndex:
    def test_verify_and_rebuild(self, newsroom):
        assert newsroom.run("index", "verify")[:2] == (0, "the index is sound, and so is the store: 40 articles\n")
        assert newsroom.run("index", "rebuild")[1].startswith("rebuilt: 40 articles")
        assert newsroom.run("index", "verify")[0] == 0
        assert "articles" in newsroom.run("index", "stats")[1]


class TestErrors:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["bogus"],
            ["check"],
            ["check", "missing.txt"],
            ["check", "."],
            ["check", "empty.txt"],
            ["check", "paper.pdf"],
            ["check", "x", "--store", "ftp://x"],
            ["check", "text.txt", "--published-at", "kemarin"],
            ["check", "http://127.0.0.1:1/"],
            ["import"],
            ["import", "empty.txt"],
            ["import", "text.txt", "--kind", "everything"],
            ["index", "stats", "--store", "sqlite:////nowhere/at/all/x.db"],
            ["restore", "text.txt"],
        ],
        ids=" ".join,
    )
    def test_one_line_that_says_what_and_where(self, shell, tmp_path, arguments):
        (tmp_path / "empty.txt").write_text(" \n")
        (tmp_path / "text.txt").write_text("Isi.")
        (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7")
        status, _, err = shell.run(*arguments)
        wrong = [line for line in err.splitlines() if line.startswith("sidik: ")]
        assert status == 2
        assert len(wrong) == 1
        assert "Traceback" not in err

    def test_debug_shows_where(self, shell):
        assert "Traceback" in shell.run_really("--debug", "check", "missing.txt")[2]

    def test_a_bad_setting_is_named(self, shell):
        (shell.folder / "sidik.toml").write_text("prot = 1\n")
        status, _, err = shell.run("check", "x")
        assert status == 2
        assert "prot" in err

    def test_a_reader_that_hangs_up(self, newsroom):
        process = newsroom.start("export", "-")
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait(60) == HUNG_UP
        assert "Traceback" not in err


class TestServe:
    def test_it_says_when_it_is_ready_and_stops_when_told(self, shell):
        process = shell.start("serve", "--port", "0")
        line = process.stdout.readline().decode()
        assert re.fullmatch(r"Sidik is ready at http://127\.0\.0\.1:\d+\n", line)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGTERM)


def test_help_names_every_command_and_loads_nothing_heavy(shell):
    status, out, _ = shell.run_really("--help")
    assert status == 0
    for command in ("serve", "import", "check", "compare", "report", "keys", "index", "export", "restore", "demo"):
        assert re.search(rf"^  {command}\b", out, re.M)
    heavy = "numba numpy fastapi httpx rich lxml pydantic"
    code = f"import sys, api.cli; print([name for name in {heavy.split()} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=shell.folder)
    assert loaded.stdout.strip() == "[]"


class TestDemo:
    def test_if_new_leaves_an_archive_that_held_articles_alone(self, shell: Shell) -> None:
        assert shell.run("demo", "--if-new")[0] == 0
        held = shell.run("index", "stats", "--json")[1]
        status, out, err = shell.run("demo", "--if-new")
        assert (status, out, err) == (0, "", "")
        assert shell.run("index", "stats", "--json")[1] == held
