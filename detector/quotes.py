"""Quotations: direct speech in quotation marks whose speaker is named near it, in the styles of Indonesian and English papers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fingerprints.article import Span

MARKS = "\"“”„‟«»＂″〝〞'‘’‚‛`"
"""Characters that can open or close direct speech. A text without any has no quotation."""

BEFORE, AFTER = 140, 110
"""Code points searched for the attribution before the opening and after the closing mark: room for a long title with
names ("Menurut Kepala Dinas Kesehatan ..., dr ..., M.Kes.,")."""
LINKING = 30
"""Code points that may stand between two parts of one speech in a sentence (`"...", dan "..."`)."""
NESTED = 40
"""Marks within one speech; beyond, the text is not direct speech, and looking further would cost without bound."""
SAID_SO = 80
"""Code points searched for the attribution in a paragraph after the speech that begins with `Hal itu`."""
PARAGRAPHS = 1200
"""Code points of speech that runs on over paragraphs without a new opening mark."""
SINGLE_WORDS = 4
"""Words from which single marks can hold direct speech; below they hold nicknames and titles."""

_DOUBLE = re.compile("''|‘‘|’’|``|[\"“”„‟«»＂″〝〞]")
_SINGLE = re.compile("['‘’‚‛`]")
_OPEN_ONLY = frozenset("“„«〝")
_CLOSE_ONLY = frozenset("”»〞")

_SPEECH = """kata ujar jelas tutur ungkap imbuh tegas papar terang sebut ucap pungkas beber lanjut cetus tambah tandas tukas kilah
    sergah timpal jawab tanya tulis cuit harap pinta ajak imbau himbau keluh seloroh kelakar kenang cerita pesan urai rinci
    sambung bilang klaim tuding kecam komentar teriak bisik gumam sindir nilai tutup kutip lapor saran bantah puji akui
    canda ancam jabar tantang elak gugat tekan celetuk sahut bunyi lontar sesal tepis tampik gurau dalih celoteh tegur sanggah
    singgung simpul ulas"""
_AFFIXED = "kisah kritik respons usul balas tanggap utara anjur"
"""Stems that tell of speech only with a prefix or a suffix: kisahnya, mengutarakan."""
_NO_NASAL = frozenset(("tutup",))
"""Stems that say something else with a nasal prefix: menutup."""
_WITH_BER = "kata ujar tutur cerita komentar teriak bisik kelakar canda harap pesan seloroh tanya janji"
_OTHERS = "menurut demikian aku akunya dilansir melansir mengaku membenarkan"
_NOUNS = "penjelasan pernyataan penuturan pengakuan ungkapan perkataan ucapan keluhan keterangan"
"""What is said, with -nya: `"...," begitu penjelasannya`."""
_ENGLISH_SPEECH = """said says say saying told tells adds added according stated states explained explains wrote writes replied
    asked noted argued claimed insisted warned announced remarked commented continued concluded declared admitted recalled
    recounted tweeted stressed emphasized reiterated responded testified called quipped"""


def _attributing() -> frozenset[str]:
    """Every form of a word that attributes speech, in small letters."""
    stems, nouns = f"{_SPEECH} {_AFFIXED}".split(), _NOUNS.split()
    nasal = [stem[1:] for stem in stems if stem[0] in "ptsk" and stem not in _NO_NASAL]  # kata: meng-ata-kan
    prefixed = [prefix + stem for prefix in ("me", "mem", "men", "meng", "meny", "di") for stem in stems]
    prefixed += [prefix + stem for prefix in ("mem", "men", "meng", "meny") for stem in nasal]
    prefixed += ["menyatakan", "dinyatakan", "menyampaikan", "disampaikan"]
    forms = {word + suffix for word in prefixed for suffix in ("", "i", "kan", "nya", "kannya")}
    forms.update(stem + suffix for stem in _SPEECH.split() for suffix in ("", "kan", "nya", "kannya"))
    forms.update(word + "nya" for word in [*stems, *nouns])
    forms.update("ber" + stem for stem in _WITH_BER.split())
    return frozenset([*forms, *_OTHERS.split(), *_ENGLISH_SPEECH.split()])


_ATTRIBUTING = _attributing()
_STEMS = "|".join(_SPEECH.split())
_SPOKEN_BY = re.compile(rf"[,.?!…][ \t]*(?=(?:{_STEMS}|menurut|demikian)(?:nya)?\b)", re.IGNORECASE)
_SIGNED = re.compile(r"[ \t]*[—–][ \t]*[A-Z]")
"""A dash and a name right after the closing mark."""
_SAID_SO = re.compile(
    r"\s*(?:demikian(?:lah)?|begitu(?:lah)?|itulah|(?:hal|pernyataan|ucapan|ungkapan|kalimat) (?:itu|tersebut|ini))\b",
    re.IGNORECASE,
)
"""How the paragraph after speech begins that names its speaker."""
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _Speech:
    """A stretch of direct speech as it is read; `continues`: the paragraph after takes it up again with a new opening mark."""

    start: int
    end: int
    follows: bool = False


def quotations(text: str) -> list[Span]:
    """Spans of attributed direct speech, marks included, in order, none overlapping."""
    if not any(mark in text for mark in MARKS):
        return []
    found = _double(text)
    found += _single(text, found)
    found.sort(key=lambda speech: speech.start)
    return [Span(speech.start, speech.end) for speech in _attributed(text, found)]


def _double(text: str) -> list[_Speech]:
    """Direct speech in double marks, guillemets or doubled single marks."""
    marks = list(_DOUBLE.finditer(text))
    found: list[_Speech] = []
    at = 0
    carried = False
    while at < len(marks):
        mark = marks[at]
        if not _opens(text, mark):
            at += 1
            continue
        close = _closing(text, marks, at)
        line_end = _line_end(text, mark.end())
        if close is not None:
            found.append(_Speech(mark.start(), marks[close].end(), carried))
            carried, at = False, close + 1
        else:
            reopened = _reopens(text, line_end)
            end = line_end if reopened else _unclosed_end(text, mark.end(), line_end)
            found.append(_Speech(mark.start(), end, carried))
            carried = reopened
            at += 1
            while at < len(marks) and marks[at].start() < end:
                at += 1
    return found


def _opens(text: str, mark: re.Match[str]) -> bool:
    """True when a mark can open direct speech: not after a letter or digit (inches, apostrophes), not before a gap alone."""
    before = text[mark.start() - 1] if mark.start() else "\n"
    after = text[mark.end()] if mark.end() < len(text) else "\n"
    if mark[0] in _OPEN_ONLY:
        return True
    if mark[0] == "»":
        return after.isalnum() and not before.isalnum()  # reversed guillemets
    if before.isalnum() or after == "\n":
        return False
    return not after.isspace() or before.isspace()


def _closes(text: str, mark: re.Match[str]) -> bool:
    before = text[mark.start() - 1]
    after = text[mark.end()] if mark.end() < len(text) else "\n"
    if mark[0] in _CLOSE_ONLY:
        return True
    if mark[0] in _OPEN_ONLY:
        return mark[0] in "“«" and not after.isalnum() and not before.isspace()  # closes German style, and careless typing
    return not before.isspace() or not after.isalnum()


def _closing(text: str, marks: list[re.Match[str]], opened: int) -> int | None:
    """Index of the mark that closes the speech opened by `marks[opened]`; None when the closing mark is missing."""
    limit = _line_end(text, marks[opened].end())
    depth = 0
    for at in range(opened + 1, len(marks)):
        mark = marks[at]
        if at > opened + NESTED:
            return None
        if mark.start() > limit:
            # Over lines and paragraphs speech runs on if what comes next can only be a closing mark.
            near = mark.start() - marks[opened].end() <= PARAGRAPHS
            return at if near and not _opens(text, mark) and _closes(text, mark) and not _reopens(text, limit) else None
        if mark[0] in _OPEN_ONLY and not _closes(text, mark):
            depth += 1  # nested
        elif _closes(text, mark):
            if depth:
                depth -= 1
            elif not _is_inch(text, marks, at, limit):
                return at
        else:
            return None  # the next speech opens: this one was never closed
    return None


def _is_inch(text: str, marks: list[re.Match[str]], at: int, limit: int) -> bool:
    """True for a straight mark after a digit when a better closing mark follows on the line (`layar 14" itu," kata`)."""
    mark = marks[at]
    if mark[0] != '"' or not text[mark.start() - 1].isdigit() or at + 1 >= len(marks):
        return False
    after = marks[at + 1]
    return after.start() < limit and text[after.start() - 1] in ",.?!…" and text[mark.end() : mark.end() + 1].isspace()


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _reopens(text: str, line_end: int) -> bool:
    """True when the next paragraph starts with an opening mark."""
    rest = text[line_end : line_end + 40].lstrip()
    mark = _DOUBLE.match(rest)
    return mark is not None and mark[0] not in _CLOSE_ONLY and len(rest) > mark.end() and not rest[mark.end()].isspace()


def _unclosed_end(text: str, start: int, line_end: int) -> int:
    """Where speech without a closing mark ends: at the words that name its speaker, else with the paragraph."""
    spoken = _SPOKEN_BY.search(text, start, line_end)
    return spoken.start() + 1 if spoken else line_end


def _single(text: str, taken: list[_Speech]) -> list[_Speech]:
    """Direct speech in single marks outside of `taken`."""
    found: list[_Speech] = []
    opened: int | None = None
    covered = iter([*taken, _Speech(len(text) + 1, len(text) + 1)])
    cover = next(covered)
    for mark in _SINGLE.finditer(text):
        while cover.end <= mark.start():
            cover = next(covered)
        if cover.start <= mark.start():
            opened = None
            continue
        before = text[mark.start() - 1] if mark.start() else "\n"
        after = text[mark.end()] if mark.end() < len(text) else "\n"
        if opened is not None and "\n" in text[opened : mark.start()]:
            opened = None
        if not before.isalnum() and after.isalnum() and before not in ".,?!…":
            opened = mark.start()
        elif opened is not None and not before.isspace() and not after.isalnum():
            if len(_WORD.findall(text, opened, mark.start())) >= SINGLE_WORDS:
                found.append(_Speech(opened, mark.end()))
            opened = None
    return found


def _attributed(text: str, found: list[_Speech]) -> list[_Speech]:
    """Those whose speaker is named before, after or between their parts; what continues a speech shares its attribution."""
    named = [_names_speaker(text, found, at) for at in range(len(found))]
    for at in range(1, len(found)):
        if named[at - 1] and not named[at]:
            named[at] = found[at].follows or _goes_on(text, found[at - 1], found[at])
    for at in range(len(found) - 1, 0, -1):
        if found[at].follows:
            named[at - 1] = named[at - 1] or named[at]
    return [speech for speech, is_named in zip(found, named, strict=True) if is_named]


def _names_speaker(text: str, found: list[_Speech], at: int) -> bool:
    speech = found[at]
    first = found[at - 1].end if at else 0
    low = max(first, speech.start - BEFORE)
    line_end = _line_end(text, speech.end)
    if text[speech.end : line_end].strip() == "" and text[line_end : line_end + 2].strip().islower():
        line_end = _line_end(text, line_end + 2)  # the sentence goes on in the next line
    high = min(found[at + 1].start if at + 1 < len(found) else len(text), speech.end + AFTER, line_end)
    if _attributes(text, speech.end, high) or _SIGNED.match(text, speech.end, high):
        return True
    if (so := _SAID_SO.match(text, speech.end)) and _attributes(text, so.end(), so.end() + SAID_SO):
        return True
    lead = text[low : speech.start]
    own_line = lead.rfind("\n") + 1
    line = lead[own_line:]
    if not line.strip() and own_line:  # speech opens the paragraph: the one before may lead in with a colon
        line = lead.rstrip()[-BEFORE:]
        line = line if line.endswith(":") else ""
    return _attributes(line, 0, len(line)) or line.rstrip().endswith(":")


def _attributes(text: str, start: int, end: int) -> bool:
    """True when one of the words in `[start, end)` attributes speech."""
    return not _ATTRIBUTING.isdisjoint(_WORD.findall(text[start:end].lower()))


def _goes_on(text: str, earlier: _Speech, speech: _Speech) -> bool:
    """True when the speaker of `earlier` goes on: a few words later in the sentence, or in a paragraph of its own right after."""
    between = text[earlier.end : speech.start]
    if "\n" not in between:
        return len(between) <= LINKING and not re.search(r"[.?!…]", between)
    rest, _, lead = between.rpartition("\n")
    return not (lead.strip() or "\n" in rest.strip() or text[speech.end : _line_end(text, speech.end)].strip())
