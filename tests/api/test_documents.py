"""Files that editors have, read within bounds."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
import typst
from pypdf import PdfReader, PdfWriter

from api import documents
from api.documents import UnreadableFile, is_page, read_document
from api.pool import overrun
from api.problems import Problem

LINES = ["Bupati Teluk Sari meresmikan dermaga 😀 baru.", "“Ini untuk nelayan,” katanya.", "Warga menyambut dengan arak-arakan."]


def read(name: str, data: bytes, most: int = 1_000_000, check_time: Callable[[], None] = lambda: None) -> dict[str, str]:
    return read_document(name, data, most, check_time)


def word_file(lines: list[str], table: list[list[str]] | None = None) -> bytes:
    made = docx.Document()
    for line in lines:
        made.add_paragraph(line)
    if table:
        added = made.add_table(len(table), len(table[0]))
        for row, cells in enumerate(table):
            for column, text in enumerate(cells):
                added.cell(row, column).text = text
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def pdf_file(lines: list[str]) -> bytes:
    made = typst.compile("\n\n".join(lines).encode())
    assert isinstance(made, bytes)
    return made


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_the_text_it_was(encoding: str) -> None:
    text = "\r\n".join(LINES)
    assert read("naskah.txt", text.encode(encoding)) == {"text": text}


def test_an_old_text_is_read_as_windows_1252() -> None:
    assert read("naskah.txt", "“Ini”".encode("cp1252")) == {"text": "“Ini”"}


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "tanpa-akhiran"])
def test_a_page_is_a_page(name: str) -> None:
    page = "<!doctype html><html><body><p>Isi.</p></body></html>"
    assert read(name, page.encode()) == {"html": page}
    assert is_page("  " + page)
    assert not is_page("Berita tentang <html> dan lain-lain")


def test_a_word_file_gives_paragraphs_and_tables_in_their_order() -> None:
    found = read("a.docx", word_file(LINES, [["Desa", "Jiwa"], ["Teluk Sari", "1.204"]]))["text"]
    assert found.split("\n")[:3] == LINES
    assert found.split("\n")[-4:] == ["Desa", "Jiwa", "Teluk Sari", "1.204"]


def test_a_pdf_gives_its_text() -> None:
    found = read("a.pdf", pdf_file(LINES[1:]))["text"]
    for line in LINES[1:]:
        assert line in " ".join(found.split())


def locked_pdf() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf_file(LINES[1:]))))
    writer.encrypt("rahasia", algorithm="AES-256")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def blank_pdf(pages: int) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def zipped(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return held.getvalue()


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a/>" + b" " * (documents.MAX_UNPACKED + 1))
    return held.getvalue()


@pytest.mark.parametrize(
    ("reason", "make"),
    [
        ("kind", lambda: b"\x89PNG\r\n\x1a\n\0\0\0"),
        ("kind", lambda: zipped(x=b"y")),
        ("old_office", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("locked", locked_pdf),
        ("damaged", lambda: b"%PDF-1.7\nbukan"),
        ("damaged", lambda: word_file(LINES)[:-30]),
        ("damaged", lambda: pdf_file(LINES[1:])[:400]),
        ("too_large", bomb),
        ("too_many_pages", lambda: blank_pdf(documents.MAX_PAGES + 1)),
        ("no_text", lambda: blank_pdf(1)),
        ("no_text", lambda: word_file([])),
    ],
)
def test_what_cannot_be_read_is_said(reason: str, make: Callable[[], bytes]) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read("berkas", make())
    assert (caught.value.reason, caught.value.location) == (reason, "file")


def test_a_long_file_is_not_read_to_its_end() -> None:
    found = read("a.docx", word_file(["x" * 100] * 1000), most=1000)["text"]
    assert 1000 < len(found) < 2000


def test_the_time_is_looked_at_between_pages() -> None:
    def late() -> None:
        raise overrun()

    for name, data in (("a.pdf", pdf_file(LINES[1:])), ("a.docx", word_file(LINES))):
        with pytest.raises(Problem):
            read(name, data, check_time=late)


def test_entities_of_a_word_file_are_not_followed() -> None:
    body = (
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b"<w:body><w:p><w:r><w:t>Isi &e; saja</w:t></w:r></w:p></w:body></w:document>"
    )
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_file(LINES))) as source, zipfile.ZipFile(held, "w") as target:
        for part in source.infolist():
            target.writestr(part.filename, body if part.filename == "word/document.xml" else source.read(part))
    assert read("a.docx", held.getvalue())["text"].strip() == "Isi"
