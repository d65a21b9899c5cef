"""What is wrong with a configuration: all of it at once, each with its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from messplus.errors import SettingError

Place = tuple[str | int, ...]
"""Keys and positions from the file's top to a value: `("routes", "chat", "models", 0)`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        place: Where; () is the file as a whole.
        text: What, and how to mend it. Never holds a secret.
        line: Of the file, from 1; None where nothing stands there.
    """

    place: Place
    text: str
    line: int | None = None

    def __str__(self) -> str:
        """As in `line 12: routes.chat: unknown key 'modles'; did you mean 'models'?`."""
        parts = [f"line {self.line}"] if self.line else []
        return ": ".join([*parts, *([dotted(self.place)] if self.place else []), self.text])


class SettingsError(SettingError):
    """A configuration cannot be used. `problems` has every reason; the message lists them.

    Attributes:
        file: Its name.
        problems: In the order of the file's lines.
    """

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda one: one.line or 0))
        super().__init__("\n".join(f"{file}: {one}" for one in self.problems))


def dotted(place: Place) -> str:
    """A place in words: `routes.chat.models[0]`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
