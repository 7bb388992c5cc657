"""The two languages of the pages: what they say (gettext catalogues), and dates and numbers as each writes them.

Pages are written in Bahasa Indonesia; `locale/en/*.po`, one file for each group of pages, hold the English. They are read as
they are, so that there is nothing to compile.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Literal

from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations

from fingerprints.dates import WIB

Lang = Literal["id", "en"]
LANGUAGES: dict[Lang, str] = {"id": "Bahasa Indonesia", "en": "English"}
_LOCALES: dict[str, str] = {"id": "id_ID", "en": "en_GB"}
_MOMENTS = {"id": "d MMMM y HH.mm 'WIB'", "en": "d MMMM y HH:mm 'UTC'"}
_DAYS = {"id": "d MMMM y", "en": "d MMMM y"}


def catalogue(lang: Lang) -> Catalog:
    """All messages of the pages in one language; of Bahasa Indonesia there are none, its messages are themselves."""
    merged = Catalog(locale=lang)
    folder = files("api.web") / "locale" / lang
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".po"):
                for message in read_po(BytesIO(file.read_bytes()), locale=lang):
                    if message.id:
                        merged[message.id] = message
    return merged


@cache
def translations(lang: Lang) -> Translations:
    """What `_` looks messages up in."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(lang))
    compiled.seek(0)
    return Translations(compiled)


def number(value: float, lang: Lang) -> str:
    """`value` with the separators of the language, at most one decimal."""
    return format_decimal(value, "#,##0.#", locale=_LOCALES[lang])


def exact(value: float, lang: Lang) -> str:
    """`value` with the separators of the language and all its decimals."""
    return format_decimal(value, "#,##0.##########", locale=_LOCALES[lang])


def percent(share: float, lang: Lang) -> str:
    """A share from 0 to 1 as a percentage, never rounded up to 100."""
    return format_percent(min(share, 0.999) if share < 1 else 1, "#,##0.#%", locale=_LOCALES[lang])


def moment(value: str | None, lang: Lang) -> str:
    """A canonical time in words: Western Indonesian time in Bahasa Indonesia, UTC in English; a bare date as a date."""
    if value is None:
        return "–"
    if len(value) == 10:
        return format_date(date.fromisoformat(value), _DAYS[lang], locale=_LOCALES[lang])
    at = datetime.fromisoformat(value).astimezone(WIB if lang == "id" else UTC)
    return format_datetime(at, _MOMENTS[lang], locale=_LOCALES[lang])


def day(value: str | None, lang: Lang) -> str:
    """The day of a canonical time, in words."""
    return moment(value, lang) if value is None or len(value) == 10 else _day_of(datetime.fromisoformat(value), lang)


def _day_of(at: datetime, lang: Lang) -> str:
    return format_date(at.astimezone(WIB if lang == "id" else UTC).date(), _DAYS[lang], locale=_LOCALES[lang])
