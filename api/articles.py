"""Articles of the store, listed: by how their ids begin, by outlet."""

from __future__ import annotations

from api.paging import cut, decode_cursor, encode_cursor
from fingerprints.stores.contract import Store, Stored


def find_articles(
    store: Store, *, begins: str = "", outlet: str | None = None, limit: int, cursor: str | None
) -> tuple[list[Stored], str | None]:
    """Current versions by id, of ids that begin so, and the cursor of the next page. Raises `InputError` for a bad cursor."""
    position = decode_cursor(cursor)
    found = store.articles(after=position[1] if position else begins or None, limit=limit + 1, outlet=outlet)
    if begins and position is None:
        exact = store.get(begins)
        if exact is not None and outlet in (None, exact.article.outlet):
            found = [exact, *found]
    items, more = cut([stored for stored in found if stored.article.id.startswith(begins)], limit)
    return list(items), encode_cursor((None, items[-1].article.id)) if more else None
