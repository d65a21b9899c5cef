"""Graders for answers that are a number or the letter of a choice."""

import math
import re
from dataclasses import dataclass

from messplus.capture.graders.base import bare
from messplus.errors import SettingError, require_range

# 1,234.5 and 1234.5 and .5 and -3/4 and 2e-3; a sign only where no digit stands before it. Neither
# emphasis (_42_) nor dots that are no decimal point (...42) belong to the number.
_NUMBER = re.compile(
    r"(?<![^\W_])(?<!\d\.)[-−+]?"
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<!\.)\.\d+)(?:e[-+]?\d+)?(?:/\d+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Numeric:
    """The last number of the response equals the answer.

    Models like to repeat the sum before the result ("12 + 30 = 42."): the last number counts.

    Attributes:
        answer: A number, or a fraction such as "3/4".
        tolerance: Largest difference that still counts, relative to the answer, >= 0; 0 itself must
            be said exactly.
    """

    answer: str
    tolerance: float = 1e-9

    def __post_init__(self) -> None:
        """Read the answer once, to refuse a bad one where it is written.

        Raises:
            SettingError: The answer is no number, or the tolerance is negative.
        """
        if _value(self.answer) is None:
            raise SettingError(f"answer must be a number such as 42, -1.5 or 3/4: {self.answer!r}")
        require_range("tolerance", self.tolerance, "at least 0", ok=self.tolerance >= 0)

    def grade(self, response: str) -> float:
        """1 if the last number is the answer, else 0."""
        numbers = _NUMBER.findall(response)
        said = _value(numbers[-1]) if numbers else None
        wanted = _value(self.answer)
        if said is None or wanted is None:
            return 0.0
        return float(abs(said - wanted) <= self.tolerance * abs(wanted))


@dataclass(frozen=True)
class Choice:
    """Multiple choice: the first letter A, B, C, ... that stands by itself must be the answer.

    Attributes:
        answer: The letter, such as "B".
    """

    answer: str

    def __post_init__(self) -> None:
        """Check the letter.

        Raises:
            SettingError: It is not one letter from A to Z.
        """
        require_range(
            "answer", self.answer, "a letter, A to Z", ok=bool(re.fullmatch("[A-Z]", self.answer))
        )

    def grade(self, response: str) -> float:
        """1 if the letter is named first, else 0."""
        text = bare(response)
        # "a" and "I" are words: a small letter counts only where it is all of the response, and the
        # I of "I think" not at all.
        letter = re.search(r"(?<![\w'])(?!I\s+[a-z])([A-Z])(?![\w'])", text)
        if letter is None:
            return float(text.strip("()[]: ").upper() == self.answer)
        return float(letter[1] == self.answer)


def _value(text: str) -> float | None:
    """The finite number that a text is; None if it is none."""
    clean = text.strip().replace(",", "").replace("−", "-")
    over, slash, under = clean.partition("/")
    try:
        value = float(over) / float(under) if slash else float(over)
    except (ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None
