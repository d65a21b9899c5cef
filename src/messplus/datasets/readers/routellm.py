"""RouteLLM's evaluation files: a CSV per task with a column of marks per model.

Columns `prompt`, MODEL (True or False), and for GSM8K also `MODEL_response`. MMLU's answers are one
letter and are not stored. `contaminated_prompts.jsonl` lists, as `eval_prompt`, what RouteLLM leaves
out because its own training data has something like it.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.entry import DataSet
from messplus.datasets.readers.fields import json_lines, table, text
from messplus.datasets.readers.join import Outcome, estimated, side_by_side
from messplus.errors import DataError
from messplus.replay.readers.frames import columns_of, numbers
from messplus.replay.validate import raise_errors

CONTAMINATED = "contaminated"


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, without the prompts that RouteLLM leaves out.

    Args:
        entry: What the catalog knows.
        paths: By task, and the list of contaminated prompts.

    Raises:
        DataError: A file is not of this layout.
    """
    contaminated = {
        text(record, "eval_prompt", f"{paths[CONTAMINATED]}, record {i}")
        for i, record in enumerate(json_lines(paths[CONTAMINATED]), 1)
    }
    runs: dict[str, list[Outcome]] = {model.name: [] for model in entry.models}
    for task, path in paths.items():
        if task != CONTAMINATED:
            for name, outcomes in _task(entry, task, path, contaminated).items():
                runs[name] += outcomes
    return side_by_side(runs, entry.name)


def _task(
    entry: DataSet, task: str, path: Path, contaminated: set[str]
) -> dict[str, list[Outcome]]:
    """The outcomes of one file, by model."""
    answered = any(f"{model.source}_response" in columns_of(path) for model in entry.models)
    answers = [f"{model.source}_response" for model in entry.models] if answered else []
    marks = [model.source for model in entry.models]
    frame = table(path, ["prompt", *marks, *answers], ["prompt", *answers])
    prompts = _texts(frame["prompt"], path)
    kept = [row for row, prompt in enumerate(prompts) if prompt not in contaminated]
    outcomes: dict[str, list[Outcome]] = {}
    for model in entry.models:
        score, problems = numbers(frame[model.source], model.source)
        raise_errors(problems, str(path))
        # An empty answer is null in a CSV.
        said = frame[f"{model.source}_response"].fill_null("").to_list() if answered else None
        outcomes[model.name] = []
        for i, row in enumerate(kept):
            # Where no answer is stored it is one letter: one token, as for an empty text.
            cost, tokens = estimated(entry, model, prompts[row], said[row] if said else "")
            outcomes[model.name].append(
                Outcome(
                    prompt_id=f"{task}-{i}",
                    task=task,
                    prompt=prompts[row],
                    score=float(score[row]),
                    cost=cost,
                    output_tokens=tokens,
                )
            )
    return outcomes


def _texts(series: pl.Series, path: Path) -> list[str]:
    missing = series.is_null()
    if missing.any():
        raise DataError(f"{path}, row {missing.arg_true()[0] + 1}: 'prompt' is missing")
    return [str(one) for one in series.to_list()]
