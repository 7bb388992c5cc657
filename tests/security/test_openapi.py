"""Every operation under generated requests, good and bad: never a 500, only described statuses, types and bodies.

`SIDIK_TEST_EXAMPLES` sets how many requests an operation gets (`make fuzz`: many).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.openapi import describe
from api.settings import Settings
from tests.api.conftest import ADMIN, prose, run_server

EXAMPLES = int(os.environ.get("SIDIK_TEST_EXAMPLES", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A generated body as it is: any text is lines of something."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    key = tmp_path_factory.mktemp("key") / "key.pem"
    with run_server(signing_key=key, fetch_allow=()) as running:
        for name in ("satu", "dua"):
            running.admin.put(f"/v1/articles/{name}", json={"text": prose(name)}).raise_for_status()
        running.admin.post("/v1/checks", json={"text": prose("satu"), "url": "https://salinan.example/1"}).raise_for_status()
        yield running.url


OPERATIONS = [
    found.ok() for found in schemathesis.openapi.from_dict(describe(create_app(Settings(store="memory://")))).get_all_operations()
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_no_request_makes_the_server_fail(address: str, operation: Any, mode: GenerationMode) -> None:
    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=address, headers={"Authorization": f"Bearer {ADMIN}"})
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        pytest.fail("no request could be made") if mode is GenerationMode.POSITIVE else None  # nothing to get wrong
