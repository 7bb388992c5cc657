"""Which articles of ours a scan asks for again, so that what was withdrawn from the site, or changed, is noticed.

A sitemap, list or feed that was read tells which articles left it; a WordPress API, asked by their numbers, which it no longer
has. Whether they are gone only their own pages say, and those are asked. Since feeds are windows and not every listing tells of
changes, the pages of the others are asked now and then, the later the older they are; never more than `MAX_ASKED` in a scan.
"""

from __future__ import annotations

from collections.abc import Iterator

from api.scanning.published import Published
from api.scanning.readers.items import Listing
from api.scanning.readers.wordpress import MAX_NUMBERS, WordPressApi
from api.scanning.tally import Tally
from fingerprints.stores.contract import Record

MAX_ASKED = 50
"""Pages of one scan."""
NEWEST, OLDER = MAX_NUMBERS, 2 * MAX_NUMBERS
"""Articles whose numbers a WordPress API is asked for by each scan: the newest, and those whose turn it is."""


class Withdrawals:
    """After a source of ours was read by `reader`."""

    def __init__(self, published: Published, reader: Listing, tally: Tally) -> None:
        self._published, self._reader, self._tally = published, reader, tally

    def to_ask(self) -> Iterator[Record]:
        """The articles whose pages are to be asked for, the most urgent first."""
        reader = self._reader
        if isinstance(reader, WordPressApi):
            self._ask_for_numbers(reader)
        if reader.label not in reader.unread:
            self._published.leave(self._tally.came, reader.unread)
        yield from self._published.due(MAX_ASKED)

    def _ask_for_numbers(self, reader: WordPressApi) -> None:
        """Those the API still has need no look at their pages."""
        turn = self._published.due(OLDER)
        due = {record.id for record in turn}
        known = {record.id: record for record in [*self._published.newest(NEWEST), *turn]}
        numbered = [record for record in known.values() if record.doc["number"] is not None and not record.doc["withdrawn_at"]]
        there = reader.has([record.doc["number"] for record in numbered])
        if there is None:
            return
        for record in numbered:
            if record.doc["number"] not in there:
                self._published.hurry(record)
            elif record.id in due and record.doc["recheck_at"]:
                self._published.asked(record.id)
