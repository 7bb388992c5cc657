"""Lines of a stream, against the obvious way to split."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from api.bodies import Line, Spool, split_lines

CHUNKS = st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"a\n\nb", b"\r\n", b" ", b"x" * 9 + b"\n"]), max_size=12)
LIMIT = 8
Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What it returns; in a thread of its own, wherever another test left a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


async def stream(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def lines_of(chunks: AsyncIterator[bytes], limit: int) -> list[Line]:
    return [line async for lines in split_lines(chunks, limit) for line in lines]


@given(CHUNKS)
def test_lines_do_not_depend_on_the_chunks_they_came_in(chunks: list[bytes]) -> None:
    expected = []
    for number, raw in enumerate(b"".join(chunks).split(b"\n"), start=1):
        if len(raw) > LIMIT:
            expected.append(Line(number, None))
        elif stripped := raw.strip(b" \t\r"):
            expected.append(Line(number, stripped))
    assert run(lines_of(stream(chunks), LIMIT)) == expected


@given(CHUNKS)
def test_what_is_spooled_comes_out_as_it_went_in(chunks: list[bytes]) -> None:
    async def through() -> bytes:
        spool = Spool()
        try:
            filling = asyncio.create_task(spool.fill(stream(chunks)))
            found = b"".join([chunk async for chunk in spool.chunks(5)])
            await filling
            return found
        finally:
            spool.close()

    assert run(through()) == b"".join(chunks)
