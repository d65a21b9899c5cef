"""What users ask in a demo, and what they think of the answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from messplus.demo.recording import Recording
from messplus.errors import require_range
from messplus.replay.outcomes import OutcomeTable

Grade = Callable[[str, str], float]
"""From the model that answered and its answer to a score in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request of a demo.

    Attributes:
        task: The family that it belongs to.
        prompt: What the user says.
        grade: What an answer is worth to that user.
        max_tokens: Where the answer is cut off.
    """

    task: str
    prompt: str
    grade: Grade
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """Questions in the order in which they are asked.

    Attributes:
        questions: T of them.
        outcomes: What was recorded of each, in the same order, for comparison: T rows.
    """

    questions: tuple[Question, ...]
    outcomes: OutcomeTable


def drawn(outcomes: OutcomeTable, requests: int, seed: int) -> OutcomeTable:
    """Requests of a table in random order.

    Args:
        outcomes: Where they are drawn from.
        requests: How many; 0: all.
        seed: Of the order, >= 0. Fewer requests are the first of more.

    Raises:
        SettingError: There are not so many, or the seed is negative.
    """
    most = outcomes.n_requests
    require_range("requests", requests, f"0 (all) to {most:,}", ok=0 <= requests <= most)
    require_range("seed", seed, "at least 0", ok=seed >= 0)
    order = np.random.default_rng(seed).permutation(most)
    return outcomes.select(order[: requests or most])


def recorded_script(recording: Recording, *, requests: int, seed: int) -> Script:
    """Recorded questions in random order, each answer worth what its recording was.

    Raises:
        SettingError: There are not so many requests, or the seed is negative.
    """
    outcomes = drawn(recording.outcomes, requests, seed)

    def question(prompt: str, task: str) -> Question:
        return Question(task, prompt, lambda model, _: recording.answers[prompt, model].score)

    asked = zip(outcomes.prompts, outcomes.tasks, strict=True)
    return Script(tuple(question(prompt, task) for prompt, task in asked), outcomes)
