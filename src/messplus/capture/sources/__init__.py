"""Where questions come from: a file, our own small questions, or procedural tasks."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

from messplus.capture.question import DEFAULT_MAX_TOKENS, Question
from messplus.errors import SettingError, require_extra, unknown
from messplus.specs import Spec, parse

_TASK_OPTIONS = ("size", "seed", "grading", "max_tokens", "closing")


def questions(source: str, *, grader: str = "", max_tokens: int = 0) -> Iterator[Question]:
    """The questions of a source.

    Args:
        source: A file; or `standard`; or `bank:FAMILY` (our own); or
            `gym:FAMILY,size=100,seed=0,...` (procedural, with the task's own settings).
        grader: For the rows of a file that name none.
        max_tokens: For questions that set no limit of their own; 0: as the source has it.

    Raises:
        DataError: A file cannot be read as questions.
        SettingError: There is no such source, family or setting.
        MissingExtraError: It needs an extra that is not installed.
    """
    spec = parse(source)
    match spec.name:
        case "standard":
            require_extra("tasks", ["reasoning_gym"], "the standard questions")
            from messplus.capture.sources.standard import standard_questions

            return standard_questions()
        case "bank":
            from messplus.capture.sources.bank import bank_questions

            return bank_questions(spec.options.get("", ""))
        case "gym":
            return _gym(spec, max_tokens)
    if not Path(source).exists():
        raise SettingError(
            f"no questions in {source!r}: give a file (.jsonl, .csv, .parquet), standard,"
            " bank:FAMILY or gym:FAMILY,size=N,seed=N,..."
        )
    from messplus.capture.sources.table import table_questions

    return table_questions(Path(source), grader=grader, max_tokens=max_tokens)


def label(source: str) -> str:
    """What a source is called in the plan: a file with other content is another source.

    Raises:
        OSError: The file cannot be read.
    """
    path = Path(source)
    if not path.is_file():
        return source
    return f"{path.name} sha256:{sha256(path.read_bytes()).hexdigest()}"


def _gym(spec: Spec, max_tokens: int) -> Iterator[Question]:
    require_extra("tasks", ["reasoning_gym"], "procedural tasks")
    from messplus.capture.sources.gym import ONLY_THE_ANSWER, Grading, gym_questions

    given: Mapping[str, str] = spec.options
    settings = {
        key: _value(text) for key, text in given.items() if key and key not in _TASK_OPTIONS
    }
    grading = given.get("grading", "gym")
    if grading not in get_args(Grading):
        raise unknown("grading", grading, get_args(Grading))
    return gym_questions(
        given.get("", ""),
        size=_whole(given, "size", 100),
        seed=_whole(given, "seed", 0),
        grading=cast(Grading, grading),
        max_tokens=_whole(given, "max_tokens", max_tokens or DEFAULT_MAX_TOKENS),
        closing=given.get("closing", ONLY_THE_ANSWER),
        settings=MappingProxyType(settings),
        prefix="-".join(
            [given.get("", ""), *(f"{key}={value}" for key, value in _telling(given).items())]
        ),
    )


def _telling(given: Mapping[str, str]) -> dict[str, str]:
    """The options that make other questions, for their ids: the settings, and a seed that is named."""
    return {
        key: text for key, text in given.items() if key == "seed" or key not in ("", *_TASK_OPTIONS)
    }


def _value(text: str) -> int | float | bool | str:
    """A number or a truth value if the text reads like one, else the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _whole(options: Mapping[str, str], key: str, default: int) -> int:
    least = 0 if key == "seed" else 1
    try:
        value = int(options.get(key, default))
    except ValueError:
        value = least - 1
    if value < least:
        raise SettingError(
            f"{key} must be a whole number of at least {least}, got {options[key]!r}"
        )
    return value
