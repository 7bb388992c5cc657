"""From what a request holds to what the detector takes: pages are fetched and extracted, limits kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.pool import Deadline
from api.problems import TooLarge
from api.scanning.fetching import Fetched
from api.schemas.articles import ArticleIn
from api.schemas.checks import CheckIn
from detector import CheckRequest
from fingerprints.article import Article
from fingerprints.errors import InputError


def article_of(id: str, given: ArticleIn, max_bytes: int) -> Article:
    """The article to keep; of a page, what the caller does not say is read from it. Raises `InputError`."""
    if given.text is not None and given.html is not None:
        raise InputError("html", "must not be given beside text")
    rest = given.model_dump(include={"url", "title", "published_at", "author", "outlet", "rights"})
    if given.html is None:
        return Article(id=id, text=_within("text", given.text, max_bytes), **rest)
    from fingerprints.extract import extract_html  # half a second to load, and only needed for pages

    page = extract_html(_within("html", given.html, max_bytes), url=given.url)
    for name in ("url", "title", "published_at", "author"):
        rest[name] = rest[name] if rest[name] is not None else getattr(page, name)
    return Article(id=id, text=_within("html", page.text, max_bytes), **rest)


def request_in(values: dict[str, Any], max_bytes: int, fetch: Callable[[str], Fetched], deadline: Deadline) -> CheckRequest:
    """The submission that the values of a JSON object describe; see `submission_of`. Raises `ValidationError` too."""
    given = CheckIn.model_validate(values)
    deadline.check()
    return submission_of(given, max_bytes, fetch, deadline)


def submission_of(given: CheckIn, max_bytes: int, fetch: Callable[[str], Fetched], deadline: Deadline) -> CheckRequest:
    """The submission to check, fetched if only its URL is given. What a page says of itself is a claim: its date does not
    excuse, and its canonical URL does not become the submission's. Raises `InputError`, `FetchError`."""
    if given.text is not None and given.html is not None:
        raise InputError("html", "must not be given beside text")
    known: dict[str, Any] = {
        "ref": given.ref,
        "published_at": given.published_at,
        "exclude_articles": tuple(given.exclude_articles),
    }
    if given.text is not None:
        return CheckRequest(text=_within("text", given.text, max_bytes), title=given.title, url=given.url, **known)
    from fingerprints.extract import extract_html

    source: str | bytes
    if given.html is not None:
        source, charset, url = _within("html", given.html, max_bytes), None, given.url
    elif given.url is not None:
        fetched = fetch(given.url)
        deadline.check()
        if not 200 <= fetched.status < 300:
            raise InputError("url", f"the server answered {fetched.status}")
        if not fetched.is_page:
            raise InputError("url", f"is no web page but {fetched.content_type[:100]}")
        source, charset, url = fetched.body, fetched.charset, fetched.url
    else:
        raise InputError("text", "is missing: give text, html, or url alone")
    page = extract_html(source, url=url, charset=charset)
    return CheckRequest(
        text=_within("text", page.text, max_bytes),
        title=given.title if given.title is not None else page.title,
        url=url,
        links=page.links,
        page_published_at=page.published_at,
        **known,
    )


def _within(name: str, text: str | None, limit: int) -> str:
    if text is None:
        raise InputError(name, "is missing: give text or html")
    if len(text) > limit or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > limit):
        raise TooLarge(name, f"is longer than {limit} bytes of UTF-8")
    return text
