"""Captures: a flagged page as it was fetched, as WARC (ISO 28500), for the evidence bundle."""

from __future__ import annotations

import base64
import io
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Kind, Store

if TYPE_CHECKING:
    from api.scanning.fetching import Fetched

CAPTURES = Kind("capture")
"""By the id of the check: the WARC file, gzip-compressed, in Base64."""
MAX_BYTES = 8_000_000
"""Of the WARC file: what a document of a store may hold. A page that does not fit is cut, which its record says."""
_NOT_AS_SENT = ("content-encoding", "transfer-encoding", "content-length", "connection")


def warc_of(answers: list[Fetched], at: datetime, software: str) -> bytes:
    """A WARC file of these answers, each compressed by itself. Bodies are kept decoded (`Content-Encoding` undone)."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    date = format_time(at.replace(microsecond=0))
    info = {"software": software, "format": "WARC File Format 1.1", "note": "payloads are kept decoded"}
    writer.write_record(writer.create_warcinfo_record("sidik.warc.gz", info))
    room = MAX_BYTES
    for answer in answers:
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _NOT_AS_SENT]
        body, extra = answer.body, {"WARC-Date": date}
        if len(body) > room:
            body, extra = body[:room], {**extra, "WARC-Truncated": "length"}
        room -= len(body)
        headers.append(("content-length", str(len(body))))
        head = StatusAndHeaders(f"{answer.status}", headers, protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                answer.url, "response", payload=io.BytesIO(body), http_headers=head, warc_headers_dict=extra
            )
        )
        request = StatusAndHeaders(
            f"GET {_target(answer.url)} HTTP/1.1", [("host", urlsplit(answer.url).netloc)], is_http_request=True
        )
        writer.write_record(
            writer.create_warc_record(
                answer.url, "request", payload=io.BytesIO(b""), http_headers=request, warc_headers_dict={"WARC-Date": date}
            )
        )
    return out.getvalue()


def keep_capture(store: Store, check_id: str, warc: bytes) -> None:
    """Keep the capture of a check; the first stays."""
    try:
        store.records.insert(CAPTURES, check_id, {"warc": base64.b64encode(warc).decode()})
    except RecordConflict:
        return


def capture_of(store: Store, check_id: str) -> bytes | None:
    """The WARC file (gzip) of a check; None where none was kept."""
    record = store.records.get(CAPTURES, check_id)
    return None if record is None else base64.b64decode(record.doc["warc"])


def erase_capture(store: Store, check_id: str) -> None:
    """Delete the capture of a check, if one was kept."""
    if store.records.get(CAPTURES, check_id) is not None:
        store.records.delete(CAPTURES, check_id)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
