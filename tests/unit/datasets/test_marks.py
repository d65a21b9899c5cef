"""Marking of stored answers, on answers as the sources have them."""

import math

import pytest

from messplus.datasets.readers.alpacaeval import score
from messplus.datasets.readers.llmdrift import is_right as drift_is_right
from messplus.datasets.readers.mmlupro import is_right as mmlupro_is_right
from messplus.datasets.readers.zeroeval import is_right as zeroeval_is_right
from messplus.errors import DataError


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [
        ("[No] \n\nExplanation: ... Therefore, 17077 is a prime number.", "yes", False),
        ("[No]\n ... the answer is [No] is incorrect. The correct answer is [Yes].", "yes", True),
        ("[YES]", "yes", True),
        ("It has no divisors, so yes", "yes", True),
        ("17077", "yes", False),
        ("", "yes", False),
        ("there are $\\\\boxed{0}$ happy numbers", "\\\\boxed{1}", False),
        ("\\boxed{ 1 }", "\\\\boxed{1}", True),
        ("first \\\\boxed{2}, then \\\\boxed{1}", "\\\\boxed{1}", True),
        ("There is one.", "\\\\boxed{1}", False),
    ],
)
def test_llmdrift_takes_the_last_verdict(answer: str, reference: str, right: bool) -> None:
    assert drift_is_right(answer, reference) is right


@pytest.mark.parametrize(
    ("output", "reference", "right"),
    [
        ('{\n "reasoning": "9 * $2 = $18",\n "answer": "18"\n}', "# 18", True),
        ('{"reasoning": "x", "answer": "120,000"}', "# 70000", False),
        ('{"reasoning": "x", "answer": "$70,000 in all"}', "# 70000", True),
        ('{"reasoning": "x", "answer": 70000}', "# 70000", True),
        ('{"reasoning": "a line\nbreak", "answer": "3"}', "# 3", True),
        ('{"reasoning": "a "quote" unescaped", "answer": "3"}', "# 3", True),
        ('```json\n{"reasoning": "x", "answer": "3"}\n```', "# 3", True),
        ("answer: 3\n", "# 3", True),
        ("The result is $\\boxed{36}$", "# 36", True),
        ('{"reasoning": "x", "answer": "3/4"}', "# 0.75", True),
        ('{"reasoning": "x", "answer": "-5"}', "# 5", False),
        ('{"reasoning": "the number 18 is in here only"}', "# 18", False),
        ("", "# 18", False),
    ],
)
def test_zeroeval_takes_the_first_number_stated(output: str, reference: str, right: bool) -> None:
    assert zeroeval_is_right(output, reference) is right


@pytest.mark.parametrize(
    ("pred", "output", "right"),
    [
        ("B", "The answer is (C).", True),  # what the source read counts
        ("C", "The answer is (B).", False),
        (None, "The answer is (B).", True),
        (None, "so my\nAnswer: B", True),
        ("", "the answer is B", True),
        (None, "Option B looks best", False),
        (None, "", False),
    ],
)
def test_mmlupro_needs_a_stated_letter(pred: str | None, output: str, right: bool) -> None:
    record = {"pred": pred, "model_outputs": output, "answer": "B"}
    assert mmlupro_is_right(record, "here") is right


@pytest.mark.parametrize(
    ("preference", "worth"), [(1.0, 0.0), (2.0, 1.0), (1.5, 0.5), (0.0, 0.5), (1.25, 0.25)]
)
def test_alpacaeval_preferences(preference: float, worth: float) -> None:
    assert score(preference, "here") == worth


def test_alpacaeval_without_a_preference() -> None:
    assert math.isnan(score(math.nan, "here"))
    with pytest.raises(DataError, match="got 3"):
        score(3.0, "here")
