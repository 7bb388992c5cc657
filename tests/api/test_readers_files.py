"""Readers of files: what they take, what they name as bad, and that memory stays flat."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.scanning.readers.fragments import html_to_text
from api.scanning.readers.ids import id_from_url, plain_url, safe_id
from api.scanning.readers.items import Notes, Rejected, Taken
from api.scanning.readers.where import Opening, open_reader
from fingerprints.article import check_id
from fingerprints.errors import InputError

FIXTURES = Path(__file__).parent.parent / "fixtures" / "imports"
LINE = {
    "id": "a1",
    "url": "https://ambar.example/a1",
    "title": "Judul",
    "text": "Isi berita.",
    "published_at": "2025-01-02T03:04:05Z",
}


def read(where: Path, **options: object) -> tuple[list[Taken], list[Rejected], Notes]:
    notes = Notes()
    opening = Opening(notes, lambda: pytest.fail("a file needs no site"), **{"max_bytes": 2_000_000, **options})  # type: ignore[arg-type]
    items = list(open_reader(str(where), opening).items())
    return [i for i in items if isinstance(i, Taken)], [i for i in items if isinstance(i, Rejected)], notes


def jsonl(path: Path, *records: object) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), "utf-8")
    return path


class TestJsonLines:
    def test_every_field_of_the_contract(self, tmp_path):
        record = {**LINE, "author": "Rina", "outlet": "Ambar", "rights": "shared"}
        (taken,), rejected, notes = read(jsonl(tmp_path / "a.jsonl", record))
        assert {name: getattr(taken.article, name) for name in record} == record
        assert taken.place.endswith("a.jsonl line 1")
        assert rejected == []
        assert not notes.warnings

    def test_a_text_is_kept_to_the_letter(self, tmp_path):
        text = "  <b>Dua</b>\r\n\tspasi\u200b ganda &amp; \U0001f600 \n"
        (taken,), _, _ = read(jsonl(tmp_path / "a.jsonl", {"id": "x", "text": text}))
        assert taken.article.text == text

    def test_bad_lines_are_named_and_the_rest_goes_on(self, tmp_path):
        path = tmp_path / "a.jsonl"
        lines = [
            json.dumps(LINE).encode(),
            b"",
            b"not json",
            b'{"id": "x", "text": "\xff"}',
            b"[1]",
            b'{"id": "y", "text": "  "}',
            b'{"id": "z"}',
            b'{"id": "n", "text": "a\\u0000b"}',
            b'{"id": "s", "text": "a\\ud800b"}',
            b'{"id": "t", "text": 7}',
            b'{"id": "r", "text": "x", "rights": "mine"}',
            b'{"id": "deep", "text": ' + b"[" * 100_000,
            json.dumps({**LINE, "id": "a2"}).encode(),
        ]
        path.write_bytes(b"\n".join(lines))
        taken, rejected, _ = read(path)
        assert [t.article.id for t in taken] == ["a1", "a2"]
        assert [int(r.place.rpartition(" ")[2]) for r in rejected] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        assert [r.id for r in rejected[3:5]] == ["y", "z"]
        for wanted, found in zip(
            ["JSON", "UTF-8", "object", "empty", "missing", "NUL", "", "string", "rights", "JSON"], rejected, strict=True
        ):
            assert wanted in found.reason

    def test_a_line_over_the_limit_is_passed_over_without_being_held(self, tmp_path):
        path = tmp_path / "a.jsonl"
        with path.open("wb") as file:
            file.write(b'{"id": "big", "text": "')
            for _ in range(60):
                file.write(b"x" * 1_000_000)
            file.write(b'"}\n' + json.dumps(LINE).encode())
        tracemalloc.start()
        taken, rejected, _ = read(path)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
        tracemalloc.stop()
        assert [t.article.id for t in taken] == ["a1"]
        assert "longer than" in rejected[0].reason

    def test_a_text_over_the_limit(self, tmp_path):
        path = jsonl(tmp_path / "a.jsonl", {"id": "e", "text": "é" * 600}, {"id": "f", "text": "é" * 500})
        taken, rejected, _ = read(path, max_bytes=1000)
        assert [t.article.id for t in taken] == ["f"]
        assert "1,000 bytes" in rejected[0].reason

    def test_a_byte_order_mark_windows_line_ends_and_no_end_of_line(self, tmp_path):
        path = tmp_path / "a.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps(LINE).encode() + b"\r\n\r\n" + json.dumps({**LINE, "id": "b"}).encode())
        taken, rejected, _ = read(path)
        assert [t.place.rpartition(" ")[2] for t in taken] == ["1", "3"]
        assert rejected == []

    def test_other_names_types_and_dates_are_read(self, tmp_path):
        record = {
            "_id": {"$oid": "65a1"},
            "Judul": "Pasar Dibuka",
            "isi": "<p>Pasar dibuka <b>pagi</b> ini.</p><p>Ramai.</p>",
            "link": "https://ambar.example/pasar",
            "tanggal": "Sabtu, 31 Agustus 2019 | 10:20 WIB",
            "penulis": [{"name": "Rina"}, "Budi"],
            "views": 12,
        }
        (taken,), _, notes = read(
            jsonl(
                tmp_path / "a.jsonl",
                record,
            ),
            max_bytes=1000,
        )
        article = taken.article
        assert (article.id, article.title, article.text) == ("65a1", "Pasar Dibuka", "Pasar dibuka pagi ini.\nRamai.")
        assert (article.published_at, article.author, article.outlet) == ("2019-08-31T03:20:00Z", "Rina, Budi", "ambar.example")
        assert dict(notes.unknown_fields) == {"views": 1}

    @pytest.mark.parametrize(
        ("given", "read_as", "warned"),
        [
            ("05Nov2025", "2025-11-05", False),
            ("2019-09-16 20:25 WIB", "2019-09-16T13:25:00Z", False),
            ("2019-09-16 20:25 WITA", "2019-09-16T12:25:00Z", False),
            (1546300800, "2019-01-01T00:00:00Z", False),
            (1546300800000, "2019-01-01T00:00:00Z", False),
            ("03/04/2019", None, True),
            ("kemarin", None, True),
            (7, None, True),
            (True, None, True),
            ("", None, False),
            (None, None, False),
        ],
    )
    def test_dates(self, tmp_path, given, read_as, warned):
        (taken,), rejected, notes = read(jsonl(tmp_path / "a.jsonl", {**LINE, "published_at": given}))
        assert taken.article.published_at == read_as
        assert bool(notes.warnings) is warned
        assert rejected == []

    def test_without_an_id_the_url_gives_one_and_without_a_url_the_text(self, tmp_path):
        path = jsonl(
            tmp_path / "a.jsonl",
            {"text": "x", "url": "https://www.ambar.example/2025/pasar-dibuka/?utm_source=wa#top"},
            {"text": "x", "url": "http://ambar.example/2025/pasar-dibuka"},
            {"text": "x"},
            {"text": "x", "id": ""},
            {"text": "x", "id": 17},
        )
        ids = [t.article.id for t in read(path)[0]]
        assert ids[0] == ids[1] == id_from_url("https://ambar.example/2025/pasar-dibuka")
        assert ids[0].startswith("ambar.example-pasar-dibuka-")
        assert ids[2] == ids[3] != ids[0]
        assert ids[4] == "17"

    def test_ids_that_cannot_stand_in_a_url_are_made_safe_and_said(self, tmp_path):
        path = jsonl(
            tmp_path / "a.jsonl", {"id": "2025/01/a", "text": "x"}, {"id": "n" * 300, "text": "x"}, {"id": "ok:1", "text": "x"}
        )
        taken, _, notes = read(path)
        assert [t.article.id for t in taken][::2] == ["2025%2F01%2Fa", "ok:1"]
        assert len(taken[1].article.id) == 200
        assert sum(notes.warnings.values()) == 2

    @pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
    def test_packed_files_whatever_they_are_called(self, tmp_path, pack):
        path = tmp_path / "articles"
        path.write_bytes(pack(json.dumps(LINE).encode() * 1))
        assert len(read(path)[0]) == 1

    @pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
    def test_a_cut_packed_file_gives_what_it_holds_and_says_so(self, tmp_path, pack):
        data = pack("".join(json.dumps({**LINE, "id": f"a{i}", "text": f"Isi {i * 7919}"}) + "\n" for i in range(5000)).encode())
        path = tmp_path / "a.jsonl.packed"
        path.write_bytes(data[: len(data) // 2])
        taken, rejected, _ = read(path)
        assert 0 < len(taken) < 5000
        assert "damaged or cut" in rejected[-1].reason

    def test_memory_stays_flat(self, tmp_path):
        path = tmp_path / "a.jsonl.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            for i in range(5000):
                file.write(json.dumps({**LINE, "id": f"a{i}", "text": "Isi berita panjang. " * 100}) + "\n")
        notes = Notes()
        reader = open_reader(str(path), Opening(notes, lambda: pytest.fail("no site"), 2_000_000))
        tracemalloc.start()
        count = sum(1 for _ in reader.items())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 5000
        assert peak < 3_000_000
        assert reader.done == reader.total == path.stat().st_size


class TestTable:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiters_quotes_and_lines_inside_cells(self, tmp_path, delimiter):
        path = tmp_path / "a.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(["ID", "Judul", "Isi Berita", "Tanggal", "Dilihat"])
            writer.writerow(["1", 'Kata "siap", katanya', "Baris satu; dua,\ntiga | empat\tlima", "2 Januari 2025", "9"])
            writer.writerow([])
            writer.writerow(["2", "", "Isi kedua", "", ""])
        taken, rejected, notes = read(path)
        assert rejected == []
        assert taken[0].article.text == "Baris satu; dua,\ntiga | empat\tlima"
        assert (taken[0].article.title, taken[0].article.published_at) == ('Kata "siap", katanya', "2025-01-02")
        assert (taken[1].article.title, taken[1].article.published_at) == (None, None)
        assert [t.place.rpartition(" ")[2] for t in taken] == ["2", "5"]
        assert dict(notes.unknown_fields) == {"Dilihat": 2}

    def test_rows_that_do_not_fit_the_header_are_named(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("id,text\n1,satu\n2,dua,lebih\n3\n4,\n5,lima\n")
        taken, rejected, _ = read(path)
        assert [t.article.id for t in taken] == ["1", "5"]
        assert [r.place.rpartition(" ")[2] for r in rejected] == ["3", "4", "5"]
        assert "3 cells" in rejected[0].reason

    def test_windows_1252_and_utf_16(self, tmp_path):
        legacy, wide = tmp_path / "a.csv", tmp_path / "b.csv"
        legacy.write_bytes("id,text\n1,“Siap”\n".encode("cp1252"))
        wide.write_bytes("id\ttext\n1\t“Siap”\n".encode("utf-16"))
        (a,), _, notes = read(legacy)
        (b,), _, _ = read(wide)
        assert a.article.text == b.article.text == "“Siap”"
        assert notes.warnings == {"cells that are not UTF-8 read as Windows-1252": 1}

    def test_a_quotation_mark_that_nothing_closes_costs_memory_within_bounds(self, tmp_path):
        path = tmp_path / "a.csv"
        row = "x," + "isi " * 1000 + "\n"
        path.write_text('id,text\n1,satu\n2,"dua\n' + row * 5000)
        tracemalloc.start()
        items = open_reader(str(path), Opening(Notes(), lambda: pytest.fail("no site"), 300_000)).items()
        first, second = next(items), next(items)
        assert isinstance(first, Taken)
        assert isinstance(second, Rejected)
        assert second.place.endswith("line 3")
        assert sum(1 for _ in items) > 4000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()

    def test_a_table_without_a_text_column_is_refused(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("nomor,nama\n1,x\n")
        with pytest.raises(InputError, match="line 1: is no header"):
            read(path)

    def test_packed(self, tmp_path):
        path = tmp_path / "a.csv.xz"
        path.write_bytes(lzma.compress(b"id,text\n1,satu\n"))
        assert len(read(path)[0]) == 1

    @given(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip), max_size=8)
    )
    def test_what_csv_writes_comes_back(self, tmp_path_factory, texts):
        path = tmp_path_factory.mktemp("csv") / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["id", "text"], *([str(i), text] for i, text in enumerate(texts))])
        assert [t.article.text for t in read(path)[0]] == texts


class TestWordPressExport:
    def test_published_posts_and_nothing_else(self):
        taken, rejected, notes = read(FIXTURES / "ekspor-wordpress.xml")
        first, second = (t.article for t in taken)
        assert first.title == "Warga Teluk Sarai Panen Raya & Gelar Syukuran"
        assert first.text.split("\n") == [
            "Ratusan petani di pesisir Teluk Sarai memulai panen raya pada Selasa pagi, "
            "dua pekan lebih cepat daripada musim lalu.",
            '"Airnya cukup dan hamanya sedikit," kata Ketua Kelompok Tani Maju Bersama, Dorkas Lembang,',
            "sambil menunjuk hamparan sawah di belakangnya.",
        ]
        assert (first.author, first.published_at) == ("Melkianus Rante", "2025-03-04T02:15:00Z")
        assert first.url == "https://kabarteluksarai.example/2025/03/warga-panen-raya/"
        assert first.id == id_from_url(first.url)
        assert (second.author, second.published_at, second.text.count("\n")) == ("tamu", "2025-03-05T07:00:00Z", 1)
        assert dict(notes.skipped) == {"post, draft": 1, "attachment": 1}
        assert [(r.place.partition("item ")[2], r.reason) for r in rejected] == [
            ("5 (post 104)", "html: is empty"),
            ("6 (post 105)", "holds a reference to an entity, which is not expanded"),
        ]

    def test_other_types_on_request(self):
        path = FIXTURES / "ekspor-wordpress.xml"
        assert read(path, post_types=frozenset({"page"}))[0] == []

    def test_packed_and_in_utf_16(self, tmp_path):
        text = (FIXTURES / "ekspor-wordpress.xml").read_text("utf-8")
        packed, wide = tmp_path / "a.xml.gz", tmp_path / "b.xml"
        packed.write_bytes(gzip.compress(text.encode()))
        wide.write_bytes(text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"))
        assert [t.article for t in read(packed)[0]] == [t.article for t in read(wide)[0]]

    def test_an_export_cut_in_the_middle_of_a_post_gives_the_whole_ones_and_says_so(self, tmp_path):
        text = (FIXTURES / "ekspor-wordpress.xml").read_text("utf-8")
        path = tmp_path / "cut.xml"
        path.write_text(text[: text.index("mengganti papan lantai")])
        taken, rejected, _ = read(path)
        assert [t.article.title for t in taken] == ["Warga Teluk Sarai Panen Raya & Gelar Syukuran"]
        assert "cut here" in rejected[-1].reason

    def test_control_characters_and_bare_ampersands_do_not_stop_it(self, tmp_path):
        text = (FIXTURES / "ekspor-wordpress.xml").read_text("utf-8")
        path = tmp_path / "a.xml"
        path.write_text(text.replace("Ratusan petani", "Ratusan\x08 petani").replace("<title>panen.jpg", "<title>A & B"))
        taken, _, notes = read(path)
        assert len(taken) == 2
        assert "Ratusan petani" in taken[0].article.text
        assert notes.warnings

    @pytest.mark.parametrize(
        "declared",
        ['<!DOCTYPE r [<!ENTITY rahasia SYSTEM "file://{}">]>', '<!DOCTYPE r [<!ENTITY rahasia "sangat rahasia sekali">]>'],
    )
    def test_a_file_that_declares_entities_is_refused_unread(self, tmp_path, declared):
        secret, path = tmp_path / "secret.txt", tmp_path / "a.xml"
        secret.write_text("sangat rahasia sekali")
        text = (FIXTURES / "ekspor-wordpress.xml").read_text("utf-8")
        path.write_text(text.replace("<!-- generator", declared.format(secret) + "\n<!-- generator"))
        with pytest.raises(InputError) as raised:
            read(path)
        assert "document type" in str(raised.value)
        assert "sangat rahasia" not in str(raised.value)

    def test_memory_stays_flat(self, tmp_path):
        text = (FIXTURES / "ekspor-wordpress.xml").read_text("utf-8")
        head, _, rest = text.partition("\t<item>")
        item = (
            "\t<item>" + rest.partition("</item>")[0].replace("Ratusan petani", "Ratusan petani " + "padi " * 2000) + "</item>\n"
        )
        path = tmp_path / "a.xml"
        with path.open("w") as file:
            file.write(head)
            for i in range(600):
                file.write(item.replace("panen-raya/", f"panen-raya-{i}/"))
            file.write("</channel></rss>")
        read(FIXTURES / "ekspor-wordpress.xml")  # what is imported late does not count
        tracemalloc.start()
        notes = Notes()
        count = sum(1 for _ in open_reader(str(path), Opening(notes, lambda: pytest.fail("no site"), 2_000_000)).items())
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
        tracemalloc.stop()
        assert count == 600


class TestFolder:
    def test_pages_below_a_folder_in_order(self):
        taken, rejected, _ = read(FIXTURES / "halaman")
        by_path, by_canonical = (t.article for t in taken)
        assert by_canonical.id == id_from_url("https://suaraambar.example/2025/01/pompa-tambahan/")
        assert by_canonical.title == "Tiga Pompa Tambahan Siaga di Tanjung Rame"
        assert by_canonical.published_at == "2025-01-13T01:30:00Z"
        assert by_canonical.text.startswith("Pemerintah Kabupaten Sungai Ambar")
        assert "Beranda" not in by_canonical.text
        assert by_path.id == "tanpa-kanonik.htm"
        assert "“pinjaman”" in by_path.text
        assert [Path(r.place).name for r in rejected] == ["indeks.html"]

    def test_the_id_from_a_path_is_safe(self, tmp_path):
        page = (FIXTURES / "halaman" / "tanpa-kanonik.htm").read_bytes()
        (tmp_path / "2025" / "01").mkdir(parents=True)
        (tmp_path / "2025" / "01" / "a.html").write_bytes(page)
        assert [t.article.id for t in read(tmp_path)[0]] == ["2025%2F01%2Fa.html"]

    def test_one_page(self):
        assert len(read(FIXTURES / "halaman" / "tanpa-kanonik.htm")[0]) == 1

    def test_a_folder_that_links_to_itself_ends(self, tmp_path):
        (tmp_path / "a.html").write_bytes((FIXTURES / "halaman" / "tanpa-kanonik.htm").read_bytes())
        (tmp_path / "loop").symlink_to(tmp_path)
        assert len(read(tmp_path)[0]) == 1


class TestWhere:
    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("a.jsonl", None, "cannot be read"),
            ("a.dat", b"", "is empty"),
            ("a.json", b'[{"id": 1}]', "an object a line"),
            ("a.xml", b"<?xml version='1.0'?><rss/>", "no WordPress export"),
            ("a.bin", b"\x00\x01", "is none of"),
            ("a.jsonl.zst", b"\x28\xb5\x2f\xfd....", "zstd"),
            ("a.jsonl.gz", b"\x1f\x8b\x08broken", "damaged"),
        ],
    )
    def test_what_cannot_be_read_is_named(self, tmp_path, name, data, reason):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=reason) as raised:
            read(tmp_path / name)
        assert name in str(raised.value)

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(InputError, match="holds no page"):
            read(tmp_path)


class TestIds:
    @given(st.text(max_size=400))
    def test_a_safe_id_is_an_id_and_is_safe_already(self, text):
        try:
            text.encode()
        except UnicodeEncodeError:
            return
        safe = safe_id(text)
        if text:
            check_id(safe)
        assert safe_id(safe) == safe

    @given(st.text(max_size=100))
    def test_any_url_gives_an_id(self, path):
        check_id(id_from_url("https://ambar.example/" + path.encode("utf-8", "replace").decode()))

    @pytest.mark.parametrize(
        "other",
        [
            "http://ambar.example/a",
            "https://www.ambar.example/a/",
            "https://AMBAR.example:443/a#x",
            "https://ambar.example/a?utm_campaign=1&fbclid=2",
        ],
    )
    def test_spellings_of_one_page(self, other):
        assert plain_url(other) == plain_url("https://ambar.example/a")

    @pytest.mark.parametrize(
        "other",
        ["https://ambar.example/b", "https://ambar.example/a?p=1", "https://x.ambar.example/a", "https://ambar.example/A"],
    )
    def test_other_pages(self, other):
        assert id_from_url(other) != id_from_url("https://ambar.example/a")


class TestFragments:
    @pytest.mark.parametrize(
        ("fragment", "text"),
        [
            ("<p>Satu <b>dua</b>.<br/>Tiga</p><p>Em&amp;pat</p>", "Satu dua.\nTiga\nEm&pat"),
            ("Satu <b>dua</b>\n\nTiga", "Satu dua\nTiga"),
            ("polos\nbaris", "polos\nbaris"),
            ("<ul><li>a</li><li>b</li></ul>c", "a\nb\nc"),
            ("<p>a\nb</p>", "a b"),
            ("<p>a</p><script>x()</script><style>y</style><p>b</p>", "a\nb"),
            ("<p>ha<b>r</b>i<i>ni</i></p>", "harini"),
            ("<figure><img><figcaption>Foto</figcaption></figure><p>a</p>", "a"),
            ("[vc_row][vc_column]a[/vc_column][/vc_row]", "a"),
            ("<p>[Catatan redaksi] a</p>", "[Catatan redaksi] a"),
            ("", ""),
            ("<p> </p>", ""),
        ],
    )
    def test_blocks_become_lines(self, fragment, text):
        assert html_to_text(fragment) == text

    def test_bytes_of_any_kind_are_read_or_refused(self):
        html_to_text("<p>" * 100 + "a\x00\x08")
        with pytest.raises(InputError, match="nested"):
            html_to_text("<div>" * 5000 + "a")


def test_standard_input_is_json_lines(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(json.dumps(LINE).encode() + b"\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    reader = open_reader("-", Opening(Notes(), lambda: pytest.fail("no site"), 1000))
    assert [type(item) for item in reader.items()] == [Taken]
    assert reader.total is None
