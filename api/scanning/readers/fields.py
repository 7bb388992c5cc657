"""A loose record (a JSON line, a row of a table) -> Article: other names, other types, other dates are read where clear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from html import unescape
from typing import Any

from api.scanning.readers.fragments import html_to_text
from api.scanning.readers.ids import id_from_text, id_from_url, safe_id
from api.scanning.readers.items import Item, Notes, Rejected, Taken
from fingerprints.article import Article
from fingerprints.errors import InputError
from fingerprints.loose_dates import read_date

NAMES = {
    "id": "id _id article_id post_id articleid guid uuid nid",
    "url": "url link permalink canonical canonical_url source_url article_url post_url tautan",
    "title": "title judul headline post_title",
    "text": "text teks content isi body article konten article_text full_text fulltext post_content isi_berita",
    "html": "html content_html body_html html_content",
    "published_at": "published_at published publish_date published_date publication_date pub_date pubdate date_published "
    "date_publish datepublished date tanggal tanggal_terbit post_date post_date_gmt datetime timestamp time waktu",
    "author": "author authors penulis creator byline writer reporter wartawan",
    "outlet": "outlet site media publisher sumber portal site_name",
    "rights": "rights",
}
"""Names that a field goes by, compared in lower case with `_` for whatever is no letter or digit; the first present counts."""

_MEANING = {alias: name for name, aliases in NAMES.items() for alias in aliases.split()}
_RANK = {alias: rank for aliases in NAMES.values() for rank, alias in enumerate(aliases.split())}
_MARKUP = re.compile(r"</(p|div|span|a|li|h[1-6]|strong|em|b|i)>|<(br|p|img|hr)\b[^<>]*/?>", re.I)


@lru_cache(maxsize=2048)
def meaning(name: str) -> str | None:
    """Which field of an article `name` stands for; None for none."""
    return _MEANING.get(_plain(name))


def article_from(record: Mapping[str, Any], place: str, notes: Notes, *, fallback_id: str | None = None, max_bytes: int) -> Item:
    """The article that `record` describes, or why it is none.

    Without an id it gets one from its URL, else `fallback_id`, else one from its text. An unclear date is left out,
    with a warning. `max_bytes`: of the text, as UTF-8.
    """
    fields = _fields(record, notes)
    given = _string("id", fields, place, notes)
    text, reason = _text(fields, max_bytes)
    url = _string("url", fields, place, notes)
    if text is None:
        return Rejected(place, reason, safe_id(given) if given else None)
    id = safe_id(given) if given else id_from_url(url) if url and "//" in url else fallback_id or id_from_text(text)
    if given and id != given:
        notes.warn("id changed, it could not stand in a URL", f"{place}: {given[:80]!r} -> {id[:80]!r}")
    rights = _string("rights", fields, place, notes) or "own"
    try:
        article = Article(
            id=id,
            text=text,
            url=url,
            title=_title(fields, place, notes),
            published_at=_date(fields.get("published_at"), place, notes),
            author=_string("author", fields, place, notes),
            outlet=_string("outlet", fields, place, notes),
            rights=rights.lower(),  # type: ignore[arg-type]  # Article says what else it may be
        )
    except InputError as error:
        return Rejected(place, str(error), id)
    return Taken(place, article)


def _fields(record: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """The fields by their meaning. Of several names for one, the first in `NAMES` that holds something counts."""
    found: dict[str, tuple[int, Any]] = {}
    for name, value in record.items():
        field = meaning(name)
        if field is None:
            notes.unknown_fields[name[:80]] += 1
            continue
        value = _unwrapped(value)
        rank = _RANK[_plain(name)]
        if field == "text" and rank > 1 and isinstance(value, str) and _MARKUP.search(value):
            field = "html"  # `content`, `body` and the like hold either; what is called text is text
        if value is not None and value != "" and (field not in found or rank < found[field][0]):
            found[field] = (rank, value)
    return {field: value for field, (_, value) in found.items()}


def _plain(name: str) -> str:
    """`publishedAt`, `Published At` and `published-at` are one name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("\ufeff \t\r\n"))
    return re.sub(r"[^a-z0-9_]+", "_", spaced.lower()).rstrip("_")


def _unwrapped(value: Any) -> Any:
    """What MongoDB's and WordPress's JSON wrap: `{"$oid": ...}`, `{"$date": ...}`, `{"rendered": ...}`."""
    if isinstance(value, dict):
        for key in ("$oid", "$date", "$numberLong", "rendered", "#text"):
            if key in value:
                return _unwrapped(value[key])
    return value


def _text(fields: Mapping[str, Any], max_bytes: int) -> tuple[str | None, str]:
    """The text, or None and the reason. Plain text stays as it is, to the letter."""
    reason = "text: is missing"
    for name in ("text", "html"):
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            return None, f"{name}: must be a string, not {type(value).__name__}"
        if len(value) > max_bytes or len(value.encode("utf-8", "surrogatepass")) > max_bytes:
            return None, f"{name}: is longer than {max_bytes:,} bytes"
        try:
            text = html_to_text(value) if name == "html" else value
        except InputError as error:
            return None, str(error)
        if text.strip():
            return text, ""
        reason = f"{name}: is empty"
    return None, reason


def _string(name: str, fields: Mapping[str, Any], place: str, notes: Notes) -> str | None:
    value = fields.get(name)
    if isinstance(value, list) and name == "author":
        value = ", ".join(str(_named(part)) for part in value if _named(part))
    value = _named(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        notes.warn(f"{name} left out, it is no string", place)
        return None
    text = value if isinstance(value, str) or value is None else str(value)
    return text.strip() or None if text else None


def _title(fields: Mapping[str, Any], place: str, notes: Notes) -> str | None:
    """The title in one line; one that comes with a body in HTML may hold character references."""
    title = _string("title", fields, place, notes)
    if title is None:
        return None
    return " ".join(unescape(title).split()) if "html" in fields else title


def _named(value: Any) -> Any:
    return value.get("name", value) if isinstance(value, dict) else value


def _date(value: Any, place: str, notes: Notes) -> str | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value, place, notes)
    if not isinstance(value, str):
        notes.warn("date left out, it cannot be read", place)
        return None
    read, warning = read_date(value)
    if warning is not None:
        unclear = "apart" in warning
        kind = "date left out, day and month cannot be told apart" if unclear else "date left out, it cannot be read"
        notes.warn(kind, f"{place}: {value.strip()[:60]!r}")
    return read


def _from_number(value: float, place: str, notes: Notes) -> str | None:
    """Seconds or milliseconds since 1970, of a time from 1990 to 2100; any other number is no date."""
    seconds = value / 1000 if value > 1e11 else value
    if 631_152_000 <= seconds <= 4_102_444_800:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    notes.warn("date left out, it cannot be read", f"{place}: {value}")
    return None
