"""The messages of the pages: `python -m tests.web_messages` lists those without English, ready to be put into a catalogue."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file

ROOT = Path(__file__).parents[1]
WEB = ROOT / "api" / "web"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "say": None}


def messages() -> Catalog:
    """Every message that templates and code of the pages hold, with where it stands."""
    found = Catalog()
    for method, pattern in (("jinja2.ext:babel_extract", "templates/**/*.html"), ("python", "**/*.py")):
        for path in sorted(WEB.glob(pattern)):
            for line, message, _, context in extract_from_file(method, str(path), keywords=KEYWORDS):  # type: ignore[arg-type]
                if message:
                    found.add(message, locations=[(str(path.relative_to(ROOT)), line)], context=context)
    return found


if __name__ == "__main__":
    from babel.messages.pofile import write_po

    from api.web.catalogue import catalogue

    known, missing = catalogue("en"), Catalog(locale="en")
    for message in messages():
        if message.id and not (message.id in known and known[message.id].string):
            missing[message.id] = message
    import sys

    write_po(sys.stdout.buffer, missing, omit_header=True)
