"""A question: a prompt, and how an answer to it is graded."""

from dataclasses import dataclass

from messplus.capture.graders import Grader
from messplus.errors import require_range

DEFAULT_MAX_TOKENS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request of a capture.

    Attributes:
        prompt_id: Unique in the capture.
        task: The family that it belongs to; "" for none.
        prompt: What the user says to the model.
        grader: Turns a response into a score in [0, 1].
        max_tokens: Where the answer is cut off, >= 1.
    """

    prompt_id: str
    task: str
    prompt: str
    grader: Grader
    max_tokens: int = DEFAULT_MAX_TOKENS

    def __post_init__(self) -> None:
        """Check the limits.

        Raises:
            SettingError: `max_tokens` is below 1, or the prompt or its id is empty.
        """
        require_range("prompt_id", self.prompt_id, "not empty", ok=bool(self.prompt_id))
        require_range("prompt", self.prompt, "not empty", ok=bool(self.prompt))
        require_range("max_tokens", self.max_tokens, "at least 1", ok=self.max_tokens >= 1)
