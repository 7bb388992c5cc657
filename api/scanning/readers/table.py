"""CSV and its kin: a header, then one article a row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Literal

from api.scanning.readers.fields import article_from, meaning
from api.scanning.readers.files import PACKING_ERRORS, Source
from api.scanning.readers.items import Item, Notes, Rejected
from fingerprints.errors import InputError

_DELIMITERS = ",;\t|"
_ILL = re.compile("[\udc80-\udcff]")


class Table:
    """Reads `source`. The delimiter is the one that splits the header into the most names that mean something.

    UTF-8, or UTF-16 with a byte order mark (a spreadsheet's "Unicode text"); a cell that is neither is read as Windows-1252
    with a warning.
    """

    unit: Literal["bytes", "items"] = "bytes"
    state: dict[str, Any] | None = None

    def __init__(self, source: Source, notes: Notes, *, max_bytes: int) -> None:
        self.label = source.name
        self.total = source.size
        self._source = source
        self._notes = notes
        self._max_bytes = max_bytes

    @property
    def done(self) -> int:
        return self._source.position

    def items(self) -> Iterator[Item]:
        csv.field_size_limit(2 * self._max_bytes)  # a cell that no quotation mark ends would swallow the file
        head = self._source.head()
        wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
        text = io.TextIOWrapper(self._source.stream, encoding, errors, newline="")
        line = 0
        try:
            first = text.readline(1 << 16)
            line = 1
            delimiter = max(_DELIMITERS, key=lambda mark: _known(first, mark))
            names = self._header(first, delimiter)
            rows = csv.reader(_bounded(text, 4 * self._max_bytes), delimiter=delimiter)
            while True:
                begun = line + 1
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Rejected(f"{self.label} line {begun}", f"is no row of a table: {error}")
                    continue
                finally:
                    line = rows.line_num + 1
                if any(cell.strip() for cell in row):
                    yield self._item(names, row, f"{self.label} line {begun}")
        except PACKING_ERRORS as error:
            yield Rejected(f"{self.label} line {line + 1}", f"the file is damaged or cut here: {error}")
        finally:
            self._source.close()

    def _header(self, first: str, delimiter: str) -> list[str]:
        names = next(csv.reader([first], delimiter=delimiter), [])
        if not {"text", "html"} & {meaning(name) for name in names}:
            raise InputError(f"{self.label} line 1", "is no header with a column for the text (text, content, isi, html ...)")
        return names

    def _item(self, names: list[str], row: list[str], place: str) -> Item:
        if len(row) != len(names):
            return Rejected(place, f"has {len(row)} cells where the header has {len(names)}")
        if any(_ILL.search(cell) for cell in row):
            self._notes.warn("cells that are not UTF-8 read as Windows-1252", place)
            row = [_legacy(cell) if _ILL.search(cell) else cell for cell in row]
        if any("\0" in cell for cell in row):
            return Rejected(place, "contains NUL")
        return article_from(dict(zip(names, row, strict=True)), place, self._notes, max_bytes=self._max_bytes)


def _known(header: str, delimiter: str) -> int:
    return len({meaning(name) for name in next(csv.reader([header], delimiter=delimiter), [])} - {None})


def _legacy(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _bounded(text: io.TextIOWrapper, most: int) -> Iterator[str]:
    """Lines for `csv`; one of more than `most` characters comes in pieces (and becomes rows that do not fit the header)."""
    while line := text.readline(most):
        yield line
