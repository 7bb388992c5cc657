"""Files, packed or not, read as a stream with a count of the bytes that were taken from the disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from fingerprints.errors import InputError

_MAGIC = ((b"\x1f\x8b", gzip.open), (b"\xfd7zXZ\x00", lzma.open), (b"BZh", bz2.open))
_ZSTD = b"\x28\xb5\x2f\xfd"
PACKING_ERRORS = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, OSError)
"""What reading a damaged or cut packed file may raise."""


class Source:
    """A file (or an open stream, such as standard input), unpacked by its first bytes: gzip, xz, bzip2.

    `name` for messages; `size`: bytes on the disk, None for a stream; `position`: how many of them were read.
    Raises `InputError` where the file cannot be opened.
    """

    def __init__(self, path: Path | None, stream: BinaryIO | None = None) -> None:
        self.name = "standard input" if path is None else str(path)
        self.size: int | None = None
        if path is None:
            self._raw: Any = stream
        else:
            try:
                self._raw = path.open("rb", buffering=0)
                self.size = path.stat().st_size
            except OSError as error:
                raise InputError(self.name, f"cannot be read: {error.strerror}") from None
        self._taken = 0
        buffered = io.BufferedReader(cast(io.RawIOBase, _Counted(self)), 1 << 16)
        head = buffered.peek(6)[:6]
        if head.startswith(_ZSTD):
            raise InputError(self.name, "is packed with zstd, which is not read; unpack it first")
        opener = next((opener for magic, opener in _MAGIC if head.startswith(magic)), None)
        self.stream = buffered if opener is None else cast(io.BufferedReader, opener(buffered, "rb"))

    @property
    def position(self) -> int:
        return self._taken

    def head(self, size: int = 4096) -> bytes:
        """The first bytes after unpacking, which stay to be read. Raises `InputError` for a damaged packed file."""
        try:
            return self.stream.peek(size)[:size]
        except PACKING_ERRORS as error:
            raise InputError(self.name, f"is damaged: {error}") from None

    def take(self, target: memoryview | bytearray) -> int:
        """Fill `target` from the file itself."""
        data = self._raw.read(len(target))
        target[: len(data)] = data
        self._taken += len(data)
        return len(data)

    def close(self) -> None:
        self._raw.close()


class _Counted(io.RawIOBase):
    """The file as the layers above read it."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]  # typeshed has no name for its buffers
        return self._source.take(target)


def lines(source: Source, max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """(number from 1, line) of every line; None for one over `max_bytes`, which is passed over without being held.

    Raises one of `PACKING_ERRORS` where the file is damaged.
    """
    number = 0
    while line := source.stream.readline(max_bytes + 1):
        number += 1
        if len(line) > max_bytes and not line.endswith(b"\n"):
            while (rest := source.stream.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line
