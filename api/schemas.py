"""What comes in, checked; what goes out, described. Answers are made as plain dicts and documented here, not validated."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.events import EventName
from fingerprints.article import check_text
from fingerprints.dates import canonical_time
from fingerprints.errors import InputError

Scope = Literal["articles", "checks", "scans", "cases", "admin", "articles:read", "checks:read", "scans:read", "cases:read"]
CaseStatus = Literal["found", "reviewing", "notified", "resolved", "dismissed"]
Online = Literal["online", "changed", "gone", "unknown"]
VerdictName = Literal["copy", "partial_copy", "rewrite", "quotation", "shared_source", "original"]


def _plain(value: str) -> str:
    try:
        check_text("", value)
    except InputError as error:
        raise PydanticCustomError("text", "{detail}", {"detail": error.detail}) from None
    return value


def _time(value: str) -> str:
    try:
        return canonical_time(value, "")
    except InputError as error:
        raise PydanticCustomError("time", "{detail}", {"detail": error.detail}) from None


Text = Annotated[str, AfterValidator(_plain), Field(json_schema_extra={"pattern": "^[^\\u0000]*$"})]
Time = Annotated[
    str,
    AfterValidator(_time),
    Field(
        json_schema_extra={
            "pattern": r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2}))?$",
            "examples": ["2024-07-09T08:00:00Z"],
        },
        description="RFC 3339 date-time, or a date where only the day is known",
    ),
]


class Given(BaseModel):
    """Input: no unknown field, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ArticleIn(Given):
    """An article to keep: its text, or the page it stands on. Exactly one of `text` and `html`."""

    text: Text | None = None
    html: Text | None = None
    url: Text | None = None
    title: Text | None = None
    published_at: Time | None = None
    author: Text | None = None
    outlet: Text | None = Field(None, description="Defaults to the registrable domain of the URL")
    rights: Literal["own", "shared"] = "own"


class BulkArticleIn(ArticleIn):
    """One line of a bulk import."""

    id: Text


class CheckIn(Given):
    """A submission: exactly one of `text` and `html`, or `url` alone, which is then fetched."""

    text: Text | None = None
    html: Text | None = None
    url: Text | None = None
    title: Text | None = None
    published_at: Time | None = None
    ref: Text | None = Field(None, max_length=1000, description="Your own name for the submission, given back in the report")
    exclude_articles: list[Text] = Field([], max_length=10_000, description="Ids of articles that are not to be looked at")


class KeyIn(Given):
    """A key to make."""

    name: Text = Field(min_length=1, max_length=200)
    scopes: list[Scope] = Field(min_length=1, max_length=20)
    expires_at: Time | None = None
    rate_per_minute: int | None = Field(None, ge=1, le=1_000_000)


class WebhookIn(Given):
    """A webhook to make, and which events it is told of."""

    url: Text = Field(min_length=1, max_length=2000)
    events: list[EventName] = Field(min_length=1, max_length=20)
    secret: Text | None = Field(None, max_length=200, description="`whsec_` and base64 of 24 to 64 bytes; else one is made")
    source_ids: list[Text] | None = Field(None, max_length=1000, description="Only what these sources brought")
    verdicts: list[Literal["copy", "partial_copy", "rewrite"]] | None = Field(None, max_length=20)
    min_score: float | None = Field(None, ge=0, le=1)


SourceKind = Literal["auto", "feed", "sitemap", "wordpress", "page", "list"]
SourceRole = Literal["watch", "own"]
ScanStatus = Literal["queued", "running", "done", "failed"]
_MINUTES = "Minutes between two scans; without it, as often as the source publishes"
_PATTERN = "Of a list page: which links are read. A regular expression, searched in the URL; one with `*` may be a wildcard"


class SourceIn(Given):
    """A source to read on a schedule."""

    url: Text = Field(min_length=1, max_length=2000, description="A feed, sitemap, WordPress site, list page; or a bare domain")
    name: Text | None = Field(None, min_length=1, max_length=200)
    kind: SourceKind | None = Field(None, description="What the URL is; `auto` finds out")
    role: SourceRole | None = Field(None, description="`watch`: pages are checked; `own`: they enter the index")
    interval_minutes: int | None = Field(None, ge=1, le=44_640, description=_MINUTES)
    urls: list[Text] | None = Field(None, max_length=10_000, description="Of a list: the pages")
    link_pattern: Text | None = Field(None, min_length=1, max_length=500, description=_PATTERN)
    enabled: bool | None = None


class SourceEdit(Given):
    """What to change of a source."""

    url: Text = Field("", min_length=1, max_length=2000)
    name: Text | None = Field(None, min_length=1, max_length=200)
    kind: SourceKind | None = None
    role: SourceRole | None = None
    interval_minutes: int | None = Field(None, ge=1, le=44_640, description=_MINUTES)
    urls: list[Text] | None = Field(None, max_length=10_000)
    link_pattern: Text | None = Field(None, min_length=1, max_length=500, description=_PATTERN)
    enabled: bool | None = None


class CaseIn(Given):
    """A match to follow up."""

    check_id: Text = Field(min_length=1, max_length=200)
    article_id: Text = Field(min_length=1, max_length=200)
    note: Text | None = Field(None, min_length=1, max_length=10_000)
    due_at: Time | None = None


class CaseChangeIn(Given):
    """What is to become of a case: at least one of these."""

    status: CaseStatus | None = None
    note: Text | None = Field(None, min_length=1, max_length=10_000)
    due_at: Time | None = Field(None, description="A deadline; null takes it away")


class RecipientIn(Given):
    """An e-mail address that gets findings."""

    address: Text = Field(min_length=3, max_length=254)
    when: Literal["immediate", "daily"] = Field("daily", description="Within a minute, or each morning at 7 in Jakarta")
    lang: Literal["id", "en"] = "id"
    source_ids: list[Text] | None = Field(None, max_length=1000, description="Only what these sources brought")
    verdicts: list[Literal["copy", "partial_copy", "rewrite"]] | None = Field(None, max_length=20)
    min_score: float | None = Field(None, ge=0, le=1)


class FieldError(BaseModel):
    location: str
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Out(BaseModel):
    model_config = ConfigDict(extra="allow")


class Duplicate(BaseModel):
    id: str
    jaccard: float = Field(ge=0, le=1)


class PutOut(Out):
    id: str
    version: int
    change: Literal["created", "updated", "unchanged"]
    words: int
    duplicates: list[Duplicate]


class LineError(BaseModel):
    line: int
    id: str | None
    detail: str


class BulkOut(Out):
    received: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[LineError]


class ArticleShort(Out):
    id: str
    version: int
    url: str | None
    title: str | None
    published_at: str | None
    author: str | None
    outlet: str | None
    rights: Literal["own", "shared"]
    sha256: str
    stored_at: str


class ArticleOut(ArticleShort):
    text: str


class SpanOut(BaseModel):
    start: int
    end: int


class TextSpanOut(SpanOut):
    text: str


class ExemptSpanOut(SpanOut):
    reason: Literal["quotation", "boilerplate", "shared_source", "common"]


class PassageOut(Out):
    submission: TextSpanOut
    article: TextSpanOut
    words: int
    similarity: float
    kind: Literal["verbatim", "edited", "reworded"]
    exempt: Literal["quotation", "boilerplate", "shared_source", "common"] | None
    exempt_spans: list[ExemptSpanOut]


class ArticleRefOut(Out):
    id: str
    version: int
    sha256: str
    title: str | None
    url: str | None
    published_at: str | None
    author: str | None
    rights: Literal["own", "shared"]


class MatchShort(Out):
    article: ArticleRefOut
    verdict: VerdictName
    score: float
    copied: float
    taken: float
    verbatim: float
    jaccard: float
    longest_run_words: int
    first: Literal["article", "submission", "unknown"]
    attribution: Literal["linked", "named", "absent", "unknown"]


class MatchOut(MatchShort):
    passages: list[PassageOut]


class SubmissionShort(Out):
    title: str | None
    url: str | None
    published_at: str | None
    sha256: str
    words: int
    own_words: int


class SubmissionOut(SubmissionShort):
    text: str
    text_kept: bool = Field(True, description="False where the text is kept no more (`retention`); it is empty then")
    boilerplate: list[SpanOut]
    evasion: dict[str, int]


class ReportHead(Out):
    id: str
    created_at: str
    ref: str | None
    verdict: VerdictName
    flagged: bool
    score: float
    reasons: list[str]


class PlaceOut(BaseModel):
    url: str
    found_at: str


class ReportOut(ReportHead):
    submission: SubmissionOut
    matches: list[MatchOut]
    places: list[PlaceOut] = Field([], description="Where a copy that a scan found stands, the first place first")
    stats: dict[str, Any]
    engine: dict[str, Any]


class CallerOut(Out):
    id: str
    name: str


class CheckShort(ReportHead):
    submission: SubmissionShort
    by: CallerOut | None
    domain: str | None
    match_count: int
    best_match: MatchShort | None
    source_id: str | None
    scan_id: str | None


class CopyOut(Out):
    check_id: str
    created_at: str
    url: str | None
    domain: str | None
    title: str | None
    verdict: VerdictName
    flagged: bool
    match: MatchOut
    superseded: list[str] = Field([], description="Sentences of an earlier version that the copy still carries")


class KeyOut(Out):
    id: str
    prefix: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    rate_per_minute: int | None


class NewKeyOut(KeyOut):
    key: str = Field(description="The key itself: shown here and never again")


class WhoOut(BaseModel):
    id: str
    name: str


class AuditEntryOut(Out):
    n: int = Field(description="Place in the chain, from 1")
    at: str
    who: WhoOut
    action: str
    subject: str | None
    details: dict[str, Any]
    request_id: str | None
    previous: str = Field(description="SHA-256 of the entry before; zeros in the first")
    sha256: str


class AuditPage(BaseModel):
    items: list[AuditEntryOut]
    next_cursor: str | None


class WebhookOut(Out):
    id: str
    url: str
    events: list[EventName]
    created_at: str
    disabled: dict[str, str] | None = Field(description="When and why nothing is sent any more")
    source_ids: list[str] | None
    verdicts: list[str] | None
    min_score: float | None


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="The secret itself: shown here and never again")


class RotatedWebhookOut(NewWebhookOut):
    old_secret_until: str


class WebhookPage(BaseModel):
    items: list[WebhookOut]
    next_cursor: str | None


class AttemptOut(BaseModel):
    at: str
    status: int | None = Field(description="None: no answer")
    detail: str


class DeliveryOut(Out):
    id: str = Field(description="Also the `webhook-id`")
    type: EventName
    status: Literal["pending", "delivered", "dead"]
    created_at: str
    next_attempt_at: str | None
    attempts: list[AttemptOut]
    reason: str | None
    payload: dict[str, Any]


class DeliveryPage(BaseModel):
    items: list[DeliveryOut]
    next_cursor: str | None


class CaseEntryOut(BaseModel):
    model_config = ConfigDict(extra="allow")

    at: str
    by: str = Field(description="Name of the key or session; `by_id` is its id")
    from_: CaseStatus | None = Field(alias="from", description="null where the case was opened")
    to: CaseStatus
    note: str | None


class CaseOut(Out):
    id: str
    status: CaseStatus
    domain: str | None
    article_id: str
    check_id: str
    online: Online
    due_at: str | None
    created_at: str
    updated_at: str
    url: str | None
    title: str | None
    verdict: VerdictName
    score: float
    attribution: str
    article: dict[str, Any]
    history: list[CaseEntryOut]
    places: list[dict[str, Any]] = Field(description="Pages of the copy that are visited again, each with its history")


class RelatedOut(BaseModel):
    cases: list[dict[str, Any]]
    checks: list[CheckShort]


class WholeCaseOut(CaseOut):
    related: RelatedOut = Field(description="Of the same article or the same domain, the newest")


class CasePage(BaseModel):
    items: list[CaseOut]
    next_cursor: str | None


class FindingOut(Out):
    check_id: str
    found_at: str
    domain: str | None
    url: str | None
    title: str | None
    published_at: str | None
    verdict: VerdictName
    score: float
    article_id: str
    article_title: str | None
    article_url: str | None
    article_published_at: str | None
    author: str | None
    attribution: str
    hours_to_copy: float | None = Field(description="From the article's publication to that of the copy, where both are known")
    source_id: str | None
    case_id: str | None
    case_status: CaseStatus | None
    online: Online


class FindingPage(BaseModel):
    items: list[FindingOut]
    next_cursor: str | None


class FindingSummary(Out):
    findings: int
    by_domain: list[dict[str, Any]]
    by_article: list[dict[str, Any]]
    weeks: list[dict[str, Any]]
    hours_to_copy: dict[str, float | None]


class RecipientOut(Out):
    id: str
    address: str
    when: Literal["immediate", "daily"]
    lang: Literal["id", "en"]
    created_at: str
    source_ids: list[str] | None
    verdicts: list[str] | None
    min_score: float | None
    next_at: str = Field(description="When what waits is sent next")
    sent_at: str | None
    failing: dict[str, Any] | None = Field(description="When, how often and why sending failed last")


class RecipientPage(BaseModel):
    items: list[RecipientOut]
    next_cursor: str | None


class ArticlePage(BaseModel):
    items: list[ArticleShort]
    next_cursor: str | None


class CheckPage(BaseModel):
    items: list[CheckShort]
    next_cursor: str | None


class CopyPage(BaseModel):
    items: list[CopyOut]
    next_cursor: str | None


class KeyPage(BaseModel):
    items: list[KeyOut]
    next_cursor: str | None


class ScanErrorOut(BaseModel):
    url: str
    detail: str


class ScanOut(Out):
    id: str
    source_id: str
    status: ScanStatus
    seen: int
    new: int
    changed: int
    checked: int
    flagged: int
    errors: list[ScanErrorOut]
    started_at: str | None
    finished_at: str | None


class SourceOut(Out):
    id: str
    url: str
    name: str | None
    kind: SourceKind
    role: SourceRole
    interval_minutes: int | None
    urls: list[str]
    link_pattern: str | None
    enabled: bool
    created_at: str
    last_scan: ScanOut | None
    open_scan: ScanOut | None
    next_due_at: str | None
    every_minutes: float
    overdue: bool
    failing: int
    last_error: str | None
    reads: dict[str, str] | None


class PreviewOut(Out):
    reads: dict[str, str]
    offers: list[dict[str, str]]
    pages: list[dict[str, Any]]
    total: int | None
    errors: list[ScanErrorOut]


class SourcePage(BaseModel):
    items: list[SourceOut]
    next_cursor: str | None


class ScanPage(BaseModel):
    items: list[ScanOut]
    next_cursor: str | None


class PolicyRulesIn(Given):
    """Rules to look at: a `[policy]` table, only what differs from the defaults."""

    rules: dict[str, Any]


class PolicyIn(PolicyRulesIn):
    """Rules to follow from now on."""

    version: int | None = Field(None, ge=1, description="The version these rules were made from; null where none was saved")
    note: Text | None = Field(None, max_length=2000, description="Why")


class PolicyOut(Out):
    version: int | None
    digest: str
    policy: dict[str, Any]
    rules: dict[str, Any]
    fixed: list[str] = Field(description="Names set in sidik.toml or the environment, which win")


class PolicyVersionOut(Out):
    number: int
    at: str
    by: str
    note: str | None
    digest: str
    rules: dict[str, Any]


class PolicyVersionPage(BaseModel):
    items: list[PolicyVersionOut]
    next_cursor: str | None


class PolicyPreviewOut(Out):
    checked: int
    skipped: int
    flagged: dict[str, int]
    verdicts: dict[str, dict[str, int]]
    changed: list[dict[str, Any]]
