"""What would be on the disk after a power cut: the writes of a real process are recorded, and those that were not synced dropped.

`kill -9` cannot show a missing fsync, for the system keeps what a dead process wrote. So strace records every write, sync,
truncation and rename; at each moment that something is acknowledged the files are made again as a disk may hold them that
lost everything not synced since (contents and names alike), or kept any part of it, in any order. Our code must open
that, and find what was acknowledged. Controls prove that the method sees a missing sync.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from detector import Detector
from tests.api.conftest import prose
from tests.faults.processes import PATIENCE, ROOT

CALLS = "openat,creat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate,fallocate"
WORK = """
import os, sys
from detector import Article, Detector
from fingerprints import upkeep
from tests.api.conftest import prose
{before}
unlink = os.unlink
def keep(path, *args, **kwargs):  # a mapped file is written without a call: its content is looked up afterwards
    os.link(path, os.path.join(sys.argv[2], os.path.basename(path)))
    unlink(path, *args, **kwargs)
os.unlink = keep
upkeep.FANOUT = 2
with Detector.open(sys.argv[1]) as detector:
    for batch in range(6):
        detector.add_many([Article(id=f"{{batch}}-{{i}}", text=prose((batch, i), 4)) for i in range(4)])
        os.write(1, f"batch {{batch}}\\n".encode())
        detector.index.flush()
        os.write(1, b"flushed\\n")
    detector.delete("0-0")
    os.write(1, b"deleted\\n")
    detector.index.flush()
    os.write(1, b"flushed\\n")
"""
NO_SYNC_IN_SQLITE = """
from fingerprints.stores import sqlite
connect = sqlite.connect
def careless(*args):
    con = connect(*args)
    con.execute("PRAGMA synchronous = OFF")
    return con
sqlite.connect = careless
"""
NO_SYNC_IN_THE_INDEX = "os.fsync = lambda handle: None"


@dataclass
class Inode:
    """A file: what is on the disk for sure, and what was written since, in order: (offset, bytes); (size, None) cuts."""

    synced: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def content(self, kept: Callable[[], bool]) -> bytes:
        data = bytearray(self.synced)
        for at, written in self.since:
            if not kept():
                continue
            if len(data) < at:
                data.extend(bytes(at - len(data)))
            if written is None:
                del data[at:]
            else:
                data[at : at + len(written)] = written
        return bytes(data)

    def sync(self) -> None:
        self.synced, self.since = self.content(lambda: True), []


class Disk:
    """Files below `top`, as the calls of a trace leave them. `kept` holds the files that were deleted, under their names."""

    def __init__(self, top: Path, kept: Path) -> None:
        self._top, self._kept = top, kept
        self.names: dict[str, Inode] = {}
        self.synced_names: dict[str, Inode] = {}
        self.syncs = 0

    def call(self, name: str, arguments: str, result: str) -> str | None:
        """Apply one call; what it printed, if it did."""
        paths = [path for path in re.findall(r'"((?:[^"\\]|\\.)*)"', arguments) if path.startswith(hexed(str(self._top)))]
        handle = re.match(r"(\d+)<([^>]*)>", arguments)
        path = handle[2] if handle else ""
        if name == "write" and handle and handle[1] == "1":
            return unhexed(re.search(r'"([^"]*)"', arguments)[1]).decode()  # type: ignore[index]  # what it writes is there
        if name in ("openat", "creat") and paths and ("O_CREAT" in arguments or "O_TRUNC" in arguments):
            inode = self.names.setdefault(unhexed(paths[0]).decode(), Inode())
            if "O_TRUNC" in arguments:
                inode.since.append((0, None))
        elif name in ("rename", "renameat", "renameat2") and len(paths) == 2:
            self.names[unhexed(paths[1]).decode()] = self.names.pop(unhexed(paths[0]).decode())
        elif name in ("unlink", "unlinkat") and paths:
            self.names.pop(unhexed(paths[0]).decode(), None)
        elif path in self.names:
            self._on_file(name, arguments, result, self.names[path], path)
        elif name in ("fsync", "fdatasync") and path.startswith(str(self._top)):
            self._sync_folder(path)
        return None

    def _on_file(self, name: str, arguments: str, result: str, inode: Inode, path: str) -> None:
        if name in ("fsync", "fdatasync"):
            if path.endswith(".segment.tmp"):
                inode.since.append((0, self._mapped(Path(path.removesuffix(".tmp")))))
            inode.sync()
            self.syncs += 1
        elif name == "ftruncate":
            inode.since.append((int(arguments.rpartition(",")[2]), None))
        elif name == "fallocate":
            at, size = (int(n) for n in arguments.split(",")[-2:])
            inode.since.append((at, bytes(size)))
        elif name in ("write", "pwrite64"):
            data = unhexed(re.search(r'"([^"]*)"', arguments)[1])  # type: ignore[index]  # what it writes is there
            at = int(arguments.rpartition(",")[2]) if name == "pwrite64" else len(inode.content(lambda: True))
            inode.since.append((at, data[: int(result)]))

    def _mapped(self, path: Path) -> bytes:
        return (path if path.exists() else self._kept / path.name).read_bytes()

    def _sync_folder(self, folder: str) -> None:
        self.synced_names = {n: i for n, i in self.synced_names.items() if os.path.dirname(n) != folder}
        self.synced_names |= {n: i for n, i in self.names.items() if os.path.dirname(n) == folder}

    def after_a_power_cut(self, to: Path, kept: Callable[[], bool]) -> None:
        """Write the files as they may be then."""
        names = self.synced_names | (self.names if kept() else {})
        for name, inode in names.items():
            if name.endswith("-shm"):  # memory that processes share: gone
                continue
            path = to / Path(name).relative_to(self._top)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(inode.content(kept))


def hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def recorded(folder: Path, before: str = "") -> Iterator[tuple[str, Disk]]:
    """Run the work under strace; what it acknowledged, each time with the disk at that moment."""
    top, kept = folder / "disk", folder / "kept"
    top.mkdir()
    kept.mkdir()
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-y", "-xx", "-s", "4000000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(trace)]
    program = [sys.executable, "-c", WORK.format(before=before), f"sqlite:///{top}/sidik.db", str(kept)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*command, *program], env=environment, capture_output=True, text=True, timeout=PATIENCE * 5)
    assert done.returncode == 0, done.stderr[-2000:]
    disk = Disk(top, kept)
    for name, arguments, result in calls(trace):
        said = disk.call(name, arguments, result)
        if said:
            yield said.strip(), disk


def calls(trace: Path) -> Iterator[tuple[str, str, str]]:
    """(name, arguments, result) of each call that went well, when it was done."""
    begun: dict[str, str] = {}
    with trace.open() as lines:
        for line in lines:
            pid, _, rest = line.rstrip("\n").partition(" ")
            rest = rest.lstrip()
            if rest.endswith("<unfinished ...>"):
                begun[pid] = rest.removesuffix("<unfinished ...>").rstrip()
                continue
            if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
                rest = begun.pop(pid) + resumed[1]
            found = re.fullmatch(r"(\w+)\((.*)\)\s+= (\d+)(?:<.*>)?", rest)
            if found:
                yield found[1], decoded(found[2]), found[3]


def decoded(arguments: str) -> str:
    """Paths of handles are in hex, too."""
    return re.sub(r"<((?:\\x[0-9a-f]{2})+)>", lambda m: f"<{unhexed(m[1]).decode()}>", arguments)


def loses(folder: Path, disk: Disk, said: list[str], kept: Callable[[], bool]) -> list[str]:
    """What of that which was acknowledged is lost after a power cut; the index must be sound, or made anew."""
    disk.after_a_power_cut(folder, kept)
    path = folder / "sidik.db"
    if not path.exists():
        return said
    lost = []
    with Detector.open(f"sqlite:///{path}") as detector:
        for batch in range(6):
            for i in range(4):
                if f"batch {batch}" in said and (batch, i) != (0, 0):
                    matches = [match.article.id for match in detector.check(prose((batch, i), 4)).matches]
                    if matches != [f"{batch}-{i}"]:
                        lost.append(f"{batch}-{i}")
        if "deleted" in said and detector.store.get("0-0"):
            lost.append("the deletion")
        assert detector.verify_index() == []
        assert len(detector.index) == detector.store.count()
    return lost


def test_what_is_acknowledged_survives_a_power_cut(tmp_path: Path, pick: random.Random) -> None:
    said: list[str] = []
    for moment, (words, disk) in enumerate(recorded(tmp_path)):
        said.append(words)
        for variant, share in enumerate((0, 0.5)):
            folder = tmp_path / f"{moment}.{variant}"
            folder.mkdir()
            assert loses(folder, disk, said, lambda share=share: pick.random() < share) == []
    assert said.count("flushed") == 7
    assert "deleted" in said
    assert disk.syncs > 30


def test_a_store_that_does_not_sync_is_caught(tmp_path: Path) -> None:
    said, lost = [], []
    for moment, (words, disk) in enumerate(recorded(tmp_path, NO_SYNC_IN_SQLITE)):
        said.append(words)
        folder = tmp_path / str(moment)
        folder.mkdir()
        try:
            lost += loses(folder, disk, said, lambda: False)
        except Exception as error:
            lost.append(str(error))
    assert lost


def test_an_index_that_does_not_sync_is_caught_and_made_anew(tmp_path: Path) -> None:
    """Names reach the disk before the contents: the worst that a file system may do."""
    said: list[str] = []
    notices: list[str] = []
    for moment, (words, disk) in enumerate(recorded(tmp_path, NO_SYNC_IN_THE_INDEX)):
        said.append(words)
        disk.synced_names = dict(disk.names)
        folder = tmp_path / str(moment)
        folder.mkdir()
        disk.after_a_power_cut(folder, lambda: False)
        with Detector.open(f"sqlite:///{folder}/sidik.db") as detector:
            notices += detector.notices
            assert detector.verify_index() == []
    assert [notice for notice in notices if "rebuilding the index" in notice]
