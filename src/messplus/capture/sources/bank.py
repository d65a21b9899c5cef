"""Our own small questions: facts, words, feelings, each family a TOML file in the package.

A family has a `prompt` with places for the columns of its `rows`; the last column is the answer.
"""

import json
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Final

from messplus.capture.graders import (
    GRADERS,
    Choice,
    Contains,
    Exact,
    FirstOf,
    Grader,
    JsonSchema,
    Numeric,
    Regex,
    Word,
)
from messplus.capture.question import Question
from messplus.errors import unknown

_FOLDER: Final = files("messplus.capture") / "questions"
_LETTERS: Final = "ABCD"


def bank_families() -> list[str]:
    """The names of the families."""
    return sorted(
        file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml")
    )


def bank_questions(family: str) -> Iterator[Question]:
    """The questions of a family, always the same and in the same order.

    Raises:
        SettingError: There is no such family.
    """
    if family not in bank_families():
        raise unknown("family of questions", family, bank_families())
    entries = tomllib.loads((_FOLDER / f"{family}.toml").read_text(encoding="utf-8"))
    for number, row in enumerate(entries["rows"]):
        prompt = str(entries["prompt"]).format(*row)
        if entries["grader"] == "choice":
            # Not `hash`: Python salts it. The family's name and the row decide the order.
            options = _shuffled(row[-4:], seed=f"{family}-{number}")
            letter = _LETTERS[options.index(row[-1])]
            lines = [f"{_LETTERS[place]}) {option}" for place, option in enumerate(options)]
            prompt = "\n".join([prompt, *lines, "Reply with the letter only."])
            grader: Grader = Choice(letter)
        else:
            grader = _grader(entries, row)
        yield Question(
            prompt_id=f"{family}-{number:03d}",
            task=str(entries["task"]),
            prompt=prompt,
            grader=grader,
            max_tokens=int(entries["max_tokens"]),
        )


def _grader(entries: Mapping[str, object], row: Sequence[str | int]) -> Grader:
    answer = str(row[-1])
    match entries["grader"]:
        case "contains":
            return Contains(answer)
        case "exact":
            return Exact(answer)
        case "word":
            return Word(answer)
        case "regex":
            return Regex(answer)
        case "numeric":
            return Numeric(answer)
        case "first_of":  # of the family's choices, else of those that the row names
            choices = entries.get("choices", row[:-1])
            return FirstOf(answer, "|".join(choices if isinstance(choices, list) else []))
        case "json_schema":
            keys = entries["keys"]
            return _record(
                {key: row[at] for key, at in keys.items()} if isinstance(keys, dict) else {}
            )
        case other:
            raise unknown("grader", str(other), GRADERS)


def _record(values: Mapping[str, str | int]) -> JsonSchema:
    """An object with these keys and values, and no others."""
    schema = {
        "type": "object",
        "properties": {key: {"const": value} for key, value in values.items()},
        "required": list(values),
        "additionalProperties": False,
    }
    return JsonSchema(json.dumps(schema, ensure_ascii=False))


def _shuffled(options: Sequence[str], seed: str) -> list[str]:
    shuffled = list(options)
    random.Random(seed).shuffle(shuffled)
    return shuffled
