"""What is left to a judge model, since no program can tell."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Judged:
    """A judge model reads question and response; see `messplus.capture.judge`.

    Attributes:
        reference: A good answer to compare with; "" for none.
        rubric: What a good answer is; "" leaves it at "correct and helpful".
    """

    reference: str = ""
    rubric: str = ""

    def grade(self, response: str) -> float:
        """0 for an empty response, which needs no judge.

        Raises:
            NotImplementedError: For any other: verdicts are asked for and recorded, not computed.
        """
        if not response.strip():
            return 0.0
        raise NotImplementedError("a judged response is graded by its recorded verdict")
