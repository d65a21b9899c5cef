"""A judge model's verdicts on answers that no program can grade.

Judging is a capture of its own: its questions hold what the models said, its ledger is resumed, its
rate limits are obeyed, and what it costs is known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from messplus.capture.graders import Judged
from messplus.capture.ledger import Call
from messplus.capture.question import Question

_SCALE: Final = 10
_MAX_TOKENS: Final = 16
_INSTRUCTION: Final = (
    "You grade an answer to a request. Be strict: what is wrong, missing or off the point costs"
    f" points. Reply with one whole number from 0 (useless) to {_SCALE} (faultless), nothing else."
)
# 8, 7.5 and 8/10, but not the 8 of 8/100, nor the 100.
_NUMBER: Final = re.compile(r"(?<![\d./])(?<!/\s)(\d+(?:\.\d+)?)(?:\s*/\s*10)?(?![\d.]*\d)(?!\s*/)")


def judge_questions(
    questions: Iterable[Question], calls: Mapping[tuple[str, str], Call]
) -> Iterator[Question]:
    """What to ask the judge: one question for each answer that is left to it.

    An answer that failed or is empty is worth 0 and needs no judge.
    """
    asked = {question.prompt_id: question for question in questions}
    for call in calls.values():
        question = asked.get(call.prompt_id)
        if question and isinstance(question.grader, Judged) and _needs_verdict(call):
            yield Question(
                prompt_id=_verdict_id(call),
                task=question.task,
                prompt=_prompt(question, question.grader, call.response),
                grader=Judged(),  # never graded: it is read by `verdicts`
                max_tokens=_MAX_TOKENS,
            )


def verdicts(
    calls: Iterable[Call], judged: Mapping[tuple[str, str], Call]
) -> dict[tuple[str, str], float]:
    """The scores in [0, 1] that the judge gave, by question and model.

    Args:
        calls: The answers.
        judged: The judge's own calls.

    Returns:
        None for an answer whose verdict is missing, failed or no number from 0 to 10.
    """
    said = {prompt_id: call for (prompt_id, _), call in judged.items() if not call.error}
    scores: dict[tuple[str, str], float] = {}
    for call in calls:
        verdict = said.get(_verdict_id(call))
        number = _NUMBER.search(verdict.response) if verdict else None
        if number and float(number[1]) <= _SCALE:
            scores[call.key] = float(number[1]) / _SCALE
    return scores


def _needs_verdict(call: Call) -> bool:
    return not call.error and bool(call.response.strip())


def _verdict_id(call: Call) -> str:
    """Another answer of the same model to the same question needs another verdict."""
    return f"{call.model}/{call.prompt_id}/{sha256(call.response.encode()).hexdigest()[:12]}"


def _prompt(question: Question, grader: Judged, response: str) -> str:
    parts = [_INSTRUCTION]
    if grader.rubric:
        parts.append(f"What a good answer is:\n{grader.rubric}")
    parts.append(f"<request>\n{question.prompt}\n</request>")
    if grader.reference:
        parts.append(f"<reference>\n{grader.reference}\n</reference>")
    parts.append(f"<answer>\n{response}\n</answer>")
    parts.append(f"Your number, 0 to {_SCALE}:")
    return "\n\n".join(parts)
