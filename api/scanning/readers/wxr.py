"""A WordPress export (WXR, the .xml of Tools > Export): its published posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Literal

from api.scanning.readers.fields import article_from
from api.scanning.readers.files import PACKING_ERRORS, Source
from api.scanning.readers.items import Item, Notes, Rejected
from fingerprints.errors import InputError

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_CUT = "TAG_NOT_FINISHED"
NO_TIME = "0000-00-00 00:00:00"


class WordPressExport:
    """Reads `source` element by element; memory stays flat. Damage inside the XML is repaired as far as the parser can, and
    said; nothing outside the file is read. An export has no document type: with one it is refused, and entities with it
    (`InputError`). `post_types`: those to take, by default posts only."""

    unit: Literal["bytes", "items"] = "bytes"
    state: dict[str, Any] | None = None

    def __init__(self, source: Source, notes: Notes, *, max_bytes: int, post_types: frozenset[str] = frozenset({"post"})) -> None:
        if b"<!doctype" in source.head().replace(b"\0", b"").lower():
            raise InputError(source.name, "declares a document type, which no WordPress export does: it is not read")
        self.label = source.name
        self.total = source.size
        self._source = source
        self._notes = notes
        self._max_bytes = max_bytes
        self._post_types = post_types
        self._authors: dict[str, str] = {}

    @property
    def done(self) -> int:
        return self._source.position

    def items(self) -> Iterator[Item]:
        from lxml import etree  # 30 ms, and only needed here

        self._entity = etree.Entity
        events = etree.iterparse(
            _Stream(self._source),
            events=("end",),
            tag=("{*}item", "{*}author"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            recover=True,
        )
        held: Item | None = None  # the last one is held back until it is known whether the file was cut inside it
        number = 0
        try:
            for _, element in events:
                if element.tag.endswith("}author"):
                    self._learn_author(element)
                    continue
                number += 1
                if held is not None:
                    yield held
                held = self._item(element, number)
                _forget(element)
        except (etree.XMLSyntaxError, *PACKING_ERRORS) as error:
            held = Rejected(f"{self.label} item {number + 1}", f"the file is damaged or cut here: {str(error)[:200]}")
        finally:
            self._source.close()
        errors = list(events.error_log)
        if number == 0 and held is None and errors:
            raise InputError(self.label, f"is not readable as XML: {errors[0].message}")
        if any(_CUT in error.type_name for error in errors):
            held = Rejected(f"{self.label} item {number}", "the file is cut here: the export is not complete")
        elif errors:
            self._notes.warn("damage in the XML repaired", f"{self.label} line {errors[0].line}: {errors[0].message}")
        if held is not None:
            yield held

    def _learn_author(self, element: Any) -> None:
        said = {_local(child): (child.text or "").strip() for child in element}
        if said.get("author_login"):
            self._authors[said["author_login"]] = said.get("author_display_name") or said["author_login"]
        _forget(element)

    def _item(self, element: Any, number: int) -> Item | None:
        said: dict[str, str] = {}
        for child in element:
            if isinstance(child.tag, str) and child.tag not in (_CONTENT, _CREATOR):
                said.setdefault(_local(child), child.text or "")
        place = f"{self.label} item {number}" + (f" (post {said['post_id']})" if said.get("post_id") else "")
        kind, status = said.get("post_type", "post").strip(), said.get("status", "publish").strip()
        if kind not in self._post_types or status != "publish":
            self._notes.skipped[kind if kind not in self._post_types else f"{kind}, {status}"] += 1
            return None
        if said.get("post_password"):
            self._notes.skipped["post with a password"] += 1
            return None
        if next(element.iter(self._entity), None) is not None:
            return Rejected(place, "holds a reference to an entity, which is not expanded")
        content, creator = element.find(_CONTENT), (element.findtext(_CREATOR) or "").strip()
        gmt = said.get("post_date_gmt", "").strip()
        record = {
            "url": said.get("link"),
            "title": said.get("title"),
            "html": content.text if content is not None else None,
            "published_at": f"{gmt.replace(' ', 'T')}Z" if gmt not in ("", NO_TIME) else said.get("pubDate"),
            "author": self._authors.get(creator, creator),
        }
        return article_from(
            record, place, self._notes, fallback_id=f"post-{said.get('post_id', number)}", max_bytes=self._max_bytes
        )


class _Stream:
    """The file as the parser reads it: without the control characters that XML forbids and that many exports hold."""

    _ILL = bytes(set(range(32)) - {9, 10, 13})

    def __init__(self, source: Source) -> None:
        self._stream: BinaryIO = source.stream
        self._narrow = not source.head(2).startswith((b"\xff\xfe", b"\xfe\xff"))

    def read(self, size: int) -> bytes:
        while data := self._stream.read(size):
            if not self._narrow:
                return data
            if kept := data.translate(None, self._ILL):
                return kept
        return b""


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def _forget(element: Any) -> None:
    """Free what was read."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
