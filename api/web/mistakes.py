"""What a form says when the server cannot use what was typed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from api.problems import Problem, as_problem
from api.scanning.fetching import FetchError
from api.web.details import worded
from api.web.visit import Visit
from fingerprints.errors import InputError


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


Mistake = InputError | ValidationError | FetchError | Problem
MISTAKES = (InputError, ValidationError, FetchError, Problem)
_FIELD = _("Isian “%(field)s” tidak dapat dipakai: %(detail)s")
_FETCH = _("Halaman tidak dapat diambil: %(reason)s")
_OTHER = _("Tidak dapat dikerjakan: %(detail)s")


def explain(seen: Visit, error: Mistake, labels: Mapping[str, str]) -> str:
    """A sentence for the reader. `labels`: the names that the form shows for its fields."""
    if isinstance(error, FetchError):
        return seen.say(_FETCH, reason=worded(error.reason, seen.lang))
    problem = as_problem(error)
    for first in problem.errors[:1]:
        place = first["location"].partition("[")[0]
        label = labels.get(place) or labels.get(place.partition(".")[0])
        if label:
            return seen.say(_FIELD, field=seen.say(label), detail=worded(first["detail"], seen.lang))
    return seen.say(_OTHER, detail=worded(problem.detail, seen.lang))
