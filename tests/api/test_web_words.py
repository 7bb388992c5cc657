"""What the pages say, in both languages."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st

from api.web.catalogue import catalogue, day, moment, number, percent, translations
from tests.web_messages import messages

SAID = [message for message in messages() if message.id]
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_there_are_messages() -> None:
    assert len(SAID) > 100


@pytest.mark.parametrize("message", SAID, ids=lambda message: ids(message)[0][:40])
def test_every_message_has_english_with_the_same_places(message: Message) -> None:
    known = catalogue("en").get(ids(message)[0])
    assert known is not None, "run `python -m tests.web_messages`"
    said = (known.string,) if isinstance(known.string, str) else tuple(known.string)
    assert len(said) == len(ids(message))
    for english in said:
        assert english
        assert set(PLACES.findall(english)) == set(PLACES.findall(ids(message)[0]))


def test_no_english_is_left_over() -> None:
    used = {ids(message)[0] for message in SAID}
    assert {ids(message)[0] for message in catalogue("en") if message.id} <= used


def test_each_language_writes_as_it_does() -> None:
    assert (number(1204.5, "id"), number(1204.5, "en")) == ("1.204,5", "1,204.5")
    assert (percent(0.975, "id"), percent(0.975, "en")) == ("97,5%", "97.5%")
    at = "2026-11-24T18:05:00Z"
    assert (moment(at, "id"), moment(at, "en")) == ("25 November 2026 01.05 WIB", "24 November 2026 18:05 UTC")
    assert (day(at, "id"), day(at, "en")) == ("25 November 2026", "24 November 2026")
    assert (day("2026-05-01", "id"), moment("2026-05-01", "en"), moment(None, "id")) == ("1 Mei 2026", "1 May 2026", "–")


@given(st.floats(0, 1))
def test_only_all_is_a_hundred_percent(share: float) -> None:
    assert (percent(share, "en") == "100%") == (share == 1)


def test_one_and_many() -> None:
    english = translations("en")
    assert english.ungettext("%(n)s kata", "%(n)s kata", 1) == "%(n)s word"
    assert english.ungettext("%(n)s kata", "%(n)s kata", 2) == "%(n)s words"
    assert translations("id").ugettext("Riwayat") == "Riwayat"
