"""Graders that compare texts. Several right answers are given apart by `|`."""

import re
from dataclasses import dataclass
from functools import cached_property

from messplus.capture.graders.base import bare
from messplus.errors import SettingError, require_range


@dataclass(frozen=True)
class Exact:
    """The whole response is the answer; case and decoration do not count."""

    answer: str

    def grade(self, response: str) -> float:
        """1 if the response is one of the answers, else 0."""
        said = bare(response).casefold()
        return float(any(said == bare(one).casefold() for one in self.answer.split("|")))


@dataclass(frozen=True)
class Contains:
    """The answer stands somewhere in the response as words of its own; case does not count."""

    answer: str

    def __post_init__(self) -> None:
        """Check that nothing is not an answer: every response would contain it.

        Raises:
            SettingError: An answer is empty.
        """
        full = all(one.strip() for one in self.answer.split("|"))
        require_range("answer", self.answer, "texts that are not empty, apart by |", ok=full)

    def grade(self, response: str) -> float:
        """1 if one of the answers is in the response, else 0."""
        return float(bool(self._pattern.search(response)))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        either = "|".join(re.escape(one.strip()) for one in self.answer.split("|"))
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Word:
    """The response is, or ends with, the answer as a word of its own; case counts.

    For answers such as chemical symbols, where `He` and `he` are not the same.
    """

    answer: str

    def grade(self, response: str) -> float:
        """1 if the last word is one of the answers, else 0."""
        words = bare(response).split()
        answers = [bare(one) for one in self.answer.split("|")]
        return float(bool(words) and bare(words[-1]) in answers)


@dataclass(frozen=True)
class FirstOf:
    """Whichever of the choices the response names first must be the answer.

    Where one choice begins with another ("hot", "hot dog"), the longer one is what is named.

    Attributes:
        answer: The right one.
        choices: All of them, apart by `|`; the answer is among them.
    """

    answer: str
    choices: str

    def __post_init__(self) -> None:
        """Check that the answer is a choice.

        Raises:
            SettingError: It is not.
        """
        require_range(
            "answer", self.answer, f"one of {self.choices}", ok=self.answer in self._choices
        )

    def grade(self, response: str) -> float:
        """1 if the answer is named, and before all other choices; else 0."""
        said = response.casefold()
        places = {
            one: (place.start(), -len(one))
            for one in self._choices
            if (place := re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", said))
        }
        return float(bool(places) and min(places, key=places.__getitem__) == self.answer)

    @property
    def _choices(self) -> list[str]:
        return self.choices.split("|")


@dataclass(frozen=True)
class Regex:
    """The response matches a pattern from its first to its last character.

    Attributes:
        pattern: A Python regular expression; decoration around the response is taken off before.
    """

    pattern: str

    def __post_init__(self) -> None:
        """Compile the pattern once, to refuse a bad one where it is written.

        Raises:
            SettingError: It is no regular expression.
        """
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise SettingError(f"{self.pattern!r} is no regular expression: {error}") from error

    def grade(self, response: str) -> float:
        """1 if it matches, else 0."""
        return float(bool(re.fullmatch(self.pattern, bare(response), re.DOTALL)))
