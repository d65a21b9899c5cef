"""The plan of a capture: its questions, frozen in a file before the first call.

Procedural tasks may change with the release of the package that makes them, and a user's file may
be edited. What a capture asks is therefore written down once, and a capture that goes on reads it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from messplus.capture.graders.notation import from_json, to_json
from messplus.capture.question import Question
from messplus.errors import DataError
from messplus.files import write_whole


def merge(plan: Sequence[Question], more: Iterable[Question]) -> list[Question]:
    """The plan, and after it the questions that are new.

    Raises:
        DataError: A question is not what the plan has under its id, or an id comes twice.
    """
    merged = {question.prompt_id: question for question in plan}
    seen: set[str] = set()
    for question in more:
        if question.prompt_id in seen:
            raise DataError(f"the id {question.prompt_id!r} is given to two questions")
        seen.add(question.prompt_id)
        if merged.setdefault(question.prompt_id, question) != question:
            raise DataError(
                f"question {question.prompt_id!r} is not what this capture began with: use another"
                " folder, or another id for a question that has changed"
            )
    return list(merged.values())


def interleave(questions: Iterable[Question]) -> list[Question]:
    """The questions with their tasks mixed evenly, each task's own order kept.

    However early a capture ends, it then holds about the same share of every task.
    """
    tasks: dict[str, list[Question]] = {}
    for question in questions:
        tasks.setdefault(question.task, []).append(question)
    placed = [
        ((k + 0.5) / len(task), number, question)
        for number, task in enumerate(tasks.values())
        for k, question in enumerate(task)
    ]
    return [question for *_, question in sorted(placed, key=lambda entry: entry[:2])]


def write_plan(path: Path, questions: Iterable[Question]) -> None:
    """Write one JSON object per line.

    Raises:
        OSError: The disk is full, or the folder cannot be written; what was there stays.
    """
    lines = "".join(json.dumps(_entry(one), ensure_ascii=False) + "\n" for one in questions)
    write_whole(path, lambda file: file.write(lines.encode()))


def read_plan(path: Path) -> list[Question]:
    """Read the plan; none if there is no such file.

    Raises:
        DataError: It is not what `write_plan` writes.
    """
    return list(_read(path)) if path.is_file() else []


def _read(path: Path) -> Iterator[Question]:
    # As bytes: a text would be split at U+2028 and its like too, which JSON lets stand in a prompt.
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            entry = json.loads(line)
            yield Question(
                prompt_id=entry["prompt_id"],
                task=entry["task"],
                prompt=entry["prompt"],
                grader=from_json(entry["grader"]),
                max_tokens=entry["max_tokens"],
            )
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
            raise DataError(f"{path}, line {number} is no question: {error!r}") from error


def _entry(question: Question) -> dict[str, object]:
    return {
        "prompt_id": question.prompt_id,
        "task": question.task,
        "prompt": question.prompt,
        "grader": to_json(question.grader),
        "max_tokens": question.max_tokens,
    }
