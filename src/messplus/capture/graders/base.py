"""What every grader can do, and what a response looks like once decoration is off."""

import re
from typing import Protocol

_FENCE = re.compile(r"^```[\w-]*\n(.*?)\n?```$", re.DOTALL)
_DECORATION = " \t\r\n\"'`*_.!"


class Grader(Protocol):
    """Turns a response into a score. Graders are frozen dataclasses whose fields are plain values.

    They are written to `questions.jsonl` as `{"kind": ..., field: value, ...}`, so a capture can be
    graded again later, by another program too.
    """

    def grade(self, response: str) -> float:
        """The score of a response, in [0, 1]; 1 is right. Never raises on odd responses."""
        ...


def bare(response: str) -> str:
    """The response without white space, code fence, quotes, emphasis and full stop around it."""
    text = response.strip()
    if fenced := _FENCE.match(text):
        text = fenced[1]
    return text.strip(_DECORATION)
