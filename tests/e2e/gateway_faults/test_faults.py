"""Each fault of an upstream, seen by a client: with and without a model that can step in."""

from pathlib import Path

import pytest
from tests.e2e.gateway_faults.faults import KEY, PASSWORD, Fault
from tests.e2e.gateway_faults.seen import ALPHA, Seen, see
from tests.e2e.gateway_faults.table import cases, row

PAGE = Path(__file__).parents[3] / "docs" / "results" / "gateway-faults.md"
REJECTED = ("400", "422")
"""Statuses by which an upstream says that the request is at fault: nobody else is asked."""


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        pytest.param(kind, fault, id=f"{kind}: {fault.name}")
        for kind in ("json", "stream")
        for fault in cases(kind)
    ],
)
def test_a_fault_does_what_the_page_says(kind: str, fault: Fault) -> None:
    alone, rescued = (see(fault, stream=kind == "stream", rescue=one) for one in (False, True))
    for seen in (alone, rescued):
        check_form(seen)
        if not fault.fails:
            check_no_harm(seen, kind)
        elif fault.name in REJECTED:
            check_passed_on(seen, int(fault.name))
        else:
            check_accounted(seen)
    if fault.fails and fault.name not in REJECTED:
        assert alone.broken or alone.status >= 400
        assert alone.debt == pytest.approx(ALPHA)
        assert rescued.broken or (rescued.model, rescued.text) == ("well", "Hello")
        assert rescued.debt < ALPHA or rescued.broken
    said = row(fault, alone, rescued)
    assert said in PAGE.read_text(), "python -m benchmarks.gateway_faults makes the page anew"


def check_form(seen: Seen) -> None:
    """A name, an error body, no secret and no trace of our code."""
    assert seen.reply.headers["x-request-id"]
    for secret in (KEY, PASSWORD):
        assert secret.encode() not in seen.said
    assert b"Traceback" not in seen.said
    assert b".py" not in seen.said
    if seen.status != 200:
        assert seen.reply.json["error"]["message"]


def check_no_harm(seen: Seen, kind: str) -> None:
    """What is odd, but an answer, is passed on; nobody believes an odd usage."""
    assert (seen.status, seen.broken, seen.model) == (200, False, "faulty")
    assert seen.text.startswith(("Hello", "xxx"))
    assert (seen.logged, seen.error, seen.failures) == (True, "", 0)
    if seen.text == "Hello":
        assert 0.0 < seen.cost < 1e-3
        assert kind == "json" or b"[DONE]" in seen.reply.body or b'"stop"' in seen.reply.body


def check_passed_on(seen: Seen, status: int) -> None:
    """The request is at fault: the client gets the upstream's words, the model is not blamed."""
    assert (seen.status, seen.code) == (status, "x")
    assert (seen.logged, seen.failures, seen.calls) == (False, 0, 1)


def check_accounted(seen: Seen) -> None:
    """A failed call is in the log as one, for its model, and costs what was sent at most."""
    assert seen.logged
    assert seen.error
    assert seen.calls in (1, 2)
    assert 0.0 <= seen.cost < 1e-3
