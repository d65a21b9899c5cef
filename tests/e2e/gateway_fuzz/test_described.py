"""Requests made up from the gateway's own description of its paths, as it is meant and otherwise.

MESSPLUS_FUZZ_EXAMPLES says how many for each path; more than a few take minutes.
"""

from typing import TYPE_CHECKING, Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.gateway_fuzz.conftest import EXAMPLES
from tests.e2e.gateway_fuzz.raw import LONGEST_S

from messplus import __version__
from messplus.gateway.openapi import OPERATIONS, Operation, description

if TYPE_CHECKING:
    from tests.e2e.gateway.conftest import Running
    from tests.e2e.gateway.http import Http

SCHEMA = schemathesis.openapi.from_dict(description(__version__))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def label(one: Operation) -> str:
    return f"{one.method} {one.path}"


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(one, mode, id=f"{label(one)}, {mode.value}")
        for one in OPERATIONS
        for mode in GenerationMode
        if one.body is not None or mode is GenerationMode.POSITIVE  # nothing else can be wrong
    ],
)
@pytest.mark.usefixtures("http")
def test_answers_are_as_described(
    fuzzed: "Running", operation: Operation, mode: GenerationMode
) -> None:
    described = SCHEMA[operation.path][operation.method.upper()]

    @given(case=described.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    def check(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=fuzzed.address, timeout=LONGEST_S)
        case.validate_response(response, checks=CHECKS)
        assert response.headers["x-request-id"]

    check()


def test_the_description_is_served(http: "Http") -> None:
    reply = http.get("/openapi.json")
    assert reply.headers["content-type"] == "application/json"
    assert reply.json == orjson.loads(orjson.dumps(description(__version__)))


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_every_path_that_is_described_is_there(http: "Http", operation: Operation) -> None:
    body = b"{}" if operation.body else None
    reply = http.ask(operation.method.upper(), operation.path, body)
    assert reply.status != 405
    assert reply.status != 404 or reply.error["code"] in ("model_not_found", "decision_not_found")
