"""Asking a time stamp authority (RFC 3161) for the stamp of a bundle's manifest."""

from __future__ import annotations

import httpx

from api.settings import Settings
from detector.render.signed import Stamper
from detector.render.stamps import check_answer, stamp_request
from fingerprints.errors import InputError, SidikError

SECONDS, MAX_BYTES = 10.0, 100_000


class StampError(SidikError):
    """The authority gave no stamp; a bundle without one would not be what was asked for."""


def stamper(settings: Settings) -> Stamper | None:
    """What asks the authority that is set, None where none is."""
    url = settings.timestamp_url
    return None if url is None else lambda manifest: _ask(url, manifest)


def _ask(url: str, message: bytes) -> bytes:
    headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
    try:
        with (
            httpx.Client(trust_env=False, timeout=SECONDS) as client,
            client.stream("POST", url, content=stamp_request(message), headers=headers) as response,
        ):
            if response.status_code != 200:
                raise StampError(f"the time stamp authority answered {response.status_code}")
            answer = b""
            for part in response.iter_bytes():
                answer += part
                if len(answer) > MAX_BYTES:
                    raise StampError("the time stamp authority's answer is too large")
        check_answer(answer, message)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StampError(f"the time stamp authority does not answer ({type(error).__name__})") from None
    except InputError as error:
        raise StampError(f"the time stamp authority's answer is of no use: {error.detail}") from None
    return answer
