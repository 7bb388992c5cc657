"""What the pages are, for the bar at their top: a reader sees those that their scopes open."""

from __future__ import annotations

from dataclasses import dataclass

from api.web.visit import Visit


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the bar. `scope`: what a reader needs to see it. `below`: its entry is the current one on addresses that
    begin with one of these."""

    path: str
    name: str
    scope: str
    below: tuple[str, ...] = ()

    def current(self, path: str) -> bool:
        return path == self.path or path.startswith(self.below)


ENTRIES = (
    Entry("/", _("Periksa"), "checks"),
    Entry("/checks", _("Riwayat"), "checks", below=("/checks/",)),
    Entry("/findings", _("Temuan"), "cases", below=("/findings/",)),
    Entry("/cases", _("Kasus"), "cases", below=("/cases/",)),
    Entry("/archive", _("Arsip"), "articles", below=("/archive/", "/corrections")),
    Entry("/sources", _("Sumber"), "scans", below=("/sources/", "/scans")),
    Entry("/admin/keys", _("Administrasi"), "admin", below=("/admin/",)),
)


def entries(visit: Visit) -> list[Entry]:
    """The entries that the reader may open."""
    return [entry for entry in ENTRIES if visit.may(entry.scope)]
