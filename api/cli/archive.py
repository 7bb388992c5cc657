"""`sidik export` and `sidik restore`: everything in the store as JSON Lines, packed by the file's suffix."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from api.cli.common import StoreOption, load_settings, make_console, note, open_archive, write_down
from fingerprints.errors import InputError, StoreError

STEP = 500


def register(app: typer.Typer) -> None:
    app.command("export")(export)
    app.command("restore")(restore)


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines; packed if .gz or .xz; - for standard output.")],
    store: StoreOption = None,
) -> None:
    """Write everything in the store to FILE: articles with their versions, checks, keys (hashed), sources."""
    import orjson

    settings = load_settings(store=store)
    with open_archive(settings) as archive, open_writer(file) as out, _counter("exported") as count:
        try:
            write_down(archive, "store.exported")
        except StoreError as error:  # a store that is full must still be saved
            note(f"the audit log does not have this export: {error}")
        for doc in count(archive.export()):
            out.write(orjson.dumps(doc, option=orjson.OPT_APPEND_NEWLINE))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `sidik export` wrote it; - for standard input.")],
    store: StoreOption = None,
) -> None:
    """Fill an empty store from FILE. Damaged or not empty: it stays as it was."""
    settings = load_settings(store=store)
    documents = read_documents(file)
    header = next(documents, None)  # before the store is opened: what is no export must not leave a new one behind
    if header is None or header.get("type") != "header":
        raise InputError(_name(file), "is empty" if header is None else "is no export: it does not begin with a header")
    with _counter("read") as count, open_archive(settings) as archive:
        restored = archive.restore(count(chain((header,), documents)))
        write_down(archive, "store.restored", counts=restored)
    typer.echo("restored " + ", ".join(f"{number:,} {kind}" for kind, number in restored.items()))


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def read_documents(file: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file of lines, packed or not. Raises `InputError` naming the line."""
    import orjson

    from api.scanning.readers.files import PACKING_ERRORS, Source

    source = Source(None, sys.stdin.buffer) if str(file) == "-" else Source(file)
    number = 0
    try:
        for number, line in enumerate(source.stream, start=1):
            document = orjson.loads(line)
            if not isinstance(document, dict):
                raise InputError(f"{source.name} line {number}", "is no JSON object")
            yield document
    except orjson.JSONDecodeError as error:
        raise InputError(f"{source.name} line {number}", f"is not valid JSON: {error.msg}") from None
    except PACKING_ERRORS as error:
        raise InputError(f"{source.name} line {number + 1}", f"the file is damaged or cut here: {error}") from None
    finally:
        source.close()


@contextmanager
def open_writer(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only once it is whole and on the disk."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.suffix == ".zst":
        raise InputError(str(path), "zstd is not written; use .gz or .xz")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner only, and stays so
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            with _packed(raw, path.suffix) as out:
                yield out
            raw.flush()
            os.fsync(raw.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    note(f"wrote {path} ({path.stat().st_size:,} bytes)")


@contextmanager
def _packed(raw: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    if suffix == ".gz":
        import gzip

        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as out:
            yield out  # type: ignore[misc]  # it writes bytes, which is all that is asked
    elif suffix == ".xz":
        import lzma

        with lzma.LZMAFile(raw, "wb", preset=3) as out:
            yield out
    else:
        yield raw


@contextmanager
def _counter(what: str) -> Iterator[Any]:
    """Counts what passes; on a terminal it says so while it goes on."""
    passed = 0

    def count(items: Iterable[Any]) -> Iterator[Any]:
        nonlocal passed
        for item in items:
            yield item
            passed += 1
            if passed % STEP == 0:
                show()

    if sys.stderr.isatty():
        with make_console(stderr=True).status(f"{what} 0 documents") as status:

            def show() -> None:
                status.update(f"{what} {passed:,} documents")

            yield count
    else:

        def show() -> None:
            return

        yield count
    note(f"{what} {passed:,} documents")
