"""The code point table: what each Unicode code point becomes, and what it says about the word it stands in.

Case, accents, compatibility forms and look-alike letters fold away; invisible characters vanish. The table ships as
``folding.npy``, so results do not depend on the Unicode version of the Python that runs; it is made by
``python -m fingerprints.folding``, whose only inputs are `unicodedata` and the lists below.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# One uint32 a code point. Bits 0-20: the folded code point, or an index (MULTI), or a class of separator or invisible.
VALUE = (1 << 21) - 1
WORD, LATIN, LOOKALIKE, WEAK, OTHER = 1 << 21, 1 << 22, 1 << 23, 1 << 24, 1 << 25
"""Part of a word; reads as a Latin letter; only looks like one; so roughly that a Latin one must vouch; another script's."""
UPPER, MULTI, MARK, INVISIBLE, JOINING = 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30
"""Capital; folds to several letters; vanishes; vanishes and is counted; of a script where joiners and bidi marks are spelling."""
OTHER_SEPARATOR, SPACE, NEWLINE, STOP_MARK, END_MARK, WIDE_STOP, QUOTE, SYMBOL, OPENING = range(9)
"""Separators: full stop; ! ? and the ellipsis; full stop of scripts without spaces; closing quotes and brackets; opening ones."""
NOT_PLAIN = 0xFF
PLAIN_INVISIBLE, VARIATION, JOINER = range(3)

BMP = 0x10000
DATA = Path(__file__).with_name("folding.npy")


class Folding(NamedTuple):
    """`bmp`: uint32[65536]. `astral`: uint32[m, 2], rising (first code point, entry) of ranges; a range's WORD entry with
    value 0 folds to itself. `native`: uint32[k, 2], rising (look-alike code point, its folding within its own script).
    `multi`: uint32[j], at each MULTI value the number of letters, then the letters."""

    bmp: NDArray[np.uint32]
    astral: NDArray[np.uint32]
    native: NDArray[np.uint32]
    multi: NDArray[np.uint32]


# Letters that no decomposition relates to Latin ones, but readers do.
PLAIN = dict(zip("ßẞøØđĐðÐħĦłŁŧŦıŀƀɓɗƙ", ["ss", "ss", *"ooddddhhllttilbbdk"], strict=True))
PLAIN |= {"æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ŋ": "ng"}
_CYRILLIC = dict(zip("аеорсухѕіјԁԛԝһӏҽүѵАВЕКМНОРСТХУЅІЈԌԚԜҮѴҺӀ", "aeopcyxsijdqwhleyvabekmhopctxysijgqwyvhi", strict=True))
_GREEK = dict(zip("αονριϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϜ", "aovpicjabezhikmnoptyxcf", strict=True))
_ARMENIAN = dict(zip("օսհոցզյգՕՍՏԼ", "ouhngqjqousl", strict=True))
_CHEROKEE = dict(zip("ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᎽᏀᏃᏔᏙᏚᏞᏟᏢᏦᏴ", "drtiajewmhygzwvslcpkb", strict=True))
_PHONETIC = dict(zip("ɑɡɩʏʜʟɴʀɪʙɢᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜱꜰɒʋƽɯ", "agiyhlnribgacdejkmoptuvwzsfavsw", strict=True))
STRONG = {**_CYRILLIC, **_GREEK, **_ARMENIAN, **_CHEROKEE, **_PHONETIC}
"""Letters drawn like a Latin one."""
ROUGH = {
    **dict(zip("вкмнтгьпиЬ", "bkmhtrbnub", strict=True)),
    **dict(zip("βγεηκτυχωσ", "byenktuxwo", strict=True)),
}
"""Letters that pass for a Latin one only among Latin letters; alone they spell real Russian and Greek words."""

_NEWLINES = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_VISIBLE_FORMAT = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
_FILLERS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
_VARIATION = {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_JOINER = {0x200D, *range(0xE0000, 0xE0080)}
_NO_JOINERS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "CHEROKEE", "COPTIC")
_EMOJI_LETTERS = {0x2139}
_STYLED = ("<wide>", "<font>", "<circle>", "<square>")


def _is_word(c: str) -> bool:
    return unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Mc"


def _base(c: str) -> str:
    """Compatibility decomposition without combining marks."""
    return "".join(x for x in unicodedata.normalize("NFKD", c) if unicodedata.category(x) not in ("Mn", "Me"))


def _own(c: str) -> str:
    """Folding within the script: case, accents, compatibility forms, digits; `c` itself where that leaves no word."""
    folded = _base(_base(c).casefold())
    folded = "".join(PLAIN.get(x, x) for x in folded)
    if not folded or not all(map(_is_word, folded)):
        return c
    return "".join(str(unicodedata.decimal(x)) if unicodedata.category(x) == "Nd" else x for x in folded)


def _negative(code: int) -> str:
    """The letter of a white-on-black circled or squared one, which have no decomposition."""
    for first in (0x1F150, 0x1F170):
        if first <= code < first + 26:
            return chr(ord("a") + code - first)
    return ""


def fold(code: int) -> tuple[int, str, str]:
    """(bits, folded, folded within its own script) of one code point; for separators and invisibles folded is empty and the
    bits hold the class."""
    c = chr(code)
    category = unicodedata.category(c)
    if c in _NEWLINES:
        return NEWLINE, "", ""
    if code in _VARIATION:
        return INVISIBLE | VARIATION, "", ""
    if code in _JOINER:
        return INVISIBLE | JOINER, "", ""
    if code in _FILLERS or (category == "Cf" and code not in _VISIBLE_FORMAT):
        return INVISIBLE | PLAIN_INVISIBLE, "", ""
    if category in ("Mn", "Me"):
        return MARK, "", ""
    styled = unicodedata.decomposition(c).startswith(_STYLED)
    circled = _negative(code) or (
        _base(c).casefold() if category == "So" and styled and _base(c).isascii() and _base(c).isalpha() else ""
    )
    if circled:
        return WORD | LATIN | LOOKALIKE | UPPER * (_base(c).isupper() or category == "So"), circled, circled
    if not _is_word(c) or code in _EMOJI_LETTERS:
        return _separator(c, category), "", ""
    return _letter(c, category, styled)


def _letter(c: str, category: str, styled: bool) -> tuple[int, str, str]:
    base, own = _base(c), _own(c)
    bits = WORD | (UPPER if category in ("Lu", "Lt") or base[:1].isupper() else 0)
    latin = STRONG.get(base) or ROUGH.get(base) or STRONG.get(own)
    if latin:
        return bits | LATIN | LOOKALIKE | (WEAK if base in ROUGH else 0), latin, own
    if all(unicodedata.category(x)[0] == "N" for x in own):
        return bits, own, own
    if all(x.isdecimal() or unicodedata.name(x, "").startswith("LATIN") for x in own):
        return bits | LATIN | (LOOKALIKE if styled else 0), own, own
    name = unicodedata.name(c, "")
    return bits | OTHER | (0 if name.startswith(_NO_JOINERS) else JOINING), own, own


def _separator(c: str, category: str) -> int:
    if c in "。．｡।॥።":
        return WIDE_STOP
    if c == ".":
        return STOP_MARK
    if c in "!?…！？‽":
        return END_MARK
    if c in "\"'" or category in ("Pf", "Pe"):
        return QUOTE
    if category in ("Pi", "Ps"):
        return OPENING
    if category == "Zs" or c == "\t":
        return SPACE
    return SYMBOL if category in ("So", "Sk") and ord(c) > 0x7F else OTHER_SEPARATOR


def build() -> Folding:
    """The table, from `unicodedata`. Takes seconds."""
    native: list[tuple[int, int]] = []
    multi: list[int] = [0]
    seen: dict[str, int] = {}

    def entry(code: int) -> int:
        bits, folded, own = fold(code)
        if not folded:
            return bits
        if bits & LOOKALIKE and own != folded:
            native.append((code, ord(own[0])))
        if len(folded) == 1:
            return bits | ord(folded)
        if folded not in seen:
            seen[folded] = len(multi)
            multi.extend([len(folded), *map(ord, folded)])
        return bits | MULTI | seen[folded]

    bmp = [entry(code) for code in range(BMP)]
    astral: list[tuple[int, int]] = []
    for code in range(BMP, sys.maxunicode + 1):
        value = entry(code) if unicodedata.category(chr(code)) not in ("Cn", "Co") or 0xE0000 <= code < 0xE1000 else 0
        if value & WORD and value & VALUE == code and not value & MULTI:
            value &= ~VALUE
        if not astral or astral[-1][1] != value:
            astral.append((code, value))
    return Folding(*(np.array(x, np.uint32) for x in (bmp, astral, native, multi)))


def pack(table: Folding) -> NDArray[np.uint32]:
    """One flat array: the four lengths, then the parts."""
    return np.concatenate([np.array([x.size for x in table], np.uint32), *(x.ravel() for x in table)])


@cache
def flat() -> NDArray[np.uint32]:
    """The shipped table as one array, see `pack`."""
    packed: NDArray[np.uint32] = np.load(DATA)
    packed.flags.writeable = False
    return packed


def load() -> Folding:
    """The shipped table."""
    packed = flat()
    a, b, c, _ = (np.cumsum(packed[:4]) + 4).tolist()
    return Folding(packed[4:a], packed[a:b].reshape(-1, 2), packed[b:c].reshape(-1, 2), packed[c:])


@cache
def plain() -> NDArray[np.uint8]:
    """uint8[65536]: what a code point is in a plain text: its ASCII letter (in its case) or digit, its class of separator, or
    `NOT_PLAIN` where one byte does not tell all."""
    table = load().bmp
    value, bits = table & VALUE, table & ~np.uint32(VALUE)
    out = np.full(BMP, NOT_PLAIN, np.uint8)
    out[bits == 0] = value[bits == 0]
    digit = (bits == WORD) & (value >= ord("0")) & (value <= ord("9"))
    letter = (bits & ~np.uint32(UPPER) == WORD | LATIN) & (value >= ord("a")) & (value <= ord("z"))
    out[digit | letter] = value[digit | letter]
    out[letter & (bits & UPPER != 0)] -= 32
    out[-1] = NOT_PLAIN  # what stands for all beyond
    out.flags.writeable = False
    return out


if __name__ == "__main__":
    np.save(DATA, pack(build()))
