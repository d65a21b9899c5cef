"""The JSON file beside a table: the zoo's order, the unit of cost, the promise, where it is from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from messplus.errors import DataError
from messplus.replay.validate import Problem, nearest

_KEYS = ("name", "cost_unit", "models_ascending_cost", "alpha", "source", "licence", "synthetic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What a sidecar says; the defaults are what holds without one.

    Attributes:
        file: Its file name, for messages; without `.json` it is the data set's default name.
        name: Of the data set; "" leaves it to the file name.
        cost_unit: Of the cost columns.
        models: The zoo's order, cheapest first; () leaves it to the mean cost.
        alpha: The promise: one, one per task, or None.
        source: Where the outcomes come from.
        licence: Under which they may be used.
        synthetic: Made up, not recorded.
        problems: What is wrong with it.
    """

    file: str
    name: str = ""
    cost_unit: str = "usd"
    models: tuple[str, ...] = ()
    alpha: float | Mapping[str, float] | None = None
    source: str = ""
    licence: str = ""
    synthetic: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def models_label(self) -> str:
        """What messages call the list of models."""
        return f"{self.file}, models_ascending_cost"

    @property
    def alpha_label(self) -> str:
        """What messages call alpha."""
        return f"{self.file}, alpha"


def sidecar_path(table: Path) -> Path:
    """Where the sidecar of a table (or of a folder) is: the same stem, `.json`, beside it."""
    return table.with_name(f"{table.name if table.is_dir() else table.stem}.json")


def read_sidecar(path: Path, default_unit: str = "usd") -> Sidecar:
    """Read a sidecar; keys that we do not know are none of our business, unless they look typed.

    Args:
        path: Of the JSON file. If there is none, the defaults hold.
        default_unit: The unit of cost that the table's format implies.

    Raises:
        DataError: It is not JSON, or not an object.
    """
    if not path.is_file():
        return Sidecar(file=path.name, cost_unit=default_unit)
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, dict):
        raise DataError(f"{path} must hold a JSON object, got {type(entries).__name__}")
    return _Parser(path.name, entries, default_unit).sidecar()


class _Parser:
    """Checks one sidecar's entries, key by key, and collects what is wrong."""

    def __init__(self, file: str, entries: Mapping[str, object], unit: str) -> None:
        self._file = file
        self._unit = unit
        self._entries = entries
        self._problems: list[Problem] = []

    def sidecar(self) -> Sidecar:
        """The typed record."""
        self._look_for_typing_errors()
        return Sidecar(
            file=self._file,
            name=self._text("name", ""),
            cost_unit=self._text("cost_unit", self._unit),
            models=self._models(),
            alpha=self._alpha(),
            source=self._text("source", ""),
            licence=self._text("licence", ""),
            synthetic=self._entries.get("synthetic", False) is True,
            problems=tuple(self._problems),
        )

    def _look_for_typing_errors(self) -> None:
        for key in self._entries:
            absent = [known for known in _KEYS if known not in self._entries]
            hint = "" if key in _KEYS else nearest(key, absent, cutoff=0.8)
            if hint:
                where = f"{self._file}, {key}"
                self._problems.append(Problem("warning", where, f"is not a known key{hint}"))

    def _error(self, key: str, message: str) -> None:
        self._problems.append(Problem("error", f"{self._file}, {key}", message))

    def _text(self, key: str, default: str) -> str:
        value = self._entries.get(key, default)
        if isinstance(value, str):
            return value
        self._error(key, f"must be a text, got {value!r}")
        return default

    def _models(self) -> tuple[str, ...]:
        key = "models_ascending_cost"
        value = self._entries.get(key, [])
        if not isinstance(value, list) or not all(isinstance(model, str) for model in value):
            self._error(key, f"must be a list of model names, cheapest first, got {value!r}")
            return ()
        models = tuple(dict.fromkeys(value))
        if len(models) < len(value):
            self._error(key, "names a model twice; every model has one place in the order")
        return models

    def _alpha(self) -> float | Mapping[str, float] | None:
        value = self._entries.get("alpha")
        if value is None:
            return None
        if not isinstance(value, dict):
            return self._share("alpha", value)
        shares = {task: self._share(f"alpha[{task!r}]", share) for task, share in value.items()}
        return {task: share for task, share in shares.items() if share is not None}

    def _share(self, key: str, value: object) -> float | None:
        """A number; whether it is within (0, 1] is checked with the table."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self._error(key, f"must be a number in (0, 1], or one per task, got {value!r}")
        return None
