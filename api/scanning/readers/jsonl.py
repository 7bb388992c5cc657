"""JSON Lines (NDJSON): one article a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import orjson

from api.scanning.readers.fields import article_from
from api.scanning.readers.files import PACKING_ERRORS, Source, lines
from api.scanning.readers.items import Item, Notes, Rejected

_BOM = b"\xef\xbb\xbf"


class JsonLines:
    """Reads `source`; blank lines are skipped but counted, lines count from 1."""

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
        number = 0
        most = 6 * self._max_bytes + 65_536  # a text whose letters are all escaped, and the other fields
        try:
            for number, line in lines(self._source, most):
                if line is None:
                    yield Rejected(f"{self.label} line {number}", f"the line is longer than {most:,} bytes")
                elif line := line.removeprefix(_BOM).strip() if number == 1 else line.strip():
                    yield self._item(line, f"{self.label} line {number}")
        except PACKING_ERRORS as error:
            yield Rejected(f"{self.label} line {number + 1}", f"the file is damaged or cut here: {error}")
        finally:
            self._source.close()

    def _item(self, line: bytes, place: str) -> Item:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as broken:
                return Rejected(place, f"is not valid UTF-8 (byte {broken.start + 1})")
            return Rejected(place, f"is not valid JSON: {error.msg} (column {error.colno})")
        if not isinstance(record, dict):
            return Rejected(place, "is no JSON object")
        return article_from(record, place, self._notes, max_bytes=self._max_bytes)
