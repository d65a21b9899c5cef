"""LLMRouterBench's records: a folder with one JSON or JSONL file per (data set, model).

The published layout is `DATASET/SPLIT/MODEL/FILE.json`, each file an object with `dataset_name`,
`split`, `model_name`, `demo` and `records`. A JSONL file has one record per line, and its place in
the folder says the rest; `DATASET/MODEL.jsonl` will do. A record has `index`, `prompt` (or
`origin_query`), `score`, `cost` in USD and `completion_tokens`.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from messplus.core.types import Bools
from messplus.errors import DataError
from messplus.replay.readers.assemble import ReadResult, assemble
from messplus.replay.readers.sidecar import read_sidecar, sidecar_path
from messplus.replay.validate import Problem

_SUFFIXES = (".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class _Record:
    """What one model did with one request; NaN for what the file does not say."""

    prompt_id: str
    task: str
    prompt: str
    score: float
    cost: float
    output_tokens: float


@dataclass(frozen=True, slots=True)
class _File:
    """All records of one model on one split of one data set."""

    path: Path
    model: str
    task: str
    split: str
    demo: bool
    records: tuple[_Record, ...]


class LlmRouterBenchReader:
    """Reads such a folder; data sets become tasks.

    A request stays if every model has a score and a cost for it. Published runs have gaps, so the
    others are dropped, and a warning counts them. Of several runs of one model on one data set the
    last by file name counts, as file names end in a time stamp; demo runs are left out.
    """

    format = (
        "a folder of LLMRouterBench records (DATASET/SPLIT/MODEL/*.json or DATASET/MODEL.jsonl)"
    )

    def can_read(self, path: Path, columns: Sequence[str]) -> bool:
        """A folder with JSON or JSONL files in folders."""
        return path.is_dir() and any(_files(path))

    def read(self, path: Path) -> ReadResult:
        """Read and check it.

        Raises:
            DataError: A file is not of this layout, no request is answered by every model, or the
                table breaks the data contract.
        """
        runs, problems = _latest([_read(file, path) for file in sorted(_files(path))])
        frame, dropped = _join(runs, path)
        sidecar = read_sidecar(sidecar_path(path))
        return assemble(frame, sidecar, path, problems=[*problems, *dropped])


def _files(folder: Path) -> Iterator[Path]:
    """JSON and JSONL files one to four folders down: `bench/DATASET/SPLIT/MODEL/` is the deepest."""
    for depth in range(1, 5):
        for file in folder.glob("*/" * depth + "*.json*"):
            if file.suffix in _SUFFIXES:
                yield file


def _read(file: Path, root: Path) -> _File:
    """One file, checked and typed.

    Raises:
        DataError: It is not JSON, a record lacks a field, or an index comes twice.
    """
    try:
        text = file.read_text(encoding="utf-8")
        lines = text.split("\n") if file.suffix == ".jsonl" else [text]
        parsed = [json.loads(line) for line in lines if line.strip()]
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{file} is not JSON: {error}") from error
    # The folders say what the file does not: DATASET/SPLIT/MODEL/FILE, or DATASET/MODEL[/FILE].
    *folders, _ = file.relative_to(root).parts
    said = {"dataset_name": folders[0], "split": "", "model_name": [*folders, file.stem][1]}
    if len(folders) >= 3:
        said = dict(zip(said, folders[-3:], strict=True))
    records: object = parsed
    demo = False
    if file.suffix == ".json":
        content = parsed[0] if parsed else None
        if isinstance(content, dict):
            said |= {key: str(content[key]) for key in said if key in content}
            demo = content.get("demo") is True
            records = content.get("records")
        else:
            records = content
    if not isinstance(records, list):
        raise DataError(f"{file}: there is no list of records; a run holds it under 'records'")
    task, split, model = said["dataset_name"], said["split"], said["model_name"]
    stream = f"{task}/{split}" if split else task
    typed = tuple(
        _record(entry, f"{file}, record {i}", stream, task) for i, entry in enumerate(records, 1)
    )
    ids = Counter(record.prompt_id for record in typed)
    for prompt_id, n in ids.most_common(1):
        if n > 1:
            raise DataError(
                f"{file}: {prompt_id!r} comes {n} times; an index is unique in its file"
            )
    return _File(path=file, model=model, task=task, split=split, demo=demo, records=typed)


def _record(entry: object, where: str, stream: str, task: str) -> _Record:
    """One record, typed.

    Raises:
        DataError: A field is missing or of the wrong type.
    """
    if not isinstance(entry, dict):
        raise DataError(f"{where}: must be a JSON object, got {entry!r:.60}")
    if not isinstance(entry.get("index"), int | str):
        raise DataError(f"{where}: 'index' must be a number or a text, got {entry.get('index')!r}")
    prompt = entry.get("prompt", entry.get("origin_query"))
    if prompt is None:
        raise DataError(f"{where}: there is no 'prompt' and no 'origin_query'")
    return _Record(
        prompt_id=f"{stream}/{entry['index']}",
        task=task,
        # A chat is a list of messages: its JSON is the text.
        prompt=prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False),
        score=_number(entry, "score", where),
        cost=_number(entry, "cost", where),
        output_tokens=_number(entry, "completion_tokens", where),
    )


def _number(entry: Mapping[str, object], key: str, where: str) -> float:
    value = entry.get(key)
    if value is None:
        return math.nan
    if isinstance(value, int | float):
        return float(value)
    raise DataError(f"{where}: {key!r} must be a number, got {value!r:.60}")


def _latest(files: Sequence[_File]) -> tuple[list[_File], list[Problem]]:
    """The last run of every model on every split, and a warning for the runs left out."""
    runs = {(file.task, file.split, file.model): file for file in files if not file.demo}
    out = len(files) - len(runs)
    if not out:
        return list(runs.values()), []
    message = f"{out} of {len(files)} files are demo runs or older runs, and are left out"
    return list(runs.values()), [Problem("warning", "files", message)]


def _join(runs: Sequence[_File], path: Path) -> tuple[pl.DataFrame, list[Problem]]:
    """One row per request that every model has a score and a cost for.

    Raises:
        DataError: There is no such request.
    """
    models = list(dict.fromkeys(run.model for run in runs))
    first: dict[str, _Record] = {}
    for run in runs:
        for record in run.records:
            first.setdefault(record.prompt_id, record)
    row = {prompt_id: t for t, prompt_id in enumerate(first)}
    score, cost, tokens = (np.full((len(first), len(models)), np.nan) for _ in range(3))
    for run in runs:
        m = models.index(run.model)
        for record in run.records:
            t = row[record.prompt_id]
            score[t, m], cost[t, m] = record.score, record.cost
            tokens[t, m] = record.output_tokens
    lacking = np.isnan(score) | np.isnan(cost)
    keep = ~lacking.any(axis=1)
    tasks = [record.task for record in first.values()]
    gaps = _gaps(lacking, models, tasks)
    if not keep.any():
        raise DataError(f"{path}: no request has a score and a cost of every model; {gaps}")
    frame = pl.DataFrame(
        {
            "prompt_id": list(first),
            "task": tasks,
            "prompt": [record.prompt for record in first.values()],
            **{f"score__{model}": score[:, m] for m, model in enumerate(models)},
            **{f"cost__{model}": cost[:, m] for m, model in enumerate(models)},
            **{f"output_tokens__{model}": tokens[:, m] for m, model in enumerate(models)},
        }
    ).filter(pl.Series(keep))
    if keep.all():
        return frame, []
    message = (
        f"{int((~keep).sum())} of {len(keep)} requests are dropped, as not every model has a score"
        f" and a cost for them; {gaps}"
    )
    return frame, [Problem("warning", "rows", message)]


def _gaps(lacking: Bools, models: Sequence[str], tasks: Sequence[str]) -> str:
    """Which model lacks how many requests of which data set: the three largest gaps."""
    task_of = np.array(tasks)
    counts = Counter(
        {
            (model, task): int(n)
            for task in dict.fromkeys(tasks)
            for model, n in zip(models, lacking[task_of == task].sum(axis=0), strict=True)
        }
    )
    worst = [(pair, n) for pair, n in counts.most_common(3) if n]
    return ", ".join(f"{model!r} lacks {n} of {task!r}" for (model, task), n in worst)
