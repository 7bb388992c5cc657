"""The findings as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

ATOM = "http://www.w3.org/2005/Atom"


def atom_feed(rows: Iterable[Mapping[str, Any]], address: str, updated: str) -> bytes:
    """A feed of rows of `api.findings`, one entry each. `address`: of this server. `updated`: RFC 3339, of an empty feed."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    entries = list(rows)
    _add(feed, "id", f"{address}/v1/findings.atom")
    _add(feed, "title", "Sidik")
    _add(feed, "updated", max((str(row["found_at"]) for row in entries), default=updated))
    _link(feed, f"{address}/v1/findings.atom", "self")
    _add(_add(feed, "author"), "name", "Sidik")
    for row in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{address}/v1/checks/{row['check_id']}#{row['article_id']}")
        where = row["domain"] or row["title"] or row["check_id"]
        _add(entry, "title", f"{row['verdict']} {row['score']:.2f}: {where}: {row['article_title'] or row['article_id']}")
        _add(entry, "updated", row["found_at"])
        _link(entry, f"{address}/v1/checks/{row['check_id']}/report.html", "alternate")
        if row["url"]:
            _link(entry, row["url"], "related")
        facts = {name: row[name] for name in ("url", "title", "article_id", "author", "attribution", "case_status")}
        _add(entry, "summary", "\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None))
    return bytes(ET.tostring(feed, "utf-8", xml_declaration=True))


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    if text is not None:
        child.text = "".join(c if c >= " " or c in "\n\t" else " " for c in text if c not in "\ufffe\uffff")
    return child


def _link(parent: ET.Element, url: str, rel: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": rel, "href": url})
