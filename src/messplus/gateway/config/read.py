"""A gateway's YAML file, read and checked whole."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import yaml

from messplus.gateway.config.problems import Place, Problem, SettingsError
from messplus.gateway.config.rules import broken_rules
from messplus.gateway.config.secrets import without
from messplus.gateway.config.settings import Settings
from messplus.gateway.config.shape import shaped
from messplus.gateway.config.tree import ANY, Value, matching, read_tree, steps
from messplus.gateway.config.variables import Variables

SECRETS: tuple[Place, ...] = (
    ("keys", ANY, "key"),
    ("providers", ANY, "api_key"),
    ("providers", ANY, "headers"),
    ("providers", ANY, "headers", ANY),
    ("providers", ANY, "base_url"),  # may hold a password
    ("tracing", "endpoint"),
    ("store",),
)


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a configuration, with everything that it names checked.

    Args:
        path: Of the file. Paths in it are relative to its folder; in what is given back they are
            absolute.
        environment: Where `${VAR}`, `${VAR:-default}` and `os.environ/VAR` are looked up.

    Raises:
        SettingsError: Something is wrong with it. It has every problem, none of them shows a secret.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = read_tree(text)
    except OSError as error:
        raise SettingsError(str(path), [Problem((), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise SettingsError(str(path), [Problem((), f"is not UTF-8: {error.reason}")]) from None
    except yaml.YAMLError as error:
        raise SettingsError(str(path), [_yaml_problem(error)]) from None

    variables = Variables(environment)
    values = variables.fill(tree.values)
    if not isinstance(values, dict):
        empty = Problem(
            (), "must hold providers, models and routes; docs/reference/configuration.md"
        )
        raise SettingsError(str(path), [*tree.problems, empty])
    secret = variables.filled | {place for one in SECRETS for place, _ in matching(values, one)}
    settings, misshapen = shaped(values, secret)
    unset = {problem.place for problem in variables.problems}
    rest = [*misshapen, *broken_rules(values), *_missing_files(values, path.parent)]
    problems = [
        *tree.problems,
        *variables.problems,
        *(problem for problem in rest if problem.place not in unset),
    ]
    if settings is None or problems:
        hidden = [text for place, text in _texts(values) if place in secret]
        shown = [
            replace(one, text=without(hidden, one.text), line=one.line or _line(one, tree.lines))
            for one in problems
        ]
        raise SettingsError(str(path), shown)
    return _anchored(settings, path.parent.resolve())


def _yaml_problem(error: yaml.YAMLError) -> Problem:
    """Without the lines that the parser quotes: there may be a secret in them."""
    if isinstance(error, yaml.MarkedYAMLError):
        line = error.problem_mark.line + 1 if error.problem_mark else None
        return Problem((), f"is not YAML: {error.problem or error.context}", line)
    return Problem((), f"is not YAML that can be read: {str(error).splitlines()[0]}")


def _line(problem: Problem, lines: Mapping[Place, int]) -> int | None:
    """The line of a problem's place, or of what is nearest above it."""
    place = problem.place
    while place not in lines and place:
        place = place[:-1]
    return lines.get(place)


def _texts(value: Value, place: Place = ()) -> Iterator[tuple[Place, str]]:
    for step, below in steps(value):
        yield from _texts(below, (*place, step))
    if isinstance(value, str):
        yield place, value


def _missing_files(values: Value, folder: Path) -> list[Problem]:
    return [
        Problem(place, f"there is no file {prior!r} in {folder}")
        for place, prior in matching(values, ("prior",))
        if isinstance(prior, str) and not (folder / prior).expanduser().is_file()
    ]


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The same settings with absolute paths."""
    prior = settings.prior and str(folder / Path(settings.prior).expanduser())
    return settings.model_copy(update={"prior": prior, "store": _store(settings.store, folder)})


def _store(url: str, folder: Path) -> str:
    scheme, _, rest = url.partition(":")
    if scheme != "sqlite":
        return url
    relative = unquote(rest.removeprefix("///")) if rest.startswith("///") else rest
    return f"sqlite:{folder / Path(relative).expanduser()}"
