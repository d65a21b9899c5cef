"""What we read of a chat completion: one typed record out of whatever JSON came."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The first choice of a chat completion. Token counts are None where nobody counted."""

    content: str
    finish_reason: str
    model: str
    prompt_tokens: int | None
    output_tokens: int | None


def read_completion(text: str) -> Completion | str:
    """Read a chat completion, or say in a few words why it is none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: no JSON, or a number too long
        return f"the answer is not JSON: {error}"
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return f"the answer is no chat completion: {text[:200]}"
    content = message.get("content")
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Completion(
        content=_whole(content) if isinstance(content, str) else "",
        finish_reason=_whole(str(choice.get("finish_reason") or "")),
        model=_whole(str(body.get("model") or "")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
    )


def _whole(text: str) -> str:
    """The text with U+FFFD for half a character: a model cut off within an emoji may send one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(value: object) -> int | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if fine else None  # type: ignore[return-value]  # `fine` has checked it
