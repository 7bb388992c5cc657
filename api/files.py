"""Files as answers: reports, bundles, letters."""

from __future__ import annotations

from typing import Any

from fastapi import Response

REPORT_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; sandbox"
)
"""A report is one file with its styles inside; nothing in it may run, load or send anything."""


def file_answer(media: str) -> dict[str, Any]:
    """An OpenAPI response: a file."""
    return {"description": "The file", "content": {media: {"schema": {"type": "string"}}}}


def file_response(data: bytes, media: str, name: str) -> Response:
    """A file that a browser saves under `name`."""
    return Response(data, headers={"Content-Disposition": f'attachment; filename="{name}"'}, media_type=media)
