"""Explain: the reasons of a report, in the order an editor wants them: what, from where, credit, who was first, excuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from detector.matching import Assessment
from detector.policy import Policy, rewrite_confidence
from detector.reasons import Reason, Value
from detector.report import CommonRunSpan, Match, Submission
from detector.verdict import FLAGGED, unmet
from fingerprints.domains import host


def explain(
    assessment: Assessment,
    submission: Submission,
    common: Sequence[CommonRunSpan],
    common_words: int,
    omitted: int,
    policy: Policy,
) -> tuple[Reason, ...]:
    """The reasons for the judgement of all matches together. `common_words`: words of the submission in common runs."""
    reasons = [*_found(assessment)]
    if assessment.together.verdict in FLAGGED:
        reasons += _source(assessment, submission)
        reasons += _excuses(assessment, submission, policy)
    if common:
        reasons.append(_reason("common", words=common_words, articles=max(run.articles for run in common)))
    if submission.lookalike >= policy.lookalike_letters or submission.invisible >= policy.invisible_characters:
        reasons.append(_reason("evasion", lookalike=submission.lookalike, invisible=submission.invisible))
    if omitted:
        reasons.append(_reason("omitted", count=omitted))
    return tuple(reasons)


def _reason(code: str, **values: Value) -> Reason:
    return Reason(code, tuple(values.items()))


def _found(assessment: Assessment) -> Iterator[Reason]:
    """What was found, and how much of it counts."""
    together = assessment.together
    if together.verdict == "rewrite":
        yield _reason("reworded", words=together.words, copied=together.copied)
        yield _reason("confidence", right=rewrite_confidence(together.words))
    elif together.verdict in FLAGGED:
        run = max(match.longest_run_words for match in assessment.matches if match.counting_words)
        yield _reason("copied", words=together.words, copied=together.copied, run=run)
    elif together.verdict == "quotation":
        yield _reason("quotation", words=together.quoted)
    elif together.verdict == "shared_source":
        yield _reason("shared_source", words=together.shared)
    elif not assessment.matches:
        yield _reason("nothing_found")
        return
    elif not together.words:
        yield _reason("exempt_only")
        return
    if together.words and together.verdict not in FLAGGED:
        yield _reason("below_thresholds", words=together.words)


def _source(assessment: Assessment, submission: Submission) -> Iterator[Reason]:
    """Where it comes from: the best match, its credit and dates."""
    best = assessment.matches[0]
    yield _reason("top_match", article=best.article.title or best.article.id, taken=best.taken)
    others = sum(1 for match in assessment.matches[1:] if match.counting_words)
    if others:
        yield _reason("more_matches", count=others)
    if assessment.quotations_count:
        yield _reason("quotations_count", words=assessment.quotations_count)
    if best.attribution != "unknown":
        yield _reason(best.attribution)
    yield from _dates(best, submission)


def _dates(best: Match, submission: Submission) -> Iterator[Reason]:
    dates = {"article_date": best.article.published_at, "submission_date": submission.published_at}
    if best.first != "unknown":
        yield _reason(f"{best.first}_first", **dates)
    if submission.published_at_claimed and best.first == "submission":
        yield _reason("claimed_date", submission_date=submission.published_at)


def _excuses(assessment: Assessment, submission: Submission, policy: Policy) -> Iterator[Reason]:
    """What excuses it, wholly or in part; a licence that was held but not kept to."""
    domain = host(submission.url) if submission.url else None
    if assessment.excuses and assessment.unexcused.verdict in FLAGGED:
        yield _reason("partly_excused", count=sum(assessment.excuses.values()))
    else:
        for excuse in sorted(assessment.excuses):
            named = {"domain": domain} if excuse in ("own_domain", "licensed") else {}
            yield _reason(f"excused_{excuse}", **named)
    licence = policy.licence(domain) if domain else None
    if licence is None:
        return
    broken = (unmet(licence, match.counting_words, match.attribution) for match in assessment.matches if match.excuse is None)
    if condition := next((condition for condition in broken if condition), None):
        yield _reason("licence_exceeded", domain=domain, condition=condition)
