"""Decompression in bounded pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_STEP = 64 * 1024


def inflate(chunks: Iterable[bytes], coding: str = "gzip") -> Iterator[bytes]:
    """Decompress a stream ("gzip", several members too, or "deflate") in pieces of at most 64 KB; `zlib.error` where
    it is damaged or cut. The caller counts, so that a bomb is noticed before it has unfolded."""
    engine = zlib.decompressobj(zlib.MAX_WBITS | (16 if coding == "gzip" else 0))
    members = fed = 0
    for chunk in chunks:
        data = chunk
        while data:
            if engine.eof:
                if coding != "gzip":
                    return
                engine, members, fed = zlib.decompressobj(zlib.MAX_WBITS | 16), members + 1, 0
            try:
                out = engine.decompress(data, _STEP)
            except zlib.error:
                if members and not fed:
                    return  # what follows the last member is no further one
                if fed or coding == "gzip":
                    raise
                engine = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send raw deflate
                out = engine.decompress(data, _STEP)
            fed += 1
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
            if out:
                yield out
    while fed and not engine.eof:
        if not (out := engine.decompress(b"", _STEP)):
            raise zlib.error("the compressed stream is cut")
        yield out
