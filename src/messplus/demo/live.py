"""A demo on the models of `messplus zoo up`: answers are theirs, and graded as they come."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from messplus.capture.question import Question as Graded
from messplus.capture.sources import questions
from messplus.demo.recording import Price
from messplus.demo.script import Question, Script, drawn
from messplus.demo.setup import ZooModel
from messplus.errors import DemoError, ZooError
from messplus.replay.outcomes import OutcomeTable
from messplus.zoo.serve import running, zoo_folder


def live_zoo(cache: Path) -> list[ZooModel]:
    """The models that are up.

    Args:
        cache: The cache folder, where the zoo keeps its state.

    Raises:
        ZooError: No zoo is up, or it has one model only.
    """
    state = running(zoo_folder(cache))
    if state is None or len(state.served) < 2:
        raise ZooError(
            "--live needs at least two local models: `messplus zoo up --pull` gets and serves three "
            "(1.7 GB), `messplus zoo status` shows what is up"
        )
    return [
        ZooModel(one.name, one.base_url, Price(one.input_usd_per_mtok, one.output_usd_per_mtok))
        for one in state.served
    ]


def of_models(outcomes: OutcomeTable, names: Sequence[str]) -> OutcomeTable:
    """The outcomes of some models of a table, in its order.

    Raises:
        DemoError: One of the models is not in it.
    """
    unknown = [name for name in names if name not in outcomes.models]
    if unknown:
        raise DemoError(
            f"nothing is recorded of {', '.join(unknown)} to compare with: serve two or more of "
            f"{', '.join(outcomes.models)} for a demo"
        )
    kept = [m for m, name in enumerate(outcomes.models) if name in names]
    return replace(
        outcomes,
        models=tuple(outcomes.models[m] for m in kept),
        score=outcomes.score[:, kept],
        cost=outcomes.cost[:, kept],
        latency_s=None if outcomes.latency_s is None else outcomes.latency_s[:, kept],
        energy_j=None if outcomes.energy_j is None else outcomes.energy_j[:, kept],
        output_tokens=None if outcomes.output_tokens is None else outcomes.output_tokens[:, kept],
    )


def live_script(outcomes: OutcomeTable, *, requests: int, seed: int) -> Script:
    """Recorded questions with their graders, in random order.

    Args:
        outcomes: What was recorded of the questions and the models that are up.
        requests: How many; 0: all.
        seed: Of the order.

    Raises:
        DemoError: A question is not what was recorded: its source has another release.
        MissingExtraError: The source of the questions is not installed.
        SettingError: There are not so many requests.
    """
    graded = {question.prompt_id: question for question in questions("standard")}
    asked = drawn(outcomes, requests, seed)
    return Script(
        tuple(
            _question(graded.get(prompt_id), prompt)
            for prompt_id, prompt in zip(asked.prompt_ids, asked.prompts, strict=True)
        ),
        asked,
    )


def _question(graded: Graded | None, prompt: str) -> Question:
    if graded is None or graded.prompt != prompt:
        raise DemoError(
            "the questions that are made here are not those that were recorded: install the release "
            "of reasoning-gym that the data set was made with; see its datasheet"
        )
    return Question(
        task=graded.task,
        prompt=prompt,
        grade=lambda _, response: graded.grader.grade(response),
        max_tokens=graded.max_tokens,
    )
