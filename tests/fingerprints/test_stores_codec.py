"""Bodies: what goes in comes out, damage is noticed."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints.article import Article
from fingerprints.errors import InputError, StoreError
from fingerprints.stores.codec import MAX_BODY, decode_article, decode_doc, encode_article, encode_doc, pack, unpack

_json = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=20,
)
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(doc=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _json, max_size=5))
def test_documents_come_back(doc: dict[str, object]) -> None:
    try:
        body = encode_doc(doc)
    except InputError:  # a lone surrogate somewhere inside
        return
    assert decode_doc(body) == doc


@given(text=_text, title=st.none() | _text, repeat=st.sampled_from([1, 30_000]))
def test_articles_come_back(text: str, title: str | None, repeat: int) -> None:
    article = Article(id="a", text="x" + text * repeat, title=title)
    assert decode_article("a", encode_article(article)) == article


def test_long_bodies_are_deflated_short_ones_are_not() -> None:
    assert len(encode_doc({"x": "ulang " * 1000})) < 200
    assert encode_doc({"x": "y"})[5:] == b'{"x":"y"}'
    assert unpack(pack(b"ulang" * 100, "x", small=10)) == b"ulang" * 100


def test_what_no_store_could_hold_is_refused() -> None:
    with pytest.raises(InputError, match="text: is too large"):
        pack(b"x" * MAX_BODY, "text", small=MAX_BODY)


@pytest.mark.parametrize("body", [b"", b"\2x", b"\1x", b"\0{", b"\1" + zlib.compress(b"{}")[:-3]])
def test_damage_is_noticed(body: bytes) -> None:
    with pytest.raises(StoreError, match="damaged"):
        decode_doc(body)


def test_a_flipped_bit_or_another_owner_is_named_and_older_forms_are_read() -> None:
    article = Article(id="a", text="Harga cabai turun.")
    body = encode_article(article)
    for at in range(len(body)):
        for bit in range(8):
            flipped = body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]
            with pytest.raises(StoreError, match="damaged"):
                decode_article("a", flipped)
    with pytest.raises(StoreError, match="checksum"):
        decode_article("b", body)
    assert decode_article("a", b"\0" + body[5:]) == article
    assert decode_article("a", b"\1" + zlib.compress(body[5:])) == article
