"""Variables of the environment in a configuration's texts."""

import re
from collections.abc import Mapping

from messplus.gateway.config.problems import Place, Problem
from messplus.gateway.config.tree import Value

_VARIABLE = re.compile(r"\$(\$)?\{(\w+)(?::-([^}]*))?\}")
_PREFIX = "os.environ/"


class Variables:
    """Puts the environment's values into texts.

    `${VAR}`, `${VAR:-default}` and, as the whole text, `os.environ/VAR`; `$${VAR}` stays `${VAR}`.

    Attributes:
        filled: Places whose text came from the environment: it may be a secret, wherever it stands.
        problems: Variables that are not set.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.filled: set[Place] = set()
        self.problems: list[Problem] = []

    def fill(self, value: Value, place: Place = ()) -> Value:
        """The same values with every variable in its place; one that is not set stays as it is."""
        match value:
            case dict():
                return {key: self.fill(below, (*place, key)) for key, below in value.items()}
            case list():
                return [self.fill(below, (*place, i)) for i, below in enumerate(value)]
            case str() if value.startswith(_PREFIX):
                return self._look_up(value.removeprefix(_PREFIX), None, value, place)
            case str():
                return _VARIABLE.sub(lambda found: self._replace(found, place), value)
            case _:
                return value

    def _replace(self, found: re.Match[str], place: Place) -> str:
        doubled, name, default = found.groups()
        return found[0][1:] if doubled else self._look_up(name, default, found[0], place)

    def _look_up(self, name: str, default: str | None, otherwise: str, place: Place) -> str:
        """The variable's value; as in a shell, `:-` also replaces an empty one."""
        value = self._environment.get(name)
        if default is not None and not value:
            return default
        self.filled.add(place)
        if value is None:
            text = f"needs the environment variable {name}, which is not set"
            self.problems.append(Problem(place, text))
            return otherwise
        return value
