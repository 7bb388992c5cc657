"""Quotations: direct speech in quotation marks whose speaker is named near it, in the styles of Indonesian and English papers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fingerprints.article import Span

MARKS = "\"“”„‟«»'‘’‚‛`"
"""Characters that can open or close direct speech. A text without any has no quotation."""

BEFORE, AFTER = 140, 110
"""Code points searched for the attribution before the opening and after the closing mark: room for a long title with
names ("Menurut Kepala Dinas Kesehatan ..., dr ..., M.Kes.,")."""
LINKING = 30
"""Code points that may stand between two parts of one speech in a sentence (`"...", dan "..."`)."""
NESTED = 40
"""Marks within one speech; beyond, the text is not direct speech, and looking further would cost without bound."""
SINGLE_WORDS = 4
"""Words from which single marks can hold direct speech; below they hold nicknames and titles."""

_DOUBLE = re.compile("''|‘‘|’’|``|[\"“”„‟«»]")
_SINGLE = re.compile("['‘’‚‛`]")
_OPEN_ONLY = frozenset("“„«")
_CLOSE_ONLY = frozenset("”»")

_SPEECH = """kata ujar jelas tutur ungkap imbuh tegas papar terang sebut ucap pungkas beber lanjut cetus tambah tandas tukas kilah
    sergah timpal jawab tanya tulis cuit harap pinta ajak imbau himbau keluh seloroh kelakar kenang cerita pesan urai rinci
    sambung bilang klaim tuding kecam komentar teriak bisik gumam sindir nilai tutup kutip lapor saran bantah puji akui
    canda ancam jabar tantang elak gugat tekan celetuk sahut"""
_NASAL = "ata|yata|ampai|apar|egas|utur|erang|ebut|ambah|ulis|anya|arap|inta|esan|utip|ritik|elas"
"""Stems as a prefix changes them: kata, meng-ata-kan."""
_ENGLISH_SPEECH = """said says say saying told tells adds added according stated states explained explains wrote writes replied
    asked noted argued claimed insisted warned announced remarked commented continued concluded declared admitted recalled
    recounted tweeted stressed emphasized reiterated responded testified called quipped"""
_STEMS, _ENGLISH = "|".join(_SPEECH.split()), "|".join(_ENGLISH_SPEECH.split())
_ATTRIBUTION = re.compile(
    rf"\b(?:(?:{_STEMS})(?:nya|kan|kannya)?|(?:me|mem|men|meng|meny|di)(?:{_STEMS}|{_NASAL})(?:i|kan|kannya|nya)?"
    r"|ber(?:kata|ujar|tutur|cerita|komentar|teriak|bisik|kelakar|canda|harap|pesan|seloroh|tanya|janji)"
    rf"|menurut|demikian|aku|akunya|dilansir|melansir|mengaku|membenarkan|{_ENGLISH})\b",
    re.IGNORECASE,
)
_SPOKEN_BY = re.compile(rf"[,.?!…][ \t]*(?=(?:{_STEMS}|menurut|demikian)(?:nya)?\b)", re.IGNORECASE)
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
        return mark[0] == "“" and not after.isalnum() and not before.isspace()  # closes German style, and careless typing
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
            # Lines broken by hand: the speech runs on if what comes next can only be a closing mark.
            between = text[limit : mark.start()]
            runs_on = "\n\n" not in between and not _opens(text, mark) and not _reopens(text, limit)
            return at if runs_on and _closes(text, mark) else None
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
    if _ATTRIBUTION.search(text, speech.end, high):
        return True
    lead = text[low : speech.start]
    own_line = lead.rfind("\n") + 1
    line = lead[own_line:]
    if not line.strip() and own_line:  # speech opens the paragraph: the one before may lead in with a colon
        line = lead.rstrip()[-BEFORE:]
        line = line if line.endswith(":") else ""
    return bool(_ATTRIBUTION.search(line)) or line.rstrip().endswith(":")


def _goes_on(text: str, earlier: _Speech, speech: _Speech) -> bool:
    """True when the speaker of `earlier` goes on: a few words later in the sentence, or in a paragraph of its own right after."""
    between = text[earlier.end : speech.start]
    if "\n" not in between:
        return len(between) <= LINKING and not re.search(r"[.?!…]", between)
    rest, _, lead = between.rpartition("\n")
    return not (lead.strip() or "\n" in rest.strip() or text[speech.end : _line_end(text, speech.end)].strip())
