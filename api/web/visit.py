"""Who looks at a page, and how they want it: language, light or dark, session. Made once a request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from api.keys import Caller
from api.roles import Role, role_of
from api.web.catalogue import LANGUAGES, Lang, translations

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
LANG_COOKIE, THEME_COOKIE = "sidik_lang", "sidik_theme"
REMEMBERED = 400 * 24 * 3600
"""Seconds: as long as browsers keep a cookie at most."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page. `path`: where the reader is, percent-encoded, for links to the same page in another language.
    `csrf`: what forms send back. `chosen`: what the address asks to be remembered."""

    lang: Lang
    theme: Theme
    path: str
    query: tuple[tuple[str, str], ...] = ()
    caller: Caller | None = None
    csrf: str = ""
    secure: bool = False
    chosen: dict[str, str] = field(default_factory=dict)

    @property
    def role(self) -> Role | None:
        return role_of(self.caller.scopes) if self.caller else None

    def may(self, scope: str, *, change: bool = False) -> bool:
        """Whether the reader may see, or `change`, what `scope` is for."""
        return self.caller is not None and self.caller.may(scope, change=change)

    def at(self, path: str) -> Visit:
        """The same visit, as if to `path`: for a page that answers a form, where `path` is what may be loaded again."""
        return replace(self, path=path)

    def same(self, **changed: str | None) -> str:
        """The address of this page with some of its query changed; None leaves a value out."""
        kept = [(name, value) for name, value in self.query if name not in changed]
        query = urlencode([*kept, *((name, value) for name, value in changed.items() if value is not None)])
        return f"{self.path}?{query}" if query else self.path

    def say(self, message: str, **values: object) -> str:
        """`message`, written in Bahasa Indonesia in the code, in the reader's language."""
        return translations(self.lang).ugettext(message) % values if values else translations(self.lang).ugettext(message)

    def remember(self, response: Response) -> None:
        """Keep what was chosen in cookies that say nothing of the reader."""
        for name, value in self.chosen.items():
            response.set_cookie(name, value, max_age=REMEMBERED, samesite="lax", secure=self.secure, path="/")


def visit_of(request: Request, caller: Caller | None, csrf: str, *, secure: bool) -> Visit:
    """The visit of a request. The address (`?lang=`, `?theme=`) counts before the cookie."""
    chosen: dict[str, str] = {}
    lang, theme = request.query_params.get("lang"), request.query_params.get("theme")
    if lang in LANGUAGES:
        chosen[LANG_COOKIE] = lang
    else:
        lang = request.cookies.get(LANG_COOKIE)
    if theme in THEMES:
        chosen[THEME_COOKIE] = theme
    else:
        theme = request.cookies.get(THEME_COOKIE)
    return Visit(
        lang=lang if lang in LANGUAGES else "id",
        theme=theme if theme in THEMES else "auto",
        path=quote(request.scope["path"]) if request.method in ("GET", "HEAD") else "/",
        query=tuple(request.query_params.multi_items()) if request.method in ("GET", "HEAD") else (),
        caller=caller,
        csrf=csrf,
        secure=secure,
        chosen=chosen,
    )
