from typing import Any

import pytest

from messplus.gateway.errors import ApiError
from messplus.gateway.verdicts import MOST_IN_BATCH, parse_batch, parse_verdict


@pytest.mark.parametrize(
    ("value", "means"),
    [(True, 1.0), (False, 0.0), (1, 1.0), (0, 0.0), (0.25, 0.25), (-1, 0.0)],
)
def test_values_of_all_shapes(value: object, means: float) -> None:
    assert parse_verdict({"id": "d", "value": value}).value == means


@pytest.mark.parametrize("value", [None, "good", 2, -0.5, [1], float("nan"), float("inf"), 10**400])
def test_values_out_of_range_are_refused(value: object) -> None:
    with pytest.raises(ApiError) as refused:
        parse_verdict({"id": "d", "value": value})
    assert refused.value.param == "value"


def test_the_id_of_an_answer_names_its_decision() -> None:
    assert parse_verdict({"id": "chatcmpl-abc", "value": 1}).decision_id == "abc"
    assert parse_verdict({"id": "abc", "value": 1}).decision_id == "abc"


def test_a_finer_word_for_a_source_is_kept() -> None:
    implicit = parse_verdict({"id": "d", "value": 1, "source": "implicit", "label": "copied"})
    assert implicit.source == "user"
    assert implicit.attributes == {"by": "implicit", "label": "copied"}
    assert parse_verdict({"id": "d", "value": 1, "source": "audit"}).attributes == {}


def test_metadata_become_texts() -> None:
    body = {"id": "d", "value": 1, "metadata": {"page": 3, "beta": True}}
    assert parse_verdict(body).attributes == {"page": "3", "beta": "True"}


def test_the_field_counts_more_than_the_header() -> None:
    assert parse_verdict({"id": "d", "value": 1}, "header").feedback_id == "header"
    assert (
        parse_verdict({"id": "d", "value": 1, "feedback_id": "own"}, "header").feedback_id == "own"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"value": 1}, "id must name an answer"),
        ({"id": 3, "value": 1}, "id must be a text"),
        ({"id": "d" * 200, "value": 1}, "at most 96"),
        ({"id": "d", "vlaue": 1}, "did you mean 'value'"),
        ({"id": "d", "value": 1, "source": "usr"}, "did you mean 'user'"),
        ({"id": "d", "value": 1, "comment": "x" * 5000}, "comment must be"),
        ({"id": "d", "value": 1, "metadata": {"a": [1]}}, "texts and numbers"),
        ({"id": "d", "value": 1, "metadata": {str(n): 1 for n in range(20)}}, "at most 16 fields"),
        ({"id": "d", "value": 1, "dry_run": "yes"}, "dry_run must be"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        parse_verdict(body)


def test_a_batch_counts_whole_or_not_at_all() -> None:
    good = {"id": "d", "value": 1}
    assert len(parse_batch({"feedback": [good, good]})) == 2
    with pytest.raises(ApiError, match=r"feedback\[1\]\.value"):
        parse_batch({"feedback": [good, {"id": "d", "value": 7}]})
    for wrong in ([], [good] * (MOST_IN_BATCH + 1), "good", [3]):
        with pytest.raises(ApiError):
            parse_batch({"feedback": wrong})
