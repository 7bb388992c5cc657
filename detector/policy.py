"""Policy: every threshold and rule of the judgement, with its unit, its default and the evidence for it.

The constants are what the contract fixes, so that a report means the same everywhere. A `Policy` is what a newsroom may change.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Self, get_args

from fingerprints.errors import InputError

Language = Literal["id", "en"]
Requirement = Literal["nothing", "named", "linked"]

VERBATIM_SIMILARITY = 0.95
VERBATIM_RUN = 8
EDITED_SIMILARITY = 0.6
"""Kinds of passages: verbatim from .95 with a run of 8 words, edited from .6, else reworded (contract)."""
EQUAL_RUN = 3
"""Words. `verbatim` counts words that stand in equal runs of at least so many (contract)."""
MAX_MATCHES = 200
"""Matches listed, the best; the rest is counted (contract)."""
DUPLICATE_JACCARD = 0.5
"""Estimated Jaccard from which a put names another article as a duplicate (contract)."""


@dataclass(frozen=True, slots=True)
class PassagePolicy:
    """How passages are found. Lengths and gaps in words unless said otherwise; shares and probabilities from 0 to 1.

    Tuned on the half "tune" of PAN 2013 and on made news of seed 7 (`benchmarks/quality.py` reports the other half): `evidence`,
    `cosine`, `dice`, `sentence_gap`, `rare`, `chain_run`, `trim_*`, `merge_*`, `digest*`. PlagDet did not move with
    `exact_share` from .75 to .92; the others are as first chosen.

    *Chains* of equal runs. `run_words`: 12, the printed guarantee (contract). `chain_run`: 6, a shorter run of equal words is
    a stock phrase as often as a copy (5: .909 instead of .913 on random rewordings). `chain_gap`: 10, runs are of one passage
    across so many other words. `chain_words`: 12, equal words that a chain needs; in a text so short that they are fewer,
    `chain_share`: .6 of its words. `extend_words`, `extend_band`,
    `extend_drop`: 60, 4 and 6; how far a chain goes on through edits at its ends, how far it may shift, and the drop in score
    at which it gives up. `repeats`: 16, places of the article at which a repeated phrase is looked up, which bounds the time
    for repetitive texts. `pair_window`: 12, how far a single word may have moved from where its neighbours went.

    *Sentences*. `sentence_least`, `sentence_most`: 3 and 60, shorter ones join the next, longer ones are cut. `rare`: .6,
    share of the highest weight from which a word is rare. `cosine`, `dice`: .26 and .2, similarity from which two sentences
    are a seed. `sentence_gap`: 3 sentences that may part two seeds of one passage. `fragment`: .02, probability below which
    a cluster is split. `near`: 5 sentences beside a cluster that may belong to the passage. `evidence`: .5, probability from
    which a passage without a chain is reported (.4 to .65 on "tune": PlagDet .935 to .933, 1 false one on the clean pairs).

    *Both*. `exact_share`: .85, share of the shared words in chains from which these stand for the passage; they are one when
    they fill `merge_filled` (.6) of their hull, else parted by gaps over `merge_gap` (40). All passages of a pair are one, too,
    when they fill `merge_filled` of their hull and no gap over `merge_gap` parts them in the submission: a story
    reordered. Passages that go on within `continued_near` (10) words of the submission, and in the article after no more than
    `continued_gap` (80), are one when they fill `continued_filled` (.5) of it: a story with sentences left out (made news with
    a third dropped: .81 before, .90). `trim_words`, `trim_dense`, `trim_share`: 20, .5 and .5; beside a chain of so many words,
    so densely equal, a passage goes on only over text of whose weight so much is shared.

    *Digests* of a whole article. `digest`: .25, probability from which one is reported. `digests`: 4, most stretches looked
    at. `digest_cosine`: .1, from which a sentence of the article counts as used. `digest_ratio`: 2.5, how much longer the
    article is; `digest_most`: 300, beyond that share words meet by chance. `digest_window`, `digest_compact`: 1.5 and .78; no
    digest is what a stretch of the article so many times as long accounts for. `digest_explained`: .95, nor what
    `digest_parts` (2) passages or fewer inside account for. `digest_verbatim`: 65, nor what holds so long a verbatim passage.
    """

    run_words: int = 12
    chain_run: int = 6
    chain_gap: int = 10
    chain_words: int = 12
    chain_share: float = 0.6
    extend_words: int = 60
    extend_band: int = 4
    extend_drop: int = 6
    repeats: int = 16
    pair_window: int = 12
    sentence_least: int = 3
    sentence_most: int = 60
    rare: float = 0.6
    cosine: float = 0.26
    dice: float = 0.2
    sentence_gap: int = 3
    fragment: float = 0.02
    near: int = 5
    evidence: float = 0.5
    exact_share: float = 0.85
    trim_words: int = 20
    trim_dense: float = 0.5
    trim_share: float = 0.5
    digest: float = 0.25
    digests: int = 4
    merge_gap: int = 40
    merge_filled: float = 0.6
    continued_near: int = 10
    continued_gap: int = 80
    continued_filled: float = 0.5
    digest_ratio: float = 2.5
    digest_most: int = 300
    digest_window: float = 1.5
    digest_compact: float = 0.78
    digest_explained: float = 0.95
    digest_parts: int = 2
    digest_verbatim: int = 65
    digest_cosine: float = 0.1


BELONGS_SUBMISSION, BELONGS_ARTICLE = (
    (13.46, -0.17, -9.94, -0.62, 3.41, 0.47, 3.79),
    (11.97, -0.2, -3.9, -0.34, 3.02, 1.27, -0.23),
)
"""Log odds that a sentence at the edge of a passage belongs to it (`kernels.sentences._reach`), submission and article side.
Logistic regression on 160,000 sentences in and near clusters of PAN 2013 and made news (tune): by folds, 1.5 to 2.5% of the words
near reworded passages are judged wrongly; 2.5% and 6% before it asked what of its words the other sentences leave."""
SUSTAINED = (4.96, -6.83, 3.93, 1.7, -0.81, -1.7, -1.24, 5.23, -2.31, -4.86)
"""Log odds that a passage was taken (`evidence.Evidence.odds`): coefficients of log(1 + what its distinct shared plain words
say, half where the article quotes them, a quarter where the submission does); of the share of what the submission's unquoted
plain words say that is shared; of the share of these pairs in place; of the similarity; of the share of names and numbers among
all pairs; of the share of names elsewhere in the submission that the article has; of log(words); of the share of its grammar
words that are paired; of the share it has of the text of which it has less; and the intercept. Logistic regression on passages
below similarity .85: of the half "tune" of `benchmarks/verdicts.py` (1,400 of copies, 111 of labelled pairs), and, as false ones,
756 from 9,000 unread pairs about one event that share no run of 10 words and no article with the half "report". The intercept is
for recall."""
SEARCHED_MARGIN = 2.94
"""By so much `SUSTAINED` must be surer of what a search came upon: .95 instead of .5. It was fitted on fewer kinds and knows less
than the trees of `Policy.searched`, but these learnt most from made copies, whose grammar words stay; who rewords by hand sets
his own."""
REWRITE_CONFIDENCE = ((120, 0.99), (60, 0.96), (0, 0.8))
"""(Counting words from which, share): how often a finding of `rewrite` was right, of as many reworded copies as reports of one
event by different outlets that copied nothing. By `benchmarks/verdicts.py --half all`: 1,421 copies and 434 read pairs, of which
none was so found; one is assumed in each row, so that none is certain. No threshold: it decides nothing."""
DIGEST_SCAN, DIGEST = (0.4, 0.55, 0.1, 2.0, 0.15), (8.14, 2.51, 3.21, -4.02, -3.88, -1.58, -6.41)
"""Where a digest of a whole article is looked for, and the log odds that it is one: coefficients of what
`kernels.sentences.digest` gives, of the share that one stretch accounts for, of the log of the article's sentences, and the
intercept. Fitted on the summaries of PAN 2013 (tune) against its other pairs and 900 pairs about one event."""


def log_odds(probability: float) -> float:
    """From 0 to 1; infinite at the ends."""
    return math.log(probability / (1 - probability)) if 0 < probability < 1 else math.inf * (2 * probability - 1)


def rewrite_confidence(words: int) -> float:
    """How often a finding of `rewrite` with so many counting words was right on the measured set, from 0 to 1."""
    return next(share for least, share in REWRITE_CONFIDENCE if words >= least)


@dataclass(frozen=True, slots=True)
class Licence:
    """What a domain (with its subdomains) may take from us.

    `max_words`: counting words of one article, None for the whole. `requires`: what the submission must do:
    "nothing", "named" (name us, or link) or "linked" (link to the article or its site).
    """

    domain: str
    max_words: int | None = None
    requires: Requirement = "nothing"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of one newsroom.

    Verdict thresholds (defaults from the contract; they change the verdict, never a share):
    `copy_score`: share, .6. `partial_score`: share, .15. `partial_words`: counting words, 30.
    `quotation_words`: 20; quotations are exempt while fewer words outside quotations were taken from that article.
    `quotation_prose`: 60; and while fewer of the quoted words are the article's own telling, not somebody's speech: a story
    put between quotation marks is no quotation. Two long sentences may be cited; chosen, not fitted.

    `whole_text`: share, .95. Where passages cover so much of *both* texts, the article itself was lifted, however short:
    its quotations count. `boilerplate_passage`: share, .9. A passage whose paired words are so far boilerplate in the
    article is boilerplate here too; below, it is body text that touches furniture (a title repeated in a page's head).
    `candidates`: articles looked at beside those that share a run of 12 words, 40: the source was among the first 40 for all
    kinds of copying measured (DESIGN: 20,000 articles, recall .94 to 1 at 10). Of them the `surest` 8 are aligned, and those
    of `candidate_weight` .8, less than one sampled hash weighs that only one article holds: among 29,263 real articles that
    kept 296 of 297 sources with 40% of the words replaced, 274 of 290 with 50%, and 11 of 40 candidates of unrelated texts.
    Of these again only those are read that share a run of 12 words or hold `candidate_words` (5) plain words of the
    submission (no names, numbers, stop words) close together, within some 64 words on either side, provided that they are
    `candidate_many` (9) or that they times the weight are `candidate_evidence` (10). Of 340 rewordings that were reported without
    such a run none had fewer than 5.3 words, and of 163 (30 to 50% of the words replaced) none came below 14.5; of the 8 or 9
    likely candidates of an unrelated text .2 are left, of a real article of other outlets 1.
    `name_words`: 4; a passage with fewer different words that are neither names, numbers nor grammar is no evidence on its own
    (a law's full title, an office with its holder, a fixture): it is exempt while less than `quotation_words` of other text
    was taken from that article. `name_share`: .18; so is one of whose paired words a smaller share are such (lists, tables,
    articles of law): 2% of the copied passages measured, and half of those that two reports of one event share. `figures_share`,
    `figures_words`: .25 and 20; so is one of whose paired words so many are numbers, with fewer different other words than that
    (prices, weather, results): .5% of copied passages of 60 words.
    `sure_similarity`: .85, from which a passage needs no further evidence. `searched`: .4, probability below which another
    passage with an article that a search came upon is not reported, its runs of 12 words apart; by the trees of
    `detector/searched.txt` on the features of `SUSTAINED`, or by these (`SEARCHED_MARGIN`). Fitted on the half "tune" by
    `benchmarks/searching.py`: reworded copies against real articles of two outlets that share no run of 14 words, which speech
    may have in common. On the other half .3 / .4 / .5 / .7: passages of such articles .09 / .06 / .04 / .02, of copies with 40%
    of the words replaced and reordered .95 / .94 / .92 / .89; real articles called a `rewrite` of another outlet's 1.8%
    without, .67% with it. `sustained`: .5, the same by `SUSTAINED` where two texts are given to be compared. On the half
    "tune", .35 / .5 / .65: reports of one event written independently flagged 1.4% / 0 / 0, those that share its speech 34% /
    22% / 16%, rewritten 40% flagged .94 / .93 / .92, PlagDet on PAN 2013 .927 / .927 / .923.
    `lookalike_letters`, `invisible_characters`: counts from which folding is named as evasion; 3 look-alike letters
    rule out a foreign name, 20 invisible characters the soft hyphens and joiners that word processors leave.

    `passages`: how passages are found, see `PassagePolicy`. `own_names`: names under which the newsroom is credited.
    `own_domains`: its sites. `licences`: per domain.
    `language`: of the sentences in a report. `name`: shown beside the digest.
    """

    name: str = "default"
    language: Language = "id"
    copy_score: float = 0.6
    partial_score: float = 0.15
    partial_words: int = 30
    quotation_words: int = 20
    quotation_prose: int = 60
    whole_text: float = 0.95
    boilerplate_passage: float = 0.9
    candidates: int = 40
    surest: int = 8
    candidate_weight: float = 0.8
    candidate_words: int = 5
    candidate_many: int = 9
    candidate_evidence: int = 10
    sure_similarity: float = 0.85
    sustained: float = 0.5
    searched: float = 0.4
    name_words: int = 4
    name_share: float = 0.18
    figures_share: float = 0.25
    figures_words: int = 20
    lookalike_letters: int = 3
    invisible_characters: int = 20
    passages: PassagePolicy = PassagePolicy()
    own_names: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = field(default=())

    def __post_init__(self) -> None:
        for rule in fields(self):
            _check(rule.name, rule.type, getattr(self, rule.name))
        if self.partial_score > self.copy_score:
            raise InputError("policy.partial_score", "must not be above copy_score")
        domains = [licence.domain for licence in self.licences]
        for domain in domains:
            if domains.count(domain) > 1:
                raise InputError("policy.licences", f"names {domain!r} twice")

    @classmethod
    def from_toml(cls, table: Mapping[str, Any]) -> Self:
        """The policy of a `[policy]` table (sidik.toml); `licences` is an array of tables. `InputError` names key and reason."""
        _check_keys("policy", table, cls)
        values: dict[str, Any] = dict(table)
        for key in ("own_names", "own_domains"):
            if isinstance(values.get(key), list):
                values[key] = tuple(values[key])
        if "licences" in values:
            values["licences"] = _licences(values["licences"])
        if "passages" in values:
            _check_keys("policy.passages", values["passages"], PassagePolicy)
            values["passages"] = PassagePolicy(**values["passages"])
        return cls(**values)

    @cached_property
    def digest(self) -> str:
        """12 hex digits that differ between any two policies with different rules."""
        rules = asdict(self)
        return hashlib.sha256(json.dumps(rules, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]

    def licence(self, host: str) -> Licence | None:
        """The licence of a host: of the most specific domain it belongs to."""
        held = [licence for licence in self.licences if belongs(host, licence.domain)]
        return max(held, key=lambda licence: len(licence.domain), default=None)

    def owns(self, host: str) -> bool:
        """True when the host is one of our own domains or below one."""
        return any(belongs(host, domain) for domain in self.own_domains)


def belongs(host: str, domain: str) -> bool:
    """True when `host` is `domain` or below it."""
    domain = domain.lower().rstrip(".")
    return host == domain or host.endswith("." + domain)


def _check_keys(where: str, table: object, cls: type[Policy | PassagePolicy | Licence]) -> None:
    """Raise `InputError` unless `table` is a table of settings of `cls`."""
    if not isinstance(table, Mapping):
        raise InputError(where, "must be a table")
    known = [rule.name for rule in fields(cls)]
    for key in table:
        if key not in known:
            raise InputError(f"{where}.{key}", f"is not a setting; known are {', '.join(known)}")


def _licences(given: object) -> tuple[Licence, ...]:
    if not isinstance(given, list):
        raise InputError("policy.licences", "must be an array of tables")
    licences = []
    for at, item in enumerate(given, start=1):
        where = f"policy.licences[{at}]"
        _check_keys(where, item, Licence)
        if "domain" not in item:
            raise InputError(f"{where}.domain", "is missing")
        licences.append(Licence(**item))
    return tuple(licences)


def _check(name: str, kind: object, value: object) -> None:
    """Raise `InputError` unless `value` can stand under `name`; `kind` is the annotation as written."""
    where = f"policy.{name}"
    if kind == "float":
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise InputError(where, f"must be a number from 0 to 1, not {value!r}")
    elif kind == "int":
        _check_count(where, value)
    elif kind == "str":
        _check_name(where, value)
    elif kind == "Language":
        if value not in get_args(Language):
            raise InputError(where, f"must be one of {', '.join(get_args(Language))}, not {value!r}")
    elif kind == "PassagePolicy":
        if not isinstance(value, PassagePolicy):
            raise InputError(where, "must be a table")
        for rule in fields(value):
            number = getattr(value, rule.name)
            if rule.type == "int":
                _check_count(f"{where}.{rule.name}", number, least=0)
            elif not isinstance(number, int | float) or isinstance(number, bool) or not number >= 0:
                raise InputError(f"{where}.{rule.name}", f"must be a number from 0, not {number!r}")
    elif not isinstance(value, tuple):
        raise InputError(where, f"must be a list, not {value!r}")
    elif name == "licences":
        for at, licence in enumerate(value, start=1):
            _check_licence(f"{where}[{at}]", licence)
    else:
        for at, item in enumerate(value, start=1):
            (_check_domain if name == "own_domains" else _check_name)(f"{where}[{at}]", item)


def _check_count(where: str, value: object, least: int = 1) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(where, f"must be a whole number from {least}, not {value!r}")


def _check_name(where: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InputError(where, f"must be a name, not {value!r}")


def _check_domain(where: str, value: object) -> None:
    if not isinstance(value, str) or "." not in value.strip(".") or any(c in value for c in "/: \t"):
        raise InputError(where, f"must be a bare domain such as example.co.id, not {value!r}")


def _check_licence(where: str, licence: object) -> None:
    if not isinstance(licence, Licence):
        raise InputError(where, "must be a Licence")
    _check_domain(f"{where}.domain", licence.domain)
    if licence.max_words is not None:
        _check_count(f"{where}.max_words", licence.max_words)
    if licence.requires not in get_args(Requirement):
        raise InputError(f"{where}.requires", f"must be one of {', '.join(get_args(Requirement))}, not {licence.requires!r}")
