"""What checks and judges see of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JsonSchema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One delivered answer.

    Attributes:
        decision_id: Its name; no judge gets to see it.
        model: Who gave it.
        text: What it says; "" if it only calls tools.
        finish_reason: Why it ended, in OpenAI's words; "" if the upstream did not say.
        tool_calls: Names of the tools that it calls.
        json_schema: The one that the request has asked it to obey; None: it has asked for none.
        prompt: What the user has said last.
        streamed: Whether it was delivered in pieces.
    """

    decision_id: str
    model: str
    text: str
    finish_reason: str = ""
    tool_calls: tuple[str, ...] = ()
    json_schema: JsonSchema | None = None
    prompt: str = ""
    streamed: bool = False

    @property
    def only_calls_tools(self) -> bool:
        """Whether it has nothing to say to the user yet."""
        return bool(self.tool_calls) and not self.text.strip()
