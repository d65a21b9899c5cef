"""What an upstream has answered, as far as the books need it: whole answers and streams alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from messplus.gateway.upstreams.usage import Usage, counted_usage, read_usage

MOST_TEXT: Final = 2**20
"""Characters of an answer that are kept for checks and judges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is known of an answer.

    Attributes:
        usage: Its tokens; counted by us where the upstream did not tell.
        text: Of its first choice, up to `MOST_TEXT` characters; "" for what is not text.
        finish_reason: Of its first choice; "" if none was given.
        tool_calls: Names of the tools that its first choice calls.
        error: Why it is not whole; "" if it is.
    """

    usage: Usage
    text: str = ""
    finish_reason: str = ""
    tool_calls: tuple[str, ...] = ()
    error: str = ""


class Collector:
    """Collects what an answer says from its chunks, or from the whole, which is one large chunk.

    Attributes:
        error: What the upstream said went wrong; "" for nothing.
        finish_reason: Of the first choice; "" while there is none.
    """

    def __init__(self, prompt_tokens: int) -> None:
        """Nothing yet.

        Args:
            prompt_tokens: As estimated, for upstreams that do not tell.
        """
        self._prompt_tokens = prompt_tokens
        self._usage: Usage | None = None
        self._parts: list[str] = []
        self._room = MOST_TEXT
        self._characters = 0
        self._tools: list[str] = []
        self.finish_reason = ""
        self.error = ""

    def add(self, said: Mapping[str, Any]) -> None:
        """Note a further chunk: anything that is not of the usual shape is passed over."""
        usage = read_usage(said)
        if usage is not None:
            self._usage = usage
        if said.get("error"):
            self.error = _message(said["error"])
        choices = said.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict):
                    self._choice(choice)

    def answered(self, error: str = "") -> Answered:
        """Everything up to now.

        Args:
            error: Why the answer is not whole, unless the upstream has said so.
        """
        return Answered(
            usage=self._usage or counted_usage(self._prompt_tokens, self._characters),
            text="".join(self._parts),
            finish_reason=self.finish_reason,
            tool_calls=tuple(self._tools),
            error=self.error or error,
        )

    def _choice(self, choice: Mapping[str, Any]) -> None:
        first = not choice.get("index")
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict):
            self._text(said.get("content"), first)
            self._text(said.get("refusal"), False)
            self._text(said.get("reasoning_content") or said.get("reasoning"), False)
            calls = said.get("tool_calls")
            if isinstance(calls, list):
                for call in calls:
                    self._tool(call, first)
        else:
            self._text(choice.get("text"), first)
        reason = choice.get("finish_reason")
        if first and isinstance(reason, str):
            self.finish_reason = reason

    def _text(self, text: object, kept: bool) -> None:
        if isinstance(text, str) and text:
            self._characters += len(text)
            if kept and self._room > 0:
                self._parts.append(text[: self._room])
                self._room -= len(text)

    def _tool(self, call: object, kept: bool) -> None:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            return
        self._text(function.get("arguments"), False)
        name = function.get("name")
        if kept and isinstance(name, str) and name:
            self._tools.append(name)


def _message(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else error
    return str(message or "the upstream gave no reason")[:300]
