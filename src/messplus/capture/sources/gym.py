"""Questions from the procedural tasks of the reasoning-gym package."""

import json
from collections.abc import Iterator, Mapping
from typing import Literal

from messplus.capture.graders import Contains, Exact, Grader, Numeric
from messplus.capture.graders.gym import Gym
from messplus.capture.gym_package import DATASETS, create
from messplus.capture.question import DEFAULT_MAX_TOKENS, Question
from messplus.errors import SettingError, unknown

Setting = int | float | bool | str
Grading = Literal["gym", "numeric", "exact", "contains"]
ONLY_THE_ANSWER = "Reply with the answer only."


def gym_questions(
    family: str,
    *,
    size: int,
    seed: int,
    grading: Grading = "gym",
    max_tokens: int = DEFAULT_MAX_TOKENS,
    closing: str = ONLY_THE_ANSWER,
    settings: Mapping[str, Setting],
    prefix: str = "",
) -> Iterator[Question]:
    """Make questions; the same arguments and release of the package make the same ones.

    Args:
        family: The task's name there, such as "chain_sum".
        size: How many, >= 1.
        seed: Of all random choices.
        grading: "gym" is its own scorer; the others compare with its answer.
        max_tokens: Where answers are cut off.
        closing: A last line of the prompt; "" for none.
        settings: The task's own settings, such as `max_terms`.
        prefix: Put before the ids, where one family is used at several difficulties.

    Raises:
        SettingError: The family or a setting is unknown, or a setting is out of its range.
    """
    if family not in DATASETS:
        raise unknown("procedural task", family, DATASETS)
    try:
        entries = create(family, size=size, seed=seed, **settings)
    except (AssertionError, TypeError, ValueError) as error:
        raise SettingError(f"settings of procedural task {family!r}: {error}") from error
    for number in range(size):
        entry = entries[number]
        asked = str(entry["question"]).strip()
        yield Question(
            prompt_id=f"{prefix or family}-{number:04d}",
            task=family,
            prompt=f"{asked}\n{closing}" if closing else asked,
            grader=_grader(grading, family, entry),
            max_tokens=max_tokens,
        )


def _grader(grading: Grading, family: str, entry: Mapping[str, object]) -> Grader:
    answer = str(entry["answer"])
    match grading:
        case "numeric":
            return Numeric(answer)
        case "exact":
            return Exact(answer)
        case "contains":
            return Contains(answer)
        case "gym":
            return Gym(family, json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str))
